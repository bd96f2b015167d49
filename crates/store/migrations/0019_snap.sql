-- Banks that are called (SNAP BI), and receipts of the post office. A call is meant and committed before anything is sent; what the
-- bank told is handed over as a sealed file of our own, which the usual import takes in.

-- One question about an account, or one transfer, of a line. reference is the same for ever; external_id is the transfer's, given
-- before it is sent and kept while it is unclear. doubt: why it is not told yet. Times are milliseconds since the epoch, 0 is never.
CREATE TABLE snap_call (
    line_id INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('check', 'transfer')),
    batch TEXT NOT NULL,
    cycle_id INTEGER NOT NULL,
    channel TEXT NOT NULL,
    reference TEXT NOT NULL,
    external_id TEXT NOT NULL,
    account TEXT NOT NULL,
    name TEXT NOT NULL,
    amount_idr INTEGER NOT NULL CHECK (amount_idr > 0),
    state TEXT NOT NULL CHECK (state IN ('intent', 'sent', 'unknown', 'told')),
    doubt TEXT NOT NULL,
    word TEXT NOT NULL,
    told_account TEXT NOT NULL,
    told_name TEXT NOT NULL,
    txn TEXT NOT NULL,
    day TEXT NOT NULL,
    sends INTEGER NOT NULL,
    asks INTEGER NOT NULL,
    first_sent INTEGER NOT NULL,
    last_sent INTEGER NOT NULL,
    next_at INTEGER NOT NULL,
    delivery INTEGER,
    PRIMARY KEY (line_id, kind, batch)
) STRICT, WITHOUT ROWID;
CREATE INDEX snap_call_open ON snap_call (cycle_id, channel, kind, next_at) WHERE state <> 'told';
CREATE INDEX snap_call_to_deliver ON snap_call (cycle_id, channel, kind) WHERE state = 'told' AND delivery IS NULL;
CREATE INDEX snap_call_by_delivery ON snap_call (delivery, line_id) WHERE delivery IS NOT NULL;
CREATE UNIQUE INDEX snap_call_by_reference ON snap_call (channel, reference);

-- What the bank told in one session, as a file: committed before it is written, taken when the import took it.
CREATE TABLE snap_delivery (
    delivery INTEGER PRIMARY KEY,
    channel TEXT NOT NULL,
    kind TEXT NOT NULL,
    cycle_id INTEGER NOT NULL,
    at INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('intended', 'taken')),
    file_no INTEGER
) STRICT;
CREATE INDEX snap_delivery_open ON snap_delivery (cycle_id, channel) WHERE state = 'intended';

-- Receipts of cash paid out, handed in later: who received it, for whom, before whom. confirmed: the post office's own number for the same
-- payment, once its list told it.
CREATE TABLE post_receipt (
    line_id INTEGER NOT NULL,
    txn TEXT NOT NULL,
    channel TEXT NOT NULL,
    amount_idr INTEGER NOT NULL CHECK (amount_idr > 0),
    day TEXT NOT NULL,
    receiver TEXT NOT NULL,
    relation TEXT NOT NULL,
    officer TEXT NOT NULL,
    photo TEXT,
    file_no INTEGER NOT NULL,
    confirmed TEXT,
    PRIMARY KEY (line_id, txn)
) STRICT, WITHOUT ROWID;
