WITH counted AS (SELECT line_no, sum(stage = 2) AS running, sum(stage = 1) AS queued, sum(stage = 0) AS quiet
                 FROM flow_runs WHERE line_no IS NOT NULL GROUP BY line_no)
SELECT count(*)
FROM flow_lines l
LEFT JOIN counted c ON c.line_no = l.line_no
WHERE l.running <> coalesce(c.running, 0) OR l.queued <> coalesce(c.queued, 0) OR l.quiet <> coalesce(c.quiet, 0)
