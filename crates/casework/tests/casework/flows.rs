//! What a workflow file can say, on a workflow that these tests add to the pack: no line of Rust knows it.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

use access::Session;
use casework::{
    Error, NewCase, Refusal, StepRequest, open_with_ticket, sweep, take_steps, ticket_page, ticket_step,
    views::{self, Why},
};
use jiff::{Timestamp, civil::date};
use model::{CaseId, FamilyId, RegionCode};
use policy::Policy;
use store::testing::TestDb;

use crate::support::{Fields, Office, VILLAGE, new_case, written};

/// A workflow with everything that a file can say: an accusation, lateness passed up, a law's deadline, a child, silence, a citizen.
const LEVY: &str = r#"
key = "levy"
label_id = "Pungutan"
label_en = "Levy"
purpose_id = "Pungutan atas bantuan"
purpose_en = "A levy on aid"
subject = "matter"
owner = "village_operator"
opened_by = ["village_operator", "district_officer"]
open_form = "report"
days = 20
public = true
need_to_know = true
accused = "who"
escalate = ["village_operator", "district_officer", "programme_manager"]
escalate_days = 2

[[state]]
key = "reported"
kind = "start"
days = 3
label_id = "Dilaporkan"
label_en = "Reported"
next_id = "Periksa"
next_en = "Look into it"
[[state]]
key = "examined"
days = 5
label_id = "Diperiksa"
label_en = "Examined"
next_id = "Putuskan"
next_en = "Decide"
[[state]]
key = "answered"
kind = "waiting"
days = 10
then = "silence"
label_id = "Dijawab"
label_en = "Answered"
next_id = "Pelapor menyatakan puas atau tidak"
next_en = "Whoever reported says whether it is settled"
[[state]]
key = "settled"
kind = "end"
label_id = "Selesai"
label_en = "Settled"

[[form]]
key = "report"
label_id = "Laporan"
label_en = "Report"
[[form.field]]
key = "who"
type = "choice"
required = true
label_id = "Siapa"
label_en = "Who"
[[form.field.choice]]
value = "village_operator"
label_id = "Operator desa"
label_en = "Village operator"
[[form.field.choice]]
value = "other"
label_id = "Lainnya"
label_en = "Somebody else"
[[form.field]]
key = "what"
type = "long_text"
required = true
label_id = "Apa"
label_en = "What"
[[form]]
key = "finding"
label_id = "Temuan"
label_en = "Finding"
[[form.field]]
key = "found"
type = "text"
required = true
label_id = "Temuan"
label_en = "Finding"
[[form.field]]
key = "sum"
type = "money"
label_id = "Jumlah"
label_en = "Sum"

[[transition]]
action = "examine"
label_id = "Periksa"
label_en = "Examine"
from = ["reported"]
to = "examined"
by = ["village_operator", "district_officer"]
form = "finding"
[[transition.effect]]
name = "case.notify"
role = "programme_manager"
when = "form.sum is null or form.sum >= 10000"
[[transition]]
action = "amend"
label_id = "Perbaiki temuan"
label_en = "Amend the finding"
from = ["examined"]
to = "examined"
by = ["district_officer"]
form = "finding"
[[transition]]
action = "inspect"
label_id = "Minta pemeriksaan tempat"
label_en = "Ask for a look at the place"
from = ["examined"]
to = "examined"
by = ["district_officer"]
[[transition.effect]]
name = "case.open"
workflow = "place_look"
fields = { what = "found" }
[[transition]]
action = "answer"
label_id = "Jawab"
label_en = "Answer"
from = ["examined"]
to = "answered"
by = ["district_officer"]
level = "district"
other_than = ["examine"]
guard = "case.open_children = 0"
guard_text_id = "Pemeriksaan tempat belum selesai"
guard_text_en = "The look at the place is not finished"
[[transition]]
action = "content"
label_id = "Saya puas"
label_en = "It is settled"
from = ["answered"]
to = "settled"
by = ["citizen"]
[[transition]]
action = "again"
label_id = "Belum selesai"
label_en = "It is not settled"
from = ["answered"]
to = "reported"
by = ["citizen"]
[[transition]]
action = "silence"
label_id = "Tidak dijawab"
label_en = "No answer"
from = ["answered"]
to = "settled"
by = []

