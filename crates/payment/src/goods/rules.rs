//! Rules of goods, without I/O: units, what a delivery, a move and a hand-over must tell, and which step leads where.
//!
//! ```text
//! open → handed over            not collected ─┐
//!   ├──→ short → handed over    refused ───────┼→ handed over, short or given to another
//!   └──→ given to another       (a hand-over recorded wrongly is taken back: open)
//! ```

use jiff::civil::Date;
use policy::Policy;
use serde::{Deserialize, Serialize};

use crate::state::coded;

coded! {
    /// What happens on a stock card.
    MoveKind {
        /// From the supplier, after the check.
        Received = "received",
        /// To another warehouse.
        Sent = "sent",
        /// From another warehouse.
        Arrived = "arrived",
        /// To families.
        HandedOver = "handed_over",
        /// Broke or spoiled.
        Damaged = "damaged",
        /// Nobody knows where it is.
        Lost = "lost",
        /// Its last day has passed.
        Expired = "expired",
        /// Back to the supplier.
        Returned = "returned",
    }
}

coded! {
    /// How it stands with what a family is to receive.
    DueState {
        /// Not handed over yet.
        Open = "open",
        /// All of it is with the family.
        HandedOver = "handed_over",
        /// The family got less than its due.
        Short = "short",
        /// Somebody received it for the family.
        Instead = "instead",
        /// Nobody came.
        NotCollected = "not_collected",
        /// The family did not want it.
        Refused = "refused",
    }
}

coded! {
    /// What happens at the place of distribution.
    HandStep {
        /// The family gets it, weighed; less than its due is a shortage.
        HandOver = "hand_over",
        /// Somebody receives it for the family.
        Instead = "instead",
        /// Nobody came.
        NotCollected = "not_collected",
        /// The family does not want it.
        Refuse = "refuse",
        /// What was recorded did not happen.
        TakeBack = "take_back",
    }
}

coded! {
    /// What is looked at when goods are received.
    Criterion {
        /// Weight or count against the delivery note.
        Weight = "weight",
        /// Moisture.
        Moisture = "moisture",
        /// Broken grains, dirt, foreign bodies.
        Purity = "purity",
        /// Smell and colour.
        Smell = "smell",
        /// Insects and mould.
        Pests = "pests",
        /// Bags and boxes.
        Packing = "packing",
        /// What a parcel must hold.
        Contents = "contents",
    }
}

/// Who may receive for a family.
pub const DEPUTIES: [&str; 4] = ["heir", "neighbour", "official", "other"];
/// Most characters of a field.
const FIELD_CHARS: usize = 120;
/// Most characters of a note.
const NOTE_CHARS: usize = 400;
/// Digits that may be a personal number, whatever stands between them.
const NUMBER_DIGITS: u32 = 12;
/// The most of anything that is believed, in base units: a million tonnes.
pub(crate) const QUANTITY_MAX: i64 = 1_000_000_000_000;

impl HandStep {
    /// Where it leads from a state, when `given` of `due` is with the family afterwards; none where it is not allowed.
    pub(crate) fn after(self, state: DueState, given: i64, due: i64) -> Option<DueState> {
        use DueState as S;
        let full = if given == due { S::HandedOver } else { S::Short };
        let waits = matches!(state, S::Open | S::NotCollected | S::Refused);
        match self {
            Self::HandOver if waits || state == S::Short => Some(full),
            Self::Instead if waits => Some(S::Instead),
            Self::NotCollected if state == S::Open => Some(S::NotCollected),
            Self::Refuse if matches!(state, S::Open | S::NotCollected) => Some(S::Refused),
            Self::TakeBack if state != S::Open => Some(S::Open),
            _ => None,
        }
    }

    /// Whether goods leave the warehouse.
    pub fn gives(self) -> bool {
        matches!(self, Self::HandOver | Self::Instead)
    }

