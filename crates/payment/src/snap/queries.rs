//! SQL of calls to banks, nothing else. Lists of lines are limited by region range and caseload.

use store::sql;

macro_rules! call_columns {
    () => {
        "s.line_id, s.kind, s.batch, s.reference, s.external_id, s.account, s.name, s.amount_idr, s.state, s.first_sent,
        s.last_sent"
    };
}

macro_rules! into_call {
    () => {
        "INSERT INTO snap_call (line_id, kind, batch, cycle_id, channel, reference, external_id, account, name, amount_idr,
            state, doubt, word, told_account, told_name, txn, day, sends, asks, first_sent, last_sent, next_at) "
    };
}

/// `$1` from, `$2` to, `$3` caseload: the rows of `l` that a scope may see.
macro_rules! in_scope {
    () => {
        "l.region >= $1 AND l.region < $2
        AND ($3 = 0 OR l.recipient IN (SELECT family_id FROM assignment WHERE user_id = $3))"
    };
}

sql! {
    /// `$1` file, `$2` `$3` stretch, `$4` batch. Where there is no number, there is nothing to ask.
    pub(crate) CHECKS_LOAD = concat!(into_call!(), "SELECT line_id, 'check', CAST($4 AS TEXT), cycle_id, channel,
            CAST($4 AS TEXT) || '-' || CAST(line_id AS TEXT), '', COALESCE(account, ''), payee_name, amount_idr,
            CASE WHEN COALESCE(account, '') = '' THEN 'told' ELSE 'intent' END, '',
            CASE WHEN COALESCE(account, '') = '' THEN 'NO_ACCOUNT' ELSE '' END, '', '', '', '', 0, 0, 0, 0, 0
        FROM payment_line WHERE check_file = $1 AND line_id >= $2 AND line_id <= $3
        ON CONFLICT (line_id, kind, batch) DO NOTHING");
    /// `$1` order, `$2` `$3` stretch, `$4` batch.
    pub(crate) TRANSFERS_LOAD = concat!(into_call!(), "SELECT line_id, 'transfer', CAST($4 AS TEXT), cycle_id, channel,
            CAST($4 AS TEXT) || '-' || CAST(line_id AS TEXT), '', COALESCE(account, ''), payee_name, amount_idr, 'intent',
            '', '', '', '', '', '', 0, 0, 0, 0, 0
        FROM payment_line WHERE order_id = $1 AND line_id >= $2 AND line_id <= $3 AND eligibility = 'eligible'
        ON CONFLICT (line_id, kind, batch) DO NOTHING");
    pub(crate) ORDERS_TO_SEND = "SELECT order_id, batch FROM payment_order
        WHERE cycle_id = $1 AND channel = $2 AND state IN ('disbursed', 'sent') ORDER BY order_id";
    pub(crate) DUE = concat!("SELECT ", call_columns!(), " FROM snap_call s
        WHERE s.cycle_id = $1 AND s.channel = $2 AND s.kind = $3 AND s.state <> 'told' AND s.next_at <= $4
            AND ($5 = 0 OR s.state IN ('sent', 'unknown'))
        ORDER BY s.next_at, s.line_id LIMIT $6");
    pub(crate) WAITING = "SELECT COUNT(*), MIN(next_at) FROM snap_call
        WHERE cycle_id = $1 AND channel = $2 AND kind = $3 AND state <> 'told'
            AND ($4 = 0 OR state IN ('sent', 'unknown'))";
    pub(crate) CALL_SENT = "UPDATE snap_call SET state = 'sent', external_id = $4, sends = sends + 1,
            first_sent = CASE WHEN first_sent = 0 THEN $5 ELSE first_sent END, last_sent = $5, next_at = $5
        WHERE line_id = $1 AND kind = $2 AND batch = $3 AND state = 'intent'";
    pub(crate) CALL_DONE = "UPDATE snap_call SET state = $4, doubt = $5, word = $6, told_account = $7, told_name = $8,
            txn = $9, day = $10, asks = asks + $11, next_at = $12
        WHERE line_id = $1 AND kind = $2 AND batch = $3 AND state <> 'told'";
    pub(crate) DELIVERY_ADD = "INSERT INTO snap_delivery (delivery, channel, kind, cycle_id, at, state)
        VALUES ($1, $2, $3, $4, $5, 'intended')";
    pub(crate) TO_DELIVER = "SELECT COUNT(*) FROM snap_call
        WHERE cycle_id = $1 AND channel = $2 AND kind = $3 AND state = 'told' AND delivery IS NULL";
    pub(crate) DELIVERY_FILL = "UPDATE snap_call SET delivery = $4
        WHERE cycle_id = $1 AND channel = $2 AND kind = $3 AND state = 'told' AND delivery IS NULL";
    pub(crate) DELIVERIES_OPEN = "SELECT delivery, kind, at FROM snap_delivery
        WHERE cycle_id = $1 AND channel = $2 AND state = 'intended' ORDER BY delivery";
    pub(crate) DELIVERY_ROWS = "SELECT line_id, batch, word, told_account, told_name, amount_idr, txn, day FROM snap_call
        WHERE delivery = $1 ORDER BY line_id";
    pub(crate) DELIVERY_TAKEN = "UPDATE snap_delivery SET state = 'taken', file_no = $2 WHERE delivery = $1";
    pub(crate) BY_REFERENCE = "SELECT line_id, amount_idr, txn, state FROM snap_call
        WHERE channel = $1 AND reference = $2 AND kind = 'transfer'";

    // what pages show
    pub(crate) COUNTS = concat!("SELECT s.channel, s.kind, s.state, s.doubt, COUNT(*), CAST(SUM(s.amount_idr) AS BIGINT),
            MIN(CASE WHEN s.first_sent = 0 THEN NULL ELSE s.first_sent END)
        FROM snap_call s JOIN payment_line l ON l.line_id = s.line_id
        WHERE s.cycle_id = $4 AND ", in_scope!(), "
        GROUP BY s.channel, s.kind, s.state, s.doubt ORDER BY s.channel, s.kind, s.state, s.doubt");
    pub(crate) UNCLEAR = concat!("SELECT s.line_id, s.channel, s.kind, s.amount_idr, s.state, s.doubt, s.first_sent, s.sends,
            s.asks, s.next_at, l.payee_name
        FROM snap_call s JOIN payment_line l ON l.line_id = s.line_id
        WHERE s.cycle_id = $4 AND s.state IN ('sent', 'unknown') AND ", in_scope!(), "
        ORDER BY s.first_sent, s.line_id LIMIT $5");
    pub(crate) DELIVERIES = "SELECT delivery, channel, kind, at, state, file_no FROM snap_delivery
        WHERE cycle_id = $1 ORDER BY delivery DESC LIMIT $2";
    pub(crate) OF_LINE = "SELECT kind, reference, state, doubt, word, sends, asks, first_sent, last_sent, next_at, txn FROM snap_call
        WHERE line_id = $1 ORDER BY kind, batch LIMIT $2";
}
