-- payment: goods, from the supplier's delivery to the family's hands. Quantities are whole base units (grams, millilitres, pieces).

CREATE TABLE goods_warehouse (
    warehouse_id INTEGER PRIMARY KEY,
    region TEXT NOT NULL,
    name TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    made_by TEXT NOT NULL,
    UNIQUE (region, name)
) STRICT;

-- A delivery of one item. noted: by the delivery note; weighed = accepted + refused: by our own scale; what is refused never enters stock.
CREATE TABLE goods_lot (
    lot_id INTEGER PRIMARY KEY,
    item TEXT NOT NULL,
    unit TEXT NOT NULL,
    supplier TEXT NOT NULL,
    contract TEXT NOT NULL,
    document TEXT NOT NULL,
    warehouse_id INTEGER NOT NULL,
    noted INTEGER NOT NULL CHECK (noted > 0),
    weighed INTEGER NOT NULL CHECK (weighed >= 0),
    refused INTEGER NOT NULL CHECK (refused >= 0 AND refused <= weighed),
    refused_why TEXT NOT NULL,
    price_idr INTEGER CHECK (price_idr >= 0),
    made_on TEXT,
    expires_on TEXT,
    received_on TEXT NOT NULL,
    checks TEXT NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    UNIQUE (supplier, contract, document, item, warehouse_id)
) STRICT;

-- What lies where now; the sum of the moves of its card.
CREATE TABLE goods_stock (
    warehouse_id INTEGER NOT NULL,
    lot_id INTEGER NOT NULL,
    quantity INTEGER NOT NULL CHECK (quantity >= 0),
    PRIMARY KEY (warehouse_id, lot_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX goods_stock_by_lot ON goods_stock (lot_id, warehouse_id);

-- Stock cards: append only. delta: what it does to the balance; quantity: what it is of its kind (below zero where it takes an
-- earlier row back). What is lost or damaged on the way stands on the card of who should have received it, with delta 0.
-- told: what makes the row one and the same when its document is told again.
CREATE TABLE goods_move (
    move_id INTEGER PRIMARY KEY,
    warehouse_id INTEGER NOT NULL,
    lot_id INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('received', 'sent', 'arrived', 'handed_over', 'damaged', 'lost', 'expired', 'returned')),
    quantity INTEGER NOT NULL,
    delta INTEGER NOT NULL,
    balance INTEGER NOT NULL CHECK (balance >= 0),
    document TEXT NOT NULL,
    transfer_id INTEGER,
    list_id INTEGER,
    corrects INTEGER,
    day TEXT NOT NULL,
    note TEXT NOT NULL,
    told TEXT NOT NULL,
    at INTEGER NOT NULL,
    actor_id INTEGER NOT NULL,
    actor TEXT NOT NULL,
    UNIQUE (warehouse_id, lot_id, told)
) STRICT;
CREATE INDEX goods_move_by_card ON goods_move (warehouse_id, move_id);
CREATE INDEX goods_move_by_lot ON goods_move (lot_id, move_id);

-- From one warehouse to another: sent = arrived + lost + damaged + still on the way.
CREATE TABLE goods_transfer (
    transfer_id INTEGER PRIMARY KEY,
    lot_id INTEGER NOT NULL,
    from_id INTEGER NOT NULL,
    to_id INTEGER NOT NULL,
    sent INTEGER NOT NULL CHECK (sent >= 0),
    arrived INTEGER NOT NULL CHECK (arrived >= 0),
    lost INTEGER NOT NULL CHECK (lost >= 0),
    damaged INTEGER NOT NULL CHECK (damaged >= 0),
    document TEXT NOT NULL,
    sent_on TEXT NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    CHECK (arrived + lost + damaged <= sent)
) STRICT;
CREATE INDEX goods_transfer_open ON goods_transfer (to_id, transfer_id) WHERE arrived + lost + damaged < sent;

-- Distribution lists: one approved decision list and item. benefit: number of the first list of the same programme, period and item.
CREATE TABLE goods_list (
    list_id INTEGER PRIMARY KEY,
    programme TEXT NOT NULL,
    period TEXT NOT NULL,
    item TEXT NOT NULL,
    unit TEXT NOT NULL,
    each_due INTEGER NOT NULL CHECK (each_due > 0),
    run TEXT NOT NULL,
    list_hash TEXT NOT NULL,
    closing TEXT NOT NULL,
    benefit INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('building', 'built')),
    families INTEGER NOT NULL,
    skipped INTEGER NOT NULL,
    mark INTEGER NOT NULL,
    made_at INTEGER NOT NULL,
    made_by TEXT NOT NULL,
    UNIQUE (programme, period, item, run)
) STRICT;

-- What a family is to receive, and how that stands; frozen like a payment line. rev: the number of its last step.
CREATE TABLE goods_due (
    recipient INTEGER NOT NULL,
    list_id INTEGER NOT NULL,
    benefit INTEGER NOT NULL,
    region TEXT NOT NULL,
    payee_name TEXT NOT NULL,
    due INTEGER NOT NULL CHECK (due > 0),
    given INTEGER NOT NULL CHECK (given >= 0 AND given <= due),
    state TEXT NOT NULL CHECK (state IN ('open', 'handed_over', 'short', 'instead', 'not_collected', 'refused')),
    live INTEGER NOT NULL CHECK (live IN (0, 1)),
    rev INTEGER NOT NULL,
    PRIMARY KEY (recipient, list_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX goods_due_by_village ON goods_due (list_id, region, recipient);
CREATE UNIQUE INDEX goods_due_live ON goods_due (recipient, benefit) WHERE live = 1;

-- Append only: every hand-over, and why there was none.
CREATE TABLE goods_handover (
    recipient INTEGER NOT NULL,
    list_id INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    actor_id INTEGER NOT NULL,
    actor TEXT NOT NULL,
    step TEXT NOT NULL,
    state TEXT NOT NULL,
    day TEXT NOT NULL,
    given INTEGER NOT NULL,
    warehouse_id INTEGER NOT NULL,
    lot_id INTEGER NOT NULL,
    whom TEXT NOT NULL,
    role TEXT NOT NULL,
    place TEXT NOT NULL,
    proof_kind TEXT NOT NULL,
    proof TEXT NOT NULL,
    note TEXT NOT NULL,
    reference TEXT NOT NULL,
    PRIMARY KEY (recipient, list_id, seq)
) STRICT, WITHOUT ROWID;

-- Families counted by village and state: pages read this, every step carries it forward.
CREATE TABLE goods_summary (
    list_id INTEGER NOT NULL,
    region TEXT NOT NULL,
    state TEXT NOT NULL,
    families INTEGER NOT NULL,
    due INTEGER NOT NULL,
    given INTEGER NOT NULL,
    PRIMARY KEY (list_id, region, state)
) STRICT, WITHOUT ROWID;

-- Rows on their way in, and what they change: filled and emptied within one transaction.
CREATE TABLE goods_change (
    batch INTEGER NOT NULL,
    recipient INTEGER NOT NULL,
    list_id INTEGER NOT NULL,
    given INTEGER NOT NULL,
    state TEXT NOT NULL,
    rev_before INTEGER NOT NULL,
    rev INTEGER NOT NULL,
    PRIMARY KEY (batch, recipient)
) STRICT, WITHOUT ROWID;
