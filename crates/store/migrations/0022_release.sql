-- payment: the treasurer's desk. Troubles by age, acts on many rows at once, and lists of people that leave with two persons' names.

-- Lines in trouble, oldest first, with what pages count them by: nothing else is read for it.
CREATE INDEX payment_line_in_trouble ON payment_line (changed_at, line_id, problem, cycle_id, region, channel, amount_idr,
    recipient) WHERE problem IS NOT NULL;
-- Counts of what waits for somebody: few rows, and none of the columns that change.
CREATE INDEX payment_summary_waiting ON payment_summary (region, cycle_id)
    WHERE account_state = 'asked' OR eligibility = 'held' OR payment = 'instructed' OR payment = 'topped_up';
CREATE INDEX payment_sample_waiting ON payment_sample_line (region, sample_id, recipient) WHERE answer = '';

-- One act of one person on many rows. source: lines, or rows of replies. form: the mark of the form that was sent, so that sending it
-- twice is one act. list_hash: of its rows as they were chosen.
CREATE TABLE payment_bulk (
    bulk_id INTEGER PRIMARY KEY,
    actor_id INTEGER NOT NULL,
    form TEXT NOT NULL,
    actor TEXT NOT NULL,
    source TEXT NOT NULL CHECK (source IN ('lines', 'replies')),
    action TEXT NOT NULL,
    reason TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'done')),
    rows INTEGER NOT NULL,
    list_hash TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    done_at INTEGER,
    UNIQUE (actor_id, form)
) STRICT;
-- state: empty while it waits. rev: what the row was when it was chosen. code: why it was refused.
CREATE TABLE payment_bulk_row (
    bulk_id INTEGER NOT NULL,
    id INTEGER NOT NULL,
    rev TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('', 'done', 'refused')),
    code TEXT NOT NULL,
    PRIMARY KEY (bulk_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX payment_bulk_waiting ON payment_bulk (actor_id) WHERE state = 'open';
CREATE INDEX payment_bulk_row_waiting ON payment_bulk_row (bulk_id, id) WHERE state = '';
CREATE INDEX payment_bulk_row_by_id ON payment_bulk_row (id, bulk_id);

-- A list of people that somebody wants to take away: asked for by one person, released by another, fetched a few times, each time with
-- its mark. subject: what it is a list of, as its kind writes it.
CREATE TABLE release_request (
    export_no INTEGER PRIMARY KEY,
    asker_id INTEGER NOT NULL,
    form TEXT NOT NULL,
    asker TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    region TEXT NOT NULL,
    format TEXT NOT NULL CHECK (format IN ('csv', 'xlsx', 'print')),
    purpose TEXT NOT NULL,
    recipient TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('asked', 'released', 'refused')),
    asked_at INTEGER NOT NULL,
    decided_at INTEGER,
    decider_id INTEGER,
    decider TEXT,
    note TEXT,
    expires_at INTEGER,
    fetches INTEGER NOT NULL,
    fetches_max INTEGER NOT NULL,
    UNIQUE (asker_id, form)
) STRICT;
CREATE INDEX release_request_waiting ON release_request (state, export_no);

-- Append only.
CREATE TABLE release_fetch (
    export_no INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    actor_id INTEGER NOT NULL,
    actor TEXT NOT NULL,
    rows INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (export_no, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX release_fetch_by_hash ON release_fetch (hash);
-- Papers are found by the hash printed on them.
CREATE INDEX payment_order_by_hash ON payment_order (list_hash);
CREATE INDEX decision_run_by_hash ON decision_run (dataset_hash);