    /// What it must tell beside its day, and beside quantity, warehouse and lot where it gives.
    pub fn needs(self) -> &'static [&'static str] {
        match self {
            Self::HandOver => &["whom", "role", "proof_kind", "proof"],
            Self::Instead => &["whom", "role", "proof_kind", "proof", "note"],
            Self::NotCollected | Self::Refuse | Self::TakeBack => &["note"],
        }
    }

    /// The words that a field of this step may have; empty where any text will do.
    pub fn choices(self, field: &str) -> &'static [&'static str] {
        match (self, field) {
            (Self::HandOver, "role") => &crate::cards::RELATIONS,
            (Self::Instead, "role") => &DEPUTIES,
            (_, "proof_kind") => &crate::cards::PROOFS,
            _ => &[],
        }
    }

    pub(crate) fn remedy(self) -> &'static str {
        match self {
            Self::HandOver | Self::Instead => "the family has it already: take the wrong record back first",
            Self::NotCollected | Self::Refuse => "something was recorded already: take it back first",
            Self::TakeBack => "nothing is recorded yet",
        }
    }
}

/// What a hand-over tells.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct HandDetails {
    /// Who received it.
    pub whom: String,
    /// What that person is to the family.
    pub role: String,
    /// Where.
    pub place: String,
    /// `signature` or `photo`.
    pub proof_kind: String,
    /// Number or name of the sheet or photo.
    pub proof: String,
    /// Anything else; why nothing was handed over.
    pub note: String,
}

/// The fields of a hand-over, in the order of the form.
pub const HAND_FIELDS: [&str; 6] = ["whom", "role", "place", "proof_kind", "proof", "note"];

impl HandDetails {
    /// A field by its name.
    pub fn field(&self, name: &str) -> &str {
        match name {
            "whom" => &self.whom,
            "role" => &self.role,
            "place" => &self.place,
            "proof_kind" => &self.proof_kind,
            "proof" => &self.proof,
            _ => &self.note,
        }
    }
}

/// What is wrong with what is told of goods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GoodsFault {
    /// Missing, too long, or none of the words that it may be.
    #[error("`{0}` is missing, too long, or not one of its words")]
    Field(&'static str),
    /// A personal number.
    #[error("`{0}` has twelve digits or more: never write a personal number")]
    Digits(&'static str),
    /// No whole quantity above zero, or more than is believed or due.
    #[error("the quantity is no number above zero, or more than can be")]
    Quantity,
    /// In the future, or before what it follows.
    #[error("the day lies in the future or before what it follows")]
    Day,
    /// Less is there than is to leave.
    #[error("the stock card of lot {lot} in warehouse {warehouse} holds only {have}")]
    Stock {
        /// The warehouse.
        warehouse: i64,
        /// The lot.
        lot: i64,
        /// Base units on the card.
        have: i64,
    },
    /// Less is on the way than is to arrive.
    #[error("only {have} is on the way")]
    Transit {
        /// Base units on the way.
        have: i64,
    },
    /// The document was told with other content.
    #[error("this document was recorded with another quantity: take the wrong row back first")]
    Document,
    /// The warehouse or lot does not serve this list or place.
    #[error("this warehouse or lot does not serve this list and place")]
    Elsewhere,
    /// The row cannot be taken back, or was.
    #[error("this row cannot be taken back: it was, or what followed must be taken back first")]
    Fixed,
    /// The programme gives no goods by list.
    #[error("the programme gives no goods by list in this period")]
    NoGoods,
}

impl GoodsFault {
    /// Stable code, the key of its words.
    pub fn code(self) -> &'static str {
        match self {
            Self::Field(_) => "payment-goods-field",
            Self::Digits(_) => "payment-goods-digits",
            Self::Quantity => "payment-goods-quantity",
            Self::Day => "payment-goods-day",
            Self::Stock { .. } => "payment-goods-stock",
            Self::Transit { .. } => "payment-goods-transit",
            Self::Document => "payment-goods-document",
            Self::Elsewhere => "payment-goods-elsewhere",
            Self::Fixed => "payment-goods-fixed",
            Self::NoGoods => "payment-goods-none",
        }
    }

    /// The field that is wrong, by its name in forms and files.
    pub fn field(self) -> &'static str {
        match self {
            Self::Field(field) | Self::Digits(field) => field,
            Self::Day => "day",
            Self::Document => "document",
            Self::Elsewhere => "warehouse",
            Self::Fixed | Self::NoGoods => "",
            Self::Quantity | Self::Stock { .. } | Self::Transit { .. } => "quantity",
        }
    }

    /// What to do, for files.
    pub(crate) fn remedy(self) -> &'static str {
        match self {
            Self::Field(_) => "write it, or one of the words of the guide",
            Self::Digits(_) => "leave personal numbers out",
            Self::Quantity => "write whole base units (grams, pieces), at most what is due",
            Self::Day => "write the day on which it happened",
            Self::Stock { .. } => "look at the stock card; record first what arrived",
            Self::Transit { .. } => "look at the transfer",
            Self::Document => "use another document number, or take the wrong row back",
            Self::Elsewhere => "name a warehouse of the family's territory and a lot of the list's item",
            Self::Fixed | Self::NoGoods => "look at the page",
        }
    }
}

