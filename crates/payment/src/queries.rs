//! SQL of this room, nothing else. Lists of people are limited by region range and caseload.

use store::sql;

macro_rules! line_columns {
    () => {
        "l.recipient, l.line_id, l.cycle_id, l.programme, l.period, l.region, l.channel, l.amount_idr, l.payee_name,
        l.account, l.name_at_bank, l.eligibility, l.account_state, l.payment, l.problem, l.check_file, l.order_id,
        l.topped_up_idr, l.withdrawn_idr, l.returned_idr, l.unpaid_idr, l.live, l.events"
    };
}

/// `$1` from, `$2` to, `$3` caseload: the rows of `l` that a scope may see.
macro_rules! in_scope {
    () => {
        "l.region >= $1 AND l.region < $2
        AND ($3 = 0 OR l.recipient IN (SELECT family_id FROM assignment WHERE user_id = $3))"
    };
}

macro_rules! figures {
    () => {
        "SUM(lines), SUM(amount_idr), SUM(topped_up_idr), SUM(withdrawn_idr), SUM(returned_idr), SUM(unpaid_idr)"
    };
}

macro_rules! line_figures {
    () => {
        "COUNT(*), SUM(l.amount_idr), SUM(l.topped_up_idr), SUM(l.withdrawn_idr), SUM(l.returned_idr), SUM(l.unpaid_idr)"
    };
}

macro_rules! cycle_columns {
    () => {
        "cycle_id, programme, period, run, closing, channel, state, lines, amount_idr, skipped, made_at, made_by, mark"
    };
}

macro_rules! order_columns {
    () => {
        "order_id, cycle_id, channel, region, batch, state, lines, amount_idr, list_hash, made_at, made_by_id, made_by,
        spm, sp2d, si, approved_at, sent_at"
    };
}

macro_rules! file_columns {
    () => {
        "file_no, direction, channel, kind, cycle_id, order_id, batch, name, hash, bytes, rows, state, mark, counts, at,
        actor, sequence, sum_idr, refused"
    };
}

