//! Money that rests is what reconciliation finds on cards, by age; a family that touched nothing is visited once.

use std::{collections::BTreeMap, sync::Arc};

use jiff::civil::date;
use model::{FixedClock, RegionCode, Silent};

use super::{bank, house::TestHouse, sent};
use crate::*;

#[test]
fn what_rests_is_what_is_on_cards_and_only_the_untouched_are_visited_once() {
    for mut test in TestHouse::all() {
        let (cycle, rows) = sent(&test, 12);
        test.import_order(&test.file("reply.csv", &bank::topups(&rows, &BTreeMap::new())));
        // Of every three families one takes all, one takes a part, one takes nothing.
        let moves = bank::withdrawals(&rows, |n, amount| match n % 3 {
            0 => vec![("TARIK", amount)],
            1 => vec![("TARIK", 75_000)],
            _ => vec![],
        });
        test.import_movements(&test.file("moves.csv", &moves));
        let state = test.reconcile(cycle);
        let rests = |test: &TestHouse| {
            resting(&test.house, &test.scope("payment.read"), &RegionCode::nation()).unwrap()
        };
        let visits = |test: &TestHouse| {
            ask_visits(&test.house, &test.scope("payment.reconcile"), &Silent).unwrap();
            let asked = effects(&test.house, 100).unwrap();
            asked
                .iter()
                .filter(|one| matches!(&one.effect, Effect::OpenCase { reason, .. } if reason == "untouched"))
                .count()
        };
        let young = rests(&test);
        assert_eq!((young.total.total.lines, young.total.total.amount_idr), (8, state.on_card_idr));
        assert_eq!(young.total.bands[0], young.total.total);
        assert_eq!(visits(&test), 0, "nobody is hurried");

        test.house.clock = Arc::new(FixedClock::at(date(2026, 12, 25)));
        let old = rests(&test);
        assert_eq!((old.total.bands[0].lines, old.total.bands[2]), (0, young.total.total), "35 days");
        for parts in [&old.channels, &old.regions] {
            assert_eq!(parts.iter().map(|part| part.total.amount_idr).sum::<i64>(), state.on_card_idr);
        }
        let elsewhere = resting(&test.house, &test.scope("payment.read"), &RegionCode::parse("98").unwrap());
        assert_eq!(elsewhere.unwrap().total.total.lines, 0);
        assert_eq!(visits(&test), 4);
        assert_eq!(visits(&test), 4, "asked again it is the same visit");
    }
}
