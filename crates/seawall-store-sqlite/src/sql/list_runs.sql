WHERE r.run_no IN (
    SELECT c.run_no
    FROM runs c INDEXED BY runs_by_tenant
    WHERE c.tenant_no = (SELECT tenant_no FROM tenants WHERE name = ?1)
      AND c.run_no < ?2
      AND (?3 IS NULL OR c.created_at >= ?3)
      AND (?4 IS NULL OR c.created_at < ?4)
    ORDER BY c.run_no DESC
    LIMIT ?5)
ORDER BY r.run_no DESC
