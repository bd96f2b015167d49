//! Laws of figures: parts add up to the whole, nobody sees beyond the territory, every figure says what it
//! stands on.

use std::{collections::BTreeMap, sync::Arc};

use access::{House, NewUser, Scope, Session, assign_families, create_user, session_of_login};
use arrow_array::{Int32Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use jiff::civil::date;
use model::{FamilyId, FixedClock, RegionCode};
use report::{TaskKind, Unit, home, programmes, regions, regions_csv, status, work};
use store::{params, sql, testing::TestDb};

const PROGRAMME: &str = "PKH";
const VILLAGES: [(&str, &str); 3] =
    [("99.01.01.2001", "Sukajaya"), ("99.01.01.2002", "Mekarsari"), ("99.01.02.2001", "Tirtamulya")];

sql! {
    ADD_REGION = "INSERT INTO region (code, parent, level, kind, name, edition) VALUES ($1, $2, $3, $4, $5,
        'demo')";
    ADD_CLOSING = "INSERT INTO closing (month, closing_date, registry_version, inputs, persons, families,
        living, matched,
        ranked, urgent, rank_date, closed_at, actor, persons_hash, families_hash, policy_hash)
        VALUES ('2026-11', '2026-11-18', 1, '', 9, 6, 9, 9, 6, 0, NULL, 1, 'x', '', $1, '')";
    ADD_FAMILY = "INSERT INTO family (family_id, head_person_id, head_name, region, size, decile, vars,
        version, digest)
        VALUES ($1, $1, 'UJI', $2, 3, 2, '{}', 1, 0)";
    ADD_RUN = "INSERT INTO decision_run (run, programme, period, period_from, period_to, closing, version,
        reference_date,
        policy_hash, dataset, dataset_hash, families, eligible, waiting, not_eligible, excluded, unknown,
        amount_idr, state,
        made_by, made_by_name, made_at)
        VALUES ($1, $2, '2026-T4', '2026-10-01', '2026-12-31', '2026-11', '1', '2026-11-18', 'p',
        'decisions/x', 'h', 6, 3, 1,
        2, 0, 0, 900000, $3, 7, 'x', $4)";
    SET_VERSION = "UPDATE decision_run SET version = $2 WHERE run = $1";
    ADD_COUNT = "INSERT INTO decision_count (run, region, level, outcome, reason, unknown, families,
        amount_idr)
        VALUES ($1, $2, $3, $4, '', 0, $5, $6)";
    ADD_CYCLE = "INSERT INTO payment_cycle (cycle_id, programme, period, run, dataset, list_hash, closing,
        channel, state, lines,
        amount_idr, skipped, mark, made_at, made_by_id, made_by)
        VALUES (1, $1, '2026-T4', 'r1', 'decisions/x', 'h', '2026-11', 'bank', 'built', 3, 900000, 0, 0, 1,
        1, 'x')";
    ADD_SUMMARY = "INSERT INTO payment_summary (cycle_id, region, channel, eligibility, account_state,
        payment, problem, lines,
        amount_idr, topped_up_idr, withdrawn_idr, returned_idr, unpaid_idr)
        VALUES (1, $1, 'bank', 'eligible', 'good', $2, $3, 1, 300000, $4, $5, 0, 0)";
    ADD_ORDER = "INSERT INTO payment_order (order_id, cycle_id, channel, region, batch, state, lines,
        amount_idr, list_hash, made_at,
        made_by_id, made_by, sent_at) VALUES (1, 1, 'bank', '', 'B1', 'sent', 3, 900000, 'h', 1, 1, 'x', $1)";
    ADD_PROPOSED = "INSERT INTO payment_order (order_id, cycle_id, channel, region, batch, state, lines,
        amount_idr, list_hash, made_at, made_by_id, made_by)
        VALUES ($1, 1, 'bank', '', 'B' || CAST($1 AS TEXT), 'proposed', 3, $2, 'h', $3, $4, 'x')";
    ADD_TROUBLE = "INSERT INTO payment_line (recipient, line_id, cycle_id, benefit, region, channel, amount_idr, basis,
        payee_name, eligibility, account_state, payment, problem, topped_up_idr, withdrawn_idr, returned_idr,
        unpaid_idr, live, events, changed_at)
        VALUES ($1, $1, 1, 1, $2, 'bank', 300000, 'approved', 'UJI', 'eligible', 'doubtful', 'set', $3, 0, 0, 0, 0, 1, 1, $4)";
    ADD_ASKED = "INSERT INTO release_request (export_no, asker_id, form, asker, kind, subject, region, format, purpose,
        recipient, state, asked_at, fetches, fetches_max)
        VALUES ($1, $2, 'f', 'x', 'order', '1', '', 'csv', 'uji', 'uji', 'asked', $3, 0, 3)";
    ADD_ACT = "INSERT INTO payment_bulk (bulk_id, actor_id, form, actor, source, action, reason, state, rows, list_hash,
        made_at) VALUES ($1, $2, 'f', 'x', 'lines', 'hold', 'uji', 'open', 1, '', $3)";
    ADD_LIST = "INSERT INTO list_file (file_no, source, kind, name, hash, bytes, as_of, received_at, actor,
        state, rows_read,
        rows_accepted, rows_rejected, findings, detail, policy)
        VALUES ($1, 'dtks', 'people', 'dtks.csv', $2, 1, $3, $1, 'x', 'received', 100, 95, $4, 0, '', '')";
    ADD_REVIEW = "INSERT INTO review_pair (left_record, right_record, weight, rank, left_region,
        right_region, state, version)
        VALUES ($1, $2, 3.0, 1, $3, $4, 0, 1)";
}

