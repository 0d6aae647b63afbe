-- The workflow's id, if since a look at ?2 (the last run then) nobody has used it and no run was pinned to it.
SELECT w.id
FROM workflows w
WHERE w.workflow_no = ?1
  AND max(w.used_at, w.created_at) <= ?3
  AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.run_no > ?2
                    AND r.pin_no IN (SELECT pin_no FROM run_workflows WHERE id = w.id))
