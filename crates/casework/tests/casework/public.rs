//! What the public reads and says, on both databases: a case is public from its state and not before, is taken back in public, and the
//! survey is answered once a case.

use access::Session;
use casework::{
    Error, NewCase, Ticket, open_with_ticket,
    public::{
        Answered, ClarificationFilter, SurveyFilter, clarification, clarifications, record_survey,
        survey_by_ticket, survey_results,
    },
    ticket_page, views,
};
use jiff::civil::date;
use model::RegionCode;
use store::Page;

use crate::support::{Office, VILLAGE, new_case, written};

impl Office {
    fn ticket(&self, workflow: &str, region: &str, said: &[(&str, &str)]) -> Ticket {
        let scope = Session::citizen(&self.house).scope("case.ticket").unwrap();
        let region = RegionCode::parse(region).unwrap();
        open_with_ticket(&self.house, &scope, workflow, region, written(said)).unwrap()
    }

    fn shown(&self, words: &str, verdict: &str) -> Vec<i64> {
        let filter = ClarificationFilter { words: words.to_owned(), verdict: verdict.to_owned() };
        let found = clarifications(&self.house, &filter, &Page::first(10)).unwrap();
        found.items.iter().map(|one| one.number).collect()
    }

    /// A request for one's own data, to its end: the shortest way of the pack that asks people afterwards.
    fn finished(&self, officer: &Session, region: &str) -> Ticket {
        let workflow = self.house.policy.workflow("citizen_complaint").unwrap();
        let form = workflow.form(workflow.open_form.as_deref().unwrap()).unwrap();
        let said: Vec<(&str, String)> =
            form.fields.iter().map(|field| (field.key.as_str(), answer(field))).collect();
        let said: Vec<(&str, &str)> = said.iter().map(|(key, text)| (*key, text.as_str())).collect();
        let ticket = self.ticket("citizen_complaint", region, &said);
        for _ in 0..4 {
            let view = views::case_page(&self.house, &officer.scope("case.read").unwrap(), ticket.case, None);
            let view = view.unwrap().unwrap();
            let Some(step) = view.steps.iter().find(|step| step.ends) else {
                panic!("no end from {}", view.row.state)
            };
            let form = workflow.transition(&view.row.state, &step.action).unwrap().form.clone();
            let fields = form.and_then(|key| workflow.form(&key)).map_or(&[][..], |form| &form.fields);
            let said: Vec<(&str, String)> =
                fields.iter().map(|field| (field.key.as_str(), answer(field))).collect();
            let said: Vec<(&str, &str)> = said.iter().map(|(key, text)| (*key, text.as_str())).collect();
            let action = step.action.clone();
            self.step(officer, ticket.case, &action, &said).unwrap();
            if !ticket_page(&self.house, &ticket.ticket, &ticket.secret).unwrap().open {
                break;
            }
        }
        ticket
    }

    fn answers(&self, score: i64) -> Answered {
        self.house.policy.survey().elements.iter().map(|one| (one.key.clone(), score)).collect()
    }

    fn give(&self, ticket: &Ticket, answered: &Answered) -> Result<(), Error> {
        let scope = Session::citizen(&self.house).scope("case.ticket").unwrap();
        survey_by_ticket(&self.house, &scope, (&ticket.ticket, &ticket.secret), answered)
    }
}

/// Something that fits a question.
fn answer(field: &policy::FormField) -> String {
    match &field.kind {
        policy::FieldKind::Choice(choices) => choices.last().unwrap().value.clone(),
        policy::FieldKind::YesNo => "tidak".to_owned(),
        policy::FieldKind::Date => "20-11-2026".to_owned(),
        policy::FieldKind::Int | policy::FieldKind::Money => field.min.unwrap_or(1).to_string(),
        _ if field.digits => "12345678".to_owned(),
        _ => "Belum diterima".to_owned(),
    }
}

const CLAIM: &str = "Daftar di https://bansos.xyz/form, hubungi 081234567890";

#[test]
fn a_hoax_is_public_from_its_state_defused_and_is_taken_back_by_two() {
    for office in Office::all() {
        let checker = office.user("budi", "district_officer", "99.01");
        let (one, two) =
            (office.user("eka", "programme_manager", ""), office.user("fitri", "programme_manager", ""));
        let told = [
            ("heard", "Siti Aminah bilang daftar di bansos.xyz"),
            ("where", "whatsapp"),
            ("link", "bansos.xyz"),
        ];
        let case = office.ticket("hoax_report", VILLAGE, &told).case;
        let check =
            [("source", "cekbansos.kemensos.go.id"), ("collects", "ya"), ("evidence", "Tangkapan layar")];
        office.step(&checker, case, "check", &check).unwrap();
        office
            .step(
                &one,
                case,
                "judge",
                &[("verdict", "fraud"), ("truth", "Cek di cekbansos.kemensos.go.id saja")],
            )
            .unwrap();
        assert_eq!(office.shown("", ""), Vec::<i64>::new(), "judged is not published");
        let publication = [("claim", CLAIM), ("published_on", "23-11-2026"), ("published_at", "situs")];
        office.step(&two, case, "publish", &publication).unwrap();

        let shown = clarification(&office.house, 1).unwrap().unwrap();
        assert_eq!(shown.claim, "Daftar di hxxps[:]//bansos[.]xyz/form, hubungi […]");
        assert_eq!(
            (shown.link.as_str(), shown.source.as_str()),
            ("bansos[.]xyz", "cekbansos.kemensos.go.id")
        );
        assert_eq!(shown.truth, "Cek di cekbansos.kemensos.go.id saja");
        let json = serde_json::to_string(&shown).unwrap();
        for name in ["Siti", "budi", "eka", "fitri", "Tangkapan", "0812"] {
            assert!(!json.contains(name), "{name} in {json}");
        }
        assert_eq!(office.shown("DAFT xyz", "fraud"), [1], "by the beginnings of words");
        assert_eq!(office.shown("aftar", ""), Vec::<i64>::new());
        assert_eq!(office.shown("", "old"), Vec::<i64>::new());

        let withdraw = |number: &str, decides: &Session| {
            let said = [("number", number), ("reason", "Keliru")];
            let new = NewCase { title: String::new(), ..new_case("clarification_withdrawal", 0, &said) };
            office.step(decides, office.open(&one, &new), "withdraw", &[])
        };
        assert_eq!(withdraw("7", &two), Err(Error::NoClarification));
        assert!(matches!(withdraw("1", &one), Err(Error::Refused(_))), "who asked does not decide");
        withdraw("1", &two).unwrap();
        let shown = clarification(&office.house, 1).unwrap().unwrap();
        assert_eq!((shown.withdrawn_on, shown.withdrawn_why.as_str()), (Some(date(2026, 11, 23)), "Keliru"));
        assert_eq!(office.shown("", ""), [1], "it does not disappear");
        assert_eq!(withdraw("1", &two), Err(Error::NoClarification), "once");
    }
}

