SELECT a.approval_no, a.id, r.id, a.step, a.item, a.message, a.deciders, a.status, a.comment, a.decided_by,
       a.requested_at, a.expires_at, a.decided_at
FROM approvals a
CROSS JOIN runs r ON r.run_no = a.run_no
