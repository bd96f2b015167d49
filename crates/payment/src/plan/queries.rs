//! SQL of plans and of payees, nothing else. Lines are limited by region range and caseload.

use store::sql;

/// The payment state of `l` as people know it, with its order `o`.
macro_rules! payment_now {
    () => {
        "CASE WHEN l.payment = 'set' AND o.state = 'approved' THEN 'committed'
            WHEN l.payment = 'set' AND o.state = 'sent' AND l.eligibility = 'eligible' THEN 'instructed'
            WHEN l.payment = 'set' AND o.state IN ('disbursed', 'sent') THEN 'ordered' ELSE l.payment END"
    };
}

/// Everything that decides whether a line is paid again: `$1` channel, `$2` plan that is being approved, or 0.
macro_rules! facts {
    () => {
        concat!(
            "SELECT l.recipient, l.line_id, COALESCE(p.root, l.line_id), l.region,
            COALESCE((SELECT e.reason FROM payment_event e WHERE e.recipient = l.recipient AND e.line_id = l.line_id
                AND e.kind = 'payment' ORDER BY e.seq DESC LIMIT 1), l.problem, ''),
            l.amount_idr, l.topped_up_idr, l.withdrawn_idr, l.returned_idr, l.unpaid_idr, l.live, b.component,
            COALESCE(p.entitled_idr, l.amount_idr), l.eligibility, ",
            payment_now!(),
            ", l.problem, l.payee, l.payee_name, l.payee_nik, COALESCE(m.account, a.account, l.account),
            (SELECT COUNT(*) FROM payment_plan_line f WHERE f.recipient = l.recipient AND f.origin = l.line_id
                AND f.ended = 0 AND f.plan_id <> $2),
            (SELECT COUNT(*) FROM payment_line s WHERE s.recipient = l.recipient AND s.benefit = l.benefit
                AND s.live = 1 AND s.line_id <> l.line_id),
            CASE WHEN m.at >= l.changed_at OR (a.checked_at > l.changed_at AND a.payee = l.payee) THEN 1 ELSE 0 END,
            CASE WHEN d.person IS NULL THEN 0 ELSE 1 END,
            y.seq, y.person, y.name, y.nik, y.carrier, y.region
        FROM payment_line l JOIN payment_benefit b ON b.benefit = l.benefit
            LEFT JOIN payment_order o ON o.order_id = l.order_id
            LEFT JOIN payment_plan_line p ON p.recipient = l.recipient AND p.line_id = l.line_id
            LEFT JOIN payment_mend m ON m.recipient = l.recipient AND m.line_id = l.line_id
            LEFT JOIN recipient_account a ON a.recipient = l.recipient AND a.channel = $1
            LEFT JOIN payment_death d ON d.recipient = l.recipient AND d.person = l.payee AND d.refuted = 0
            LEFT JOIN payment_payee y ON y.recipient = l.recipient AND y.line_id = l.line_id AND y.state = 'approved' "
        )
    };
}

/// `$3` from, `$4` to, `$5` caseload, `$6` cycle, `$7` after, `$8` how many: the rows of `l` that a scope may see.
macro_rules! of_cycle {
    () => {
        "WHERE l.region >= $3 AND l.region < $4
            AND ($5 = 0 OR l.recipient IN (SELECT family_id FROM assignment WHERE user_id = $5))
            AND l.cycle_id = $6 AND l.line_id > $7 "
    };
}

macro_rules! plan_columns {
    () => {
        "plan_id, kind, programme, period, region, channel, causes, run, closing, state, cycle_id, lines, amount_idr,
        list_hash, made_at, made_by_id, made_by, decided_at, decided_by, note"
    };
}

macro_rules! line_columns {
    () => {
        "p.recipient, p.line_id, p.origin, p.root, p.cause, p.component, p.region, p.amount_idr, p.entitled_idr, p.payee,
        p.payee_name, p.payee_nik, p.account, p.carrier, p.ended"
    };
}

macro_rules! payee_columns {
    () => {
        "y.recipient, y.line_id, y.seq, y.kind, y.person, y.name, y.carrier, y.relation, y.paper_kind, y.paper,
        y.paper_on, y.note, y.state, y.made_at, y.made_by_id, y.made_by, y.decided_at, y.decided_by"
    };
}

macro_rules! missing {
    () => {
        "c.programme, c.period, s.payment, s.channel"
    };
}

