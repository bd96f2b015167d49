//! Figures: the open cases of a nation, on either database. `cargo xtask bench casework` runs this; it is no test.

use std::{collections::BTreeMap, fmt::Write, sync::Arc, time::Instant};

use access::{House, NewUser, Scope, Session};
use jiff::{
    ToSpan,
    civil::{Date, date},
};
use model::{CaseId, FixedClock, RegionCode};
use policy::{Calendar, FieldKind, FormField, Policy, StateKind, Transition, Workflow};
use store::{Page, Value, set_meta, sql, testing::TestDb};

use crate::{
    StepRequest, engine,
    form::{self, Answers},
    service, sweep, take_step, take_steps,
    views::{self, TaskFilter},
    write::{EVENT, TASK},
};

sql! {
    AGE = "UPDATE case_file SET step_due_on = $1, lateness = 0
        WHERE workflow = $2 AND open = 1 AND lateness = 0 AND case_id >= $3 AND case_id < $4";
    AGE_TASKS = "UPDATE case_task SET step_due_on = $1 WHERE workflow = $2 AND case_id >= $3 AND case_id < $4";
}

/// Districts, subdistricts of each and villages of those: 83,160 villages, as many as there are.
const DISTRICTS: i64 = 99;
const SUBDISTRICTS: i64 = 28;
const VILLAGES: i64 = 30;
/// Rows of a history.
const EVENTS: usize = 10;
/// Different histories of each workflow.
const WALKS: u64 = 6;
/// Of ten cases one waits in the same state for the same step: what is moved together, in these districts.
const MOVED: (&str, &str, &str) = ("account_repair", "contact", "waiting_family");
const MOVED_DISTRICTS: i64 = 10;
/// Of those of each district, steps that are taken one by one.
const SINGLE: i64 = 30;
/// Families of one companion.
const CASELOAD: usize = 300;
/// Cases that become late in one night.
const LATE: i64 = 30_000;
/// Rows made at once.
const CHUNK: i64 = 50_000;

fn mixed(n: i64) -> i64 {
    ((n as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20) as i64
}

fn village(number: i64) -> (i64, String) {
    let (district, rest) = (number % DISTRICTS, number / DISTRICTS);
    let (sub, village) = (rest % SUBDISTRICTS, rest / SUBDISTRICTS % VILLAGES);
    (district, format!("99.{:02}.{:02}.{}", district + 1, sub + 1, 2_001 + village))
}

fn number(value: &Value) -> i64 {
    if let Value::Int(number) = value { *number } else { 0 }
}

/// One line of a history.
struct Line {
    action: String,
    role: String,
    from: String,
    to: String,
    answers: String,
}

/// A case in the middle of its way, as opening and steps would have written it.
struct Walk<'p> {
    workflow: &'p Workflow,
    state: String,
    lines: Vec<Line>,
    answers: String,
    accused: String,
    waiting: bool,
}

/// Something that fits the type of a question.
fn answer(field: &FormField, today: Date, nth: u64) -> String {
    match &field.kind {
        FieldKind::Text if field.digits => "12345678".chars().take(field.max_length as usize).collect(),
        FieldKind::Text | FieldKind::LongText => {
            field.label.id.chars().take(field.max_length as usize).collect()
        }
        FieldKind::Int | FieldKind::Money => field.min.unwrap_or(1).max(1).to_string(),
        FieldKind::Date if field.not_future => today.checked_sub(1.day()).unwrap().to_string(),
        FieldKind::Date => today.checked_add(20.days()).unwrap().to_string(),
        FieldKind::YesNo => "ya".to_owned(),
        FieldKind::Choice(choices) => choices[nth as usize % choices.len()].value.clone(),
        FieldKind::File => "1".to_owned(),
    }
}

fn filled(fields: &[FormField], before: &Answers, today: Date, nth: u64) -> Answers {
    let written = fields.iter().map(|field| (field.key.clone(), answer(field, today, nth))).collect();
    form::read(fields, before, &written, today).unwrap_or_default()
}

