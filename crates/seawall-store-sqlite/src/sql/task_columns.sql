SELECT t.task_no, t.id, r.id, q.name, t.activity, t.attempt, t.key, t.priority, t.status, t.offered_at, t.worker,
       t.claimed_at, t.lease_until, t.deadline, t.progress, t.beat_at, t.cancelled, t.lease IS NULL
FROM tasks t
JOIN queues q ON q.queue_no = t.queue_no
JOIN runs r ON r.run_no = t.run_no
