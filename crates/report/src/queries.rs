//! SQL of this room: reads only. Regions are path ranges `$1 <= region < $2`; a caseload is the user in the
//! last place.

use store::sql;

sql! {
    pub(crate) CLOSING_LAST = "SELECT month, closing_date, families_hash, families, living, matched,
        ranked FROM closing
        ORDER BY month DESC LIMIT 1";
    pub(crate) FAMILIES_ASSIGNED = "SELECT f.region, f.size, f.decile FROM assignment a
        JOIN family f ON f.family_id = a.family_id
        WHERE a.user_id = $3 AND f.region >= $1 AND f.region < $2";
    pub(crate) REVIEW_OPEN = "SELECT COUNT(*) FROM (SELECT left_record FROM review_pair WHERE state = 0
        AND ((left_region >= $1 AND left_region < $2) OR (right_region >= $1
        AND right_region < $2)) LIMIT 10001) open";
    pub(crate) LISTS = "SELECT file_no, source, name, as_of, state, rows_read, rows_accepted,
        rows_rejected, findings
        FROM list_file ORDER BY file_no DESC LIMIT 200";
    pub(crate) LISTS_REJECTED = "SELECT COUNT(*), COALESCE(SUM(rows_rejected), 0) FROM list_file l
        WHERE state = 'received' AND rows_rejected > 0
        AND NOT EXISTS (SELECT 1 FROM list_file newer WHERE newer.source = l.source
        AND newer.state = 'received'
            AND newer.as_of > l.as_of)";
    pub(crate) LISTS_REFUSED = "SELECT COUNT(*), COALESCE(SUM(rows_read), 0) FROM list_file l
        WHERE state = 'refused'
        AND NOT EXISTS (SELECT 1 FROM list_file newer WHERE newer.source = l.source
        AND newer.state = 'received'
            AND newer.received_at > l.received_at)";
    pub(crate) REJECTS_HERE = "SELECT COUNT(*) FROM (SELECT seq FROM reject WHERE severity = 1
        AND region >= $1 AND region < $2 LIMIT 10001) here";
    pub(crate) RUNS = "SELECT run, programme, period, closing, dataset, dataset_hash, state, made_at,
        families, eligible, waiting,
        excluded, amount_idr FROM decision_run ORDER BY made_at DESC, run DESC LIMIT 200";
    /// By programme and version: which of them are approved as a list is in the policy pack.
    pub(crate) DRAFTS = "SELECT COUNT(*), COALESCE(SUM(d.amount_idr), 0), MIN(d.made_at), d.programme, d.version
        FROM decision_run d
        WHERE d.state = 'draft' AND d.made_by <> $1
        AND NOT EXISTS (SELECT 1 FROM decision_run o WHERE o.programme = d.programme AND o.period = d.period
            AND o.state = 'approved')
        GROUP BY d.programme, d.version";
    pub(crate) COUNTS_AT = "SELECT outcome, SUM(families), SUM(amount_idr) FROM decision_count
        WHERE run = $1 AND level = $2 AND region = $3 GROUP BY outcome";
    pub(crate) COUNTS_BELOW = "SELECT region, SUM(families) FROM decision_count
        WHERE run = $1 AND level = $2 AND region >= $3 AND region < $4 AND outcome IN (1, 3) GROUP BY region";
    pub(crate) CYCLES = "SELECT cycle_id, programme, period, run, list_hash, closing, made_at,
        amount_idr, plan_id FROM payment_cycle
        ORDER BY cycle_id DESC LIMIT 200";
    pub(crate) MONEY_BELOW = "SELECT substr(region, 1, CAST($4 AS INTEGER)), SUM(lines), SUM(amount_idr),
            SUM(CASE WHEN payment IN ('set', 'committed') THEN 0 ELSE amount_idr END), SUM(topped_up_idr), SUM(withdrawn_idr),
            SUM(returned_idr), SUM(unpaid_idr), SUM(CASE WHEN problem = '' THEN 0 ELSE lines END)
        FROM payment_summary WHERE cycle_id = $1 AND region >= $2 AND region < $3
            AND eligibility <> 'cancelled' GROUP BY 1";
    pub(crate) MONEY_ASSIGNED = "SELECT substr(l.region, 1, CAST($4 AS INTEGER)), COUNT(*), SUM(l.amount_idr),
            SUM(CASE WHEN l.payment = 'set' AND COALESCE(o.state, '') NOT IN ('disbursed', 'sent') THEN 0
                ELSE l.amount_idr END), SUM(l.topped_up_idr), SUM(l.withdrawn_idr),
            SUM(l.returned_idr), SUM(l.unpaid_idr), SUM(CASE WHEN l.problem IS NULL THEN 0 ELSE 1 END)
        FROM assignment a JOIN payment_line l ON l.recipient = a.family_id
            LEFT JOIN payment_order o ON o.order_id = l.order_id
        WHERE a.user_id = $5 AND l.cycle_id = $1 AND l.region >= $2 AND l.region < $3
            AND l.eligibility <> 'cancelled' GROUP BY 1";
    pub(crate) PROBLEMS = "SELECT COALESCE(SUM(lines), 0), COALESCE(SUM(amount_idr), 0) FROM payment_summary
        WHERE region >= $1 AND region < $2 AND eligibility <> 'cancelled'
            AND (problem <> '' OR account_state IN ('doubtful', 'failed'))";
    pub(crate) PROBLEMS_ASSIGNED = "SELECT COUNT(*), COALESCE(SUM(l.amount_idr), 0) FROM assignment a
        JOIN payment_line l ON l.recipient = a.family_id
        WHERE a.user_id = $3 AND l.region >= $1 AND l.region < $2 AND l.eligibility <> 'cancelled'
            AND (l.problem IS NOT NULL OR l.account_state IN ('doubtful', 'failed'))";
    pub(crate) ON_CARD = "SELECT s.cycle_id, SUM(s.lines),
        SUM(s.topped_up_idr - s.withdrawn_idr - s.returned_idr),
            (SELECT MAX(o.sent_at) FROM payment_order o WHERE o.cycle_id = s.cycle_id)
        FROM payment_summary s WHERE s.region >= $1 AND s.region < $2
            AND s.topped_up_idr > s.withdrawn_idr + s.returned_idr AND s.payment = 'topped_up'
        GROUP BY s.cycle_id ORDER BY s.cycle_id";
    pub(crate) ON_CARD_ASSIGNED = "SELECT l.cycle_id, COUNT(*),
        SUM(l.topped_up_idr - l.withdrawn_idr - l.returned_idr),
            (SELECT MAX(o.sent_at) FROM payment_order o WHERE o.cycle_id = l.cycle_id)
        FROM assignment a JOIN payment_line l ON l.recipient = a.family_id
        WHERE a.user_id = $3 AND l.region >= $1 AND l.region < $2
            AND l.topped_up_idr > l.withdrawn_idr + l.returned_idr AND l.payment = 'topped_up'
        GROUP BY l.cycle_id ORDER BY l.cycle_id";
    pub(crate) ORDERS_PROPOSED = "SELECT COUNT(*), COALESCE(SUM(amount_idr), 0), MIN(made_at)
        FROM payment_order
        WHERE state = 'proposed' AND list_hash <> '' AND made_by_id <> $1";
    pub(crate) ORDERS_APPROVED = "SELECT COUNT(*), COALESCE(SUM(amount_idr), 0), MIN(approved_at)
        FROM payment_order
        WHERE state IN ('approved', 'disbursed')";
    pub(crate) EXCEPTIONS_OPEN = "SELECT COUNT(*), COALESCE(SUM(amount_idr), 0), MIN(at)
        FROM payment_exception
        WHERE state = 'open' AND region >= $1 AND region < $2";
    // the desk's work list
    pub(crate) WORK_ORDERS_PROPOSED = "SELECT o.amount_idr, o.made_at FROM payment_order o
        WHERE o.state = 'proposed' AND o.list_hash <> '' AND o.made_by_id <> $1
            AND NOT EXISTS (SELECT 1 FROM payment_approval a WHERE a.order_id = o.order_id AND a.user_id = $1)
        ORDER BY o.made_at, o.order_id LIMIT $2";
    pub(crate) WORK_PLANS = "SELECT COUNT(*), CAST(COALESCE(SUM(amount_idr), 0) AS BIGINT), MIN(made_at)
        FROM payment_plan WHERE state = 'proposed' AND made_by_id <> $1";
    pub(crate) WORK_PAYEES = "SELECT COUNT(*), MIN(made_at) FROM payment_payee
        WHERE state = 'proposed' AND made_by_id <> $1";
    pub(crate) WORK_RELEASES = "SELECT COUNT(*), MIN(asked_at) FROM release_request
        WHERE state = 'asked' AND asker_id <> $1";
    pub(crate) WORK_LISTS = "SELECT r.programme, r.closing, r.amount_idr, r.approved_at FROM decision_run r
        WHERE r.state = 'approved' AND r.amount_idr > 0 AND NOT EXISTS (SELECT 1 FROM payment_cycle c
            WHERE c.programme = r.programme AND c.period = r.period AND c.run = r.run)
        ORDER BY r.approved_at, r.run LIMIT $1";
    pub(crate) WORK_ORDERS = "SELECT COUNT(*), CAST(COALESCE(SUM(amount_idr), 0) AS BIGINT),
            MIN(COALESCE(disbursed_at, approved_at)) FROM payment_order WHERE state = $1";
    pub(crate) WORK_CHECKS = "SELECT COUNT(*), MIN(f.at) FROM channel_file f
        WHERE f.direction = 'out' AND f.state = 'written' AND f.kind = 'account_check_request' AND f.at < $1
            AND f.cycle_id IN (SELECT s.cycle_id FROM payment_summary s
                WHERE s.account_state = 'asked' AND s.lines <> 0)";
    pub(crate) WORK_ANSWERS = "SELECT COUNT(DISTINCT s.order_id), CAST(COALESCE(SUM(s.amount_idr), 0) AS BIGINT),
            MIN(o.sent_at) FROM payment_summary s JOIN payment_order o ON o.order_id = s.order_id
        WHERE s.payment = 'instructed' AND s.lines <> 0 AND o.sent_at < $1";
    pub(crate) WORK_TROUBLES = "SELECT l.problem, COUNT(*), CAST(SUM(l.amount_idr) AS BIGINT), MIN(l.changed_at)
        FROM payment_line l WHERE l.problem IS NOT NULL AND l.region >= $1 AND l.region < $2
            AND (CAST($3 AS BIGINT) = 0 OR l.recipient IN (SELECT family_id FROM assignment WHERE user_id = $3))
        GROUP BY l.problem ORDER BY l.problem";
    pub(crate) WORK_WITHHELD = "SELECT COUNT(DISTINCT s.order_id), CAST(COALESCE(SUM(s.amount_idr), 0) AS BIGINT),
            MIN(o.disbursed_at) FROM payment_summary s JOIN payment_order o ON o.order_id = s.order_id
        WHERE s.eligibility = 'held' AND s.payment = 'ordered' AND s.lines <> 0 AND o.state = 'sent'";
    pub(crate) WORK_RESTING = "SELECT s.channel, o.sent_at, CAST(SUM(s.lines) AS BIGINT),
            CAST(SUM(s.topped_up_idr - s.withdrawn_idr - s.returned_idr) AS BIGINT)
        FROM payment_summary s JOIN payment_order o ON o.order_id = s.order_id
        WHERE s.region >= $1 AND s.region < $2 AND s.payment = 'topped_up' AND o.sent_at IS NOT NULL AND s.lines > 0
        GROUP BY s.channel, o.sent_at ORDER BY s.channel, o.sent_at";
    pub(crate) WORK_CARDS = "SELECT COUNT(*), MIN(c.since) FROM card c
        WHERE c.stage = 'waiting' AND c.region >= $1 AND c.region < $2
            AND (CAST($3 AS BIGINT) = 0 OR c.recipient IN (SELECT family_id FROM assignment WHERE user_id = $3))";
    pub(crate) WORK_SAMPLES = "SELECT COUNT(*), MIN(p.made_at) FROM payment_sample_line l
            JOIN payment_sample p ON p.sample_id = l.sample_id
        WHERE l.answer = '' AND l.region >= $1 AND l.region < $2
            AND (CAST($3 AS BIGINT) = 0 OR l.recipient IN (SELECT family_id FROM assignment WHERE user_id = $3))";
    pub(crate) WORK_ACTS = "SELECT COUNT(*), MIN(made_at) FROM payment_bulk WHERE state = 'open' AND actor_id = $1";
    pub(crate) WORK_FETCHES = "SELECT COUNT(*), MIN(decided_at) FROM release_request
        WHERE state = 'released' AND asker_id = $1 AND expires_at > $2 AND fetches < fetches_max";
    pub(crate) CASES = "SELECT COUNT(*), COALESCE(SUM(CASE WHEN t.step_due_on < $4 THEN 1 ELSE 0 END), 0),
        MIN(t.step_due_on)
        FROM case_task t WHERE t.role = $1 AND t.region >= $2 AND t.region < $3
            AND (CAST($5 AS BIGINT) = 0
                OR EXISTS (SELECT 1 FROM assignment m WHERE m.user_id = $5 AND m.family_id = t.family_id))
            AND (t.own = 1 OR NOT EXISTS (SELECT 1 FROM assignment o WHERE o.family_id = t.family_id))";
    pub(crate) JOBS_FAILED = "SELECT COUNT(*), COALESCE(MIN(changed_at), 0) FROM job WHERE state = 'failed'";
    pub(crate) STATUS_COUNTS = "SELECT (SELECT COUNT(*) FROM person), (SELECT COUNT(*) FROM family),
        (SELECT COUNT(*) FROM review_pair WHERE state = 0), (SELECT COUNT(*) FROM link_decision
        WHERE undone_at IS NULL),
        (SELECT COUNT(*) FROM region), (SELECT COUNT(*) FROM user_account WHERE closed_at IS NULL),
        (SELECT COUNT(*) FROM job WHERE state = 'running'), (SELECT COUNT(*) FROM job WHERE state = 'failed'),
        (SELECT COUNT(*) FROM payment_exception WHERE state = 'open')";
    pub(crate) CLOSINGS = "SELECT month FROM closing ORDER BY month DESC LIMIT 24";
    pub(crate) HANDOVERS = "SELECT h.programme, COUNT(*), COUNT(DISTINCT COALESCE(a.new_id, h.person_id)),
        SUM(h.value_idr) FROM handover h
        LEFT JOIN person_alias a ON a.old_id = h.person_id
        LEFT JOIN person p ON p.person_id = COALESCE(a.new_id, h.person_id)
        WHERE COALESCE(p.region, h.region) >= $1 AND COALESCE(p.region, h.region) < $2
            AND h.given_on >= $3 AND h.given_on < $4 AND (CAST($5 AS BIGINT) = 0 OR EXISTS
                (SELECT 1 FROM assignment m WHERE m.family_id = p.family_id AND m.user_id = $5))
        GROUP BY h.programme ORDER BY h.programme";
    pub(crate) HANDOVER_PEOPLE = "SELECT COUNT(DISTINCT COALESCE(a.new_id, h.person_id)) FROM handover h
        LEFT JOIN person_alias a ON a.old_id = h.person_id
        LEFT JOIN person p ON p.person_id = COALESCE(a.new_id, h.person_id)
        WHERE COALESCE(p.region, h.region) >= $1 AND COALESCE(p.region, h.region) < $2
            AND h.given_on >= $3 AND h.given_on < $4 AND (CAST($5 AS BIGINT) = 0 OR EXISTS
                (SELECT 1 FROM assignment m WHERE m.family_id = p.family_id AND m.user_id = $5))";
    pub(crate) HANDOVER_YEARS =
        "SELECT DISTINCT substr(given_on, 1, 4) FROM handover ORDER BY 1 LIMIT 200";
    pub(crate) MONEY_YEARS = "SELECT DISTINCT substr(period, 1, 4) FROM payment_cycle
        UNION SELECT DISTINCT substr(given_on, 1, 4) FROM handover
        UNION SELECT DISTINCT substr(period, 1, 4) FROM decision_run WHERE state = 'approved'";
    pub(crate) APPROVED_OF_YEAR = "SELECT run, programme, period, closing, dataset, dataset_hash, state
        FROM decision_run WHERE state = 'approved' AND substr(period, 1, 4) = $1
        ORDER BY programme, period_to DESC, period DESC LIMIT 1000";
    pub(crate) MONEY_OF_YEAR = "SELECT c.programme, SUM(s.topped_up_idr), SUM(s.returned_idr)
        FROM payment_cycle c JOIN payment_summary s ON s.cycle_id = c.cycle_id
        WHERE substr(c.period, 1, 4) = $1 AND s.region >= $2 AND s.region < $3
            AND s.eligibility <> 'cancelled' GROUP BY c.programme ORDER BY c.programme";
}
