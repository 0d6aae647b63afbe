-- Only one that must not wait is refused, where as many as there are slots run or are queued.
SELECT f.on_conflict <> 1 OR s.slots IS NULL OR coalesce(l.running + l.queued, 0) < s.slots
FROM flow_runs f
JOIN flow_scopes s ON s.scope_no = f.scope_no
LEFT JOIN flow_lines l ON l.scope_no = f.scope_no AND l.key = f.key
WHERE f.run_no = ?1
