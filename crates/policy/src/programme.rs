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

/// The ministry's field of work that a programme belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Pillar {
    /// Social protection and insurance (*perlindungan dan jaminan sosial*).
    Protection,
    /// Handling of the poor (*penanganan fakir miskin*).
    Poverty,
    /// Social rehabilitation (*rehabilitasi sosial*).
    Rehabilitation,
    /// Empowerment (*pemberdayaan sosial*).
    Empowerment,
    /// Victims of disasters (*perlindungan korban bencana*).
    Disaster,
}

/// What kind of help a benefit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BenefitKind {
    /// Money into an account or over the counter.
    Cash,
    /// Money that buys certain goods only.
    EMoney,
    /// A regular sum to a person for what he or she is or was.
    Allowance,
    /// Money to the account of a group.
    GroupGrant,
    /// Things.
    Goods,
    /// Work of people for people.
    Service,
    /// An assistive device, handed over once an item.
    Device,
}

impl BenefitKind {
    /// Whether it goes out as a payment line.
    pub fn is_money(self) -> bool {
        matches!(self, Self::Cash | Self::EMoney | Self::Allowance | Self::GroupGrant)
    }
}

/// Who pays for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Funding {
    /// State budget.
    Apbn,
    /// Budget of a province, regency or city.
    Apbd,
    /// Domestic grant fund (*hibah dalam negeri*), from licensed prize draws.
    Hdn,
    /// Companies.
    Csr,
}

/// What passing the rule means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Selection {
    /// Whoever passes receives, once the list is approved.
    List,
    /// Whoever passes may be proposed; people decide each case. Such a list is never paid from.
    Candidates,
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
    /// Field of work.
    pub pillar: Pillar,
    /// Budgets across programmes that it belonged to, such as the recovery budget of 2020.
    pub tags: Vec<String>,
    /// Words of its parameters, by name without `param.`.
    pub parameters: BTreeMap<String, Label>,
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
    /// Off: shown and explained, never decided.
    pub enabled: bool,
    /// What passing the rule means.
    pub selection: Selection,
    /// Who pays for it.
    pub funding: Vec<Funding>,
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
    /// Things that every recipient is given.
    pub goods: Vec<Goods>,
    /// Services that a recipient may be given, as the case plan says.
    pub services: Vec<Service>,
    /// How families form a group.
    pub group: Option<GroupRule>,
    /// Stages that a community goes through, in order.
    pub steps: Vec<ReasonWords>,
    /// Places by region.
    pub quota: Option<Quota>,
    /// Other programmes and whether they go together with this one.
    pub combinations: Vec<Combination>,
    /// How often.
    pub schedule: Schedule,
    /// Key of the channel, where money goes out.
    pub channel: Option<String>,
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
    /// What kind of help it is.
    pub kind: BenefitKind,
    /// Which person counts.
    pub when: Expr,
    /// For a year.
    pub amount_year: Rupiah,
    /// For a stage of three months.
    pub amount_stage: Rupiah,
    /// For a month, if it may be paid by the month.
    pub amount_month: Option<Rupiah>,
    /// The amount is given once and not by the stage or month.
    pub once: bool,
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
            _ if self.once => None,
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

/// How often an amount or a quantity is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Every {
    /// Every calendar day.
    Day,
    /// Every month.
    Month,
    /// Once, within the year that is decided.
    Once,
}

impl Every {
    /// How many times within a month that begins on `first`; `opens` says whether it is the first of its period.
    fn times(self, first: Date, opens: bool) -> i64 {
        match self {
            Self::Day => i64::from(first.days_in_month()),
            Self::Month => 1,
            Self::Once => i64::from(opens),
        }
    }
}

/// An amount for every eligible recipient.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Flat {
    /// Stable code, the component of the payment line.
    pub code: String,
    /// Name for people.
    pub label: Label,
    /// What kind of help it is.
    pub kind: BenefitKind,
    /// How much each time.
    pub amount: Rupiah,
    /// How often.
    pub every: Every,
}

/// Things for every eligible recipient.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Goods {
    /// Stable code.
    pub code: String,
    /// What it is.
    pub label: Label,
    /// Unit of the quantity: kg, parcel, package.
    pub unit: String,
    /// How many units each time.
    pub quantity: i64,
    /// How often.
    pub every: Every,
    /// What a unit is worth; zero where no value is known.
    pub value: Rupiah,
    /// What must be true of it at hand-over.
    pub quality: Option<Label>,
}

/// A service that a case plan may hold.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Service {
    /// Stable code.
    pub code: String,
    /// Its name.
    pub label: Label,
}

/// How families form a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct GroupRule {
    /// Fewest families of a group.
    pub families_min: u32,
    /// Most families of a group.
    pub families_max: u32,
    /// All families of a group live in one region of this level.
    pub within: RegionLevel,
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
    /// Places of the whole country that the table may not exceed.
    pub ceiling: Option<u64>,
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
    /// More programmes that stand for the same: any of them blocks, or is enough.
    pub or: Vec<String>,
    /// Whether they go together.
    pub rule: Together,
    /// The reason.
    pub reason: ReasonWords,
}

impl Combination {
    /// Keys of all programmes that the line names.
    pub fn programmes(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.with).chain(&self.or).map(String::as_str)
    }
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
    /// What it gives is given once; decided for the year in which that happens.
    pub once: bool,
    /// Months (1-12) in which payment is planned.
    pub pay_months: Vec<i64>,
}

