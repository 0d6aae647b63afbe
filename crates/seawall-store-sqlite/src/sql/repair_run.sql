-- What follows from the journal. The epoch is the fence's own and stays.
UPDATE runs
SET last_seq = ?3, status = ?4, awaits = ?5, total_steps = ?6, completed_steps = ?7, started_at = ?8, finished_at = ?9,
    error_code = ?10, error_step = ?13, error_message = ?14,
    holder = CASE WHEN ?11 THEN NULL ELSE holder END,
    due = CASE WHEN ?11 OR holder IS NULL THEN ?12 END
WHERE run_no = ?1 AND id = ?2