[[deadline]]
key = "answer"
label_id = "Jawaban"
label_en = "Answer"
from = "opening"
count = 72
unit = "hours"
until = ["answered"]
source = "UU 1/2000 pasal 1"

[[letter]]
key = "receipt"
label_id = "Tanda terima"
label_en = "Receipt"
body_id = """
Laporan {case.number} diterima: {form.what}.

Diperiksa sampai {case.due_on}."""
body_en = """
Report {case.number} has arrived: {form.what}.

It is looked into until {case.due_on}."""
"#;

const LOOK: &str = r#"
key = "place_look"
label_id = "Pemeriksaan tempat"
label_en = "A look at the place"
purpose_id = "Melihat tempatnya"
purpose_en = "Somebody looks at the place"
subject = "matter"
owner = "village_operator"
opened_by = ["village_operator"]
open_form = "wish"
days = 90

[[form]]
key = "wish"
label_id = "Permintaan"
label_en = "Wish"
[[form.field]]
key = "what"
type = "text"
label_id = "Apa"
label_en = "What"

[[state]]
key = "asked"
kind = "start"
days = 5
label_id = "Diminta"
label_en = "Asked for"
next_id = "Lihat"
next_en = "Look"
[[state]]
key = "blocked"
kind = "waiting"
days = 4
label_id = "Jalan putus"
label_en = "The road is cut"
next_id = "Tunggu"
next_en = "Wait"
[[state]]
key = "seen"
kind = "end"
label_id = "Dilihat"
label_en = "Seen"

[[transition]]
action = "block"
label_id = "Jalan putus"
label_en = "The road is cut"
from = ["asked"]
to = "blocked"
by = ["village_operator"]
[[transition]]
action = "unblock"
label_id = "Jalan terbuka"
label_en = "The road is open"
from = ["blocked"]
to = "asked"
by = ["village_operator"]
[[transition]]
action = "see"
label_id = "Dilihat"
label_en = "Seen"
from = ["asked"]
to = "seen"
by = ["village_operator"]
"#;

/// The pack with two files more; it goes away with the test.
struct Pack(PathBuf);

impl Drop for Pack {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

static NEXT: AtomicU32 = AtomicU32::new(0);

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

impl Office {
    /// With the pack and the workflows of these tests, on the second of November.
    fn with_flows() -> impl Iterator<Item = Self> {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let pack = Pack(std::env::temp_dir().join(format!("pilar-flows-{}-{number}", std::process::id())));
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policy"), &pack.0);
        fs::write(pack.0.join("workflows/levy.toml"), LEVY).unwrap();
        fs::write(pack.0.join("workflows/place_look.toml"), LOOK).unwrap();
        let of_family = LEVY.replacen("key = \"levy\"", "key = \"levy_family\"", 1).replacen(
            "\"matter\"",
            "\"family\"",
            1,
        );
        fs::write(pack.0.join("workflows/levy_family.toml"), of_family).unwrap();
        TestDb::all().into_iter().map(move |db| {
            let office = Self::with(db, Policy::load(Some(&pack.0)).unwrap());
            office.clock.to(date(2026, 11, 2));
            office
        })
    }

