-- intake: the lists that were received, and the first of their rejected cells (all of them are in the lake).

CREATE TABLE list_file (
    file_no INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('people', 'rank')),
    name TEXT NOT NULL,
    hash TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    as_of TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('reading', 'received', 'refused')),
    rows_read INTEGER NOT NULL,
    rows_accepted INTEGER NOT NULL,
    rows_rejected INTEGER NOT NULL,
    findings INTEGER NOT NULL,
    dataset TEXT,
    message TEXT,
    detail TEXT NOT NULL,
    policy TEXT NOT NULL,
    UNIQUE (source, hash)
) STRICT;

-- severity: 1 the row was rejected, 2 a value was left out, 3 a note on a value that was kept.
CREATE TABLE reject (
    file_no INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    sheet TEXT,
    line INTEGER NOT NULL,
    column_name TEXT NOT NULL,
    rule TEXT NOT NULL,
    severity INTEGER NOT NULL,
    masked TEXT NOT NULL,
    region TEXT,
    PRIMARY KEY (file_no, seq)
) STRICT;
