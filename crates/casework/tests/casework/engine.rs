//! Laws of the engine, walked through every workflow of the pack with every role, in many orders.

use std::collections::{BTreeMap, BTreeSet};

use casework::engine::{self, Case, Clock, Move, Refusal};
use casework::{Answer, Answers, FieldFault, form};
use jiff::{ToSpan, civil::Date, civil::date};
use model::RegionLevel;
use policy::{FieldKind, FormField, Policy, StateKind, Workflow};

/// A small generator with a seed: the same walk every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % below.max(1)
    }
}

fn filled(field: &FormField, today: Date, dice: &mut Dice) -> String {
    match &field.kind {
        FieldKind::Text | FieldKind::LongText if field.digits => "1234".to_owned(),
        FieldKind::Text | FieldKind::LongText => "keterangan".to_owned(),
        FieldKind::Int | FieldKind::Money => {
            let (low, high) = (field.min.unwrap_or(0), field.max.unwrap_or(1_500_000));
            [low, low + 1, high.min(low + dice.roll(20) as i64), i64::midpoint(low, high), high][dice.roll(5)]
                .to_string()
        }
        FieldKind::Date if field.not_future => {
            today.checked_sub((dice.roll(30) as i64).days()).unwrap().to_string()
        }
        FieldKind::Date => today.checked_add((dice.roll(60) as i64 - 5).days()).unwrap().to_string(),
        FieldKind::YesNo => ["ya", "tidak"][dice.roll(2)].to_owned(),
        FieldKind::Choice(choices) => choices[dice.roll(choices.len())].value.clone(),
        FieldKind::File => "7".to_owned(),
    }
}

fn start(workflow: &Workflow, on: Date) -> Case {
    Case {
        number: 1,
        state: workflow.start().key.clone(),
        answers: Answers::new(),
        clock: Clock::start(workflow, "", on),
        last_actor: 1,
        actors: BTreeMap::from([("open".to_owned(), vec![1])]),
        files: BTreeSet::from([7]),
        open_children: 0,
        others_wait: false,
    }
}

