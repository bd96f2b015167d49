-- payment: verification after payment. A sample of a cycle's topped up lines, drawn by a seed that anybody can use again.
CREATE TABLE payment_sample (
    sample_id INTEGER PRIMARY KEY,
    cycle_id INTEGER NOT NULL,
    confidence INTEGER NOT NULL,
    margin_permille INTEGER NOT NULL,
    least INTEGER NOT NULL,
    seed INTEGER NOT NULL,
    modes TEXT NOT NULL,
    population INTEGER NOT NULL,
    size INTEGER NOT NULL,
    made_at INTEGER NOT NULL,
    made_by TEXT NOT NULL,
    UNIQUE (cycle_id, confidence, margin_permille, least, seed, modes)
) STRICT;

CREATE TABLE payment_sample_stratum (
    sample_id INTEGER NOT NULL,
    district TEXT NOT NULL,
    channel TEXT NOT NULL,
    population INTEGER NOT NULL,
    size INTEGER NOT NULL,
    PRIMARY KEY (sample_id, district, channel)
) STRICT, WITHOUT ROWID;

-- answer: empty while nobody was asked; what was told last stands here, all that was told in payment_sample_answer.
CREATE TABLE payment_sample_line (
    recipient INTEGER NOT NULL,
    sample_id INTEGER NOT NULL,
    line_id INTEGER NOT NULL,
    region TEXT NOT NULL,
    channel TEXT NOT NULL,
    amount_idr INTEGER NOT NULL,
    payee_name TEXT NOT NULL,
    mode TEXT NOT NULL,
    answer TEXT NOT NULL,
    rev INTEGER NOT NULL,
    PRIMARY KEY (recipient, sample_id, line_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX payment_sample_by_line ON payment_sample_line (sample_id, line_id);
CREATE INDEX payment_sample_by_village ON payment_sample_line (sample_id, region, line_id);

-- Append only.
CREATE TABLE payment_sample_answer (
    recipient INTEGER NOT NULL,
    sample_id INTEGER NOT NULL,
    line_id INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    actor_id INTEGER NOT NULL,
    actor TEXT NOT NULL,
    answer TEXT NOT NULL,
    day TEXT NOT NULL,
    got_idr INTEGER,
    late_days INTEGER,
    trouble TEXT NOT NULL,
    whom TEXT NOT NULL,
    note TEXT NOT NULL,
    reference TEXT NOT NULL,
    PRIMARY KEY (recipient, sample_id, line_id, seq)
) STRICT, WITHOUT ROWID;
