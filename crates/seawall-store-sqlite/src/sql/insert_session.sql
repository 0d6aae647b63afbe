INSERT INTO sessions (id, tenant_no, user, created_at, rotated_at, expires_at, rotations)
VALUES (?1, ?2, ?3, ?4, ?4, ?5, 0)
