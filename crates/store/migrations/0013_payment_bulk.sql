-- payment at the size of a nation. What happened to a whole wave is told once, by its cycle, order or file, and a line names them;
-- rows of payment_event are written only for what happened to a line alone. Lines of a cycle have consecutive numbers and lie
-- together; territory is found through payment_place; counts are carried forward by what changes.

-- What a line is a payment of: two live lines of one recipient never have the same one. Its number is that of the first cycle.
CREATE TABLE payment_benefit (
    benefit INTEGER PRIMARY KEY,
    programme TEXT NOT NULL,
    period TEXT NOT NULL,
    component TEXT NOT NULL,
    UNIQUE (programme, period, component)
) STRICT;
INSERT INTO payment_benefit (benefit, programme, period, component)
SELECT MIN(cycle_id), programme, period, 'whole' FROM payment_cycle GROUP BY programme, period;
ALTER TABLE payment_cycle ADD COLUMN benefit INTEGER NOT NULL DEFAULT 0;
UPDATE payment_cycle SET benefit = (SELECT b.benefit FROM payment_benefit b
    WHERE b.programme = payment_cycle.programme AND b.period = payment_cycle.period);
-- Numbers of its lines: from first_line to last_line, both included.
ALTER TABLE payment_cycle ADD COLUMN first_line INTEGER NOT NULL DEFAULT 0;
ALTER TABLE payment_cycle ADD COLUMN last_line INTEGER NOT NULL DEFAULT -1;
UPDATE payment_cycle SET
    first_line = COALESCE((SELECT MIN(l.line_id) FROM payment_line l WHERE l.cycle_id = payment_cycle.cycle_id), 0),
    last_line = COALESCE((SELECT MAX(l.line_id) FROM payment_line l WHERE l.cycle_id = payment_cycle.cycle_id), -1);

-- `payment` is what happened to this line; while it is 'set', an order that was approved or sent tells the rest.
-- States are codes that the program checks when it reads them; what the table itself checks is the money.
-- basis: why it is paid. check_file asked about the account, check_reply answered; order_reply put it on the card, moved_file took
-- all of it out: files that said the usual thing, so that no event stands for it.
CREATE TABLE payment_line_2 (
    recipient INTEGER NOT NULL,
    line_id INTEGER NOT NULL,
    cycle_id INTEGER NOT NULL,
    benefit INTEGER NOT NULL,
    region TEXT NOT NULL,
    channel TEXT NOT NULL,
    amount_idr INTEGER NOT NULL CHECK (amount_idr > 0),
    basis TEXT NOT NULL,
    payee INTEGER,
    payee_name TEXT NOT NULL,
    payee_nik INTEGER,
    account TEXT,
    name_at_bank TEXT,
    eligibility TEXT NOT NULL,
    account_state TEXT NOT NULL,
    payment TEXT NOT NULL,
    problem TEXT,
    check_file INTEGER,
    check_reply INTEGER,
    order_id INTEGER,
    order_reply INTEGER,
    moved_file INTEGER,
    topped_up_idr INTEGER NOT NULL,
    withdrawn_idr INTEGER NOT NULL,
    returned_idr INTEGER NOT NULL,
    unpaid_idr INTEGER NOT NULL,
    live INTEGER NOT NULL,
    events INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (recipient, line_id),
    CHECK (topped_up_idr + unpaid_idr <= amount_idr AND withdrawn_idr + returned_idr <= topped_up_idr)
) STRICT;
INSERT INTO payment_line_2 (recipient, line_id, cycle_id, benefit, region, channel, amount_idr, basis, payee, payee_name,
    payee_nik, account, name_at_bank, eligibility, account_state, payment, problem, check_file, order_id, topped_up_idr,
    withdrawn_idr, returned_idr, unpaid_idr, live, events, changed_at)
SELECT l.recipient, l.line_id, l.cycle_id, c.benefit, l.region, l.channel, l.amount_idr, 'approved', l.payee, l.payee_name,
    l.payee_nik, l.account, l.name_at_bank, l.eligibility, l.account_state,
    CASE WHEN l.payment IN ('ordered', 'instructed') THEN 'set' ELSE l.payment END, l.problem, l.check_file, l.order_id,
    l.topped_up_idr, l.withdrawn_idr, l.returned_idr, l.unpaid_idr, l.live, l.events, l.changed_at