sql! {
    // cycles
    pub(crate) CYCLE_ADD = "INSERT INTO payment_cycle (cycle_id, programme, period, run, dataset, list_hash, closing,
            channel, state, lines, amount_idr, skipped, mark, made_at, made_by_id, made_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'building', 0, 0, 0, 0, $9, $10, $11)";
    pub(crate) CYCLE_OF_RUN = concat!("SELECT ", cycle_columns!(), " FROM payment_cycle
        WHERE programme = $1 AND period = $2 AND run = $3");
    pub(crate) CYCLE = concat!("SELECT ", cycle_columns!(), " FROM payment_cycle WHERE cycle_id = $1");
    pub(crate) CYCLES = concat!("SELECT ", cycle_columns!(), " FROM payment_cycle
        WHERE cycle_id < $1 ORDER BY cycle_id DESC LIMIT $2");
    pub(crate) CYCLE_OTHERS = "SELECT COUNT(*) FROM payment_cycle
        WHERE programme = $1 AND period = $2 AND cycle_id <> $3";
    pub(crate) CYCLE_STEP = "UPDATE payment_cycle
        SET lines = lines + $2, amount_idr = amount_idr + $3, skipped = skipped + $4, mark = $5 WHERE cycle_id = $1";
    pub(crate) CYCLE_BUILT = "UPDATE payment_cycle SET state = 'built' WHERE cycle_id = $1";
    pub(crate) LIVE_ELSEWHERE = "SELECT recipient FROM payment_line
        WHERE programme = $1 AND period = $2 AND live = 1 AND cycle_id <> $3";

    // files
    pub(crate) FILE_ADD = "INSERT INTO channel_file (file_no, direction, channel, kind, cycle_id, order_id, batch, name,
            hash, bytes, rows, state, mark, counts, at, actor_id, actor, sequence)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, $11, 0, '{}', $12, $13, $14, CAST($15 AS TEXT))";
    pub(crate) FILE_OF_HASH = concat!("SELECT ", file_columns!(), " FROM channel_file
        WHERE channel = $1 AND kind = $2 AND hash = $3 AND direction = 'in'");
    pub(crate) FILES_OUT = concat!("SELECT ", file_columns!(), " FROM channel_file
        WHERE cycle_id = $1 AND kind = $2 AND direction = 'out' ORDER BY file_no");
    pub(crate) FILE_OF_ORDER = concat!("SELECT ", file_columns!(), " FROM channel_file
        WHERE order_id = $1 AND direction = 'out' ORDER BY file_no");
    pub(crate) FILES = concat!("SELECT ", file_columns!(), " FROM channel_file
        WHERE file_no < $1 ORDER BY file_no DESC LIMIT $2");
    pub(crate) FILES_OF_CYCLE = concat!("SELECT ", file_columns!(), " FROM channel_file
        WHERE cycle_id = $1 ORDER BY file_no");
    pub(crate) FILE = concat!("SELECT ", file_columns!(), " FROM channel_file WHERE file_no = $1");
    pub(crate) FILE_WRITTEN = "UPDATE channel_file SET state = 'written', hash = $2, bytes = $3, rows = $4,
            sum_idr = CAST($5 AS BIGINT) WHERE file_no = $1";
    pub(crate) FILE_MARK = "UPDATE channel_file SET mark = $2, rows = $2, counts = $3,
            cycle_id = COALESCE(cycle_id, CAST($4 AS BIGINT)) WHERE file_no = $1";
    pub(crate) FILE_POSTED = "UPDATE channel_file SET state = 'posted' WHERE file_no = $1";
    pub(crate) FILE_REFUSED = "UPDATE channel_file SET state = 'refused', refused = $2, sequence = NULL
        WHERE file_no = $1 AND mark = 0 AND state <> 'posted'";
    pub(crate) FILE_ADMITTED = "UPDATE channel_file SET state = 'reading', refused = NULL,
            sequence = CAST($2 AS TEXT) WHERE file_no = $1 AND state <> 'posted'";
    pub(crate) SEQUENCE_TAKEN = "SELECT name FROM channel_file WHERE channel = $1 AND kind = $2 AND sequence = $3
            AND hash <> $4 AND direction = 'in' AND state <> 'refused'";
    pub(crate) BATCH_SENT = "SELECT file_no FROM channel_file
        WHERE channel = $1 AND kind = $2 AND batch = $3 AND direction = 'out' AND state = 'written'";
    pub(crate) BATCH_TOTALS = "SELECT COUNT(*), COALESCE(SUM(l.amount_idr), 0) FROM payment_order o
        JOIN payment_line l ON l.order_id = o.order_id
        WHERE o.batch = $1 AND o.channel = $2 AND o.state = 'sent' HAVING COUNT(*) > 0";
    pub(crate) BATCH_LINES = "SELECT l.line_id, COALESCE(l.account, ''), l.amount_idr FROM payment_order o
        JOIN payment_line l ON l.order_id = o.order_id
        WHERE o.batch = $1 AND o.channel = $2 AND o.state = 'sent' AND l.line_id > $3 ORDER BY l.line_id LIMIT $4";
    pub(crate) BATCH_OF_FILE = "SELECT batch FROM channel_file WHERE file_no = $1";
    pub(crate) BATCH_OF_ORDER = "SELECT batch FROM payment_order WHERE order_id = $1";

    // account checks: set-based, the whole wave in one statement
    pub(crate) TO_CHECK = "SELECT channel, COUNT(*) FROM payment_line
        WHERE cycle_id = $1 AND account_state = 'unchecked' AND payment = 'set' AND eligibility = 'eligible'
        GROUP BY channel ORDER BY channel";
    pub(crate) CHECK_ASK = "UPDATE payment_line SET account_state = 'asked', check_file = $3, events = events + 1,
            changed_at = $4, account = COALESCE(account, (SELECT a.account FROM recipient_account a
                WHERE a.recipient = payment_line.recipient AND a.channel = payment_line.channel))
        WHERE cycle_id = $1 AND channel = $2 AND account_state = 'unchecked' AND payment = 'set'
            AND eligibility = 'eligible'";
    pub(crate) CHECK_EVENTS = "INSERT INTO payment_event (recipient, line_id, seq, at, actor, kind, state, reason, next,
            document)
        SELECT recipient, line_id, events, $2, $3, 'account', 'asked', 'sent_for_check', 'wait_for_bank', $4
        FROM payment_line WHERE check_file = $1 AND account_state = 'asked'";
    pub(crate) CHECK_LINES = "SELECT line_id, payee_nik, payee_name, account FROM payment_line
        WHERE check_file = $1 ORDER BY line_id";
    pub(crate) ACCOUNTS_KEEP = "INSERT INTO recipient_account (recipient, channel, account, name_at_bank, payee, checked_at)
        SELECT recipient, channel, account, name_at_bank, payee, $2 FROM payment_line
        WHERE cycle_id = $1 AND account_state = 'good' AND account IS NOT NULL
        ON CONFLICT (recipient, channel) DO UPDATE SET account = excluded.account,
            name_at_bank = excluded.name_at_bank, payee = excluded.payee, checked_at = excluded.checked_at";
    pub(crate) ACCOUNTS_SHARED = "SELECT account FROM payment_line
        WHERE cycle_id = $1 AND account_state = 'good' AND account IS NOT NULL
        GROUP BY account HAVING COUNT(*) > 1 ORDER BY account";
    pub(crate) ACCOUNT_SHARED = "UPDATE payment_line SET account_state = 'doubtful', problem = 'account_shared',
            events = events + 1, changed_at = $3
        WHERE cycle_id = $1 AND account = $2 AND account_state = 'good' AND payment = 'set' AND order_id IS NULL
        RETURNING recipient, line_id, events";

    // orders
    pub(crate) ORDER_TAKE = "UPDATE payment_line SET order_id = $3
        WHERE cycle_id = $1 AND channel = $2 AND eligibility = 'eligible' AND account_state IN ('good', 'not_needed')
            AND payment = 'set' AND order_id IS NULL AND problem IS NULL AND region >= $4 AND region < $5";
    pub(crate) ORDER_LINES = "SELECT line_id, account, payee_name, amount_idr FROM payment_line
        WHERE order_id = $1 AND eligibility = 'eligible' ORDER BY line_id";
    pub(crate) ORDER_ADD = "INSERT INTO payment_order (order_id, cycle_id, channel, region, batch, state, lines,
            amount_idr, list_hash, made_at, made_by_id, made_by)
        VALUES ($1, $2, $3, $4, $5, 'proposed', $6, $7, $8, $9, $10, $11)";
    pub(crate) ORDER = concat!("SELECT ", order_columns!(), " FROM payment_order WHERE order_id = $1");
    pub(crate) ORDERS = concat!("SELECT ", order_columns!(), " FROM payment_order
        WHERE cycle_id = $1 ORDER BY order_id");
    pub(crate) ORDERS_WAITING = concat!("SELECT ", order_columns!(), " FROM payment_order
        WHERE state = 'proposed' ORDER BY order_id");
    pub(crate) APPROVAL_ADD = "INSERT INTO payment_approval (order_id, user_id, name, role, at)
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT (order_id, user_id) DO NOTHING";
    pub(crate) APPROVALS = "SELECT user_id, name, role, at FROM payment_approval WHERE order_id = $1 ORDER BY at, user_id";
    pub(crate) ORDER_APPROVED = "UPDATE payment_order SET state = 'approved', spm = $2, sp2d = $3, approved_at = $4
        WHERE order_id = $1 AND state = 'proposed'";
    pub(crate) ORDER_CANCELLED = "UPDATE payment_order SET state = 'cancelled' WHERE order_id = $1 AND state = 'proposed'";
    pub(crate) ORDER_RELEASE = "UPDATE payment_line SET order_id = NULL WHERE order_id = $1 AND payment = 'set'";
    pub(crate) ORDER_SENT = "UPDATE payment_order SET state = 'sent', si = $2, sent_at = $3
        WHERE order_id = $1 AND state = 'approved'";
    pub(crate) ORDER_MOVE = "UPDATE payment_line SET payment = $3, events = events + 1, changed_at = $4
        WHERE order_id = $1 AND payment = $2";
    pub(crate) ORDER_EVENTS = "INSERT INTO payment_event (recipient, line_id, seq, at, actor, kind, state, reason, next,
            document)
        SELECT recipient, line_id, events, $3, $4, 'payment', payment, $5, $6, $7
        FROM payment_line WHERE order_id = $1 AND payment = $2";
    pub(crate) ORDER_SUMS = "SELECT SUBSTR(region, 1, 8), programme, period, channel, SUM(amount_idr) FROM payment_line
        WHERE order_id = $1 GROUP BY SUBSTR(region, 1, 8), programme, period, channel
        ORDER BY SUBSTR(region, 1, 8)";

    // imports
    pub(crate) STAGE_CLEAR = "DELETE FROM payment_stage WHERE file_no = $1";
    pub(crate) CHANGE_CLEAR = "DELETE FROM payment_change WHERE file_no = $1";
    pub(crate) STAGED_LINES = concat!("SELECT ", line_columns!(), " FROM payment_stage s
        JOIN payment_line l ON l.line_id = s.line_id WHERE s.file_no = $1");
    pub(crate) STAGED_TXNS = "SELECT t.txn, t.line_id, t.word, t.amount_idr, t.file_no FROM payment_stage s
        JOIN bank_txn t ON t.channel = $2 AND t.txn = s.txn WHERE s.file_no = $1 AND s.txn <> ''";
    pub(crate) CHANGE_APPLY = "UPDATE payment_line SET account = c.account, name_at_bank = c.name_at_bank,
            account_state = c.account_state, payment = c.payment, problem = c.problem, topped_up_idr = c.topped_up_idr,
            withdrawn_idr = c.withdrawn_idr, returned_idr = c.returned_idr, unpaid_idr = c.unpaid_idr, live = c.live,
            events = c.events, changed_at = $2
        FROM payment_change c
        WHERE c.file_no = $1 AND payment_line.recipient = c.recipient AND payment_line.line_id = c.line_id";

    // single lines
    pub(crate) LINE_BY_ID = concat!("SELECT ", line_columns!(), " FROM payment_line l WHERE ", in_scope!(),
        " AND l.line_id = $4");
    pub(crate) LINE_IN_TROUBLE = concat!("SELECT ", line_columns!(), " FROM payment_line l
        WHERE l.line_id = $1 AND l.problem = $2");
    pub(crate) TROUBLE_END = "UPDATE payment_line SET problem = NULL, changed_at = $3
        WHERE recipient = $1 AND line_id = $2";
    pub(crate) LINE_SET = "UPDATE payment_line SET eligibility = $3, account_state = $4, problem = $5, account = $6,
            channel = $7, order_id = CAST($8 AS BIGINT), live = $9, events = $10, changed_at = $11
        WHERE recipient = $1 AND line_id = $2";
    pub(crate) EVENT_ADD = "INSERT INTO payment_event (recipient, line_id, seq, at, actor, kind, state, reason, next,
            document) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    pub(crate) REROUTE = "UPDATE payment_line SET channel = $2, account_state = 'not_needed', problem = NULL,
            account = CAST(line_id AS TEXT), events = events + 1, changed_at = $3
        WHERE cycle_id = $1 AND account_state = 'failed' AND payment = 'set' AND order_id IS NULL
            AND eligibility = 'eligible' AND payee IS NOT NULL AND channel <> $2
        RETURNING recipient, line_id, events";

    // books
    pub(crate) ENTRY_ADD = "INSERT INTO ledger_entry (entry_id, document, movement, correction, programme, period, region,
            channel, amount_idr, at, actor) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    pub(crate) POSTING_ADD = "INSERT INTO ledger_posting (entry_id, account, amount_idr) VALUES ($1, $2, $3)";
    pub(crate) BALANCE = "SELECT balance_idr FROM ledger_account
        WHERE programme = $1 AND period = $2 AND region = $3 AND channel = $4 AND account = $5";
    pub(crate) BALANCE_SET = "UPDATE ledger_account SET balance_idr = $6
        WHERE programme = $1 AND period = $2 AND region = $3 AND channel = $4 AND account = $5";
    pub(crate) BALANCE_ADD = "INSERT INTO ledger_account (programme, period, region, channel, account, balance_idr)
        VALUES ($1, $2, $3, $4, $5, $6)";
    pub(crate) BALANCES = "SELECT region, channel, account, balance_idr FROM ledger_account
        WHERE programme = $1 AND period = $2 AND region >= $3 AND region < $4 ORDER BY region, channel, account";
    pub(crate) MOVED = "SELECT region, channel, movement, SUM(amount_idr) FROM ledger_entry
        WHERE programme = $1 AND period = $2 AND region >= $3 AND region < $4
        GROUP BY region, channel, movement ORDER BY region, channel, movement";
    pub(crate) POSTED = "SELECT e.region, e.channel, p.account, SUM(p.amount_idr) FROM ledger_entry e
        JOIN ledger_posting p ON p.entry_id = e.entry_id
        WHERE e.programme = $1 AND e.period = $2 AND e.region >= $3 AND e.region < $4
        GROUP BY e.region, e.channel, p.account ORDER BY e.region, e.channel, p.account";
    pub(crate) ENTRIES_OF = "SELECT entry_id, movement, correction, channel, region, amount_idr, at, actor, document
        FROM ledger_entry WHERE document = $1 AND region = $2 AND channel = $3 ORDER BY entry_id LIMIT $4";

    // lines against books
    pub(crate) LINES_BY_PLACE = "SELECT SUBSTR(region, 1, 8), channel, payment, SUM(amount_idr), SUM(topped_up_idr),
            SUM(withdrawn_idr), SUM(returned_idr), SUM(unpaid_idr)
        FROM payment_line WHERE cycle_id IN
            (SELECT cycle_id FROM payment_cycle WHERE programme = $1 AND period = $2)
        GROUP BY SUBSTR(region, 1, 8), channel, payment";

    pub(crate) PENDING_QUEUES = "SELECT COALESCE(problem, payment), COUNT(*),
            SUM(amount_idr - topped_up_idr - unpaid_idr)
        FROM payment_line WHERE payment IN ('ordered', 'instructed', 'failed') AND cycle_id IN
            (SELECT cycle_id FROM payment_cycle WHERE programme = $1 AND period = $2)
        GROUP BY COALESCE(problem, payment) ORDER BY COALESCE(problem, payment)";

    // summary
    pub(crate) SUMMARY_CLEAR = "DELETE FROM payment_summary WHERE cycle_id = $1";
    pub(crate) SUMMARY_FILL = "INSERT INTO payment_summary (cycle_id, region, channel, eligibility, account_state, payment,
            problem, lines, amount_idr, topped_up_idr, withdrawn_idr, returned_idr, unpaid_idr)
        SELECT cycle_id, region, channel, eligibility, account_state, payment, COALESCE(problem, ''), COUNT(*),
            SUM(amount_idr), SUM(topped_up_idr), SUM(withdrawn_idr), SUM(returned_idr), SUM(unpaid_idr)
        FROM payment_line WHERE cycle_id = $1
        GROUP BY cycle_id, region, channel, eligibility, account_state, payment, COALESCE(problem, '')";
    pub(crate) SUMMARY_SHIFT = "INSERT INTO payment_summary (cycle_id, region, channel, eligibility, account_state, payment,
            problem, lines, amount_idr, topped_up_idr, withdrawn_idr, returned_idr, unpaid_idr)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        ON CONFLICT (cycle_id, region, channel, eligibility, account_state, payment, problem) DO UPDATE SET
            lines = payment_summary.lines + excluded.lines,
            amount_idr = payment_summary.amount_idr + excluded.amount_idr,
            topped_up_idr = payment_summary.topped_up_idr + excluded.topped_up_idr,
            withdrawn_idr = payment_summary.withdrawn_idr + excluded.withdrawn_idr,
            returned_idr = payment_summary.returned_idr + excluded.returned_idr,
            unpaid_idr = payment_summary.unpaid_idr + excluded.unpaid_idr";
    pub(crate) SUMMARY_STATES = concat!("SELECT eligibility, account_state, payment, problem, channel, ", figures!(), "
        FROM payment_summary WHERE cycle_id = $1 AND region >= $2 AND region < $3
        GROUP BY eligibility, account_state, payment, problem, channel");
    pub(crate) SUMMARY_REGIONS = concat!("SELECT SUBSTR(region, 1, CAST($4 AS INTEGER)), payment, problem, ", figures!(), "
        FROM payment_summary WHERE cycle_id = $1 AND region >= $2 AND region < $3
        GROUP BY SUBSTR(region, 1, CAST($4 AS INTEGER)), payment, problem
        ORDER BY 1");
    pub(crate) CASELOAD_STATES = concat!("SELECT l.eligibility, l.account_state, l.payment, COALESCE(l.problem, ''),
            l.channel, ", line_figures!(), "
        FROM payment_line l WHERE ", in_scope!(), " AND l.cycle_id = $4
        GROUP BY l.eligibility, l.account_state, l.payment, COALESCE(l.problem, ''), l.channel");
    pub(crate) CASELOAD_REGIONS = concat!("SELECT SUBSTR(l.region, 1, CAST($5 AS INTEGER)), l.payment, COALESCE(l.problem, ''), ",
        line_figures!(), " FROM payment_line l WHERE ", in_scope!(), " AND l.cycle_id = $4
        GROUP BY SUBSTR(l.region, 1, CAST($5 AS INTEGER)), l.payment, COALESCE(l.problem, '')
        ORDER BY 1");

    // lists
    pub(crate) LINES_ALL = concat!("SELECT ", line_columns!(), " FROM payment_line l WHERE ", in_scope!(), "
        AND l.cycle_id = $4 AND (l.region, l.line_id) > ($5, $6) ORDER BY l.region, l.line_id LIMIT $7");
    pub(crate) LINES_BY_PAYMENT = concat!("SELECT ", line_columns!(), " FROM payment_line l WHERE ", in_scope!(), "
        AND l.cycle_id = $4 AND l.payment = $8 AND (l.region, l.line_id) > ($5, $6)
        ORDER BY l.region, l.line_id LIMIT $7");
    pub(crate) LINES_BY_ACCOUNT = concat!("SELECT ", line_columns!(), " FROM payment_line l WHERE ", in_scope!(), "
        AND l.cycle_id = $4 AND l.account_state = $8 AND (l.region, l.line_id) > ($5, $6)
        ORDER BY l.region, l.line_id LIMIT $7");
    pub(crate) LINES_BY_PROBLEM = concat!("SELECT ", line_columns!(), " FROM payment_line l WHERE ", in_scope!(), "
        AND l.cycle_id = $4 AND l.problem = $8 AND (l.region, l.line_id) > ($5, $6)
        ORDER BY l.region, l.line_id LIMIT $7");
    pub(crate) LINES_WITH_PROBLEM = concat!("SELECT ", line_columns!(), " FROM payment_line l WHERE ", in_scope!(), "
        AND l.cycle_id = $4 AND l.problem IS NOT NULL AND (l.region, l.line_id) > ($5, $6)
        ORDER BY l.region, l.line_id LIMIT $7");
    pub(crate) LINES_OF_FAMILY = concat!("SELECT ", line_columns!(), " FROM payment_line l WHERE ", in_scope!(), "
        AND l.recipient = $4 ORDER BY l.line_id DESC LIMIT $5");
    pub(crate) EVENTS = "SELECT seq, at, actor, kind, state, reason, next, document FROM payment_event
        WHERE recipient = $1 AND line_id = $2 ORDER BY seq";
    pub(crate) LINE_EXCEPTIONS = "SELECT exception_id, file_no, row_no, cycle_id, line_id, recipient, region, kind,
            amount_idr, expected, found, state, note, closed_by, at
        FROM payment_exception WHERE line_id = $1 ORDER BY exception_id LIMIT $2";
    pub(crate) EXCEPTIONS = "SELECT exception_id, file_no, row_no, cycle_id, line_id, recipient, region, kind,
            amount_idr, expected, found, state, note, closed_by, at
        FROM payment_exception WHERE region >= $1 AND region < $2
            AND ($3 = 0 OR recipient IN (SELECT family_id FROM assignment WHERE user_id = $3))
            AND state = $4 AND exception_id > $5 ORDER BY exception_id LIMIT $6";
    pub(crate) EXCEPTIONS_OF_KIND = "SELECT exception_id, file_no, row_no, cycle_id, line_id, recipient, region, kind,
            amount_idr, expected, found, state, note, closed_by, at
        FROM payment_exception WHERE region >= $1 AND region < $2
            AND ($3 = 0 OR recipient IN (SELECT family_id FROM assignment WHERE user_id = $3))
            AND state = $4 AND exception_id > $5 AND kind = $7 ORDER BY exception_id LIMIT $6";
    pub(crate) EXCEPTION_KINDS = "SELECT kind, state, COUNT(*), COALESCE(SUM(amount_idr), 0) FROM payment_exception
        WHERE file_no IN (SELECT file_no FROM channel_file WHERE cycle_id = $1)
        GROUP BY kind, state ORDER BY kind, state";
    pub(crate) EXCEPTION_CLOSE = "UPDATE payment_exception SET state = 'closed', note = $2, closed_by = $3, closed_at = $4
        WHERE exception_id = $1 AND state = 'open' AND region >= $5 AND region < $6";

    pub(crate) EXCEPTION_LINE = "SELECT line_id, kind FROM payment_exception
        WHERE exception_id = $1 AND region >= $2 AND region < $3";
    pub(crate) RECONCILIATION_ADD = "INSERT INTO payment_reconciliation (reconciliation_id, cycle_id, at, actor, figures)
        VALUES ($1, $2, $3, $4, $5)";
    pub(crate) RECONCILIATION_LAST = "SELECT at, actor, figures FROM payment_reconciliation
        WHERE cycle_id = $1 ORDER BY reconciliation_id DESC LIMIT 1";
}
