//! Laws of access. The golden matrix of rights, role by action, is pinned where the roles are read: `policy/tests/rights.txt`.

use std::sync::Arc;

use access::{
    Error, House, NewUser, Session, assign_families, audit, audit_export, audit_rows, change_password,
    create_user, reveal_nik, sign_in,
};
use jiff::civil::date;
use model::{FixedClock, Lang, PersonId, RegionCode, UserId};
use store::{Page, params, sql, testing::TestDb};

sql! {
    ADD_PERSON = "INSERT INTO person (person_id, family_id, nik, name, name_key, region, alive, matched, records, version, digest)
        VALUES ($1, $1, $2, 'UJI', 'UJI', $3, 1, 1, 1, 1, 0)";
    EDIT_AUDIT = "UPDATE audit SET detail = 'nothing happened' WHERE seq = 2";
    SESSIONS = "SELECT COUNT(*) FROM session";
    ADD_FAMILY = "INSERT INTO family (family_id, head_person_id, head_name, region, size, vars, version, digest)
        VALUES ($1, $1, 'UJI', $2, 1, '{}', 1, 0)";
}

fn house(test: &TestDb) -> House {
    House {
        db: test.db.clone(),
        lake: lake::Lake::open(&test.folder.join("lake")).expect("a lake opens"),
        policy: Arc::new(policy::Policy::embedded().expect("the pack has no faults")),
        clock: Arc::new(FixedClock::at(date(2026, 11, 18))),
    }
}

fn add(house: &House, login: &str, role: &str, region: &str) {
    let scope = Session::console(house).scope("user.manage").expect("the console manages accounts");
    let new = NewUser {
        login: login.to_owned(),
        name: login.to_uppercase(),
        role: role.to_owned(),
        region: RegionCode::parse(region).expect("a region"),
        password: Some("kata sandi panjang".to_owned()),
    };
    create_user(house, &scope, new).expect("the account is made");
}

fn enter(house: &House, login: &str) -> Session {
    sign_in(house, login, "kata sandi panjang", "127.0.0.1").expect("signs in").session
}

#[test]
fn a_wrong_password_opens_nothing_and_many_of_them_close_the_door() {
    for test in TestDb::all() {
        let house = house(&test);
        add(&house, "ani", "administrator", "");
        let limit = house.policy.settings().access.failures_per_login;
        for _ in 0..limit {
            assert!(matches!(sign_in(&house, "ani", "salah", "a"), Err(Error::SignIn)));
            assert!(matches!(
                sign_in(&house, "siapa", "salah", "b"),
                Err(Error::SignIn | Error::Throttled { .. })
            ));
        }
        assert!(matches!(sign_in(&house, "ANI", "kata sandi panjang", "c"), Err(Error::Throttled { .. })));
        let sessions = house.db.read(|tx| tx.query_one(&SESSIONS, &[])?.int(0)).expect("reads");
        assert_eq!(sessions, 0);
    }
}

#[test]
fn a_session_ends_when_it_is_told_to_and_when_the_password_changes() {
    for test in TestDb::all() {
        let house = house(&test);
        add(&house, "ani", "administrator", "");
        let first = sign_in(&house, "ani", "kata sandi panjang", "a").expect("signs in");
        let second = sign_in(&house, "ani", "kata sandi panjang", "a").expect("signs in");
        assert!(access::session(&house, &first.token).expect("reads").is_some());
        assert!(access::session(&house, "0000").expect("reads").is_none());
        access::sign_out(&house, &first.token).expect("signs out");
        assert!(access::session(&house, &first.token).expect("reads").is_none());
        let scope = Session::console(&house).scope("user.manage").expect("may");
        access::set_password(&house, &scope, "ani", "kata sandi yang lain").expect("sets");
        assert!(access::session(&house, &second.token).expect("reads").is_none());
    }
}

