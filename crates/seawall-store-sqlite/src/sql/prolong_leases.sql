-- A lease lasts as long as it was claimed for, no longer than an attempt, nor than the grace of a task that was withdrawn.
-- A deadline near the end of numbers stays where it is.
WITH short AS (
    SELECT task_no, ?1 + min(lease_ms, timeout_ms, CASE WHEN cancelled THEN ?3 ELSE lease_ms END) AS until
    FROM tasks
    WHERE status = 1
      AND lease_until < ?1 + min(lease_ms, timeout_ms, CASE WHEN cancelled THEN ?3 ELSE lease_ms END)
    ORDER BY lease_until, task_no LIMIT ?4)
UPDATE tasks
SET lease_until = short.until,
    deadline = max(
        deadline + CASE WHEN claimed_at + ?2 <= ?1 AND deadline <= 9223372036854775807 - ?2 THEN ?2 ELSE 0 END,
        short.until)
FROM short
WHERE tasks.task_no = short.task_no
