-- field reports: what a case settled comes to the registry as a row beside urgent deaths, and becomes a record of the same list.

-- case_id, case_seq: the line of a case's history that told it; facts: canonical columns as a JSON object of texts; counts_for: the month
-- of which it is a change (2026-12), empty for what cannot wait.
ALTER TABLE urgent_change ADD COLUMN case_id INTEGER;
ALTER TABLE urgent_change ADD COLUMN case_seq INTEGER;
ALTER TABLE urgent_change ADD COLUMN facts TEXT NOT NULL DEFAULT '{}';
ALTER TABLE urgent_change ADD COLUMN counts_for TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX urgent_change_by_case ON urgent_change (case_id, case_seq, family_id) WHERE case_id IS NOT NULL;
CREATE INDEX urgent_change_by_family ON urgent_change (family_id, change_id);