#[test]
fn whoever_changes_the_own_password_proves_the_old_one_and_stays_signed_in_only_here() {
    for test in TestDb::all() {
        let house = house(&test);
        add(&house, "ani", "administrator", "");
        let (old, new) = ("kata sandi panjang", "kata sandi yang lain");
        let here = sign_in(&house, "ani", old, "a").expect("signs in");
        let elsewhere = sign_in(&house, "ani", old, "b").expect("signs in");
        let change = |old: &str, new: &str| change_password(&house, &here.session, &here.token, old, new);
        assert_eq!(change("salah sekali", new), Err(Error::OldPassword));
        assert!(matches!(change(old, "pendek"), Err(Error::WeakPassword(_))));
        assert_eq!(change(old, old), Err(Error::SamePassword));
        assert!(
            access::session(&house, &elsewhere.token).expect("reads").is_some(),
            "nothing has changed yet"
        );
        change(old, new).expect("changes");
        assert!(access::session(&house, &here.token).expect("reads").is_some());
        assert!(access::session(&house, &elsewhere.token).expect("reads").is_none());
        assert!(matches!(sign_in(&house, "ani", old, "c"), Err(Error::SignIn)));
        assert!(sign_in(&house, "ani", new, "c").is_ok());
        let scope = Session::console(&house).scope("audit.read").expect("may");
        let rows = audit_rows(&house, &scope, &Page::first(50)).expect("reads").items;
        assert_eq!(rows.iter().filter(|row| row.action == "user.password" && row.actor == "ANI").count(), 1);
    }
}

#[test]
fn guessing_the_old_password_closes_the_door_as_guessing_at_sign_in_does() {
    let test = TestDb::sqlite();
    let house = house(&test);
    add(&house, "ani", "administrator", "");
    let here = sign_in(&house, "ani", "kata sandi panjang", "a").expect("signs in");
    let change = |old: &str| change_password(&house, &here.session, &here.token, old, "kata sandi yang lain");
    for _ in 0..house.policy.settings().access.failures_per_login {
        assert_eq!(change("salah sekali"), Err(Error::OldPassword));
    }
    assert!(matches!(change("kata sandi panjang"), Err(Error::Throttled { .. })));
}

#[test]
fn what_is_taken_away_leaves_a_trace_before_it_leaves() {
    for test in TestDb::all() {
        let house = house(&test);
        add(&house, "dinas", "district_officer", "99.01");
        let scope = enter(&house, "dinas").scope("family.read").expect("may");
        audit_export(&house, &scope, "families", "99.01").expect("writes");
        let all = Session::console(&house).scope("audit.read").expect("may");
        let row = audit_rows(&house, &all, &Page::first(1)).expect("reads").items.remove(0);
        assert_eq!(
            (row.action.as_str(), row.subject.as_str(), row.actor.as_str(), row.detail.as_str()),
            ("list.export", "export:families", "DINAS", "99.01")
        );
    }
}

#[test]
fn accounts_are_refused_with_a_reason() {
    let test = TestDb::sqlite();
    let house = house(&test);
    let scope = Session::console(&house).scope("user.manage").expect("may");
    let new = |login: &str, role: &str, region: &str, password: &str| NewUser {
        login: login.to_owned(),
        name: "Uji".to_owned(),
        role: role.to_owned(),
        region: RegionCode::parse(region).expect("a region"),
        password: Some(password.to_owned()),
    };
    let long = "kata sandi panjang";
    let cases = [
        (new("an", "auditor", "", long), "access-login-form"),
        (new("ani", "raja", "", long), "access-role"),
        (new("ani", "console", "", long), "access-role"),
        (new("ani", "village_operator", "", long), "access-level"),
        (new("ani", "auditor", "", "pendek"), "access-weak-password"),
        (new("administrator", "auditor", "", "Administrator"), "access-weak-password"),
    ];
    for (new, code) in cases {
        let login = new.login.clone();
        assert_eq!(create_user(&house, &scope, new).expect_err("refused").code(), code, "{login}");
    }
    add(&house, "ani", "auditor", "");
    assert_eq!(
        create_user(&house, &scope, new("ANI", "auditor", "", long)).expect_err("taken").code(),
        "access-login-taken"
    );
}

