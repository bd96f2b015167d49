-- casework: the pillars, people and bodies who carry the work, by the number of their register. No personal number is kept: where a file
-- brings one, person_id is what the registry knew by it. languages, skills: keys with a blank between. availability: full, part, on_call,
-- none. capacity: families that a companion takes at most, 0 for the policy's. user_id: the account of a worker who has one, else 0.
CREATE TABLE pillar (
    pillar_id INTEGER PRIMARY KEY,
    number TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    region TEXT NOT NULL,
    sex INTEGER NOT NULL,
    birth_year INTEGER NOT NULL,
    education INTEGER NOT NULL,
    languages TEXT NOT NULL,
    skills TEXT NOT NULL,
    since TEXT NOT NULL,
    contract_from TEXT NOT NULL,
    contract_to TEXT NOT NULL,
    availability TEXT NOT NULL,
    capacity INTEGER NOT NULL CHECK (capacity >= 0),
    user_id INTEGER NOT NULL,
    person_id INTEGER NOT NULL,
    rev INTEGER NOT NULL
) STRICT;
CREATE INDEX pillar_by_region ON pillar (region, kind);
CREATE INDEX pillar_by_kind ON pillar (kind, region);
CREATE INDEX pillar_by_name ON pillar (name, pillar_id);
CREATE INDEX pillar_by_user ON pillar (user_id) WHERE user_id <> 0;

-- Trainings and certificates; to_date '9999-12-31' for those without an end.
CREATE TABLE pillar_paper (
    pillar_id INTEGER NOT NULL,
    certificate TEXT NOT NULL,
    number TEXT NOT NULL,
    issuer TEXT NOT NULL,
    from_date TEXT NOT NULL,
    to_date TEXT NOT NULL,
    PRIMARY KEY (pillar_id, certificate, number)
) STRICT, WITHOUT ROWID;

-- Families of relatives, beside the own one: never accompanied by this worker.
CREATE TABLE pillar_kin (
    pillar_id INTEGER NOT NULL,
    family_id INTEGER NOT NULL,
    PRIMARY KEY (pillar_id, family_id)
) STRICT, WITHOUT ROWID;

-- What stood before a correction, whole, as JSON. Append only.
CREATE TABLE pillar_change (
    pillar_id INTEGER NOT NULL,
    rev INTEGER NOT NULL,
    at INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    actor TEXT NOT NULL,
    before TEXT NOT NULL,
    PRIMARY KEY (pillar_id, rev)
) STRICT, WITHOUT ROWID;

-- Who is to accompany whom: proposed by one person, adjusted and approved by another. state: 0 proposed, 1 approved, 2 refused. kept:
-- families whose companion stays; unplaced: families for whom there is nobody.
CREATE TABLE pillar_proposal (
    proposal_id INTEGER PRIMARY KEY,
    region TEXT NOT NULL,
    state INTEGER NOT NULL,
    made_at INTEGER NOT NULL,
    made_by INTEGER NOT NULL,
    maker TEXT NOT NULL,
    decided_at INTEGER,
    decided_by INTEGER,
    decider TEXT,
    kept INTEGER NOT NULL,
    moved INTEGER NOT NULL,
    fresh INTEGER NOT NULL,
    unplaced INTEGER NOT NULL
) STRICT;
CREATE INDEX pillar_proposal_by_region ON pillar_proposal (region, proposal_id);

-- Only families whose companion changes. from_user, to_user: 0 for nobody; adjusted_by: who set another companion, else 0.
CREATE TABLE pillar_proposal_row (
    proposal_id INTEGER NOT NULL,
    family_id INTEGER NOT NULL,
    region TEXT NOT NULL,
    from_user INTEGER NOT NULL,
    to_user INTEGER NOT NULL,
    adjusted_by INTEGER NOT NULL,
    PRIMARY KEY (proposal_id, family_id)
) STRICT, WITHOUT ROWID;

-- What somebody achieved is found from the steps that he or she took.
CREATE INDEX case_event_by_actor ON case_event (actor_id, family_id, case_id);
