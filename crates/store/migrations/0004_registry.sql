-- registry: the serving copy of persons and families, search keys, old ids, events, the review queue, urgent
-- changes, closings. `digest` is of the row as the registry's version says it: publishing writes only rows
-- whose digest changed; 0 means "look again".

CREATE TABLE person (
    person_id INTEGER PRIMARY KEY,
    family_id INTEGER NOT NULL,
    nik INTEGER,
    kk INTEGER,
    name TEXT,
    name_key TEXT,
    sex INTEGER,
    birth_date TEXT,
    birth_place TEXT,
    mother_name TEXT,
    relation INTEGER,
    region TEXT NOT NULL,
    alive INTEGER NOT NULL,
    matched INTEGER NOT NULL,
    civil_servant INTEGER,
    death_date TEXT,
    records INTEGER NOT NULL,
    version INTEGER NOT NULL,
    digest INTEGER NOT NULL
) STRICT;
CREATE INDEX person_by_family ON person (family_id);
CREATE INDEX person_by_nik ON person (nik);
CREATE INDEX person_by_name ON person (name_key);
CREATE INDEX person_by_region ON person (region, name_key);

CREATE TABLE family (
    family_id INTEGER PRIMARY KEY,
    kk INTEGER,
    head_person_id INTEGER NOT NULL,
    head_name TEXT NOT NULL,
    region TEXT NOT NULL,
    address TEXT,
    rt INTEGER,
    rw INTEGER,
    size INTEGER NOT NULL,
    decile INTEGER,
    rank_date TEXT,
    vars TEXT NOT NULL,
    version INTEGER NOT NULL,
    digest INTEGER NOT NULL
) STRICT;
CREATE INDEX family_by_kk ON family (kk);
CREATE INDEX family_by_region ON family (region, head_name, family_id);

-- Blocking keys of names: how a badly written name still finds its person.
CREATE TABLE person_key (
    key INTEGER NOT NULL,
    person_id INTEGER NOT NULL,
    PRIMARY KEY (key, person_id)
) STRICT, WITHOUT ROWID;

-- Ids that are carried no longer. kind: 1 merged into new_id, 2 on no list in force, 3 no record is left.
CREATE TABLE person_alias (
    old_id INTEGER PRIMARY KEY,
    new_id INTEGER,
    kind INTEGER NOT NULL,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX person_alias_by_new ON person_alias (new_id);

-- Kinds: registry::events::EventKind. family_id 0: the event belongs to no family.
CREATE TABLE registry_event (
    family_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    person_id INTEGER,
    other_id INTEGER,
    date TEXT,
    value_before TEXT,
    value_after TEXT,
    PRIMARY KEY (family_id, version, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX registry_event_by_person ON registry_event (person_id);
CREATE INDEX registry_event_by_version ON registry_event (version, seq);

-- Pairs that a human must judge. state: 0 open, 1 the same person, 2 not the same, 3 put off. rank orders the
-- queue: the weight in thousandths, negated, so that ascending is heaviest first.
CREATE TABLE review_pair (
    left_record INTEGER NOT NULL,
    right_record INTEGER NOT NULL,
    weight REAL NOT NULL,
    rank INTEGER NOT NULL,
    left_person INTEGER,
    right_person INTEGER,
    left_region TEXT NOT NULL,
    right_region TEXT NOT NULL,
    state INTEGER NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (left_record, right_record)
) STRICT, WITHOUT ROWID;
CREATE INDEX review_pair_queue ON review_pair (state, rank, left_record, right_record);

-- Append only; an undone decision keeps its row. verdict: 1 the same person, 2 not the same, 3 put off.
CREATE TABLE link_decision (
    decision_id INTEGER PRIMARY KEY,
    left_record INTEGER NOT NULL,
    right_record INTEGER NOT NULL,
    verdict INTEGER NOT NULL,
    weight REAL,
    user_id INTEGER NOT NULL,
    actor TEXT NOT NULL,
    at INTEGER NOT NULL,
    undone_at INTEGER,
    undone_by TEXT
) STRICT;
CREATE INDEX link_decision_by_pair ON link_decision (left_record, right_record, decision_id);
CREATE INDEX link_decision_by_user ON link_decision (user_id, decision_id);

-- What could not wait for the next list. file_no: the list of field reports it became a row of; state: 0 open,
-- 1 being written, 2 taken in.
CREATE TABLE urgent_change (
    change_id INTEGER PRIMARY KEY,
    person_id INTEGER NOT NULL,
    family_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    date TEXT NOT NULL,
    evidence TEXT NOT NULL,
    user_id INTEGER NOT NULL,
    actor TEXT NOT NULL,
    at INTEGER NOT NULL,
    state INTEGER NOT NULL,
    file_no INTEGER,
    row_no INTEGER
) STRICT;
CREATE INDEX urgent_change_open ON urgent_change (state, change_id);
CREATE INDEX urgent_change_by_person ON urgent_change (person_id);

CREATE TABLE family_rank (
    family_id INTEGER NOT NULL,
    rank_date TEXT NOT NULL,
    decile INTEGER NOT NULL,
    publisher TEXT,
    PRIMARY KEY (family_id, rank_date)
) STRICT, WITHOUT ROWID;

CREATE TABLE closing (
    month TEXT PRIMARY KEY,
    closing_date TEXT NOT NULL,
    registry_version INTEGER NOT NULL,
    inputs TEXT NOT NULL,
    persons INTEGER NOT NULL,
    families INTEGER NOT NULL,
    living INTEGER NOT NULL,
    matched INTEGER NOT NULL,
    ranked INTEGER NOT NULL,
    urgent INTEGER NOT NULL,
    rank_date TEXT,
    closed_at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    persons_hash TEXT NOT NULL,
    families_hash TEXT NOT NULL,
    policy_hash TEXT NOT NULL
) STRICT;

-- Counts of each village, so that a page of a province need not count its people. region '': village unknown.
CREATE TABLE region_count (
    region TEXT PRIMARY KEY,
    persons INTEGER NOT NULL,
    living INTEGER NOT NULL,
    matched INTEGER NOT NULL,
    families INTEGER NOT NULL,
    ranked INTEGER NOT NULL
) STRICT;
