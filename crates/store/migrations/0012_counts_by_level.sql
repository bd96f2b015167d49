-- Counts of a run are asked for by level and region: one order of keys serves both questions, and a run of a nation is written with half
-- the work.

CREATE TABLE decision_count_by_level_first (
    run TEXT NOT NULL,
    level INTEGER NOT NULL,
    region TEXT NOT NULL,
    outcome INTEGER NOT NULL,
    reason TEXT NOT NULL,
    unknown INTEGER NOT NULL,
    families INTEGER NOT NULL,
    amount_idr INTEGER NOT NULL,
    PRIMARY KEY (run, level, region, outcome, reason, unknown)
) STRICT, WITHOUT ROWID;
INSERT INTO decision_count_by_level_first (run, level, region, outcome, reason, unknown, families, amount_idr)
    SELECT run, level, region, outcome, reason, unknown, families, amount_idr FROM decision_count;
DROP TABLE decision_count;
ALTER TABLE decision_count_by_level_first RENAME TO decision_count;
