//! SQL of the post office, nothing else. Lists of lines are limited by region range and caseload.

use store::sql;

/// `$1` from, `$2` to, `$3` caseload, `$4` cycle, `$5` channel: lines of `l` with their order `o` whose money the post office holds or
/// is about to.
macro_rules! at_the_post {
    () => {
        "FROM payment_line l JOIN payment_order o ON o.order_id = l.order_id
        WHERE l.cycle_id = $4 AND l.channel = $5 AND l.region >= $1 AND l.region < $2
            AND ($3 = 0 OR l.recipient IN (SELECT family_id FROM assignment WHERE user_id = $3))
            AND l.eligibility = 'eligible' AND o.state IN ('disbursed', 'sent')
            AND (l.payment = 'set' OR (l.payment = 'topped_up' AND l.withdrawn_idr + l.returned_idr < l.topped_up_idr))"
    };
}

sql! {
    pub(crate) VILLAGES = concat!("SELECT l.region, COUNT(*), CAST(SUM(l.amount_idr) AS BIGINT) ", at_the_post!(), "
            AND l.region > $6 GROUP BY l.region ORDER BY l.region LIMIT $7");
    pub(crate) LETTERS = concat!("SELECT l.line_id, l.recipient, l.payee_name, l.region, l.amount_idr - l.withdrawn_idr - l.returned_idr,
            COALESCE(o.sent_at, o.approved_at, o.made_at) ", at_the_post!(), "
            AND l.line_id > $6 ORDER BY l.line_id LIMIT $7");
    pub(crate) LINES_OF = "SELECT line_id, recipient, channel, COALESCE(account, ''), withdrawn_idr FROM payment_line
        WHERE line_id = $1";
    pub(crate) RECEIPT_ADD = "INSERT INTO post_receipt (line_id, txn, channel, amount_idr, day, receiver, relation, officer,
            photo, file_no) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (line_id, txn) DO NOTHING";
    /// Receipts of the lines that wait in the stage of a file.
    pub(crate) STAGED_RECEIPTS = "SELECT r.line_id, r.txn, r.amount_idr, r.day, r.confirmed
        FROM payment_stage s JOIN post_receipt r ON r.line_id = s.line_id
        WHERE s.file_no = $1 AND r.channel = $2 GROUP BY r.line_id, r.txn, r.amount_idr, r.day, r.confirmed";
    pub(crate) RECEIPT_CONFIRM = "UPDATE post_receipt SET confirmed = $3 WHERE line_id = $1 AND txn = $2 AND confirmed IS NULL";
    pub(crate) OF_LINE = "SELECT txn, amount_idr, day, receiver, relation, officer, photo, file_no, confirmed FROM post_receipt
        WHERE line_id = $1 ORDER BY day, txn LIMIT $2";
}
