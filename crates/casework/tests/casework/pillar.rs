//! The pillars: a file is taken whole or not at all and once; who accompanies whom is proposed by one and approved by another person.

use std::collections::BTreeMap;

use access::Scope;
use casework::{
    Error, Refusal, ShareFault, assign,
    pillar::{
        Accompanied, PillarFilter, PillarRow, ProposalState, adjust, coverage, decide_proposal, kind_counts,
        pillar_page, pillars, proposal_rows, propose, take_pillars,
    },
    take_steps,
};
use model::{FamilyId, RegionCode, Sex, UserId};
use rowfile::{Refused, RowFault};
use store::{Page, Value, params, sql};

use crate::support::{Office, new_case};

const HEAD: &str = "number,kind,name,region,sex,birth_year,education,languages,skills,since,contract_from,contract_to,\
    availability,capacity,login,nik,kin,papers\n";
const TKSK: &str = "K-1,tksk,REKAAN SATU,99.01.01,P,1990,4,ind jav,counselling,2020-01-01,,,,,,,,\
    welfare_worker|S-9|LSP|2021-01-01|2026-12-24\n";

sql! {
    KEPT = "SELECT (SELECT COUNT(*) FROM pillar), (SELECT COUNT(*) FROM pillar_paper), (SELECT COUNT(*) FROM pillar_change)";
    WITH = "SELECT family_id FROM assignment WHERE user_id = $1 ORDER BY family_id";
    ALIAS = "INSERT INTO person_alias (old_id, new_id, kind, at) VALUES ($1, $2, 1, 0)";
    IS = "UPDATE pillar SET person_id = $1 WHERE user_id = $2";
    GONE = "DELETE FROM assignment WHERE family_id = $1";
}

impl Office {
    /// With two subdistricts of a district, and another district.
    fn with_districts() -> impl Iterator<Item = Self> {
        let codes = [
            "99",
            "99.01",
            "99.01.01",
            "99.01.01.2001",
            "99.01.01.2002",
            "99.01.02",
            "99.01.02.2001",
            "99.02",
        ];
        Self::all().into_iter().inspect(move |office| office.regions(&codes))
    }

    /// Families with one person each, half in each of two villages; person and family have the same number.
    fn people(&self, families: i64) {
        const PERSON: &[&str] = &[
            "person_id",
            "family_id",
            "nik",
            "name",
            "region",
            "alive",
            "matched",
            "records",
            "version",
            "digest",
        ];
        const FAMILY: &[&str] =
            &["family_id", "head_person_id", "head_name", "region", "size", "vars", "version", "digest"];
        let person = |id: i64| -> Vec<Value> {
            let nik = Value::from(9_901_010_101_900_000 + id);
            let (name, one) = (format!("REKAAN {id}"), || Value::from(1));
            vec![
                id.into(),
                id.into(),
                nik,
                name.into(),
                place(id).into(),
                one(),
                one(),
                one(),
                one(),
                0.into(),
            ]
        };
        let family = |id: i64| -> Vec<Value> {
            let one = || Value::from(1);
            vec![
                id.into(),
                id.into(),
                format!("REKAAN {id}").into(),
                place(id).into(),
                one(),
                "{}".into(),
                one(),
                0.into(),
            ]
        };
        self.house.db.write(|tx| tx.bulk("person", PERSON, (1..=families).map(person))).unwrap();
        self.house.db.write(|tx| tx.bulk("family", FAMILY, (1..=families).map(family))).unwrap();
    }

    fn take(&self, rows: &str) -> Result<(usize, usize, usize), Error> {
        let taken = take_pillars(&self.house, &self.console("pillar.manage"), &format!("{HEAD}{rows}"))?;
        Ok((taken.new, taken.corrected, taken.unknown))
    }

    fn refused(&self, rows: &str) -> Vec<RowFault> {
        match self.take(rows) {
            Err(Error::Lines(Refused { faults, more: 0 })) => faults,
            other => panic!("{other:?}"),
        }
    }

