-- A deadline near the end of numbers stays where it is.
UPDATE tasks
SET lease_until = ?1 + lease_ms,
    deadline = max(
        deadline + CASE WHEN claimed_at + ?2 <= ?1 AND deadline <= 9223372036854775807 - ?2 THEN ?2 ELSE 0 END,
        ?1 + lease_ms)
WHERE task_no IN (
    SELECT task_no FROM tasks
    WHERE status = 1 AND lease_until < ?1 + lease_ms
    ORDER BY lease_until, task_no LIMIT ?3)