fn house(test: &TestDb) -> House {
    House {
        db: test.db.clone(),
        lake: lake::Lake::open(&test.folder.join("lake")).expect("a lake opens"),
        policy: Arc::new(policy::Policy::embedded().expect("the pack has no faults")),
        clock: Arc::new(FixedClock::at(date(2026, 12, 20))),
    }
}

/// Six families in three villages: two each; one of each two is poor.
fn close(house: &House) -> String {
    let fields = vec![
        Field::new("family_id", DataType::Int64, false),
        Field::new("region", DataType::Utf8, true),
        Field::new("size", DataType::Int32, true),
        Field::new("decile", DataType::Int32, true),
    ];
    let schema = Arc::new(Schema::new(fields));
    let regions: Vec<&str> = VILLAGES.iter().flat_map(|(code, _)| [*code, *code]).collect();
    let batch = RecordBatch::try_new(
        Arc::clone(&schema),
        vec![
            Arc::new(Int64Array::from_iter_values(1..=6)),
            Arc::new(StringArray::from_iter_values(regions)),
            Arc::new(Int32Array::from_iter_values([3, 1, 4, 2, 5, 0])),
            Arc::new(Int32Array::from(vec![Some(1), Some(9), Some(4), Some(5), Some(2), None])),
        ],
    );
    let options = lake::WriteOptions::default();
    let mut writer =
        house.lake.writer("closing/2026-11/families", schema, options).expect("a dataset begins");
    writer.write(&batch.expect("columns fit")).expect("rows are written");
    let origin = lake::Origin { made_by: "test".to_owned(), ..lake::Origin::default() };
    writer.finish(origin, house.clock.as_ref()).expect("a dataset is finished").hash
}

