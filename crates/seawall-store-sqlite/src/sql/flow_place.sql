SELECT s.workflow, f.scope_no, f.key, f.stage, f.since, f.not_before, f.line_no, f.place, f.run_no, r.id
FROM runs r
CROSS JOIN flow_runs f ON f.run_no = r.run_no
CROSS JOIN flow_scopes s ON s.scope_no = f.scope_no
WHERE r.id = ?1 AND r.tenant_no = (SELECT tenant_no FROM tenants WHERE name = ?2)