#[test]
fn a_number_is_shown_only_inside_the_territory_with_a_purpose_and_leaves_a_trace() {
    for test in TestDb::all() {
        let house = house(&test);
        add(&house, "dinas", "district_officer", "99.01");
        add(&house, "lain", "district_officer", "99.02");
        let nik = 9_901_014_507_900_001_i64;
        house.db.write(|tx| tx.execute(&ADD_PERSON, params![7, nik, "99.01.05.2003"])).expect("adds");
        let purpose = house.policy.settings().purposes[0].key.clone();
        let scope = enter(&house, "dinas").scope("person.reveal").expect("may");
        assert_eq!(
            reveal_nik(&house, &scope, PersonId(7), &purpose),
            Ok(Some("9901014507900001".to_owned()))
        );
        assert_eq!(
            reveal_nik(&house, &scope, PersonId(7), "iseng").expect_err("refused").code(),
            "access-purpose"
        );
        let elsewhere = enter(&house, "lain").scope("person.reveal").expect("may");
        assert_eq!(reveal_nik(&house, &elsewhere, PersonId(7), &purpose), Err(Error::NotFound));
        let reading = enter(&house, "dinas").scope("person.read").expect("may");
        assert!(matches!(reveal_nik(&house, &reading, PersonId(7), &purpose), Err(Error::Denied { .. })));
        let all = Session::console(&house).scope("audit.read").expect("may");
        let rows = audit_rows(&house, &all, &Page::first(50)).expect("reads").items;
        let shown: Vec<_> = rows.iter().filter(|row| row.action == "person.reveal").collect();
        assert_eq!(shown.len(), 1);
        assert_eq!((shown[0].subject.as_str(), shown[0].actor.as_str()), ("person:7", "DINAS"));
        assert!(!rows.iter().any(|row| row.detail.contains("9901014507900001")));
    }
}

#[test]
fn an_edited_audit_row_breaks_the_chain_at_its_place() {
    for test in TestDb::all() {
        let house = house(&test);
        for n in 0..4 {
            let entry = |tx: &mut store::Tx<'_>| {
                audit(tx, house.clock.as_ref(), (UserId(1), "ani"), "a.b", "x:1", &format!("{n}"))
            };
            house.db.write(entry).expect("writes");
        }
        let scope = Session::console(&house).scope("audit.read").expect("may");
        assert_eq!(access::verify_audit(&house, &scope), Ok(None));
        house.db.write(|tx| tx.execute(&EDIT_AUDIT, &[])).expect("edits");
        assert_eq!(access::verify_audit(&house, &scope), Ok(Some(access::Broken { seq: 2 })));
    }
}

#[test]
fn a_companion_sees_only_the_families_given_to_it() {
    for test in TestDb::all() {
        let house = house(&test);
        add(&house, "siti", "companion", "99.01.05");
        let session = enter(&house, "siti");
        let scope = session.scope("family.read").expect("may");
        assert_eq!(scope.caseload(), session.user_id.0);
        let console = Session::console(&house).scope("assignment.manage").expect("may");
        let families = [model::FamilyId(3), model::FamilyId(1), model::FamilyId(3)];
        assign_families(&house, &console, session.user_id, &families).expect("assigns");
        assert_eq!(access::assigned_count(&house, session.user_id), Ok(2));
        assign_families(&house, &console, session.user_id, &families[..1]).expect("assigns");
        assert_eq!(access::assigned_count(&house, session.user_id), Ok(1));
        assert!(!session.role_label(Lang::Id).is_empty());
    }
}

