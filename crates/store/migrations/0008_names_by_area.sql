-- The index of names knows the area of each person, so that a search within a territory meets all its people, however many
-- in the country have the name. `area`: the ten digits of the village code as a number, zeros where there are none.
-- The index is derived data: publishing fills it anew.
DROP TABLE person_key;
CREATE TABLE person_key (
    key INTEGER NOT NULL,
    area INTEGER NOT NULL,
    person_id INTEGER NOT NULL,
    PRIMARY KEY (key, area, person_id)
) STRICT, WITHOUT ROWID;
