//! The catalogue of services: who offers what to whom, where and when. In: a CSV file, whole or not at all, every fault with line, column
//! and remedy; a row is known by its number, one that is there and differs is corrected and what stood before is kept, the same file
//! again changes nothing. Out: the services for the people of a place, nearest first. It holds no person's data and is open to everybody.
//! Never here: a referral (a workflow), whether somebody is entitled.

use std::collections::BTreeMap;

use access::{House, Scope, audit};
use jiff::civil::Date;
use model::{RegionCode, RegionLevel};
use policy::{Label, Services};
use rowfile::{Faults, Row as Cells, Shape};
use serde::Serialize;
use store::{Page, Paged, Row, Tx, Value, next_number, params, sql};

use crate::Result;

sql! {
    pub(crate) OFFER_OF = "SELECT offer_id, rev, kind, provider, region, serves, address, phone, hours, papers, fee, valid_from, valid_to
        FROM service_offer WHERE number = $1";
    pub(crate) OFFER_SET = "INSERT INTO service_offer (offer_id, number, kind, provider, region, serves, address, phone, hours, papers, fee,
            valid_from, valid_to, rev)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        ON CONFLICT (offer_id) DO UPDATE SET kind = excluded.kind, provider = excluded.provider, region = excluded.region,
            serves = excluded.serves, address = excluded.address, phone = excluded.phone, hours = excluded.hours,
            papers = excluded.papers, fee = excluded.fee, valid_from = excluded.valid_from, valid_to = excluded.valid_to,
            rev = excluded.rev";
    pub(crate) CHANGED = "INSERT INTO service_change (offer_id, rev, at, user_id, actor, before) VALUES ($1, $2, $3, $4, $5, $6)";
    // For the people of a place ($1 to $5: the place and all above it), and within it; of a chosen kind among those of a need ($9, with a
    // mark before and after each key).
    pub(crate) OFFERS = "SELECT offer_id, number, kind, provider, region, serves, address, phone, hours, papers, fee, valid_from, valid_to
        FROM service_offer
        WHERE (serves IN ($1, $2, $3, $4, $5) OR (serves >= $6 AND serves < $7))
        AND valid_from <= $8 AND (valid_to = '' OR valid_to >= $8)
        AND ($9 = '' OR $9 LIKE '%,' || kind || ',%') AND ($10 = '' OR kind = $10)
        AND (serves < $11 OR (serves = $11 AND offer_id > $12))
        ORDER BY serves DESC, offer_id LIMIT $13";
    pub(crate) OFFER = "SELECT offer_id, number, kind, provider, region, serves, address, phone, hours, papers, fee, valid_from, valid_to
        FROM service_offer WHERE offer_id = $1";
}

/// Columns of the file, in any order.
pub const SERVICE_COLUMNS: [&str; 12] = [
    "number",
    "service",
    "provider",
    "region",
    "serves",
    "address",
    "phone",
    "hours",
    "papers",
    "fee",
    "valid_from",
    "valid_to",
];
/// Largest file in bytes.
pub const SERVICE_BYTES_MAX: u64 = 64 * 1024 * 1024;
const SHAPE: Shape =
    Shape { columns: &SERVICE_COLUMNS, optional: &[], unique: Some("number"), rows_max: 200_000 };
const NUMBER_MAX: usize = 40;
const NAME_MAX: usize = 120;
const TEXT_MAX: usize = 500;
/// After the last place and service: where a list begins.
const BEGIN: &str = "~";

/// What came of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ServicesTaken {
    /// Number of this import, as the audit log names it.
    pub import_no: i64,
    /// Rows of the file.
    pub rows: usize,
    /// Rows that were not there before.
    pub new: usize,
    /// Rows that were there and differed.
    pub corrected: usize,
}

/// A row of the catalogue, as read and as kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Offer {
    kind: String,
    provider: String,
    region: String,
    serves: String,
    address: String,
    phone: String,
    hours: String,
    papers: String,
    fee: String,
    valid_from: String,
    valid_to: String,
}

/// A service that somebody offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OfferView {
    /// Id, of addresses.
    pub offer: i64,
    /// Number in the file.
    pub number: String,
    /// Key of the kind.
    pub kind: String,
    /// The kind in words.
    pub kind_label: Label,
    /// Who offers it.
    pub provider: String,
    /// Where it stands.
    pub region: RegionCode,
    /// The region whose people it is for.
    pub serves: RegionCode,
    /// Street and house.
    pub address: String,
    /// Telephone; empty where none is told.
    pub phone: String,
    /// When it is open, in words.
    pub hours: String,
    /// What to bring, in words.
    pub papers: String,
    /// What it costs, in words; empty where it is free.
    pub fee: String,
    /// Until when it is offered, where an end is known.
    pub until: Option<Date>,
}

