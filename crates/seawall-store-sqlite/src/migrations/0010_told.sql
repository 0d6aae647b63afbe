-- What a list says of a run that failed. Runs that ended before have only their code.
ALTER TABLE runs ADD COLUMN error_step TEXT;
ALTER TABLE runs ADD COLUMN error_message TEXT;
