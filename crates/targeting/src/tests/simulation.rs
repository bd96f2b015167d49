//! Laws of simulations: shares and villages sum to the whole, ranks of another day decide as a closing with these ranks would, what other
//! rooms mark is looked at first, and what few may know is told of the country only.

use std::{collections::BTreeMap, sync::Arc};

use access::{House, Scope};
use arrow_array::{ArrayRef, Int32Array, RecordBatch, cast::AsArray, types::Int64Type};
use model::{RegionCode, RegionLevel, Silent};
use policy::{FactMark, Setting};
use rules::Label;
use store::testing::TestDb;

use super::{
    Dice, month, period, population,
    service::{close, console, house, user},
};
use crate::{
    Consumption, Mark, Move, Outside, Question, Ranks, RegionCube, Simulated, Wish, check_question,
    make_scenario, scenario_regions, simulate, tally::Cell,
};

/// One programme that asks for a decile, stricter by two.
fn question() -> Question {
    let setting = Setting { programme: "SEMBAKO".into(), name: "decile_max".into(), value: 2 };
    Question { settings: vec![setting], ..Question::default() }
}

fn wishes() -> [Wish; 2] {
    ["PKH", "SEMBAKO"].map(|key| Wish { programme: key.to_owned(), period: period("2026-T4") })
}

fn run(house: &House, scope: &Scope, question: &Question, outside: &Outside) -> crate::Result<Simulated> {
    let other = house.policy.variant(&question.settings).unwrap();
    simulate(house, scope, &other, &wishes(), month("2026-11"), question, outside, &Silent)
}

fn ids(families: &RecordBatch) -> Vec<i64> {
    families.column_by_name("family_id").unwrap().as_primitive::<Int64Type>().values().to_vec()
}

#[test]
fn shares_of_members_and_villages_sum_to_what_the_programme_costs() {
    let test = TestDb::sqlite();
    let house = house(&test);
    let (families, people) = population(&house.policy, 3000, 5, &mut Dice(51));
    close(&house, &families, &people, 700);
    let scope = console(&house, "policy.read");
    let made = run(&house, &scope, &question(), &Outside::default()).unwrap();
    for one in &made.found {
        for cut in ["sex", "age", "disability"] {
            let of_cut: Vec<_> = one.shares.iter().filter(|share| share.cut == cut).collect();
            assert!(
                of_cut.len() > 2 && of_cut.last().unwrap().key.is_empty(),
                "those of no kind are told too"
            );
            for side in 0..2 {
                let sum: Option<i64> = of_cut.iter().map(|share| share.amount_idr[side]).sum();
                assert_eq!(sum, Some(one.sides[side].amount_idr.idr()), "{} {cut}", one.programme);
            }
        }
        assert!(one.shares.iter().any(|share| share.cut == "ppks" && share.people.is_some()));
        let nation = RegionCode::nation();
        for level in
            [RegionLevel::Province, RegionLevel::District, RegionLevel::Subdistrict, RegionLevel::Village]
        {
            let cells = made.cube.cells(&one.programme, &nation, level);
            assert!(cells.len() > 1 || level == RegionLevel::Province, "{level:?}");
            for side in 0..2 {
                let eligible: i64 = cells.values().map(|cell| cell.eligible[side]).sum();
                let amount: i64 = cells.values().map(|cell| cell.amount[side]).sum();
                let whole = &one.sides[side];
                assert_eq!((eligible, amount), (whole.eligible, whole.amount_idr.idr()), "{level:?}");
            }
            let moved = |what: Move| one.moves[what as usize].families;
            let entered: i64 = cells.values().map(|cell| cell.enters).sum();
            let left: i64 = cells.values().map(|cell| cell.leaves).sum();
            assert_eq!((entered, left), (moved(Move::Enters), moved(Move::Leaves)));
        }
    }
    // What was kept is what was found, and only inside the territory.
    let outside = Outside::default();
    let kept =
        make_scenario(&house, &scope, "x", &wishes(), month("2026-11"), &question(), &outside, &Silent);
    let kept = kept.unwrap();
    assert_eq!(kept.found, made.found);
    let nation = RegionCode::nation();
    let cube = scenario_regions(&house, &scope, kept.scenario_id, &nation).unwrap().unwrap();
    for one in &made.found {
        let cells = |cube: &crate::RegionCube| cube.cells(&one.programme, &nation, RegionLevel::Village);
        assert_eq!(cells(&cube), cells(&made.cube));
    }
    let officer = user(&house, "dinsos3", "district_officer", "99.01").scope("programme.read").unwrap();
    assert_eq!(
        scenario_regions(&house, &officer, kept.scenario_id, &nation).unwrap_err().code(),
        "targeting-not-found"
    );
    let own = run(&house, &officer, &question(), &outside).unwrap();
    let sealed = |share: &crate::Share| share.cut == "ppks";
    assert!(!own.found.iter().any(|one| one.shares.iter().any(sealed)), "sealed kinds are of the country");
    let own = own.cube.cells("SEMBAKO", &nation, RegionLevel::District);
    assert!(own.keys().eq(["99.01"]), "{own:?}");
}