#[test]
fn a_part_of_a_territory_is_in_it_and_nothing_else_is() {
    let test = TestDb::sqlite();
    let house = house(&test);
    add(&house, "dinas", "district_officer", "99.01");
    let scope = enter(&house, "dinas").scope("family.read").expect("may");
    assert!(scope.within(&RegionCode::parse("99.01.05").expect("a region")).is_some());
    for outside in ["99.02", "99", ""] {
        assert!(scope.within(&RegionCode::parse(outside).expect("a region")).is_none(), "{outside}");
    }
}

#[test]
fn every_statement_is_valid_on_every_engine() {
    for test in TestDb::all() {
        assert_eq!(test.db.check(access::queries::ALL), vec![]);
    }
}

#[test]
fn a_slip_opens_one_family_and_whatever_is_wrong_is_one_answer() {
    for test in TestDb::all() {
        let house = house(&test);
        house.db.write(|tx| tx.execute(&ADD_FAMILY, params![7, "99.01.05.2003"])).expect("a family");
        house.db.write(|tx| tx.execute(&ADD_FAMILY, params![8, "99.02.05.2003"])).expect("another");
        add(&house, "operator", "village_operator", "99.01.05.2003");
        let operator = enter(&house, "operator");
        let scope = operator.scope("slip.issue").expect("may issue");
        let family = model::FamilyId(7);
        let elsewhere = access::issue_slip(&house, &scope, model::FamilyId(8), "1");
        assert!(matches!(elsewhere, Err(Error::NotFound)));
        let read = operator.scope("family.read").expect("reads");
        assert!(matches!(access::issue_slip(&house, &read, family, "1"), Err(Error::Denied { .. })));

        let first = access::issue_slip(&house, &scope, family, "5").expect("a slip");
        let open =
            |slip: &str, secret: &str, fact: &str| access::look_with_slip(&house, slip, secret, fact, "peer");
        let wrong = [
            open("aaaaa-bbbbb", &first.secret, "5"),
            open(&first.slip, "aaaa-bbbb-cccc-dddd", "5"),
            open(&first.slip, &first.secret, "6"),
            open(&first.slip, &first.secret, ""),
        ];
        for one in wrong {
            assert!(matches!(one, Err(Error::Slip)), "one answer for all");
        }
        let token =
            open(&first.slip.to_uppercase(), &first.secret, "05").expect("opens as it is read from paper");
        let look = access::look(&house, &token).expect("reads").expect("it lasts");
        assert_eq!(look.family, family);
        let scopes = access::looked(&house, look).expect("a scope");
        assert_eq!(scopes.family.region().as_str(), "99.01.05.2003");
        assert!(Session::citizen(&house).scope("family.read").is_err(), "without a slip nothing is read");

        // One slip lives at a time; the older one ends, and every look with it.
        let second = access::issue_slip(&house, &scope, family, "5").expect("a new slip");
        assert_eq!(access::look(&house, &token).expect("reads"), None);
        assert!(matches!(open(&first.slip, &first.secret, "5"), Err(Error::Slip)));
        let token = open(&second.slip, &second.secret, "5").expect("opens");
        access::revoke_slip(&house, &scope, family).expect("ends it");
        assert_eq!(access::look(&house, &token).expect("reads"), None);
        assert_eq!(access::slip_of(&house, &scope, family).expect("reads"), None);

        // A number that nobody has is closed after as many tries as one that somebody has.
        for slip in ["zzzzz-zzzzz", second.slip.as_str()] {
            let tries = (0..30).take_while(|_| matches!(open(slip, "x", "1"), Err(Error::Slip))).count();
            assert!(tries <= 10, "{slip}: {tries}");
        }
        let looked: i64 = access::audit_rows(
            &house,
            &Session::console(&house).scope("audit.read").expect("reads"),
            &Page::first(100),
        )
        .expect("rows")
        .items
        .iter()
        .filter(|row| row.action == "slip.look")
        .count() as i64;
        assert_eq!(looked, 3, "two looks were opened and one was used");
    }
}
