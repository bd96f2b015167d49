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
    // By workflow, so that each counts once however many a family has.
    pub(crate) SPARED_BY = "SELECT workflow, open FROM case_file
        WHERE family_id = $1 AND (open = 1 OR (workflow = $2 AND closed_on > $3))
        GROUP BY workflow, open ORDER BY workflow, open DESC";
    // A person who was merged is shown, and acted on, by the number of now.
    pub(crate) CASE_GET = "SELECT c.family_id, c.case_id, c.workflow, COALESCE(l.new_id, c.person_id), c.line_id, c.title,
            c.region, c.state,
        c.open, c.opened_on, c.due_on, c.step_due_on, c.stopped_days, c.stopped_since, c.clock_on, c.clock_of, c.accused,
        c.root_id, c.parent_id, c.answers, c.last_actor, c.rev, c.opened_by
        FROM case_file c LEFT JOIN person_alias l ON l.old_id = c.person_id
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
    pub(crate) FAMILY_OF_FILES = "UPDATE case_attachment SET family_id = $1 WHERE family_id = 0 AND case_id = $2";
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
    // A list is chosen and cut within an index, and only then are its cases read. Of the nation, in the order of days; of a district or
    // village, all tasks of the place; of a caseload, those of its families and of the place where no family is meant. An expression such
    // as `step_due_on || ''` says which index is not to be taken.
    pub(crate) TASKS_WIDE = "SELECT c.family_id, c.case_id, c.workflow, c.person_id, c.line_id, c.title, c.region, c.state,
        c.open, c.opened_on, c.due_on, c.step_due_on, c.stopped_days, c.stopped_since, c.clock_on, c.clock_of, c.accused, t.watch
        FROM (SELECT t.family_id, t.case_id, t.step_due_on, t.watch FROM case_task t
            WHERE t.role = $1 AND (t.step_due_on, t.case_id) > ($2, $3) AND t.step_due_on < $8
            AND (t.region || '') >= $4 AND (t.region || '') < $5 AND ($6 = '' OR t.workflow = $6)
            AND (t.own = 1 OR NOT EXISTS (SELECT 1 FROM assignment a WHERE a.family_id = t.family_id))
            AND ($9 = 0 OR NOT EXISTS (SELECT 1 FROM case_assignee g WHERE g.family_id = t.family_id AND g.case_id = t.case_id))
            ORDER BY t.step_due_on, t.case_id LIMIT $7) t
        JOIN case_file c ON c.family_id = t.family_id AND c.case_id = t.case_id
        ORDER BY t.step_due_on, t.case_id";
    pub(crate) TASKS_NEAR = "SELECT c.family_id, c.case_id, c.workflow, c.person_id, c.line_id, c.title, c.region, c.state,
        c.open, c.opened_on, c.due_on, c.step_due_on, c.stopped_days, c.stopped_since, c.clock_on, c.clock_of, c.accused, t.watch
        FROM (SELECT t.family_id, t.case_id, t.step_due_on, t.watch FROM case_task t
            WHERE t.role = $1 AND t.region >= $4 AND t.region < $5 AND (t.step_due_on || '', t.case_id) > ($2, $3)
            AND (t.step_due_on || '') < $8 AND ($6 = '' OR t.workflow = $6) AND (t.own = 1 OR NOT EXISTS (SELECT 1
            FROM assignment a WHERE a.family_id = t.family_id))
            AND ($9 = 0 OR NOT EXISTS (SELECT 1 FROM case_assignee g WHERE g.family_id = t.family_id AND g.case_id = t.case_id))
            ORDER BY t.step_due_on, t.case_id LIMIT $7) t
        JOIN case_file c ON c.family_id = t.family_id AND c.case_id = t.case_id
        ORDER BY t.step_due_on, t.case_id";
    pub(crate) TASKS_OWN = "SELECT c.family_id, c.case_id, c.workflow, c.person_id, c.line_id, c.title, c.region, c.state,
        c.open, c.opened_on, c.due_on, c.step_due_on, c.stopped_days, c.stopped_since, c.clock_on, c.clock_of, c.accused, t.watch
        FROM (SELECT t.family_id, t.case_id, t.step_due_on, t.watch FROM (
                SELECT t.family_id, t.case_id, t.step_due_on, t.watch, t.region, t.own, t.workflow
                FROM assignment a JOIN case_task t ON t.family_id = a.family_id WHERE a.user_id = $10 AND (t.role || '') = $1
                UNION ALL
                SELECT t.family_id, t.case_id, t.step_due_on, t.watch, t.region, t.own, t.workflow
                FROM case_task t WHERE (t.family_id + 0) = 0 AND t.role = $1 AND t.region >= $4 AND t.region < $5) t
            WHERE t.region >= $4 AND t.region < $5 AND (t.step_due_on || '', t.case_id) > ($2, $3)
            AND (t.step_due_on || '') < $8 AND ($6 = '' OR t.workflow = $6) AND (t.own = 1 OR NOT EXISTS (SELECT 1
            FROM assignment a WHERE a.family_id = t.family_id))
            AND ($9 = 0 OR NOT EXISTS (SELECT 1 FROM case_assignee g WHERE g.family_id = t.family_id AND g.case_id = t.case_id))
            ORDER BY t.step_due_on || '', t.case_id LIMIT $7) t
        JOIN case_file c ON c.family_id = t.family_id AND c.case_id = t.case_id
        ORDER BY t.step_due_on, t.case_id";
    // What one person works: by the cases that were given, of them those whose next step is the role's.
    pub(crate) TASKS_MINE = "SELECT c.family_id, c.case_id, c.workflow, c.person_id, c.line_id, c.title, c.region, c.state,
        c.open, c.opened_on, c.due_on, c.step_due_on, c.stopped_days, c.stopped_since, c.clock_on, c.clock_of, c.accused, t.watch
        FROM case_assignee g JOIN case_task t ON t.family_id = g.family_id AND t.case_id = g.case_id
        JOIN case_file c ON c.family_id = t.family_id AND c.case_id = t.case_id
        WHERE g.user_id = $9 AND t.role = $1 AND t.region >= $4 AND t.region < $5 AND (t.step_due_on, t.case_id) > ($2, $3)
        AND t.step_due_on < $8 AND ($6 = '' OR t.workflow = $6)
        AND ($10 = 0 OR t.family_id = 0 OR t.family_id IN (SELECT family_id FROM assignment WHERE user_id = $10))
        ORDER BY t.step_due_on, t.case_id LIMIT $7";
    pub(crate) ASSIGNEE = "SELECT u.user_id, u.name FROM case_assignee g JOIN user_account u ON u.user_id = g.user_id
        WHERE g.family_id = $1 AND g.case_id = $2";
    pub(crate) ASSIGN = "INSERT INTO case_assignee (family_id, case_id, user_id) VALUES ($1, $2, $3)
        ON CONFLICT (family_id, case_id) DO UPDATE SET user_id = excluded.user_id";
    pub(crate) UNASSIGN = "DELETE FROM case_assignee WHERE family_id = $1 AND case_id = $2";
    pub(crate) ASSIGNED_NOW = "UPDATE case_file SET rev = rev + 1 WHERE family_id = $1 AND case_id = $2 AND rev = $3";
    pub(crate) PERSON_AT_WORK = "SELECT user_id, name, role, region FROM user_account WHERE user_id = $1 AND closed_at IS NULL";
    // Whose territory holds a place ($1 to $5: the place and all above it), nearest first; or, for a list, who is within it ($6, $7) too.
    pub(crate) PEOPLE_OF = "SELECT user_id, name, role, region FROM user_account
        WHERE closed_at IS NULL AND (region IN ($1, $2, $3, $4, $5) OR (region >= $6 AND region < $7))
        ORDER BY region DESC, user_id LIMIT $8";
    pub(crate) REFILE_ASSIGNEE = "UPDATE case_assignee SET family_id = $3 WHERE family_id = $1 AND case_id = $2";
    pub(crate) FAMILY_OF_ASSIGNEE = "UPDATE case_assignee SET family_id = $1 WHERE family_id = 0 AND case_id = $2";
    pub(crate) TASK_COUNTS_WIDE = "SELECT (SELECT COUNT(*) FROM (SELECT 1 AS one FROM case_task t WHERE t.role = $1
            AND (t.region || '') >= $3 AND (t.region || '') < $4 AND (t.own = 1 OR NOT EXISTS (SELECT 1 FROM assignment a
            WHERE a.family_id = t.family_id)) LIMIT $5) a),
        (SELECT COUNT(*) FROM (SELECT 1 AS one FROM case_task t WHERE t.role = $1 AND t.step_due_on < $2
            AND (t.region || '') >= $3 AND (t.region || '') < $4 AND (t.own = 1 OR NOT EXISTS (SELECT 1 FROM assignment a
            WHERE a.family_id = t.family_id)) LIMIT $5) l),
        (SELECT COUNT(*) FROM (SELECT 1 AS one FROM case_task t WHERE t.role = $1 AND t.step_due_on = $2
            AND (t.region || '') >= $3 AND (t.region || '') < $4 AND (t.own = 1 OR NOT EXISTS (SELECT 1 FROM assignment a
            WHERE a.family_id = t.family_id)) LIMIT $5) n)";
    pub(crate) TASK_COUNTS_NEAR = "SELECT COUNT(*), COUNT(*) FILTER (WHERE t.step_due_on < $2), COUNT(*) FILTER (WHERE t.step_due_on = $2)
        FROM case_task t WHERE t.role = $1 AND t.region >= $3 AND t.region < $4 AND (t.own = 1 OR NOT EXISTS (SELECT 1
            FROM assignment a WHERE a.family_id = t.family_id))";
    pub(crate) TASK_COUNTS_OWN = "SELECT COUNT(*), COUNT(*) FILTER (WHERE t.step_due_on < $2), COUNT(*) FILTER (WHERE t.step_due_on = $2)
        FROM (SELECT t.family_id, t.step_due_on, t.region, t.own
            FROM assignment a JOIN case_task t ON t.family_id = a.family_id WHERE a.user_id = $5 AND (t.role || '') = $1
            UNION ALL
            SELECT t.family_id, t.step_due_on, t.region, t.own
            FROM case_task t WHERE (t.family_id + 0) = 0 AND t.role = $1 AND t.region >= $3 AND t.region < $4) t
        WHERE t.region >= $3 AND t.region < $4 AND (t.own = 1 OR NOT EXISTS (SELECT 1 FROM assignment a
            WHERE a.family_id = t.family_id))";
    // Steps of a calendar by day and workflow: the role's own, but for what was given to somebody else ($5 or $6: who asks).
    pub(crate) CALENDAR_WIDE = "SELECT d.workflow, COUNT(*), COUNT(d.given) FROM (SELECT t.workflow, g.user_id AS given
            FROM case_task t LEFT JOIN case_assignee g ON g.family_id = t.family_id AND g.case_id = t.case_id
            WHERE t.role = $1 AND t.step_due_on = $2 AND t.watch = 0 AND (t.region || '') >= $3 AND (t.region || '') < $4
            AND (t.own = 1 OR NOT EXISTS (SELECT 1 FROM assignment a WHERE a.family_id = t.family_id))
            AND (g.user_id IS NULL OR g.user_id = $5) LIMIT $6) d
        GROUP BY d.workflow ORDER BY d.workflow";
    pub(crate) CALENDAR_NEAR = "SELECT t.step_due_on, t.workflow, COUNT(*), COUNT(g.user_id)
        FROM case_task t LEFT JOIN case_assignee g ON g.family_id = t.family_id AND g.case_id = t.case_id
        WHERE t.role = $1 AND (t.step_due_on || '') >= $2 AND (t.step_due_on || '') <= $3 AND t.watch = 0
        AND t.region >= $4 AND t.region < $5
        AND (t.own = 1 OR NOT EXISTS (SELECT 1 FROM assignment a WHERE a.family_id = t.family_id))
        AND (g.user_id IS NULL OR g.user_id = $6)
        GROUP BY t.step_due_on, t.workflow";
    pub(crate) CALENDAR_OWN = "SELECT t.step_due_on, t.workflow, COUNT(*), COUNT(g.user_id)
        FROM (SELECT t.family_id, t.case_id, t.step_due_on, t.watch, t.region, t.own, t.workflow
                FROM assignment a JOIN case_task t ON t.family_id = a.family_id WHERE a.user_id = $7 AND (t.role || '') = $1
                UNION ALL
                SELECT t.family_id, t.case_id, t.step_due_on, t.watch, t.region, t.own, t.workflow
                FROM case_task t WHERE (t.family_id + 0) = 0 AND t.role = $1 AND t.region >= $4 AND t.region < $5) t
        LEFT JOIN case_assignee g ON g.family_id = t.family_id AND g.case_id = t.case_id
        WHERE t.step_due_on >= $2 AND t.step_due_on <= $3 AND t.watch = 0 AND t.region >= $4 AND t.region < $5
        AND (t.own = 1 OR NOT EXISTS (SELECT 1 FROM assignment a WHERE a.family_id = t.family_id))
        AND (g.user_id IS NULL OR g.user_id = $6)
        GROUP BY t.step_due_on, t.workflow";
    // The same, step by step: the first of each day.
    pub(crate) DAY_WIDE = "SELECT c.family_id, c.case_id, c.workflow, c.person_id, c.line_id, c.title, c.region, c.state,
        c.open, c.opened_on, c.due_on, c.step_due_on, c.stopped_days, c.stopped_since, c.clock_on, c.clock_of, c.accused, d.given
        FROM (SELECT t.family_id, t.case_id, g.user_id AS given
            FROM case_task t LEFT JOIN case_assignee g ON g.family_id = t.family_id AND g.case_id = t.case_id
            WHERE t.role = $1 AND t.step_due_on = $2 AND t.watch = 0 AND (t.region || '') >= $3 AND (t.region || '') < $4
            AND (t.own = 1 OR NOT EXISTS (SELECT 1 FROM assignment a WHERE a.family_id = t.family_id))
            AND (g.user_id IS NULL OR g.user_id = $5) ORDER BY t.case_id LIMIT $6) d
        JOIN case_file c ON c.family_id = d.family_id AND c.case_id = d.case_id
        ORDER BY c.case_id";
    pub(crate) DAYS_NEAR = "SELECT c.family_id, c.case_id, c.workflow, c.person_id, c.line_id, c.title, c.region, c.state,
        c.open, c.opened_on, c.due_on, c.step_due_on, c.stopped_days, c.stopped_since, c.clock_on, c.clock_of, c.accused, d.given
        FROM (SELECT t.family_id, t.case_id, t.step_due_on, g.user_id AS given,
                ROW_NUMBER() OVER (PARTITION BY t.step_due_on ORDER BY t.case_id) AS nth
            FROM case_task t LEFT JOIN case_assignee g ON g.family_id = t.family_id AND g.case_id = t.case_id
            WHERE t.role = $1 AND (t.step_due_on || '') >= $2 AND (t.step_due_on || '') <= $3 AND t.watch = 0
            AND t.region >= $4 AND t.region < $5
            AND (t.own = 1 OR NOT EXISTS (SELECT 1 FROM assignment a WHERE a.family_id = t.family_id))
            AND (g.user_id IS NULL OR g.user_id = $6)) d
        JOIN case_file c ON c.family_id = d.family_id AND c.case_id = d.case_id
        WHERE d.nth <= $7 ORDER BY d.step_due_on, d.case_id";
    pub(crate) DAYS_OWN = "SELECT c.family_id, c.case_id, c.workflow, c.person_id, c.line_id, c.title, c.region, c.state,
        c.open, c.opened_on, c.due_on, c.step_due_on, c.stopped_days, c.stopped_since, c.clock_on, c.clock_of, c.accused, d.given
        FROM (SELECT t.family_id, t.case_id, t.step_due_on, g.user_id AS given,
                ROW_NUMBER() OVER (PARTITION BY t.step_due_on ORDER BY t.case_id) AS nth
            FROM (SELECT t.family_id, t.case_id, t.step_due_on, t.watch, t.region, t.own
                FROM assignment a JOIN case_task t ON t.family_id = a.family_id WHERE a.user_id = $8 AND (t.role || '') = $1
                UNION ALL
                SELECT t.family_id, t.case_id, t.step_due_on, t.watch, t.region, t.own
                FROM case_task t WHERE (t.family_id + 0) = 0 AND t.role = $1 AND t.region >= $4 AND t.region < $5) t
            LEFT JOIN case_assignee g ON g.family_id = t.family_id AND g.case_id = t.case_id
            WHERE t.step_due_on >= $2 AND t.step_due_on <= $3 AND t.watch = 0 AND t.region >= $4 AND t.region < $5
            AND (t.own = 1 OR NOT EXISTS (SELECT 1 FROM assignment a WHERE a.family_id = t.family_id))
            AND (g.user_id IS NULL OR g.user_id = $6)) d
        JOIN case_file c ON c.family_id = d.family_id AND c.case_id = d.case_id
        WHERE d.nth <= $7 ORDER BY d.step_due_on, d.case_id";
    pub(crate) SESSIONS = "SELECT c.case_id, c.region, c.state, c.answers, c.accused FROM case_file c
        WHERE c.family_id = 0 AND c.workflow = $1 AND c.region >= $2 AND c.region < $3
        AND (CAST($4 AS BIGINT) = 0 OR c.opened_by = $4) AND c.opened_on >= $5
        ORDER BY c.opened_on DESC, c.case_id DESC LIMIT $6";
    pub(crate) SESSION_HEAD = "SELECT head_name FROM family WHERE family_id = $1 AND region >= $2 AND region < $3
        AND (CAST($4 AS BIGINT) = 0 OR family_id IN (SELECT family_id FROM assignment WHERE user_id = $4))";
    pub(crate) LISTED = "SELECT c.family_id, c.case_id, c.workflow, c.person_id, c.line_id, c.title, c.region, c.state,
        c.open, c.opened_on, c.due_on, c.step_due_on, c.stopped_days, c.stopped_since, c.clock_on, c.clock_of, c.accused
        FROM case_file c
        WHERE c.workflow = $1 AND c.open = 1 AND c.region >= $2 AND c.region < $3 AND c.region >= $4 AND c.region < $5
        AND ($6 = 0 OR c.family_id = 0 OR c.family_id IN (SELECT family_id FROM assignment WHERE user_id = $6))
        ORDER BY c.opened_on, c.case_id LIMIT $7";
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
    pub(crate) STATES = "SELECT workflow, state, COUNT(*), COUNT(*) FILTER (WHERE step_due_on < $3) FROM case_file
        WHERE open = 1 AND region >= $1 AND region < $2 AND accused <> $4
        GROUP BY workflow, state ORDER BY workflow, state";
    pub(crate) STATES_OWN = "SELECT c.workflow, c.state, COUNT(*), COUNT(*) FILTER (WHERE c.step_due_on < $3)
        FROM (SELECT c.family_id, c.case_id, c.workflow, c.state, c.step_due_on, c.region, c.accused
                FROM assignment a JOIN case_file c ON c.family_id = a.family_id WHERE a.user_id = $5 AND (c.open + 0) = 1
                UNION ALL
                SELECT c.family_id, c.case_id, c.workflow, c.state, c.step_due_on, c.region, c.accused
                FROM case_file c WHERE (c.family_id + 0) = 0 AND c.open = 1 AND c.region >= $1 AND c.region < $2) c
        WHERE c.region >= $1 AND c.region < $2 AND c.accused <> $4
        GROUP BY c.workflow, c.state ORDER BY c.workflow, c.state";
    pub(crate) STATES_AT_NIGHT = "SELECT workflow, state, SUM(open), SUM(late) FROM case_count
        WHERE district >= $1 AND district < $2 GROUP BY workflow, state ORDER BY workflow, state";
    // As of tasks: wide in the order of days, near by place, own by families.
    pub(crate) BOARD_COUNT_WIDE = "SELECT (SELECT COUNT(*) FROM (SELECT 1 AS one FROM case_file c WHERE c.workflow = $1
            AND c.state = $2 AND c.open = 1
            AND (c.region || '') >= $4 AND (c.region || '') < $5 AND c.accused <> $7 LIMIT $6) a),
        (SELECT COUNT(*) FROM (SELECT 1 AS one FROM case_file c WHERE c.workflow = $1 AND c.state = $2 AND c.open = 1
            AND c.step_due_on < $3
            AND (c.region || '') >= $4 AND (c.region || '') < $5 AND c.accused <> $7 LIMIT $6) l)";
    pub(crate) BOARD_COUNT_NEAR = "SELECT c.state, COUNT(*), COUNT(*) FILTER (WHERE c.step_due_on < $2) FROM case_file c
        WHERE c.open = 1 AND (c.workflow || '') = $1 AND c.region >= $3 AND c.region < $4 AND c.accused <> $5 GROUP BY c.state";
    pub(crate) BOARD_COUNT_OWN = "SELECT c.state, COUNT(*), COUNT(*) FILTER (WHERE c.step_due_on < $2)
        FROM (SELECT c.family_id, c.case_id, c.workflow, c.state, c.step_due_on, c.region, c.accused
                FROM assignment a JOIN case_file c ON c.family_id = a.family_id WHERE a.user_id = $6 AND (c.open + 0) = 1
                UNION ALL
                SELECT c.family_id, c.case_id, c.workflow, c.state, c.step_due_on, c.region, c.accused
                FROM case_file c WHERE (c.family_id + 0) = 0 AND c.open = 1 AND c.region >= $3 AND c.region < $4) c
        WHERE (c.workflow || '') = $1 AND c.region >= $3 AND c.region < $4 AND c.accused <> $5 GROUP BY c.state";
    pub(crate) BOARD_ROWS_WIDE = "SELECT c.family_id, c.case_id, c.workflow, c.person_id, c.line_id, c.title, c.region, c.state,
        c.open, c.opened_on, c.due_on, c.step_due_on, c.stopped_days, c.stopped_since, c.clock_on, c.clock_of, c.accused
        FROM (SELECT c.family_id, c.case_id, c.step_due_on FROM case_file c
            WHERE c.workflow = $1 AND c.state = $2 AND c.open = 1 AND (c.step_due_on, c.case_id) > ($3, $4)
            AND (c.region || '') >= $5 AND (c.region || '') < $6 AND c.accused <> $7
            ORDER BY c.step_due_on, c.case_id LIMIT $8) f
        JOIN case_file c ON c.family_id = f.family_id AND c.case_id = f.case_id
        ORDER BY f.step_due_on, f.case_id";
    pub(crate) BOARD_ROWS_NEAR = "SELECT c.family_id, c.case_id, c.workflow, c.person_id, c.line_id, c.title, c.region, c.state,
        c.open, c.opened_on, c.due_on, c.step_due_on, c.stopped_days, c.stopped_since, c.clock_on, c.clock_of, c.accused
        FROM (SELECT c.family_id, c.case_id, c.step_due_on FROM case_file c
            WHERE (c.workflow || '') = $1 AND c.state = $2 AND c.open = 1 AND (c.step_due_on || '', c.case_id) > ($3, $4)
            AND c.region >= $5 AND c.region < $6 AND c.accused <> $7
            ORDER BY c.step_due_on, c.case_id LIMIT $8) f
        JOIN case_file c ON c.family_id = f.family_id AND c.case_id = f.case_id
        ORDER BY f.step_due_on, f.case_id";
    pub(crate) BOARD_ROWS_OWN = "SELECT c.family_id, c.case_id, c.workflow, c.person_id, c.line_id, c.title, c.region, c.state,
        c.open, c.opened_on, c.due_on, c.step_due_on, c.stopped_days, c.stopped_since, c.clock_on, c.clock_of, c.accused
        FROM (SELECT c.family_id, c.case_id, c.step_due_on
            FROM (SELECT c.family_id, c.case_id, c.workflow, c.state, c.step_due_on, c.region, c.accused
                FROM assignment a JOIN case_file c ON c.family_id = a.family_id WHERE a.user_id = $9 AND (c.open + 0) = 1
                UNION ALL
                SELECT c.family_id, c.case_id, c.workflow, c.state, c.step_due_on, c.region, c.accused
                FROM case_file c WHERE (c.family_id + 0) = 0 AND c.open = 1 AND c.region >= $5 AND c.region < $6) c
            WHERE (c.workflow || '') = $1 AND c.state = $2 AND (c.step_due_on || '', c.case_id) > ($3, $4)
            AND c.region >= $5 AND c.region < $6 AND c.accused <> $7
            ORDER BY c.step_due_on || '', c.case_id LIMIT $8) f
        JOIN case_file c ON c.family_id = f.family_id AND c.case_id = f.case_id
        ORDER BY f.step_due_on, f.case_id";
    pub(crate) BOARD_FIRST_NEAR = "SELECT c.family_id, c.case_id, c.workflow, c.person_id, c.line_id, c.title, c.region, c.state,
        c.open, c.opened_on, c.due_on, c.step_due_on, c.stopped_days, c.stopped_since, c.clock_on, c.clock_of, c.accused
        FROM (SELECT c.family_id, c.case_id, c.step_due_on,
            ROW_NUMBER() OVER (PARTITION BY c.state ORDER BY c.step_due_on, c.case_id) AS place FROM case_file c
            WHERE (c.workflow || '') = $1 AND c.open = 1 AND c.region >= $2 AND c.region < $3 AND c.accused <> $4) f
        JOIN case_file c ON c.family_id = f.family_id AND c.case_id = f.case_id WHERE f.place <= $5
        ORDER BY f.step_due_on, f.case_id";
    pub(crate) BOARD_FIRST_OWN = "SELECT c.family_id, c.case_id, c.workflow, c.person_id, c.line_id, c.title, c.region, c.state,
        c.open, c.opened_on, c.due_on, c.step_due_on, c.stopped_days, c.stopped_since, c.clock_on, c.clock_of, c.accused
        FROM (SELECT c.family_id, c.case_id, c.step_due_on,
            ROW_NUMBER() OVER (PARTITION BY c.state ORDER BY c.step_due_on, c.case_id) AS place FROM (SELECT c.family_id,
            c.case_id, c.workflow, c.state, c.step_due_on, c.region, c.accused
                FROM assignment a JOIN case_file c ON c.family_id = a.family_id WHERE a.user_id = $6 AND (c.open + 0) = 1
                UNION ALL
                SELECT c.family_id, c.case_id, c.workflow, c.state, c.step_due_on, c.region, c.accused
                FROM case_file c WHERE (c.family_id + 0) = 0 AND c.open = 1 AND c.region >= $2 AND c.region < $3) c
            WHERE (c.workflow || '') = $1 AND c.region >= $2 AND c.region < $3 AND c.accused <> $4) f
        JOIN case_file c ON c.family_id = f.family_id AND c.case_id = f.case_id WHERE f.place <= $5
        ORDER BY f.step_due_on, f.case_id";
    pub(crate) LATE = "SELECT family_id, case_id, state, step_due_on, region, rev, accused, lateness FROM case_file
        WHERE workflow = $1 AND open = 1 AND lateness = $2 AND (step_due_on, case_id) > ($3, $4) AND step_due_on <= $5
        ORDER BY step_due_on, case_id LIMIT $6";
    pub(crate) LATE_TOLD = "UPDATE case_file SET lateness = $4, rev = rev + 1 WHERE family_id = $1 AND case_id = $2 AND rev = $3";
    pub(crate) TIMED = "SELECT case_id, rev FROM case_file
        WHERE workflow = $1 AND state = $2 AND open = 1 AND step_due_on < $3 AND case_id > $4
        ORDER BY case_id LIMIT $5";
    pub(crate) ROLLED = "SELECT substr(region, 1, 5), COUNT(*) FROM case_file
        WHERE workflow = $1 AND opened_on <= $2 AND (open = 1 OR (state IN ($3, $6) AND closed_on > $2))
            AND region >= $4 AND region < $5
        GROUP BY substr(region, 1, 5) ORDER BY 1";
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
    pub(crate) COMPANIONS_OF = "SELECT user_id FROM assignment WHERE family_id = $1 ORDER BY user_id";
    pub(crate) KIN_OF_USER = "SELECT k.family_id FROM pillar p JOIN pillar_kin k ON k.pillar_id = p.pillar_id
            WHERE p.user_id = $1 AND p.user_id <> 0
        UNION SELECT h.family_id FROM pillar p LEFT JOIN person_alias x ON x.old_id = p.person_id
            JOIN person h ON h.person_id = COALESCE(x.new_id, p.person_id)
            WHERE p.user_id = $1 AND p.user_id <> 0 AND p.person_id <> 0";
    pub(crate) USERS_OF_KIN = "SELECT p.user_id FROM pillar_kin k JOIN pillar p ON p.pillar_id = k.pillar_id
            WHERE k.family_id = $1 AND p.user_id <> 0
        UNION SELECT p.user_id FROM person h JOIN pillar p ON p.person_id = h.person_id
            WHERE h.family_id = $1 AND p.person_id <> 0 AND p.user_id <> 0
        UNION SELECT p.user_id FROM person h JOIN person_alias x ON x.new_id = h.person_id JOIN pillar p ON p.person_id = x.old_id
            WHERE h.family_id = $1 AND p.person_id <> 0 AND p.user_id <> 0";
    pub(crate) IN_CASELOAD = "SELECT COUNT(*) FROM assignment WHERE family_id = $1 AND user_id = $2";
    pub(crate) MOVED = "UPDATE case_file SET region = $2 WHERE family_id = $1 AND open = 1";
    pub(crate) MOVED_TASKS = "UPDATE case_task SET region = $2 WHERE family_id = $1";
    pub(crate) FILE_ADD = "INSERT INTO case_attachment (family_id, case_id, attachment_id, field, caption, name, kind, bytes, width,
            height, sha256, hash, taken_at, lat_e4, lon_e4, added_at, added_by, actor, role)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19) ON CONFLICT DO NOTHING";
    pub(crate) FILE_SAME = "SELECT attachment_id FROM case_attachment
        WHERE family_id = $1 AND case_id = $2 AND sha256 = $3 AND withdrawn_at IS NULL";
    pub(crate) COMPARE_ADD = "INSERT INTO case_compare (case_id, parent_id, workflow, region, compared_on, first_user, first_name,
            second_user, second_name, agreed, first_key, second_key, first_told, second_told)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT DO NOTHING";
    pub(crate) COMPARE_OF = "SELECT workflow, first_told, second_told FROM case_compare
        WHERE parent_id = $1 ORDER BY case_id DESC LIMIT 1";
    pub(crate) AGREE_PLACES = "SELECT p.place, COUNT(*), COUNT(*) FILTER (WHERE p.agreed = 1) FROM (
            SELECT SUBSTR(region, 1, CAST(CAST($4 AS BIGINT) AS INTEGER)) AS place, agreed FROM case_compare
            WHERE region >= $1 AND region < $2 AND compared_on >= $3) p
        GROUP BY p.place ORDER BY p.place LIMIT $5";
    // A check counts for both who went.
    pub(crate) AGREE_PEOPLE = "SELECT w.user_id, MAX(w.name), COUNT(*), COUNT(*) FILTER (WHERE w.agreed = 1) FROM (
            SELECT first_user AS user_id, first_name AS name, agreed FROM case_compare
            WHERE region >= $1 AND region < $2 AND compared_on >= $3
            UNION ALL
            SELECT second_user, second_name, agreed FROM case_compare
            WHERE region >= $1 AND region < $2 AND compared_on >= $3) w
        WHERE w.user_id <> 0 GROUP BY w.user_id ORDER BY MAX(w.name), w.user_id LIMIT $4";
    pub(crate) AGREE_PAIRS = "SELECT first_key, second_key, COUNT(*) FROM case_compare
        WHERE region >= $1 AND region < $2 AND compared_on >= $3
        GROUP BY first_key, second_key ORDER BY first_key, second_key LIMIT $4";
    // Open cases that a field offers: around a place, or held above it.
    pub(crate) OFFERED = "SELECT c.case_id, c.title, c.opened_on, c.accused FROM case_file c
        WHERE c.workflow = $1 AND c.open = 1 AND c.region >= $2 AND c.region < $3
        AND ((c.region >= $4 AND c.region < $5) OR c.region = $6 OR c.region = $7)
        AND ($8 = 0 OR c.family_id = 0 OR c.family_id IN (SELECT family_id FROM assignment WHERE user_id = $8))
        ORDER BY c.opened_on DESC, c.case_id DESC LIMIT $9";
    // Where a photograph of one of a family's cases was taken, the newest first.
    pub(crate) PLACE_OF_FAMILY = "SELECT a.lat_e4, a.lon_e4, c.workflow, c.accused FROM case_attachment a
        JOIN case_file c ON c.family_id = a.family_id AND c.case_id = a.case_id
        WHERE a.family_id = $1 AND a.lat_e4 IS NOT NULL AND a.lon_e4 IS NOT NULL AND a.withdrawn_at IS NULL
        AND c.region >= $2 AND c.region < $3
        AND ($4 = 0 OR c.family_id IN (SELECT family_id FROM assignment WHERE user_id = $4))
        ORDER BY a.attachment_id DESC LIMIT 20";
    // Cases of a family that it may know of: open, or ended since a day; whom one accuses is told to nobody here.
    pub(crate) OWN_CASES = "SELECT c.family_id, c.case_id, c.workflow, c.person_id, c.line_id, c.title, c.region, c.state,
        c.open, c.opened_on, c.due_on, c.step_due_on, c.stopped_days, c.stopped_since, c.clock_on, c.clock_of, c.accused, c.closed_on,
        c.answers
        FROM case_file c
        WHERE c.family_id = $1 AND c.region >= $2 AND c.region < $3 AND c.accused = ''
        AND (c.open = 1 OR c.closed_on >= $4) ORDER BY c.open DESC, c.opened_on DESC, c.case_id DESC LIMIT $5";
    // What counts (files, bytes, a citizen's), and all that was ever kept.
    pub(crate) FILE_TOTALS = "SELECT COUNT(*) FILTER (WHERE withdrawn_at IS NULL),
            CAST(COALESCE(SUM(CASE WHEN withdrawn_at IS NULL THEN bytes ELSE 0 END), 0) AS BIGINT),
            COUNT(*) FILTER (WHERE role = $3 AND withdrawn_at IS NULL),
            COUNT(*), CAST(COALESCE(SUM(bytes), 0) AS BIGINT)
        FROM case_attachment WHERE family_id = $1 AND case_id = $2";
    pub(crate) FILE_LOOKED = "SELECT 1 FROM case_attachment_look WHERE attachment_id = $1 AND user_id = $2 AND looked_on = $3";
    pub(crate) FILE_LOOK = "INSERT INTO case_attachment_look (attachment_id, user_id, looked_on) VALUES ($1, $2, $3)
        ON CONFLICT DO NOTHING";
    pub(crate) FILES = "SELECT attachment_id, seq, field, caption, name, kind, bytes, width, height, sha256, hash, taken_at, lat_e4,
            lon_e4, added_at, actor, role, withdrawn_at, withdrawn_actor, withdrawn_why FROM case_attachment
        WHERE family_id = $1 AND case_id = $2 AND added_at < $3 ORDER BY attachment_id LIMIT 500";
    pub(crate) FILE_IDS = "SELECT attachment_id FROM case_attachment
        WHERE family_id = $1 AND case_id = $2 AND withdrawn_at IS NULL LIMIT 500";
    pub(crate) FILE_GET = "SELECT kind, name, hash, role, withdrawn_at FROM case_attachment
        WHERE family_id = $1 AND case_id = $2 AND attachment_id = $3";
    pub(crate) FILE_OF_STEP = "UPDATE case_attachment SET seq = $4
        WHERE family_id = $1 AND case_id = $2 AND attachment_id = $3 AND seq IS NULL";
    pub(crate) FILE_WITHDRAW = "UPDATE case_attachment SET withdrawn_at = $4, withdrawn_by = $5, withdrawn_actor = $6,
        withdrawn_why = $7 WHERE family_id = $1 AND case_id = $2 AND attachment_id = $3 AND withdrawn_at IS NULL";
    // Open cases that name a person or belong to a family: what to look at again when the registry changes.
    pub(crate) OPEN_OF_PERSON = "SELECT family_id, case_id, workflow, person_id, region FROM case_file
        WHERE open = 1 AND person_id = $1 ORDER BY case_id LIMIT 200";
    pub(crate) OPEN_OF_FAMILY = "SELECT family_id, case_id, workflow, person_id, region FROM case_file
        WHERE family_id = $1 AND open = 1 ORDER BY case_id LIMIT 200";
    pub(crate) FOLLOW_GET = "SELECT workflow, state, step_due_on, rev, accused, subject, person_id, region FROM case_file
        WHERE family_id = $1 AND case_id = $2 AND open = 1";
    // The key of a row never changes: a case that goes to another family is written there and taken away here.
    pub(crate) REFILE = "INSERT INTO case_file (family_id, case_id, workflow, person_id, line_id, subject, title, region, state, open,
            opened_on, due_on, step_due_on, stopped_days, stopped_since, closed_on, counts, answers, last_actor, rev, root_id, parent_id,
            clock_on, clock_of, opened_by, accused, lateness)
        SELECT $3, case_id, workflow, person_id, line_id, $4, title, region, state, open,
            opened_on, due_on, step_due_on, stopped_days, stopped_since, closed_on, counts, answers, last_actor, rev, root_id, parent_id,
            clock_on, clock_of, opened_by, accused, lateness
        FROM case_file WHERE family_id = $1 AND case_id = $2";
    pub(crate) REFILE_EVENTS = "INSERT INTO case_event (family_id, case_id, seq, at, actor_id, actor, role, action, from_state,
            to_state, answers)
        SELECT $3, case_id, seq, at, actor_id, actor, role, action, from_state, to_state, answers
        FROM case_event WHERE family_id = $1 AND case_id = $2";
    pub(crate) REFILE_TASKS = "INSERT INTO case_task (family_id, case_id, role, own, step_due_on, region, watch, workflow)
        SELECT $3, case_id, role, own, step_due_on, region, watch, workflow
        FROM case_task WHERE family_id = $1 AND case_id = $2";
    pub(crate) REFILE_FILES = "UPDATE case_attachment SET family_id = $3 WHERE family_id = $1 AND case_id = $2";
    pub(crate) REFILE_TICKET = "UPDATE case_ticket SET family_id = $3 WHERE family_id = $1 AND case_id = $2";
    pub(crate) UNFILE_EVENTS = "DELETE FROM case_event WHERE family_id = $1 AND case_id = $2";
    pub(crate) UNFILE = "DELETE FROM case_file WHERE family_id = $1 AND case_id = $2";
    pub(crate) FOLLOWED = "UPDATE case_file SET person_id = $3, region = $4, subject = $5, rev = rev + 1
        WHERE family_id = $1 AND case_id = $2 AND rev = $6";
    pub(crate) FOLLOWED_TASKS = "UPDATE case_task SET region = $3 WHERE family_id = $1 AND case_id = $2";
    pub(crate) TOLD_ALREADY = "SELECT COUNT(*) FROM case_event WHERE family_id = $1 AND case_id = $2 AND action = $3 AND answers = $4";
    pub(crate) CASELOADS = "WITH u AS (SELECT u.user_id, u.name, u.region FROM user_account u
            WHERE u.closed_at IS NULL AND u.region >= $1 AND u.region < $2 AND ($3 = 0 OR u.user_id = $3)
            AND EXISTS (SELECT 1 FROM assignment a WHERE a.user_id = u.user_id)
            AND u.user_id > $8 ORDER BY u.user_id LIMIT $9),
        w AS (SELECT a.user_id, COUNT(*) AS open, COUNT(*) FILTER (WHERE c.due_on < $4) AS late
            FROM u CROSS JOIN assignment a CROSS JOIN case_file c
            WHERE a.user_id = u.user_id AND c.family_id = a.family_id AND c.open = 1 AND c.due_on > '' GROUP BY a.user_id)
        SELECT u.user_id, u.name, u.region, (SELECT COUNT(*) FROM assignment a WHERE a.user_id = u.user_id),
        COALESCE(w.open, 0), COALESCE(w.late, 0),
        (SELECT COUNT(*) FROM assignment a JOIN case_file c ON c.family_id = a.family_id WHERE a.user_id = u.user_id
            AND c.open = 0 AND c.counts = $5 AND c.counts IS NOT NULL AND c.closed_on >= $6 AND c.closed_on < $7)
        FROM u LEFT JOIN w ON w.user_id = u.user_id ORDER BY u.user_id";
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