#[test]
fn the_survey_is_answered_once_by_the_citizen_or_by_somebody_who_did_not_serve() {
    for office in Office::all() {
        let officer = office.user("budi", "district_officer", "99.01");
        let other = office.user("dian", "district_officer", "99.01");
        let elsewhere = office.user("eko", "district_officer", "99.02");
        let said = [("heard", "x"), ("where", "sms")];
        let hoax = office.ticket("hoax_report", VILLAGE, &said);
        assert_eq!(office.give(&hoax, &office.answers(4)), Err(Error::NoSurvey), "nobody is asked after it");

        let ticket = office.finished(&officer, VILLAGE);
        let offered = || ticket_page(&office.house, &ticket.ticket, &ticket.secret).unwrap().survey;
        assert!(offered());
        let mut part = office.answers(4);
        part.pop_last();
        assert_eq!(office.give(&ticket, &part), Err(Error::SurveyForm));
        assert_eq!(office.give(&ticket, &office.answers(5)), Err(Error::SurveyForm));
        let wrong = Ticket { secret: "aaaa-bbbb-cccc-dddd".to_owned(), ..ticket.clone() };
        assert_eq!(office.give(&wrong, &office.answers(4)), Err(Error::Ticket));
        office.give(&ticket, &office.answers(4)).unwrap();
        assert!(!offered());
        assert_eq!(office.give(&ticket, &office.answers(1)), Err(Error::NoSurvey), "once");

        let ticket = office.finished(&officer, VILLAGE);
        let record = |by: &Session, paper: &str| {
            let scope = by.scope("case.work").unwrap();
            record_survey(&office.house, &scope, ticket.case, &office.answers(3), paper)
        };
        assert_eq!(record(&officer, " "), Err(Error::SurveyOwn));
        assert_eq!(record(&elsewhere, ""), Err(Error::NotFound));
        record(&other, "").unwrap();
        assert_eq!(record(&officer, "SKM-7"), Err(Error::NoSurvey), "once, whatever the way");
        assert_eq!(office.give(&ticket, &office.answers(1)), Err(Error::NoSurvey));
    }
}

#[test]
fn results_stay_in_the_territory_and_hide_few_answers() {
    for office in Office::all() {
        let west = office.user("budi", "district_officer", "99.01");
        let east = office.user("eko", "district_officer", "99.02");
        for (officer, region, count, score) in [(&west, VILLAGE, 12, 3), (&east, "99.02.05.2003", 10, 4)] {
            for _ in 0..count {
                office.give(&office.finished(officer, region), &office.answers(score)).unwrap();
            }
        }
        let results = |by: &Session, region: &str| {
            let region = RegionCode::parse(region).unwrap();
            let filter = SurveyFilter { region, workflow: String::new(), quarter: String::new() };
            survey_results(&office.house, &by.scope("survey.read").unwrap(), &filter)
        };
        let own = results(&west, "99.01").unwrap();
        assert_eq!((own.total.count, own.total.index), (Some(12), Some(7_500)));
        assert_eq!((own.elements.len(), own.quarters[0].key.as_str()), (9, "2026-T4"));
        assert_eq!(results(&west, "99.02"), Err(Error::NotFound));
        assert_eq!(results(&west, ""), Err(Error::NotFound));
        let all = Session::console(&office.house);
        let nation = results(&all, "99").unwrap();
        // 12 times 3 and 10 times 4: 76 of 22, times 25.
        assert_eq!((nation.total.count, nation.total.index), (Some(22), Some(8_636)));
        assert_eq!(nation.regions.iter().map(|one| one.count).collect::<Vec<_>>(), [Some(12), Some(10)]);

        // A third district with one answer hides itself, and the smallest of the others; its own page shows as little.
        let third = office.user("gita", "district_officer", "99.03");
        office.give(&office.finished(&third, "99.03.05.2003"), &office.answers(1)).unwrap();
        let nation = results(&all, "99").unwrap();
        assert_eq!(nation.regions.iter().map(|one| one.count).collect::<Vec<_>>(), [Some(12), None, None]);
        for district in ["99.02", "99.03"] {
            let own = results(&all, district).unwrap();
            assert_eq!((own.total.count, own.elements.len()), (None, 0), "{district}");
        }
    }
}
