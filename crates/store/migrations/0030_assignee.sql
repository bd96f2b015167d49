-- casework: which person of those whose step it is works a case. A case keeps its person while others have the next step, and comes back
-- to it; when it ends the row goes, the history stays.
CREATE TABLE case_assignee (
    family_id INTEGER NOT NULL,
    case_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    PRIMARY KEY (family_id, case_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX case_assignee_by_user ON case_assignee (user_id, family_id, case_id);
-- People of a place.
CREATE INDEX user_account_by_region ON user_account (region, user_id);