/// Which services.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServiceFilter {
    /// Key of a need; empty for all.
    pub need: String,
    /// Key of a kind; empty for all.
    pub kind: String,
}

/// Takes in a file of services, whole or not at all.
///
/// # Errors
/// [`crate::Error::Lines`] with every fault of the file; the store's.
pub fn take_services(house: &House, scope: &Scope, text: &str) -> Result<ServicesTaken> {
    let mut faults = Faults::default();
    let services = house.policy.services();
    let lines = rowfile::read(text, &SHAPE, &mut faults, |row, faults| {
        Some(RowReader { services, row, faults }.read())
    });
    faults.done()?;
    house.db.write(|tx| {
        check_places(tx, scope, &lines)?;
        let import_no = next_number(tx, "service_import", 1)?;
        let mut taken = ServicesTaken { import_no, rows: lines.len(), new: 0, corrected: 0 };
        for (_, line) in &lines {
            take(tx, house, scope, line, &mut taken)?;
        }
        let detail = format!("rows={} new={} corrected={}", taken.rows, taken.new, taken.corrected);
        let subject = format!("services:{import_no}");
        audit(tx, house.clock.as_ref(), scope.actor_pair(), "service.import", &subject, &detail)?;
        Ok(taken)
    })
}

/// Services for the people of a place and of the places within it, nearest first.
///
/// # Errors
/// The store's; a mark that is none.
pub fn services_for(
    house: &House,
    place: &RegionCode,
    filter: &ServiceFilter,
    page: &Page,
) -> Result<Paged<OfferView>> {
    let chain = [
        RegionLevel::Nation,
        RegionLevel::Province,
        RegionLevel::District,
        RegionLevel::Subdistrict,
        RegionLevel::Village,
    ];
    let (from, to) = place.path_range();
    let today = house.clock.today().to_string();
    let mut asked: Vec<Value> = chain.map(|level| Value::from(place.at(level).as_str())).to_vec();
    let kinds: Vec<&str> = house.policy.services().for_need(&filter.need).collect();
    let kinds = if filter.need.is_empty() { String::new() } else { format!(",{},", kinds.join(",")) };
    asked.extend(params![from, to, today, kinds, filter.kind.as_str()].to_vec());
    asked.extend(page.keys(2)?.unwrap_or_else(|| vec![BEGIN.into(), Value::Int(0)]));
    asked.push(page.fetch().into());
    let rows = house.db.read(|tx| tx.query(&OFFERS, &asked))?;
    let offers = rows.iter().map(|row| offer_view(house, row)).collect::<Result<Vec<_>>>()?;
    Ok(page.page(offers, |one| vec![one.serves.as_str().into(), Value::Int(one.offer)]))
}

/// One service; none of this number.
///
/// # Errors
/// The store's.
pub fn service(house: &House, offer: i64) -> Result<Option<OfferView>> {
    let row = house.db.read(|tx| tx.query_opt(&OFFER, params![offer]))?;
    row.map(|row| offer_view(house, &row)).transpose()
}

fn offer_view(house: &House, row: &Row) -> Result<OfferView> {
    let kind = row.string(2)?;
    let label = house.policy.services().kind(&kind).map(|known| known.label.clone());
    Ok(OfferView {
        offer: row.int(0)?,
        number: row.string(1)?,
        kind_label: label.unwrap_or_else(|| Label::new(&kind, &kind)),
        kind,
        provider: row.string(3)?,
        region: row.region(4)?,
        serves: row.region(5)?,
        address: row.string(6)?,
        phone: row.string(7)?,
        hours: row.string(8)?,
        papers: row.string(9)?,
        fee: row.string(10)?,
        until: row.text(12)?.parse().ok(),
    })
}

/// A line of the file.
struct Line {
    number: String,
    offer: Offer,
}

/// What only the database knows: whether the places are there.
fn check_places(tx: &mut Tx<'_>, scope: &Scope, lines: &[(usize, Line)]) -> Result<()> {
    let mut faults = Faults::default();
    let mut known: BTreeMap<&str, bool> = BTreeMap::new();
    for (at, line) in lines {
        let region = line.offer.region.as_str();
        let good = if let Some(good) = known.get(region) {
            *good
        } else {
            let code = RegionCode::parse(region).ok().filter(|code| scope.covers(code));
            let good = match &code {
                Some(code) => region.is_empty() || store::regions::find(tx, code)?.is_some(),
                None => false,
            };
            known.insert(region, good);
            good
        };
        if !good {
            let message = format!("`{region}`: no region of this territory");
            faults.add(*at, "region", message, "write a code of the table of regions, such as 11.01.05");
        }
    }
    Ok(faults.done()?)
}

