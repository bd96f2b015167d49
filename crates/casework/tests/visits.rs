//! Visits to homes: who looked at their photographs, and how many a case may hold.

#![expect(clippy::unwrap_used, reason = "helpers of a test stop at the first surprise")]

use std::{collections::BTreeMap, sync::Arc};

use access::{House, NewUser, Session};
use casework::{
    Error, NewCase, NewFile, StepRequest, add_file, file_content, open_case, take_step, views, withdraw_file,
};
use jiff::civil::date;
use model::{CaseId, FamilyId, FixedClock, RegionCode, UserId};
use policy::Policy;
use store::testing::TestDb;

const VILLAGE: &str = "99.01.05.2003";

struct Office {
    house: House,
    _db: TestDb,
}

impl Office {
    fn all() -> Vec<Self> {
        TestDb::all().into_iter().map(Self::new).collect()
    }

    fn new(db: TestDb) -> Self {
        let house = House {
            db: db.db.clone(),
            lake: lake::Lake::open(&db.folder.join("lake")).unwrap(),
            policy: Arc::new(Policy::embedded().unwrap()),
            clock: Arc::new(FixedClock::at(date(2026, 11, 23))),
        };
        Self { house, _db: db }
    }

    fn user(&self, login: &str, role: &str, region: &str) -> Session {
        let console = Session::console(&self.house).scope("user.manage").unwrap();
        let new = NewUser {
            login: login.to_owned(),
            name: login.to_owned(),
            role: role.to_owned(),
            region: RegionCode::parse(region).unwrap(),
            password: Some("sandi yang panjang".to_owned()),
        };
        access::create_user(&self.house, &console, new).unwrap();
        access::session_of_login(&self.house, &console, login).unwrap()
    }

    fn assign(&self, user: UserId, family: i64) {
        let scope = Session::console(&self.house).scope("assignment.manage").unwrap();
        access::assign_families(&self.house, &scope, user, &[FamilyId(family)]).unwrap();
    }

    fn case(&self, session: &Session, workflow: &str, written: &[(&str, &str)]) -> CaseId {
        let new = NewCase {
            workflow: workflow.to_owned(),
            family: FamilyId(7),
            person: None,
            line: None,
            region: RegionCode::parse(VILLAGE).unwrap(),
            title: "SITI AMINAH".to_owned(),
            written: pairs(written),
        };
        open_case(&self.house, &session.scope("case.open").unwrap(), &new).unwrap().case
    }

    fn add(&self, session: &Session, case: CaseId, new: &NewFile) -> Result<casework::FileAdded, Error> {
        add_file(&self.house, &session.scope("case.work").unwrap(), case, new)
    }

    fn get(&self, session: &Session, case: CaseId, id: i64) -> Result<casework::FileContent, Error> {
        file_content(&self.house, &session.scope("case.read").unwrap(), case, id)
    }

    fn page(&self, session: &Session, case: CaseId) -> Option<views::CaseView> {
        views::case_page(&self.house, &session.scope("case.read").unwrap(), case, None).unwrap()
    }

    fn step(
        &self,
        session: &Session,
        case: CaseId,
        action: &str,
        written: &[(&str, &str)],
    ) -> Result<casework::Done, Error> {
        let rev = self.page(session, case).ok_or(Error::NotFound)?.rev;
        let request = StepRequest { action: action.to_owned(), written: pairs(written), rev };
        take_step(&self.house, &session.scope("case.work").unwrap(), case, &request)
    }
}

fn pairs(written: &[(&str, &str)]) -> BTreeMap<String, String> {
    written.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect()
}

/// A photograph; what hangs behind its end makes it another file as sent, and the same one as kept.
fn photo(nth: u8) -> NewFile {
    let mut bytes = synth::photo::house(1, "2026:11:20 09:15:30", (-62_101, 1_068_450)).unwrap();
    bytes.push(nth);
    NewFile {
        caption: "Rumah dari depan".to_owned(),
        field: "photo".to_owned(),
        name: "IMG_001.jpg".to_owned(),
        declared: "image/jpeg".to_owned(),
        bytes,
    }
}

/// Rows of the audit log that say of a look at a file.
fn looks(office: &Office) -> Vec<(i64, String, String)> {
    let console = Session::console(&office.house).scope("audit.read").unwrap();
    let rows = access::audit_rows(&office.house, &console, &store::Page::first(200)).unwrap().items;
    let looked = rows.into_iter().filter(|row| row.detail.ends_with(" looked"));
    looked.map(|row| (row.user_id, row.subject, row.detail)).collect()
}

#[test]
fn a_look_at_a_file_is_written_down_once_a_day_for_each_person() {
    for mut office in Office::all() {
        let officer = office.user("citra", "district_officer", "99.01");
        let other = office.user("dewi", "district_officer", "99.01");
        let far = office.user("fajar", "district_officer", "99.02");
        let case = office.case(&officer, "ground_check", &[]);
        let id = office.add(&officer, case, &photo(1)).unwrap().id;
        assert!(looks(&office).is_empty(), "who adds a file has not looked at one");
        for _ in 0..3 {
            office.get(&officer, case, id).unwrap();
        }
        let line =
            (officer.user_id.0, format!("case:{case}"), format!("workflow=ground_check file={id} looked"));
        assert_eq!(looks(&office), [line]);
        office.get(&other, case, id).unwrap();
        assert_eq!(office.get(&far, case, id), Err(Error::NotFound));
        assert_eq!(office.get(&officer, case, id + 1), Err(Error::NotFound));
        assert_eq!(looks(&office).len(), 2, "what was not given is no look");
        office.house.clock = Arc::new(FixedClock::at(date(2026, 11, 24)));
        office.get(&officer, case, id).unwrap();
        assert_eq!(looks(&office).len(), 3, "the next day is another look");
    }
}

#[test]
fn a_file_that_was_withdrawn_makes_room_for_another_but_not_for_ever() {
    for office in Office::all() {
        let set = office.house.policy.settings().files;
        let officer = office.user("citra", "district_officer", "99.01");
        let work = officer.scope("case.work").unwrap();
        let case = office.case(&officer, "ground_check", &[]);
        let add = |nth: i64| office.add(&officer, case, &photo(u8::try_from(nth).unwrap()));
        let mut last = 0;
        for nth in 0..set.files_a_case {
            last = add(nth).unwrap().id;
        }
        let mut ever = set.files_a_case;
        assert_eq!(add(ever).unwrap_err().code(), "casework-file-full");
        while ever < set.files_ever {
            withdraw_file(&office.house, &work, case, last, "bukan rumahnya").unwrap();
            last = add(ever).unwrap().id;
            ever += 1;
        }
        withdraw_file(&office.house, &work, case, last, "bukan rumahnya").unwrap();
        assert_eq!(
            add(ever).unwrap_err().code(),
            "casework-file-full",
            "the disk is not filled by withdrawing"
        );
    }
}