    fn levy(&self, session: &Session, who: &str) -> CaseId {
        let said = [("who", who), ("what", "Dipotong sepuluh ribu")];
        self.open(session, &NewCase { title: String::new(), ..new_case("levy", 0, &said) })
    }
}

const FOUND: &[(&str, &str)] = &[("found", "Benar dipotong")];

#[test]
fn who_is_accused_neither_sees_nor_works_nor_is_told() {
    for office in Office::with_flows() {
        let operator = office.user("ani", "village_operator", VILLAGE);
        let officer = office.user("budi", "district_officer", "99.01");
        let case = office.levy(&officer, "village_operator");
        assert!(office.view(&operator, case).is_none());
        assert_eq!(office.tasks(&operator), []);
        assert_eq!(
            office.tasks(&officer),
            [(case.0, Why::Task)],
            "the owner is accused: the other role has the task"
        );
        let step = office.step_at(&operator, case, "examine", FOUND, 1);
        assert_eq!(step, Err(Error::NotFound));
        // Late: the first level is the accused one and is passed over; the next is told when its time comes.
        office.clock.to(date(2026, 11, 9));
        sweep(&office.house, &office.console("case.work")).unwrap();
        assert_eq!(office.tasks(&operator), []);
        // Another case accuses nobody of the house: the same role has it.
        let free = office.levy(&officer, "other");
        assert_eq!(office.tasks(&operator), [(free.0, Why::Task)]);
    }
}

#[test]
fn what_a_step_causes_can_hang_on_its_answers() {
    for office in Office::with_flows() {
        let operator = office.user("eko", "village_operator", VILLAGE);
        let manager = office.user("rini", "programme_manager", "");
        // At least ten thousand, or nobody knows how much.
        for (sum, told) in [("9999", false), ("10000", true), ("", true)] {
            let case = office.levy(&operator, "other");
            office.step(&operator, case, "examine", &[("found", "Benar"), ("sum", sum)]).unwrap();
            assert_eq!(office.tasks(&manager).contains(&(case.0, Why::Told)), told, "a sum of {sum:?}");
        }
    }
}

#[test]
fn only_who_has_a_part_knows() {
    for office in Office::with_flows() {
        let officer = office.user("budi", "district_officer", "99.01");
        let manager = office.user("citra", "programme_manager", "");
        let auditor = office.user("dewi", "auditor", "");
        let case = office.levy(&officer, "other");
        assert!(office.view(&manager, case).is_some(), "it is told of lateness");
        assert!(office.view(&auditor, case).is_none());
        let board =
            |session: &Session| views::board(&office.house, &session.scope("case.read").unwrap(), "levy", 5);
        assert_eq!(board(&officer).unwrap()[0].open, 1);
        assert_eq!(board(&auditor), Err(Error::Workflow("levy".to_owned())));
        let (counts, _) =
            views::counts_by_state(&office.house, &auditor.scope("case.read").unwrap()).unwrap();
        assert_eq!(counts, []);
    }
}

#[test]
fn lateness_goes_up_a_level_at_a_time_and_is_told_once() {
    for office in Office::with_flows() {
        let operator = office.user("ani", "village_operator", VILLAGE);
        let officer = office.user("budi", "district_officer", "99.01");
        let manager = office.user("citra", "programme_manager", "");
        let case = office.levy(&operator, "other");
        // Opened on Monday 2 November, to be looked into within three working days.
        let run = || sweep(&office.house, &office.console("case.work")).unwrap().told;
        office.clock.to(date(2026, 11, 6));
        assert_eq!(run(), 0, "one day late is not two");
        office.clock.to(date(2026, 11, 9));
        assert_eq!((run(), run()), (1, 0), "told once");
        assert_eq!(office.tasks(&officer), []);
        office.clock.to(date(2026, 11, 11));
        assert_eq!(run(), 1);
        assert_eq!(office.tasks(&officer), [(case.0, Why::Late)]);
        assert_eq!(office.tasks(&manager), []);
        office.clock.to(date(2026, 11, 13));
        assert_eq!(run(), 1);
        assert_eq!(office.tasks(&manager), [(case.0, Why::Late)]);
        office.clock.to(date(2026, 11, 30));
        assert_eq!(run(), 0, "there is nobody above");
        // The step is taken: who was told of its lateness has nothing to do with it any more, but the step tells on its own.
        office.step(&operator, case, "examine", FOUND).unwrap();
        assert_eq!(office.tasks(&officer), [(case.0, Why::Task)]);
        assert_eq!(office.tasks(&manager), [(case.0, Why::Told)]);
        let late = office
            .view(&operator, case)
            .unwrap()
            .history
            .iter()
            .filter(|event| event.action == "late")
            .count();
        assert_eq!(late, 3);
        // A nation counts what the clock counted.
        let (counts, on) =
            views::counts_by_state(&office.house, &manager.scope("case.read").unwrap()).unwrap();
        assert_eq!((counts.len(), counts[0].open, counts[0].late, on), (1, 1, 1, Some(date(2026, 11, 30))));
    }
}

#[test]
fn a_step_is_taken_by_another_person_at_its_level() {
    for office in Office::with_flows() {
        let first = office.user("budi", "district_officer", "99.01");
        let second = office.user("dian", "district_officer", "99.01");
        let case = office.levy(&first, "other");
        office.step(&first, case, "examine", FOUND).unwrap();
        office.step(&second, case, "amend", &[("found", "Benar, dua kali")]).unwrap();
        let same = office.step(&first, case, "answer", &[]);
        assert_eq!(same, Err(Error::Refused(Refusal::SamePerson)), "not the last actor, but who examined");
        assert_eq!(office.step(&second, case, "answer", &[]).unwrap().state, "answered");
    }
}

#[test]
fn two_who_answer_the_same_question_meet_and_others_do_not_notice_each_other() {
    for office in Office::with_flows() {
        let operator = office.user("ani", "village_operator", VILLAGE);
        let first = office.user("budi", "district_officer", "99.01");
        let second = office.user("dian", "district_officer", "99.01");
        let case = office.levy(&operator, "other");
        office.step(&operator, case, "examine", FOUND).unwrap();
        let rev = office.view(&first, case).unwrap().rev;
        office.step_at(&first, case, "amend", &[("found", "Seribu"), ("sum", "1000")], rev).unwrap();
        // The same form, sent twice by the same person, is one step.
        assert!(
            office
                .step_at(&first, case, "amend", &[("found", "Seribu"), ("sum", "1000")], rev)
                .unwrap()
                .repeated
        );
        let met = office.step_at(&second, case, "amend", &[("found", "Dua ribu"), ("sum", "1000")], rev);
        let Err(Error::Conflict { rev: now, theirs }) = met else { panic!("{met:?}") };
        let fields: Vec<&str> = theirs.keys().map(String::as_str).collect();
        assert_eq!(
            (now, fields),
            (rev + 1, vec!["found"]),
            "the question on which they differ, not the one on which they agree"
        );
        // A step without that question is taken on top, whatever the revision was.
        office.step_at(&second, case, "inspect", &[], rev).unwrap();
        // After the state has moved nothing of the old page holds.
        let child = office.view(&first, case).unwrap().relatives[0].row.case;
        office.step(&operator, child, "see", &[]).unwrap();
        office.step(&second, case, "answer", &[]).unwrap();
        assert_eq!(office.step_at(&first, case, "amend", FOUND, rev), Err(Error::Changed));
        let history = office.view(&first, case).unwrap().history;
        assert_eq!(history.last().unwrap().to, "answered");
    }
}

#[test]
fn a_child_has_the_clock_of_its_parent_and_stops_it() {
    for office in Office::with_flows() {
        let operator = office.user("ani", "village_operator", VILLAGE);
        let officer = office.user("budi", "district_officer", "99.01");
        let case = office.levy(&officer, "other");
        office.step(&officer, case, "examine", FOUND).unwrap();
        office.clock.to(date(2026, 11, 9));
        office.step(&officer, case, "inspect", &[]).unwrap();
        let parent = office.view(&officer, case).unwrap();
        let child = parent.relatives[0].row.clone();
        assert_eq!(child.due_on, parent.row.due_on, "twenty days of the parent, not ninety of its own");
        assert_eq!(child.title, parent.row.title);
        let other = office.user("dian", "district_officer", "99.01");
        let early = office.step(&other, case, "answer", &[]);
        assert!(matches!(early, Err(Error::Refused(Refusal::Guard(_)))), "{early:?}");
        office.step(&operator, child.case, "block", &[]).unwrap();
        office.clock.to(date(2026, 11, 12));
        office.step(&operator, child.case, "unblock", &[]).unwrap();
        let (after, of_child) =
            (office.view(&officer, case).unwrap(), office.view(&operator, child.case).unwrap());
        let calendar = office.house.policy.calendar();
        let moved = calendar.working_days_between(parent.row.due_on, after.row.due_on);
        assert_eq!(
            (moved, of_child.row.due_on),
            (3, after.row.due_on),
            "both stood still while the road was cut"
        );
        office.step(&operator, child.case, "see", &[]).unwrap();
        office.step(&other, case, "answer", &[]).unwrap();
        assert!(office.view(&officer, case).unwrap().relatives[0].child);
    }
}

#[test]
fn a_citizen_follows_with_a_ticket_answers_and_is_not_found_by_others() {
    for office in Office::with_flows() {
        let officer = office.user("budi", "district_officer", "99.01");
        let other = office.user("dian", "district_officer", "99.01");
        let scope = Session::citizen(&office.house).scope("case.ticket").unwrap();
        let region = RegionCode::parse(VILLAGE).unwrap();
        let empty = open_with_ticket(&office.house, &scope, "levy", region.clone(), BTreeMap::new());
        assert!(matches!(empty, Err(Error::Refused(Refusal::Form(_)))));
        let told = written(&[("who", "village_operator"), ("what", "Dipotong")]);
        let closed = open_with_ticket(&office.house, &scope, "place_look", region.clone(), told.clone());
        assert_eq!(closed, Err(Error::Workflow("place_look".to_owned())), "it is not public");
        let ticket = open_with_ticket(&office.house, &scope, "levy", region, told).unwrap();
        let look = |secret: &str| ticket_page(&office.house, &ticket.ticket, secret);
        assert_eq!(look("aaaa-bbbb-cccc-dddd"), Err(Error::Ticket));
        assert_eq!(ticket_page(&office.house, "aaaaa-bbbbb", &ticket.secret), Err(Error::Ticket));
        let view = look(&ticket.secret).unwrap();
        assert_eq!((view.steps.len(), view.waits_for_you), (0, false));
        office.step(&officer, ticket.case, "examine", FOUND).unwrap();
        office.step(&other, ticket.case, "answer", &[]).unwrap();
        let view = look(&ticket.secret).unwrap();
        let json = serde_json::to_string(&view).unwrap();
        assert!(view.waits_for_you && view.steps.len() == 2);
        assert!(!json.contains("budi") && !json.contains("Benar dipotong"), "{json}");
        let step = |action: &str, rev| {
            let request = StepRequest { action: action.to_owned(), written: BTreeMap::new(), rev };
            ticket_step(&office.house, &scope, &ticket.ticket, &ticket.secret, &request)
        };
        assert_eq!(step("answer", view.rev), Err(Error::Refused(Refusal::Action("answer".to_owned()))));
        assert_eq!(step("again", view.rev).unwrap().state, "reported");
        assert_eq!(step("again", view.rev), Err(Error::Changed));
        for _ in 0..20 {
            assert_eq!(look("aaaa-bbbb-cccc-dddd"), Err(Error::Ticket));
        }
        assert_eq!(look(&ticket.secret), Err(Error::TicketLocked), "secrets are not to be tried out");
    }
}

#[test]
fn a_report_without_a_family_gets_one_from_an_office_once() {
    for office in Office::with_flows() {
        let officer = office.user("budi", "district_officer", "99.01");
        let elsewhere = office.user("eko", "district_officer", "99.02");
        let scope = Session::citizen(&office.house).scope("case.ticket").unwrap();
        let told = written(&[("who", "other"), ("what", "Dipotong")]);
        let region = RegionCode::parse(VILLAGE).unwrap();
        let ticket =
            open_with_ticket(&office.house, &scope, "levy_family", region.clone(), told.clone()).unwrap();
        // Nobody is looked up: two reports of one place stand side by side.
        let second = open_with_ticket(&office.house, &scope, "levy_family", region, told).unwrap();
        assert_ne!(ticket.case, second.case);
        assert!(office.view(&officer, ticket.case).unwrap().lacks_family);
        let name = |session: &Session, family, rev| {
            let work = session.scope("case.work").unwrap();
            casework::name_family(&office.house, &work, ticket.case, FamilyId(family), rev)
        };
        assert_eq!(name(&elsewhere, 7, 1), Err(Error::NotFound));
        assert_eq!(name(&officer, 7, 9), Err(Error::Changed));
        name(&officer, 7, 1).unwrap();
        let again = name(&officer, 8, 2);
        assert!(matches!(again, Err(Error::Subject { .. })), "once: {again:?}");
        let view = office.view(&officer, ticket.case).unwrap();
        assert_eq!((view.row.family, view.history.len(), view.lacks_family), (FamilyId(7), 2, false));
        let of_family =
            views::family_cases(&office.house, &officer.scope("case.read").unwrap(), FamilyId(7)).unwrap();
        assert_eq!(of_family.len(), 1);
        // The citizen's ticket still leads to it, and steps are taken as before.
        assert!(ticket_page(&office.house, &ticket.ticket, &ticket.secret).unwrap().open);
        office.step(&officer, ticket.case, "examine", FOUND).unwrap();
        assert!(office.tasks(&officer).contains(&(ticket.case.0, Why::Task)));
    }
}

#[test]
fn silence_is_a_step_that_the_clock_takes() {
    for office in Office::with_flows() {
        let officer = office.user("budi", "district_officer", "99.01");
        let other = office.user("dian", "district_officer", "99.01");
        let case = office.levy(&officer, "other");
        office.step(&officer, case, "examine", FOUND).unwrap();
        office.step(&other, case, "answer", &[]).unwrap();
        office.clock.to(date(2026, 11, 13));
        assert_eq!(sweep(&office.house, &office.console("case.work")).unwrap().timed, 0);
        office.clock.to(date(2026, 11, 17));
        assert_eq!(sweep(&office.house, &office.console("case.work")).unwrap().timed, 1);
        let view = office.view(&officer, case).unwrap();
        assert!(!view.row.open);
        assert_eq!(
            (view.history.last().unwrap().role.as_str(), view.row.state.as_str()),
            ("clock", "settled")
        );
        assert_eq!(sweep(&office.house, &office.console("case.work")).unwrap().timed, 0);
    }
}

#[test]
fn a_case_is_seen_as_it_was_and_says_what_the_law_demands() {
    for office in Office::with_flows() {
        let officer = office.user("budi", "district_officer", "99.01");
        let other = office.user("dian", "district_officer", "99.01");
        let case = office.levy(&officer, "other");
        let law = |view: &views::CaseView| (view.deadlines[0].met_ms.is_some(), view.deadlines[0].missed);
        assert_eq!(law(&office.view(&officer, case).unwrap()), (false, false));
        office.clock.to(date(2026, 11, 4));
        office.step(&officer, case, "examine", FOUND).unwrap();
        office.clock.to(date(2026, 11, 5));
        office.step(&other, case, "answer", &[]).unwrap();
        let now = office.view(&officer, case).unwrap();
        assert_eq!(law(&now), (true, true), "72 hours to the minute: opened and answered at nine");
        assert_eq!(now.deadlines[0].source, "UU 1/2000 pasal 1");
        let scope = officer.scope("case.read").unwrap();
        let on = |day| views::case_page(&office.house, &scope, case, Some(day)).unwrap();
        assert!(on(date(2026, 11, 1)).is_none(), "it was not there yet");
        let then = on(date(2026, 11, 4)).unwrap();
        assert_eq!((then.row.state.as_str(), then.history.len(), then.steps.len()), ("examined", 2, 0));
        assert_eq!(on(date(2026, 11, 3)).unwrap().answers.len(), 2, "what was found later is not known yet");
        let letter = &now.letters[0];
        assert_eq!(letter.paragraphs.len(), 2);
        assert_eq!(letter.paragraphs[0].en, format!("Report {case} has arrived: Dipotong sepuluh ribu."));
    }
}

#[test]
fn many_take_one_step_and_the_others_are_named() {
    for office in Office::with_flows() {
        let operator = office.user("ani", "village_operator", VILLAGE);
        let officer = office.user("budi", "district_officer", "99.01");
        let mut cases: Vec<CaseId> = (0..12).map(|_| office.levy(&operator, "other")).collect();
        office.step(&operator, cases[3], "examine", FOUND).unwrap();
        cases.push(CaseId(999_999));
        let scope = officer.scope("case.work").unwrap();
        let run = || take_steps(&office.house, &scope, &cases, "examine", &written(FOUND)).unwrap();
        let bulk = run();
        let codes: Vec<(i64, &str)> = bulk.refused.iter().map(|one| (one.case.0, one.code)).collect();
        assert_eq!(
            (bulk.taken, codes),
            (11, vec![(cases[3].0, "casework-action"), (999_999, "casework-not-found")])
        );
        assert_eq!(run().taken, 0, "again, nothing moves");
        let empty = take_steps(&office.house, &scope, &cases[..1], "amend", &BTreeMap::new()).unwrap();
        assert_eq!(empty.refused[0].code, "casework-form");
    }
}

#[test]
fn many_steps_together_leave_what_single_steps_leave() {
    for office in Office::with_flows() {
        let operator = office.user("ani", "village_operator", VILLAGE);
        let officer = office.user("budi", "district_officer", "99.01");
        let scope = officer.scope("case.work").unwrap();
        let open = || (0..24).map(|_| office.levy(&operator, "other")).collect::<Vec<CaseId>>();
        let (together, single) = (open(), open());
        // Every third gets a case under it; some are named twice and step twice; some take no step that others take.
        let rounds: [(&str, Fields, &[usize]); 4] = [
            ("examine", FOUND, &[]),
            ("inspect", &[], &[]),
            ("amend", FOUND, &[0, 1, 3, 4]),
            ("answer", &[], &[5]),
        ];
        for (nth, (action, form, again)) in rounds.into_iter().enumerate() {
            let chosen: Vec<usize> =
                (0..24).filter(|at| nth != 1 || at % 3 == 0).filter(|at| nth != 2 || at % 7 != 6).collect();
            let chosen: Vec<usize> = chosen.into_iter().chain(again.iter().copied()).collect();
            let cases: Vec<CaseId> = chosen.iter().map(|at| together[*at]).collect();
            let bulk = take_steps(&office.house, &scope, &cases, action, &written(form)).unwrap();
            let one_by_one =
                chosen.iter().filter(|at| office.step(&officer, single[**at], action, form).is_ok()).count();
            assert_eq!(bulk.taken, one_by_one as u64, "{action}");
        }
        let told = |case: CaseId| {
            let view = office.view(&officer, case).unwrap();
            let lines: Vec<_> = view
                .history
                .iter()
                .map(|line| {
                    (line.seq, line.role.clone(), line.action.clone(), line.to.clone(), line.answers.clone())
                })
                .collect();
            let days = (view.row.step_due_on, view.row.due_on, view.row.waiting);
            (view.row.state, view.rev, days, view.answers, view.relatives.len(), lines, view.waits_for)
        };
        for (one, other) in together.iter().zip(&single) {
            assert_eq!(told(*one), told(*other));
        }
        let tasks = |wanted: &[CaseId]| {
            let listed = office.tasks(&officer);
            wanted.iter().filter(|case| listed.iter().any(|(id, _)| *id == case.0)).count()
        };
        assert_eq!(tasks(&together), tasks(&single));
    }
}

#[test]
fn a_day_is_that_of_the_place() {
    let policy = Policy::embedded().unwrap();
    let (west, east) = (RegionCode::parse("11.01").unwrap(), RegionCode::parse("94.01").unwrap());
    // Half past ten in the evening in the west is past midnight in the east.
    let at: Timestamp = "2026-11-02T15:30:00Z".parse().unwrap();
    let calendar = policy.calendar();
    assert_eq!(
        (calendar.day_in(&west, at), calendar.day_in(&east, at)),
        (date(2026, 11, 2), date(2026, 11, 3))
    );
    assert_eq!(calendar.hours_ahead(&RegionCode::parse("73.71").unwrap()), 8);
}
