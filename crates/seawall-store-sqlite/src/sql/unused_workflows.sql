-- Inline and deleted workflows that no run is pinned to and that nobody has used since ?1. Reads the whole of an index, so
-- it is asked of a reader; the writer looks once more at what has changed since (still_unused.sql).
WITH used AS MATERIALIZED (SELECT DISTINCT pin_no FROM runs INDEXED BY runs_by_tenant)
SELECT w.workflow_no, (SELECT coalesce(max(run_no), 0) FROM runs)
FROM workflows w
WHERE (w.inline_digest IS NOT NULL OR w.deleted = 1)
  AND max(w.used_at, w.created_at) <= ?1
  AND NOT EXISTS (SELECT 1 FROM run_workflows p WHERE p.id = w.id AND p.pin_no IN used)
ORDER BY w.workflow_no
LIMIT ?2
