//! Photographs and papers of cases: who may add and see them, once is once, a refused step keeps its file.

use access::Session;
use casework::{Error, FileFault, NewFile, Refusal, withdraw_file};
use jiff::civil::date;
use model::{CaseId, FamilyId, RegionCode};

use crate::support::{Office, VILLAGE, new_case, photo, written};

impl Office {
    fn kept(&self) -> usize {
        std::fs::read_dir(self.db.folder.join("lake/files")).unwrap().count()
    }
}

const VISIT: &[(&str, &str)] =
    &[("visited_on", "20-11-2026"), ("result", "confirmed"), ("found", "Lantai tanah")];

#[test]
fn a_file_is_seen_by_whoever_sees_its_case_and_by_nobody_else() {
    for office in Office::all() {
        let officer = office.user("citra", "district_officer", "99.01");
        let companion = office.user("ani", "companion", "99.01.05");
        let other = office.user("budi", "companion", "99.01.05");
        let elsewhere = office.user("dewi", "district_officer", "99.02");
        office.assign(companion.user_id, &[7]);
        let case = office.open(&officer, &new_case("ground_check", 7, &[]));
        let added = office.add(&companion, case, &photo(1)).unwrap();
        assert!(added.new);
        for session in [&officer, &companion] {
            let content = office.get(session, case, added.id).unwrap();
            assert_eq!((content.name.as_str(), content.kind), ("IMG_001.jpg", filecheck::Kind::Jpeg));
            let files = office.view(session, case).unwrap().files;
            assert_eq!(files.len(), 1);
            assert_eq!(files[0].taken_at, Some(date(2026, 11, 20).at(9, 15, 30, 0)));
            assert_eq!(files[0].place, Some(("-6.2101".to_owned(), "106.8450".to_owned())));
            assert_eq!((files[0].caption.as_str(), files[0].actor.as_str()), ("Rumah dari depan", "ani"));
            assert_eq!((files[0].width, files[0].height), (640, 480));
        }
        // What is not there and what is not theirs answer alike.
        for session in [&other, &elsewhere] {
            assert_eq!(office.get(session, case, added.id), Err(Error::NotFound));
            assert_eq!(office.get(session, CaseId(999), added.id), Err(Error::NotFound));
            assert_eq!(office.add(session, case, &photo(2)), Err(Error::NotFound));
            let scope = session.scope("case.work").unwrap();
            let withdrawn = withdraw_file(&office.house, &scope, case, added.id, "bukan milik saya");
            assert_eq!(withdrawn, Err(Error::NotFound));
        }
        let second = office.open(
            &officer,
            &new_case("citizen_complaint", 7, &[("kind", "c01"), ("says", "Belum diterima")]),
        );
        assert_eq!(office.get(&officer, second, added.id), Err(Error::NotFound), "a file of another case");
    }
}

#[test]
fn the_same_file_counts_once_until_it_is_withdrawn() {
    for office in Office::all() {
        let officer = office.user("citra", "district_officer", "99.01");
        let case = office.open(&officer, &new_case("ground_check", 7, &[]));
        let first = office.add(&officer, case, &photo(1)).unwrap();
        let again =
            office.add(&officer, case, &NewFile { caption: "Sekali lagi".into(), ..photo(1) }).unwrap();
        assert_eq!((again.id, again.new), (first.id, false));
        assert_eq!((office.view(&officer, case).unwrap().files.len(), office.kept()), (1, 1));
        let scope = officer.scope("case.work").unwrap();
        let withdraw = |why: &str| withdraw_file(&office.house, &scope, case, first.id, why);
        assert_eq!(withdraw(" "), Err(FileFault::Why.into()));
        withdraw("Rumah tetangga").unwrap();
        assert_eq!(withdraw("Rumah tetangga"), Err(FileFault::Withdrawn.into()));
        assert_eq!(
            office.get(&officer, case, first.id),
            Err(Error::NotFound),
            "withdrawn is shown to nobody"
        );
        let files = office.view(&officer, case).unwrap().files;
        let (_, by, why) = files[0].withdrawn.clone().unwrap();
        assert_eq!((by.as_str(), why.as_str()), ("citra", "Rumah tetangga"), "the row remains");
        let anew = office.add(&officer, case, &photo(1)).unwrap();
        assert!(anew.new && anew.id != first.id && office.kept() == 1);
        let named = office.step(&officer, case, "visit", &with(VISIT, &first.id.to_string()));
        assert!(is_faulty(&named, "casework-field-file"), "{named:?}");
    }
}

