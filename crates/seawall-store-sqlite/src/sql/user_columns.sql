SELECT u.user_no, t.name, u.id, u.email, u.password, u.role, u.active, u.version, u.created_at, u.updated_at,
       u.last_login_at, u.attempts, u.locked_until
FROM users u
CROSS JOIN tenants t ON t.tenant_no = u.tenant_no