const LEVELS: [RegionLevel; 5] = [
    RegionLevel::Nation,
    RegionLevel::Province,
    RegionLevel::District,
    RegionLevel::Subdistrict,
    RegionLevel::Village,
];

#[test]
fn no_small_number_of_a_village_is_left_when_all_that_is_shown_is_taken_away() {
    let (mut hidden, mut parts) = (0, 0);
    for seed in 0..60 {
        let dice = &mut Dice(100 + seed);
        // Sparse at first, then ever more in a village.
        let many = 1 + dice.below(6 + seed) as i64;
        let mut villages = vec![String::new()];
        for _ in 0..40 {
            let [province, district, subdistrict] = [2, 3, 2].map(|of| 1 + dice.below(of));
            villages.push(format!(
                "{}.{district:02}.{subdistrict:02}.{}",
                98 + province,
                2001 + dice.below(4)
            ));
        }
        villages.sort_unstable();
        villages.dedup();
        let cells: Vec<Cell> = villages
            .iter()
            .map(|_| {
                let [stay, enters, leaves] =
                    [0; 3].map(|_| if dice.chance(40) { 0 } else { dice.below(many as u64) as i64 });
                let eligible = [stay + leaves, stay + enters];
                Cell { families: 50, eligible, amount: eligible.map(|n| n * 600_000), enters, leaves }
            })
            .collect();
        let mut cube = RegionCube::new(villages.iter().map(String::as_str).enumerate());
        cube.add("UJI", &cells);
        for level in &LEVELS[1..] {
            let (of_level, all) = nothing_is_given_away(&cube, "UJI", *level);
            (hidden, parts) = (hidden + of_level, parts + all);
        }
    }
    assert!(hidden > 100 && parts - hidden > 100, "{hidden} of {parts} are hidden");
}

/// What is shown at a level is what was counted, below what is hidden all is hidden, and of what is shown above no small number is left
/// when what is shown here is taken away. How many parts hide something, and of how many.
fn nothing_is_given_away(cube: &RegionCube, programme: &str, level: RegionLevel) -> (usize, usize) {
    let nation = RegionCode::nation();
    let cells = cube.cells(programme, &nation, level);
    let parts = cube.parts(programme, &nation, level);
    assert_eq!(parts.len(), cells.len());
    let above = LEVELS[level as usize - 1];
    let shown_above: BTreeMap<String, [Option<i64>; 4]> = if above == RegionLevel::Nation {
        let whole = |at: usize| Some(cells.values().map(|cell| figures(cell)[at]).sum());
        [(String::new(), [0, 1, 2, 3].map(whole))].into()
    } else {
        let parts = cube.parts(programme, &nation, above);
        parts.iter().map(|part| (part.key.clone(), told(part))).collect()
    };
    let mut left: BTreeMap<String, [(i64, i64, i64); 4]> = BTreeMap::new();
    for part in &parts {
        let (cell, told) = (figures(&cells[&part.key]), told(part));
        let parent =
            RegionCode::parse(&part.key).map_or_else(|_| String::new(), |code| code.at(above).to_string());
        for at in 0..4 {
            let (hidden, sum, shown) = &mut left.entry(parent.clone()).or_default()[at];
            let Some(n) = told[at] else {
                (*hidden, *sum) = (*hidden + 1, *sum + cell[at]);
                continue;
            };
            assert!(n == cell[at] && (n == 0 || n >= 5) && shown_above[&parent][at].is_some(), "{part:?}");
            *shown += n;
        }
        // The same wherever one stands when one looks.
        let around = RegionCode::parse(&parent).unwrap_or_else(|_| RegionCode::nation());
        assert!(cube.parts(programme, &around, level).contains(part), "{part:?}");
    }
    for (parent, figures) in left {
        for (hidden, sum, shown) in figures {
            assert!(sum == 0 || shown == 0 || (hidden > 1 && sum >= 5), "{parent}: {hidden} {sum} {shown}");
        }
    }
    (parts.iter().filter(|part| told(part).contains(&None)).count(), parts.len())
}

fn told(part: &crate::Part) -> [Option<i64>; 4] {
    [part.eligible[0], part.eligible[1], part.enters, part.leaves]
}

fn figures(cell: &Cell) -> [i64; 4] {
    [cell.eligible[0], cell.eligible[1], cell.enters, cell.leaves]
}

