//! Effects: what one room asks of another is carried over here, since rooms do not know each other. Payment asks for cases; a case asks
//! for a death to be recorded, a line to be checked again or a notice to begin anew. Effects wait in the outbox until they are carried,
//! so nothing is lost when the power fails; carrying twice changes nothing. What the registry tells of people lets open cases follow.

use std::collections::BTreeMap;

use access::{House, Session};
use casework::NewCase;
use model::{FamilyId, RegionCode};
use payment::LineDecision;

use super::{follow, plan};

/// Effects carried over in one go; the next round takes up the rest.
const BATCH: u32 = 1_000;

/// Carries over everything that waits; answers how many cases payment asked for.
pub(crate) fn carry(house: &House) -> anyhow::Result<u64> {
    let opened = open_cases(house)?;
    // Before effects: they act on who people are now.
    follow::carry(house)?;
    let console = Session::console(house);
    casework::carry_effects(house, |effect| {
        act(house, &console, effect).map_err(|error| format!("{error:#}"))
    })?;
    Ok(opened)
}

fn open_cases(house: &House) -> anyhow::Result<u64> {
    let console = Session::console(house);
    let (scope, families) = (console.scope("case.open")?, console.scope("family.read")?);
    let mut carried = 0;
    loop {
        let waiting = payment::effects(house, BATCH)?;
        if waiting.is_empty() {
            return Ok(carried);
        }
        // A case is known by whom it is about, as one opened by hand is.
        let heads = registry::views::head_names(house, &families, waiting.iter().map(family_of))?;
        let cases: Vec<NewCase> = waiting.iter().map(|pending| new_case(&pending.effect, &heads)).collect();
        casework::open_caused(house, &scope, &cases)?;
        // Opening is safe to repeat, so marking afterwards loses nothing when the power fails in between.
        house
            .db
            .write(|tx| waiting.iter().try_for_each(|pending| payment::effect_done(tx, house, pending.id)))?;
        carried += waiting.len() as u64;
    }
}

fn family_of(pending: &payment::PendingEffect) -> FamilyId {
    let payment::Effect::OpenCase { family, .. } = &pending.effect;
    *family
}

fn new_case(effect: &payment::Effect, heads: &BTreeMap<i64, String>) -> NewCase {
    let payment::Effect::OpenCase { workflow, family, line, region, reason } = effect;
    NewCase {
        workflow: workflow.clone(),
        family: *family,
        person: None,
        line: *line,
        region: RegionCode::clone(region),
        title: heads.get(&family.0).cloned().unwrap_or_default(),
        written: [("reason".to_owned(), reason.clone())].into(),
    }
}

/// Does what a case asks for, in the name of the console; the audit log and the case name the person who decided.
fn act(house: &House, console: &Session, effect: &casework::Effect) -> anyhow::Result<()> {
    let argument = |name: &str| effect.caused.arguments.get(name).map(String::as_str).unwrap_or_default();
    let by = format!("case {} by {}", effect.case, effect.actor_name);
    let decision = match effect.caused.name.as_str() {
        "registry.report_death" => return report_death(house, console, effect, &by),
        policy::FIELD_REPORT => return field_report(house, console, effect),
        "targeting.renew_notice" => {
            let scope = console.scope("decision.run")?;
            let family = registry::resolve_family(house, &console.scope("family.read")?, effect.family)?;
            targeting::renew_notices(house, &scope, family, &by)?;
            return Ok(());
        }
        "payment.recheck_account" => {
            let account = Some(argument("account")).filter(|account| !account.is_empty());
            LineDecision::CheckAgain { account: account.map(str::to_owned) }
        }
        "payment.use_fallback_channel" => LineDecision::OtherChannel,
        "payment.hold" => LineDecision::Hold,
        "payment.release" => LineDecision::Release,
        other => anyhow::bail!("nobody carries out `{other}` yet"),
    };
    let line = effect.line.ok_or_else(|| anyhow::anyhow!("the case is about no payment line"))?;
    let scope = console.scope("payment.build")?;
    Ok(payment::decide_line(house, &scope, line, &decision, &by)?)
}

