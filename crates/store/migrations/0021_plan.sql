-- payment: money that did not arrive is paid again by a plan, never by editing a line that is finished; who may receive it when the
-- payee died or the family parted.

-- A cycle of a plan; none where an approved decision list made it.
ALTER TABLE payment_cycle ADD COLUMN plan_id INTEGER;
-- Lines of which money came back. Only a return changes these columns.
CREATE INDEX payment_line_back ON payment_line (cycle_id, line_id) WHERE returned_idr > 0 OR unpaid_idr > 0;

-- One person proposes, another approves; the approval binds the hash of the list. run: the decision list that a top-up completes.
CREATE TABLE payment_plan (
    plan_id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('follow_up', 'top_up')),
    programme TEXT NOT NULL,
    period TEXT NOT NULL,
    region TEXT NOT NULL,
    channel TEXT NOT NULL,
    causes TEXT NOT NULL,
    run TEXT NOT NULL,
    closing TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('proposed', 'approved', 'refused')),
    cycle_id INTEGER NOT NULL,
    lines INTEGER NOT NULL,
    amount_idr INTEGER NOT NULL,
    list_hash TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    made_by_id INTEGER NOT NULL,
    made_by TEXT NOT NULL,
    decided_at INTEGER,
    decided_by TEXT,
    note TEXT
) STRICT;

-- What a plan pays: the line it follows (origin), the first of that chain (root), the line that it becomes, and what the family was
-- entitled to over the whole chain. ended: the plan was refused, or the line was cancelled before it was ordered.
CREATE TABLE payment_plan_line (
    recipient INTEGER NOT NULL,
    line_id INTEGER NOT NULL,
    plan_id INTEGER NOT NULL,
    origin INTEGER NOT NULL,
    root INTEGER NOT NULL,
    cause TEXT NOT NULL,
    component TEXT NOT NULL,
    region TEXT NOT NULL,
    amount_idr INTEGER NOT NULL CHECK (amount_idr > 0),
    entitled_idr INTEGER NOT NULL CHECK (entitled_idr >= amount_idr),
    payee INTEGER NOT NULL,
    payee_name TEXT NOT NULL,
    payee_nik INTEGER NOT NULL,
    account TEXT,
    carrier INTEGER NOT NULL,
    ended INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (recipient, line_id)
) STRICT, WITHOUT ROWID;
-- A line is followed by at most one other.
CREATE UNIQUE INDEX payment_plan_once ON payment_plan_line (recipient, origin) WHERE ended = 0;
CREATE INDEX payment_plan_line_by_plan ON payment_plan_line (plan_id, line_id);
CREATE INDEX payment_plan_line_by_carrier ON payment_plan_line (carrier, line_id) WHERE carrier <> recipient;

-- Somebody saw to it that what kept the money of a finished line from arriving is mended, perhaps with another account.
CREATE TABLE payment_mend (
    recipient INTEGER NOT NULL,
    line_id INTEGER NOT NULL,
    account TEXT,
    reason TEXT NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    PRIMARY KEY (recipient, line_id)
) STRICT, WITHOUT ROWID;

-- How far the deaths that the registry tells of were taken in: version and number within it.
CREATE TABLE payment_watch (
    what TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    seq INTEGER NOT NULL
) STRICT;

-- Payees who died, as the registry says; died_on is empty where no list names the day. refuted: a person found that it is not so.
CREATE TABLE payment_death (
    recipient INTEGER NOT NULL,
    person INTEGER NOT NULL,
    died_on TEXT NOT NULL,
    source TEXT NOT NULL,
    at INTEGER NOT NULL,
    refuted INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (recipient, person)
) STRICT, WITHOUT ROWID;

-- Who receives the money of a line instead of its payee, with the paper; proposed by one person, approved by another. kind `nobody`:
-- the money goes back. carrier: the family that carries the payment, where the one it was decided for has parted.
CREATE TABLE payment_payee (
    recipient INTEGER NOT NULL,
    line_id INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('representative', 'heir', 'nobody')),
    person INTEGER,
    name TEXT NOT NULL,
    nik INTEGER,
    carrier INTEGER NOT NULL,
    region TEXT NOT NULL,
    relation TEXT NOT NULL,
    paper_kind TEXT NOT NULL,
    paper TEXT NOT NULL,
    paper_on TEXT NOT NULL,
    note TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('proposed', 'approved', 'refused')),
    made_at INTEGER NOT NULL,
    made_by_id INTEGER NOT NULL,
    made_by TEXT NOT NULL,
    decided_at INTEGER,
    decided_by TEXT,
    PRIMARY KEY (recipient, line_id, seq)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX payment_payee_once ON payment_payee (recipient, line_id) WHERE state <> 'refused';
CREATE INDEX payment_payee_waiting ON payment_payee (made_at, line_id) WHERE state = 'proposed';
