-- casework: what the public reads and says: clarifications, answers to the survey, slips with which a family looks at its own status.

-- A projection of the case that made it public, written in the same transaction as its step; texts are defused already. Withdrawn it
-- stays, with the reason.
CREATE TABLE clarification (
    number INTEGER PRIMARY KEY,
    case_id INTEGER NOT NULL UNIQUE,
    workflow TEXT NOT NULL,
    verdict TEXT NOT NULL,
    channel TEXT NOT NULL,
    claim TEXT NOT NULL,
    link TEXT NOT NULL,
    truth TEXT NOT NULL,
    source TEXT NOT NULL,
    published_on TEXT NOT NULL,
    written_at INTEGER NOT NULL,
    rev INTEGER NOT NULL,
    withdrawn_on TEXT,
    withdrawn_why TEXT NOT NULL
) STRICT;
CREATE INDEX clarification_by_day ON clarification (published_on, number);
-- Words that are searched for, in small letters.
CREATE TABLE clarification_word (
    number INTEGER NOT NULL,
    word TEXT NOT NULL,
    PRIMARY KEY (number, word)
) STRICT, WITHOUT ROWID;

-- One row for each element that one person answered. answer_id is random: nothing leads from here to a case, a person or a day.
CREATE TABLE survey_score (
    answer_id TEXT NOT NULL,
    element TEXT NOT NULL,
    score INTEGER NOT NULL CHECK (score BETWEEN 1 AND 4),
    region TEXT NOT NULL,
    workflow TEXT NOT NULL,
    month TEXT NOT NULL,
    way TEXT NOT NULL,
    PRIMARY KEY (answer_id, element)
) STRICT, WITHOUT ROWID;
CREATE INDEX survey_score_by_region ON survey_score (region, workflow, month, element, score);
-- That a case was answered for, and nothing else; no time, no answer.
CREATE TABLE survey_given (
    token TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- A slip that an office handed to a family after looking at its card; of the secret only a hash is kept. One lives at a time.
CREATE TABLE family_slip (
    slip TEXT PRIMARY KEY,
    family_id INTEGER NOT NULL,
    secret_hash TEXT NOT NULL,
    issued_at INTEGER NOT NULL,
    issued_by INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX family_slip_live ON family_slip (family_id) WHERE revoked_at IS NULL;
-- Whoever looks with a slip carries a random token; here is its hash.
CREATE TABLE slip_visit (
    token TEXT PRIMARY KEY,
    slip TEXT NOT NULL,
    family_id INTEGER NOT NULL,
    ends_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
