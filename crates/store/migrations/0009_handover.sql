-- casework: devices handed over, one row an item, each with its person. `region`: where the person lived when the row came in, for
-- people whom the registry carries no longer. `import_no` names the file in the audit log.
CREATE TABLE handover (
    person_id INTEGER NOT NULL,
    programme TEXT NOT NULL,
    item TEXT NOT NULL,
    given_on TEXT NOT NULL,
    document TEXT NOT NULL,
    value_idr INTEGER NOT NULL CHECK (value_idr >= 0),
    region TEXT NOT NULL,
    import_no INTEGER NOT NULL,
    PRIMARY KEY (person_id, programme, item, given_on, document)
) STRICT, WITHOUT ROWID;

-- Rows of a file on their way in: filled and emptied within one transaction.
CREATE TABLE handover_stage (
    import_no INTEGER NOT NULL,
    line INTEGER NOT NULL,
    person_id INTEGER NOT NULL,
    programme TEXT NOT NULL,
    item TEXT NOT NULL,
    given_on TEXT NOT NULL,
    document TEXT NOT NULL,
    value_idr INTEGER NOT NULL,
    PRIMARY KEY (import_no, line)
) STRICT, WITHOUT ROWID;
