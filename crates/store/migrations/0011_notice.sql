-- What a list changes against the list before, and the notices that families are given before an exclusion takes effect.

ALTER TABLE decision_run ADD COLUMN kept INTEGER NOT NULL DEFAULT 0;

ALTER TABLE decision_quota ADD COLUMN inside INTEGER NOT NULL DEFAULT 0;
ALTER TABLE decision_quota ADD COLUMN kept INTEGER NOT NULL DEFAULT 0;
ALTER TABLE decision_quota ADD COLUMN waiting INTEGER NOT NULL DEFAULT 0;
UPDATE decision_quota SET inside = CASE WHEN eligible < places THEN eligible ELSE places END;
UPDATE decision_quota SET waiting = eligible - inside;

-- Families by region at every level (nation '', ... village) and change (targeting::Change).
CREATE TABLE decision_change (
    run TEXT NOT NULL,
    region TEXT NOT NULL,
    level INTEGER NOT NULL,
    what INTEGER NOT NULL,
    families INTEGER NOT NULL,
    before_idr INTEGER NOT NULL,
    amount_idr INTEGER NOT NULL,
    PRIMARY KEY (run, region, what)
) STRICT, WITHOUT ROWID;
CREATE INDEX decision_change_by_level ON decision_change (run, level, region);

-- One row a family and programme each time that it no longer passes. until: the first day on which the exclusion may take effect.
CREATE TABLE notice (
    family_id INTEGER NOT NULL,
    programme TEXT NOT NULL,
    run TEXT NOT NULL,
    period TEXT NOT NULL,
    region TEXT NOT NULL,
    reason TEXT NOT NULL,
    unknown INTEGER NOT NULL,
    amount_idr INTEGER NOT NULL,
    given_on TEXT NOT NULL,
    until TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'renewed', 'in_force', 'withdrawn')),
    ended_run TEXT,
    PRIMARY KEY (family_id, programme, run)
) STRICT, WITHOUT ROWID;
CREATE INDEX notice_by_region ON notice (region, state, family_id, programme, run);
CREATE INDEX notice_by_programme ON notice (programme, state, family_id);
