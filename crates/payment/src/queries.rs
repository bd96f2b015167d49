//! SQL of this room, nothing else. Lists of people are limited by region range and caseload.

use store::sql;

macro_rules! line_columns {
    () => {
        "l.recipient, l.line_id, l.cycle_id, l.region, l.channel, l.amount_idr, l.basis, l.payee_name, l.account,
        l.name_at_bank, l.eligibility, l.account_state, l.payment, l.problem, l.check_file, l.check_reply, l.order_id,
        l.order_reply, l.moved_file, l.topped_up_idr, l.withdrawn_idr, l.returned_idr, l.unpaid_idr, l.live, l.events"
    };
}

/// The payment state of `l` as people know it: while nothing happened to the line alone, its order `o` tells it.
macro_rules! payment_now {
    () => {
        "CASE WHEN l.payment = 'set' AND o.state = 'approved' THEN 'committed'
            WHEN l.payment = 'set' AND o.state = 'sent' AND l.eligibility = 'eligible' THEN 'instructed'
            WHEN l.payment = 'set' AND o.state IN ('disbursed', 'sent') THEN 'ordered' ELSE l.payment END"
    };
}

/// `$8` which of the states is asked for, `$9` the state: rows of `l` with its order `o`.
macro_rules! in_state {
    () => {
        concat!(
            "($8 = 'all' OR ($8 = 'payment' AND ",
            payment_now!(),
            " = $9)
            OR ($8 = 'account' AND l.account_state = $9)
            OR ($8 = 'problem' AND (l.problem = $9 OR ($9 = '' AND l.problem IS NOT NULL))))"
        )
    };
}

/// All counts of the summary, as they are added to what is there.
macro_rules! add_counts {
    () => {
        "ON CONFLICT (cycle_id, region, channel, eligibility, account_state, payment, problem, order_id) DO UPDATE SET
            lines = payment_summary.lines + excluded.lines,
            amount_idr = payment_summary.amount_idr + excluded.amount_idr,
            topped_up_idr = payment_summary.topped_up_idr + excluded.topped_up_idr,
            withdrawn_idr = payment_summary.withdrawn_idr + excluded.withdrawn_idr,
            returned_idr = payment_summary.returned_idr + excluded.returned_idr,
            unpaid_idr = payment_summary.unpaid_idr + excluded.unpaid_idr"
    };
}

macro_rules! into_summary {
    () => {
        "INSERT INTO payment_summary (cycle_id, region, channel, eligibility, account_state, payment, problem, order_id,
            lines, amount_idr, topped_up_idr, withdrawn_idr, returned_idr, unpaid_idr) "
    };
}

macro_rules! counts {
    () => {
        "lines, amount_idr, topped_up_idr, withdrawn_idr, returned_idr, unpaid_idr"
    };
}

/// Lines that can be ordered: `$1` cycle, `$2` channel, `$3` from, `$4` to.
macro_rules! ready_counts {
    () => {
        "FROM payment_summary WHERE cycle_id = $1 AND channel = $2 AND region >= $3 AND region < $4
            AND eligibility = 'eligible' AND account_state IN ('good', 'not_needed') AND payment = 'set'
            AND problem = '' AND order_id = 0 AND lines <> 0"
    };
}

/// Lines to ask the channel about: `$1` cycle, `$2` channel.
macro_rules! unchecked_counts {
    () => {
        "FROM payment_summary WHERE cycle_id = $1 AND channel = $2 AND account_state = 'unchecked' AND payment = 'set'
            AND eligibility = 'eligible' AND lines <> 0"
    };
}

/// `$1` from, `$2` to, `$3` caseload: the rows of `l` that a scope may see.
macro_rules! in_scope {
    () => {
        "l.region >= $1 AND l.region < $2
        AND ($3 = 0 OR l.recipient IN (SELECT family_id FROM assignment WHERE user_id = $3))"
    };
}

/// Those of `Trouble::waits`.
macro_rules! waiting_kinds {
    () => {
        "'wrong_batch', 'wrong_account', 'wrong_amount', 'not_expected', 'not_topped_up', 'over_withdrawn'"
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
        "cycle_id, programme, period, run, closing, channel, state, lines, amount_idr, skipped, made_at, made_by, mark,
        benefit, first_line, last_line, plan_id"
    };
}

