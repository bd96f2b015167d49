-- payment: lists of entitlements, the files exchanged with channels, and the books.

-- One approved decision list becomes one cycle.
CREATE TABLE payment_cycle (
    cycle_id INTEGER PRIMARY KEY,
    programme TEXT NOT NULL,
    period TEXT NOT NULL,
    run TEXT NOT NULL,
    dataset TEXT NOT NULL,
    list_hash TEXT NOT NULL,
    closing TEXT NOT NULL,
    channel TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('building', 'built')),
    lines INTEGER NOT NULL,
    amount_idr INTEGER NOT NULL,
    skipped INTEGER NOT NULL,
    mark INTEGER NOT NULL,
    made_at INTEGER NOT NULL,
    made_by_id INTEGER NOT NULL,
    made_by TEXT NOT NULL,
    UNIQUE (programme, period, run)
) STRICT;

-- One payment to one recipient. What the payee was at the closing is frozen here. Three states, never one.
-- pending = amount - topped_up - unpaid (once ordered); on card = topped_up - withdrawn - returned.
CREATE TABLE payment_line (
    recipient INTEGER NOT NULL,
    line_id INTEGER NOT NULL,
    cycle_id INTEGER NOT NULL,
    programme TEXT NOT NULL,
    period TEXT NOT NULL,
    component TEXT NOT NULL,
    region TEXT NOT NULL,
    channel TEXT NOT NULL,
    amount_idr INTEGER NOT NULL CHECK (amount_idr > 0),
    payee INTEGER,
    payee_name TEXT NOT NULL,
    payee_nik INTEGER,
    account TEXT,
    name_at_bank TEXT,
    eligibility TEXT NOT NULL CHECK (eligibility IN ('eligible', 'held', 'cancelled')),
    account_state TEXT NOT NULL
        CHECK (account_state IN ('unchecked', 'asked', 'good', 'doubtful', 'failed', 'not_needed')),
    payment TEXT NOT NULL
        CHECK (payment IN ('set', 'ordered', 'instructed', 'topped_up', 'withdrawn', 'returned', 'sent_back',
            'failed')),
    problem TEXT,
    check_file INTEGER,
    order_id INTEGER,
    topped_up_idr INTEGER NOT NULL,
    withdrawn_idr INTEGER NOT NULL,
    returned_idr INTEGER NOT NULL,
    unpaid_idr INTEGER NOT NULL,
    live INTEGER NOT NULL CHECK (live IN (0, 1)),
    events INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (recipient, line_id),
    CHECK (topped_up_idr + unpaid_idr <= amount_idr AND withdrawn_idr + returned_idr <= topped_up_idr)
) STRICT, WITHOUT ROWID;
-- At most one live payment per recipient, programme, period and component.
CREATE UNIQUE INDEX payment_live ON payment_line (recipient, programme, period, component) WHERE live = 1;
CREATE INDEX payment_line_by_id ON payment_line (line_id);
CREATE INDEX payment_line_by_region ON payment_line (cycle_id, region, line_id);
CREATE INDEX payment_line_by_payment ON payment_line (cycle_id, payment, region, line_id);
CREATE INDEX payment_line_by_problem ON payment_line (cycle_id, problem, region, line_id) WHERE problem IS NOT NULL;
CREATE INDEX payment_line_by_order ON payment_line (order_id, line_id) WHERE order_id IS NOT NULL;
CREATE INDEX payment_line_by_check ON payment_line (check_file, line_id) WHERE check_file IS NOT NULL;

-- Every change of a state: what, why, who, when, what next, on which document (file:N, order:N, run:X).
CREATE TABLE payment_event (
    recipient INTEGER NOT NULL,
    line_id INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('eligibility', 'account', 'payment')),
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    next TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (recipient, line_id, seq)
) STRICT, WITHOUT ROWID;

-- The last account that passed the check, so that the next request can name it.
CREATE TABLE recipient_account (
    recipient INTEGER NOT NULL,
    channel TEXT NOT NULL,
    account TEXT NOT NULL,
    name_at_bank TEXT,
    payee INTEGER,
    checked_at INTEGER NOT NULL,
    PRIMARY KEY (recipient, channel)
) STRICT, WITHOUT ROWID;

-- Files to and from channels. A file out is 'intended' until it is on disk; a file in is 'reading' until its last row is posted.
CREATE TABLE channel_file (
    file_no INTEGER PRIMARY KEY,
    direction TEXT NOT NULL CHECK (direction IN ('out', 'in')),
    channel TEXT NOT NULL,
    kind TEXT NOT NULL,
    cycle_id INTEGER,
    order_id INTEGER,
    batch TEXT NOT NULL,
    name TEXT NOT NULL,
    hash TEXT,
    bytes INTEGER NOT NULL,
    rows INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('intended', 'written', 'reading', 'posted')),
    mark INTEGER NOT NULL,
    counts TEXT NOT NULL,
    at INTEGER NOT NULL,
    actor_id INTEGER NOT NULL,
    actor TEXT NOT NULL,
    UNIQUE (channel, kind, hash)
) STRICT;

