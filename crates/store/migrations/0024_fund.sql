-- payment: grant funds. A fund is one licence of a source; what it holds stands in the books (ledger_entry, ledger_account) in a place
-- of its own. A move is one paper: it is proposed where a second person must agree, and posted; what was wrong is taken back by a
-- move that names it. taken_idr: of an allotment what was granted or released, of a grant what was used or came back.
CREATE TABLE fund (
    fund_id INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    licence TEXT NOT NULL,
    licensed_on TEXT NOT NULL,
    holder TEXT NOT NULL,
    region TEXT NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    UNIQUE (source, licence)
) STRICT;

CREATE TABLE fund_move (
    move_id INTEGER PRIMARY KEY,
    fund_id INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('deposit', 'allot', 'release', 'grant', 'use', 'unused')),
    parent_id INTEGER,
    corrects INTEGER,
    amount_idr INTEGER NOT NULL CHECK (amount_idr > 0),
    taken_idr INTEGER NOT NULL CHECK (taken_idr >= 0 AND taken_idr <= amount_idr),
    state TEXT NOT NULL CHECK (state IN ('proposed', 'posted', 'refused', 'taken_back')),
    document TEXT NOT NULL,
    day TEXT NOT NULL,
    party TEXT NOT NULL,
    purpose TEXT NOT NULL,
    papers TEXT NOT NULL,
    note TEXT NOT NULL,
    told TEXT NOT NULL,
    at INTEGER NOT NULL,
    actor_id INTEGER NOT NULL,
    actor TEXT NOT NULL,
    checked_at INTEGER,
    checker_id INTEGER,
    checker TEXT,
    reason TEXT
) STRICT;
-- A paper stands for one move at a time; when that was refused or taken back, it may be told again.
CREATE UNIQUE INDEX fund_move_live ON fund_move (fund_id, told) WHERE state IN ('proposed', 'posted');
CREATE INDEX fund_move_by_fund ON fund_move (fund_id, move_id);

-- Who gives to a fund is a source as the treasury is.
CREATE TABLE ledger_account_2 (
    programme TEXT NOT NULL,
    period TEXT NOT NULL,
    region TEXT NOT NULL,
    channel TEXT NOT NULL,
    account TEXT NOT NULL,
    balance_idr INTEGER NOT NULL CHECK (balance_idr >= 0 OR account IN ('treasury', 'donor')),
    PRIMARY KEY (programme, period, region, channel, account)
) STRICT, WITHOUT ROWID;
INSERT INTO ledger_account_2 (programme, period, region, channel, account, balance_idr)
SELECT programme, period, region, channel, account, balance_idr FROM ledger_account;
DROP TABLE ledger_account;
ALTER TABLE ledger_account_2 RENAME TO ledger_account;