#[test]
fn other_ranks_decide_as_a_closing_with_these_ranks() {
    let (test, twin) = (TestDb::sqlite(), TestDb::sqlite());
    let (house, twin) = (house(&test), house(&twin));
    let (families, people) = population(&house.policy, 900, 5, &mut Dice(52));
    close(&house, &families, &people, 200);
    // Nine families in ten have another decile, the rest none; the snapshot also knows a family that the closing does not.
    let ids = ids(&families);
    let dice = &mut Dice(53);
    let told: Vec<(i64, Option<i32>)> =
        ids.iter().map(|id| (*id, dice.chance(90).then(|| 1 + dice.below(10) as i32))).collect();
    let deciles: Int32Array = told.iter().map(|(_, decile)| *decile).collect();
    let at = families.schema().index_of("decile").unwrap();
    let mut columns = families.columns().to_vec();
    columns[at] = Arc::new(deciles) as ArrayRef;
    close(&twin, &RecordBatch::try_new(families.schema(), columns).unwrap(), &people, 200);
    let mut ranked: Vec<(i64, u8)> =
        told.iter().filter_map(|(id, decile)| Some((*id, u8::try_from((*decile)?).ok()?))).collect();
    ranked.insert(0, (1, 1));
    let ranks = Ranks {
        date: jiff::civil::date(2026, 6, 30),
        families: ranked.iter().map(|(id, _)| *id).collect(),
        deciles: ranked.iter().map(|(_, decile)| *decile).collect(),
    };
    let outside = Outside { ranks: Some(ranks), ..Outside::default() };
    for settings in [Vec::new(), question().settings] {
        let asked = Question { settings, ranks: Some("2026-06-30".to_owned()), ..Question::default() };
        let found = run(&house, &console(&house, "policy.read"), &asked, &outside).unwrap().found;
        let plain = Question { ranks: None, ..asked.clone() };
        let want = run(&twin, &console(&twin, "policy.read"), &plain, &Outside::default()).unwrap().found;
        let today = run(&house, &console(&house, "policy.read"), &plain, &Outside::default()).unwrap().found;
        for ((found, want), today) in found.iter().zip(&want).zip(&today) {
            assert_eq!(found.sides[1].eligible, want.sides[1].eligible);
            assert_eq!(found.sides[1].amount_idr, want.sides[1].amount_idr);
            assert_eq!(found.sides[0], today.sides[0]);
            assert_ne!(found.moves[0].families, 0, "another rank lets somebody in");
        }
    }
    let asked = Question { ranks: Some("2026-07-01".to_owned()), ..Question::default() };
    let scope = console(&house, "policy.read");
    assert_eq!(run(&house, &scope, &asked, &outside).unwrap_err().code(), "targeting-no-ranks");
}

#[test]
fn what_other_rooms_mark_is_looked_at_first_and_the_poverty_gap_needs_its_assumption() {
    let test = TestDb::sqlite();
    let house = house(&test);
    let (families, people) = population(&house.policy, 900, 5, &mut Dice(54));
    close(&house, &families, &people, 200);
    let mark =
        |key: &str, families: Vec<i64>| Mark { key: key.to_owned(), label: Label::default(), families };
    let all = ids(&families);
    let half: Vec<i64> = all.iter().copied().filter(|id| id % 2 == 0).chain([i64::MAX]).collect();
    let odd: Vec<i64> = all.iter().copied().filter(|id| id % 2 != 0).collect();
    let marks = vec![mark("all", all), mark("even", half), mark("odd", odd), mark("none", Vec::new())];
    let outside = Outside { marks, ranks: None };
    let scope = console(&house, "policy.read");
    let found = run(&house, &scope, &question(), &outside).unwrap().found;
    let one = &found[1];
    let hurt = one.moves[Move::Leaves as usize].families + one.moves[Move::Less as usize].families;
    let marked = |key: &str| one.look_first.iter().find(|look| look.fact == key).unwrap().families;
    assert!(hurt > 0 && marked("even") > 0);
    assert_eq!((marked("all"), marked("none")), (hurt, 0));
    assert_eq!(marked("even") + marked("odd"), hurt);
    assert_eq!(one.groups.iter().find(|part| part.key == "all").unwrap().families, 900);
    assert!(one.look_first.iter().any(|look| look.fact == "family.recent_deaths"));
    assert!(one.look_first.iter().any(|look| look.fact == "family.chronically_ill"));
    assert!(one.poverty_gap.is_none());
    let consumption = Consumption::parse("600000", "300000 400000 5e2 1 1 1 1 1 1 1");
    assert_eq!(consumption.unwrap_err().code(), "targeting-consumption");
    let means = "300000,400000,500000,600000,700000,800000,900000,1000000,1200000,3000000";
    let asked = Question { consumption: Some(Consumption::parse("600000", means).unwrap()), ..question() };
    let found = run(&house, &scope, &asked, &outside).unwrap().found;
    let [without, now, then] = found[1].poverty_gap.as_ref().unwrap().index;
    assert!(without > then && then > now && now > 0.0, "fewer receive, so the gap closes less: {now} {then}");
    let of_needs = |text: &str| Question { truth: text.to_owned(), ..Question::default() };
    let sealed = check_question(&house.policy, &of_needs("family.ppks_16 > 0")).unwrap_err();
    assert_eq!(sealed.code(), "targeting-sealed");
    assert!(check_question(&house.policy, &of_needs("family.decile <= 2")).is_ok());
}

#[test]
fn every_kind_of_need_that_the_pack_knows_is_sealed() {
    let policy = super::policy();
    for fact in policy.facts() {
        if let Some(FactMark::Share(cut)) = fact.mark {
            assert_eq!(fact.sealed, cut.word() == "ppks", "{}", fact.column.name);
        }
    }
    let codes = policy.codes("ppks_bits").len();
    let told = policy.facts().iter().filter(|fact| fact.sealed).count();
    assert_eq!(told, codes, "a share for every category");
}
