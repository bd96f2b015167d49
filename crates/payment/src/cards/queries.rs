//! SQL of cards, nothing else. Lists are limited by region range and caseload.

use store::sql;

macro_rules! card_columns {
    () => {
        "c.recipient, c.card_id, c.channel, c.token, c.last4, c.line_id, c.region, c.state, c.holder, c.printed_on,
        c.received_on, c.handed_on, c.active_on, c.since, c.last_on, c.follows, c.followed_by, c.rev"
    };
}

/// `$1` from, `$2` to, `$3` caseload: the rows of `c` that a scope may see.
macro_rules! in_scope {
    () => {
        "c.region >= $1 AND c.region < $2
        AND ($3 = 0 OR c.recipient IN (SELECT family_id FROM assignment WHERE user_id = $3))"
    };
}

/// Lines whose money stands on a card, and that money.
macro_rules! standing {
    () => {
        "(SELECT COUNT(*) FROM payment_line l WHERE l.recipient = c.recipient AND l.channel = c.channel
            AND l.topped_up_idr > l.withdrawn_idr + l.returned_idr) AS lines,
        (SELECT CAST(COALESCE(SUM(l.topped_up_idr - l.withdrawn_idr - l.returned_idr), 0) AS BIGINT) FROM payment_line l
            WHERE l.recipient = c.recipient AND l.channel = c.channel) AS idr"
    };
}

/// Lines of a cycle and channel (`$1`, `$2`) for which the bank said last that there is no account (`bank:WORD`).
macro_rules! without_account {
    ($word:literal) => {
        concat!(
            "cycle_id = $1 AND channel = $2 AND problem = 'account_refused' AND account_state = 'failed' AND payment = 'set'
            AND eligibility = 'eligible' AND order_id IS NULL AND payee IS NOT NULL
            AND EXISTS (SELECT 1 FROM payment_event e WHERE e.recipient = payment_line.recipient
                AND e.line_id = payment_line.line_id AND e.reason = ",
            $word,
            " AND e.seq = (SELECT MAX(x.seq) FROM payment_event x WHERE x.recipient = payment_line.recipient
                    AND x.line_id = payment_line.line_id AND x.kind = 'account'))"
        )
    };
}

/// Of these, the families that have no card of the bank.
macro_rules! to_open {
    ($word:literal) => {
        concat!(
            without_account!($word),
            " AND NOT EXISTS (SELECT 1 FROM card c WHERE c.recipient = payment_line.recipient
                AND c.channel = payment_line.channel AND c.stage <> 'ended')"
        )
    };
}