/// One random walk; checks the laws at every step and answers where it ended.
fn walk(policy: &Policy, workflow: &Workflow, seed: u64) -> (Case, usize) {
    let (calendar, mut dice) = (policy.calendar(), Dice(seed));
    let opened = date(2026, 1, 5).checked_add((dice.roll(300) as i64).days()).unwrap();
    let mut case = Case { number: seed as i64, ..start(workflow, opened) };
    let fields =
        workflow.open_form.as_deref().and_then(|key| workflow.form(key)).map_or(&[][..], |form| &form.fields);
    let written = fields.iter().map(|field| (field.key.clone(), filled(field, opened, &mut dice))).collect();
    case.answers = form::read(fields, &Answers::new(), &written, opened).unwrap();
    let first_due = case.clock.due(calendar, opened);
    let last_due = calendar.add_working_days(opened, workflow.days + workflow.stop_days_max());
    let (mut today, mut taken) = (opened, 0);
    let mut roles: Vec<&str> = policy.roles().iter().map(|role| role.key.as_str()).collect();
    roles.push(engine::CLOCK);
    let actions: Vec<&str> = workflow.transitions.iter().map(|step| step.action.as_str()).collect();
    let mut after_the_end = 0;
    for _ in 0..60 {
        if workflow.state(&case.state).is_some_and(|state| state.kind == StateKind::End) {
            after_the_end += 1;
            if after_the_end > 3 {
                break;
            }
        }
        today = today.checked_add((dice.roll(9) as i64).days()).unwrap();
        // Mostly what a person of the house would do next; else anything by anybody.
        let out: Vec<&policy::Transition> = workflow.out_of(&case.state).collect();
        let pick = |dice: &mut Dice| out[dice.roll(out.len())];
        let likely = (dice.roll(5) > 0 && !out.is_empty()).then(|| match pick(&mut dice) {
            // Most cases go a long way before they end.
            step if workflow.state(&step.to).is_some_and(|to| to.kind == StateKind::End)
                && dice.roll(4) > 0 =>
            {
                pick(&mut dice)
            }
            step => step,
        });
        let action = likely.map_or_else(|| actions[dice.roll(actions.len())], |step| step.action.as_str());
        let form = workflow.transition(&case.state, action).and_then(|step| step.form.as_deref());
        let fields = form.and_then(|key| workflow.form(key)).map_or(&[][..], |form| &form.fields);
        let role = match likely {
            Some(step) if step.by.is_empty() => engine::CLOCK,
            Some(step) if dice.roll(5) > 0 => step.by[dice.roll(step.by.len())].as_str(),
            _ => roles[dice.roll(roles.len())],
        };
        let actor = dice.roll(6) as i64 + 1;
        let before_due = case.clock.due(calendar, today);
        // A guard is asked with several answers before it is believed to refuse.
        let mut tries = 0;
        let outcome = loop {
            let written: BTreeMap<String, String> =
                fields.iter().map(|field| (field.key.clone(), filled(field, today, &mut dice))).collect();
            let wanted = Move {
                action,
                role,
                level: RegionLevel::Nation,
                actor,
                kin: false,
                written: &written,
                today,
            };
            tries += 1;
            match engine::step(workflow, calendar, &case, wanted) {
                Err(Refusal::Guard(_)) if tries < 12 && !fields.is_empty() => {}
                outcome => break outcome,
            }
        };
        match outcome {
            Ok(stepped) => {
                let step = workflow.transition(&case.state, action).expect("a step taken is in the workflow");
                let timed = workflow.state(&case.state).unwrap().then.as_deref() == Some(action);
                assert!(
                    step.by.iter().any(|may| may == role)
                        || (role == engine::CLOCK && (timed || step.compared.is_some())),
                    "{role} took {action}"
                );
                // Neither the clock nor a citizen is a person of the house.
                let person = role != engine::CLOCK && role != policy::CITIZEN;
                assert!(
                    !person || !step.checker || actor != case.last_actor,
                    "{action} was not checked by another person"
                );
                for other in &step.other_than {
                    assert!(
                        !person || !case.actors.get(other).is_some_and(|people| people.contains(&actor)),
                        "{action} after {other}"
                    );
                }
                let accused = engine::accused(workflow, &case.answers);
                assert_ne!(accused.as_deref(), Some(role), "the accused took {action}");
                let state = workflow.state(&stepped.case.state).expect("a state reached is in the workflow");
                assert_eq!(stepped.ended, state.kind == StateKind::End);
                assert_eq!(stepped.case.clock.from, opened, "the clock started again");
                assert!(stepped.case.clock.stopped_days >= case.clock.stopped_days);
                assert_eq!(stepped.case.clock.due(calendar, today), before_due, "a step moved the deadline");
                case = stepped.case;
                case.actors.entry(action.to_owned()).or_default().push(actor);
                taken += 1;
            }
            Err(Refusal::State(state)) => panic!("{} does not know its own state {state}", workflow.key),
            Err(refusal) => {
                let ended = workflow.state(&case.state).unwrap().kind == StateKind::End;
                assert_eq!(ended, refusal == Refusal::Closed, "{refusal}");
            }
        }
        let due = case.clock.due(calendar, today);
        assert!(first_due <= due && due <= last_due, "{first_due} <= {due} <= {last_due}");
        assert!(due <= case.clock.due_at_most(calendar));
    }
    (case, taken)
}

#[test]
fn no_walk_through_any_workflow_breaks_a_law() {
    let policy = Policy::embedded().unwrap();
    for workflow in policy.workflows().values() {
        let mut ends = BTreeMap::new();
        let all = workflow.states.iter().filter(|state| state.kind == StateKind::End).count();
        // Enough walks for the laws; more where an end lies behind guards.
        for seed in 0..6_000 {
            if seed > 40 && ends.len() >= all {
                break;
            }
            let (case, taken) = walk(&policy, workflow, seed);
            if taken > 0 && workflow.state(&case.state).is_some_and(|state| state.kind == StateKind::End) {
                *ends.entry(case.state).or_insert(0) += 1;
            }
        }
        for state in workflow.states.iter().filter(|state| state.kind == StateKind::End) {
            assert!(ends.contains_key(&state.key), "{}: no walk ended in {}", workflow.key, state.key);
        }
    }
}

#[test]
fn the_clock_stands_still_while_somebody_outside_has_the_next_step() {
    let policy = Policy::embedded().unwrap();
    let calendar = policy.calendar();
    let workflow = policy.workflow("account_repair").unwrap();
    let opened = date(2026, 11, 2);
    let mut clock = Clock::start(workflow, "", opened);
    let due = clock.due(calendar, opened);
    clock.stopped_since = Some(date(2026, 11, 4));
    assert_eq!(clock.due(calendar, date(2026, 11, 4)), due);
    assert_eq!(clock.due(calendar, date(2026, 11, 6)), calendar.add_working_days(due, 2));
    // Ten working days at most, however long the family takes.
    assert_eq!(clock.due(calendar, date(2027, 11, 4)), calendar.add_working_days(due, 10));
}