fn fill(house: &House) -> String {
    let hash = close(house);
    let sent = house.clock.now_ms() - 20 * 86_400_000;
    house
        .db
        .write(|tx| {
            for (code, level, name) in
                [("99", 1, "Contoh"), ("99.01", 2, "Makmur"), ("99.01.01", 3, "A"), ("99.01.02", 3, "B")]
            {
                let parent = code.rsplit_once('.').map_or("", |(parent, _)| parent);
                tx.execute(&ADD_REGION, params![code, parent, level, "x", name])?;
            }
            for (at, (code, name)) in VILLAGES.into_iter().enumerate() {
                let parent = code.rsplit_once('.').map_or("", |(parent, _)| parent);
                tx.execute(&ADD_REGION, params![code, parent, 4, "desa", name])?;
                let at = at as i64;
                tx.execute(&ADD_FAMILY, params![at * 2 + 1, code])?;
                tx.execute(&ADD_FAMILY, params![at * 2 + 2, code])?;
            }
            tx.execute(&ADD_CLOSING, params![&hash])?;
            tx.execute(&ADD_RUN, params!["r1", PROGRAMME, "approved", 5])?;
            tx.execute(&ADD_RUN, params!["r2", PROGRAMME, "draft", 9])?;
            for (region, level, families) in
                [("", 0, 3), ("99", 1, 3), ("99.01", 2, 3), ("99.01.01", 3, 2), ("99.01.02", 3, 1)]
            {
                tx.execute(&ADD_COUNT, params!["r1", region, level, 1, families, families * 300_000])?;
            }
            for (code, _) in VILLAGES {
                let level = 4;
                tx.execute(&ADD_COUNT, params!["r1", code, level, 1, 1, 300_000])?;
            }
            tx.execute(&ADD_CYCLE, params![PROGRAMME])?;
            tx.execute(&ADD_ORDER, params![sent])?;
            tx.execute(&ADD_SUMMARY, params![VILLAGES[0].0, "withdrawn", "", 300_000, 300_000])?;
            tx.execute(&ADD_SUMMARY, params![VILLAGES[1].0, "topped_up", "", 300_000, 0])?;
            tx.execute(&ADD_SUMMARY, params![VILLAGES[2].0, "set", "name_differs", 0, 0])?;
            tx.execute(&ADD_LIST, params![1, "a", "2026-10-01", 50])?;
            tx.execute(&ADD_LIST, params![2, "b", "2026-11-01", 5])?;
            tx.execute(&ADD_REVIEW, params![1, 2, VILLAGES[0].0, VILLAGES[2].0])?;
            Ok::<_, store::Error>(())
        })
        .expect("the world is filled");
    hash
}

fn session(house: &House, login: &str, role: &str, region: &str) -> Session {
    let console = Session::console(house).scope("user.manage").expect("the console manages accounts");
    let new = NewUser {
        login: login.to_owned(),
        name: login.to_uppercase(),
        role: role.to_owned(),
        region: RegionCode::parse(region).expect("a region"),
        password: Some("kata sandi panjang".to_owned()),
    };
    create_user(house, &console, new).expect("the account is made");
    session_of_login(house, &console, login).expect("the account works")
}

fn console(house: &House) -> Scope {
    Session::console(house).scope("region.read").expect("the console reads")
}

fn nation() -> RegionCode {
    RegionCode::nation()
}

#[test]
fn every_statement_fits_both_engines() {
    for test in TestDb::all() {
        let faults = test.db.check(report::queries::ALL);
        assert!(faults.is_empty(), "{faults:?}");
    }
}

#[test]
fn tiles_add_up_to_their_region_and_say_what_they_stand_on() {
    for test in TestDb::all() {
        let house = house(&test);
        let hash = fill(&house);
        for (parent, tiles) in [("", 1), ("99", 1), ("99.01", 2), ("99.01.01", 2), ("99.01.02.2001", 1)] {
            let view = regions(&house, &console(&house), &RegionCode::parse(parent).expect("a code"))
                .expect("figures");
            assert_eq!(view.tiles.len(), tiles, "{parent}");
            for (at, series) in
                view.series.iter().enumerate().filter(|(_, series)| series.unit != Unit::Permille)
            {
                let sum: i64 = view.tiles.iter().filter_map(|tile| tile.values[at]).sum();
                assert_eq!(Some(sum), view.total[at], "{parent} {}", series.key);
                assert!(!series.basis.source.is_empty() && !series.basis.as_of.is_empty());
            }
        }
        let view =
            regions(&house, &console(&house), &RegionCode::parse("99.01").expect("a code")).expect("figures");
        let at = |key: &str| view.series.iter().position(|series| series.key == key).expect("a series");
        assert_eq!(view.total[at("families")], Some(6));
        assert_eq!(
            (view.total[at("poor")], view.total[at("ranked")], view.total[at("people")]),
            (Some(3), Some(5), Some(15))
        );
        assert_eq!((view.total[at("eligible")], view.total[at("ordered")]), (Some(3), Some(600_000)));
        assert_eq!(view.total[at("absorption")], Some(666));
        assert_eq!(view.series[at("families")].basis.hash, hash);
        let csv = regions_csv(&view).expect("text");
        assert_eq!(csv.lines().count(), 1 + view.series.len() * (view.tiles.len() + 1));
        assert!(csv.lines().skip(1).all(|line| line.split(',').count() == 10));
    }
}

