-- casework: cases of places, such as the sessions of groups, by place and kind, open or not.
CREATE INDEX case_file_of_places ON case_file (region, workflow, opened_on, case_id) WHERE family_id = 0;
