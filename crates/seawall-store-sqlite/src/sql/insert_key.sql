INSERT INTO api_keys (id, tenant_no, name, hash, scopes, created_by, created_at, expires_at, admin)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
