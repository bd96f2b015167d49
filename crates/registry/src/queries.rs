//! SQL of this room (received lists and the territory have theirs beside them).

use store::sql;

/// Ten places: `$10, …, $19`.
macro_rules! ten {
    ($tens:literal) => {
        concat!(
            "$", $tens, "0, $", $tens, "1, $", $tens, "2, $", $tens, "3, $", $tens, "4, $", $tens, "5, $",
            $tens, "6, $", $tens, "7, $", $tens, "8, $", $tens, "9"
        )
    };
}

/// The places from `$1` to the end of these tens.
macro_rules! places {
    ($($tens:literal)*) => { concat!("$1, $2, $3, $4, $5, $6, $7, $8, $9", $(", ", ten!($tens)),*) };
}

/// Numbers that [`FIND_NIK`] and [`FIND_KK`] ask for: as many as lie near one.
pub(crate) const NUMBERS: usize = 159;
/// People that [`FIND_PEOPLE`] asks for.
pub(crate) const PEOPLE: usize = 259;
/// Villages that [`REGION_NAMES`] asks for.
pub(crate) const REGIONS: usize = 59;

sql! {
    // --- what goes into a consolidation
    pub(crate) LISTS_ACCEPTED = "SELECT file_no, source, as_of FROM list_file
        WHERE kind = 'people' AND state = 'received' ORDER BY file_no";
    pub(crate) LIST_NAMES = "SELECT file_no, source, name, as_of FROM list_file
        WHERE kind = 'people' AND state = 'received' ORDER BY file_no";
    pub(crate) RANKS_RECEIVED = "SELECT file_no, as_of FROM list_file
        WHERE kind = 'rank' AND state = 'received' ORDER BY as_of, file_no";
    pub(crate) DECISIONS_IN_FORCE = "SELECT left_record, right_record, verdict FROM link_decision
        WHERE undone_at IS NULL AND verdict IN (1, 2) ORDER BY left_record, right_record, decision_id";
    pub(crate) DECISION_ADD = "INSERT INTO link_decision
        (decision_id, left_record, right_record, verdict, weight, user_id, actor, at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    pub(crate) LIST_ADD = "INSERT INTO list_file (file_no, source, kind, name, hash, bytes, as_of,
            received_at, actor, state,
            rows_read, rows_accepted, rows_rejected, findings, dataset, message, detail, policy)
        VALUES ($1, $2, 'people', $3, $4, $5, $6, $7, $8, 'received', $9, $9, 0, 0, $10, NULL, '{}', $11)
        ON CONFLICT (file_no) DO NOTHING";

    // --- urgent changes
    pub(crate) PERSON_LIFE = "SELECT family_id, alive, birth_date FROM person
        WHERE person_id = $1 AND region >= $2 AND region < $3
        AND ($4 = 0 OR family_id IN (SELECT family_id FROM assignment WHERE user_id = $4))";
    pub(crate) PERSON_DIED = "UPDATE person SET alive = 0, death_date = COALESCE(death_date, $2), digest = 0
            WHERE person_id = $1";
    pub(crate) FAMILY_RECOUNT = "UPDATE family SET digest = 0,
        size = (SELECT COUNT(*) FROM person WHERE person.family_id = $1 AND person.alive = 1)
        WHERE family_id = $1 RETURNING size";
    pub(crate) URGENT_ADD = "INSERT INTO urgent_change
        (change_id, person_id, family_id, kind, date, evidence, user_id, actor, at, state)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0)";
    pub(crate) URGENT_AFTER = "SELECT person_id, date FROM urgent_change
        WHERE kind = 'death' AND (state < 2 OR file_no > $1) ORDER BY change_id";
    pub(crate) URGENT_UNFINISHED = "SELECT file_no FROM urgent_change WHERE state = 1 ORDER BY change_id
            LIMIT 1";
    pub(crate) URGENT_OPEN = "SELECT change_id FROM urgent_change WHERE state = 0 AND counts_for <= $1
        ORDER BY change_id LIMIT 10000";
    pub(crate) FIELD_TOLD = "SELECT change_id FROM urgent_change WHERE case_id = $1 AND case_seq = $2";
    pub(crate) FIELD_ADD = "INSERT INTO urgent_change
        (change_id, person_id, family_id, kind, date, evidence, user_id, actor, at, state, case_id, case_seq,
            facts, counts_for)
        VALUES ($1, $2, $3, 'field', $4, '', $5, $6, $7, 0, $8, $9, $10, $11)";
    pub(crate) FIELD_HEAD = "SELECT head_person_id FROM family WHERE family_id = $1";
    pub(crate) CLOSED_LAST = "SELECT month FROM closing ORDER BY month DESC LIMIT 1";
    pub(crate) FIELD_WAITING = "SELECT COUNT(*) FROM urgent_change WHERE state < 2 AND kind = 'field' AND counts_for > $1";
    pub(crate) URGENT_ASSIGN = "UPDATE urgent_change SET state = 1, file_no = $2, row_no = $3 WHERE change_id
            = $1";
    pub(crate) URGENT_OF_FILE = "SELECT change_id, person_id, family_id, kind, date, evidence,
            user_id, actor, case_id, case_seq, facts
        FROM urgent_change WHERE file_no = $1 AND state = 1 ORDER BY row_no";
    pub(crate) URGENT_TAKEN = "UPDATE urgent_change SET state = 2 WHERE file_no = $1 AND state = 1";

    // --- publishing
    pub(crate) PERSON_RANGE = "SELECT person_id, digest, name_key, birth_date, region FROM person
        WHERE person_id > $1 AND person_id <= $2 ORDER BY person_id";
    pub(crate) PERSON_DELETE = "DELETE FROM person WHERE person_id = $1";
    pub(crate) FAMILY_RANGE = "SELECT family_id, digest FROM family
        WHERE family_id > $1 AND family_id <= $2 ORDER BY family_id";
    pub(crate) FAMILY_DELETE = "DELETE FROM family WHERE family_id = $1";
    pub(crate) KEY_RANGE = "SELECT key, area, person_id FROM person_key
        WHERE (key, area, person_id) > ($1, $2, $3) AND (key, area, person_id) <= ($4, $5, $6)
        ORDER BY key, area, person_id";
    pub(crate) KEY_DELETE = "DELETE FROM person_key WHERE key = $1 AND area = $2 AND person_id = $3";
    pub(crate) KEY_ADD = "INSERT INTO person_key (key, area, person_id) VALUES ($1, $2, $3)
        ON CONFLICT (key, area, person_id) DO NOTHING";
    pub(crate) RANK_RANGE = "SELECT family_id, rank_date, decile FROM family_rank
        WHERE family_id > $1 AND family_id <= $2 ORDER BY family_id, rank_date";
    pub(crate) RANK_DELETE = "DELETE FROM family_rank WHERE family_id = $1 AND rank_date = $2";
    pub(crate) ALIAS_RANGE = "SELECT old_id, new_id, kind FROM person_alias
        WHERE old_id > $1 AND old_id <= $2 ORDER BY old_id";
    pub(crate) ALIAS_DELETE = "DELETE FROM person_alias WHERE old_id = $1";
    pub(crate) EVENTS_OF_VERSION = "SELECT COUNT(*) FROM registry_event WHERE version = $1";
    pub(crate) EVENTS_DELETE = "DELETE FROM registry_event WHERE version = $1";
    pub(crate) REVIEW_ALL = "SELECT left_record, right_record, state, rank, left_person, right_person
        FROM review_pair ORDER BY left_record, right_record";
    pub(crate) REVIEW_DELETE = "DELETE FROM review_pair WHERE left_record = $1 AND right_record = $2";
    pub(crate) REGION_COUNTS_CLEAR = "DELETE FROM region_count";

    // --- closing
    pub(crate) CLOSING_ADD = "INSERT INTO closing (month, closing_date, registry_version, persons, families,
            living, matched, ranked,
            urgent, rank_date, closed_at, actor, persons_hash, families_hash, policy_hash, inputs)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
    pub(crate) CLOSING = "SELECT month, closing_date, registry_version, persons, families, living, matched,
            ranked, urgent, rank_date,
            closed_at, actor, persons_hash, families_hash, policy_hash, inputs
        FROM closing WHERE month = $1";
    pub(crate) CLOSINGS = "SELECT month, closing_date, registry_version, persons, families, living, matched,
            ranked, urgent, rank_date,
            closed_at, actor, persons_hash, families_hash, policy_hash, inputs
        FROM closing ORDER BY month DESC LIMIT 120";

    // --- search (behind the numbers that are asked for: range of villages, caseload). `region || ''`: an engine must
    // not take the index of regions, which for a large territory holds everybody, to help in finding a few numbers.
    pub(crate) FIND_NIK = concat!("SELECT person_id, family_id, nik, name, name_key, sex, birth_date, region, alive
        FROM person WHERE nik IN (", places!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15), ")
        AND region || '' >= $160 AND region || '' < $161
        AND (CAST($162 AS BIGINT) = 0 OR family_id IN (SELECT family_id FROM assignment WHERE user_id = $162))
        ORDER BY person_id LIMIT 100");
    pub(crate) FIND_KK = concat!("SELECT p.person_id, p.family_id, p.nik, p.name, p.name_key, p.sex, p.birth_date,
            p.region, p.alive
        FROM family f JOIN person p ON p.family_id = f.family_id
        WHERE f.kk IN (", places!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15), ")
        AND p.region || '' >= $160 AND p.region || '' < $161
        AND (CAST($162 AS BIGINT) = 0 OR p.family_id IN (SELECT family_id FROM assignment WHERE user_id = $162))
        ORDER BY p.family_id, COALESCE(p.relation, 99), p.person_id LIMIT 100");
    pub(crate) FIND_PEOPLE = concat!("SELECT person_id, family_id, nik, name, name_key, sex, birth_date, region, alive
        FROM person WHERE person_id IN (",
        places!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25), ")
        AND region || '' >= $260 AND region || '' < $261
        AND (CAST($262 AS BIGINT) = 0 OR family_id IN (SELECT family_id FROM assignment WHERE user_id = $262))");
    pub(crate) REGION_NAME = "SELECT name FROM region WHERE code = $1";
    pub(crate) REGION_NAMES = concat!("SELECT code, name FROM region WHERE code IN (", places!(1 2 3 4 5), ")");
    pub(crate) FIND_KEY = "SELECT person_id FROM person_key WHERE key = $1 AND area >= $2 AND area <= $3
        ORDER BY area, person_id LIMIT $4";
    pub(crate) VERSION_IN_FORCE = "SELECT CAST(value AS BIGINT) FROM meta WHERE name = 'registry-version'";
    // ($1, $2: range of villages; $3: caseload)
    pub(crate) FIND_PREFIX = "SELECT person_id, name_key, birth_date
        FROM (SELECT person_id, family_id, name_key, birth_date, region FROM person
            WHERE name_key >= $4 AND name_key < $5 ORDER BY name_key LIMIT $6) p
        WHERE region >= $1 AND region < $2
        AND (CAST($3 AS BIGINT) = 0 OR family_id IN (SELECT family_id FROM assignment WHERE user_id = $3))";
    pub(crate) FIND_REGION = "SELECT person_id, name_key FROM person
        WHERE region >= $1 AND region < $2
        AND (CAST($3 AS BIGINT) = 0 OR family_id IN (SELECT family_id FROM assignment WHERE user_id = $3))
            LIMIT $4";
    pub(crate) FIND_REGION_BORN = "SELECT person_id, name_key, birth_date FROM person
        WHERE region >= $1 AND region < $2
        AND (CAST($3 AS BIGINT) = 0 OR family_id IN (SELECT family_id FROM assignment WHERE user_id = $3))
            LIMIT $4";
    pub(crate) VILLAGES_NAMED = "SELECT code FROM region WHERE code >= $1 AND code < $2 AND level = 4 AND
            UPPER(name) = $3
        ORDER BY code LIMIT 5";

    // --- review ($1, $2: range of villages; a pair lies where either record lies). Put-off pairs (state 3)
    // come behind open ones.
    pub(crate) REVIEW_PAGE = "SELECT left_record, right_record, weight, left_person, right_person, state,
            rank FROM review_pair
        WHERE state IN (0, 3) AND (state, rank, left_record, right_record) > ($3, $4, $5, $6)
        AND ((left_region >= $1 AND left_region < $2) OR (right_region >= $1 AND right_region < $2))
        ORDER BY state, rank, left_record, right_record LIMIT $7";
    pub(crate) REVIEW_ONE = "SELECT left_record, right_record, weight, left_person, right_person, state, rank
            FROM review_pair
        WHERE left_record = $3 AND right_record = $4
        AND ((left_region >= $1 AND left_region < $2) OR (right_region >= $1 AND right_region < $2))";
    pub(crate) REVIEW_COUNT = "SELECT state, COUNT(*) FROM review_pair
        WHERE ((left_region >= $1 AND left_region < $2) OR (right_region >= $1 AND right_region < $2)) GROUP
            BY state";
    pub(crate) REVIEW_STATE = "UPDATE review_pair SET state = $3 WHERE left_record = $1 AND right_record =
            $2";
    pub(crate) DECISION_LAST = "SELECT decision_id, left_record, right_record FROM link_decision
        WHERE user_id = $1 AND undone_at IS NULL AND weight IS NOT NULL ORDER BY decision_id DESC LIMIT 1";
    pub(crate) DECISION_UNDO = "UPDATE link_decision SET undone_at = $2, undone_by = $3 WHERE decision_id =
            $1";
    pub(crate) DECISION_OF_PAIR = "SELECT verdict FROM link_decision
        WHERE left_record = $1 AND right_record = $2 AND undone_at IS NULL ORDER BY decision_id DESC LIMIT 1";
    pub(crate) FAMILY_OF_PERSON = "SELECT family_id FROM person WHERE person_id = $1";

    // --- pages ($1, $2: range of villages; $3: caseload)
    pub(crate) MEMBERS = "SELECT person_id, name, nik, sex, birth_date, relation, alive, death_date, matched,
            civil_servant, region
        FROM person WHERE family_id = $1
        ORDER BY alive DESC, COALESCE(relation, 99), birth_date NULLS LAST, person_id LIMIT 200";
    pub(crate) FAMILY = "SELECT family_id, kk, head_person_id, head_name, region, address, rt, rw, size,
            decile, rank_date, vars, version
        FROM family WHERE family_id = $4 AND region >= $1 AND region < $2
        AND (CAST($3 AS BIGINT) = 0 OR family_id IN (SELECT family_id FROM assignment WHERE user_id = $3))";
    pub(crate) HEAD_NAME = "SELECT head_name FROM family WHERE family_id = $4 AND region >= $1 AND region < $2
        AND (CAST($3 AS BIGINT) = 0 OR family_id IN (SELECT family_id FROM assignment WHERE user_id = $3))";
    pub(crate) PERSON_NAME = "SELECT name FROM person WHERE person_id = $4 AND region >= $1 AND region < $2
        AND (CAST($3 AS BIGINT) = 0 OR family_id IN (SELECT family_id FROM assignment WHERE user_id = $3))";
    pub(crate) DEATHS = "SELECT e.version, e.seq, e.person_id, COALESCE(p.death_date, e.date), e.family_id, p.family_id
        FROM registry_event e JOIN person p ON p.person_id = e.person_id
        WHERE e.kind = 5 AND p.alive = 0 AND p.region >= $1 AND p.region < $2
            AND (CAST($3 AS BIGINT) = 0 OR p.family_id IN (SELECT family_id FROM assignment WHERE user_id = $3))
            AND (e.version, e.seq) > ($4, $5) ORDER BY e.version, e.seq LIMIT $6";
    pub(crate) CHANGES = "SELECT version, seq, kind, family_id, person_id, other_id, date FROM registry_event
        WHERE (version, seq) > ($1, $2) AND kind IN (1, 5, 7, 8, 10) ORDER BY version, seq LIMIT $3";
    pub(crate) HOME = "SELECT region FROM family WHERE region >= $1 AND region < $2
        AND (CAST($3 AS BIGINT) = 0 OR family_id IN (SELECT family_id FROM assignment WHERE user_id = $3)) AND family_id = $4";
    pub(crate) FAMILIES_BEFORE = "SELECT DISTINCT other_id FROM registry_event
        WHERE person_id = $1 AND kind = 8 AND other_id > 0 ORDER BY other_id LIMIT 20";
    pub(crate) WHERE_NOW = "SELECT p.family_id, f.head_name, p.alive, p.matched, p.birth_date, p.death_date, p.version
        FROM person p LEFT JOIN family f ON f.family_id = p.family_id
        WHERE p.region >= $1 AND p.region < $2
            AND (CAST($3 AS BIGINT) = 0 OR p.family_id IN (SELECT family_id FROM assignment WHERE user_id = $3))
            AND p.person_id = $4";
    pub(crate) FAMILY_MERGED = "SELECT other_id FROM registry_event WHERE family_id = $1 AND kind = 10 AND
            other_id IS NOT NULL
        ORDER BY version DESC, seq LIMIT 1";
    pub(crate) FAMILY_RANKS = "SELECT rank_date, decile, publisher FROM family_rank WHERE family_id = $1
        ORDER BY rank_date DESC LIMIT 40";
    pub(crate) FAMILY_EVENTS = "SELECT version, seq, kind, date, person_id, family_id, other_id,
            value_before, value_after
        FROM registry_event WHERE family_id = $1 ORDER BY version DESC, seq LIMIT 200";
    pub(crate) PERSON_EVENTS = "SELECT version, seq, kind, date, person_id, family_id, other_id,
            value_before, value_after
        FROM registry_event WHERE person_id = $1 ORDER BY version DESC, seq LIMIT 200";
    pub(crate) FAMILY_URGENT = "SELECT kind, date, person_id, evidence, actor, at, case_id, facts
        FROM urgent_change WHERE family_id = $1 ORDER BY change_id DESC LIMIT 50";
    pub(crate) PERSON_URGENT = "SELECT kind, date, person_id, evidence, actor, at, case_id, facts
        FROM urgent_change WHERE person_id = $1 AND kind = 'death' ORDER BY change_id DESC LIMIT 50";
    pub(crate) FAMILIES_PAGE = "SELECT family_id, kk, head_name, region, size, decile, rank_date FROM family
        WHERE region >= $1 AND region < $2
        AND (CAST($3 AS BIGINT) = 0 OR family_id IN (SELECT family_id FROM assignment WHERE user_id = $3))
        AND (region, head_name, family_id) > ($4, $5, $6)
        ORDER BY region, head_name, family_id LIMIT $7";
    pub(crate) PERSON = "SELECT person_id, family_id, nik, kk, name, sex, birth_date, region, alive,
            death_date, matched, civil_servant,
            records, version FROM person
        WHERE person_id = $4 AND region >= $1 AND region < $2
        AND (CAST($3 AS BIGINT) = 0 OR family_id IN (SELECT family_id FROM assignment WHERE user_id = $3))";
    pub(crate) ALIAS = "SELECT new_id, kind FROM person_alias WHERE old_id = $1";
    pub(crate) ALIASES_OF = "SELECT old_id FROM person_alias WHERE new_id = $1 ORDER BY old_id LIMIT 50";
    pub(crate) COUNTS = "SELECT COALESCE(SUM(persons), 0), COALESCE(SUM(living), 0), COALESCE(SUM(matched),
            0), COALESCE(SUM(families), 0),
            COALESCE(SUM(ranked), 0) FROM region_count WHERE region >= $1 AND region < $2";
    pub(crate) CASELOAD_PERSONS = "SELECT COUNT(*), COUNT(*) FILTER (WHERE p.alive = 1), COUNT(*) FILTER
            (WHERE p.matched = 1)
        FROM assignment a JOIN person p ON p.family_id = a.family_id
        WHERE a.user_id = $3 AND p.region >= $1 AND p.region < $2";
    pub(crate) CASELOAD_FAMILIES = "SELECT COUNT(*), COUNT(*) FILTER (WHERE f.decile IS NOT NULL)
        FROM assignment a JOIN family f ON f.family_id = a.family_id
        WHERE a.user_id = $3 AND f.region >= $1 AND f.region < $2";
    pub(crate) COUNTS_BY_REGION = "SELECT substr(c.region, 1, CAST($3 AS INTEGER)) AS code, SUM(c.persons),
            SUM(c.living), SUM(c.matched),
            SUM(c.families), SUM(c.ranked)
        FROM region_count c WHERE c.region >= $1 AND c.region < $2 AND c.region <> ''
        GROUP BY substr(c.region, 1, CAST($3 AS INTEGER)) ORDER BY 1";
    pub(crate) DECISIONS_WAITING = "SELECT COUNT(*) FROM review_pair WHERE state IN (1, 2)";
    pub(crate) URGENT_COUNT = "SELECT COUNT(*) FROM urgent_change WHERE state < 2";
}