macro_rules! order_columns {
    () => {
        "order_id, cycle_id, channel, region, batch, state, lines, amount_idr, list_hash, made_at, made_by_id, made_by,
        spm, sp2d, si, approved_at, sent_at, sp2d_on, disbursed_at, disbursed_by, cancelled_for"
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
            channel, state, lines, amount_idr, skipped, mark, made_at, made_by_id, made_by, benefit, first_line, last_line)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'building', 0, 0, 0, 0, $9, $10, $11, $12, $13, $13 - CAST(1 AS BIGINT))";
    pub(crate) BENEFIT_ADD = "INSERT INTO payment_benefit (benefit, programme, period, component) VALUES ($1, $2, $3, $4)
        ON CONFLICT (programme, period, component) DO NOTHING";
    pub(crate) BENEFIT = "SELECT benefit FROM payment_benefit WHERE programme = $1 AND period = $2 AND component = $3";
    pub(crate) CYCLE_OF_RUN = concat!("SELECT ", cycle_columns!(), " FROM payment_cycle
        WHERE programme = $1 AND period = $2 AND run = $3");
    pub(crate) CYCLE = concat!("SELECT ", cycle_columns!(), " FROM payment_cycle WHERE cycle_id = $1");
    pub(crate) CYCLES = concat!("SELECT ", cycle_columns!(), " FROM payment_cycle
        WHERE cycle_id < $1 ORDER BY cycle_id DESC LIMIT $2");
    pub(crate) CYCLE_OTHERS = "SELECT COUNT(*) FROM payment_cycle WHERE benefit = $1 AND cycle_id <> $2";
    pub(crate) CYCLE_STEP = "UPDATE payment_cycle SET lines = lines + $2, amount_idr = amount_idr + $3,
            skipped = skipped + $4, mark = $5, last_line = last_line + $2 WHERE cycle_id = $1";
    pub(crate) CYCLE_BUILT = "UPDATE payment_cycle SET state = 'built' WHERE cycle_id = $1";
    pub(crate) LIVE_AMONG = "SELECT recipient FROM payment_line WHERE recipient >= $1 AND recipient <= $2
            AND benefit = $3 AND live = 1 AND cycle_id <> $4";
    pub(crate) KNOWN_ACCOUNTS = "SELECT recipient, account, name_at_bank, payee, checked_at FROM recipient_account
        WHERE recipient >= $1 AND recipient <= $2 AND channel = $3 ORDER BY recipient";
    pub(crate) PLACES_CLEAR = "DELETE FROM payment_place WHERE cycle_id = $1";
    pub(crate) PLACES_OF = "SELECT region, line_id FROM payment_line
        WHERE line_id >= $1 AND line_id <= $2 AND cycle_id = $3 ORDER BY line_id";

    // who did what
    pub(crate) HANDS = "SELECT action FROM payment_hand WHERE cycle_id = $1 AND user_id = $2 ORDER BY action";
    pub(crate) HAND_ADD = "INSERT INTO payment_hand (cycle_id, user_id, action, at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (cycle_id, user_id, action) DO NOTHING";

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
    // What the channel was told: without the lines that were withheld.
    pub(crate) BATCH_TOTALS = "SELECT rows, sum_idr FROM channel_file
        WHERE batch = $1 AND channel = $2 AND kind = 'order' AND direction = 'out' AND state = 'written'
            AND sum_idr IS NOT NULL";
    pub(crate) BATCH_LINES = "SELECT l.line_id, COALESCE(l.account, ''), l.amount_idr FROM payment_order o
        JOIN payment_cycle c ON c.cycle_id = o.cycle_id
        JOIN payment_line l ON l.line_id >= c.first_line AND l.line_id <= c.last_line AND l.order_id = o.order_id
        WHERE o.batch = $1 AND o.channel = $2 AND o.state = 'sent' AND l.eligibility = 'eligible' AND l.line_id > $3
        ORDER BY l.line_id LIMIT $4";
    pub(crate) BATCH_OF_FILE = "SELECT batch FROM channel_file WHERE file_no = $1";
    pub(crate) FILE_TAKEN = "UPDATE channel_file SET mark = $2 WHERE file_no = $1";

    // account checks: set-based, by ranges of lines
    pub(crate) TO_CHECK = "SELECT channel, SUM(lines) FROM payment_summary
        WHERE cycle_id = $1 AND account_state = 'unchecked' AND payment = 'set' AND eligibility = 'eligible'
        GROUP BY channel HAVING SUM(lines) > 0 ORDER BY channel";
    pub(crate) CHECK_ASK = "UPDATE payment_line SET account_state = 'asked', check_file = $5, check_reply = NULL,
            changed_at = $6
        WHERE line_id >= $1 AND line_id <= $2 AND cycle_id = $3 AND channel = $4 AND account_state = 'unchecked'
            AND payment = 'set' AND eligibility = 'eligible'";
    pub(crate) CHECK_COUNTS = concat!(into_summary!(), "SELECT cycle_id, region, channel, eligibility, 'asked', payment,
            problem, order_id, ", counts!(), " ", unchecked_counts!(), " ", add_counts!());
    pub(crate) CHECK_COUNTED = concat!("DELETE ", unchecked_counts!());
    pub(crate) CHECK_LINES = "SELECT line_id, payee_nik, payee_name, account FROM payment_line
        WHERE check_file = $1 AND line_id >= $2 AND line_id <= $3 ORDER BY line_id";
    pub(crate) ACCOUNTS_KEEP = "INSERT INTO recipient_account (recipient, channel, account, name_at_bank, payee, checked_at)
        SELECT recipient, channel, account, name_at_bank, payee, $2 FROM payment_line
        WHERE line_id >= $3 AND line_id <= $4 AND cycle_id = $1 AND account_state = 'good' AND account IS NOT NULL
            AND (check_reply = $5 OR changed_at >= $6)
        ON CONFLICT (recipient, channel) DO UPDATE SET account = excluded.account,
            name_at_bank = excluded.name_at_bank, payee = excluded.payee, checked_at = excluded.checked_at";
    pub(crate) ACCOUNTS_GOOD = "SELECT line_id, account FROM payment_line
        WHERE line_id >= $1 AND line_id <= $2 AND cycle_id = $3 AND account_state = 'good' AND account IS NOT NULL";

    // orders
    pub(crate) ORDER_TAKE = "UPDATE payment_line SET order_id = $7
        WHERE line_id >= $1 AND line_id <= $2 AND cycle_id = $3 AND channel = $4 AND region >= $5 AND region < $6
            AND eligibility = 'eligible' AND account_state IN ('good', 'not_needed')
            AND payment = 'set' AND order_id IS NULL AND problem IS NULL";
    pub(crate) ORDER_WAITS = concat!("SELECT COALESCE(SUM(lines), 0) ", ready_counts!());
    pub(crate) ORDER_COUNTS = concat!(into_summary!(), "SELECT cycle_id, region, channel, eligibility, account_state,
            payment, problem, CAST($5 AS BIGINT), ", counts!(), " ", ready_counts!(), " ", add_counts!());
    pub(crate) ORDER_COUNTED = concat!("DELETE ", ready_counts!());
    pub(crate) ORDER_LINES = "SELECT line_id, account, payee_name, amount_idr FROM payment_line
        WHERE order_id = $1 AND line_id >= $2 AND line_id <= $3 AND eligibility = 'eligible' ORDER BY line_id";
    pub(crate) ORDER_REGIONS = "SELECT region, SUM(amount_idr) FROM payment_summary
        WHERE cycle_id = $1 AND order_id = $2 AND payment = $3 GROUP BY region ORDER BY region";
    pub(crate) ORDER_LIST = "SELECT line_id, account, payee_name, amount_idr FROM payment_line
        WHERE order_id = $1 AND line_id >= $2 AND line_id <= $3 ORDER BY line_id";
    pub(crate) ORDER_READY = "UPDATE payment_order SET lines = $2, amount_idr = $3, list_hash = $4 WHERE order_id = $1";
    pub(crate) ORDER_BEGUN = concat!("SELECT ", order_columns!(), " FROM payment_order
        WHERE cycle_id = $1 AND channel = $2 AND region = $3 AND state = 'proposed' AND list_hash = ''");
    pub(crate) ORDER_STATES = concat!(into_summary!(), "SELECT cycle_id, region, channel, eligibility, account_state,
            CAST($4 AS TEXT), problem, order_id, ", counts!(), " FROM payment_summary
        WHERE cycle_id = $1 AND order_id = $2 AND payment = $3 AND ($5 = '' OR eligibility = $5) AND lines <> 0 ",
        add_counts!());
    pub(crate) ORDER_LEAVES = "DELETE FROM payment_summary
        WHERE cycle_id = $1 AND order_id = $2 AND payment = $3 AND ($4 = '' OR eligibility = $4)";
    pub(crate) ORDER_FREES = concat!(into_summary!(), "SELECT cycle_id, region, channel, eligibility, account_state,
            payment, problem, 0, ", counts!(), " FROM payment_summary
        WHERE cycle_id = $1 AND order_id = $2 AND lines <> 0 ", add_counts!());
    pub(crate) ORDER_FREED = "DELETE FROM payment_summary WHERE cycle_id = $1 AND order_id = $2";
    pub(crate) ORDER_ADD = "INSERT INTO payment_order (order_id, cycle_id, channel, region, batch, state, lines,
            amount_idr, list_hash, made_at, made_by_id, made_by)
        VALUES ($1, $2, $3, $4, $5, 'proposed', $6, $7, $8, $9, $10, $11)";
    pub(crate) ORDER = concat!("SELECT ", order_columns!(), " FROM payment_order WHERE order_id = $1");
    // An order without a hash is still being prepared: `prepare_order` takes it up again, and nobody else sees it.
    pub(crate) ORDERS = concat!("SELECT ", order_columns!(), " FROM payment_order
        WHERE cycle_id = $1 AND list_hash <> '' ORDER BY order_id");
    pub(crate) ORDERS_WAITING = concat!("SELECT ", order_columns!(), " FROM payment_order
        WHERE state IN ('proposed', 'approved', 'disbursed') AND list_hash <> '' ORDER BY order_id");
    pub(crate) APPROVAL_ADD = "INSERT INTO payment_approval (order_id, user_id, name, role, at)
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT (order_id, user_id) DO NOTHING";
    pub(crate) APPROVALS = "SELECT user_id, name, role, at FROM payment_approval WHERE order_id = $1 ORDER BY at, user_id";
    pub(crate) ORDER_APPROVED = "UPDATE payment_order SET state = 'approved', spm = $2, approved_at = $3
        WHERE order_id = $1 AND state = 'proposed'";
    pub(crate) ORDER_DISBURSED = "UPDATE payment_order SET state = 'disbursed', sp2d = $2, sp2d_on = $3, disbursed_at = $4,
            disbursed_by = $5 WHERE order_id = $1 AND state = 'approved'";
    pub(crate) SP2D_TAKEN = "SELECT order_id FROM payment_order WHERE sp2d = $1 AND order_id <> $2";
    pub(crate) ORDER_CANCELLED = "UPDATE payment_order SET state = 'cancelled', cancelled_for = CAST($2 AS TEXT)
        WHERE order_id = $1 AND state IN ('proposed', 'approved')";
    pub(crate) WITHHELD_SUMS = "SELECT order_id, SUM(lines), SUM(amount_idr) FROM payment_summary
        WHERE cycle_id = $1 AND eligibility = 'held' AND payment IN ('committed', 'ordered') AND order_id <> 0
        GROUP BY order_id HAVING SUM(lines) > 0 ORDER BY order_id";
    pub(crate) WITHHELD_ENDED = "UPDATE payment_line SET eligibility = 'cancelled'
        WHERE line_id >= $1 AND line_id <= $2 AND order_id = $3 AND payment = 'sent_back' AND eligibility = 'held'";
    pub(crate) WITHHELD = concat!("SELECT ", line_columns!(), " FROM payment_line l
        WHERE l.line_id >= $1 AND l.line_id <= $2 AND l.order_id = $3 AND l.payment = 'set' AND l.eligibility = 'held'
        ORDER BY l.line_id LIMIT $4");
    pub(crate) ORDER_RELEASE = "UPDATE payment_line SET order_id = NULL
        WHERE line_id >= $2 AND line_id <= $3 AND order_id = $1 AND payment = 'set'";
    pub(crate) ORDER_SENT = "UPDATE payment_order SET state = 'sent', si = $2, sent_at = $3
        WHERE order_id = $1 AND state = 'disbursed'";
    // imports
    pub(crate) STAGE_CLEAR = "DELETE FROM payment_stage WHERE file_no = $1";
    pub(crate) CHANGE_CLEAR = "DELETE FROM payment_change";
    pub(crate) LINES_BETWEEN = concat!("SELECT ", line_columns!(), " FROM payment_line l
        WHERE l.line_id >= $1 AND l.line_id <= $2 ORDER BY l.line_id");
    pub(crate) STAGED_LINES = concat!("SELECT ", line_columns!(), " FROM payment_line l
        WHERE l.line_id IN (SELECT s.line_id FROM payment_stage s WHERE s.file_no = $1) ORDER BY l.line_id");
    pub(crate) STAGED_TXNS = "SELECT t.txn, t.line_id, t.word, t.amount_idr, t.file_no FROM payment_stage s
        JOIN bank_txn t ON t.channel = $2 AND t.txn = s.txn WHERE s.file_no = $1 AND s.txn <> ''";
    pub(crate) CHANGE_APPLY = "UPDATE payment_line SET account = c.account, name_at_bank = c.name_at_bank,
            account_state = c.account_state, payment = c.payment, problem = c.problem, check_reply = c.check_reply,
            order_reply = c.order_reply, moved_file = c.moved_file, topped_up_idr = c.topped_up_idr,
            withdrawn_idr = c.withdrawn_idr, returned_idr = c.returned_idr, unpaid_idr = c.unpaid_idr, live = c.live,
            events = c.events, changed_at = $1
        FROM payment_change c WHERE payment_line.recipient = c.recipient AND payment_line.line_id = c.line_id";
    // What most lines of a reply are told: one statement for a run of neighbours.
    pub(crate) RUN_CHECKED = "UPDATE payment_line SET account_state = 'good', name_at_bank = payee_name, problem = NULL,
            check_reply = $3, changed_at = $4
        WHERE line_id >= $1 AND line_id <= $2 AND account_state = 'asked'";
    pub(crate) RUN_TOPPED_UP = "UPDATE payment_line SET payment = 'topped_up', topped_up_idr = amount_idr, problem = NULL,
            order_reply = $3, changed_at = $4
        WHERE line_id >= $1 AND line_id <= $2 AND payment = 'set' AND order_id IS NOT NULL";
    pub(crate) RUN_WITHDRAWN = "UPDATE payment_line SET payment = 'withdrawn', withdrawn_idr = topped_up_idr,
            problem = NULL, moved_file = $3, changed_at = $4
        WHERE line_id >= $1 AND line_id <= $2 AND payment = 'topped_up' AND withdrawn_idr = 0 AND returned_idr = 0";

    // single lines
    pub(crate) LINE_BY_ID = concat!("SELECT ", line_columns!(), " FROM payment_line l WHERE ", in_scope!(),
        " AND l.line_id = $4");
    pub(crate) LINE_IN_TROUBLE = concat!("SELECT ", line_columns!(), " FROM payment_line l
        WHERE l.line_id = $1 AND l.problem = $2");
    pub(crate) TROUBLE_END = "UPDATE payment_line SET problem = NULL, changed_at = $3
        WHERE recipient = $1 AND line_id = $2";
    pub(crate) LINE_SET = "UPDATE payment_line SET eligibility = $3, account_state = $4, problem = $5, account = $6,
            channel = $7, order_id = CAST($8 AS BIGINT), live = $9, events = $10, changed_at = $11,
            check_file = CAST($12 AS BIGINT), check_reply = CAST($13 AS BIGINT)
        WHERE recipient = $1 AND line_id = $2";
    pub(crate) EVENT_ADD = "INSERT INTO payment_event (recipient, line_id, seq, at, actor, kind, state, reason, next,
            document) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    pub(crate) REROUTE = "UPDATE payment_line SET channel = $2, account_state = 'not_needed', problem = NULL,
            account = CAST(line_id AS TEXT), events = events + 1, changed_at = $3
        WHERE line_id >= $4 AND line_id <= $5 AND cycle_id = $1 AND account_state = 'failed' AND payment = 'set' AND order_id IS NULL
            AND eligibility = 'eligible' AND payee IS NOT NULL AND channel <> $2
        RETURNING recipient, line_id, events";

    // books
    pub(crate) BALANCES_ADD = "UPDATE ledger_account SET balance_idr = balance_idr + s.amount_idr FROM ledger_shift s
        WHERE ledger_account.programme = s.programme AND ledger_account.period = s.period
            AND ledger_account.region = s.region AND ledger_account.channel = s.channel
            AND ledger_account.account = s.account";
    pub(crate) ACCOUNTS_OPEN = "INSERT INTO ledger_account (programme, period, region, channel, account, balance_idr)
        SELECT s.programme, s.period, s.region, s.channel, s.account, s.amount_idr FROM ledger_shift s
        WHERE NOT EXISTS (SELECT 1 FROM ledger_account a WHERE a.programme = s.programme AND a.period = s.period
            AND a.region = s.region AND a.channel = s.channel AND a.account = s.account)";
    pub(crate) SHIFTS_CLEAR = "DELETE FROM ledger_shift";
    pub(crate) BALANCES = "SELECT region, channel, account, balance_idr FROM ledger_account
        WHERE programme = $1 AND period = $2 AND region >= $3 AND region < $4 ORDER BY region, channel, account";
    pub(crate) MOVED = "SELECT region, channel, movement, SUM(amount_idr) FROM ledger_entry
        WHERE programme = $1 AND period = $2 AND region >= $3 AND region < $4
        GROUP BY region, channel, movement ORDER BY region, channel, movement";
    pub(crate) ENTRIES_OF = "SELECT entry_id, movement, correction, channel, region, amount_idr, at, actor, document
        FROM ledger_entry WHERE programme = $1 AND period = $2 AND region = $3 AND channel = $4 AND document = $5
        ORDER BY entry_id LIMIT $6";
    pub(crate) GROUND_ENTRIES = "SELECT programme, period, region, channel, movement, correction, amount_idr
        FROM ledger_entry WHERE document = $1 AND part = $2";

    pub(crate) LINE_ORDER = "SELECT COALESCE(order_id, 0) FROM payment_line WHERE line_id = $1";

    // lines against books
    pub(crate) CYCLES_OF = concat!("SELECT ", cycle_columns!(), " FROM payment_cycle
        WHERE programme = $1 AND period = $2 ORDER BY cycle_id");
    pub(crate) LINES_COUNTED = "SELECT COALESCE(SUM(lines), 0) FROM payment_summary WHERE cycle_id IN
        (SELECT cycle_id FROM payment_cycle WHERE programme = $1 AND period = $2)";
    pub(crate) LINES_TOLD = "SELECT region, channel, payment, order_id, problem, amount_idr,
            topped_up_idr, withdrawn_idr, returned_idr, unpaid_idr, eligibility
        FROM payment_line WHERE line_id >= $1 AND line_id <= $2 AND cycle_id = $3";

    // money that rests
    pub(crate) RESTING = "SELECT s.channel, SUBSTR(s.region, 1, CAST($3 AS INTEGER)), o.sent_at, SUM(s.lines),
            SUM(s.topped_up_idr - s.withdrawn_idr - s.returned_idr)
        FROM payment_summary s JOIN payment_order o ON o.order_id = s.order_id
        WHERE s.region >= $1 AND s.region < $2 AND s.payment = 'topped_up' AND o.sent_at IS NOT NULL AND s.lines > 0
        GROUP BY 1, 2, 3 ORDER BY 1, 2, 3";
    pub(crate) RESTING_ASSIGNED = "SELECT l.channel, SUBSTR(l.region, 1, CAST($3 AS INTEGER)), o.sent_at, COUNT(*),
            SUM(l.topped_up_idr - l.withdrawn_idr - l.returned_idr)
        FROM assignment a JOIN payment_line l ON l.recipient = a.family_id
            JOIN payment_order o ON o.order_id = l.order_id
        WHERE a.user_id = $4 AND l.region >= $1 AND l.region < $2 AND l.payment = 'topped_up' AND o.sent_at IS NOT NULL
        GROUP BY 1, 2, 3 ORDER BY 1, 2, 3";
    pub(crate) ORDERS_SENT_BEFORE = "SELECT order_id, cycle_id FROM payment_order
        WHERE channel = $1 AND state = 'sent' AND sent_at < $2 ORDER BY order_id";
    pub(crate) UNTOUCHED = "SELECT line_id, recipient, region FROM payment_line
        WHERE line_id >= $1 AND line_id <= $2 AND order_id = $3 AND payment = 'topped_up' AND withdrawn_idr = 0
            AND returned_idr = 0 ORDER BY line_id";

    // summary
    pub(crate) SUMMARY_CLEAR = "DELETE FROM payment_summary WHERE cycle_id = $1";
    pub(crate) SUMMARY_FILL = concat!(into_summary!(), "SELECT l.cycle_id, l.region, l.channel, l.eligibility,
            l.account_state, ", payment_now!(), ", COALESCE(l.problem, ''), COALESCE(l.order_id, 0), ", line_figures!(), "
        FROM payment_line l LEFT JOIN payment_order o ON o.order_id = l.order_id
        WHERE l.line_id >= $2 AND l.line_id <= $3 AND l.cycle_id = $1
        GROUP BY 1, 2, 3, 4, 5, 6, 7, 8");
    pub(crate) SUMMARY_SHIFT = concat!(into_summary!(), "SELECT cycle_id, region, channel, eligibility, account_state,
            payment, problem, order_id, ", counts!(), " FROM payment_shift WHERE TRUE ", add_counts!());
    pub(crate) SUMMARY_ADD = concat!(into_summary!(), "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ",
            add_counts!());
    pub(crate) SHIFT_CLEAR = "DELETE FROM payment_shift";
    pub(crate) SUMMARY_STATES = concat!("SELECT eligibility, account_state, payment, problem, channel, ", figures!(), "
        FROM payment_summary WHERE cycle_id = $1 AND region >= $2 AND region < $3
        GROUP BY eligibility, account_state, payment, problem, channel");
    pub(crate) SUMMARY_REGIONS = concat!("SELECT SUBSTR(region, 1, CAST($4 AS INTEGER)), payment, problem, ", figures!(), "
        FROM payment_summary WHERE cycle_id = $1 AND region >= $2 AND region < $3
        GROUP BY SUBSTR(region, 1, CAST($4 AS INTEGER)), payment, problem
        ORDER BY 1");
    pub(crate) CASELOAD_STATES = concat!("SELECT l.eligibility, l.account_state, ", payment_now!(), ",
            COALESCE(l.problem, ''), l.channel, ", line_figures!(), "
        FROM assignment a JOIN payment_line l ON l.recipient = a.family_id
            LEFT JOIN payment_order o ON o.order_id = l.order_id
        WHERE a.user_id = $3 AND l.region >= $1 AND l.region < $2 AND l.cycle_id = $4 GROUP BY 1, 2, 3, 4, 5");
    pub(crate) CASELOAD_REGIONS = concat!("SELECT SUBSTR(l.region, 1, CAST($5 AS INTEGER)), ", payment_now!(), ",
            COALESCE(l.problem, ''), ", line_figures!(), "
        FROM assignment a JOIN payment_line l ON l.recipient = a.family_id
            LEFT JOIN payment_order o ON o.order_id = l.order_id
        WHERE a.user_id = $3 AND l.region >= $1 AND l.region < $2 AND l.cycle_id = $4 GROUP BY 1, 2, 3 ORDER BY 1");

    // lists
    pub(crate) VILLAGES = "SELECT region FROM payment_summary
        WHERE cycle_id = $1 AND region >= $2 AND region < $3 AND region >= $4 AND lines <> 0
            AND ($6 = 'all' OR ($6 = 'payment' AND payment = $7) OR ($6 = 'account' AND account_state = $7)
                OR ($6 = 'problem' AND (problem = $7 OR ($7 = '' AND problem <> ''))))
        GROUP BY region ORDER BY region LIMIT $5";
    pub(crate) LINES_OF_VILLAGE = concat!("SELECT ", line_columns!(), " FROM payment_place p
            JOIN payment_line l ON l.line_id = p.line_id LEFT JOIN payment_order o ON o.order_id = l.order_id
        WHERE ", in_scope!(), " AND p.cycle_id = $4 AND p.region = $5 AND p.line_id > $6 AND ", in_state!(), "
        ORDER BY p.line_id LIMIT $7");
    pub(crate) LINES_OF_CASELOAD = concat!("SELECT ", line_columns!(), " FROM assignment a
            JOIN payment_line l ON l.recipient = a.family_id LEFT JOIN payment_order o ON o.order_id = l.order_id
        WHERE a.user_id = $3 AND l.region >= $1 AND l.region < $2 AND l.cycle_id = $4
            AND (l.region, l.line_id) > ($5, $6) AND ", in_state!(), " ORDER BY l.region, l.line_id LIMIT $7");
    pub(crate) LINES_OF_FAMILY = concat!("SELECT ", line_columns!(), " FROM payment_line l WHERE ", in_scope!(), "
        AND l.recipient = $4 ORDER BY l.line_id DESC LIMIT $5");
    pub(crate) EVENTS = "SELECT seq, at, actor, kind, state, reason, next, document FROM payment_event
        WHERE recipient = $1 AND line_id = $2 ORDER BY seq";
    pub(crate) LINE_EXCEPTIONS = "SELECT exception_id, file_no, row_no, cycle_id, line_id, recipient, region, kind,
            amount_idr, expected, found, state, note, closed_by, at, settled_by
        FROM payment_exception WHERE line_id = $1 ORDER BY exception_id LIMIT $2";
    pub(crate) EXCEPTIONS = "SELECT exception_id, file_no, row_no, cycle_id, line_id, recipient, region, kind,
            amount_idr, expected, found, state, note, closed_by, at, settled_by
        FROM payment_exception WHERE region >= $1 AND region < $2
            AND ($3 = 0 OR recipient IN (SELECT family_id FROM assignment WHERE user_id = $3))
            AND state = $4 AND exception_id > $5 ORDER BY exception_id LIMIT $6";
    pub(crate) EXCEPTIONS_OF_KIND = "SELECT exception_id, file_no, row_no, cycle_id, line_id, recipient, region, kind,
            amount_idr, expected, found, state, note, closed_by, at, settled_by
        FROM payment_exception WHERE region >= $1 AND region < $2
            AND ($3 = 0 OR recipient IN (SELECT family_id FROM assignment WHERE user_id = $3))
            AND state = $4 AND exception_id > $5 AND kind = $7 ORDER BY exception_id LIMIT $6";
    pub(crate) EXCEPTION_KINDS = "SELECT kind, state, COUNT(*), COALESCE(SUM(amount_idr), 0) FROM payment_exception
        WHERE file_no IN (SELECT file_no FROM channel_file WHERE cycle_id = $1)
        GROUP BY kind, state ORDER BY kind, state";
    pub(crate) EXCEPTION_CLOSE = "UPDATE payment_exception SET state = 'closed', note = $2, closed_by = $3, closed_at = $4
        WHERE exception_id = $1 AND state = 'open' AND region >= $5 AND region < $6";

    // Rows that may fit by now.
    pub(crate) WAITING = concat!("SELECT e.exception_id, e.file_no, e.row_no, e.line_id FROM payment_exception e
            JOIN payment_line l ON l.recipient = e.recipient AND l.line_id = e.line_id
            LEFT JOIN payment_order o ON o.order_id = l.order_id
        WHERE e.cycle_id = $1 AND e.state = 'open' AND e.line_id > $2
            AND e.kind IN (", waiting_kinds!(), ")
            AND (l.changed_at >= $3 OR o.sent_at >= $3)
        ORDER BY e.line_id, e.exception_id LIMIT $4");
    pub(crate) TROUBLE_OVER = concat!("SELECT l.problem FROM payment_line l WHERE l.line_id = $1
            AND l.problem IN (", waiting_kinds!(), ") AND NOT EXISTS (SELECT 1 FROM payment_exception e
                WHERE e.line_id = l.line_id AND e.state = 'open' AND e.kind IN (", waiting_kinds!(), "))");
    pub(crate) EXCEPTION_SETTLED = "UPDATE payment_exception SET state = 'closed', closed_by = $2, closed_at = $3,
            settled = CAST($4 AS BIGINT), settled_by = CAST($5 AS TEXT) WHERE exception_id = $1 AND state = 'open'";
    pub(crate) EXCEPTION_STAYS = "UPDATE payment_exception SET kind = $2, expected = $3, found = $4, state = $5
        WHERE exception_id = $1 AND state = 'open'";
    pub(crate) FILE_COUNTS = "UPDATE channel_file SET counts = $2 WHERE file_no = $1";
    pub(crate) EXCEPTION_LINE = "SELECT line_id, kind FROM payment_exception
        WHERE exception_id = $1 AND region >= $2 AND region < $3";
    pub(crate) RECONCILIATION_ADD = "INSERT INTO payment_reconciliation (reconciliation_id, cycle_id, at, actor, figures)
        VALUES ($1, $2, $3, $4, $5)";
    pub(crate) RECONCILIATION_LAST = "SELECT at, actor, figures FROM payment_reconciliation
        WHERE cycle_id = $1 ORDER BY reconciliation_id DESC LIMIT 1";
}