    /// Pillars, papers, corrections.
    fn kept_rows(&self) -> (i64, i64, i64) {
        let row = self.house.db.read(|tx| tx.query_one(&KEPT, &[])).unwrap();
        (row.int(0).unwrap(), row.int(1).unwrap(), row.int(2).unwrap())
    }

    fn families_of(&self, user: UserId) -> Vec<i64> {
        let rows = self.house.db.read(|tx| tx.query(&WITH, params![user])).unwrap();
        rows.iter().map(|row| row.int(0).unwrap()).collect()
    }

    fn listed(&self, scope: &Scope, filter: &PillarFilter) -> Vec<PillarRow> {
        let (mut rows, mut page) = (Vec::new(), Page::first(2));
        loop {
            let found = pillars(&self.house, scope, filter, &page).unwrap();
            rows.extend(found.items);
            match found.next {
                Some(next) => page.after = Some(next),
                None => return rows,
            }
        }
    }
}

fn place(family: i64) -> &'static str {
    if family % 2 == 0 { "99.01.01.2001" } else { "99.01.02.2001" }
}

#[test]
fn a_file_is_taken_once_and_what_differs_is_a_correction_with_its_history() {
    for office in Office::with_districts() {
        office.people(3);
        let body =
            "K-2,lks,Lembaga Rekaan,99.01,,,,,,2015-01-01,,,,,,,,registration|TD-1|Dinas|2015-01-01|\n";
        // The third person has no account; the number is asked of the registry, and not kept.
        let worker = "K-3,psm,REKAAN TIGA,99.01.02.2001,1,1980,,,,2019-05-01,,,,,,9901010101900003,2,\n";
        let file = format!("{TKSK}{body}{worker}");
        assert_eq!(office.take(&file).unwrap(), (3, 0, 0));
        assert_eq!(office.take(&file).unwrap(), (0, 0, 0), "the same file changes nothing");
        assert_eq!(office.kept_rows(), (3, 2, 0));
        assert_eq!(office.take(&TKSK.replace("SATU", "BARU").replace("S-9", "S-10")).unwrap(), (0, 1, 0));
        assert_eq!(office.kept_rows(), (3, 2, 1));
        let read = office.console("pillar.read");
        let rows = office.listed(&read, &PillarFilter::default());
        let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(names, ["Lembaga Rekaan", "REKAAN BARU", "REKAAN TIGA"]);
        let page = pillar_page(&office.house, &read, rows[1].pillar_id).unwrap().unwrap();
        assert_eq!(page.changes[0].columns, ["name", "papers"]);
        assert!(page.papers[0].soon && page.missing.is_empty());
        let known = pillar_page(&office.house, &read, rows[2].pillar_id).unwrap().unwrap();
        assert_eq!((known.person_id, known.family_id, known.kin), (3, 3, vec![2]));
        assert_eq!(known.missing, ["volunteer_basics"]);
        // A number that the registry lost meanwhile takes nobody away; one that it does not know is counted.
        assert_eq!(office.take(&worker.replace("900003", "900077")).unwrap(), (0, 0, 1));
        let soon = PillarFilter { expiring: true, ..PillarFilter::default() };
        assert_eq!(office.listed(&read, &soon).len(), 1);
    }
}

#[test]
fn a_file_with_one_wrong_line_leaves_nothing_and_names_every_fault() {
    let office = Office::with_districts().next().unwrap();
    let rows = "K-2,nope,X,99.01,P,1990,,,,2020-01-01,,,,,,,,\n\
        K-3,tagana,X,99.01,P,1970,,xyz,,2020-01-01,2021-01-01,2020-01-01,always,-1,,123,x,registration|1\n\
        K-4,lks,X,99.01,P,,,,,2030-01-01,,,,,,,,\n\
        K-4,psm,X,99.01,P,2010,9,,,2020-01-01,,,,,,,,\n\
        K-5,psm\n";
    let faults = office.refused(&format!("{TKSK}{rows}"));
    let told: Vec<(usize, &str)> = faults.iter().map(|fault| (fault.line, fault.column.as_str())).collect();
    let expected = [
        (3, "kind"),
        (4, "contract_to"),
        (4, "availability"),
        (4, "birth_year"),
        (4, "nik"),
        (4, "languages"),
        (4, "capacity"),
        (4, "papers"),
        (4, "kin"),
        (5, "since"),
        (5, "sex"),
        (6, "birth_year"),
        (6, "education"),
        (6, "number"),
        (7, ""),
    ];
    assert_eq!(told, expected);
    assert!(!faults.iter().any(|fault| fault.rule.contains("123")), "a wrong number is not shown");
    assert_eq!(office.kept_rows(), (0, 0, 0));
    let unknown = TKSK.replace("99.01.01,P", "99.77,P").replace(",,,,,,,,welfare", ",,,,,nobody,,5,welfare");
    let columns: Vec<String> = office.refused(&unknown).into_iter().map(|fault| fault.column).collect();
    assert_eq!(columns, ["region", "login", "kin"]);
}

