INSERT INTO users (id, tenant_no, email, password, role, active, version, created_at, updated_at, attempts)
VALUES (?1, ?2, ?3, ?4, ?5, 1, 1, ?6, ?6, 0)
