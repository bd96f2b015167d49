-- casework: whose kin a family is, for every step in a case of it.
CREATE INDEX pillar_kin_by_family ON pillar_kin (family_id);
CREATE INDEX pillar_by_person ON pillar (person_id) WHERE person_id <> 0;
