WHERE r.run_no IN (
    SELECT c.run_no
    FROM runs c INDEXED BY runs_by_tenant
    WHERE c.tenant_no = (SELECT tenant_no FROM tenants WHERE name = ?1)
      AND c.run_no < ?2
      AND (?3 IS NULL OR c.pin_no IN (SELECT pin_no FROM run_workflows WHERE name = ?3))
      AND (?4 IS NULL OR c.pin_no IN (SELECT pin_no FROM run_workflows WHERE id = ?4))
      AND (?5 IS NULL OR c.created_at >= ?5)
      AND (?7 IS NULL OR c.created_at < ?7)
    ORDER BY c.run_no DESC
    LIMIT ?6)
ORDER BY r.run_no DESC
