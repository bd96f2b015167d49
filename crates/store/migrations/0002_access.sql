-- access: who works with the system, their sessions, the families assigned to them, and what was done.

CREATE TABLE user_account (
    user_id INTEGER PRIMARY KEY,
    login TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    role TEXT NOT NULL,
    region TEXT NOT NULL,
    closed_at INTEGER,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL
) STRICT;

-- The token itself is only in the browser; what is here cannot be used to sign in.
CREATE TABLE session (
    token_hash BLOB PRIMARY KEY,
    user_id INTEGER NOT NULL,
    csrf TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX session_by_user ON session (user_id);

-- Failed sign-ins of a login or from a peer (`login:ani`, `peer:10.0.0.7`), counted over a window.
CREATE TABLE sign_in_failure (
    subject TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX sign_in_failure_by_subject ON sign_in_failure (subject, at);

CREATE TABLE assignment (
    user_id INTEGER NOT NULL,
    family_id INTEGER NOT NULL,
    from_date TEXT NOT NULL,
    PRIMARY KEY (user_id, family_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX assignment_by_family ON assignment (family_id);

-- Append only. Each row's hash covers the row and the hash before it: an edited or removed row breaks the chain.
CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    hash BLOB NOT NULL
) STRICT;
CREATE INDEX audit_by_subject ON audit (subject, seq);
