-- payment: cards, each a thing that somebody holds, and every move of each. Of a card only the bank's token and the last four digits are
-- kept. since: the day from which it waits (printed, handed over, or come into its present trouble). line_id: the payment line whose
-- opening gave it. rev: the number of its last move.
CREATE TABLE card (
    recipient INTEGER NOT NULL,
    card_id INTEGER NOT NULL,
    channel TEXT NOT NULL,
    token TEXT NOT NULL,
    last4 TEXT NOT NULL,
    line_id INTEGER,
    region TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('printed', 'at_district', 'with_companion', 'handed_over', 'active', 'blocked',
        'damaged', 'lost', 'held_by_other', 'replaced', 'destroyed')),
    stage TEXT NOT NULL CHECK (stage IN ('waiting', 'idle', 'trouble', 'active', 'ended')),
    holder TEXT NOT NULL CHECK (holder IN ('bank', 'district', 'companion', 'family', 'other', 'nobody')),
    printed_on TEXT NOT NULL,
    received_on TEXT,
    handed_on TEXT,
    active_on TEXT,
    since TEXT NOT NULL,
    last_on TEXT NOT NULL,
    follows INTEGER,
    followed_by INTEGER,
    rev INTEGER NOT NULL,
    PRIMARY KEY (recipient, card_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX card_by_token ON card (channel, token);
-- A family has one card of a bank that is neither replaced nor destroyed.
CREATE UNIQUE INDEX card_live ON card (recipient, channel) WHERE stage <> 'ended';
CREATE INDEX card_by_id ON card (card_id);
CREATE INDEX card_by_stage ON card (stage, region, card_id);

-- Append only. reference: file:N or page; whom, role, place, proof_kind, proof, paper, note: what the move told.
CREATE TABLE card_event (
    recipient INTEGER NOT NULL,
    card_id INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    actor_id INTEGER NOT NULL,
    actor TEXT NOT NULL,
    step TEXT NOT NULL,
    day TEXT NOT NULL,
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    from_holder TEXT NOT NULL,
    to_holder TEXT NOT NULL,
    whom TEXT NOT NULL,
    role TEXT NOT NULL,
    place TEXT NOT NULL,
    proof_kind TEXT NOT NULL,
    proof TEXT NOT NULL,
    paper TEXT NOT NULL,
    note TEXT NOT NULL,
    reference TEXT NOT NULL,
    PRIMARY KEY (recipient, card_id, seq)
) STRICT, WITHOUT ROWID;

-- Rows on their way in, and what they change: filled and emptied within one transaction. file_no 0: a single move of a person.
CREATE TABLE card_stage (
    file_no INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    line_id INTEGER NOT NULL,
    token TEXT NOT NULL,
    PRIMARY KEY (file_no, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE card_change (
    file_no INTEGER NOT NULL,
    recipient INTEGER NOT NULL,
    card_id INTEGER NOT NULL,
    state TEXT NOT NULL,
    stage TEXT NOT NULL,
    holder TEXT NOT NULL,
    received_on TEXT,
    handed_on TEXT,
    active_on TEXT,
    since TEXT NOT NULL,
    last_on TEXT NOT NULL,
    followed_by INTEGER,
    rev_before INTEGER NOT NULL,
    rev INTEGER NOT NULL,
    PRIMARY KEY (file_no, recipient, card_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE card_opening (
    file_no INTEGER NOT NULL,
    recipient INTEGER NOT NULL,
    line_id INTEGER NOT NULL,
    account TEXT,
    name_at_bank TEXT,
    account_state TEXT NOT NULL,
    problem TEXT,
    PRIMARY KEY (file_no, recipient, line_id)
) STRICT, WITHOUT ROWID;
