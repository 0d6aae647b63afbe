-- Whether a workflow that is to be forgotten has runs under flow control; also what the foreign key asks when its scope goes.
CREATE INDEX flow_runs_by_scope ON flow_runs (scope_no);
