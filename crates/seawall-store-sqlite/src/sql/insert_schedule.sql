INSERT INTO schedules (id, tenant_no, settings, revision, change, created_at, updated_at, cursor, next_at,
                       skipped, missed, failed)
VALUES (?1, ?2, ?3, 1, 1, ?4, ?4, ?4, ?5, 0, 0, 0)
