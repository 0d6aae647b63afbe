-- Runs that have or wait for something and are in no line of theirs, and released ones that are in one.
SELECT count(*)
FROM flow_runs f
LEFT JOIN flow_lines l ON l.line_no = f.line_no AND l.scope_no = f.scope_no AND l.key = f.key
WHERE CASE WHEN f.stage = 3 THEN f.line_no IS NOT NULL ELSE l.line_no IS NULL END