fn with<'a>(written: &[(&'a str, &'a str)], photo: &'a str) -> Vec<(&'a str, &'a str)> {
    written.iter().copied().chain([("photo", photo)]).collect()
}

fn is_faulty<T>(result: &Result<T, Error>, code: &str) -> bool {
    match result {
        Err(Error::Refused(Refusal::Form(faults))) => faults.iter().any(|fault| fault.code == code),
        _ => false,
    }
}

#[test]
fn a_step_names_a_file_of_its_case_and_a_refused_one_loses_none() {
    for office in Office::all() {
        let officer = office.user("citra", "district_officer", "99.01");
        let case = office.open(&officer, &new_case("ground_check", 7, &[]));
        let other = office.open(
            &officer,
            &new_case("citizen_complaint", 7, &[("kind", "c01"), ("says", "Belum diterima")]),
        );
        let without = office.step(&officer, case, "visit", VISIT);
        assert!(is_faulty(&without, "casework-field-missing"), "{without:?}");
        let foreign = office.add(&officer, other, &photo(3)).unwrap().id.to_string();
        for strange in [foreign.as_str(), "999", "-1"] {
            let taken = office.step(&officer, case, "visit", &with(VISIT, strange));
            assert!(is_faulty(&taken, "casework-field-file"), "{strange}: {taken:?}");
        }
        let photo = office.add(&officer, case, &photo(1)).unwrap().id.to_string();
        let refused = office.step(&officer, case, "visit", &with(&VISIT[..2], &photo));
        assert!(is_faulty(&refused, "casework-field-missing"), "{refused:?}");
        let files = office.view(&officer, case).unwrap().files;
        assert_eq!((files.len(), files[0].seq, files[0].field.as_str()), (1, None, "photo"), "it waits");
        office.step(&officer, case, "visit", &with(VISIT, &photo)).unwrap();
        let page = office.view(&officer, case).unwrap();
        assert_eq!(page.files[0].seq, Some(2), "it belongs to the step");
        let answer = page.answers.iter().find(|answer| answer.field == "photo").unwrap();
        assert_eq!(answer.file.map(|id| id.to_string()), Some(photo));
    }
}

#[test]
fn a_case_that_only_some_may_know_keeps_no_place_and_an_accused_role_sees_no_file() {
    for office in Office::all() {
        let officer = office.user("citra", "district_officer", "99.01");
        let companion = office.user("ani", "companion", "99.01.05");
        office.assign(companion.user_id, &[7]);
        let policy = office.house.policy.clone();
        let form = policy.workflow("integrity_report").unwrap().form("report").unwrap();
        let answer = |field: &policy::FormField| match &field.kind {
            policy::FieldKind::Choice(choices) => {
                let accused = choices.iter().find(|choice| choice.value == "companion");
                accused.unwrap_or(&choices[0]).value.clone()
            }
            policy::FieldKind::Date => "20-11-2026".to_owned(),
            policy::FieldKind::YesNo => "ya".to_owned(),
            _ => "1000000".to_owned(),
        };
        let written: Vec<(&str, String)> =
            form.fields.iter().map(|field| (field.key.as_str(), answer(field))).collect();
        let written: Vec<(&str, &str)> = written.iter().map(|(key, text)| (*key, text.as_str())).collect();
        let case = office.open(&officer, &new_case("integrity_report", 7, &written));
        let id = office.add(&officer, case, &photo(1)).unwrap().id;
        let files = office.view(&officer, case).unwrap().files;
        assert_eq!((files[0].taken_at, files[0].place.clone()), (None, None));
        assert!(office.view(&companion, case).is_none());
        assert_eq!(office.get(&companion, case, id), Err(Error::NotFound));
        assert_eq!(office.add(&companion, case, &photo(2)), Err(Error::NotFound));
    }
}

