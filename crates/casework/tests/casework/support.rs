//! An office on a database of its own: people with roles in places, cases, and what they do with them.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use access::{House, NewUser, Scope, Session};
use casework::{
    Done, Error, FileAdded, FileContent, NewCase, NewFile, StepRequest, add_file, file_content, open_case,
    open_caused, take_step,
    views::{self, TaskFilter, Why},
};
use jiff::{
    Timestamp,
    civil::{Date, date},
};
use model::{CaseId, Clock, FamilyId, RegionCode, UserId};
use policy::Policy;
use store::{Page, testing::TestDb};

pub(crate) const VILLAGE: &str = "99.01.05.2003";

/// What is written into a form.
pub(crate) type Fields<'a> = &'a [(&'a str, &'a str)];

/// A clock that a test moves: nine in the morning of a day, in the west of the country.
pub(crate) struct Moved(Mutex<Timestamp>);

impl Clock for Moved {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

impl Moved {
    pub(crate) fn to(&self, day: Date) {
        let at = jiff::tz::Offset::constant(7).to_timestamp(day.at(9, 0, 0, 0)).unwrap();
        *self.0.lock().unwrap() = at;
    }
}

pub(crate) struct Office {
    pub(crate) house: House,
    /// Of the house; on 23 November 2026 until somebody moves it.
    pub(crate) clock: Arc<Moved>,
    pub(crate) db: TestDb,
}

impl Office {
    /// On every database that there is.
    pub(crate) fn all() -> Vec<Self> {
        TestDb::all().into_iter().map(Self::new).collect()
    }

    pub(crate) fn new(db: TestDb) -> Self {
        Self::with(db, Policy::embedded().unwrap())
    }

    pub(crate) fn with(db: TestDb, policy: Policy) -> Self {
        let clock = Arc::new(Moved(Mutex::new(Timestamp::UNIX_EPOCH)));
        clock.to(date(2026, 11, 23));
        let house = House {
            db: db.db.clone(),
            lake: lake::Lake::open(&db.folder.join("lake")).unwrap(),
            policy: Arc::new(policy),
            clock: clock.clone(),
        };
        Self { house, clock, db }
    }

    /// Puts regions into the table, those above before those below.
    pub(crate) fn regions(&self, codes: &[&str]) {
        let region = |code: &&str| {
            let code = RegionCode::parse(code).unwrap();
            let (parent, level) = (code.parent().unwrap(), code.as_str().split('.').count() as i64);
            let (kind, name) = (String::new(), format!("Rekaan {code}"));
            store::regions::Region {
                code,
                parent,
                level,
                kind,
                name,
                postal_code: None,
                edition: "uji".into(),
            }
        };
        let regions: Vec<_> = codes.iter().map(region).collect();
        self.house.db.write(|tx| store::regions::load(tx, &regions)).unwrap();
    }

    pub(crate) fn user(&self, login: &str, role: &str, region: &str) -> Session {
        let manage = self.console("user.manage");
        let (name, role) = (login.to_owned(), role.to_owned());
        let region = RegionCode::parse(region).unwrap();
        let new = NewUser { login: login.to_owned(), name, role, region, password: None };
        access::create_user(&self.house, &manage, new).unwrap();
        access::session_of_login(&self.house, &manage, login).unwrap()
    }

    pub(crate) fn console(&self, action: &str) -> Scope {
        Session::console(&self.house).scope(action).unwrap()
    }

    pub(crate) fn assign(&self, user: UserId, families: &[i64]) {
        let families: Vec<FamilyId> = families.iter().map(|id| FamilyId(*id)).collect();
        access::assign_families(&self.house, &self.console("assignment.manage"), user, &families).unwrap();
    }

    /// Opened by a person.
    pub(crate) fn open(&self, session: &Session, new: &NewCase) -> CaseId {
        open_case(&self.house, &session.scope("case.open").unwrap(), new).unwrap().case
    }

    /// Opened in a place, about no family.
    pub(crate) fn open_in(&self, session: &Session, workflow: &str, place: &str, said: Fields) -> CaseId {
        let region = RegionCode::parse(place).unwrap();
        self.open(session, &NewCase { region, title: String::new(), ..new_case(workflow, 0, said) })
    }

    /// Opened by another room.
    pub(crate) fn cause(&self, cases: &[NewCase]) -> Vec<casework::Opened> {
        open_caused(&self.house, &self.console("case.open"), cases).unwrap()
    }

    /// A case as somebody sees it.
    pub(crate) fn view(&self, session: &Session, case: CaseId) -> Option<views::CaseView> {
        views::case_page(&self.house, &session.scope("case.read").unwrap(), case, None).unwrap()
    }

    /// A step by somebody who has just looked at the case.
    pub(crate) fn step(
        &self,
        session: &Session,
        case: CaseId,
        action: &str,
        said: Fields,
    ) -> Result<Done, Error> {
        let rev = self.view(session, case).ok_or(Error::NotFound)?.rev;
        self.step_at(session, case, action, said, rev)
    }

    /// A step by somebody who saw the case as it was then.
    pub(crate) fn step_at(
        &self,
        session: &Session,
        case: CaseId,
        action: &str,
        said: Fields,
        rev: i64,
    ) -> Result<Done, Error> {
        let request = StepRequest { action: action.to_owned(), written: written(said), rev };
        take_step(&self.house, &session.scope("case.work").unwrap(), case, &request)
    }

    pub(crate) fn add(&self, session: &Session, case: CaseId, new: &NewFile) -> Result<FileAdded, Error> {
        add_file(&self.house, &session.scope("case.work").unwrap(), case, new)
    }

    pub(crate) fn get(&self, session: &Session, case: CaseId, id: i64) -> Result<FileContent, Error> {
        file_content(&self.house, &session.scope("case.read").unwrap(), case, id)
    }

    /// The inbox of somebody: cases, and why they stand there.
    pub(crate) fn tasks(&self, session: &Session) -> Vec<(i64, Why)> {
        let scope = session.scope("case.read").unwrap();
        let page = views::tasks(&self.house, &scope, &TaskFilter::default(), &Page::first(50)).unwrap();
        page.items.iter().map(|task| (task.case.0, task.why)).collect()
    }
}

/// About a family, or about none with number 0, in [`VILLAGE`].
pub(crate) fn new_case(workflow: &str, family: i64, said: Fields) -> NewCase {
    NewCase {
        workflow: workflow.to_owned(),
        family: FamilyId(family),
        person: None,
        line: None,
        region: RegionCode::parse(VILLAGE).unwrap(),
        title: "SITI AMINAH".to_owned(),
        written: written(said),
    }
}

pub(crate) fn written(said: Fields) -> BTreeMap<String, String> {
    said.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect()
}

/// A photograph; what hangs behind its end makes it another file as sent, and the same one as kept.
pub(crate) fn photo(nth: u8) -> NewFile {
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