/// Rows of a table.
type Rows = Vec<Vec<Value>>;

/// A way through a workflow that does not end; `chosen` says which step is taken of those there are.
fn walk(
    workflow: &Workflow,
    today: Date,
    nth: u64,
    chosen: impl Fn(usize, &[&Transition]) -> usize,
) -> Walk<'_> {
    let fields = |key: &Option<String>| {
        key.as_deref().and_then(|key| workflow.form(key)).map_or(&[][..], |form| &form.fields)
    };
    let mut answers = filled(fields(&workflow.open_form), &Answers::new(), today, nth);
    let accused = engine::accused(workflow, &answers).unwrap_or_default();
    let mut state = workflow.start().key.clone();
    let line = |action: &str, role: &str, from: &str, to: &str, answers: &Answers| Line {
        action: action.to_owned(),
        role: role.to_owned(),
        from: from.to_owned(),
        to: to.to_owned(),
        answers: service::written(answers),
    };
    let mut lines = vec![line("open", "console", "", &state, &answers)];
    while lines.len() < EVENTS {
        let goes_on = |step: &&Transition| {
            !step.by.is_empty() && workflow.state(&step.to).is_some_and(|to| to.kind != StateKind::End)
        };
        let steps: Vec<&Transition> = workflow.out_of(&state).filter(goes_on).collect();
        if steps.is_empty() {
            lines.push(line(sweep::LATE, engine::CLOCK, &state, &state, &Answers::new()));
            continue;
        }
        let step = steps[chosen(lines.len(), &steps)];
        let answered = filled(fields(&step.form), &answers, today, nth);
        lines.push(line(&step.action, &step.by[0], &state, &step.to, &answered));
        answers.extend(answered);
        state.clone_from(&step.to);
    }
    let waiting = service::is_waiting(workflow, &state);
    Walk { workflow, state, lines, answers: service::written(&answers), accused, waiting }
}

/// Every workflow's ways.
fn walks(policy: &Policy, today: Date) -> Vec<Walk<'_>> {
    let of = |workflow| {
        (0..WALKS).map(move |nth| {
            walk(workflow, today, nth, move |at, steps| {
                mixed((nth * 31 + at as u64) as i64) as usize % steps.len()
            })
        })
    };
    policy.workflows().values().flat_map(of).collect()
}

/// The one that waits for the step that many cases take together.
fn moved_walk(policy: &Policy, today: Date) -> Walk<'_> {
    let workflow = policy.workflow(MOVED.0).unwrap();
    let found = walk(workflow, today, 0, |_, steps| {
        // To the state and back again.
        let step = |action: &str| steps.iter().position(|step| step.action == action);
        step(MOVED.1).or_else(|| step("wait")).unwrap()
    });
    let Walk { mut lines, state, .. } = found;
    if state != MOVED.2 {
        lines.pop();
    }
    let last = lines.last().unwrap().to.clone();
    assert_eq!(last, MOVED.2);
    while lines.len() < EVENTS {
        lines.push(Line {
            action: sweep::LATE.to_owned(),
            role: engine::CLOCK.to_owned(),
            from: last.clone(),
            to: last.clone(),
            answers: "{}".to_owned(),
        });
    }
    Walk { lines, state: last, waiting: true, ..found }
}

struct Bench {
    house: House,
    _test: TestDb,
    cases: i64,
    today: Date,
    report: String,
}

/// What filling leaves for the measurements.
struct Filled {
    /// Families by district.
    families: Vec<Vec<i64>>,
    /// Cases by district that are moved together.
    moved: Vec<Vec<CaseId>>,
    /// Logins of companions.
    companions: Vec<String>,
}

impl Bench {
    fn new(cases: i64) -> Self {
        let test = TestDb::all().pop().unwrap();
        let today = date(2026, 11, 23);
        let house = House {
            db: test.db.clone(),
            lake: lake::Lake::open(&test.folder.join("lake")).unwrap(),
            policy: Arc::new(Policy::embedded().unwrap()),
            clock: Arc::new(FixedClock::at(today)),
        };
        Self { house, _test: test, cases, today, report: String::new() }
    }