#[test]
fn nobody_sees_beyond_the_territory() {
    for test in TestDb::all() {
        let house = house(&test);
        fill(&house);
        let village = session(&house, "desa.satu", "village_operator", VILLAGES[0].0);
        let scope = village.scope("region.read").expect("may read");
        let view = regions(&house, &scope, &nation()).expect("clamped to the village");
        assert_eq!((view.region.as_str(), view.tiles.len()), (VILLAGES[0].0, 1));
        assert_eq!(view.total[0], Some(2));
        let beside = regions(&house, &scope, &RegionCode::parse("99.01.02").expect("a code"));
        assert!(matches!(beside, Err(report::Error::Region(_))));
        let money = programmes(&house, &village.scope("payment.read").expect("may read")).expect("figures");
        let cycle = &money.iter().find(|p| p.programme == PROGRAMME).expect("the programme").cycles[0];
        assert_eq!(cycle.money.ordered.idr(), 300_000);
    }
}

#[test]
fn a_companion_counts_only_assigned_families() {
    for test in TestDb::all() {
        let house = house(&test);
        fill(&house);
        let companion = session(&house, "pendamping", "companion", "99.01");
        let console = Session::console(&house).scope("assignment.manage").expect("the console assigns");
        assign_families(&house, &console, companion.user_id, &[FamilyId(1), FamilyId(3)]).expect("assigned");
        let view =
            regions(&house, &companion.scope("region.read").expect("may read"), &nation()).expect("figures");
        assert_eq!((view.total[0], view.series[0].basis.caseload), (Some(2), true));
        assert!(view.series.iter().all(|series| series.key != "eligible"));
    }
}

#[test]
fn what_waits_is_not_ones_own_and_the_latest_comes_first() {
    for test in TestDb::all() {
        let house = house(&test);
        fill(&house);
        let maker = session(&house, "bendahara", "treasurer", "");
        let other = session(&house, "bendahara.dua", "treasurer", "");
        let manager = session(&house, "manajer", "programme_manager", "");
        let (day, now) = (86_400_000, house.clock.now_ms());
        house
            .db
            .write(|tx| {
                tx.execute(&ADD_PROPOSED, params![2, 900_000, now - 9 * day, maker.user_id])?;
                tx.execute(&ADD_PROPOSED, params![3, 9_000_000_000_i64, now - day, maker.user_id])?;
                tx.execute(&ADD_TROUBLE, params![1, VILLAGES[0].0, "name_doubtful", now - 40 * day])?;
                tx.execute(&ADD_TROUBLE, params![2, VILLAGES[1].0, "held", now - 3 * day])?;
                tx.execute(&ADD_ASKED, params![1, maker.user_id, now - 5 * day])?;
                tx.execute(&ADD_ACT, params![1, maker.user_id, now])
            })
            .expect("the desk is filled");
        let kinds = |session: &Session| -> BTreeMap<String, (i64, i64)> {
            let found = work(&house, session).expect("a work list");
            let late: Vec<i64> = found.iter().map(|one| one.late_days).collect();
            assert!(late.is_sorted_by(|a, b| a >= b), "{late:?}");
            found.iter().map(|one| (format!("{:?}", one.kind), (one.count, one.oldest_days))).collect()
        };
        let of_maker = kinds(&maker);
        assert!(
            !of_maker.contains_key("OrderApprovals") && !of_maker.contains_key("Releases"),
            "{of_maker:?}"
        );
        assert_eq!(of_maker.get("Doubtful"), Some(&(1, 40)));
        assert_eq!((of_maker.get("Held"), of_maker.get("Acts")), (Some(&(1, 3)), Some(&(1, 0))));
        // The treasurer approves small sums only; the manager both.
        let of_other = kinds(&other);
        assert_eq!(
            (of_other.get("OrderApprovals"), of_other.get("Releases")),
            (Some(&(1, 9)), Some(&(1, 5)))
        );
        assert!(!of_other.contains_key("Acts"), "{of_other:?}");
        assert_eq!(kinds(&manager).get("OrderApprovals"), Some(&(2, 9)));
        assert!(
            kinds(&session(&house, "pemeriksa", "auditor", "")).is_empty(),
            "who looks on has nothing to do"
        );
        let village = kinds(&session(&house, "desa", "village_operator", VILLAGES[0].0));
        assert!(village.is_empty(), "{village:?}");
    }
}