#[test]
fn a_worker_sees_the_own_page_and_nobody_elses_and_a_district_its_own() {
    for office in Office::with_districts() {
        let (ani, budi) =
            (office.user("ani", "companion", "99.01"), office.user("budi", "companion", "99.01"));
        let away = office.user("dinas", "district_officer", "99.02");
        let row = |number: &str, login: &str| {
            format!("{number},companion,REKAAN {login},99.01,P,1990,,,,2020-01-01,,,,,{login},,,\n")
        };
        office.take(&format!("{}{}", row("K-1", "ani"), row("K-2", "budi"))).unwrap();
        let own = ani.scope("pillar.own").unwrap();
        let rows = office.listed(&own, &PillarFilter::default());
        assert_eq!(rows.iter().map(|row| row.number.as_str()).collect::<Vec<_>>(), ["K-1"]);
        let others = office.listed(&budi.scope("pillar.own").unwrap(), &PillarFilter::default());
        assert_eq!(pillar_page(&office.house, &own, others[0].pillar_id), Ok(None));
        assert!(pillar_page(&office.house, &own, rows[0].pillar_id).unwrap().is_some());
        assert!(ani.scope("pillar.read").is_err());
        let elsewhere = away.scope("pillar.read").unwrap();
        assert!(office.listed(&elsewhere, &PillarFilter::default()).is_empty());
        assert!(kind_counts(&office.house, &elsewhere, None).unwrap().is_empty());
        // One account is one worker.
        let columns =
            |rows: &str| office.refused(rows).into_iter().map(|fault| fault.column).collect::<Vec<_>>();
        assert_eq!(columns(&row("K-3", "ani")), ["login"]);
    }
}

