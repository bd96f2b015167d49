//! The statements of this room, and nothing else.

/// Columns of a run, in the order that `decide::read_run` expects.
macro_rules! run_columns {
    () => {
        "SELECT run, programme, period, closing, version, reference_date, policy_hash, dataset, dataset_hash,
            state, made_by, made_by_name, made_at, approved_by, approved_by_name, approved_at,
            families, eligible, waiting, not_eligible, excluded, unknown, amount_idr, kept FROM decision_run "
    };
}

/// Columns of a notice, in the order that `notices::read` expects.
macro_rules! notice_columns {
    () => {
        "SELECT n.family_id, n.programme, n.run, n.period, n.region, n.reason, n.unknown, n.amount_idr, n.given_on,
            n.until, n.state, r.version FROM notice n JOIN decision_run r ON r.run = n.run "
    };
}

store::sql! {
    pub(crate) RUN = concat!(run_columns!(), "WHERE run = $1");
    pub(crate) RUNS_OF = concat!(run_columns!(),
        "WHERE programme = $1 ORDER BY period DESC, made_at DESC, run LIMIT $2");
    pub(crate) RUNS_PAGE = concat!(run_columns!(),
        "WHERE (made_at, run) < ($1, $2) ORDER BY made_at DESC, run DESC LIMIT $3");
    pub(crate) RUNS_OF_HASH = concat!(run_columns!(), "WHERE dataset_hash = $1 ORDER BY made_at, run LIMIT 20");
    pub(crate) RUN_APPROVED = "SELECT run FROM decision_run
        WHERE programme = $1 AND period = $2 AND state = 'approved'";
    /// The run of another programme that counts for a combination: approved before draft, then the newest.
    pub(crate) RUN_OVERLAPPING = "SELECT dataset, dataset_hash FROM decision_run
        WHERE programme = $1 AND period_from <= $3 AND period_to >= $2
        ORDER BY CASE WHEN state = 'approved' THEN 0 ELSE 1 END, made_at DESC, run LIMIT 1";
    /// The latest run of a programme: by period, approved before draft, then the newest.
    pub(crate) RUN_LATEST = concat!(run_columns!(),
        "WHERE programme = $1
        ORDER BY period_from DESC, CASE WHEN state = 'approved' THEN 0 ELSE 1 END, made_at DESC, run LIMIT 1");
    /// The last approved run of a period that ends from the day $2 to the day $3: what the next one follows.
    pub(crate) RUN_BEFORE = concat!(run_columns!(),
        "WHERE programme = $1 AND period_to >= $2 AND period_to <= $3 AND state = 'approved'
        ORDER BY period_to DESC, period_from DESC LIMIT 1");
    /// What approved lists of a programme give in a year, but for one period.
    pub(crate) APPROVED_OF_YEAR = "SELECT CAST(COALESCE(SUM(amount_idr), 0) AS BIGINT) FROM decision_run
        WHERE programme = $1 AND period_from >= $2 AND period_from <= $3 AND state = 'approved' AND period <> $4";
    pub(crate) RUN_ADD = "INSERT INTO decision_run (run, programme, period, period_from, period_to, closing,
            version, reference_date, policy_hash, dataset, dataset_hash, families, eligible, waiting,
            not_eligible, excluded, unknown, amount_idr, state, made_by, made_by_name, made_at, kept)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, 'draft',
            $19, $20, $21, $22)
        ON CONFLICT (run) DO NOTHING";
    pub(crate) RUN_APPROVE = "UPDATE decision_run
        SET state = 'approved', approved_by = $3, approved_by_name = $4, approved_at = $5
        WHERE run = $1 AND dataset_hash = $2 AND state = 'draft'";

    pub(crate) COUNTS_OF_REGION = "SELECT outcome, reason, unknown, families, amount_idr FROM decision_count
        WHERE run = $1 AND level = $2 AND region = $3 ORDER BY outcome, reason, unknown";
    pub(crate) COUNTS_OF_LEVEL = "SELECT region, outcome, CAST(SUM(families) AS BIGINT),
            CAST(SUM(amount_idr) AS BIGINT)
        FROM decision_count WHERE run = $1 AND level = $2 AND region >= $3 AND region < $4
        GROUP BY region, outcome ORDER BY region, outcome";
    pub(crate) CONDITIONS = "SELECT place, code, held, failed, unknown FROM decision_condition
        WHERE run = $1 ORDER BY place";
    pub(crate) COMPONENTS = "SELECT code, qualified, counted, families FROM decision_component
        WHERE run = $1 ORDER BY seq";
    pub(crate) QUOTAS = "SELECT region, families, places, eligible, inside, kept, waiting FROM decision_quota
        WHERE run = $1 AND region >= $2 AND region < $3 ORDER BY region LIMIT $4";
    pub(crate) QUOTA_OF = "SELECT region, families, places, eligible, inside, kept, waiting FROM decision_quota
        WHERE run = $1 AND region = $2";

    pub(crate) CHANGES_OF = "SELECT region, what, families, before_idr, amount_idr FROM decision_change
        WHERE run = $1 AND level IN ($2, $3) AND region >= $4 AND region < $5 ORDER BY region, what";

    pub(crate) NOTICES_RENEWED = "SELECT DISTINCT family_id FROM notice
        WHERE programme = $1 AND state = 'renewed' ORDER BY family_id";
    pub(crate) NOTICED = "SELECT DISTINCT family_id FROM notice
        WHERE state IN ('open', 'renewed') AND region >= $1 AND region < $2 AND family_id > $3 ORDER BY family_id LIMIT $4";
    pub(crate) NOTICES_END_RENEWED = "UPDATE notice SET state = 'withdrawn', ended_run = $2
        WHERE programme = $1 AND state = 'renewed'";
    pub(crate) NOTICE_END = "UPDATE notice SET state = $3, ended_run = $4
        WHERE family_id = $1 AND programme = $2 AND state = 'open'";
    pub(crate) NOTICE_RENEW = "UPDATE notice SET state = 'renewed' WHERE family_id = $1 AND state = 'open'";
    pub(crate) NOTICES_PAGE = concat!(notice_columns!(), "WHERE n.region >= $1 AND n.region < $2 AND n.state = $3
            AND ($4 = 0 OR n.family_id IN (SELECT family_id FROM assignment WHERE user_id = $4))
            AND (n.region, n.family_id, n.programme, n.run) > ($5, $6, $7, $8)
        ORDER BY n.region, n.family_id, n.programme, n.run LIMIT $9");
    pub(crate) NOTICES_OF_FAMILY = concat!(notice_columns!(), "WHERE n.family_id = $1 AND n.region >= $2 AND n.region < $3
            AND ($4 = 0 OR n.family_id IN (SELECT family_id FROM assignment WHERE user_id = $4))
        ORDER BY n.given_on DESC, n.programme, n.run LIMIT 40");

    pub(crate) SCENARIO_ADD = "INSERT INTO scenario (scenario_id, name, region, closing, policy_hash, asked, found,
            made_by, made_by_name, made_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    pub(crate) SCENARIO = "SELECT scenario_id, name, region, closing, policy_hash, asked, found, made_by_name, made_at
        FROM scenario WHERE scenario_id = $1 AND region >= $2 AND region < $3";
    pub(crate) SCENARIOS = "SELECT scenario_id, name, region, closing, policy_hash, asked, found, made_by_name, made_at
        FROM scenario WHERE region >= $1 AND region < $2 ORDER BY scenario_id DESC LIMIT $3";

    pub(crate) ASSIGNED = "SELECT family_id FROM assignment WHERE user_id = $1 ORDER BY family_id";
    pub(crate) IS_ASSIGNED = "SELECT family_id FROM assignment WHERE user_id = $1 AND family_id = $2";
}
