-- The earliest timer of an unheld run that this reader suffices for, end of debouncing, or start that a rate allows. A start
-- that was counted from a later clock than now is looked at at once, and so is such a wait; ?3: no wait was counted from a later one.
SELECT min(due)
FROM (SELECT * FROM (SELECT due FROM runs WHERE holder IS NULL AND due IS NOT NULL AND deaths < 3 AND reader <= ?1
                     ORDER BY due LIMIT 1)
      UNION ALL
      SELECT * FROM (SELECT due FROM runs WHERE holder IS NULL AND due IS NOT NULL AND deaths >= 3
                         AND (deaths >= 6) = 0 AND reader <= ?1 ORDER BY due LIMIT 1)
      UNION ALL
      SELECT * FROM (SELECT due FROM runs WHERE holder IS NULL AND due IS NOT NULL AND deaths >= 3
                         AND (deaths >= 6) = 1 AND reader <= ?1 ORDER BY due LIMIT 1)
      UNION ALL
      SELECT * FROM (SELECT not_before FROM flow_runs WHERE stage = 0 ORDER BY not_before LIMIT 1)
      UNION ALL
      SELECT * FROM (SELECT next_at FROM flow_lines WHERE next_at IS NOT NULL ORDER BY next_at LIMIT 1)
      UNION ALL
      SELECT * FROM (SELECT ?2 FROM flow_lines WHERE next_at IS NOT NULL AND counted_at > ?2 LIMIT 1)
      UNION ALL
      SELECT * FROM (SELECT ?2 FROM flow_runs WHERE ?2 < ?3 AND stage = 0 AND since > ?2 LIMIT 1))
