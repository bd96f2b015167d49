//! SQL of samples, nothing else. Lines are limited by region range and caseload.

use store::sql;

macro_rules! sample_columns {
    () => {
        "s.sample_id, s.cycle_id, s.confidence, s.margin_permille, s.least, s.seed, s.modes, s.population, s.size, s.made_at,
        s.made_by, c.programme, c.period"
    };
}

macro_rules! line_columns {
    () => {
        "l.recipient, l.line_id, l.region, l.channel, l.amount_idr, l.payee_name, l.mode, l.answer, l.rev"
    };
}

/// `$1` from, `$2` to, `$3` caseload: the rows of `l` that a scope may see.
macro_rules! in_scope {
    () => {
        "l.region >= $1 AND l.region < $2
        AND ($3 = 0 OR l.recipient IN (SELECT family_id FROM assignment WHERE user_id = $3))"
    };
}

sql! {
    pub(crate) TOPPED_UP = "SELECT line_id, region, channel FROM payment_line
        WHERE line_id >= $1 AND line_id <= $2 AND cycle_id = $3 AND topped_up_idr > 0";
    pub(crate) DRAWN = "SELECT l.recipient, l.line_id, l.region, l.channel, l.topped_up_idr, l.payee_name, s.txn
        FROM payment_stage s JOIN payment_line l ON l.line_id = s.line_id WHERE s.file_no = $1";
    pub(crate) SAMPLE_ADD = "INSERT INTO payment_sample (sample_id, cycle_id, confidence, margin_permille, least, seed, modes,
            population, size, made_at, made_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    pub(crate) SAMPLE_KNOWN = "SELECT sample_id FROM payment_sample WHERE cycle_id = $1 AND confidence = $2
        AND margin_permille = $3 AND least = $4 AND seed = $5 AND modes = $6";
    pub(crate) SAMPLE = concat!("SELECT ", sample_columns!(), " FROM payment_sample s
        JOIN payment_cycle c ON c.cycle_id = s.cycle_id WHERE s.sample_id = $1");
    pub(crate) SAMPLES = concat!("SELECT ", sample_columns!(), " FROM payment_sample s
        JOIN payment_cycle c ON c.cycle_id = s.cycle_id WHERE s.sample_id < $1 ORDER BY s.sample_id DESC LIMIT $2");
    pub(crate) STRATA = "SELECT district, channel, population, size FROM payment_sample_stratum
        WHERE sample_id = $1 AND district >= $2 AND district < $3 ORDER BY district, channel";
    pub(crate) COUNTS = "SELECT SUBSTR(region, 1, 5) AS district, channel, answer, COUNT(*) FROM payment_sample_line
        WHERE sample_id = $1 AND region >= $2 AND region < $3 GROUP BY district, channel, answer";
    pub(crate) LINE = concat!("SELECT ", line_columns!(), " FROM payment_sample_line l WHERE ", in_scope!(), "
        AND l.sample_id = $4 AND l.line_id = $5");
    pub(crate) LINES = concat!("SELECT ", line_columns!(), " FROM payment_sample_line l WHERE ", in_scope!(), "
        AND l.sample_id = $4 AND ($5 = '' OR l.mode = $5) AND ($6 = '' OR l.answer = CASE WHEN $6 = 'open' THEN '' ELSE $6 END)
        AND (l.region, l.line_id) > ($7, $8) ORDER BY l.region, l.line_id LIMIT $9");
    pub(crate) ANSWERS = "SELECT seq, at, actor, answer, day, got_idr, late_days, trouble, whom, note, reference
        FROM payment_sample_answer WHERE recipient = $1 AND sample_id = $2 AND line_id = $3 ORDER BY seq LIMIT 200";
    pub(crate) LINE_STEP = "UPDATE payment_sample_line SET answer = $4, rev = rev + 1
        WHERE recipient = $1 AND sample_id = $2 AND line_id = $3 AND rev = $5";
}