/// What a case settled becomes a row of the list of field reports, under its case and step.
fn field_report(house: &House, console: &Session, effect: &casework::Effect) -> anyhow::Result<()> {
    let argument = |name: &str| effect.caused.arguments.get(name).filter(|text| !text.is_empty());
    let settled_on = effect.on.unwrap_or_else(|| house.clock.today());
    let day = argument("day").map(|day| model::parse_date(day)).transpose()?.unwrap_or(settled_on);
    let finding = argument("detail").or_else(|| argument("finding")).cloned().unwrap_or_default();
    // Between the step and now the family may have been merged.
    let family = match effect.family {
        FamilyId(0) => FamilyId(0),
        family => registry::resolve_family(house, &console.scope("family.read")?, family)?,
    };
    let of_person = |name: &str| Some((name.to_owned(), argument(name)?.clone()));
    let report = registry::FieldReport {
        case: effect.case.0,
        seq: effect.seq,
        family,
        region: effect.region.clone().unwrap_or_else(RegionCode::nation),
        day,
        settled_on,
        finding,
        person: ["name", "nik", "kk", "address"].into_iter().filter_map(of_person).collect(),
        actor: (effect.actor, effect.actor_name.clone()),
    };
    registry::field_report(house, &console.scope("case.work")?, &report)?;
    Ok(())
}

