SELECT w.workflow_no, w.id, w.name, v.description, v.version, v.source, v.digest, w.inline_digest IS NOT NULL,
       w.created_at, v.created_at
FROM workflows w
CROSS JOIN workflow_versions v ON v.workflow_no = w.workflow_no
