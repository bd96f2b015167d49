//! Programmes: who may receive, what, how much, how often, through which channel, and since when.
//!
//! A programme is a list of versions, each with its days and its legal basis. Parameters have days of their own; where one
//! changes inside a version, the version is cut there, so that [`Programme::on`] always gives one whole, settled rule.

use std::collections::BTreeMap;

use jiff::{ToSpan, civil::Date};
use model::{Period, RegionCode, RegionLevel, Rupiah, RupiahOverflow};
use rules::{Expr, Label, Params, Value};

/// Who receives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipient {
    /// One person.
    Person,
    /// One family (*KPM*).
    Family,
    /// A group of families.
    Group,
    /// A community.
    Community,
}

/// On which day ages and dates of a rule are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReferenceDay {
    /// First day of the period that is decided.
    PeriodStart,
    /// Last day of the period.
    PeriodEnd,
    /// Last day of the month of the closing.
    Closing,
}

/// A programme.
#[derive(Debug, Clone)]
pub struct Programme {
    /// Key, as in `--programme`.
    pub key: String,
    /// Name for people.
    pub label: Label,
    /// Who receives.
    pub recipient: Recipient,
    /// What it is for, one sentence.
    pub purpose: Label,
    /// Remarks on sources and doubts.
    pub note: Option<Label>,
    /// Settled rules in the order of days; no two overlap.
    pub versions: Vec<ProgrammeVersion>,
}

/// The rule of a programme between two days.
#[derive(Debug, Clone)]
pub struct ProgrammeVersion {
    /// Key of the version, with a letter where a parameter cuts it: `2020`, `2020b`.
    pub key: String,
    /// First day.
    pub valid_from: Date,
    /// Last day; none while it is in force.
    pub valid_to: Option<Date>,
    /// The acts it rests on.
    pub legal_basis: String,
    /// Remarks: what is confirmed, what is not.
    pub note: Option<Label>,
    /// On which day ages are read.
    pub reference: ReferenceDay,
    /// Values of the parameters in these days, by name without `param.`.
    pub parameters: BTreeMap<String, Value>,
    /// All must be true (over `family.*`).
    pub eligibility: Vec<Condition>,
    /// None may be true (over `family.*`); an unknown one does not exclude, but is recorded.
    pub exclusions: Vec<Exclusion>,
    /// Benefit components (over `person.*`), in the order of the file; disabled ones too.
    pub components: Vec<Component>,
    /// The family needs at least one component: the reason given when it has none.
    pub needs_component: Option<ReasonWords>,
    /// Limits over all components.
    pub cap: Option<Cap>,
    /// An amount that every eligible family receives.
    pub flat: Option<Flat>,
    /// Places by region.
    pub quota: Option<Quota>,
    /// Other programmes and whether they go together with this one.
    pub combinations: Vec<Combination>,
    /// How often.
    pub schedule: Schedule,
    /// Key of the channel.
    pub channel: String,
    /// Key of the channel for lines that fail there.
    pub fallback_channel: Option<String>,
    /// Budget line.
    pub budget_line: String,
    /// What proves that the money arrived.
    pub proof: Vec<ReasonWords>,
    /// What ends the aid.
    pub ends: Vec<ReasonWords>,
}

/// A stable code and its words.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ReasonWords {
    /// Stable code of the reason.
    pub code: String,
    /// For the reader of a decision.
    pub text: Label,
}

/// A condition of eligibility.
#[derive(Debug, Clone)]
pub struct Condition {
    /// Stable code of the reason.
    pub code: String,
    /// The condition.
    pub when: Expr,
    /// For the reader of a decision.
    pub text: Label,
}

/// A reason to leave a family out.
#[derive(Debug, Clone)]
pub struct Exclusion {
    /// Stable code of the reason.
    pub code: String,
    /// The condition.
    pub when: Expr,
    /// Plain words of the status, never a bare dash.
    pub status: String,
    /// The word that SIKS-NG prints for it.
    pub siks_ng: String,
    /// For the reader of a decision.
    pub text: Label,
    /// What the family can do about it.
    pub remedy: Label,
}

/// A benefit for each person of a kind.
#[derive(Debug, Clone)]
pub struct Component {
    /// Stable code.
    pub code: String,
    /// Kind of component: health, education, welfare.
    pub group: String,
    /// Name for people.
    pub label: Label,
    /// Which person counts.
    pub when: Expr,
    /// For a year.
    pub amount_year: Rupiah,
    /// For a stage of three months.
    pub amount_stage: Rupiah,
    /// For a month, if it may be paid by the month.
    pub amount_month: Option<Rupiah>,
    /// At most so many persons of a family count.
    pub max_per_family: Option<u32>,
    /// Off: listed, shown, never counted.
    pub enabled: bool,
    /// What the family undertakes.
    pub conditionality: Option<Label>,
    /// How that is checked.
    pub verification: Option<Label>,
    /// Remarks.
    pub note: Option<Label>,
}

