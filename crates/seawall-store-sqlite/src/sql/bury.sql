-- Releases what a dead node holds, due at once. From the third death on the run backs off: 2^(deaths - 3) s, at most 5 min.
UPDATE runs
SET holder = NULL,
    deaths = deaths + 1,
    due = CASE WHEN deaths + 1 < 3 THEN 0 ELSE ?1 + min(300000, 1000 << min(deaths + 1 - 3, 10)) END
WHERE holder = ?2
