//! SQL of this room.

use store::sql;

sql! {
    pub(crate) USER_ADD = "INSERT INTO user_account (user_id, login, name, password_hash, role, region, created_at, created_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    pub(crate) USER_BY_LOGIN = "SELECT user_id, login, name, password_hash, role, region FROM user_account
        WHERE login = $1 AND closed_at IS NULL";
    pub(crate) USER_PASSWORD = "UPDATE user_account SET password_hash = $2 WHERE login = $1 AND closed_at IS NULL RETURNING user_id";
    pub(crate) USER_CLOSE = "UPDATE user_account SET closed_at = $2 WHERE login = $1 AND closed_at IS NULL RETURNING user_id";
    pub(crate) USERS = "SELECT user_id, login, name, role, region, created_at, closed_at FROM user_account
        WHERE region >= $1 AND region < $2 ORDER BY role, region, login";
    pub(crate) SESSION_ADD = "INSERT INTO session (token_hash, user_id, csrf, created_at, seen_at, expires_at)
        VALUES ($1, $2, $3, $4, $4, $5)";
    pub(crate) SESSION_FIND = "SELECT u.user_id, u.login, u.name, u.role, u.region, s.csrf, s.seen_at FROM session s
        JOIN user_account u ON u.user_id = s.user_id
        WHERE s.token_hash = $1 AND s.expires_at > $2 AND s.seen_at > $3 AND u.closed_at IS NULL";
    pub(crate) SESSION_SEEN = "UPDATE session SET seen_at = $2 WHERE token_hash = $1";
    pub(crate) SESSION_END = "DELETE FROM session WHERE token_hash = $1";
    pub(crate) SESSIONS_END = "DELETE FROM session WHERE user_id = $1";
    pub(crate) SESSIONS_END_OTHER = "DELETE FROM session WHERE user_id = $1 AND token_hash <> $2";
    pub(crate) SESSIONS_OLD = "DELETE FROM session WHERE expires_at <= $1";
    pub(crate) FAILURES = "SELECT COUNT(*) FROM sign_in_failure WHERE subject = $1 AND at > $2";
    pub(crate) FAILURE_ADD = "INSERT INTO sign_in_failure (subject, at) VALUES ($1, $2)";
    pub(crate) FAILURES_CLEAR = "DELETE FROM sign_in_failure WHERE subject = $1 OR at <= $2";
    pub(crate) ASSIGNED = "SELECT COUNT(*) FROM assignment WHERE user_id = $1";
    pub(crate) ASSIGNED_COUNT = "INSERT INTO assignment_count (user_id, families)
        SELECT CAST($1 AS BIGINT), COUNT(*) FROM assignment WHERE user_id = $1
        ON CONFLICT (user_id) DO UPDATE SET families = excluded.families";
    pub(crate) UNASSIGN = "DELETE FROM assignment WHERE user_id = $1";
    pub(crate) HANDED_ON = "DELETE FROM assignment WHERE user_id = $1 AND family_id = $2";
    pub(crate) COMPANIONS = "SELECT COUNT(*) FROM assignment WHERE family_id = $1";
    pub(crate) AUDIT_LAST = "SELECT hash FROM audit WHERE seq = $1";
    pub(crate) AUDIT_ADD = "INSERT INTO audit (seq, at, user_id, actor, action, subject, detail, hash)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    pub(crate) AUDIT_PAGE = "SELECT seq, at, user_id, actor, action, subject, detail, hash FROM audit
        WHERE seq < $1 ORDER BY seq DESC LIMIT $2";
    pub(crate) AUDIT_ALL = "SELECT seq, at, user_id, actor, action, subject, detail, hash FROM audit ORDER BY seq";
    pub(crate) FAMILY_HERE = "SELECT COUNT(*) FROM family WHERE family_id = $1 AND region >= $2 AND region < $3
        AND ($4 = 0 OR family_id IN (SELECT family_id FROM assignment WHERE user_id = $4))";
    pub(crate) FAMILY_PLACE = "SELECT region FROM family WHERE family_id = $1";
    pub(crate) SLIP_ADD = "INSERT INTO family_slip (slip, family_id, secret_hash, issued_at, issued_by, ends_at, revoked_at)
        VALUES ($1, $2, $3, $4, $5, $6, NULL)";
    pub(crate) SLIP_END = "UPDATE family_slip SET revoked_at = $2 WHERE family_id = $1 AND revoked_at IS NULL";
    pub(crate) SLIP_OF = "SELECT issued_at, ends_at FROM family_slip WHERE family_id = $1 AND revoked_at IS NULL AND ends_at > $2";
    pub(crate) SLIP_GET = "SELECT family_id, secret_hash FROM family_slip WHERE slip = $1 AND revoked_at IS NULL AND ends_at > $2";
    pub(crate) LOOK_ADD = "INSERT INTO slip_visit (token, slip, family_id, ends_at) VALUES ($1, $2, $3, $4)";
    pub(crate) LOOK_GET = "SELECT v.family_id, v.ends_at FROM slip_visit v JOIN family_slip s ON s.slip = v.slip
        WHERE v.token = $1 AND v.ends_at > $2 AND s.revoked_at IS NULL";
    pub(crate) LOOK_END = "DELETE FROM slip_visit WHERE token = $1";
    pub(crate) LOOKS_OLD = "DELETE FROM slip_visit WHERE ends_at <= $1";
    pub(crate) PERSON_NIK = "SELECT nik FROM person WHERE person_id = $1 AND region >= $2 AND region < $3
        AND ($4 = 0 OR family_id IN (SELECT family_id FROM assignment WHERE user_id = $4))";
}
