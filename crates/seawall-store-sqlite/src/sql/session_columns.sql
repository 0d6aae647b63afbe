SELECT s.session_no, t.name, s.id, s.user, s.created_at, s.rotated_at, s.expires_at, s.rotations, s.ended_at,
       s.ended_cause
FROM sessions s
CROSS JOIN tenants t ON t.tenant_no = s.tenant_no