#[test]
fn a_form_is_read_as_people_write_and_faults_are_all_told() {
    let policy = Policy::embedded().unwrap();
    let workflow = policy.workflow("account_repair").unwrap();
    let today = date(2026, 11, 22);
    let read = |form: &str, written: &[(&str, &str)]| {
        let written = written.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect();
        form::read(&workflow.form(form).unwrap().fields, &Answers::new(), &written, today)
    };
    let fault = |field: &str, code| FieldFault { field: field.to_owned(), code };
    assert_eq!(
        read("cause", &[("cause", "other"), ("visited_on", "23-11-2026"), ("extra", "x")]),
        Err(vec![
            fault("cause_note", "casework-field-missing"),
            fault("visited_on", "casework-field-future"),
            fault("extra", "casework-field-unknown"),
        ])
    );
    let answers =
        read("cause", &[("cause", "nik_differs"), ("cause_note", "hidden"), ("visited_on", "20-11-2026")]);
    let answers = answers.unwrap();
    assert!(!answers.contains_key("cause_note"), "a hidden question has no answer");
    assert_eq!(answers["visited_on"], Answer::Date(date(2026, 11, 20)));
    assert_eq!(
        read("repair", &[("account", "12a4"), ("same_person", "mungkin"), ("proof", "buku")]),
        Err(vec![fault("account", "casework-field-digits"), fault("same_person", "casework-field-yes-no")])
    );
    let graduation = policy.workflow("graduation").unwrap();
    let fields = &graduation.form("assessment").unwrap().fields;
    for (text, expected) in
        [("1.500.000", Some(1_500_000)), ("1500000", Some(1_500_000)), ("1.5", None), ("1,5", None)]
    {
        let money = fields.iter().filter(|field| field.key == "income_month").cloned().collect::<Vec<_>>();
        let written = BTreeMap::from([("income_month".to_owned(), text.to_owned())]);
        let answers = form::read(&money, &Answers::new(), &written, today);
        assert_eq!(
            answers.ok().map(|answers| answers["income_month"].clone()),
            expected.map(Answer::Int),
            "{text}"
        );
    }
}

#[test]
fn a_guard_that_is_unknown_refuses() {
    let policy = Policy::embedded().unwrap();
    let workflow = policy.workflow("death_report").unwrap();
    let today = date(2026, 11, 23);
    let written = BTreeMap::new();
    let wanted = Move {
        action: "confirm",
        role: "district_officer",
        level: RegionLevel::District,
        actor: 2,
        kin: false,
        written: &written,
        today,
    };
    let mut case = start(workflow, today);
    let refused = engine::step(workflow, policy.calendar(), &case, wanted);
    assert!(matches!(refused, Err(Refusal::Guard(_))), "{refused:?}");
    case.answers.insert("proof".to_owned(), Answer::Text("certificate".to_owned()));
    case.answers.insert("death_date".to_owned(), Answer::Date(date(2026, 11, 20)));
    let stepped = engine::step(workflow, policy.calendar(), &case, wanted).unwrap();
    assert_eq!(stepped.effects[0].arguments["death_date"], "2026-11-20");
    let kin = Move { kin: true, ..wanted };
    assert_eq!(engine::step(workflow, policy.calendar(), &case, kin), Err(Refusal::Kin));
    let same = Move { actor: 1, ..wanted };
    assert_eq!(engine::step(workflow, policy.calendar(), &case, same), Err(Refusal::SamePerson));
}

#[test]
fn a_number_follows_from_answers_or_is_not_known() {
    let policy = Policy::embedded().unwrap();
    let shelter = policy.workflow("shelter_day").unwrap();
    let today = date(2026, 11, 23);
    let asked = ["babies", "girls", "boys", "women", "men", "old_women", "old_men"];
    let mut answers = Answers::new();
    let number = |answers: &Answers, key: &str| {
        let row = |name: &str| {
            let key = name.strip_prefix("form.").unwrap();
            answers.get(key).map(Answer::value).unwrap_or_default()
        };
        shelter.derived.iter().find(|one| one.key == key).unwrap().value(&row, today)
    };
    for (at, key) in asked.into_iter().enumerate() {
        assert_eq!(number(&answers, "people"), None, "{key} is not counted yet");
        answers.insert(key.to_owned(), Answer::Int(at as i64 + 1));
    }
    assert_eq!(number(&answers, "people"), Some(28));
    // Twenty-seven eat rice: 10.8 kg are eleven, and two toilets for twenty-eight.
    assert_eq!((number(&answers, "rice"), number(&answers, "toilets")), (Some(11), Some(2)));
    assert_eq!((number(&answers, "water"), number(&answers, "meals")), (Some(420), Some(81)));
}
