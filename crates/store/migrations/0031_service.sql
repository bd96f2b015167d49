-- casework: the catalogue of services. kind: a key of the policy's list; serves: the region whose people it is for, which holds the place
-- where it stands; valid_from, valid_to: ISO days, the end empty while it goes on. change: what stood before a correction.
CREATE TABLE service_offer (
    offer_id INTEGER PRIMARY KEY,
    number TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    provider TEXT NOT NULL,
    region TEXT NOT NULL,
    serves TEXT NOT NULL,
    address TEXT NOT NULL,
    phone TEXT NOT NULL,
    hours TEXT NOT NULL,
    papers TEXT NOT NULL,
    fee TEXT NOT NULL,
    valid_from TEXT NOT NULL,
    valid_to TEXT NOT NULL,
    rev INTEGER NOT NULL
) STRICT;
CREATE INDEX service_offer_by_place ON service_offer (serves, offer_id);
CREATE TABLE service_change (
    offer_id INTEGER NOT NULL,
    rev INTEGER NOT NULL,
    at INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    actor TEXT NOT NULL,
    before TEXT NOT NULL,
    PRIMARY KEY (offer_id, rev)
) STRICT, WITHOUT ROWID;
