-- The reader that a run's journal needs: who has an earlier one leaves the run alone. 0: it was not written down then.
ALTER TABLE runs ADD COLUMN reader INTEGER NOT NULL DEFAULT 0;

-- With the reader, so that a claim passes over what it cannot read without a look at the rows. Behind the row number, which
-- orders equal timers by creation.
DROP INDEX runs_due;
CREATE INDEX runs_due ON runs (due, run_no, reader) WHERE holder IS NULL AND due IS NOT NULL;

-- Where the clock stood when next_at was counted from it. A later one than now: the clock was set back since.
ALTER TABLE flow_lines ADD COLUMN counted_at INTEGER NOT NULL DEFAULT 0;
CREATE INDEX flow_lines_counted ON flow_lines (counted_at) WHERE next_at IS NOT NULL;

-- The runs of one workflow, newest first: only columns that never change, so an append does not touch it, and a rare workflow
-- among millions of runs is no scan.
CREATE INDEX runs_by_pin ON runs (tenant_no, pin_no, run_no, created_at);