fn take(tx: &mut Tx<'_>, house: &House, scope: &Scope, line: &Line, taken: &mut ServicesTaken) -> Result<()> {
    let (id, rev) = match tx.query_opt(&OFFER_OF, params![&line.number])? {
        None => {
            taken.new += 1;
            (next_number(tx, "service_offer", 1)?, 1)
        }
        Some(row) => {
            let (id, rev, before) = (row.int(0)?, row.int(1)?, kept(&row)?);
            if before == line.offer {
                return Ok(());
            }
            taken.corrected += 1;
            let text = serde_json::to_string(&before).map_err(|_| crate::Error::Stored(id))?;
            let (actor, name) = (scope.actor(), scope.actor_name());
            tx.execute(&CHANGED, params![id, rev, house.clock.now_ms(), actor, name, text])?;
            (id, rev + 1)
        }
    };
    let o = &line.offer;
    let values = params![
        id,
        &line.number,
        &o.kind,
        &o.provider,
        &o.region,
        &o.serves,
        &o.address,
        &o.phone,
        &o.hours,
        &o.papers,
        &o.fee,
        &o.valid_from,
        &o.valid_to,
        rev
    ];
    Ok(tx.execute(&OFFER_SET, values).map(|_| ())?)
}

fn kept(row: &Row) -> Result<Offer> {
    Ok(Offer {
        kind: row.string(2)?,
        provider: row.string(3)?,
        region: row.string(4)?,
        serves: row.string(5)?,
        address: row.string(6)?,
        phone: row.string(7)?,
        hours: row.string(8)?,
        papers: row.string(9)?,
        fee: row.string(10)?,
        valid_from: row.string(11)?,
        valid_to: row.string(12)?,
    })
}

/// One line while it is read: all of its faults are told.
struct RowReader<'a, 'c> {
    services: &'a Services,
    row: &'a Cells<'c>,
    faults: &'a mut Faults,
}

impl RowReader<'_, '_> {
    fn wrong(&mut self, column: &str, rule: &str, remedy: &'static str) {
        self.faults.wrong(self.row, column, rule, remedy);
    }

    fn read(mut self) -> Line {
        let kind = self.row.cell("service").to_owned();
        if self.services.kind(&kind).is_none() {
            self.wrong("service", "no kind of service", "write a key of services.toml");
        }
        let region = self.row.cell("region").to_owned();
        let serves = self.serves(&region);
        let (valid_from, valid_to) = (self.day("valid_from", true), self.day("valid_to", false));
        if !valid_to.is_empty() && valid_from > valid_to {
            self.wrong("valid_to", "ends before it begins", "write the days in their order");
        }
        let offer = Offer {
            kind,
            provider: self.text("provider", 1..=NAME_MAX),
            address: self.text("address", 1..=TEXT_MAX),
            phone: self.text("phone", 0..=NUMBER_MAX),
            hours: self.text("hours", 0..=TEXT_MAX),
            papers: self.text("papers", 0..=TEXT_MAX),
            fee: self.text("fee", 0..=TEXT_MAX),
            region,
            serves,
            valid_from,
            valid_to,
        };
        Line { number: self.text("number", 1..=NUMBER_MAX), offer }
    }

    /// The region whose people it is for: the level that is written, round the place where the service stands.
    fn serves(&mut self, region: &str) -> String {
        let levels = [
            ("nation", RegionLevel::Nation),
            ("province", RegionLevel::Province),
            ("district", RegionLevel::District),
            ("subdistrict", RegionLevel::Subdistrict),
            ("village", RegionLevel::Village),
        ];
        let word = self.row.cell("serves");
        let level = levels.into_iter().find(|(name, _)| *name == word);
        // A region that cannot be read is told when the database is asked.
        let code = RegionCode::parse(region).ok();
        match (level, code) {
            (Some((_, level)), Some(code)) if level <= code.level() => code.at(level).to_string(),
            (Some(_), None) => String::new(),
            (Some(_), Some(_)) => {
                self.wrong(
                    "serves",
                    "smaller than the place where the service stands",
                    "write its level or one above",
                );
                String::new()
            }
            (None, _) => {
                self.wrong("serves", "no level", "write nation, province, district, subdistrict or village");
                String::new()
            }
        }
    }

    fn text(&mut self, column: &str, length: std::ops::RangeInclusive<usize>) -> String {
        let text = self.row.cell(column);
        if !length.contains(&text.chars().count()) || text.chars().any(char::is_control) {
            self.wrong(column, "empty or too long", "write a short plain text");
        }
        text.to_owned()
    }

    /// A day as ISO text; empty for none where one may be missing.
    fn day(&mut self, column: &str, needed: bool) -> String {
        let text = self.row.cell(column);
        let day = text.parse::<Date>().ok();
        if day.is_none() && (needed || !text.is_empty()) {
            self.wrong(column, "no day", "write it as 2024-01-31");
        }
        day.map_or_else(String::new, |day| day.to_string())
    }
}