#[test]
fn a_case_holds_no_more_than_it_may_and_says_why_a_file_is_refused() {
    for office in Office::all() {
        let most = office.house.policy.settings().files.files_a_case;
        let officer = office.user("citra", "district_officer", "99.01");
        let case = office.open(&officer, &new_case("ground_check", 7, &[]));
        let refused = |new: NewFile| office.add(&officer, case, &new).unwrap_err().code();
        assert_eq!(refused(NewFile { caption: " x ".into(), ..photo(1) }), "casework-file-caption");
        assert_eq!(refused(NewFile { name: "foto.jpg.exe".into(), ..photo(1) }), "casework-file-name");
        assert_eq!(refused(NewFile { bytes: b"MZ".to_vec(), ..photo(1) }), "casework-file-kind");
        assert_eq!(office.kept(), 0, "nothing that was refused is kept");
        for nth in 0..u8::try_from(most).unwrap() {
            office.add(&officer, case, &photo(nth)).unwrap();
        }
        assert_eq!(refused(photo(255)), "casework-file-full");
        assert!(!office.add(&officer, case, &photo(2)).unwrap().new, "what it has is no further file");
        let auditor = office.user("eka", "auditor", "");
        assert!(office.get(&auditor, case, 1).is_ok() && auditor.scope("case.work").is_err());
        assert!(!office.view(&auditor, case).unwrap().may_add_files);
    }
}

#[test]
fn a_citizen_adds_a_few_files_by_ticket_and_sees_only_those() {
    for office in Office::all() {
        let most = office.house.policy.settings().files.citizen_files;
        let officer = office.user("citra", "district_officer", "99.01");
        let citizen = Session::citizen(&office.house).scope("case.ticket").unwrap();
        let written = written(&[("kind", "c01"), ("says", "Bantuan tidak diterima")]);
        let region = RegionCode::parse(VILLAGE).unwrap();
        let ticket =
            casework::open_with_ticket(&office.house, &citizen, "citizen_complaint", region, written)
                .unwrap();
        let holds = (ticket.ticket.as_str(), ticket.secret.as_str());
        let add = |holds, nth| casework::add_ticket_file(&office.house, &citizen, holds, &photo(nth));
        let theirs = office.add(&officer, ticket.case, &photo(9)).unwrap().id;
        let own = add(holds, 1).unwrap();
        assert_eq!(add(holds, 1).unwrap(), casework::FileAdded { new: false, ..own });
        assert_eq!(add((holds.0, "salah"), 2), Err(Error::Ticket));
        let page = casework::ticket_page(&office.house, holds.0, holds.1).unwrap();
        assert_eq!(page.files.iter().map(|file| file.id).collect::<Vec<_>>(), [own.id]);
        assert_eq!(page.files_left, most - 1);
        assert!(casework::ticket_file(&office.house, holds.0, holds.1, own.id).is_ok());
        let foreign = casework::ticket_file(&office.house, holds.0, holds.1, theirs);
        assert_eq!(foreign, Err(Error::NotFound));
        for nth in 2..=u8::try_from(most).unwrap() {
            add(holds, nth).unwrap();
        }
        assert_eq!(add(holds, 99), Err(FileFault::Full.into()));
        let files = office.view(&officer, ticket.case).unwrap().files;
        let of_citizen: Vec<_> = files.iter().filter(|file| file.role == "citizen").collect();
        assert_eq!(of_citizen.len() as i64, most);
        assert!(of_citizen.iter().all(|file| file.place.is_none() && file.taken_at.is_none()));
        // A case without a family takes its files along when it gets one.
        let page = office.view(&officer, ticket.case).unwrap();
        let scope = officer.scope("case.work").unwrap();
        casework::name_family(&office.house, &scope, ticket.case, FamilyId(7), page.rev).unwrap();
        assert_eq!(office.view(&officer, ticket.case).unwrap().files.len() as i64, most + 1);
    }
}
