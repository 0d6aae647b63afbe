SELECT l.line_no, l.key, l.running, l.queued, l.quiet, l.next_at, s.slots, s.rate_limit, s.rate_per,
       (SELECT f.since FROM flow_runs f WHERE f.line_no = l.line_no AND f.stage = 1 ORDER BY f.place, f.run_no LIMIT 1)
FROM flow_lines l
CROSS JOIN flow_scopes s ON s.scope_no = l.scope_no
