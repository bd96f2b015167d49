-- casework: who looked at a file of a case on which day, so that the audit log says so once.

-- user_id: 0 for who holds the ticket of the case.
CREATE TABLE case_attachment_look (
    attachment_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    looked_on TEXT NOT NULL,
    PRIMARY KEY (attachment_id, user_id, looked_on)
) STRICT, WITHOUT ROWID;
