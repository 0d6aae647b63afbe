-- What a list says of a run that failed. Runs that ended before have only their code.
ALTER TABLE runs ADD COLUMN error_step TEXT;
ALTER TABLE runs ADD COLUMN error_message TEXT;

-- Of the body of a message that was sent, to tell a repetition from another message under the same key. Bodies go when they
-- are read. Messages of before have none.
ALTER TABLE inbox ADD COLUMN fingerprint BLOB;
