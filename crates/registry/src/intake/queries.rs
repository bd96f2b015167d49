//! SQL of received lists.

store::sql! {
    /// A list that was received before, by its content.
    pub(crate) LIST_BY_HASH = "SELECT file_no, source, kind, name, hash, bytes, as_of, received_at, actor, state, rows_read, rows_accepted,
            rows_rejected, findings, dataset, message, detail FROM list_file WHERE source = $1 AND hash = $2";
    pub(crate) LIST = "SELECT file_no, source, kind, name, hash, bytes, as_of, received_at, actor, state, rows_read, rows_accepted,
            rows_rejected, findings, dataset, message, detail FROM list_file WHERE file_no = $1";
    pub(crate) LISTS = "SELECT file_no, source, kind, name, hash, bytes, as_of, received_at, actor, state, rows_read, rows_accepted,
            rows_rejected, findings, dataset, message, detail FROM list_file WHERE file_no < $1 ORDER BY file_no DESC LIMIT $2";
    pub(crate) LIST_BEGIN = "INSERT INTO list_file (file_no, source, kind, name, hash, bytes, as_of, received_at, actor, state, rows_read,
            rows_accepted, rows_rejected, findings, dataset, message, detail, policy)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'reading', 0, 0, 0, 0, NULL, NULL, '{}', $10)
        ON CONFLICT (file_no) DO UPDATE SET name = excluded.name, as_of = excluded.as_of, received_at = excluded.received_at,
            actor = excluded.actor, state = 'reading', message = NULL, policy = excluded.policy";
    pub(crate) LIST_RECEIVED = "UPDATE list_file SET state = 'received', rows_read = $2, rows_accepted = $3, rows_rejected = $4,
            findings = $5, dataset = $6, message = NULL, detail = $7, as_of = $8 WHERE file_no = $1";
    pub(crate) LIST_REFUSED = "UPDATE list_file SET state = 'refused', message = $2, detail = $3 WHERE file_no = $1";
    pub(crate) REJECTS_CLEAR = "DELETE FROM reject WHERE file_no = $1";
    pub(crate) REJECTS = "SELECT seq, sheet, line, column_name, rule, severity, masked FROM reject
        WHERE file_no = $1 AND seq > $2 AND severity <= $3 AND (($4 = '' AND $5 = '~') OR (region >= $4 AND region < $5))
        ORDER BY seq LIMIT $6";
}

pub(crate) const REJECT_COLUMNS: &[&str] =
    &["file_no", "seq", "sheet", "line", "column_name", "rule", "severity", "masked", "region"];
