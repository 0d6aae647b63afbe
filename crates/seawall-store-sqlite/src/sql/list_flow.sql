WHERE l.scope_no = (SELECT scope_no FROM flow_scopes
                    WHERE workflow = ?2 AND tenant_no = (SELECT tenant_no FROM tenants WHERE name = ?1))
  AND l.line_no < ?3
  AND (l.running > 0 OR l.queued > 0 OR l.quiet > 0)
ORDER BY l.line_no DESC
LIMIT ?4
