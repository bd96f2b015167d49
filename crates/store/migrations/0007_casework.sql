-- casework: cases about families, their history, and whose task each is now.

CREATE TABLE case_file (
    family_id INTEGER NOT NULL,
    case_id INTEGER NOT NULL,
    workflow TEXT NOT NULL,
    person_id INTEGER,
    line_id INTEGER,
    -- At most one open case of a workflow for one subject: `person:7`, `line:9`, `family`, or `case:3` where several may be open.
    subject TEXT NOT NULL,
    title TEXT NOT NULL,
    region TEXT NOT NULL,
    state TEXT NOT NULL,
    open INTEGER NOT NULL CHECK (open IN (0, 1)),
    opened_on TEXT NOT NULL,
    due_on TEXT NOT NULL,
    step_due_on TEXT NOT NULL,
    stopped_days INTEGER NOT NULL,
    stopped_since TEXT,
    closed_on TEXT,
    counts TEXT,
    answers TEXT NOT NULL,
    last_actor INTEGER NOT NULL,
    rev INTEGER NOT NULL,
    PRIMARY KEY (family_id, case_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX case_file_open ON case_file (family_id, workflow, subject) WHERE open = 1;
CREATE INDEX case_file_by_id ON case_file (case_id);
CREATE INDEX case_file_by_region ON case_file (region, open, workflow, state);
CREATE INDEX case_file_by_line ON case_file (line_id, case_id) WHERE line_id IS NOT NULL;

-- Append only: what was done, when, by whom, with which answers.
CREATE TABLE case_event (
    family_id INTEGER NOT NULL,
    case_id INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    actor_id INTEGER NOT NULL,
    actor TEXT NOT NULL,
    role TEXT NOT NULL,
    action TEXT NOT NULL,
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    answers TEXT NOT NULL,
    PRIMARY KEY (family_id, case_id, seq)
) STRICT, WITHOUT ROWID;

-- Whose task an open case is. `own` = 0: only while no companion is assigned to the family.
CREATE TABLE case_task (
    family_id INTEGER NOT NULL,
    case_id INTEGER NOT NULL,
    role TEXT NOT NULL,
    own INTEGER NOT NULL CHECK (own IN (0, 1)),
    step_due_on TEXT NOT NULL,
    region TEXT NOT NULL,
    PRIMARY KEY (family_id, case_id, role)
) STRICT, WITHOUT ROWID;
CREATE INDEX case_task_by_role ON case_task (role, step_due_on, case_id);
