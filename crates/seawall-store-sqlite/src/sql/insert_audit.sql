INSERT INTO audit (tenant_no, seq, at, actor, action, object, outcome, request, details, previous, mac)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
