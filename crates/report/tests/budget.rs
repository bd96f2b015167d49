//! Laws of budgets and hand-overs: published and own money stand side by side, people are never summed over programmes.

#![expect(clippy::unwrap_used, reason = "helpers of a test stop at the first surprise")]

use std::sync::Arc;

use access::{House, Scope, Session};
use jiff::civil::date;
use model::FixedClock;
use report::{budget, handovers, published_budget};
use store::{Value, params, sql, testing::TestDb};

sql! {
    ADD_CYCLE = "INSERT INTO payment_cycle (cycle_id, programme, period, run, dataset, list_hash, closing, channel, state,
        lines, amount_idr, skipped, mark, made_at, made_by_id, made_by)
        VALUES ($1, 'PKH', $2, $2, 'd', 'h', '2020-10', 'bank', 'built', 1, 900000, 0, 0, 1, 1, 'x')";
    ADD_SUMMARY = "INSERT INTO payment_summary (cycle_id, region, channel, eligibility, account_state, payment, problem,
        lines, amount_idr, topped_up_idr, withdrawn_idr, returned_idr, unpaid_idr)
        VALUES ($1, '99.01.01.2001', 'bank', 'eligible', 'good', 'withdrawn', '', 1, 900000, 700000, 500000, 40000, 0)";
    ALIAS = "INSERT INTO person_alias (old_id, new_id, kind, at) VALUES ($1, $2, 1, 0)";
}

fn house(test: &TestDb) -> House {
    House {
        db: test.db.clone(),
        lake: lake::Lake::open(&test.folder.join("lake")).unwrap(),
        policy: Arc::new(policy::Policy::embedded().unwrap()),
        clock: Arc::new(FixedClock::at(date(2026, 11, 22))),
    }
}

fn scope(house: &House) -> Scope {
    Session::console(house).scope("report.read").unwrap()
}

#[test]
fn published_and_own_money_of_a_programme_stand_side_by_side() {
    for test in TestDb::all() {
        let house = house(&test);
        house
            .db
            .write(|tx| {
                for (cycle, period) in [(1, "2020-T3"), (2, "2020-T4"), (3, "2021-T1")] {
                    tx.execute(&ADD_CYCLE, params![cycle, period])?;
                    tx.execute(&ADD_SUMMARY, params![cycle])?;
                }
                Ok::<_, store::Error>(())
            })
            .unwrap();
        let view = budget(&house, &scope(&house), None, Some(date(2020, 11, 3))).unwrap();
        assert_eq!(
            (view.fiscal_year, view.years.as_slice()),
            (2020, &[2019, 2020, 2021, 2022, 2023, 2025][..])
        );
        let own = &view.own[0];
        assert_eq!((view.own.len(), own.topped_up.idr(), own.returned.idr()), (1, 1_400_000, 80_000));
        assert_eq!(own.net.idr(), 1_320_000);
        let line = |scope: &str, programme: &str| {
            let found =
                view.lines.iter().find(|at| at.line.key.scope == scope && at.line.key.programme == programme);
            found.and_then(|at| at.absorption).unwrap()
        };
        assert_eq!(
            line("ministry", "PKH").net.idr(),
            36_710_000_000_000,
            "published money knows nothing of ours"
        );
        assert_eq!(line("ministry", "PEN").permille, 874);
        assert_eq!(line("national", "PEN").permille, 981, "another scope, another line");
        let before = published_budget(&house.policy, Some(2020), Some(date(2020, 8, 1)), date(2026, 11, 22));
        assert!(before.lines.iter().all(|at| at.absorption.is_none() && at.in_force.is_none()));
    }
}

#[test]
fn ten_thousand_hand_overs_of_nine_thousand_people_are_three_counts() {
    for test in TestDb::all() {
        let house = house(&test);
        let programmes = [
            ("IND_MENDENGAR", 1_145_i64, 1_i64, 3_465_849_824_i64),
            ("IND_MELIHAT", 2_116, 1_146, 23_393_366_000),
            ("IND_MELANGKAH", 6_960, 2_270, 10_138_310_459),
        ];
        const COLUMNS: &[&str] =
            &["person_id", "programme", "item", "given_on", "document", "value_idr", "region", "import_no"];
        house
            .db
            .write(|tx| {
                for (programme, count, first, value) in programmes {
                    let row = |at: i64| -> Vec<Value> {
                        let part = value / count + i64::from(at < value % count);
                        let day = if at == 0 { "2023-01-01" } else { "2022-06-30" };
                        let texts = [programme, "ALAT", day, "BAST"].map(Value::from);
                        let [programme, item, day, document] = texts;
                        let region = Value::from("99.01.01.2001");
                        vec![
                            (first + at).into(),
                            programme,
                            item,
                            day,
                            document,
                            part.into(),
                            region,
                            1.into(),
                        ]
                    };
                    tx.bulk("handover", COLUMNS, (0..count).map(row))?;
                }
                Ok::<_, store::Error>(())
            })
            .unwrap();
        let all = handovers(&house, &scope(&house), None).unwrap();
        assert_eq!((all.handovers, all.people, all.value.idr()), (10_221, 9_229, 36_997_526_283));
        let by_programme: i64 = all.programmes.iter().map(|one| one.people).sum();
        assert!(all.people < by_programme, "people overall are never a sum");
        for one in &all.programmes {
            assert!(one.people <= one.handovers, "{}", one.programme);
        }
        assert_eq!(handovers(&house, &scope(&house), Some(2023)).unwrap().handovers, 3);
        // Two numbers that turn out to be one person are one person.
        house.db.write(|tx| tx.execute(&ALIAS, params![1, 1_146])).unwrap();
        assert_eq!(handovers(&house, &scope(&house), None).unwrap().people, 9_228);
    }
}