sql! {
    // candidates: lines of which money came back, and those that a trouble keeps from being sent
    pub(crate) BACK = concat!(facts!(), of_cycle!(), "AND (l.returned_idr > 0 OR l.unpaid_idr > 0)
        ORDER BY l.line_id LIMIT $8");
    pub(crate) TROUBLED = concat!(facts!(), of_cycle!(), "AND l.problem = $9 AND l.returned_idr = 0 AND l.unpaid_idr = 0
        ORDER BY l.line_id LIMIT $8");
    pub(crate) OF_PLAN = concat!(facts!(), "JOIN payment_plan_line w ON w.recipient = l.recipient AND w.origin = l.line_id
        WHERE w.plan_id = $2 ORDER BY w.line_id");
    pub(crate) OF_LINE = concat!(facts!(), "WHERE l.line_id = $3");
    pub(crate) CYCLES_OF = "SELECT cycle_id, closing, channel FROM payment_cycle
        WHERE programme = $1 AND period = $2 AND state = 'built' ORDER BY cycle_id";
    pub(crate) MISSING = concat!("SELECT ", missing!(), ", SUM(s.lines),
            SUM(CASE WHEN s.payment = 'failed' THEN s.amount_idr ELSE s.returned_idr + s.unpaid_idr END)
        FROM payment_summary s JOIN payment_cycle c ON c.cycle_id = s.cycle_id
        WHERE s.region >= $1 AND s.region < $2 AND (s.payment IN ('failed', 'returned', 'sent_back')
            OR (s.payment = 'withdrawn' AND s.returned_idr > 0))
        GROUP BY ", missing!(), " HAVING SUM(s.lines) > 0 ORDER BY ", missing!());
    pub(crate) MISSING_ASSIGNED = "SELECT c.programme, c.period, l.payment, l.channel, COUNT(*),
            SUM(CASE WHEN l.payment = 'failed' THEN l.amount_idr ELSE l.returned_idr + l.unpaid_idr END)
        FROM assignment a JOIN payment_line l ON l.recipient = a.family_id
            JOIN payment_cycle c ON c.cycle_id = l.cycle_id
        WHERE a.user_id = $3 AND l.region >= $1 AND l.region < $2 AND (l.payment IN ('failed', 'returned', 'sent_back')
            OR (l.payment = 'withdrawn' AND l.returned_idr > 0))
        GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4";
    // What each family of a stretch is paid already, newest line last.
    pub(crate) PAID_AMONG = concat!(facts!(), "JOIN payment_cycle c ON c.cycle_id = l.cycle_id
        WHERE l.recipient >= $3 AND l.recipient <= $4 AND c.programme = $5 AND c.period = $6 AND l.live = 1
        ORDER BY l.recipient, l.line_id");

    // plans
    pub(crate) PLAN_ADD = "INSERT INTO payment_plan (plan_id, kind, programme, period, region, channel, causes, run, closing,
            state, cycle_id, lines, amount_idr, list_hash, made_at, made_by_id, made_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'proposed', $10, $11, $12, $13, $14, $15, $16)";
    pub(crate) PLAN = concat!("SELECT ", plan_columns!(), " FROM payment_plan WHERE plan_id = $1");
    pub(crate) PLANS = concat!("SELECT ", plan_columns!(), " FROM payment_plan
        WHERE plan_id < $1 ORDER BY plan_id DESC LIMIT $2");
    pub(crate) PLAN_DECIDED = "UPDATE payment_plan SET state = $2, decided_at = $3, decided_by = $4, note = $5
        WHERE plan_id = $1 AND state = 'proposed'";
    pub(crate) PLAN_LINES = concat!("SELECT ", line_columns!(), " FROM payment_plan_line p
        WHERE p.plan_id = $1 ORDER BY p.line_id");
    pub(crate) PLAN_LINES_PAGE = concat!("SELECT ", line_columns!(), " FROM payment_plan_line p
        WHERE p.region >= $1 AND p.region < $2
            AND ($3 = 0 OR p.recipient IN (SELECT family_id FROM assignment WHERE user_id = $3))
            AND p.plan_id = $4 AND p.line_id > $5 ORDER BY p.line_id LIMIT $6");
    pub(crate) PLAN_CAUSES = "SELECT cause, COUNT(*), SUM(amount_idr) FROM payment_plan_line p
        WHERE p.region >= $1 AND p.region < $2
            AND ($3 = 0 OR p.recipient IN (SELECT family_id FROM assignment WHERE user_id = $3))
            AND p.plan_id = $4 GROUP BY cause ORDER BY cause";
    pub(crate) PLAN_ENDED = "UPDATE payment_plan_line SET ended = 1 WHERE plan_id = $1";
    pub(crate) LINE_ENDED = "UPDATE payment_plan_line SET ended = 1 WHERE recipient = $1 AND line_id = $2";
    pub(crate) CYCLE_MADE = "UPDATE payment_cycle SET state = 'built', plan_id = $2, lines = $3, amount_idr = $4,
            last_line = first_line + $3 - CAST(1 AS BIGINT) WHERE cycle_id = $1";
    // What each chain of a plan has paid or may still pay, without the plan's own lines.
    pub(crate) CHAIN_SUMS = "SELECT p.root, p.entitled_idr, p.amount_idr,
            COALESCE((SELECT SUM(CASE WHEN r.eligibility = 'cancelled' AND r.payment = 'set' THEN 0
                ELSE r.amount_idr - r.returned_idr - r.unpaid_idr END)
            FROM payment_line r WHERE r.recipient = p.recipient AND (r.line_id = p.root
                OR r.line_id IN (SELECT q.line_id FROM payment_plan_line q
                    WHERE q.recipient = p.recipient AND q.root = p.root AND q.plan_id <> $1))), 0)
        FROM payment_plan_line p WHERE p.plan_id = $1";
    pub(crate) CHAIN = concat!("SELECT l.line_id, l.cycle_id, l.amount_idr, l.channel, l.payee_name, ", payment_now!(), ",
            l.eligibility, COALESCE(p.plan_id, 0), COALESCE(p.origin, 0), COALESCE(p.cause, ''),
            COALESCE(p.carrier, l.recipient)
        FROM payment_line l LEFT JOIN payment_order o ON o.order_id = l.order_id
            LEFT JOIN payment_plan_line p ON p.recipient = l.recipient AND p.line_id = l.line_id
        WHERE l.recipient = $1 AND (l.line_id = $2 OR p.root = $2) ORDER BY l.line_id LIMIT 100");
    pub(crate) ROOT_OF = "SELECT root, plan_id, origin FROM payment_plan_line WHERE recipient = $1 AND line_id = $2";
    pub(crate) PLAN_OF = "SELECT plan_id FROM payment_plan_line WHERE recipient = $1 AND origin = $2 AND ended = 0";
    pub(crate) CARRIED = "SELECT line_id FROM payment_plan_line
        WHERE carrier = $1 AND carrier <> recipient AND ended = 0 ORDER BY line_id DESC LIMIT 50";
    pub(crate) MEND = "INSERT INTO payment_mend (recipient, line_id, account, reason, at, actor)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (recipient, line_id) DO UPDATE SET account = excluded.account, reason = excluded.reason,
            at = excluded.at, actor = excluded.actor";

    // payees
    pub(crate) WATCH = "SELECT version, seq FROM payment_watch WHERE what = $1";
    pub(crate) WATCHED = "INSERT INTO payment_watch (what, version, seq) VALUES ($1, $2, $3)
        ON CONFLICT (what) DO UPDATE SET version = excluded.version, seq = excluded.seq";
    pub(crate) DEATH_ADD = "INSERT INTO payment_death (recipient, person, died_on, source, at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (recipient, person) DO NOTHING";
    pub(crate) DEATH_REFUTED = "UPDATE payment_death SET refuted = 1 WHERE recipient = $1 AND person = (
            SELECT l.payee FROM payment_line l WHERE l.recipient = $1 AND l.line_id = $2)";
    pub(crate) DEATH_OF = "SELECT d.died_on, d.source FROM payment_death d
        JOIN payment_line l ON l.recipient = d.recipient AND l.payee = d.person
        WHERE l.recipient = $1 AND l.line_id = $2 AND d.refuted = 0";
    pub(crate) LINES_OF_PAYEE = "SELECT l.line_id FROM payment_line l
        WHERE l.recipient = $1 AND l.payee = $2 AND l.payment = 'set' AND l.eligibility = 'eligible' ORDER BY l.line_id";
    pub(crate) PAYEE_LAST = "SELECT COALESCE(MAX(seq), 0) FROM payment_payee WHERE recipient = $1 AND line_id = $2";
    pub(crate) PAYEE_ADD = "INSERT INTO payment_payee (recipient, line_id, seq, kind, person, name, nik, carrier, region,
            relation, paper_kind, paper, paper_on, note, state, made_at, made_by_id, made_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 'proposed', $15, $16, $17)";
    pub(crate) PAYEES_OF = concat!("SELECT ", payee_columns!(), " FROM payment_payee y
        WHERE y.recipient = $1 AND y.line_id = $2 ORDER BY y.seq");
    pub(crate) PAYEES_WAITING = concat!("SELECT ", payee_columns!(), " FROM payment_payee y
            JOIN payment_line l ON l.recipient = y.recipient AND l.line_id = y.line_id
        WHERE l.region >= $1 AND l.region < $2
            AND ($3 = 0 OR l.recipient IN (SELECT family_id FROM assignment WHERE user_id = $3))
            AND y.state = 'proposed' ORDER BY y.made_at, y.line_id LIMIT 50");
    pub(crate) PAYEE_DECIDED = "UPDATE payment_payee SET state = $4, decided_at = $5, decided_by = $6
        WHERE recipient = $1 AND line_id = $2 AND seq = $3 AND state = 'proposed'";
    pub(crate) CARRIER_PAID = "SELECT COUNT(*) FROM payment_line l JOIN payment_cycle c ON c.cycle_id = l.cycle_id
        WHERE l.recipient = $1 AND c.programme = $2 AND c.period = $3 AND l.live = 1";
    pub(crate) PERSON_DEAD = "SELECT COUNT(*) FROM payment_death WHERE recipient IN ($1, $2) AND person = $3 AND refuted = 0";
    pub(crate) PAYEE_OF = "SELECT payee FROM payment_line WHERE recipient = $1 AND line_id = $2";
}