sql! {
    // openings
    /// Lines whose account has become known since they failed, by the opening for another programme.
    pub(crate) OPENED_ELSEWHERE = concat!("UPDATE payment_line SET account_state = 'unchecked', problem = NULL,
            account = (SELECT a.account FROM recipient_account a
                WHERE a.recipient = payment_line.recipient AND a.channel = payment_line.channel),
            events = events + 1, changed_at = $4 WHERE ", without_account!("$3"), "
            AND EXISTS (SELECT 1 FROM recipient_account a WHERE a.recipient = payment_line.recipient
                AND a.channel = payment_line.channel AND a.account <> COALESCE(payment_line.account, ''))
        RETURNING recipient, line_id, events");
    pub(crate) TO_OPEN = concat!("SELECT recipient, line_id, events, check_file FROM payment_line WHERE ", to_open!("$3"));
    pub(crate) OPENING_ASK = concat!("UPDATE payment_line SET account_state = 'asked', problem = NULL, check_file = $3,
            events = events + 2, changed_at = $4 WHERE ", to_open!("$5"));
    pub(crate) OPENING_EVENTS = "INSERT INTO payment_event (recipient, line_id, seq, at, actor, kind, state, reason, next,
            document)
        SELECT recipient, line_id, events, $2, $3, 'account', 'asked', 'sent_for_opening', 'wait_for_bank', $4
        FROM payment_line WHERE check_file = $1 AND account_state = 'asked' AND line_id >= $5 AND line_id <= $6";
    pub(crate) OPENING_LINES = "SELECT l.line_id, l.payee_nik, l.payee_name, l.region FROM channel_file f
        JOIN payment_cycle c ON c.cycle_id = f.cycle_id
        JOIN payment_line l ON l.line_id >= c.first_line AND l.line_id <= c.last_line AND l.check_file = f.file_no
        WHERE f.file_no = $1 ORDER BY l.line_id";
    pub(crate) OPENING_STAGED = "SELECT s.seq, l.recipient, l.line_id, l.cycle_id, l.region, l.account_state, l.events, f.batch
        FROM card_stage s JOIN payment_line l ON l.line_id = s.line_id AND l.channel = $2
        LEFT JOIN channel_file f ON f.file_no = l.check_file WHERE s.file_no = $1";
    pub(crate) OPENING_LIVE = "SELECT DISTINCT l.recipient
        FROM card_stage s JOIN payment_line l ON l.line_id = s.line_id
        JOIN card c ON c.recipient = l.recipient AND c.channel = $2 AND c.stage <> 'ended' WHERE s.file_no = $1";
    pub(crate) OPENING_APPLY = "UPDATE payment_line SET account = COALESCE(o.account, payment_line.account),
            name_at_bank = o.name_at_bank, account_state = o.account_state, problem = o.problem,
            events = payment_line.events + 1, changed_at = $2
        FROM card_opening o
        WHERE o.file_no = $1 AND payment_line.recipient = o.recipient AND payment_line.line_id = o.line_id";
    pub(crate) OPENING_KEEP = "INSERT INTO recipient_account (recipient, channel, account, name_at_bank, payee, checked_at)
        SELECT o.recipient, $2, o.account, o.name_at_bank, l.payee, 0 FROM card_opening o
        JOIN payment_line l ON l.recipient = o.recipient AND l.line_id = o.line_id
        WHERE o.file_no = $1 AND o.account IS NOT NULL
        ON CONFLICT (recipient, channel) DO UPDATE SET account = excluded.account,
            name_at_bank = excluded.name_at_bank, payee = excluded.payee, checked_at = excluded.checked_at";
    pub(crate) OPENING_CLEAR = "DELETE FROM card_opening WHERE file_no = $1";

    // moves
    pub(crate) STAGE_CLEAR = "DELETE FROM card_stage WHERE file_no = $1";
    pub(crate) CARDS_STAGED = concat!("SELECT DISTINCT ", card_columns!(), " FROM card_stage s
        JOIN card c ON c.channel = $2 AND c.token = s.token WHERE s.file_no = $1");
    pub(crate) EVENTS_STAGED = "SELECT DISTINCT e.card_id, e.seq, e.step, e.day, e.whom, e.role, e.place, e.proof_kind, e.proof,
            e.paper, e.note
        FROM card_stage s JOIN card c ON c.channel = $2 AND c.token = s.token
        JOIN card_event e ON e.recipient = c.recipient AND e.card_id = c.card_id WHERE s.file_no = $1";
    pub(crate) CHANGE_APPLY = "UPDATE card SET state = h.state, stage = h.stage, holder = h.holder,
            received_on = h.received_on, handed_on = h.handed_on, active_on = h.active_on, since = h.since,
            last_on = h.last_on, followed_by = h.followed_by, rev = h.rev
        FROM card_change h
        WHERE h.file_no = $1 AND card.recipient = h.recipient AND card.card_id = h.card_id AND card.rev = h.rev_before";
    pub(crate) CHANGE_CLEAR = "DELETE FROM card_change WHERE file_no = $1";

    // pages
    pub(crate) CARD = concat!("SELECT ", card_columns!(), ", ", standing!(), " FROM card c WHERE ", in_scope!(),
        " AND c.card_id = $4");
    pub(crate) EVENTS = "SELECT seq, at, actor, step, day, from_state, to_state, from_holder, to_holder, whom, role, place,
            proof_kind, proof, paper, note, reference
        FROM card_event WHERE recipient = $1 AND card_id = $2 ORDER BY seq LIMIT $3";
    pub(crate) CARDS = concat!("SELECT ", card_columns!(), ", ", standing!(), " FROM card c WHERE ", in_scope!(), "
        AND c.stage = $4 AND ($5 = '' OR c.channel = $5) AND c.since >= $6 AND c.since <= $7
        AND (c.region, c.card_id) > ($8, $9) ORDER BY c.region, c.card_id LIMIT $10");
    pub(crate) CARDS_OF_FAMILY = concat!("SELECT ", card_columns!(), ", ", standing!(), " FROM card c WHERE ", in_scope!(), "
        AND c.recipient = $4 ORDER BY c.card_id DESC LIMIT $5");
    pub(crate) REPORT = concat!("SELECT channel, area, band, COUNT(*), CAST(SUM(lines) AS BIGINT), CAST(SUM(idr) AS BIGINT)
        FROM (SELECT c.channel AS channel, SUBSTR(c.region, 1, CAST($5 AS INTEGER)) AS area,
                CASE WHEN c.since >= $6 THEN 0 WHEN c.since >= $7 THEN 1 WHEN c.since >= $8 THEN 2
                    WHEN c.since >= $9 THEN 3 ELSE 4 END AS band, ", standing!(), "
            FROM card c WHERE ", in_scope!(), " AND c.stage = $4) counted
        GROUP BY channel, area, band ORDER BY channel, area, band");
}