impl Schedule {
    /// Whether a decision may be made for such a period.
    pub fn accepts(&self, period: Period) -> bool {
        match period {
            Period::Month(_) => self.month,
            Period::Stage { .. } => self.stage,
            Period::Year(_) => self.year || self.once,
        }
    }
}

impl Programme {
    /// The rule for a period: the one in force on its first day, else the first that begins within it.
    pub fn during(&self, period: Period) -> Option<&ProgrammeVersion> {
        let (first, last) = (period.first_day(), period.last_day());
        let begins = |version: &&ProgrammeVersion| first < version.valid_from && version.valid_from <= last;
        self.on(first).or_else(|| self.versions.iter().find(begins))
    }

    /// The rule in force on a day, if any.
    pub fn on(&self, day: Date) -> Option<&ProgrammeVersion> {
        self.versions.iter().find(|version| version.holds_on(day))
    }

    /// What every recipient is given for a period, in rupiah: the flat amounts of its months, each by the rule in force on the
    /// month's first day; nothing in months without a rule.
    ///
    /// # Errors
    /// [`RupiahOverflow`] when amounts leave 64 bits.
    pub fn flat_amount(&self, period: Period) -> Result<Rupiah, RupiahOverflow> {
        let flat = |version: &ProgrammeVersion, first, opens| match &version.flat {
            Some(flat) => flat.amount.times(flat.every.times(first, opens)),
            None => Ok(Rupiah::ZERO),
        };
        self.sum_of_months(period, flat)
    }

    /// What the goods for one recipient and a period are worth, in rupiah.
    ///
    /// # Errors
    /// [`RupiahOverflow`] when amounts leave 64 bits.
    pub fn goods_value(&self, period: Period) -> Result<Rupiah, RupiahOverflow> {
        let goods = |version: &ProgrammeVersion, first, opens| {
            version.goods.iter().try_fold(Rupiah::ZERO, |sum, goods| {
                let units = goods.quantity.checked_mul(goods.every.times(first, opens));
                sum.plus(goods.value.times(units.ok_or(RupiahOverflow)?)?)
            })
        };
        self.sum_of_months(period, goods)
    }

    /// The goods for one recipient and a period: code, unit and number of units, each once.
    ///
    /// # Errors
    /// [`RupiahOverflow`] when a number leaves 64 bits.
    pub fn goods(&self, period: Period) -> Result<Vec<(&str, &str, i64)>, RupiahOverflow> {
        let mut out: Vec<(&str, &str, i64)> = Vec::new();
        for (version, first, opens) in self.months(period) {
            for goods in &version.goods {
                let units =
                    goods.quantity.checked_mul(goods.every.times(first, opens)).ok_or(RupiahOverflow)?;
                match out.iter_mut().find(|(code, unit, _)| *code == goods.code && *unit == goods.unit) {
                    Some((_, _, sum)) => *sum = sum.checked_add(units).ok_or(RupiahOverflow)?,
                    None => out.push((&goods.code, &goods.unit, units)),
                }
            }
        }
        Ok(out)
    }

    fn sum_of_months(
        &self,
        period: Period,
        of: impl Fn(&ProgrammeVersion, Date, bool) -> Result<Rupiah, RupiahOverflow>,
    ) -> Result<Rupiah, RupiahOverflow> {
        self.months(period)
            .try_fold(Rupiah::ZERO, |sum, (version, first, opens)| sum.plus(of(version, first, opens)?))
    }

    /// The months of a period in which a rule holds: the rule, the month's first day, whether it is the first of these.
    fn months(&self, period: Period) -> impl Iterator<Item = (&ProgrammeVersion, Date, bool)> {
        let first = move |months: i64| period.first_day().checked_add(months.months()).ok();
        let held = (0..period.months()).filter_map(first).filter_map(|day| Some((self.on(day)?, day)));
        held.enumerate().map(|(i, (version, day))| (version, day, i == 0))
    }
}

impl ProgrammeVersion {
    /// Whether the rule is in force on a day.
    pub fn holds_on(&self, day: Date) -> bool {
        self.valid_from <= day && self.valid_to.is_none_or(|last| day <= last)
    }

    /// Whether both are in force on some day.
    pub fn overlaps(&self, other: &Self) -> bool {
        let ends_before = |a: &Self, b: &Self| a.valid_to.is_some_and(|end| end < b.valid_from);
        !ends_before(self, other) && !ends_before(other, self)
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
        params_of(&self.parameters, reference_day)
    }

    /// Whether something goes out as payment lines.
    pub fn pays_money(&self) -> bool {
        let components = self.components.iter().filter(|part| part.enabled).map(|part| part.kind);
        self.selection == Selection::List
            && components.chain(self.flat.iter().map(|flat| flat.kind)).any(BenefitKind::is_money)
    }

    /// A component by code.
    pub fn component(&self, code: &str) -> Option<&Component> {
        self.components.iter().find(|component| component.code == code)
    }
}

pub(crate) fn params_of(values: &BTreeMap<String, Value>, reference_day: Date) -> Params {
    let mut params = Params::at(reference_day);
    for (name, value) in values {
        params.set(format!("param.{name}"), value.clone());
    }
    params
}