#[test]
fn each_role_is_told_only_of_what_it_may_do() {
    for test in TestDb::all() {
        let house = house(&test);
        fill(&house);
        let kinds = |session: &Session| -> BTreeMap<String, i64> {
            let view = home(&house, session).expect("a home page");
            let name = |kind: TaskKind| format!("{kind:?}");
            view.tasks.iter().map(|task| (name(task.kind), task.count)).collect()
        };
        let data = kinds(&session(&house, "data", "data_centre", ""));
        assert_eq!(data.get("Reviews"), Some(&1));
        assert_eq!(data.get("Rejects"), Some(&5), "only the newest list of a source");
        assert!(!data.contains_key("Unwithdrawn"));
        let treasurer = session(&house, "bendahara", "treasurer", "");
        let money = kinds(&treasurer);
        assert_eq!((money.get("Unwithdrawn"), money.get("AccountProblems")), (Some(&1), Some(&1)));
        assert!(!money.contains_key("Reviews"));
        let home = home(&house, &treasurer).expect("a home page");
        let lying =
            home.tasks.iter().find(|task| task.kind == TaskKind::Unwithdrawn).expect("money on cards");
        assert_eq!(
            (lying.amount_idr, lying.oldest_days, lying.age),
            (Some(300_000), Some(20), Some(report::Age::Month))
        );
        assert!(kinds(&session(&house, "periksa", "auditor", "")).is_empty());
        // The other programme's draft does not wait once a list of its period is approved; candidates wait for nobody's approval.
        let manager = session(&house, "kelola", "programme_manager", "");
        assert!(!kinds(&manager).contains_key("DecisionDrafts"));
        let pack = &house.policy;
        let with = |selection: policy::Selection| {
            let fits = |one: &&policy::Programme| one.versions.iter().any(|own| own.selection == selection);
            let found = pack.programmes().values().find(fits).expect("a programme of the kind");
            let version = found.versions.iter().find(|own| own.selection == selection).expect("its version");
            (found.key.clone(), version.key.clone())
        };
        for (selection, waiting) in
            [(policy::Selection::Candidates, None), (policy::Selection::List, Some(1))]
        {
            let (key, version) = with(selection);
            let run = format!("draft-{key}");
            house
                .db
                .write(|tx| {
                    tx.execute(&ADD_RUN, params![&run, &key, "draft", 3])?;
                    tx.execute(&SET_VERSION, params![&run, &version])?;
                    Ok::<_, store::Error>(())
                })
                .expect("a draft");
            assert_eq!(kinds(&manager).get("DecisionDrafts").copied(), waiting, "{key}");
        }
    }
}

#[test]
fn an_empty_house_has_a_status_and_no_figures() {
    for test in TestDb::all() {
        let house = house(&test);
        let view = status(&house, &console(&house)).expect("a status");
        assert!(view.figures.is_empty() && view.lists.is_empty());
        assert!(view.counts.iter().all(|count| count.value == 0 || count.key == "regions"));
        assert!(
            programmes(&house, &console(&house)).expect("programmes").iter().all(|p| p.figures.is_empty())
        );
    }
}

#[test]
fn every_kind_and_figure_has_words_in_both_languages() {
    let pack = policy::Policy::embedded().expect("the pack has no faults");
    let kinds = [
        "late_cases",
        "cases",
        "reviews",
        "rejects",
        "refused_lists",
        "decision_drafts",
        "order_approvals",
        "orders_to_send",
        "exceptions",
        "account_problems",
        "unwithdrawn",
        "failed_jobs",
    ];
    for kind in kinds {
        assert!(pack.words().has(&format!("report-task-{kind}")), "{kind}");
    }
    let test = TestDb::sqlite();
    let house = house(&test);
    fill(&house);
    let view = regions(&house, &console(&house), &nation()).expect("figures");
    let shown = programmes(&house, &console(&house)).expect("figures");
    let keys =
        view.series.iter().map(|s| s.key).chain(shown.iter().flat_map(|p| p.figures.iter().map(|f| f.key)));
    for key in keys {
        assert!(pack.words().has(&format!("report-figure-{key}")), "{key}");
    }
}
