SELECT k.key_no, t.name, k.id, k.name, k.hash, k.scopes, k.created_by, k.created_at, k.expires_at, k.last_used_at,
       k.revoked_at, k.revoked_by, k.admin
FROM api_keys k
CROSS JOIN tenants t ON t.tenant_no = k.tenant_no
