SELECT count(*)
FROM runs r
LEFT JOIN flow_runs f ON f.run_no = r.run_no
WHERE r.flow IS NOT (f.stage < 3)
