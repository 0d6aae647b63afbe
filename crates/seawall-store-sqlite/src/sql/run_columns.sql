SELECT r.run_no, r.id, w.id, w.name, r.pin_version, r.created_by, r.created_at,
       p.parent, p.step, p.item, p.generation,
       r.status, r.awaits, r.total_steps, r.completed_steps, r.started_at, r.finished_at, r.error_code,
       r.last_seq, r.epoch, r.holder, r.due, r.deaths, r.priority, r.reader,
       r.error_step, r.error_message
FROM runs r
CROSS JOIN run_workflows w ON w.pin_no = r.pin_no
LEFT JOIN run_parents p ON p.run_no = r.run_no