    fn engine(&self) -> &'static str {
        match self.house.db.engine() {
            store::Engine::Sqlite => "SQLite",
            store::Engine::Postgres => "PostgreSQL",
        }
    }

    fn user(&self, login: &str, role: &str, region: &str) -> Session {
        let manage = Session::console(&self.house).scope("user.manage").unwrap();
        let region =
            if region.is_empty() { RegionCode::nation() } else { RegionCode::parse(region).unwrap() };
        let (login, role) = (login.to_owned(), role.to_owned());
        let new = NewUser { name: login.clone(), login: login.clone(), role, region, password: None };
        access::create_user(&self.house, &manage, new).unwrap();
        access::session_of_login(&self.house, &manage, &login).unwrap()
    }

    fn fill(&self) -> Filled {
        let policy = Arc::clone(&self.house.policy);
        let (all, moved) = (walks(&policy, self.today), moved_walk(&policy, self.today));
        let days = Days::around(policy.calendar(), self.today);
        let mut filled = Filled {
            families: vec![Vec::new(); DISTRICTS as usize],
            moved: vec![Vec::new(); DISTRICTS as usize],
            companions: Vec::new(),
        };
        for first in (0..self.cases).step_by(CHUNK as usize) {
            let (mut files, mut events, mut tasks) = (Vec::new(), Vec::new(), Vec::new());
            for n in first..(first + CHUNK).min(self.cases) {
                let together = n % 10 == 0;
                let walk = if together { &moved } else { &all[mixed(n + 7) as usize % all.len()] };
                let place = if together {
                    let district = n * MOVED_DISTRICTS / self.cases;
                    mixed(n) % (SUBDISTRICTS * VILLAGES) * DISTRICTS + district
                } else {
                    mixed(n) % (DISTRICTS * SUBDISTRICTS * VILLAGES)
                };
                let (district, region) = village(place);
                let family = if walk.workflow.subject.of_family() { 10_000 + n * 3 } else { 0 };
                if family > 0 {
                    filled.families[district as usize].push(family);
                }
                if together {
                    filled.moved[district as usize].push(CaseId(n + 1));
                }
                self.rows(walk, (n, family, &region), &days, (&mut files, &mut events, &mut tasks));
            }
            // By the key of each table, as a bulk load wants them.
            for rows in [&mut files, &mut events, &mut tasks] {
                rows.sort_by_key(|row: &Vec<Value>| [number(&row[0]), number(&row[1])]);
            }
            self.house
                .db
                .write(|tx| {
                    tx.bulk("case_file", FILE, files.into_iter())?;
                    tx.bulk("case_event", EVENT, events.into_iter())?;
                    tx.bulk("case_task", TASK, tasks.into_iter())
                })
                .unwrap();
        }
        self.house.db.write(|tx| store::next_number(tx, "case", self.cases)).unwrap();
        self.assign(&mut filled);
        self.house.db.settle(&["case_file", "case_event", "case_task", "assignment", "user_account"]);
        filled
    }

    /// Companions for a third of the families.
    fn assign(&self, filled: &mut Filled) {
        for (district, families) in filled.families.iter().enumerate() {
            for (nth, load) in families.chunks(CASELOAD).enumerate() {
                if nth % 3 != 0 || load.len() < CASELOAD {
                    continue;
                }
                let region = format!("99.{:02}", district + 1);
                let login = format!("pendamping-{district}-{nth}");
                let user = self.user(&login, "companion", &region).user_id;
                filled.companions.push(login);
                let rows = load.iter().map(|family| vec![user.into(), (*family).into(), "2026-01-01".into()]);
                self.house
                    .db
                    .write(|tx| tx.bulk("assignment", &["user_id", "family_id", "from_date"], rows))
                    .unwrap();
            }
        }
    }

    fn rows(
        &self,
        walk: &Walk<'_>,
        (n, family, region): (i64, i64, &str),
        days: &Days,
        (files, events, tasks): (&mut Rows, &mut Rows, &mut Rows),
    ) {
        let workflow = walk.workflow;
        let (case, key) = (n + 1, workflow.key.as_str());
        let by_clock = workflow.state(&walk.state).is_some_and(|state| state.then.is_some());
        let late = mixed(n + 3) % 20 == 0 && !by_clock;
        let due = if late { days.past(mixed(n + 5)) } else { days.coming(mixed(n + 5)) };
        let lateness = if late { workflow.escalate.len() as i64 } else { 0 };
        let opened = days.opened.as_str();
        let line = (workflow.subject == policy::CaseSubject::PaymentLine).then_some(n);
        files.push(vec![
            family.into(),
            case.into(),
            key.into(),
            (family > 0).then_some(family * 10).into(),
            line.into(),
            format!("case:{case}").into(),
            format!("KELUARGA {n}").into(),
            region.into(),
            walk.state.as_str().into(),
            1.into(),
            opened.into(),
            days.due.as_str().into(),
            due.into(),
            0.into(),
            walk.waiting.then(|| days.opened.clone()).into(),
            walk.answers.as_str().into(),
            1.into(),
            (EVENTS as i64).into(),
            opened.into(),
            key.into(),
            1.into(),
            walk.accused.as_str().into(),
            lateness.into(),
        ]);
        for (seq, line) in (1_i64..).zip(&walk.lines) {
            let at = 1_790_000_000_000 + seq * 86_400_000 + n;
            events.push(vec![
                family.into(),
                case.into(),
                seq.into(),
                at.into(),
                seq.into(),
                "PETUGAS CONTOH".into(),
                line.role.as_str().into(),
                line.action.as_str().into(),
                line.from.as_str().into(),
                line.to.as_str().into(),
                line.answers.as_str().into(),
            ]);
        }
        let mut roles =
            service::tasks_of(&self.house, workflow, &walk.state, (&workflow.owner, &walk.accused), &[]);
        for role in workflow.escalate.iter().filter(|role| late && **role != walk.accused) {
            roles.entry(role).or_insert((true, service::WATCH_LATE));
        }
        for (role, (own, watch)) in roles {
            tasks.push(vec![
                family.into(),
                case.into(),
                role.into(),
                own.into(),
                due.into(),
                region.into(),
                watch.into(),
                key.into(),
            ]);
        }
    }

    /// Prints a line with the goal beside it.
    fn told(&mut self, what: &str, figures: &str, goal: &str) {
        let line = format!("{what:<58} {figures:<48} {goal:>12}  peak {:>5} MB", peak_mb());
        println!("{line}");
        writeln!(self.report, "{line}").unwrap();
    }

    /// Milliseconds of `runs` calls.
    fn each(&mut self, what: &str, goal_ms: f64, runs: usize, mut work: impl FnMut(&House, usize)) {
        let _ = std::fs::write("/proc/self/clear_refs", "5");
        let mut times: Vec<f64> = (0..runs)
            .map(|nth| {
                let begun = Instant::now();
                work(&self.house, nth);
                begun.elapsed().as_secs_f64() * 1_000.0
            })
            .collect();
        times.sort_by(f64::total_cmp);
        let at = |share: f64| times[((times.len() - 1) as f64 * share).round() as usize];
        let figures = format!("{:>8.2} p50 {:>8.2} p95 {:>8.2} max ms", at(0.5), at(0.95), at(1.0));
        self.told(what, &figures, &format!("{goal_ms:.0} ms p95"));
    }

    /// Seconds of one call that is about so many cases.
    fn once<T>(&mut self, what: &str, goal_s: f64, work: impl FnOnce(&House) -> (T, u64)) -> T {
        let _ = std::fs::write("/proc/self/clear_refs", "5");
        let begun = Instant::now();
        let (out, cases) = work(&self.house);
        let seconds = begun.elapsed().as_secs_f64();
        let goal = if goal_s > 0.0 { format!("{goal_s:.0} s") } else { String::new() };
        self.told(what, &format!("{seconds:>8.2} s  {cases:>9} cases"), &goal);
        out
    }
}

