-- casework: photographs and papers of a case. The bytes lie in the lake under their hash; a row is never deleted, only withdrawn.

-- seq: the step it came with, none while it waits for one; field: the question of a form that it answers, empty for none. sha256: of the
-- bytes as they were sent, so that the same file counts once; hash: of the clean file in the lake. taken_at: by the camera's clock.
-- lat_e4, lon_e4: where, in ten-thousandths of a degree.
CREATE TABLE case_attachment (
    family_id INTEGER NOT NULL,
    case_id INTEGER NOT NULL,
    attachment_id INTEGER NOT NULL,
    seq INTEGER,
    field TEXT NOT NULL,
    caption TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('jpeg', 'png', 'pdf')),
    bytes INTEGER NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    hash TEXT NOT NULL,
    taken_at TEXT,
    lat_e4 INTEGER,
    lon_e4 INTEGER,
    added_at INTEGER NOT NULL,
    added_by INTEGER NOT NULL,
    actor TEXT NOT NULL,
    role TEXT NOT NULL,
    withdrawn_at INTEGER,
    withdrawn_by INTEGER,
    withdrawn_actor TEXT,
    withdrawn_why TEXT,
    PRIMARY KEY (family_id, case_id, attachment_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX case_attachment_once ON case_attachment (family_id, case_id, sha256) WHERE withdrawn_at IS NULL;
