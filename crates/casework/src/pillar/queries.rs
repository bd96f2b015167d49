//! SQL of the pillars. `$…` of lists in the order: territory range from, to, account (0 for everybody).

use store::sql;

sql! {
    pub(crate) ACCOUNT = "SELECT user_id FROM user_account WHERE login = $1 AND closed_at IS NULL";
    pub(crate) ACCOUNT_TAKEN = "SELECT number FROM pillar WHERE user_id = $1 AND user_id <> 0 AND number <> $2 LIMIT 1";
    pub(crate) FAMILY_THERE = "SELECT family_id FROM family WHERE family_id = $1";
    pub(crate) PERSON_OF_NIK = "SELECT person_id FROM person WHERE nik = $1 LIMIT 2";
    pub(crate) PILLAR_OF = "SELECT pillar_id, rev, kind, name, region, sex, birth_year, education, languages, skills, since,
        contract_from, contract_to, availability, capacity, user_id, person_id FROM pillar WHERE number = $1";
    pub(crate) WITHIN = "SELECT number FROM pillar WHERE pillar_id = $3 AND region >= $1 AND region < $2";
    pub(crate) LOGIN = "SELECT login FROM user_account WHERE user_id = $1";
    pub(crate) PILLAR_SET = "INSERT INTO pillar (pillar_id, number, kind, name, region, sex, birth_year, education, languages, skills,
            since, contract_from, contract_to, availability, capacity, user_id, person_id, rev)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
        ON CONFLICT (pillar_id) DO UPDATE SET kind = excluded.kind, name = excluded.name, region = excluded.region,
            sex = excluded.sex, birth_year = excluded.birth_year, education = excluded.education, languages = excluded.languages,
            skills = excluded.skills, since = excluded.since, contract_from = excluded.contract_from,
            contract_to = excluded.contract_to, availability = excluded.availability, capacity = excluded.capacity,
            user_id = excluded.user_id, person_id = excluded.person_id, rev = excluded.rev";
    pub(crate) PAPERS = "SELECT certificate, number, issuer, from_date, to_date FROM pillar_paper
        WHERE pillar_id = $1 ORDER BY certificate, number";
    pub(crate) PAPERS_CLEAR = "DELETE FROM pillar_paper WHERE pillar_id = $1";
    pub(crate) PAPER_ADD = "INSERT INTO pillar_paper (pillar_id, certificate, number, issuer, from_date, to_date)
        VALUES ($1, $2, $3, $4, $5, $6)";
    pub(crate) KIN = "SELECT family_id FROM pillar_kin WHERE pillar_id = $1 ORDER BY family_id";
    pub(crate) KIN_CLEAR = "DELETE FROM pillar_kin WHERE pillar_id = $1";
    pub(crate) KIN_ADD = "INSERT INTO pillar_kin (pillar_id, family_id) VALUES ($1, $2)";
    pub(crate) CHANGE_ADD = "INSERT INTO pillar_change (pillar_id, rev, at, user_id, actor, before) VALUES ($1, $2, $3, $4, $5, $6)";
    pub(crate) CHANGES = "SELECT rev, at, actor, before FROM pillar_change WHERE pillar_id = $1 ORDER BY rev DESC LIMIT 20";
    pub(crate) LIST = "SELECT p.pillar_id, p.number, p.kind, p.name, p.region, p.availability, p.contract_to,
            COALESCE((SELECT c.families FROM assignment_count c WHERE c.user_id = p.user_id AND p.user_id <> 0), 0),
            (SELECT MIN(q.to_date) FROM pillar_paper q WHERE q.pillar_id = p.pillar_id AND q.to_date < $6
                AND NOT EXISTS (SELECT 1 FROM pillar_paper r WHERE r.pillar_id = q.pillar_id
                    AND r.certificate = q.certificate AND r.to_date > q.to_date))
        FROM pillar p WHERE p.region >= $1 AND p.region < $2 AND (CAST($3 AS BIGINT) = 0 OR p.user_id = $3)
        AND ($4 = '' OR p.kind = $4) AND ($5 = '' OR p.availability = $5)
        AND (CAST($7 AS BIGINT) = 0 OR EXISTS (SELECT 1 FROM pillar_paper q WHERE q.pillar_id = p.pillar_id AND q.to_date < $6
            AND NOT EXISTS (SELECT 1 FROM pillar_paper r WHERE r.pillar_id = q.pillar_id
                AND r.certificate = q.certificate AND r.to_date > q.to_date)))
        AND (p.name, p.pillar_id) > ($8, $9) ORDER BY p.name, p.pillar_id LIMIT $10";
    pub(crate) KINDS = "SELECT p.kind, COUNT(*), COUNT(*) FILTER (WHERE EXISTS (SELECT 1 FROM pillar_paper q
            WHERE q.pillar_id = p.pillar_id AND q.to_date < $4 AND NOT EXISTS (SELECT 1 FROM pillar_paper r
                WHERE r.pillar_id = q.pillar_id AND r.certificate = q.certificate AND r.to_date > q.to_date)))
        FROM pillar p WHERE p.region >= $1 AND p.region < $2 AND (CAST($3 AS BIGINT) = 0 OR p.user_id = $3)
        GROUP BY p.kind ORDER BY p.kind";
    pub(crate) ONE = "SELECT p.pillar_id, p.number, p.kind, p.name, p.region, p.availability, p.contract_to,
            COALESCE((SELECT c.families FROM assignment_count c WHERE c.user_id = p.user_id AND p.user_id <> 0), 0), NULL,
            p.sex, p.birth_year, p.education, p.languages, p.skills, p.since, p.contract_from, p.capacity, p.user_id, p.rev,
            COALESCE(x.new_id, p.person_id), COALESCE(h.family_id, 0)
        FROM pillar p LEFT JOIN person_alias x ON x.old_id = p.person_id
        LEFT JOIN person h ON h.person_id = COALESCE(x.new_id, p.person_id)
        WHERE p.pillar_id = $4 AND p.region >= $1 AND p.region < $2 AND (CAST($3 AS BIGINT) = 0 OR p.user_id = $3)";
    pub(crate) ENDED = "SELECT c.counts, COUNT(*) FROM
        (SELECT DISTINCT e.family_id, e.case_id FROM case_event e WHERE e.actor_id = $1) mine
        JOIN case_file c ON c.family_id = mine.family_id AND c.case_id = mine.case_id
        WHERE c.open = 0 AND c.closed_on >= $2 AND c.closed_on < $3 AND c.counts IS NOT NULL GROUP BY c.counts ORDER BY c.counts";
    pub(crate) IN_TIME = "SELECT COUNT(*) FILTER (WHERE c.open = 0 AND c.closed_on >= $2 AND c.closed_on < $3),
            COUNT(*) FILTER (WHERE c.open = 0 AND c.closed_on >= $2 AND c.closed_on < $3 AND c.closed_on <= c.due_on),
            COUNT(*) FILTER (WHERE c.open = 1), COUNT(*) FILTER (WHERE c.open = 1 AND c.due_on < $4)
        FROM (SELECT DISTINCT e.family_id, e.case_id FROM case_event e WHERE e.actor_id = $1) mine
        JOIN case_file c ON c.family_id = mine.family_id AND c.case_id = mine.case_id";
    pub(crate) LASTING = "SELECT c.family_id, MIN(c.closed_on) FROM
        (SELECT DISTINCT e.family_id, e.case_id FROM case_event e WHERE e.actor_id = $1) mine
        JOIN case_file c ON c.family_id = mine.family_id AND c.case_id = mine.case_id
        WHERE c.open = 0 AND c.closed_on >= $2 AND c.counts = $3 GROUP BY c.family_id ORDER BY c.family_id LIMIT 2000";
    pub(crate) UNDONE = "SELECT family_id FROM case_file WHERE family_id = $1 AND open = 0 AND counts = $2 AND closed_on >= $3 LIMIT 1";
    pub(crate) YEAR_OF = "SELECT c.counts, COUNT(*) FROM case_file c
        WHERE c.region >= $1 AND c.region < $2 AND c.open = 0 AND c.closed_on >= $4 AND c.closed_on < $5 AND c.counts IS NOT NULL
        AND EXISTS (SELECT 1 FROM case_event e JOIN pillar p ON p.user_id = e.actor_id
            WHERE e.family_id = c.family_id AND e.case_id = c.case_id AND p.kind = $3 AND p.user_id <> 0)
        GROUP BY c.counts ORDER BY c.counts";
    pub(crate) COVER_PILLARS = "SELECT substr(p.region, 1, CAST($3 AS INTEGER)) AS place, p.kind, COUNT(*) FROM pillar p
        WHERE p.region >= $1 AND p.region < $2
        GROUP BY substr(p.region, 1, CAST($3 AS INTEGER)), p.kind ORDER BY 1, 2";
    pub(crate) COVER_FAMILIES = "SELECT substr(c.region, 1, CAST($3 AS INTEGER)) AS place, SUM(c.families) FROM region_count c
        WHERE c.region >= $1 AND c.region < $2
        GROUP BY substr(c.region, 1, CAST($3 AS INTEGER)) ORDER BY 1";
    pub(crate) COVER_NEAR = "SELECT substr(f.region, 1, CAST($3 AS INTEGER)) AS place, COUNT(DISTINCT f.family_id),
            COUNT(DISTINCT a.user_id)
        FROM family f JOIN assignment a ON a.family_id = f.family_id WHERE f.region >= $1 AND f.region < $2
        GROUP BY substr(f.region, 1, CAST($3 AS INTEGER)) ORDER BY 1";
    pub(crate) COVER_FAR = "SELECT substr(u.region, 1, CAST($3 AS INTEGER)) AS place, SUM(c.families), COUNT(*)
        FROM assignment_count c JOIN user_account u ON u.user_id = c.user_id
        WHERE u.region >= $1 AND u.region < $2 AND u.closed_at IS NULL AND c.families > 0
        GROUP BY substr(u.region, 1, CAST($3 AS INTEGER)) ORDER BY 1";
    pub(crate) COVER_MISSING = "SELECT substr(r.code, 1, CAST($3 AS INTEGER)) AS place, COUNT(*) FROM region r
        WHERE r.code >= $1 AND r.code < $2 AND r.level = $4 AND NOT EXISTS
            (SELECT 1 FROM pillar p WHERE p.kind = $5 AND p.region >= r.code AND p.region < r.code || '/')
        GROUP BY substr(r.code, 1, CAST($3 AS INTEGER)) ORDER BY 1";
    pub(crate) COMPANIONS = "SELECT p.user_id, p.region, p.availability, p.capacity, p.languages, p.sex,
            COALESCE(h.family_id, 0), p.pillar_id, u.name
        FROM pillar p JOIN user_account u ON u.user_id = p.user_id
        LEFT JOIN person_alias x ON x.old_id = p.person_id
        LEFT JOIN person h ON h.person_id = COALESCE(x.new_id, p.person_id)
        WHERE p.kind = $3 AND p.region >= $1 AND p.region < $2 AND u.closed_at IS NULL
        AND (p.availability = 'full' OR p.availability = 'part')
        AND (p.contract_to = '' OR p.contract_to >= $4) AND p.since <= $4 ORDER BY p.user_id LIMIT $5";
    pub(crate) KIN_WITHIN = "SELECT k.pillar_id, k.family_id FROM pillar_kin k JOIN pillar p ON p.pillar_id = k.pillar_id
        WHERE p.region >= $1 AND p.region < $2 ORDER BY k.pillar_id, k.family_id";
    pub(crate) PRESENT = "SELECT a.family_id, a.user_id FROM assignment a JOIN family f ON f.family_id = a.family_id
        WHERE f.region >= $1 AND f.region < $2 ORDER BY a.family_id, a.user_id";
    pub(crate) PROPOSAL_ADD = "INSERT INTO pillar_proposal (proposal_id, region, state, made_at, made_by, maker, kept, moved,
            fresh, unplaced)
        VALUES ($1, $2, 0, $3, $4, $5, $6, $7, $8, $9)";
    pub(crate) PROPOSALS = "SELECT proposal_id, region, state, made_at, made_by, maker, decided_at, decider, kept, moved, fresh, unplaced
        FROM pillar_proposal WHERE region >= $1 AND region < $2 AND proposal_id < $3 ORDER BY proposal_id DESC LIMIT $4";
    pub(crate) SHARING = "SELECT proposal_id, region, state, made_at, made_by, maker, decided_at, decider, kept, moved, fresh, unplaced
        FROM pillar_proposal WHERE proposal_id = $3 AND region >= $1 AND region < $2";
    pub(crate) PROPOSAL_DECIDE = "UPDATE pillar_proposal SET state = $2, decided_at = $3, decided_by = $4, decider = $5
        WHERE proposal_id = $1 AND state = 0";
    pub(crate) ROWS = "SELECT r.family_id, r.region, r.from_user, r.to_user, r.adjusted_by, f.head_name,
            COALESCE(o.name, ''), COALESCE(t.name, '')
        FROM pillar_proposal_row r LEFT JOIN family f ON f.family_id = r.family_id
        LEFT JOIN user_account o ON o.user_id = r.from_user LEFT JOIN user_account t ON t.user_id = r.to_user
        WHERE r.proposal_id = $1 AND r.family_id > $2 ORDER BY r.family_id LIMIT $3";
    pub(crate) ROWS_ALL = "SELECT family_id, from_user, to_user FROM pillar_proposal_row WHERE proposal_id = $1 ORDER BY family_id";
    pub(crate) ROW_SET = "UPDATE pillar_proposal_row SET to_user = $3, adjusted_by = $4 WHERE proposal_id = $1 AND family_id = $2";
    pub(crate) LOAD_THEN = "SELECT (SELECT COUNT(*) FROM assignment a WHERE a.user_id = $2)
        + (SELECT COUNT(*) FROM pillar_proposal_row r WHERE r.proposal_id = $1 AND r.to_user = $2)
        - (SELECT COUNT(*) FROM pillar_proposal_row r WHERE r.proposal_id = $1 AND r.from_user = $2)";
}

#[cfg(test)]
mod tests {
    use store::testing::TestDb;

    #[test]
    fn every_statement_prepares_on_every_engine() {
        for db in TestDb::all() {
            assert_eq!(db.db.check(super::ALL), []);
        }
    }
}