/// Days on which offices work, worked out once.
struct Days {
    past: Vec<String>,
    coming: Vec<String>,
    opened: String,
    due: String,
}

impl Days {
    fn around(calendar: &Calendar, today: Date) -> Self {
        let near = |count: i64| today.checked_add(count.days()).unwrap();
        let works = |day: &Date| calendar.is_working_day(*day);
        let opened = near(-60);
        Self {
            // Longer ago than any level is passed over.
            past: (-140..-130).map(near).filter(works).map(|day| day.to_string()).collect(),
            coming: (0..60).map(near).filter(works).map(|day| day.to_string()).collect(),
            opened: opened.to_string(),
            due: calendar.add_working_days(opened, 60).to_string(),
        }
    }

    fn past(&self, n: i64) -> &str {
        &self.past[n as usize % self.past.len()]
    }

    fn coming(&self, n: i64) -> &str {
        &self.coming[n as usize % self.coming.len()]
    }
}

const FILE: &[&str] = &[
    "family_id",
    "case_id",
    "workflow",
    "person_id",
    "line_id",
    "subject",
    "title",
    "region",
    "state",
    "open",
    "opened_on",
    "due_on",
    "step_due_on",
    "stopped_days",
    "stopped_since",
    "answers",
    "last_actor",
    "rev",
    "clock_on",
    "clock_of",
    "opened_by",
    "accused",
    "lateness",
];
fn peak_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).unwrap_or_default() / 1024
}

