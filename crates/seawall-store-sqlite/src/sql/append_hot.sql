-- The common append: the run stays held, its status stays, nobody had died, it has not ended, it needs no later reader. It
-- writes no indexed column.
-- Changes nothing unless the fence (holder, epoch, last place) holds.
UPDATE runs
SET last_seq = ?1, awaits = ?2, total_steps = ?3, completed_steps = ?4, started_at = ?5, error_code = ?7,
    error_step = ?15, error_message = ?16
WHERE run_no = ?8 AND holder = ?9 AND epoch = ?10 AND last_seq = ?11 AND id = ?12 AND status = ?13 AND deaths = 0
  AND finished_at IS ?6 AND reader >= ?14
