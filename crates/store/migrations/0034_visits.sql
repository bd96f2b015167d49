-- casework: looks at files of cases, and two checks of one family held against each other.

-- Who looked at a file on which day, so that the audit log says so once.
-- user_id: 0 for who holds the ticket of the case.
CREATE TABLE case_attachment_look (
    attachment_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    looked_on TEXT NOT NULL,
    PRIMARY KEY (attachment_id, user_id, looked_on)
) STRICT, WITHOUT ROWID;

-- case_id: the second check; parent_id: the case that opened it. first_key, second_key: the answers that are compared, as JSON; first_told,
-- second_told: all that both ask, to be shown side by side.
CREATE TABLE case_compare (
    case_id INTEGER NOT NULL,
    parent_id INTEGER NOT NULL,
    workflow TEXT NOT NULL,
    region TEXT NOT NULL,
    compared_on TEXT NOT NULL,
    first_user INTEGER NOT NULL,
    first_name TEXT NOT NULL,
    second_user INTEGER NOT NULL,
    second_name TEXT NOT NULL,
    agreed INTEGER NOT NULL,
    first_key TEXT NOT NULL,
    second_key TEXT NOT NULL,
    first_told TEXT NOT NULL,
    second_told TEXT NOT NULL,
    PRIMARY KEY (case_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX case_compare_of ON case_compare (parent_id, case_id);
CREATE INDEX case_compare_at ON case_compare (region, compared_on);
