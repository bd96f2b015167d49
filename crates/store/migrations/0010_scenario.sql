-- targeting: simulations that were kept, with what was asked and what came out (sums only, small cells hidden).
CREATE TABLE scenario (
    scenario_id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    region TEXT NOT NULL,
    closing TEXT NOT NULL,
    policy_hash TEXT NOT NULL,
    asked TEXT NOT NULL,
    found TEXT NOT NULL,
    made_by INTEGER NOT NULL,
    made_by_name TEXT NOT NULL,
    made_at INTEGER NOT NULL
) STRICT;