fn report_death(house: &House, console: &Session, effect: &casework::Effect, by: &str) -> anyhow::Result<()> {
    // Between the step and now the person may have been merged.
    let person = follow::person_now(house, &console.scope("family.read")?, effect.person)?;
    let person = person.ok_or_else(|| anyhow::anyhow!("the case is about no person"))?;
    let argument = |name: &str| effect.caused.arguments.get(name).map(String::as_str).unwrap_or_default();
    let date = model::parse_date(argument("death_date"))?;
    let scope = console.scope("death.report")?;
    let evidence = format!("{} {} ({by})", argument("proof"), argument("proof_number"));
    match registry::report_death(house, &scope, person, date, &evidence) {
        // Carried before a crash, or known from a list meanwhile: what was asked for holds.
        Ok(_) | Err(registry::Error::AlreadyDead) => {}
        Err(error) => return Err(error.into()),
    }
    // Nothing more is sent to the dead.
    if let Some(death) = registry::views::death_of(house, &console.scope("family.read")?, person)? {
        let scope = console.scope("payment.build")?;
        payment::plan::payees_died(house, &scope, &plan::told_of(std::slice::from_ref(&death), by))?;
        follow::death(house, &death)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use access::NewUser;
    use casework::{StepRequest, views};
    use jiff::civil::{Date, date};
    use model::{CaseId, FixedClock, PersonId, Silent};
    use registry::views::FamilyView;
    use store::testing::TestDb;

    use super::*;
    use crate::commands::lists;

    const TODAY: Date = date(2026, 11, 10);

    struct Office {
        house: House,
        db: TestDb,
    }

    impl Office {
        fn new(db: TestDb) -> Self {
            let house = House {
                db: db.db.clone(),
                lake: lake::Lake::open(&db.folder.join("lake")).unwrap(),
                policy: Arc::new(::policy::Policy::embedded().unwrap()),
                clock: Arc::new(FixedClock::at(TODAY)),
            };
            let office = Self { house, db };
            office.fill();
            office
        }

        /// Invented people, taken in and consolidated.
        fn fill(&self) {
            let dir = self.db.folder.join("lists");
            let config = synth::Config { people: 400, seed: 7, dir, today: TODAY };
            let made = synth::generate(&config, &Silent).unwrap();
            registry::regions::load_embedded(&self.house.db, &Silent).unwrap();
            lists::import_regions(&self.house, &made.regions, "test").unwrap();
            for file in made.files.iter().filter(|file| file.source == "dukcapil") {
                lists::receive(&self.house, &file.path, file.source, Some(file.as_of)).unwrap();
            }
            self.consolidate();
        }

        fn consolidate(&self) -> registry::Consolidation {
            registry::consolidate(&self.house, &Session::console(&self.house), &Silent).unwrap()
        }

        /// The same house on another day.
        fn at(&mut self, day: Date) {
            self.house.clock = Arc::new(FixedClock::at(day));
        }

        fn user(&self, login: &str, role: &str, region: &str) -> Session {
            let manage = Session::console(&self.house).scope("user.manage").unwrap();
            let new = NewUser {
                login: login.to_owned(),
                name: login.to_owned(),
                role: role.to_owned(),
                region: RegionCode::parse(region).unwrap(),
                password: Some("sandi yang panjang".to_owned()),
            };
            access::create_user(&self.house, &manage, new).unwrap();
            access::session_of_login(&self.house, &manage, login).unwrap()
        }

        fn families(&self) -> Vec<FamilyView> {
            let read = Session::console(&self.house).scope("family.read").unwrap();
            let page = registry::families(&self.house, &read, None, &store::Page::first(50)).unwrap();
            page.items
                .iter()
                .map(|row| registry::family(&self.house, &read, FamilyId(row.family_id)).unwrap())
                .collect()
        }

        fn family(&self, id: i64) -> FamilyView {
            let read = Session::console(&self.house).scope("family.read").unwrap();
            registry::family(&self.house, &read, FamilyId(id)).unwrap()
        }

        fn open(&self, session: &Session, workflow: &str, family: &FamilyView) -> CaseId {
            let new = NewCase {
                workflow: workflow.to_owned(),
                family: FamilyId(family.family_id),
                person: None,
                line: None,
                region: RegionCode::parse(&family.region).unwrap(),
                title: family.head_name.clone(),
                written: BTreeMap::new(),
            };
            casework::open_case(&self.house, &session.scope("case.open").unwrap(), &new).unwrap().case
        }

        fn step(&self, session: &Session, case: CaseId, action: &str, written: &[(&str, &str)]) {
            let page = views::case_page(&self.house, &session.scope("case.read").unwrap(), case, None);
            let written = written.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect();
            let rev = page.unwrap().unwrap().rev;
            let request = StepRequest { action: action.to_owned(), written, rev };
            casework::take_step(&self.house, &session.scope("case.work").unwrap(), case, &request).unwrap();
        }

        /// A ground check of a case that was not drawn for a second one, from opening to its result.
        fn check(&self, who: (&Session, &Session), family: &FamilyView, result: &str) -> CaseId {
            let (officer, operator) = who;
            let draw = self.house.policy.workflow("ground_check").unwrap().state("visited").unwrap();
            let drawn = |case: CaseId| draw.draw.as_ref().unwrap().takes("ground_check", "visited", case.0);
            let case = self.open(officer, "ground_check", family);
            let photo = casework::NewFile {
                caption: "Rumah dari depan".to_owned(),
                field: "photo".to_owned(),
                name: "rumah.jpg".to_owned(),
                declared: "image/jpeg".to_owned(),
                bytes: synth::photo::house(1, "2026:11:09 09:15:30", (-62_101, 1_068_450)).unwrap(),
            };
            let work = operator.scope("case.work").unwrap();
            let photo = casework::add_file(&self.house, &work, case, &photo).unwrap().id.to_string();
            let seen = [
                ("visited_on", "2026-11-09"),
                ("result", result),
                ("found", "Rumah kosong"),
                ("photo", photo.as_str()),
            ];
            self.step(operator, case, "visit", &seen);
            assert!(!drawn(case), "this test takes cases that are not drawn");
            match result {
                "confirmed" => self.step(officer, case, "confirm", &[]),
                _ => self.step(officer, case, "correct", &[("reason", "Sesuai kunjungan")]),
            }
            case
        }

        fn lists(&self) -> usize {
            let console = Session::console(&self.house);
            let scope = console.scope("list.read").unwrap();
            let page = store::Page::first(100);
            let all = registry::lists::lists(&self.house, &scope, model::Lang::Id, &page);
            all.unwrap().items.iter().filter(|list| list.source == "lapangan").count()
        }
    }

    fn mark(family: &FamilyView) -> Option<(String, String, i64)> {
        let field = family.field.as_ref()?;
        assert_eq!(field.source.en, "Field reports");
        Some((field.result.en.clone(), field.day.clone()?, field.case?))
    }

    #[test]
    fn what_a_case_settles_stands_on_the_family_after_the_next_consolidation() {
        for db in TestDb::all() {
            let mut office = Office::new(db);
            let families = office.families();
            let (moved, right) = (&families[0], &families[1]);
            let officer = office.user("budi", "district_officer", &families[0].region[..5]);
            let operator = office.user("ani", "district_officer", &families[0].region[..5]);
            let who = (&officer, &operator);
            let first = office.check(who, moved, "moved");
            let second = office.check(who, right, "confirmed");
            carry(&office.house).unwrap();
            carry(&office.house).unwrap();
            // Told at once, with its case; in force only with the next version.
            let told = office.family(moved.family_id);
            let report = told.events.iter().find(|event| event.word == "event-field-reported").unwrap();
            assert_eq!((report.case, report.finding.as_ref().unwrap().en.as_str()), (Some(first.0), "Moved"));
            assert_eq!(mark(&told), None);
            let made = office.consolidate();
            assert_eq!((made.reports_taken_in, office.lists()), (2, 1), "carried twice, taken in once");
            let day = "2026-11-09".to_owned();
            assert_eq!(
                mark(&office.family(moved.family_id)),
                Some(("Moved".to_owned(), day.clone(), first.0))
            );
            assert_eq!(
                mark(&office.family(right.family_id)),
                Some(("As recorded".to_owned(), day.clone(), second.0))
            );
            assert_eq!(
                office.family(moved.family_id).members.len(),
                moved.members.len(),
                "nobody is excluded"
            );
            assert!(office.consolidate().reused);

            // A correction is a newer row of another list: it outranks, and the older one stays.
            office.at(date(2026, 11, 12));
            let third = office.check(who, moved, "confirmed");
            carry(&office.house).unwrap();
            assert_eq!((office.consolidate().reports_taken_in, office.lists()), (1, 2));
            assert_eq!(mark(&office.family(moved.family_id)), Some(("As recorded".to_owned(), day, third.0)));
            let head = PersonId(moved.head_person_id);
            let read = Session::console(&office.house).scope("person.read").unwrap();
            let records = registry::person(&office.house, &read, head).unwrap().records;
            let cases: Vec<String> = records
                .iter()
                .filter(|record| record.list.as_ref().is_some_and(|list| list.source == "lapangan"))
                .filter_map(|record| record.raw.as_ref())
                .flat_map(|raw| raw.cells.iter().filter(|cell| cell.0 == "nomor_kasus"))
                .map(|cell| cell.1.clone())
                .collect();
            assert_eq!(cases, [third.0.to_string(), first.0.to_string()]);

            // Settled after the cut-off: it waits until the month is closed, and the closing is made without it.
            let version = office.consolidate().version;
            office.at(date(2026, 11, 18));
            let late = office.check(who, right, "double");
            carry(&office.house).unwrap();
            assert_eq!(office.consolidate().reports_taken_in, 0);
            let console = Session::console(&office.house);
            let month = "2026-11".parse().unwrap();
            let closed = registry::close(&office.house, &console, month, &Silent).unwrap();
            assert_eq!(closed.registry_version, version);
            assert_eq!(office.consolidate().reports_taken_in, 1);
            assert_eq!(mark(&office.family(right.family_id)).unwrap().2, late.0);
        }
    }
}
