-- The newest runs of one workflow under one of its names. The statuses are bits, by the numbers of codec.rs; null: all.
SELECT c.run_no
FROM runs c INDEXED BY runs_by_pin
WHERE c.tenant_no = (SELECT tenant_no FROM tenants WHERE name = ?1)
  AND c.pin_no = ?2
  AND c.run_no < ?3
  AND (?4 IS NULL OR c.created_at >= ?4)
  AND (?5 IS NULL OR c.created_at < ?5)
  AND (?6 IS NULL OR (?6 >> c.status) & 1)
ORDER BY c.run_no DESC
LIMIT ?7
