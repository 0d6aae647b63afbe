-- The oldest of those that were revoked or had expired before. Each half has an index of its own.
SELECT key_no FROM api_keys WHERE admin = 0 AND revoked_at IS NOT NULL AND revoked_at < ?1
UNION
SELECT key_no FROM api_keys WHERE admin = 0 AND expires_at IS NOT NULL AND expires_at < ?1
ORDER BY key_no LIMIT ?2
