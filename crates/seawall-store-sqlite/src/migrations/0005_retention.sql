-- Runs that have ended, oldest end first. An entry is written once, at the end of a run: the common append does not name
-- the column (append_hot.sql).
CREATE INDEX runs_finished ON runs (finished_at) WHERE finished_at IS NOT NULL;

-- Whether a run that is to be forgotten has a key that counts; also what the foreign key asks when the run is deleted.
CREATE INDEX idempotency_keys_by_run ON idempotency_keys (run_no);

-- Whether a run that is to be forgotten has a child that has not ended.
CREATE INDEX run_parents_by_parent ON run_parents (parent);

-- When an inline definition was kept for the last time, or a workflow was deleted. 0: never since it was created.
ALTER TABLE workflows ADD COLUMN used_at INTEGER NOT NULL DEFAULT 0;
