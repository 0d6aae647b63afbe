-- Runs whose holders keep dying stand in a queue of their own, those with 6 deaths and more behind it: there may be as many as
-- were in flight when a process died again and again, and a claim must not pass over each of them.
DROP INDEX runs_due;
CREATE INDEX runs_due ON runs (due, run_no, reader) WHERE holder IS NULL AND due IS NOT NULL AND deaths < 3;
CREATE INDEX runs_due_suspects ON runs (deaths >= 6, due, run_no, reader)
    WHERE holder IS NULL AND due IS NOT NULL AND deaths >= 3;
