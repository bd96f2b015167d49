-- targeting: decision runs and their counts. The decisions themselves are in the lake; `dataset_hash` binds a
-- row to its list.

CREATE TABLE decision_run (
    run TEXT PRIMARY KEY,
    programme TEXT NOT NULL,
    period TEXT NOT NULL,
    period_from TEXT NOT NULL,
    period_to TEXT NOT NULL,
    closing TEXT NOT NULL,
    version TEXT NOT NULL,
    reference_date TEXT NOT NULL,
    policy_hash TEXT NOT NULL,
    dataset TEXT NOT NULL,
    dataset_hash TEXT NOT NULL,
    families INTEGER NOT NULL,
    eligible INTEGER NOT NULL,
    waiting INTEGER NOT NULL,
    not_eligible INTEGER NOT NULL,
    excluded INTEGER NOT NULL,
    unknown INTEGER NOT NULL,
    amount_idr INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('draft', 'approved')),
    made_by INTEGER NOT NULL,
    made_by_name TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    approved_by INTEGER,
    approved_by_name TEXT,
    approved_at INTEGER
) STRICT;
CREATE INDEX decision_run_by_programme ON decision_run (programme, period, made_at);
CREATE INDEX decision_run_by_time ON decision_run (made_at, run);
-- At most one list of a programme and period may be paid from.
CREATE UNIQUE INDEX decision_run_approved ON decision_run (programme, period) WHERE state = 'approved';

-- Families by region (nation '', province, district, subdistrict, village), outcome (0 no, 1 yes, 2 waiting)
-- and main reason. reason '' for those who receive; unknown 1: the reason's condition could not be answered.
CREATE TABLE decision_count (
    run TEXT NOT NULL,
    region TEXT NOT NULL,
    level INTEGER NOT NULL,
    outcome INTEGER NOT NULL,
    reason TEXT NOT NULL,
    unknown INTEGER NOT NULL,
    families INTEGER NOT NULL,
    amount_idr INTEGER NOT NULL,
    PRIMARY KEY (run, region, outcome, reason, unknown)
) STRICT, WITHOUT ROWID;
CREATE INDEX decision_count_by_level ON decision_count (run, level, region);

-- How each condition came out over all families.
CREATE TABLE decision_condition (
    run TEXT NOT NULL,
    place INTEGER NOT NULL,
    code TEXT NOT NULL,
    held INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    unknown INTEGER NOT NULL,
    PRIMARY KEY (run, place)
) STRICT, WITHOUT ROWID;

-- Members who qualify in all families; members who count in families that receive.
CREATE TABLE decision_component (
    run TEXT NOT NULL,
    seq INTEGER NOT NULL,
    code TEXT NOT NULL,
    qualified INTEGER NOT NULL,
    counted INTEGER NOT NULL,
    families INTEGER NOT NULL,
    PRIMARY KEY (run, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE decision_quota (
    run TEXT NOT NULL,
    region TEXT NOT NULL,
    families INTEGER NOT NULL,
    places INTEGER NOT NULL,
    eligible INTEGER NOT NULL,
    PRIMARY KEY (run, region)
) STRICT, WITHOUT ROWID;
