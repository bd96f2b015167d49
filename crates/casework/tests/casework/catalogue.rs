//! The catalogue of services as a file, and as people of a place look at it.

use casework::{
    Error,
    catalogue::{self, SERVICE_COLUMNS, ServiceFilter, ServicesTaken},
};
use model::RegionCode;
use rowfile::Refused;
use store::Page;

use crate::support::Office;

impl Office {
    /// With some places.
    fn with_places() -> impl Iterator<Item = Self> {
        Self::all().into_iter().inspect(|office| {
            office.regions(&["99", "99.01", "99.01.01", "99.01.01.2001", "99.01.01.2002", "99.01.02"]);
        })
    }

    fn take_services(&self, rows: &[&str]) -> Result<ServicesTaken, Error> {
        let text = format!("{}\n{}\n", SERVICE_COLUMNS.join(","), rows.join("\n"));
        catalogue::take_services(&self.house, &self.console("service.manage"), &text)
    }

    /// Numbers of the services for a place, page by page.
    fn services_at(&self, place: &str, need: &str, kind: &str) -> Vec<String> {
        let place = RegionCode::parse(place).unwrap();
        let filter = ServiceFilter { need: need.to_owned(), kind: kind.to_owned() };
        let (mut found, mut page) = (Vec::new(), Page::first(2));
        loop {
            let part = catalogue::services_for(&self.house, &place, &filter, &page).unwrap();
            found.extend(part.items.into_iter().map(|one| one.number));
            match part.next {
                Some(next) => page = Page { after: Some(next), limit: 2 },
                None => return found,
            }
        }
    }
}

const POST: &str = "L1,service_post,Puskesos Contoh,99.01.01.2001,village,Jalan Satu 1,,,,,2026-01-01,";
const CENTRE: &str = "L2,health_centre,Puskesmas Contoh,99.01.01.2001,subdistrict,Jalan Dua 2,(000) 1,Senin,\"KTP, KK\",,2026-01-01,";
const HOME: &str = "L3,care_home,Panti Contoh,99.01,province,Jalan Tiga 3,,,,,2026-01-01,";
const ALL_OVER: &str = "L4,legal_aid,Bantuan Contoh,99,nation,Jalan Empat 4,,,,Rp10.000,2026-01-01,";
const NEXT_DOOR: &str = "L5,health_centre,Puskesmas Lain,99.01.02,subdistrict,Jalan Lima 5,,,,,2026-01-01,";
const OVER: &str =
    "L6,health_centre,Puskesmas Lama,99.01.01,subdistrict,Jalan Enam 6,,,,,2025-01-01,2026-11-22";
const TO_COME: &str = "L7,health_centre,Puskesmas Baru,99.01.01,subdistrict,Jalan Tujuh 7,,,,,2026-11-24,";

#[test]
fn people_of_a_place_see_what_is_for_them_nearest_first() {
    for office in Office::with_places() {
        office.take_services(&[HOME, ALL_OVER, CENTRE, NEXT_DOOR, POST, OVER, TO_COME]).unwrap();
        assert_eq!(
            office.services_at("99.01.01.2001", "", ""),
            ["L1", "L2", "L3", "L4"],
            "of now, and for this village"
        );
        assert_eq!(
            office.services_at("99.01.01.2002", "", ""),
            ["L2", "L3", "L4"],
            "a village post is for its village"
        );
        assert_eq!(
            office.services_at("99.01", "", ""),
            ["L5", "L1", "L2", "L3", "L4"],
            "a district looks into its villages"
        );
        assert_eq!(office.services_at("98.01", "", ""), ["L4"]);
        assert_eq!(office.services_at("99.01.01.2001", "health", ""), ["L2"]);
        assert_eq!(office.services_at("99.01.01.2001", "", "legal_aid"), ["L4"]);
        assert_eq!(office.services_at("99.01.01.2001", "no_such_need", ""), [""; 0]);
    }
}

#[test]
fn a_file_again_changes_nothing_and_a_corrected_row_counts_once() {
    for office in Office::with_places() {
        let counts = |taken: ServicesTaken| (taken.rows, taken.new, taken.corrected);
        assert_eq!(counts(office.take_services(&[POST, CENTRE]).unwrap()), (2, 2, 0));
        assert_eq!(counts(office.take_services(&[POST, CENTRE]).unwrap()), (2, 0, 0));
        let moved = CENTRE.replace("Jalan Dua 2", "Jalan Lain 9");
        assert_eq!(counts(office.take_services(&[POST, &moved, HOME]).unwrap()), (3, 1, 1));
        let filter = ServiceFilter { kind: "health_centre".to_owned(), ..ServiceFilter::default() };
        let place = RegionCode::parse("99.01.01.2001").unwrap();
        let found = catalogue::services_for(&office.house, &place, &filter, &Page::first(9)).unwrap().items;
        assert_eq!(found.iter().map(|one| one.address.as_str()).collect::<Vec<_>>(), ["Jalan Lain 9"]);
        assert_eq!(found[0].papers, "KTP, KK");
    }
}

#[test]
fn a_file_with_faults_leaves_nothing_and_names_each_of_them() {
    for office in Office::with_places() {
        let faults = |rows: &[&str]| match office.take_services(rows) {
            Err(Error::Lines(Refused { faults, more: 0 })) => {
                faults.iter().map(|one| (one.line, one.column.clone())).collect()
            }
            other => panic!("{other:?}"),
        };
        let told: Vec<(usize, String)> = faults(&[
            POST,
            "L8,no_kind,,99.01.01.2001,village,Jalan,,,,,2026-01-01,",
            "L9,hospital,RS Contoh,99.01,village,Jalan,,,,,2026-02-30,2026-01-01",
            "L1,hospital,RS Contoh,99.01,town,Jalan,,,,,2026-01-01,2025-01-01",
            "L10,hospital,RS Contoh,99.01,district,Jalan",
        ]);
        let expected = [
            (3, "service"),
            (3, "provider"),
            (4, "serves"),
            (4, "valid_from"),
            (5, "serves"),
            (5, "valid_to"),
            (5, "number"),
            (6, ""),
        ];
        assert_eq!(told, expected.map(|(line, column)| (line, column.to_owned())));
        let nowhere: Vec<(usize, String)> =
            faults(&[POST, &POST.replace("L1", "L2").replace("99.01.01.2001", "99.09.09.2999")]);
        assert_eq!(nowhere, [(3, "region".to_owned())]);
        assert_eq!(office.services_at("99.01.01.2001", "", ""), [""; 0]);
    }
}
