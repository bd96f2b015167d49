//! SQL of the desk, nothing else. Lists of people are limited by region range and caseload.

use store::sql;

/// `$1` from, `$2` to, `$3` caseload, `$4` kind or empty, `$5` channel or empty, `$6` programme or empty, `$7` not older than, `$8` at
/// least as old as: lines in trouble.
macro_rules! troubled {
    () => {
        "FROM payment_line l WHERE l.problem IS NOT NULL AND l.region >= $1 AND l.region < $2
            AND (CAST($3 AS BIGINT) = 0 OR l.recipient IN (SELECT family_id FROM assignment WHERE user_id = $3))
            AND ($4 = '' OR l.problem = $4) AND ($5 = '' OR l.channel = $5)
            AND ($6 = '' OR l.cycle_id IN (SELECT c.cycle_id FROM payment_cycle c WHERE c.programme = $6))
            AND l.changed_at > $7 AND l.changed_at <= $8"
    };
}

/// The same of rows of replies that wait.
macro_rules! waiting {
    () => {
        "FROM payment_exception e JOIN channel_file f ON f.file_no = e.file_no
        WHERE e.state = 'open' AND e.region >= $1 AND e.region < $2
            AND (CAST($3 AS BIGINT) = 0 OR e.recipient IN (SELECT family_id FROM assignment WHERE user_id = $3))
            AND ($4 = '' OR e.kind = $4) AND ($5 = '' OR f.channel = $5)
            AND ($6 = '' OR e.cycle_id IN (SELECT c.cycle_id FROM payment_cycle c WHERE c.programme = $6))
            AND e.at > $7 AND e.at <= $8"
    };
}

macro_rules! bulk_columns {
    () => {
        "b.bulk_id, b.actor_id, b.actor, b.source, b.action, b.reason, b.state, b.rows, b.list_hash, b.made_at, b.done_at,
        (SELECT COUNT(*) FROM payment_bulk_row r WHERE r.bulk_id = b.bulk_id AND r.state = 'done'),
        (SELECT COUNT(*) FROM payment_bulk_row r WHERE r.bulk_id = b.bulk_id AND r.state = 'refused')"
    };
}

macro_rules! release_columns {
    () => {
        "export_no, asker_id, asker, kind, subject, region, format, purpose, recipient, state, asked_at, decided_at, decider,
        note, expires_at, fetches, fetches_max"
    };
}