-- A wave of lines that is paid together. Maker is not checker; the approval binds the hash of the list.
CREATE TABLE payment_order (
    order_id INTEGER PRIMARY KEY,
    cycle_id INTEGER NOT NULL,
    channel TEXT NOT NULL,
    region TEXT NOT NULL,
    batch TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL CHECK (state IN ('proposed', 'approved', 'sent', 'cancelled')),
    lines INTEGER NOT NULL,
    amount_idr INTEGER NOT NULL,
    list_hash TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    made_by_id INTEGER NOT NULL,
    made_by TEXT NOT NULL,
    spm TEXT,
    sp2d TEXT,
    si TEXT,
    approved_at INTEGER,
    sent_at INTEGER
) STRICT;
CREATE INDEX payment_order_by_cycle ON payment_order (cycle_id, order_id);

CREATE TABLE payment_approval (
    order_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (order_id, user_id)
) STRICT, WITHOUT ROWID;

-- Every transaction number of a channel counts once.
CREATE TABLE bank_txn (
    channel TEXT NOT NULL,
    txn TEXT NOT NULL,
    line_id INTEGER NOT NULL,
    word TEXT NOT NULL,
    amount_idr INTEGER NOT NULL,
    date TEXT NOT NULL,
    file_no INTEGER NOT NULL,
    PRIMARY KEY (channel, txn)
) STRICT, WITHOUT ROWID;

-- Rows of replies that were not taken, each with its kind; the work list of the treasurer.
CREATE TABLE payment_exception (
    exception_id INTEGER PRIMARY KEY,
    file_no INTEGER NOT NULL,
    row_no INTEGER NOT NULL,
    cycle_id INTEGER,
    line_id INTEGER,
    recipient INTEGER,
    region TEXT NOT NULL,
    kind TEXT NOT NULL,
    amount_idr INTEGER,
    expected TEXT NOT NULL,
    found TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'noted', 'closed')),
    note TEXT,
    closed_by TEXT,
    closed_at INTEGER,
    at INTEGER NOT NULL,
    UNIQUE (file_no, row_no)
) STRICT;
CREATE INDEX payment_exception_open ON payment_exception (state, kind, exception_id);
CREATE INDEX payment_exception_by_line ON payment_exception (line_id) WHERE line_id IS NOT NULL;

-- Rows of a reply on their way in, and the lines they change: filled and emptied within one transaction.
CREATE TABLE payment_stage (
    file_no INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    line_id INTEGER NOT NULL,
    txn TEXT NOT NULL,
    PRIMARY KEY (file_no, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE payment_change (
    file_no INTEGER NOT NULL,
    recipient INTEGER NOT NULL,
    line_id INTEGER NOT NULL,
    account TEXT,
    name_at_bank TEXT,
    account_state TEXT NOT NULL,
    payment TEXT NOT NULL,
    problem TEXT,
    topped_up_idr INTEGER NOT NULL,
    withdrawn_idr INTEGER NOT NULL,
    returned_idr INTEGER NOT NULL,
    unpaid_idr INTEGER NOT NULL,
    live INTEGER NOT NULL,
    events INTEGER NOT NULL,
    PRIMARY KEY (file_no, recipient, line_id)
) STRICT, WITHOUT ROWID;

-- Lines counted by village and state: pages read this, every step renews it.
CREATE TABLE payment_summary (
    cycle_id INTEGER NOT NULL,
    region TEXT NOT NULL,
    channel TEXT NOT NULL,
    eligibility TEXT NOT NULL,
    account_state TEXT NOT NULL,
    payment TEXT NOT NULL,
    problem TEXT NOT NULL,
    lines INTEGER NOT NULL,
    amount_idr INTEGER NOT NULL,
    topped_up_idr INTEGER NOT NULL,
    withdrawn_idr INTEGER NOT NULL,
    returned_idr INTEGER NOT NULL,
    unpaid_idr INTEGER NOT NULL,
    PRIMARY KEY (cycle_id, region, channel, eligibility, account_state, payment, problem)
) STRICT, WITHOUT ROWID;

CREATE TABLE payment_reconciliation (
    reconciliation_id INTEGER PRIMARY KEY,
    cycle_id INTEGER NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    figures TEXT NOT NULL
) STRICT;
CREATE INDEX payment_reconciliation_by_cycle ON payment_reconciliation (cycle_id, reconciliation_id);

-- The journal: append only. An entry moves one amount in one place; a correction is an entry with the sign turned.
CREATE TABLE ledger_entry (
    entry_id INTEGER PRIMARY KEY,
    document TEXT NOT NULL,
    movement TEXT NOT NULL,
    correction INTEGER NOT NULL CHECK (correction IN (0, 1)),
    programme TEXT NOT NULL,
    period TEXT NOT NULL,
    region TEXT NOT NULL,
    channel TEXT NOT NULL,
    amount_idr INTEGER NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL
) STRICT;
CREATE INDEX ledger_entry_by_place ON ledger_entry (programme, period, region, channel, movement);
CREATE INDEX ledger_entry_by_document ON ledger_entry (document, entry_id);

CREATE TABLE ledger_posting (
    entry_id INTEGER NOT NULL,
    account TEXT NOT NULL,
    amount_idr INTEGER NOT NULL,
    PRIMARY KEY (entry_id, account)
) STRICT, WITHOUT ROWID;

CREATE TABLE ledger_account (
    programme TEXT NOT NULL,
    period TEXT NOT NULL,
    region TEXT NOT NULL,
    channel TEXT NOT NULL,
    account TEXT NOT NULL,
    balance_idr INTEGER NOT NULL CHECK (balance_idr >= 0 OR account = 'treasury'),
    PRIMARY KEY (programme, period, region, channel, account)
) STRICT, WITHOUT ROWID;
