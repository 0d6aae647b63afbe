-- Everything that changes after the creation.
UPDATE users
SET password = ?2, role = ?3, active = ?4, version = ?5, updated_at = ?6, last_login_at = ?7, attempts = ?8,
    locked_until = ?9
WHERE user_no = ?1