sql! {
    // troubles
    pub(crate) LINE_COUNTS = concat!("SELECT l.problem, l.cycle_id, l.channel, SUBSTR(l.region, 1, CAST($9 AS INTEGER)),
            CASE WHEN l.changed_at > $10 THEN 0 WHEN l.changed_at > $11 THEN 1 WHEN l.changed_at > $12 THEN 2
                WHEN l.changed_at > $13 THEN 3 ELSE 4 END, COUNT(*), CAST(SUM(l.amount_idr) AS BIGINT) ", troubled!(), "
        GROUP BY 1, 2, 3, 4, 5");
    pub(crate) REPLY_COUNTS = concat!("SELECT e.kind, COALESCE(e.cycle_id, 0), f.channel,
            SUBSTR(e.region, 1, CAST($9 AS INTEGER)),
            CASE WHEN e.at > $10 THEN 0 WHEN e.at > $11 THEN 1 WHEN e.at > $12 THEN 2
                WHEN e.at > $13 THEN 3 ELSE 4 END, COUNT(*), CAST(COALESCE(SUM(e.amount_idr), 0) AS BIGINT) ", waiting!(), "
        GROUP BY 1, 2, 3, 4, 5");
    pub(crate) LINES = concat!("SELECT l.line_id, l.line_id, l.recipient, l.problem, l.changed_at, l.region, l.channel,
            l.cycle_id, l.amount_idr, l.payee_name, l.events ", troubled!(), "
            AND (l.changed_at, l.line_id) > ($9, $10) ORDER BY l.changed_at, l.line_id LIMIT $11");
    pub(crate) REPLIES = concat!("SELECT e.exception_id, e.line_id, e.recipient, e.kind, e.at, e.region, f.channel,
            e.cycle_id, e.amount_idr, '', 0 ", waiting!(), "
            AND (e.at, e.exception_id) > ($9, $10) ORDER BY e.at, e.exception_id LIMIT $11");
    pub(crate) CYCLE_NAMES = "SELECT cycle_id, programme, period FROM payment_cycle ORDER BY cycle_id DESC LIMIT $1";

    // acts on many rows
    pub(crate) BULK_ADD = "INSERT INTO payment_bulk (bulk_id, actor_id, form, actor, source, action, reason, state, rows,
            list_hash, made_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 'open', 0, '', $8)";
    pub(crate) BULK_TAKE_LINES = concat!("INSERT INTO payment_bulk_row (bulk_id, id, rev, state, code)
        SELECT CAST($9 AS BIGINT), l.line_id, CAST(l.events AS TEXT) || '-' || CAST(l.changed_at AS TEXT), '', '' ", troubled!(), "
        ORDER BY l.line_id LIMIT $10");
    pub(crate) BULK_TAKE_REPLIES = concat!("INSERT INTO payment_bulk_row (bulk_id, id, rev, state, code)
        SELECT CAST($9 AS BIGINT), e.exception_id, CAST(0 AS TEXT) || '-' || CAST(e.at AS TEXT), '', '' ", waiting!(), "
        ORDER BY e.exception_id LIMIT $10");
    pub(crate) BULK_READY = "UPDATE payment_bulk SET rows = $2, list_hash = $3 WHERE bulk_id = $1";
    pub(crate) BULK_OF_FORM = "SELECT bulk_id FROM payment_bulk WHERE actor_id = $1 AND form = $2";
    pub(crate) BULK = concat!("SELECT ", bulk_columns!(), " FROM payment_bulk b WHERE b.bulk_id = $1");
    pub(crate) BULKS = concat!("SELECT ", bulk_columns!(), " FROM payment_bulk b
        WHERE b.bulk_id < $1 ORDER BY b.bulk_id DESC LIMIT $2");
    pub(crate) BULK_LIST = "SELECT id, rev FROM payment_bulk_row WHERE bulk_id = $1 ORDER BY id";
    pub(crate) BULK_WAITING = "SELECT id, rev FROM payment_bulk_row WHERE bulk_id = $1 AND state = '' ORDER BY id LIMIT $2";
    pub(crate) BULK_ROW = "UPDATE payment_bulk_row SET state = $3, code = $4 WHERE bulk_id = $1 AND id = $2";
    pub(crate) BULK_DONE = "UPDATE payment_bulk SET state = 'done', done_at = $2 WHERE bulk_id = $1 AND state = 'open'";
    pub(crate) BULK_CODES = "SELECT state, code, COUNT(*) FROM payment_bulk_row
        WHERE bulk_id = $1 GROUP BY state, code ORDER BY state, code";
    pub(crate) BULK_ROWS = "SELECT id, state, code FROM payment_bulk_row
        WHERE bulk_id = $1 AND ($2 = '' OR state = $2) AND id > $3 ORDER BY id LIMIT $4";
    pub(crate) LINE_NOW = "SELECT l.events, l.changed_at, l.eligibility, l.problem, l.recipient, l.region, l.channel
        FROM payment_line l WHERE l.line_id = $1 AND l.region >= $2 AND l.region < $3";
    pub(crate) REPLY_NOW = "SELECT 0, e.at, e.state, e.kind, e.recipient, e.region, f.channel, e.line_id
        FROM payment_exception e JOIN channel_file f ON f.file_no = e.file_no
        WHERE e.exception_id = $1 AND e.region >= $2 AND e.region < $3";
    pub(crate) VISITED = "SELECT r.bulk_id FROM payment_bulk_row r JOIN payment_bulk b ON b.bulk_id = r.bulk_id
        WHERE r.id = $1 AND r.rev = $2 AND r.state = 'done' AND b.source = $3 AND b.action = 'visit'";

    // one line
    pub(crate) LINE_REV = "SELECT events, changed_at FROM payment_line WHERE line_id = $1";
    pub(crate) DOUBTS = "SELECT l.line_id, l.recipient, l.cycle_id, c.programme, c.period, l.region, l.channel, l.amount_idr,
            l.problem, l.payee_name, l.name_at_bank, COALESCE(l.account, ''), l.events, l.changed_at
        FROM payment_line l JOIN payment_cycle c ON c.cycle_id = l.cycle_id
        WHERE l.problem IS NOT NULL AND l.problem IN ('name_doubtful', 'account_shared', 'name_differs')
            AND l.region >= $1 AND l.region < $2
            AND (CAST($3 AS BIGINT) = 0 OR l.recipient IN (SELECT family_id FROM assignment WHERE user_id = $3))
            AND ($4 = '' OR l.problem = $4) AND l.payment = 'set' AND l.eligibility = 'eligible'
            AND (l.changed_at, l.line_id) > ($5, $6) ORDER BY l.changed_at, l.line_id LIMIT $7";
    pub(crate) TWINS = "SELECT l.line_id, l.recipient, l.payee_name, l.region FROM payment_line l
        WHERE l.region >= $1 AND l.region < $2
            AND (CAST($3 AS BIGINT) = 0 OR l.recipient IN (SELECT family_id FROM assignment WHERE user_id = $3))
            AND l.cycle_id = $4 AND l.problem = 'account_shared' AND l.account = $5 AND l.line_id <> $6
        ORDER BY l.line_id LIMIT $7";

    // papers
    pub(crate) ANNEX_VILLAGES = "SELECT SUBSTR(region, 1, CAST($5 AS INTEGER)), CAST(SUM(lines) AS BIGINT),
            CAST(SUM(amount_idr) AS BIGINT) FROM payment_summary
        WHERE cycle_id = $1 AND order_id = $2 AND region >= $3 AND region < $4
        GROUP BY 1 HAVING SUM(lines) > 0 ORDER BY 1";
    pub(crate) ANNEX_LINES = "SELECT l.line_id, l.recipient, l.region, l.payee_name, l.payee_nik, l.account, l.amount_idr
        FROM payment_place p JOIN payment_line l ON l.line_id = p.line_id
        WHERE p.cycle_id = $1 AND p.region >= $3 AND p.region < $4 AND l.order_id = $2
            AND (CAST($5 AS BIGINT) = 0 OR l.recipient IN (SELECT family_id FROM assignment WHERE user_id = $5))
            AND (p.region, p.line_id) > ($6, $7) ORDER BY p.region, p.line_id LIMIT $8";
    pub(crate) CYCLE_HASH = "SELECT list_hash FROM payment_cycle WHERE cycle_id = $1";
    pub(crate) ORDERS_OF_HASH = "SELECT order_id FROM payment_order WHERE list_hash = $1 ORDER BY order_id LIMIT 20";
    pub(crate) CYCLES_OF_HASH = "SELECT cycle_id FROM payment_cycle WHERE list_hash = $1 ORDER BY cycle_id LIMIT 20";
    pub(crate) FETCHES_OF_HASH = "SELECT export_no, at, actor FROM release_fetch WHERE hash = $1 ORDER BY export_no LIMIT 20";

    // lists that leave
    pub(crate) RELEASE_ADD = "INSERT INTO release_request (export_no, asker_id, form, asker, kind, subject, region, format,
            purpose, recipient, state, asked_at, fetches, fetches_max)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'asked', $11, 0, $12)";
    pub(crate) RELEASE_OF_FORM = "SELECT export_no FROM release_request WHERE asker_id = $1 AND form = $2";
    pub(crate) RELEASE = concat!("SELECT ", release_columns!(), " FROM release_request WHERE export_no = $1");
    pub(crate) RELEASES = concat!("SELECT ", release_columns!(), " FROM release_request
        WHERE export_no < $1 AND region >= $2 AND region < $3 ORDER BY export_no DESC LIMIT $4");
    pub(crate) RELEASE_DECIDE = "UPDATE release_request SET state = $2, decided_at = $3, decider_id = $4, decider = $5,
            note = $6, expires_at = CAST($7 AS BIGINT) WHERE export_no = $1 AND state = 'asked'";
    pub(crate) RELEASE_FETCHED = "UPDATE release_request SET fetches = fetches + 1
        WHERE export_no = $1 AND state = 'released' AND fetches < fetches_max AND expires_at > $2";
    pub(crate) FETCH_ADD = "INSERT INTO release_fetch (export_no, seq, at, actor_id, actor, rows, bytes, hash)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    pub(crate) FETCHES = "SELECT seq, at, actor, rows, bytes, hash FROM release_fetch
        WHERE export_no = $1 ORDER BY seq LIMIT 100";
}
