//! SQL of this room. `$…` in the order: territory range from, to, caseload.

use store::sql;

sql! {
    pub(crate) CASE_ADD = "INSERT INTO case_file (family_id, case_id, workflow, person_id, line_id, subject, title, region,
        state, open, opened_on, due_on, step_due_on, stopped_days, stopped_since, answers, last_actor, rev, root_id, parent_id,
        clock_on, clock_of, opened_by, accused, lateness)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10, $11, $12, $13, $14, $15, $16, 1, $17, $18, $19, $20, $16, $21, 0)
        ON CONFLICT DO NOTHING";
    pub(crate) CASE_OPEN_FOR = "SELECT case_id FROM case_file
        WHERE family_id = $1 AND workflow = $2 AND subject = $3 AND open = 1";
    pub(crate) CASE_GET = "SELECT c.family_id, c.case_id, c.workflow, c.person_id, c.line_id, c.title, c.region, c.state,
        c.open, c.opened_on, c.due_on, c.step_due_on, c.stopped_days, c.stopped_since, c.clock_on, c.clock_of, c.accused,
        c.root_id, c.parent_id, c.answers, c.last_actor, c.rev, c.opened_by
        FROM case_file c
        WHERE c.case_id = $1 AND c.region >= $2 AND c.region < $3
        AND ($4 = 0 OR c.family_id = 0 OR c.family_id IN (SELECT family_id FROM assignment WHERE user_id = $4))";
    pub(crate) CASE_STEP = "UPDATE case_file SET state = $4, open = $5, due_on = $6, step_due_on = $7, stopped_days = $8,
        stopped_since = $9, closed_on = $10, counts = $11, answers = $12, last_actor = $13, accused = $14, lateness = 0,
        rev = rev + 1
        WHERE family_id = $1 AND case_id = $2 AND rev = $3";
    pub(crate) CASE_ROOT = "UPDATE case_file SET root_id = case_id WHERE family_id = $1 AND case_id = $2 AND root_id IS NULL";
    pub(crate) FAMILY_OF_CASE = "UPDATE case_file SET family_id = $1, rev = rev + 1
        WHERE family_id = 0 AND case_id = $2 AND rev = $3";
    pub(crate) FAMILY_OF_EVENTS = "UPDATE case_event SET family_id = $1 WHERE family_id = 0 AND case_id = $2";
    pub(crate) FAMILY_OF_TASKS = "UPDATE case_task SET family_id = $1 WHERE family_id = 0 AND case_id = $2";
    pub(crate) FAMILY_OF_TICKET = "UPDATE case_ticket SET family_id = $1 WHERE family_id = 0 AND case_id = $2";
    pub(crate) TREE = "SELECT c.family_id, c.case_id, c.workflow, c.person_id, c.line_id, c.title, c.region, c.state,
        c.open, c.opened_on, c.due_on, c.step_due_on, c.stopped_days, c.stopped_since, c.clock_on, c.clock_of, c.accused, c.parent_id
        FROM case_file c WHERE c.root_id = $1 ORDER BY c.case_id LIMIT 200";
    pub(crate) TREE_CLOCK = "UPDATE case_file SET stopped_days = $2, stopped_since = $3, due_on = $4
        WHERE root_id = $1 AND open = 1 AND case_id <> $5 AND clock_of = $6 AND clock_on = $7";
    pub(crate) EVENT_ADD = "INSERT INTO case_event (family_id, case_id, seq, at, actor_id, actor, role, action, from_state,
        to_state, answers) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    pub(crate) EVENTS = "SELECT seq, at, actor, role, action, from_state, to_state, answers, actor_id FROM case_event
        WHERE family_id = $1 AND case_id = $2 AND at < $3 ORDER BY seq LIMIT 500";
    pub(crate) EVENTS_SINCE = "SELECT action, actor_id, from_state, to_state, answers FROM case_event
        WHERE family_id = $1 AND case_id = $2 AND seq > $3 ORDER BY seq LIMIT 100";
    pub(crate) ACTORS = "SELECT DISTINCT action, actor_id FROM case_event WHERE family_id = $1 AND case_id = $2";
    pub(crate) TASKS_CLEAR = "DELETE FROM case_task WHERE family_id = $1 AND case_id = $2";
    pub(crate) TASK_ADD = "INSERT INTO case_task (family_id, case_id, role, own, step_due_on, region, watch, workflow)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING";
    pub(crate) TASKS_WIDE = "SELECT c.family_id, c.case_id, c.workflow, c.person_id, c.line_id, c.title, c.region, c.state,
        c.open, c.opened_on, c.due_on, c.step_due_on, c.stopped_days, c.stopped_since, c.clock_on, c.clock_of, c.accused, t.watch
        FROM case_task t JOIN case_file c ON c.family_id = t.family_id AND c.case_id = t.case_id
        WHERE t.role = $1 AND (t.step_due_on, t.case_id) > ($2, $3)
        AND t.region >= $4 AND t.region < $5
        AND ($6 = 0 OR t.family_id = 0 OR t.family_id IN (SELECT family_id FROM assignment WHERE user_id = $6))
        AND (t.own = 1 OR NOT EXISTS (SELECT 1 FROM assignment a WHERE a.family_id = t.family_id))
        AND ($8 = '' OR t.workflow = $8) AND t.step_due_on < $9
        ORDER BY t.step_due_on, t.case_id LIMIT $7";
    pub(crate) TASKS_NEAR = "SELECT c.family_id, c.case_id, c.workflow, c.person_id, c.line_id, c.title, c.region, c.state,
        c.open, c.opened_on, c.due_on, c.step_due_on, c.stopped_days, c.stopped_since, c.clock_on, c.clock_of, c.accused, t.watch
        FROM case_task t JOIN case_file c ON c.family_id = t.family_id AND c.case_id = t.case_id
        WHERE t.role = $1 AND (t.step_due_on || '', t.case_id) > ($2, $3)
        AND t.region >= $4 AND t.region < $5
        AND ($6 = 0 OR t.family_id = 0 OR t.family_id IN (SELECT family_id FROM assignment WHERE user_id = $6))
        AND (t.own = 1 OR NOT EXISTS (SELECT 1 FROM assignment a WHERE a.family_id = t.family_id))
        AND ($8 = '' OR t.workflow = $8) AND t.step_due_on < $9
        ORDER BY t.step_due_on || '', t.case_id LIMIT $7";
    pub(crate) TASK_COUNTS = "SELECT (SELECT COUNT(*) FROM (SELECT 1 AS one FROM case_task t WHERE t.role = $1 AND t.region >= $3 AND t.region < $4
            AND ($5 = 0 OR t.family_id = 0 OR t.family_id IN (SELECT family_id FROM assignment WHERE user_id = $5))
            AND (t.own = 1 OR NOT EXISTS (SELECT 1 FROM assignment a WHERE a.family_id = t.family_id)) LIMIT $6) a),
        (SELECT COUNT(*) FROM (SELECT 1 AS one FROM case_task t WHERE t.role = $1 AND t.region >= $3 AND t.region < $4
            AND t.step_due_on < $2 AND ($5 = 0 OR t.family_id = 0 OR t.family_id IN (SELECT family_id FROM assignment WHERE user_id = $5))
            AND (t.own = 1 OR NOT EXISTS (SELECT 1 FROM assignment a WHERE a.family_id = t.family_id)) LIMIT $6) l),
        (SELECT COUNT(*) FROM (SELECT 1 AS one FROM case_task t WHERE t.role = $1 AND t.region >= $3 AND t.region < $4
            AND t.step_due_on = $2 AND ($5 = 0 OR t.family_id = 0 OR t.family_id IN (SELECT family_id FROM assignment WHERE user_id = $5))
            AND (t.own = 1 OR NOT EXISTS (SELECT 1 FROM assignment a WHERE a.family_id = t.family_id)) LIMIT $6) n)";
    pub(crate) FAMILY_CASES = "SELECT c.family_id, c.case_id, c.workflow, c.person_id, c.line_id, c.title, c.region, c.state,
        c.open, c.opened_on, c.due_on, c.step_due_on, c.stopped_days, c.stopped_since, c.clock_on, c.clock_of, c.accused
        FROM case_file c
        WHERE c.family_id = $1 AND c.region >= $2 AND c.region < $3
        AND ($4 = 0 OR c.family_id IN (SELECT family_id FROM assignment WHERE user_id = $4))
        ORDER BY c.open DESC, c.case_id DESC LIMIT 200";
    pub(crate) LINE_CASES = "SELECT c.family_id, c.case_id, c.workflow, c.person_id, c.line_id, c.title, c.region, c.state,
        c.open, c.opened_on, c.due_on, c.step_due_on, c.stopped_days, c.stopped_since, c.clock_on, c.clock_of, c.accused
        FROM case_file c
        WHERE c.line_id = $1 AND c.region >= $2 AND c.region < $3
        AND ($4 = 0 OR c.family_id IN (SELECT family_id FROM assignment WHERE user_id = $4))
        ORDER BY c.case_id DESC LIMIT 200";
    pub(crate) OPEN_FAMILIES = "SELECT DISTINCT family_id FROM case_file
        WHERE family_id > $1 AND family_id > 0 AND open = 1 AND region >= $2 AND region < $3
        AND ($4 = 0 OR family_id IN (SELECT family_id FROM assignment WHERE user_id = $4))
        AND ($6 = '' OR workflow = $6)
        ORDER BY family_id LIMIT $5";
    pub(crate) STATES = "SELECT workflow, state, COUNT(*), COUNT(*) FILTER (WHERE step_due_on < $4) FROM case_file
        WHERE open = 1 AND region >= $1 AND region < $2 AND accused <> $5
        AND ($3 = 0 OR family_id = 0 OR family_id IN (SELECT family_id FROM assignment WHERE user_id = $3))
        GROUP BY workflow, state ORDER BY workflow, state";
    pub(crate) STATES_AT_NIGHT = "SELECT workflow, state, SUM(open), SUM(late) FROM case_count
        WHERE district >= $1 AND district < $2 GROUP BY workflow, state ORDER BY workflow, state";
    pub(crate) BOARD_COUNT = "SELECT
        (SELECT COUNT(*) FROM (SELECT 1 AS one FROM case_file c WHERE c.workflow = $1 AND c.state = $2 AND c.open = 1
            AND c.region >= $5 AND c.region < $6 AND ($4 = 0 OR c.family_id = 0 OR c.family_id IN (SELECT family_id FROM assignment WHERE user_id = $4)) AND c.accused <> $8 LIMIT $7) a),
        (SELECT COUNT(*) FROM (SELECT 1 AS one FROM case_file c WHERE c.workflow = $1 AND c.state = $2 AND c.open = 1
            AND c.step_due_on < $3
            AND c.region >= $5 AND c.region < $6 AND ($4 = 0 OR c.family_id = 0 OR c.family_id IN (SELECT family_id FROM assignment WHERE user_id = $4)) AND c.accused <> $8 LIMIT $7) l)";
    pub(crate) BOARD_ROWS = "SELECT c.family_id, c.case_id, c.workflow, c.person_id, c.line_id, c.title, c.region, c.state,
        c.open, c.opened_on, c.due_on, c.step_due_on, c.stopped_days, c.stopped_since, c.clock_on, c.clock_of, c.accused
        FROM case_file c WHERE c.workflow = $1 AND c.state = $2 AND c.open = 1
        AND (c.step_due_on, c.case_id) > ($3, $7)
        AND c.region >= $5 AND c.region < $6 AND ($4 = 0 OR c.family_id = 0 OR c.family_id IN (SELECT family_id FROM assignment WHERE user_id = $4)) AND c.accused <> $8
        ORDER BY c.step_due_on, c.case_id LIMIT $9";
    pub(crate) LATE = "SELECT family_id, case_id, state, step_due_on, region, rev, accused, lateness FROM case_file
        WHERE workflow = $1 AND open = 1 AND lateness = $2 AND (step_due_on, case_id) > ($3, $4) AND step_due_on <= $5
        ORDER BY step_due_on, case_id LIMIT $6";
    pub(crate) LATE_TOLD = "UPDATE case_file SET lateness = $4, rev = rev + 1 WHERE family_id = $1 AND case_id = $2 AND rev = $3";
    pub(crate) TIMED = "SELECT case_id, rev FROM case_file
        WHERE workflow = $1 AND state = $2 AND open = 1 AND step_due_on < $3 AND case_id > $4
        ORDER BY case_id LIMIT $5";
    pub(crate) COUNTS_CLEAR = "DELETE FROM case_count WHERE district <> '-'";
    pub(crate) COUNTS_SET = "INSERT INTO case_count (district, workflow, state, open, late)
        SELECT substr(region, 1, 5), workflow, state, COUNT(*), COUNT(*) FILTER (WHERE step_due_on < $1)
        FROM case_file WHERE open = 1 GROUP BY substr(region, 1, 5), workflow, state";
    pub(crate) SWEEP_ADD = "INSERT INTO case_sweep (sweep_no, on_day, at, told, timed) VALUES ($1, $2, $3, $4, $5)";
    pub(crate) SWEEP_LAST = "SELECT on_day, at FROM case_sweep ORDER BY sweep_no DESC LIMIT 1";
    pub(crate) TICKET_ADD = "INSERT INTO case_ticket (ticket, secret_hash, family_id, case_id, made_at, failures)
        VALUES ($1, $2, $3, $4, $5, 0)";
    pub(crate) TICKET_GET = "SELECT secret_hash, case_id, failures FROM case_ticket WHERE ticket = $1";
    pub(crate) TICKET_FAILURES = "UPDATE case_ticket SET failures = $2 WHERE ticket = $1";
    pub(crate) IN_CASELOAD = "SELECT COUNT(*) FROM assignment WHERE family_id = $1 AND user_id = $2";
    pub(crate) MOVED = "UPDATE case_file SET region = $2 WHERE family_id = $1 AND open = 1";
    pub(crate) MOVED_TASKS = "UPDATE case_task SET region = $2 WHERE family_id = $1";
    pub(crate) CASELOADS = "SELECT u.user_id, u.name, u.region,
        (SELECT COUNT(*) FROM assignment a WHERE a.user_id = u.user_id),
        (SELECT COUNT(*) FROM case_file c JOIN assignment a ON a.family_id = c.family_id
            WHERE a.user_id = u.user_id AND c.open = 1),
        (SELECT COUNT(*) FROM case_file c JOIN assignment a ON a.family_id = c.family_id
            WHERE a.user_id = u.user_id AND c.open = 1 AND c.due_on < $4),
        (SELECT COUNT(*) FROM case_file c JOIN assignment a ON a.family_id = c.family_id
            WHERE a.user_id = u.user_id AND c.open = 0 AND c.counts = $5 AND c.closed_on >= $6 AND c.closed_on < $7)
        FROM user_account u
        WHERE u.closed_at IS NULL AND u.region >= $1 AND u.region < $2 AND ($3 = 0 OR u.user_id = $3)
        AND EXISTS (SELECT 1 FROM assignment a WHERE a.user_id = u.user_id)
        AND u.user_id > $8 ORDER BY u.user_id LIMIT $9";
    pub(crate) HANDOVER_UNKNOWN = "SELECT s.line, s.person_id FROM handover_stage s
        LEFT JOIN person_alias a ON a.old_id = s.person_id
        LEFT JOIN person p ON p.person_id = COALESCE(a.new_id, s.person_id)
        WHERE s.import_no = $1 AND (p.person_id IS NULL OR p.region < $2 OR p.region >= $3
        OR (CAST($4 AS BIGINT) <> 0 AND NOT EXISTS
            (SELECT 1 FROM assignment m WHERE m.family_id = p.family_id AND m.user_id = $4)))
        ORDER BY s.line LIMIT $5";
    pub(crate) HANDOVER_OTHER_VALUE = "SELECT s.line, h.value_idr FROM handover_stage s
        JOIN handover h ON h.person_id = s.person_id AND h.programme = s.programme AND h.item = s.item
            AND h.given_on = s.given_on AND h.document = s.document
        WHERE s.import_no = $1 AND h.value_idr <> s.value_idr ORDER BY s.line LIMIT $2";
    pub(crate) HANDOVER_TAKE = "INSERT INTO handover (person_id, programme, item, given_on, document, value_idr, region,
            import_no)
        SELECT s.person_id, s.programme, s.item, s.given_on, s.document, s.value_idr, p.region, s.import_no
        FROM handover_stage s LEFT JOIN person_alias a ON a.old_id = s.person_id
        JOIN person p ON p.person_id = COALESCE(a.new_id, s.person_id)
        WHERE s.import_no = $1 ON CONFLICT DO NOTHING";
    pub(crate) HANDOVERS_OF = "SELECT h.person_id, h.programme, h.item, h.given_on, h.document, h.value_idr,
        COALESCE(a.new_id, h.person_id), p.name, p.family_id, COALESCE(p.region, h.region)
        FROM handover h LEFT JOIN person_alias a ON a.old_id = h.person_id
        LEFT JOIN person p ON p.person_id = COALESCE(a.new_id, h.person_id)
        WHERE COALESCE(p.region, h.region) >= $1 AND COALESCE(p.region, h.region) < $2
        AND (CAST($3 AS BIGINT) = 0 OR EXISTS
            (SELECT 1 FROM assignment m WHERE m.family_id = p.family_id AND m.user_id = $3))
        AND h.given_on >= $4 AND h.given_on < $5 AND ($6 = '' OR h.programme = $6)
        AND (h.person_id, h.programme, h.item, h.given_on, h.document) > ($7, $8, $9, $10, $11)
        ORDER BY h.person_id, h.programme, h.item, h.given_on, h.document LIMIT $12";
    pub(crate) HANDOVER_STAGE_CLEAR = "DELETE FROM handover_stage WHERE import_no = $1";
}
