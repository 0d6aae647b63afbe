INSERT INTO tasks (id, run_no, queue_no, key, ord, status, priority, offered_at, activity, attempt, effect_key, payload,
                   timeout_ms, cancelled)
VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6, ?7, ?8, ?9, ?10, ?11, ?12, 0)
ON CONFLICT (id) DO NOTHING
