-- Any append. Changes nothing unless the fence (holder, epoch, last place) holds.
UPDATE runs
SET last_seq = ?1, awaits = ?2, total_steps = ?3, completed_steps = ?4, started_at = ?5, finished_at = ?6, error_code = ?7,
    error_step = ?18, error_message = ?19,
    status = ?13,
    deaths = CASE WHEN ?14 THEN 0 ELSE deaths END,
    holder = CASE WHEN ?15 THEN holder END,
    due = ?16,
    reader = max(reader, ?17)
WHERE run_no = ?8 AND holder = ?9 AND epoch = ?10 AND last_seq = ?11 AND id = ?12
