WHERE q.tenant_no = (SELECT tenant_no FROM tenants WHERE name = ?1)
  AND q.name > coalesce((SELECT name FROM queues WHERE queue_no = ?2), '')
  AND (q.offered > 0 OR q.claimed > 0 OR q.paused = 1 OR q.concurrency IS NOT NULL OR q.concurrency_per_key IS NOT NULL
       OR q.rate_limit IS NOT NULL)
ORDER BY q.name LIMIT ?3
