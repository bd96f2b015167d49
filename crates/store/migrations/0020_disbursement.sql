-- payment: SPM and SP2D are two papers of two offices. An approved order has its SPM; money leaves the treasury with the SP2D; the
-- treasury may send the SPM back, which takes the order apart with its reason.
CREATE TABLE payment_order_2 (
    order_id INTEGER PRIMARY KEY,
    cycle_id INTEGER NOT NULL,
    channel TEXT NOT NULL,
    region TEXT NOT NULL,
    batch TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL CHECK (state IN ('proposed', 'approved', 'disbursed', 'sent', 'cancelled')),
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
    sent_at INTEGER,
    sp2d_on TEXT,
    disbursed_at INTEGER,
    disbursed_by TEXT,
    cancelled_for TEXT
) STRICT;
INSERT INTO payment_order_2 (order_id, cycle_id, channel, region, batch, state, lines, amount_idr, list_hash, made_at,
    made_by_id, made_by, spm, sp2d, si, approved_at, sent_at, disbursed_at)
SELECT order_id, cycle_id, channel, region, batch, CASE WHEN state = 'approved' THEN 'disbursed' ELSE state END, lines,
    amount_idr, list_hash, made_at, made_by_id, made_by, spm, sp2d, si, approved_at, sent_at, approved_at
FROM payment_order ORDER BY order_id;
DROP TABLE payment_order;
ALTER TABLE payment_order_2 RENAME TO payment_order;
CREATE INDEX payment_order_by_cycle ON payment_order (cycle_id, order_id);