#[test]
fn a_proposal_is_worked_out_adjusted_and_approved_by_another_person() {
    for office in Office::with_districts() {
        office.people(40);
        let workers = ["ani", "budi", "citra"].map(|login| office.user(login, "companion", "99.01").user_id);
        let maker = office.user("dinas", "district_officer", "99.01");
        let head = office.user("kepala", "district_head", "99.01");
        // Ani is person 2 of family 2; family 4 is that of a relative. Citra is away.
        let row = |login: &str, place: &str, nik: &str, kin: &str, there: &str| {
            format!(
                "K-{login},companion,REKAAN,{place},P,1990,,ind,,2020-01-01,,,{there},,{login},{nik},{kin},\n"
            )
        };
        let ani = row("ani", "99.01.01.2001", "9901010101900002", "4", "");
        let budi = row("budi", "99.01.02.2001", "", "", "part");
        office.take(&format!("{ani}{budi}{}", row("citra", "99.01", "", "", "none"))).unwrap();
        let one = |id: i64| {
            let village = RegionCode::parse(place(id)).unwrap();
            Accompanied { family: FamilyId(id), village, languages: Vec::new(), sex: None }
        };
        let families: Vec<Accompanied> = (1..=40).map(one).collect();
        let region = RegionCode::parse("99.01").unwrap();
        let scope = maker.scope("pillar.manage").unwrap();
        let made = propose(&office.house, &scope, &region, &families).unwrap();
        assert_eq!((made.kept, made.moved, made.fresh, made.unplaced), (0, 0, 40, 0));
        let id = made.proposal_id;
        let rows = proposal_rows(&office.house, &scope, id, &Page::first(100)).unwrap().items;
        let of: BTreeMap<i64, i64> = rows.iter().map(|row| (row.family_id, row.to_user)).collect();
        assert_eq!((of[&2], of[&4], of[&6]), (workers[1].0, workers[1].0, workers[0].0), "never the own kin");
        let approve = head.scope("pillar.approve").unwrap();
        let share = |told| Err(Error::Share(told));
        let set = |family: i64, to: usize| adjust(&office.house, &approve, id, FamilyId(family), workers[to]);
        assert_eq!(set(2, 0), share(ShareFault::Kin));
        assert_eq!(set(6, 2), share(ShareFault::Companion), "who is away takes nobody");
        assert_eq!(set(41, 1), share(ShareFault::NotFound));
        set(6, 1).unwrap();
        let all = office.console("pillar.approve");
        assert_eq!(decide_proposal(&office.house, &scope, id, true), share(ShareFault::SamePerson));
        decide_proposal(&office.house, &approve, id, true).unwrap();
        assert_eq!(decide_proposal(&office.house, &all, id, true), share(ShareFault::Decided));
        assert_eq!(set(8, 1), share(ShareFault::Decided));
        let (ani, budi) = (office.families_of(workers[0]), office.families_of(workers[1]));
        assert!(budi.contains(&2) && budi.contains(&4) && budi.contains(&6) && ani.contains(&8));
        assert_eq!(ani.len() + budi.len(), 40);
        // Worked out again, everybody stays but for what a person moved beyond the band; whoever has another
        // companion meanwhile stops the whole approval.
        let again = propose(&office.house, &scope, &region, &families).unwrap();
        assert_eq!((again.kept + again.moved, again.moved <= 1, again.fresh), (40, true, 0));
        office.house.db.write(|tx| tx.execute(&GONE, params![9])).unwrap();
        let third = propose(&office.house, &scope, &region, &families).unwrap();
        assert_eq!((third.kept + third.moved, third.fresh, third.state), (39, 1, ProposalState::Proposed));
        let to = if budi.contains(&9) { workers[1] } else { workers[0] };
        let mut back = office.families_of(to).into_iter().map(FamilyId).collect::<Vec<_>>();
        back.push(FamilyId(9));
        access::assign_families(&office.house, &office.console("assignment.manage"), to, &back).unwrap();
        let stale = decide_proposal(&office.house, &approve, third.proposal_id, true);
        assert_eq!(stale, share(ShareFault::Stale));
        decide_proposal(&office.house, &approve, third.proposal_id, false).unwrap();
    }
}

#[test]
fn needs_are_met_and_whom_nobody_fits_keeps_the_companion() {
    let office = Office::with_districts().next().unwrap();
    office.people(4);
    let workers = ["ani", "budi"].map(|login| office.user(login, "companion", "99.01").user_id);
    let row = |login: &str, sex: &str, language: &str| {
        format!("K-{login},companion,REKAAN,99.01,{sex},1990,,{language},,2020-01-01,,,,,{login},,,\n")
    };
    office.take(&format!("{}{}", row("ani", "P", "ind"), row("budi", "L", "ind jav"))).unwrap();
    let manage = office.console("assignment.manage");
    access::assign_families(&office.house, &manage, workers[0], &[FamilyId(3)]).unwrap();
    let one = |id: i64, languages: &[&str], sex| {
        let village = RegionCode::parse(place(id)).unwrap();
        Accompanied {
            family: FamilyId(id),
            village,
            languages: languages.iter().map(|key| (*key).to_owned()).collect(),
            sex,
        }
    };
    let asked = [
        one(1, &["jav"], None),
        one(2, &[], Some(Sex::Female)),
        one(3, &["bug"], None),
        one(4, &["bug"], None),
    ];
    let region = RegionCode::parse("99.01").unwrap();
    let scope = office.console("pillar.manage");
    let made = propose(&office.house, &scope, &region, &asked).unwrap();
    assert_eq!((made.kept, made.fresh, made.unplaced), (0, 2, 2));
    let rows = proposal_rows(&office.house, &scope, made.proposal_id, &Page::first(9)).unwrap().items;
    let of: Vec<(i64, i64)> = rows.iter().map(|row| (row.family_id, row.to_user)).collect();
    assert_eq!(of, [(1, workers[1].0), (2, workers[0].0)]);
}

