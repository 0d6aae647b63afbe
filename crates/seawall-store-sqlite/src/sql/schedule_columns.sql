SELECT s.schedule_no, t.name, s.id, s.settings, s.revision, s.change, s.created_at, s.updated_at, s.cursor, s.next_at,
       s.waiting, s.last_fired_at, s.last_run, s.skipped, s.missed, s.failed, s.error_code, s.error_message, s.error_at
FROM schedules s
CROSS JOIN tenants t ON t.tenant_no = s.tenant_no