FROM payment_line l JOIN payment_cycle c ON c.cycle_id = l.cycle_id ORDER BY l.line_id;
DROP TABLE payment_line;
ALTER TABLE payment_line_2 RENAME TO payment_line;
-- A line is changed a few times in its life: there is room for that on its own page.
-- on the server: ALTER TABLE payment_line SET (fillfactor = 40);
-- At most one live payment per recipient and benefit.
CREATE UNIQUE INDEX payment_live ON payment_line (recipient, benefit) WHERE live = 1;
CREATE UNIQUE INDEX payment_line_by_id ON payment_line (line_id);
CREATE INDEX payment_line_by_problem ON payment_line (cycle_id, problem, line_id) WHERE problem IS NOT NULL;

-- Where the lines of a cycle are: sorted once, when the cycle is built.
CREATE TABLE payment_place (
    cycle_id INTEGER NOT NULL,
    region TEXT NOT NULL,
    line_id INTEGER NOT NULL,
    PRIMARY KEY (cycle_id, region, line_id)
) STRICT, WITHOUT ROWID;
INSERT INTO payment_place (cycle_id, region, line_id)
SELECT cycle_id, region, line_id FROM payment_line ORDER BY cycle_id, region, line_id;

-- Counts by village and state; order_id is 0 where there is no order. `payment` is told with the order's state.
DROP TABLE payment_summary;
CREATE TABLE payment_summary (
    cycle_id INTEGER NOT NULL,
    region TEXT NOT NULL,
    channel TEXT NOT NULL,
    eligibility TEXT NOT NULL,
    account_state TEXT NOT NULL,
    payment TEXT NOT NULL,
    problem TEXT NOT NULL,
    order_id INTEGER NOT NULL DEFAULT 0,
    lines INTEGER NOT NULL,
    amount_idr INTEGER NOT NULL,
    topped_up_idr INTEGER NOT NULL,
    withdrawn_idr INTEGER NOT NULL,
    returned_idr INTEGER NOT NULL,
    unpaid_idr INTEGER NOT NULL,
    PRIMARY KEY (cycle_id, region, channel, eligibility, account_state, payment, problem, order_id)
) STRICT, WITHOUT ROWID;
INSERT INTO payment_summary (cycle_id, region, channel, eligibility, account_state, payment, problem, order_id, lines,
    amount_idr, topped_up_idr, withdrawn_idr, returned_idr, unpaid_idr)
SELECT l.cycle_id, l.region, l.channel, l.eligibility, l.account_state,
    CASE WHEN l.payment = 'set' AND o.state = 'approved' THEN 'ordered'
        WHEN l.payment = 'set' AND o.state = 'sent' THEN 'instructed' ELSE l.payment END,
    COALESCE(l.problem, ''), COALESCE(l.order_id, 0), COUNT(*), SUM(l.amount_idr), SUM(l.topped_up_idr),
    SUM(l.withdrawn_idr), SUM(l.returned_idr), SUM(l.unpaid_idr)
FROM payment_line l LEFT JOIN payment_order o ON o.order_id = l.order_id
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;

-- Changes of counts and of balances on their way in: filled and emptied within one transaction.
CREATE TABLE payment_shift (
    cycle_id INTEGER NOT NULL,
    region TEXT NOT NULL,
    channel TEXT NOT NULL,
    eligibility TEXT NOT NULL,
    account_state TEXT NOT NULL,
    payment TEXT NOT NULL,
    problem TEXT NOT NULL,
    order_id INTEGER NOT NULL,
    lines INTEGER NOT NULL,
    amount_idr INTEGER NOT NULL,
    topped_up_idr INTEGER NOT NULL,
    withdrawn_idr INTEGER NOT NULL,
    returned_idr INTEGER NOT NULL,
    unpaid_idr INTEGER NOT NULL
) STRICT;
CREATE TABLE ledger_shift (
    programme TEXT NOT NULL,
    period TEXT NOT NULL,
    region TEXT NOT NULL,
    channel TEXT NOT NULL,
    account TEXT NOT NULL,
    amount_idr INTEGER NOT NULL
) STRICT;

DROP TABLE payment_change;
CREATE TABLE payment_change (
    recipient INTEGER NOT NULL,
    line_id INTEGER NOT NULL,
    account TEXT,
    name_at_bank TEXT,
    account_state TEXT NOT NULL,
    payment TEXT NOT NULL,
    problem TEXT,
    check_reply INTEGER,
    order_reply INTEGER,
    moved_file INTEGER,
    topped_up_idr INTEGER NOT NULL,
    withdrawn_idr INTEGER NOT NULL,
    returned_idr INTEGER NOT NULL,
    unpaid_idr INTEGER NOT NULL,
    live INTEGER NOT NULL,
    events INTEGER NOT NULL,
    PRIMARY KEY (recipient, line_id)
) STRICT, WITHOUT ROWID;

-- The two sides of an entry follow from its movement.
DROP TABLE ledger_posting;