#[test]
fn coverage_tells_families_companions_and_what_is_missing() {
    for office in Office::with_districts() {
        office.people(6);
        let ani = office.user("ani", "companion", "99.01").user_id;
        let row = "K-2,companion,REKAAN,99.01.01,P,1990,,,,2020-01-01,,,,,ani,,,\n";
        office.take(&format!("{TKSK}{row}")).unwrap();
        let manage = office.console("assignment.manage");
        access::assign_families(&office.house, &manage, ani, &[FamilyId(2), FamilyId(4)]).unwrap();
        let look = |code: &str| {
            let region = RegionCode::parse(code).unwrap();
            let view = coverage(&office.house, &office.console("pillar.read"), &region).unwrap();
            let missing = |row: &casework::pillar::CoverageRow| row.missing.get("tksk").copied().unwrap_or(0);
            let row = |row: &casework::pillar::CoverageRow| {
                (
                    row.region.to_string(),
                    row.accompanied,
                    row.companions,
                    missing(row),
                    row.missing.get("psm").copied(),
                )
            };
            view.rows.iter().map(row).collect::<Vec<_>>()
        };
        let district = look("99.01");
        assert_eq!(
            district,
            [("99.01.01".to_owned(), 2, 1, 0, Some(2)), ("99.01.02".to_owned(), 0, 0, 1, Some(1))]
        );
        let province = look("99");
        assert_eq!(province, [("99.01".to_owned(), 2, 1, 1, Some(3)), ("99.02".to_owned(), 0, 0, 0, None)]);
    }
}

#[test]
fn nobody_works_a_case_of_the_own_family_or_of_relatives() {
    for office in Office::with_districts() {
        let officer = office.user("citra", "district_officer", "99.01");
        let cousin = office.user("budi", "district_officer", "99.01");
        let bystander = office.user("dewi", "district_officer", "99.01");
        office.people(9);
        let row = |number: &str, login: &str, nik: &str, kin: &str| {
            format!("{number},tksk,REKAAN,99.01,P,1990,4,ind,,2020-01-01,,,,,{login},{nik},{kin},\n")
        };
        let rows = [
            row("K-1", "citra", "9901010101900007", ""),
            row("K-2", "budi", "", "8"),
            row("K-3", "dewi", "", ""),
        ];
        office.take(&rows.concat()).unwrap();
        // Known to the register of pillars by a number that another one took the place of since.
        let followed = |tx: &mut store::Tx<'_>| {
            tx.execute(&ALIAS, params![60, 9])?;
            tx.execute(&IS, params![60, bystander.user_id])
        };
        office.house.db.write(followed).unwrap();
        for (family, barred, free) in
            [(7, &officer, &cousin), (8, &cousin, &officer), (9, &bystander, &officer)]
        {
            let case = office.cause(&[new_case("citizen_complaint", family, &[])])[0].case;
            let view = office.view(barred, case).unwrap();
            assert!(view.kin && view.steps.is_empty() && !view.may_take);
            let refused = office.step_at(barred, case, "verify", &[], view.rev);
            assert!(matches!(refused, Err(Error::Refused(Refusal::Kin))), "{refused:?}");
            let scope = barred.scope("case.work").unwrap();
            let many = take_steps(&office.house, &scope, &[case], "verify", &BTreeMap::new()).unwrap();
            assert_eq!((many.taken, many.refused[0].code), (0, "casework-kin"));
            let given = assign(&office.house, &scope, &[case], Some(barred.user_id)).unwrap();
            assert_eq!((given.taken, given.refused[0].code), (0, "casework-assignee"));
            let others = office.view(free, case).unwrap().people;
            assert!(others.iter().all(|person| person.user != barred.user_id));
            office.step(free, case, "verify", &[]).unwrap();
        }
    }
}
