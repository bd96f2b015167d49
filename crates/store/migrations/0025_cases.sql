-- casework: cases that belong together under one clock, whom a case accuses, lateness that was passed up, people without an account who
-- follow a case with a ticket, and what stood open at night.

-- root_id: the first case of a tree, none for a case that is alone; parent_id: the case that opened this one.
ALTER TABLE case_file ADD COLUMN root_id INTEGER;
ALTER TABLE case_file ADD COLUMN parent_id INTEGER;
-- The clock: the day from which it runs and the workflow whose days it counts; those of the root, for every case of a tree.
ALTER TABLE case_file ADD COLUMN clock_on TEXT NOT NULL DEFAULT '';
ALTER TABLE case_file ADD COLUMN clock_of TEXT NOT NULL DEFAULT '';
ALTER TABLE case_file ADD COLUMN opened_by INTEGER NOT NULL DEFAULT 0;
-- Role that the case accuses; empty for none.
ALTER TABLE case_file ADD COLUMN accused TEXT NOT NULL DEFAULT '';
-- How many roles have been told that the present step is late.
ALTER TABLE case_file ADD COLUMN lateness INTEGER NOT NULL DEFAULT 0;
UPDATE case_file SET clock_on = opened_on, clock_of = workflow,
    opened_by = (SELECT e.actor_id FROM case_event e
        WHERE e.family_id = case_file.family_id AND e.case_id = case_file.case_id AND e.seq = 1);
CREATE INDEX case_file_by_root ON case_file (root_id, case_id) WHERE root_id IS NOT NULL;
CREATE INDEX case_file_late ON case_file (workflow, lateness, step_due_on, case_id) WHERE open = 1;
CREATE INDEX case_file_by_person ON case_file (person_id, case_id) WHERE open = 1 AND person_id IS NOT NULL;
-- Lists, boards and counts are read from these alone; a case is read when it is shown.
CREATE INDEX case_file_board ON case_file (workflow, state, step_due_on, case_id, region, accused, open) WHERE open = 1;
DROP INDEX case_file_by_region;
CREATE INDEX case_file_by_region ON case_file (region, workflow, state, step_due_on, case_id, accused, family_id, open) WHERE open = 1;
-- The year of companions: what is open and until when, and what counts towards a target.
CREATE INDEX case_file_family_due ON case_file (family_id, due_on, open) WHERE open = 1;
CREATE INDEX case_file_family_count ON case_file (family_id, counts, closed_on, open) WHERE open = 0 AND counts IS NOT NULL;

-- watch: 0 a task, 1 told because it is late, 2 told because a step says so. workflow: of the case, for lists of one kind.
ALTER TABLE case_task ADD COLUMN watch INTEGER NOT NULL DEFAULT 0;
ALTER TABLE case_task ADD COLUMN workflow TEXT NOT NULL DEFAULT '';
UPDATE case_task SET workflow = (SELECT c.workflow FROM case_file c
    WHERE c.family_id = case_task.family_id AND c.case_id = case_task.case_id);
DROP INDEX case_task_by_role;
CREATE INDEX case_task_by_role ON case_task (role, step_due_on, case_id, region, own, watch, workflow);
CREATE INDEX case_task_by_region ON case_task (role, region, step_due_on, case_id, own, watch, workflow, family_id);

-- Who opened a case without an account holds its ticket and a secret; of the secret only a hash is kept. failures: wrong secrets since the
-- last right one.
CREATE TABLE case_ticket (
    ticket TEXT PRIMARY KEY,
    secret_hash TEXT NOT NULL,
    family_id INTEGER NOT NULL,
    case_id INTEGER NOT NULL,
    made_at INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    UNIQUE (family_id, case_id)
) STRICT, WITHOUT ROWID;

-- Open cases by district, workflow and state as they stood when the clock last went over all of them.
CREATE TABLE case_count (
    district TEXT NOT NULL,
    workflow TEXT NOT NULL,
    state TEXT NOT NULL,
    open INTEGER NOT NULL,
    late INTEGER NOT NULL,
    PRIMARY KEY (district, workflow, state)
) STRICT, WITHOUT ROWID;
CREATE TABLE case_sweep (
    sweep_no INTEGER PRIMARY KEY,
    on_day TEXT NOT NULL,
    at INTEGER NOT NULL,
    told INTEGER NOT NULL,
    timed INTEGER NOT NULL
) STRICT;
