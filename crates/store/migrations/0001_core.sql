-- What every room shares: settings of this database, number sequences, jobs, outbox, the territory.

CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

-- Numbers given out by the application (files, users, cases, batches). `next` is the one to give out.
CREATE TABLE sequence (
    name TEXT PRIMARY KEY,
    next INTEGER NOT NULL
) STRICT;

-- Long work, one row for each kind and key; the same command again continues it.
CREATE TABLE job (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'done', 'failed')),
    stage TEXT NOT NULL,
    done INTEGER NOT NULL,
    total INTEGER NOT NULL,
    mark TEXT,
    message TEXT,
    attempts INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (kind, key)
) STRICT;
CREATE INDEX job_by_time ON job (changed_at);

-- What must happen outside after a commit: written in the same transaction as its cause, done afterwards, at least once.
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    payload TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    done_at INTEGER,
    message TEXT,
    UNIQUE (kind, key)
) STRICT;
CREATE INDEX outbox_open ON outbox (due_at, id) WHERE done_at IS NULL;

CREATE TABLE region (
    code TEXT PRIMARY KEY,
    parent TEXT NOT NULL,
    level INTEGER NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    postal_code TEXT,
    edition TEXT NOT NULL,
    valid_from TEXT,
    valid_to TEXT
) STRICT;
CREATE INDEX region_by_parent ON region (parent, code);

-- Codes of other systems (BPS) and of older editions, and the present code they stand for. `basis` says how it is known.
CREATE TABLE region_alias (
    system TEXT NOT NULL,
    code TEXT NOT NULL,
    edition TEXT NOT NULL,
    region_code TEXT NOT NULL,
    name TEXT,
    basis TEXT NOT NULL,
    PRIMARY KEY (system, code, edition)
) STRICT;
CREATE INDEX region_alias_by_region ON region_alias (region_code);
