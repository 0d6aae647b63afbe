INSERT INTO approvals (id, tenant_no, run_no, step, item, message, deciders, status, decision, comment, decided_by,
                       requested_at, expires_at, decided_at)
SELECT ?2, tenant_no, run_no, ?3, ?4, ?5, ?6, ?7, ?7 <> 0, ?8, ?9, ?10, ?11, ?12 FROM runs WHERE run_no = ?1
ON CONFLICT (id) DO UPDATE
SET run_no = excluded.run_no, tenant_no = excluded.tenant_no, step = excluded.step, item = excluded.item,
    message = excluded.message, deciders = excluded.deciders, status = excluded.status, comment = excluded.comment,
    decided_by = excluded.decided_by, requested_at = excluded.requested_at, expires_at = excluded.expires_at,
    decided_at = excluded.decided_at
