SELECT q.queue_no, q.name, q.concurrency, q.concurrency_per_key, q.rate_limit, q.rate_ms, q.paused, q.spent,
       q.offered, q.claimed, q.offered_bytes,
       (SELECT t.offered_at FROM tasks t WHERE t.queue_no = q.queue_no AND t.status = 0 ORDER BY t.offered_at LIMIT 1)
FROM queues q
