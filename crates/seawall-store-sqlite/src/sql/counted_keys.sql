SELECT c.queue_no, c.key, c.offered, c.claimed,
       q.concurrency_per_key IS NOT NULL AND c.claimed >= q.concurrency_per_key AS is_full,
       (SELECT t.ord FROM tasks t WHERE t.queue_no = c.queue_no AND t.key = c.key AND t.status = 0
        ORDER BY t.ord, t.task_no LIMIT 1) AS head,
       (SELECT t.task_no FROM tasks t WHERE t.queue_no = c.queue_no AND t.key = c.key AND t.status = 0
        ORDER BY t.ord, t.task_no LIMIT 1) AS head_task
FROM (SELECT queue_no, key, sum(status = 0) AS offered, sum(status = 1) AS claimed
      FROM tasks WHERE status < 2 AND key IS NOT NULL GROUP BY queue_no, key) c
JOIN queues q ON q.queue_no = c.queue_no
