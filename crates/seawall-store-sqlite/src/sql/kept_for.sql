-- Why a run is kept, by its number (KeptFor in ops/forget.rs); 0: nothing keeps it. 5, 6 and 7 are the statuses of runs that
-- have ended.
SELECT CASE
    WHEN r.status NOT IN (5, 6, 7) OR r.holder IS NOT NULL OR r.due IS NOT NULL THEN 1
    -- A retry that waits for a slot, and a task whose end is not settled: both are counted elsewhere.
    WHEN r.flow = 1 THEN 1
    WHEN EXISTS (SELECT 1 FROM tasks t WHERE t.run_no = r.run_no AND t.status <> 2) THEN 1
    WHEN EXISTS (SELECT 1 FROM idempotency_keys k
                 WHERE k.run_no = r.run_no AND (k.expires_at > ?2 OR r.finished_at > ?3)) THEN 2
    WHEN EXISTS (SELECT 1 FROM run_parents p CROSS JOIN runs m ON m.id = p.parent
                 WHERE p.run_no = r.run_no AND m.tenant_no = r.tenant_no) THEN 3
    WHEN EXISTS (SELECT 1 FROM run_parents p CROSS JOIN runs c ON c.run_no = p.run_no
                 WHERE p.parent = r.id AND c.tenant_no = r.tenant_no AND c.status NOT IN (5, 6, 7)) THEN 4
    ELSE 0
    END
FROM runs r
WHERE r.run_no = ?1
