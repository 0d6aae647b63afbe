INSERT INTO approvals (id, tenant_no, run_no, step, item, message, deciders, status, decision, requested_at, expires_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, ?9, ?10)
ON CONFLICT (id) DO NOTHING
