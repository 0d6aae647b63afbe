WITH counted AS (SELECT queue_no, sum(status = 0) AS offered, sum(status = 1) AS claimed,
                        sum(CASE WHEN status = 0 THEN length(payload) ELSE 0 END) AS bytes
                 FROM tasks WHERE status < 2 GROUP BY queue_no)
SELECT count(*)
FROM queues q
LEFT JOIN counted c ON c.queue_no = q.queue_no
WHERE q.offered <> coalesce(c.offered, 0) OR q.claimed <> coalesce(c.claimed, 0)
   OR q.offered_bytes <> coalesce(c.bytes, 0)
