-- access: how many families a user accompanies, kept where assignments change: a nation is told by its companions, not by their families.
CREATE TABLE assignment_count (
    user_id INTEGER PRIMARY KEY,
    families INTEGER NOT NULL CHECK (families >= 0)
) STRICT;
INSERT INTO assignment_count (user_id, families) SELECT user_id, COUNT(*) FROM assignment GROUP BY user_id;
