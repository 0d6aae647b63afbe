INSERT INTO runs (id, tenant_no, pin_no, pin_version, created_at, created_by, last_seq, epoch, holder, due, deaths,
                  status, awaits, total_steps, completed_steps, started_at, finished_at, error_code, priority,
                  flow, reader, error_step, error_message)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 0, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22)