/// A text that must be there, or may be empty: without personal numbers, of bounded length.
pub(crate) fn text(field: &'static str, text: &str, needed: bool) -> Result<(), GoodsFault> {
    let chars = if field == "note" { NOTE_CHARS } else { FIELD_CHARS };
    if text.chars().filter(char::is_ascii_digit).count() >= NUMBER_DIGITS as usize {
        return Err(GoodsFault::Digits(field));
    }
    let text = text.trim();
    let fits = text.chars().count() <= chars && !text.chars().any(char::is_control);
    if fits && !(needed && text.is_empty()) { Ok(()) } else { Err(GoodsFault::Field(field)) }
}

/// A day that is neither in the future nor before another.
pub(crate) fn day(day: Date, not_before: Date, today: Date) -> Result<(), GoodsFault> {
    if day <= today && day >= not_before { Ok(()) } else { Err(GoodsFault::Day) }
}

/// Whether a hand-over tells all that it must and nothing that it may not.
pub(crate) fn check_hand(
    step: HandStep,
    on: Date,
    told: &HandDetails,
    today: Date,
) -> Result<(), GoodsFault> {
    day(on, Date::MIN, today)?;
    for field in HAND_FIELDS {
        let value = told.field(field);
        let needed = step.needs().contains(&field);
        text(field, value, needed)?;
        let choices = if value.is_empty() { &[] } else { step.choices(field) };
        if !choices.is_empty() && !choices.contains(&value) {
            return Err(GoodsFault::Field(field));
        }
    }
    Ok(())
}

/// The base unit of a unit of the policy pack, and how many of it make one: quantities are whole base units.
pub(crate) fn base(unit: &str) -> (&str, i64) {
    match unit {
        "kg" => ("g", 1_000),
        "ton" => ("g", 1_000_000),
        "liter" | "l" => ("ml", 1_000),
        other => (other, 1),
    }
}

/// A quantity as people say it: whole units, thousandths, and the unit. 15,250 g is (15, 250, "kg").
pub fn said(quantity: i64, unit: &str) -> (i64, i64, &str) {
    match unit {
        "g" => (quantity / 1_000, (quantity % 1_000).abs(), "kg"),
        "ml" => (quantity / 1_000, (quantity % 1_000).abs(), "liter"),
        other => (quantity, 0, other),
    }
}

/// Reads a quantity as people write it (kilograms or litres with up to three places behind the comma, pieces whole) into base units of
/// the unit; nothing when it is none. Points are refused: they part thousands for one reader and decimals for another.
pub fn heard(text: &str, unit: &str) -> Option<i64> {
    let digits =
        |text: &str| !text.is_empty() && text.len() <= 12 && text.bytes().all(|b| b.is_ascii_digit());
    let (whole, part) = text.trim().split_once(',').unwrap_or((text.trim(), ""));
    let scaled = matches!(unit, "g" | "ml");
    if !digits(whole) || !(part.is_empty() || (scaled && part.len() <= 3 && digits(part))) {
        return None;
    }
    let whole: i64 = whole.parse().ok()?;
    if !scaled {
        return Some(whole);
    }
    let part: i64 = format!("{part:0<3}").parse().ok()?;
    whole.checked_mul(1_000)?.checked_add(part)
}

