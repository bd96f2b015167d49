//! Amounts over the life of a family, as far as a person may see its cases.

use access::Session;
use casework::{family_series, views};
use jiff::civil::{Date, date};
use model::FamilyId;

use crate::support::{Office, new_case};

impl Office {
    /// An assessment of a family that the house put forward.
    fn assess(&self, companion: &Session, family: i64, income: i64) {
        let case = self.cause(&[new_case("graduation", family, &[("why", "income")])])[0].case;
        let income = income.to_string();
        let said = [
            ("visited_on", "2026-01-10"),
            ("income_month", income.as_str()),
            ("second_earner", "ya"),
            ("debt", "7000000"),
            ("wants", "Warung yang lebih besar"),
        ];
        self.step(companion, case, "assess", &said).unwrap();
    }
}

#[test]
fn amounts_of_all_cases_of_a_family_stand_in_the_order_of_their_days() {
    for office in Office::all() {
        office.clock.to(date(2026, 2, 3));
        let house = &office.house;
        let companion = office.user("ani", "companion", "99.01.05");
        let officer = office.user("citra", "district_officer", "99.01");
        let elsewhere = office.user("dewi", "district_officer", "99.02");
        office.assign(companion.user_id, &[7, 8]);

        let told = |who: &Session| -> Vec<(Date, i64)> {
            let series = family_series(house, &who.scope("case.read").unwrap(), FamilyId(7)).unwrap();
            assert!(series.len() <= 1 && series.iter().all(|one| one.key == "income"), "debt is no income");
            let points = series.into_iter().flat_map(|one| one.points);
            points.map(|point| (point.on, point.amount_idr.idr())).collect()
        };
        assert_eq!(told(&companion), []);
        office.assess(&companion, 7, 900_000);
        office.assess(&companion, 8, 5_000_000);
        let case =
            views::family_cases(house, &officer.scope("case.read").unwrap(), FamilyId(7)).unwrap()[0].case;
        office.clock.to(date(2026, 2, 10));
        office.step(&officer, case, "keep", &[("note", "Masih perlu")]).unwrap();
        office.clock.to(date(2026, 9, 1));
        office.assess(&companion, 7, 1_450_000);

        let whole = [(date(2026, 2, 3), 900_000), (date(2026, 9, 1), 1_450_000)];
        assert_eq!(told(&companion), whole);
        assert_eq!(told(&officer), whole);
        assert_eq!(told(&elsewhere), [], "another district sees nothing");
    }
}
