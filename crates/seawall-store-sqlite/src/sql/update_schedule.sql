-- Everything that changes after the creation.
UPDATE schedules
SET settings = ?2, revision = ?3, change = ?4, updated_at = ?5, cursor = ?6, next_at = ?7, waiting = ?8,
    last_fired_at = ?9, last_run = ?10, skipped = ?11, missed = ?12, failed = ?13,
    error_code = ?14, error_message = ?15, error_at = ?16
WHERE schedule_no = ?1
