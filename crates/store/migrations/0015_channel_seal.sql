-- Files of channels are sealed: a running number, the sum of their amounts; a file that was refused is kept with the reason.
-- sequence: of a file out the channel's running number, of a file in what the file says (a number or the id of a message).

CREATE TABLE channel_file_sealed (
    file_no INTEGER PRIMARY KEY,
    direction TEXT NOT NULL CHECK (direction IN ('out', 'in')),
    channel TEXT NOT NULL,
    kind TEXT NOT NULL,
    cycle_id INTEGER,
    order_id INTEGER,
    batch TEXT NOT NULL,
    name TEXT NOT NULL,
    hash TEXT,
    bytes INTEGER NOT NULL,
    rows INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('intended', 'written', 'reading', 'posted', 'refused')),
    mark INTEGER NOT NULL,
    counts TEXT NOT NULL,
    at INTEGER NOT NULL,
    actor_id INTEGER NOT NULL,
    actor TEXT NOT NULL,
    sequence TEXT,
    sum_idr INTEGER,
    refused TEXT,
    UNIQUE (channel, kind, hash)
) STRICT;
INSERT INTO channel_file_sealed (file_no, direction, channel, kind, cycle_id, order_id, batch, name, hash, bytes, rows,
        state, mark, counts, at, actor_id, actor)
    SELECT file_no, direction, channel, kind, cycle_id, order_id, batch, name, hash, bytes, rows, state, mark, counts, at,
        actor_id, actor
    FROM channel_file;
DROP TABLE channel_file;
ALTER TABLE channel_file_sealed RENAME TO channel_file;
-- One file for each running number of a kind; what was refused took none.
CREATE UNIQUE INDEX channel_file_sequence ON channel_file (channel, kind, direction, sequence)
    WHERE sequence IS NOT NULL AND state <> 'refused';