impl Component {
    /// The amount for a period; none when the component is not paid by such periods.
    pub fn amount(&self, period: Period) -> Option<Rupiah> {
        match period {
            Period::Year(_) => Some(self.amount_year),
            Period::Stage { .. } => Some(self.amount_stage),
            Period::Month(_) => self.amount_month,
        }
    }
}

/// Which components stay when there are more than the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CapOrder {
    /// Highest amount first, then the order of the file, then the older person.
    HighestAmount,
    /// The order of the file, then the older person.
    Listed,
}

/// Limits over all components of a family.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Cap {
    /// At most so many persons.
    pub persons: u32,
    /// At most so much a year.
    pub amount_year: Rupiah,
    /// Which stay.
    pub order: CapOrder,
    /// For the reader of a decision.
    pub text: Label,
}

impl Cap {
    /// The part of the yearly limit that a period may use.
    pub fn amount(&self, period: Period) -> Rupiah {
        Rupiah::new(self.amount_year.idr() * period.months() / 12)
    }
}

/// An amount for every eligible recipient.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Flat {
    /// Stable code, the component of the payment line.
    pub code: String,
    /// Name for people.
    pub label: Label,
    /// For a month.
    pub amount_month: Rupiah,
}

/// Direction of a tie-break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Lowest first; unknown last.
    Ascending,
    /// Highest first; unknown last.
    Descending,
}

/// Places by region.
#[derive(Debug, Clone)]
pub struct Quota {
    /// At which level places are given out.
    pub by: RegionLevel,
    /// Places by region; regions that are not here take the share.
    pub table: BTreeMap<RegionCode, u64>,
    /// Places in a region without a number: so many of each thousand families of the closing.
    pub share_permille: u32,
    /// Who comes first; the last tie is broken by the family's id.
    pub order: Vec<(Expr, Direction)>,
    /// The reason given to an eligible family without a place.
    pub reason: ReasonWords,
}

impl Quota {
    /// Places of a region that holds `families` families.
    pub fn places(&self, region: &RegionCode, families: u64) -> u64 {
        let by_share = u128::from(families) * u128::from(self.share_permille) / 1000;
        self.table.get(region).copied().unwrap_or(u64::try_from(by_share).unwrap_or(u64::MAX))
    }
}

/// Whether two programmes go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Together {
    /// They may be received together.
    May,
    /// Who receives the other does not receive this one.
    Blocks,
    /// Only who receives the other receives this one.
    Needs,
}

/// One line of the combination matrix.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Combination {
    /// Key of the other programme; it need not be in the pack.
    pub with: String,
    /// Whether they go together.
    pub rule: Together,
    /// The reason.
    pub reason: ReasonWords,
}

/// How often is decided and paid.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Schedule {
    /// Decides for months.
    pub month: bool,
    /// Decides for stages of three months.
    pub stage: bool,
    /// Decides for years.
    pub year: bool,
    /// Months (1-12) in which payment is planned.
    pub pay_months: Vec<i64>,
}

impl Schedule {
    /// Whether a decision may be made for such a period.
    pub fn accepts(&self, period: Period) -> bool {
        match period {
            Period::Month(_) => self.month,
            Period::Stage { .. } => self.stage,
            Period::Year(_) => self.year,
        }
    }
}

impl Programme {
    /// The rule in force on a day, if any.
    pub fn on(&self, day: Date) -> Option<&ProgrammeVersion> {
        self.versions.iter().find(|version| version.holds_on(day))
    }

    /// The flat amount for a period: the sum over its months, each by the rule in force on the month's first day; zero in months
    /// without a rule.
    ///
    /// # Errors
    /// [`RupiahOverflow`] when amounts leave 64 bits.
    pub fn flat_amount(&self, period: Period) -> Result<Rupiah, RupiahOverflow> {
        let mut sum = Rupiah::ZERO;
        for months in 0..period.months() {
            let first = period.first_day().checked_add(months.months()).map_err(|_| RupiahOverflow)?;
            if let Some(flat) = self.on(first).and_then(|version| version.flat.as_ref()) {
                sum = sum.plus(flat.amount_month)?;
            }
        }
        Ok(sum)
    }
}

impl ProgrammeVersion {
    /// Whether the rule is in force on a day.
    pub fn holds_on(&self, day: Date) -> bool {
        self.valid_from <= day && self.valid_to.is_none_or(|last| day <= last)
    }

    /// The day on which ages are read, for a decision on `period` from a closing at `closing_day`.
    pub fn reference_day(&self, period: Period, closing_day: Date) -> Date {
        match self.reference {
            ReferenceDay::PeriodStart => period.first_day(),
            ReferenceDay::PeriodEnd => period.last_day(),
            ReferenceDay::Closing => closing_day,
        }
    }

    /// Parameters and reference date as the expression language takes them.
    pub fn params(&self, reference_day: Date) -> Params {
        let mut params = Params::at(reference_day);
        for (name, value) in &self.parameters {
            params.set(format!("param.{name}"), value.clone());
        }
        params
    }

    /// A component by code.
    pub fn component(&self, code: &str) -> Option<&Component> {
        self.components.iter().find(|component| component.code == code)
    }
}
