//! SQL of the journal as it is read, nothing else. Everything is limited by region range.

use store::sql;

macro_rules! entry_columns {
    () => {
        "entry_id, document, part, movement, correction, programme, period, region, channel, amount_idr, at, actor"
    };
}

/// `$1` from, `$2` to, `$3` programme, `$4` period, `$5` channel (empty: all), `$6` last instant, `$7` last entry.
macro_rules! wanted {
    () => {
        "region >= $1 AND region < $2 AND ($3 = '' OR programme = $3) AND ($4 = '' OR period = $4)
            AND ($5 = '' OR channel = $5) AND at <= $6 AND entry_id <= $7"
    };
}

sql! {
    pub(crate) TRIAL = concat!("SELECT programme, period, channel, SUBSTR(region, 1, CAST($8 AS INTEGER)), movement,
            correction, SUM(amount_idr), COUNT(*), MAX(at), MAX(entry_id)
        FROM ledger_entry WHERE ", wanted!(), " GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6");
    pub(crate) HELD = "SELECT account, SUM(balance_idr) FROM ledger_account
        WHERE region >= $1 AND region < $2 AND ($3 = '' OR programme = $3) AND ($4 = '' OR period = $4)
            AND ($5 = '' OR channel = $5) GROUP BY account ORDER BY account";
    pub(crate) ENTRIES = concat!("SELECT ", entry_columns!(), " FROM ledger_entry WHERE ", wanted!(), "
            AND ($8 = '' OR movement IN ($8, $9, $10, $11)) AND entry_id < $12
        ORDER BY entry_id DESC LIMIT $13");
    pub(crate) ENTRIES_OF_DOCUMENT = concat!("SELECT ", entry_columns!(), " FROM ledger_entry WHERE ", wanted!(), "
            AND ($8 = '' OR movement IN ($8, $9, $10, $11)) AND entry_id < $12 AND document = $14
        ORDER BY entry_id DESC LIMIT $13");
    pub(crate) ENTRY_SUMS = concat!("SELECT movement, correction, SUM(amount_idr), COUNT(*)
        FROM ledger_entry WHERE ", wanted!(), " GROUP BY movement, correction ORDER BY movement, correction");
    pub(crate) DOCUMENT_SUMS = concat!("SELECT movement, correction, SUM(amount_idr), COUNT(*)
        FROM ledger_entry WHERE ", wanted!(), " AND document = $8
        GROUP BY movement, correction ORDER BY movement, correction");
    pub(crate) ENTRY = concat!("SELECT ", entry_columns!(), " FROM ledger_entry
        WHERE entry_id = $3 AND region >= $1 AND region < $2");
    pub(crate) PART_BEFORE = "SELECT COALESCE(MAX(part), 0) FROM ledger_entry
        WHERE document = $1 AND part < $2 AND part >= 0";
    pub(crate) PARTS_BEHIND = "SELECT DISTINCT e.part, l.order_id FROM ledger_entry e
            JOIN payment_line l ON l.line_id = e.part
        WHERE e.document = $1 AND e.part > $2 ORDER BY e.part";
    pub(crate) LINES_OF_PLACE = "SELECT l.line_id, l.recipient, l.region, l.payee_name, l.amount_idr,
            COALESCE(l.order_id, 0), l.returned_idr, l.unpaid_idr
        FROM payment_place p JOIN payment_line l ON l.line_id = p.line_id
        WHERE p.cycle_id = $1 AND p.region >= $2 AND p.region < $3 AND l.channel = $4 ORDER BY l.line_id";
    pub(crate) TXN_TOLD = "SELECT line_id, file_no FROM bank_txn WHERE channel = $1 AND txn = $2";
    pub(crate) ROWS_REFUSED = "SELECT row_no FROM payment_exception
        WHERE file_no = $1 AND row_no > $2 AND row_no <= $3";
    pub(crate) ROWS_SETTLED = "SELECT row_no FROM payment_exception
        WHERE file_no = $1 AND settled = $2 ORDER BY row_no";
    pub(crate) STATES_TOLD = "SELECT line_id, state FROM payment_event
        WHERE recipient = $1 AND line_id = $2 AND document = $3 AND kind = 'payment'";
    pub(crate) LINE_PLACE = "SELECT region, channel FROM payment_line WHERE line_id = $1";

    // what must never be found
    pub(crate) SIGNS_WRONG = "SELECT COUNT(*) FROM ledger_entry WHERE programme = $1 AND period = $2
            AND (amount_idr = 0 OR (amount_idr < 0 AND correction = 0) OR (amount_idr > 0 AND correction = 1))";
}