fn inbox(house: &House, scope: &Scope) -> usize {
    let counts = views::task_counts(house, scope).unwrap();
    let page = Page { after: None, limit: 40 };
    let tasks = views::tasks(house, scope, &TaskFilter::default(), &page).unwrap();
    views::counts_by_state(house, scope).unwrap();
    views::caseloads(house, scope, &Page::first(50)).unwrap();
    assert_eq!(counts.tasks > 0, !tasks.items.is_empty());
    tasks.items.len()
}

#[test]
#[ignore = "figures; run with --nocapture"]
fn figures() {
    let cases: i64 = std::env::var("CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(1_000_000);
    let mut bench = Bench::new(cases);
    println!("{cases} open cases, {} rows of history, on {}", cases * EVENTS as i64, bench.engine());
    let begun = Instant::now();
    let filled = bench.fill();
    println!("filled in {:.1} s", begun.elapsed().as_secs_f64());
    let console = Session::console(&bench.house);
    let work = console.scope("case.work").unwrap();
    let sweep_all = |house: &House| {
        let swept = sweep::sweep(house, &work).unwrap();
        (swept, swept.told + swept.timed)
    };
    bench.once("clock over all, first time", 10.0, sweep_all);
    let swept = bench.once("clock over all, nothing late", 10.0, sweep_all);
    assert_eq!((swept.told, swept.timed), (0, 0));

    let people = [
        ("operator", "village_operator", "99.31.05.2003"),
        ("dinsos", "district_officer", "99.31"),
        ("dinsos-besar", "district_officer", "99.01"),
        ("kadis", "district_head", "99.31"),
        ("manajer", "programme_manager", ""),
        ("pusdatin", "data_centre", ""),
    ];
    let mut sessions: BTreeMap<&str, Session> =
        people.iter().map(|(login, role, region)| (*login, bench.user(login, role, region))).collect();
    let manage = console.scope("user.manage").unwrap();
    sessions.insert(
        "pendamping",
        access::session_of_login(&bench.house, &manage, filled.companions.last().unwrap()).unwrap(),
    );
    for (login, what) in [
        ("operator", "village operator"),
        ("pendamping", "companion of 300 families"),
        ("dinsos", "district officer"),
        ("dinsos-besar", "district officer of a large district"),
        ("kadis", "district head"),
        ("manajer", "programme manager, nation"),
        ("pusdatin", "data centre, nation"),
    ] {
        let scope = sessions[login].scope("case.read").unwrap();
        bench.each(&format!("inbox: {what}"), 30.0, 60, |house, _| {
            inbox(house, &scope);
        });
    }
    for (login, what) in [("dinsos-besar", "large district"), ("manajer", "nation")] {
        let scope = sessions[login].scope("case.read").unwrap();
        bench.each(&format!("of it, the counts: {what}"), 30.0, 60, |house, _| {
            views::task_counts(house, &scope).unwrap();
        });
        bench.each(&format!("of it, the list: {what}"), 30.0, 60, |house, _| {
            let page = Page { after: None, limit: 40 };
            views::tasks(house, &scope, &TaskFilter::default(), &page).unwrap();
        });
        bench.each(&format!("of it, cases by state: {what}"), 30.0, 60, |house, _| {
            views::counts_by_state(house, &scope).unwrap();
        });
        bench.each(&format!("of it, caseloads: {what}"), 30.0, 60, |house, _| {
            views::caseloads(house, &scope, &Page::first(50)).unwrap();
        });
    }
    months(&mut bench, &sessions);
    boards(&mut bench, &sessions);
    pages(&mut bench, &sessions);
    steps(&mut bench, &filled);
    late(&mut bench, sweep_all);
    together(&mut bench, &filled);
}

/// A month and a week of calendars.
fn months(bench: &mut Bench, sessions: &BTreeMap<&str, Session>) {
    let month = (date(2026, 11, 1), date(2026, 11, 30));
    let week = (date(2026, 11, 23), date(2026, 11, 29));
    for (login, what) in [
        ("operator", "village"),
        ("pendamping", "companion"),
        ("dinsos-besar", "large district"),
        ("pusdatin", "nation"),
    ] {
        let scope = sessions[login].scope("case.read").unwrap();
        bench.each(&format!("calendar of a month: {what}"), 30.0, 60, |house, _| {
            crate::steps_by_day(house, &scope, month).unwrap();
        });
        bench.each(&format!("calendar of a week, step by step: {what}"), 30.0, 60, |house, _| {
            crate::steps_by_day(house, &scope, week).unwrap();
            crate::first_steps(house, &scope, week, 30).unwrap();
        });
    }
}

fn boards(bench: &mut Bench, sessions: &BTreeMap<&str, Session>) {
    for (login, what) in [
        ("operator", "village"),
        ("pendamping", "companion"),
        ("dinsos", "district"),
        ("dinsos-besar", "large district"),
        ("manajer", "nation"),
    ] {
        let scope = sessions[login].scope("case.read").unwrap();
        let kinds: Vec<String> = bench.house.policy.workflows().keys().cloned().collect();
        bench.each(&format!("board of a workflow: {what}"), 30.0, kinds.len() * 2, |house, nth| {
            let _ = views::board(house, &scope, &kinds[nth % kinds.len()], 5);
        });
        let states: Vec<(String, String)> = bench
            .house
            .policy
            .workflows()
            .values()
            .flat_map(|one| one.states.iter().map(|state| (one.key.clone(), state.key.clone())))
            .collect();
        bench.each(&format!("board of a state: {what}"), 30.0, states.len(), |house, nth| {
            let (workflow, state) = &states[nth];
            let _ = views::board_state(house, &scope, workflow, state, &Page::first(40));
        });
    }
}

fn pages(bench: &mut Bench, sessions: &BTreeMap<&str, Session>) {
    let scope = sessions["dinsos-besar"].scope("case.read").unwrap();
    let cases = bench.cases;
    let mut seen = 0;
    bench.each("case page: district officer", 30.0, 400, |house, nth| {
        let case = CaseId(mixed(nth as i64) % (cases / MOVED_DISTRICTS) / 10 * 10 + 1);
        seen += usize::from(views::case_page(house, &scope, case, None).unwrap().is_some());
    });
    assert!(seen > 300, "{seen}");
    let scope = sessions["manajer"].scope("case.read").unwrap();
    bench.each("case page: nation", 30.0, 400, |house, nth| {
        let case = CaseId(mixed(nth as i64) % cases + 1);
        let _ = views::case_page(house, &scope, case, None).unwrap();
    });
}

fn written() -> BTreeMap<String, String> {
    [("cause", "name_differs"), ("cause_note", "beda ejaan"), ("visited_on", "20-11-2026")]
        .map(|(key, text)| (key.to_owned(), text.to_owned()))
        .into()
}

fn officers(bench: &Bench) -> Vec<Scope> {
    (1..=MOVED_DISTRICTS)
        .map(|district| {
            let user =
                bench.user(&format!("petugas-{district}"), "district_officer", &format!("99.{district:02}"));
            user.scope("case.work").unwrap()
        })
        .collect()
}

fn steps(bench: &mut Bench, filled: &Filled) {
    let officers = officers(bench);
    let runs = (SINGLE * MOVED_DISTRICTS) as usize;
    bench.each("one commit of one row", 50.0, runs, |house, nth| {
        house.db.write(|tx| set_meta(tx, "figures", &nth.to_string())).unwrap();
    });
    let request = StepRequest { action: MOVED.1.to_owned(), written: written(), rev: EVENTS as i64 };
    bench.each("one step, durable", 50.0, runs, |house, nth| {
        let district = nth % MOVED_DISTRICTS as usize;
        let case = filled.moved[district][nth / MOVED_DISTRICTS as usize];
        take_step(house, &officers[district], case, &request).unwrap();
    });
}

fn late(bench: &mut Bench, sweep_all: impl Fn(&House) -> (crate::Swept, u64)) {
    // Just late enough for the first level, some of each workflow that passes lateness up.
    let policy = Arc::clone(&bench.house.policy);
    let calendar = policy.calendar();
    let passes: Vec<&Workflow> =
        policy.workflows().values().filter(|workflow| !workflow.escalate.is_empty()).collect();
    let share = bench.cases * LATE / 1_000_000;
    // A workflow has one in so many cases, and nineteen of twenty are not late yet.
    let span = share * policy.workflows().len() as i64 * 10 * 20 / (9 * 19 * passes.len() as i64);
    bench
        .house
        .db
        .write(|tx| {
            for workflow in &passes {
                let mut day = bench.today;
                while calendar.working_days_between(day, bench.today) < i64::from(workflow.escalate_days) {
                    day = day.checked_sub(1.day()).unwrap();
                }
                let (from, to) = (bench.cases - span, bench.cases + 1);
                let asked = store::params![day.to_string(), &workflow.key, from, to];
                tx.execute(&AGE, asked)?;
                tx.execute(&AGE_TASKS, asked)?;
            }
            Ok::<_, store::Error>(())
        })
        .unwrap();
    bench.house.db.settle(&["case_file", "case_task"]);
    let swept = bench.once("clock over all, some became late", 10.0, &sweep_all);
    assert!(swept.told > 0);
    let again = bench.once("clock over all, right after", 10.0, &sweep_all);
    assert_eq!(again.told, 0);
}

fn together(bench: &mut Bench, filled: &Filled) {
    let officers: Vec<Scope> = (1..=MOVED_DISTRICTS)
        .map(|district| {
            let manage = Session::console(&bench.house).scope("user.manage").unwrap();
            let session =
                access::session_of_login(&bench.house, &manage, &format!("petugas-{district}")).unwrap();
            session.scope("case.work").unwrap()
        })
        .collect();
    let all = |house: &House| {
        let (mut taken, mut refused) = (0, 0);
        for (district, scope) in officers.iter().enumerate() {
            let moved = take_steps(house, scope, &filled.moved[district], MOVED.1, &written()).unwrap();
            taken += moved.taken;
            refused += moved.refused.len() as u64;
        }
        ((taken, refused), taken + refused)
    };
    let (taken, refused) = bench.once("one step in many cases, 10,000 a call", 10.0, all);
    assert_eq!(refused, (SINGLE * MOVED_DISTRICTS) as u64);
    let again = bench.once("the same again: all were moved", 10.0, all);
    assert_eq!(again, (0, taken + refused));
}