/// An item that programmes hand out: the first version that names it, rather one that says what must be true of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item<'a> {
    /// Code, name and quality rule, as in the programme's file.
    pub goods: &'a policy::Goods,
    /// Its base unit.
    pub unit: &'a str,
}

/// Every item that some version of a programme hands out, by code.
pub fn items(policy: &Policy) -> Vec<Item<'_>> {
    let mut out: Vec<Item<'_>> = Vec::new();
    let versions = policy.programmes().values().flat_map(|programme| &programme.versions);
    for goods in versions.flat_map(|version| &version.goods) {
        match out.iter_mut().find(|item| item.goods.code == goods.code) {
            Some(item) if item.goods.quality.is_none() && goods.quality.is_some() => item.goods = goods,
            Some(_) => {}
            None => out.push(Item { goods, unit: base(&goods.unit).0 }),
        }
    }
    out.sort_by(|a, b| a.goods.code.cmp(&b.goods.code));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn quantities_are_whole_base_units_however_they_are_written() {
        assert_eq!(heard("15,25", "g"), Some(15_250));
        assert_eq!(heard("15", "g"), Some(15_000));
        assert_eq!(heard("7", "paket"), Some(7));
        for wrong in ["15.25", "1,2345", "-1", "", "1e3", "7,5x"] {
            assert_eq!(heard(wrong, "g"), None, "{wrong}");
        }
        assert_eq!(heard("7,5", "paket"), None, "a parcel is whole");
        assert_eq!(said(15_250, "g"), (15, 250, "kg"));
    }

    proptest! {
        #[test]
        fn what_is_said_is_heard_again(quantity in 0..QUANTITY_MAX, unit in prop::sample::select(vec!["g", "ml", "paket"])) {
            let (whole, part, _) = said(quantity, unit);
            let text = if part > 0 { format!("{whole},{part:03}") } else { whole.to_string() };
            prop_assert_eq!(heard(&text, unit), Some(quantity));
        }

        /// Whatever is tried: a family that has all of it gets no more, and nothing is given where nothing was handed over.
        #[test]
        fn no_history_hands_over_twice(steps in prop::collection::vec((0..HandStep::ALL.len(), 1..20i64), 0..40)) {
            let (due, mut given, mut state) = (10i64, 0i64, DueState::Open);
            for (step, some) in steps {
                let step = HandStep::ALL[step];
                let then = if step.gives() { given + some } else if step == HandStep::TakeBack { 0 } else { given };
                if then > due { continue }
                let Some(next) = step.after(state, then, due) else { continue };
                prop_assert!(!(step.gives() && state == DueState::HandedOver));
                (given, state) = (then, next);
                let has = matches!(state, DueState::HandedOver | DueState::Short | DueState::Instead);
                prop_assert_eq!(has, given > 0, "{:?}", state);
            }
        }
    }

    #[test]
    fn a_hand_over_tells_who_received_it_and_no_number() {
        let today = jiff::civil::date(2026, 11, 20);
        let told = HandDetails {
            whom: "Siti".into(),
            role: "self".into(),
            place: "Balai desa".into(),
            proof_kind: "signature".into(),
            proof: "Lembar 3".into(),
            note: String::new(),
        };
        assert_eq!(check_hand(HandStep::HandOver, today, &told, today), Ok(()));
        let other = HandDetails { role: "agent".into(), ..told.clone() };
        assert_eq!(check_hand(HandStep::HandOver, today, &other, today), Err(GoodsFault::Field("role")));
        let number = HandDetails { note: "NIK 9901 0101 0190 0001".into(), ..told.clone() };
        assert_eq!(check_hand(HandStep::HandOver, today, &number, today), Err(GoodsFault::Digits("note")));
        let tomorrow = today.tomorrow().unwrap();
        assert_eq!(check_hand(HandStep::HandOver, tomorrow, &told, today), Err(GoodsFault::Day));
    }
}
