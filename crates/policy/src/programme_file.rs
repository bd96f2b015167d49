//! Reads `programmes/*.toml` into settled versions: parameters are resolved, rules compiled, days checked.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{ToSpan, civil::Date};
use model::{RegionCode, RegionLevel, Rupiah};
use rules::{Field, Type, Value};

use crate::{
    expr::Names,
    fault::Faults,
    pack::Pack,
    programme::{
        BenefitKind, Cap, CapOrder, Combination, Component, Condition, Direction, Every, Exclusion, Flat,
        Funding, Goods, GroupRule, Pillar, Programme, ProgrammeVersion, Quota, ReasonWords, Recipient,
        ReferenceDay, Schedule, Selection, Service, Together, params_of,
    },
    reader::{Placed, Source as File, Table},
    schema::{ColumnType, Schema},
    table::Csv,
};

/// A parameter with its values by days.
struct Parameter {
    name: String,
    kind: Type,
    label: rules::Label,
    values: Vec<ParameterValue>,
}

struct ParameterValue {
    from: Date,
    to: Option<Date>,
    value: Value,
}

/// What the reading of one version needs.
struct Reading<'a> {
    pack: &'a Pack,
    faults: &'a Faults,
    shared: &'a Shared<'a>,
    parameters: &'a [Parameter],
    values: BTreeMap<String, Value>,
    of_family: Names,
    of_person: Names,
}

/// What all programmes have in common.
struct Shared<'a> {
    schema: &'a Schema,
    /// Exclusions that many programmes share, by code (`clauses.toml`).
    clauses: Vec<Exclusion>,
    /// Provinces, regencies and cities that exist.
    regions: BTreeSet<RegionCode>,
    /// What a variant of the pack sets otherwise.
    settings: &'a [Setting],
}

/// One number that a variant of a pack sets otherwise than its files, for every day.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Setting {
    /// Key of the programme.
    pub programme: String,
    /// Name of a whole-number parameter, or [`SHARE`].
    pub name: String,
    /// Its value.
    pub value: i64,
}

/// The places in a thousand families of a programme's quota, as the name of a [`Setting`]; the table of regions then does not count.
pub const SHARE: &str = "share_permille";

/// Wordings that many programmes share: corrected in one place.
const CLAUSES: &str = "clauses.toml";

pub(crate) fn load(
    pack: &Pack,
    faults: &Faults,
    schema: &Schema,
    settings: &[Setting],
) -> BTreeMap<String, Programme> {
    let (clauses, regions) = (clauses(pack, faults, schema), regions(pack, faults));
    let shared = Shared { schema, clauses, regions, settings };
    let mut out = BTreeMap::new();
    for (file, text) in pack.in_folder("programmes/", ".toml") {
        let source = File { file, text, faults };
        let programme = source.read_toml(|table| read(table, pack, faults, &shared));
        if out.insert(programme.key.clone(), programme).is_some() {
            source.fault(0, "a programme with this key exists", "choose another key");
        }
    }
    out
}

fn clauses(pack: &Pack, faults: &Faults, schema: &Schema) -> Vec<Exclusion> {
    let Some(text) = pack.files.get(CLAUSES) else { return Vec::new() };
    let names = Names::of_family(schema);
    File { file: CLAUSES, text, faults }
        .read_toml(|table| table.each("exclusion", |part| exclusion(part, &names)))
        .into_iter()
        .flatten()
        .collect()
}

/// Regencies and cities of the table of codes, and their provinces.
fn regions(pack: &Pack, faults: &Faults) -> BTreeSet<RegionCode> {
    let file = "regions/bps_kabkota.csv";
    let Some(csv) = Csv::open(pack, faults, file, &["kemendagri_code"]) else { return BTreeSet::new() };
    let districts = csv.rows().filter_map(|row| RegionCode::parse(row.get("kemendagri_code")).ok());
    districts.flat_map(|code| [code.parent(), Some(code)]).flatten().collect()
}

fn read(table: &Table<'_>, pack: &Pack, faults: &Faults, shared: &Shared<'_>) -> Programme {
    let mut parameters = table.each("parameter", read_parameter);
    let own = |setting: &&Setting| table.opt_text("key").as_deref() == Some(setting.programme.as_str());
    for setting in shared.settings.iter().filter(own) {
        for parameter in parameters.iter_mut().filter(|parameter| parameter.name == setting.name) {
            parameter.values.iter_mut().for_each(|value| value.value = Value::Int(setting.value));
        }
    }
    let mut versions: Vec<ProgrammeVersion> = Vec::new();
    let mut ended: Option<Date> = None;
    table.each_based("version", &["valid_from", "valid_to", "note_id", "note_en", "resumes"], |version| {
        let settled = read_version(version, &parameters, pack, faults, shared);
        let overlaps = settled.iter().any(|new| versions.iter().any(|old| new.overlaps(old)));
        if overlaps {
            version.fault(
                "valid_from",
                "two versions hold on one day",
                "end the earlier one before this day",
            );
        }
        gap(version, ended, settled.first().map(|first| first.valid_from));
        ended = settled.last().and_then(|last| last.valid_to);
        versions.extend(settled);
    });
    if versions.is_empty() {
        table.fault("key", "the programme has no version", "add a [[version]] with valid_from");
    }
    versions.sort_by_key(|version| version.valid_from);
    Programme {
        key: table.text("key"),
        label: table.label("label"),
        recipient: table.choice("recipient", &RECIPIENTS, true),
        pillar: table.choice("pillar", &PILLARS, true),
        tags: table.plain_texts("tags"),
        parameters: parameters.into_iter().map(|parameter| (parameter.name, parameter.label)).collect(),
        purpose: table.label("purpose"),
        note: table.opt_label("note"),
        versions,
    }
}

/// Puts the share that a variant sets into the quotas of its programme.
pub(crate) fn set_shares(programmes: &mut BTreeMap<String, Programme>, settings: &[Setting]) {
    for setting in settings.iter().filter(|setting| setting.name == SHARE) {
        let versions = programmes.get_mut(&setting.programme).map(|programme| &mut programme.versions);
        for quota in versions.into_iter().flatten().filter_map(|version| version.quota.as_mut()) {
            quota.table.clear();
            quota.share_permille = u32::try_from(setting.value.clamp(0, 1000)).unwrap_or_default();
        }
    }
}

/// Days without a rule between two versions are said, not left open by a slip.
fn gap(version: &Table<'_>, ended: Option<Date>, begins: Option<Date>) {
    let resumes = version.flag("resumes", false);
    let (Some(ended), Some(begins)) = (ended, begins) else { return };
    if ended.tomorrow().is_ok_and(|next| next < begins) && !resumes {
        let message = format!("no rule holds from the day after {ended} to {begins}");
        version.fault(
            "valid_from",
            message,
            "close the gap, or write resumes = true where the programme paused",
        );
    }
}

const PILLARS: [(&str, Pillar); 5] = [
    ("protection", Pillar::Protection),
    ("poverty", Pillar::Poverty),
    ("rehabilitation", Pillar::Rehabilitation),
    ("empowerment", Pillar::Empowerment),
    ("disaster", Pillar::Disaster),
];

const KINDS: [(&str, BenefitKind); 7] = [
    ("cash", BenefitKind::Cash),
    ("e_money", BenefitKind::EMoney),
    ("allowance", BenefitKind::Allowance),
    ("group_grant", BenefitKind::GroupGrant),
    ("goods", BenefitKind::Goods),
    ("service", BenefitKind::Service),
    ("device", BenefitKind::Device),
];

const FUNDINGS: [(&str, Funding); 4] =
    [("APBN", Funding::Apbn), ("APBD", Funding::Apbd), ("HDN", Funding::Hdn), ("CSR", Funding::Csr)];

const SELECTIONS: [(&str, Selection); 2] = [("list", Selection::List), ("candidates", Selection::Candidates)];

const RECIPIENTS: [(&str, Recipient); 4] = [
    ("family", Recipient::Family),
    ("person", Recipient::Person),
    ("group", Recipient::Group),
    ("community", Recipient::Community),
];

fn read_parameter(table: &Table<'_>) -> Parameter {
    let kind = table.choice(
        "type",
        &[("int", Type::Int), ("bool", Type::Bool), ("text", Type::Text), ("date", Type::Date)],
        true,
    );
    let values: Vec<ParameterValue> = table.each("value", |value| read_parameter_value(value, kind));
    for (i, value) in values.iter().enumerate() {
        let clash = |other: &ParameterValue| {
            value.to.is_none_or(|end| other.from <= end) && other.to.is_none_or(|end| value.from <= end)
        };
        if values[..i].iter().any(clash) {
            table.fault("value", "two values hold on one day", "end the earlier one before the later begins");
        }
    }
    Parameter { name: table.text("name"), kind, label: table.label("label"), values }
}

fn read_parameter_value(table: &Table<'_>, kind: Type) -> ParameterValue {
    let value = match kind {
        Type::Bool => Value::Bool(table.flag("value", false)),
        Type::Text => Value::Text(table.text("value")),
        Type::Date => Value::date(table.date("value")),
        Type::Int | Type::Num => Value::Int(table.int("value", -1_000_000_000_000..=1_000_000_000_000)),
    };
    let (from, to) = (table.date("from"), table.opt_date("to"));
    table.text("legal_basis");
    if to.is_some_and(|to| to < from) {
        table.fault("to", "ends before it begins", "correct the days");
    }
    ParameterValue { from, to, value }
}

/// The version, cut where a parameter changes.
fn read_version(
    table: &Table<'_>,
    parameters: &[Parameter],
    pack: &Pack,
    faults: &Faults,
    shared: &Shared<'_>,
) -> Vec<ProgrammeVersion> {
    let (from, to) = (table.date("valid_from"), table.opt_date("valid_to"));
    if to.is_some_and(|to| to < from) {
        table.fault("valid_to", "ends before it begins", "correct the days");
        return Vec::new();
    }
    let slices = slices(from, to, parameters);
    let many = slices.len() > 1;
    let mut out = Vec::with_capacity(slices.len());
    for (i, (from, to)) in slices.into_iter().enumerate() {
        let mut reading = Reading {
            pack,
            faults,
            shared,
            parameters,
            values: BTreeMap::new(),
            of_family: Names::of_family(shared.schema),
            of_person: Names::of_person(shared.schema),
        };
        for parameter in parameters {
            reading.resolve(table, parameter, from);
        }
        let mut version = reading.version(table, from, to);
        if many {
            version.key.push(char::from(b'a' + (i as u8).min(25)));
        }
        out.push(version);
    }
    out
}

/// Days of a version between the changes of its parameters.
fn slices(from: Date, to: Option<Date>, parameters: &[Parameter]) -> Vec<(Date, Option<Date>)> {
    let inside = |day: &Date| *day > from && to.is_none_or(|to| *day <= to);
    let values = parameters.iter().flat_map(|parameter| &parameter.values);
    let cuts: BTreeSet<Date> = values
        .flat_map(|value| [Some(value.from), value.to.and_then(|day| day.tomorrow().ok())])
        .flatten()
        .filter(inside)
        .collect();
    let mut starts = vec![from];
    starts.extend(cuts);
    let ends = starts.iter().skip(1).map(|next| next.checked_sub(1.day()).ok()).chain([to]);
    starts.iter().copied().zip(ends.collect::<Vec<_>>()).collect()
}

impl Reading<'_> {
    /// Takes over the value that a parameter has on a day.
    fn resolve(&mut self, table: &Table<'_>, parameter: &Parameter, day: Date) {
        let holds = |value: &&ParameterValue| value.from <= day && value.to.is_none_or(|to| day <= to);
        let Some(value) = parameter.values.iter().find(holds) else {
            let message =
                format!("the parameter `{}` has no value on {day}, where this version holds", parameter.name);
            table.fault("valid_from", message, "add a [[parameter.value]] for these days");
            return;
        };
        let field = Field::param(format!("param.{}", parameter.name), parameter.kind)
            .label(&parameter.label.id, &parameter.label.en);
        self.of_family.add(field.clone());
        self.of_person.add(field);
        self.values.insert(parameter.name.clone(), value.value.clone());
    }

    fn version(&self, table: &Table<'_>, from: Date, to: Option<Date>) -> ProgrammeVersion {
        for key in ["valid_from", "valid_to"] {
            table.opt_date(key);
        }
        table.opt_text("based_on");
        table.flag("resumes", false);
        let version = ProgrammeVersion {
            key: table.text("key"),
            valid_from: from,
            valid_to: to,
            legal_basis: table.text("legal_basis"),
            note: table.opt_label("note"),
            enabled: table.flag("enabled", true),
            selection: table.choice("selection", &SELECTIONS, false),
            funding: table
                .texts("funding")
                .iter()
                .filter_map(|word| table.word_of(&word.value, &FUNDINGS, &word.at))
                .collect(),
            reference: table.choice("reference", &REFERENCES, true),
            parameters: self.values.clone(),
            eligibility: table
                .each("eligibility", |part| self.condition(part))
                .into_iter()
                .flatten()
                .collect(),
            exclusions: self.exclusions(table),
            components: table.each("component", |part| self.component(part)).into_iter().flatten().collect(),
            needs_component: table.opt_table("needs_component", reason),
            cap: table.opt_table("cap", |part| self.cap(part)),
            flat: table.opt_table("flat", |part| self.flat(part)),
            goods: table.each("goods", |part| self.goods(part)),
            services: table
                .each("service", |part| Service { code: part.text("code"), label: part.label("label") }),
            group: table.opt_table("group", group),
            steps: table.each("step", reason),
            quota: table.opt_table("quota", |part| self.quota(part)),
            combinations: table.each("combination", combination),
            schedule: table.table("schedule", schedule).unwrap_or_else(never),
            channel: table.opt_text("channel"),
            fallback_channel: table.opt_text("fallback_channel"),
            budget_line: table.text("budget_line"),
            proof: table.each("proof", reason),
            ends: table.each("ends", reason),
        };
        check(table, &version);
        version
    }

    fn condition(&self, table: &Table<'_>) -> Option<Condition> {
        let (code, text) = (table.text("code"), table.label("text"));
        let when = self.of_family.condition(table, "when")?;
        self.look(table, &when);
        Some(Condition { code, text, when })
    }

    /// Warns of a condition that is the same for everybody.
    fn look(&self, table: &Table<'_>, when: &rules::Expr) {
        let remedy = "compare with what the column may hold, or take the condition out";
        match when.always(&params_of(&self.values, Date::MIN)) {
            Some(true) => table.warn("when", "true for everybody of whom the values are known", remedy),
            Some(false) => table.warn("when", "true for nobody", remedy),
            None => {}
        }
    }

    /// The shared clauses in the order named, then the version's own exclusions.
    fn exclusions(&self, table: &Table<'_>) -> Vec<Exclusion> {
        let mut out = Vec::new();
        for name in table.texts("clauses") {
            match self.shared.clauses.iter().find(|clause| clause.code == name.value) {
                Some(clause) => out.push(clause.clone()),
                None => {
                    let known: Vec<&str> =
                        self.shared.clauses.iter().map(|clause| clause.code.as_str()).collect();
                    let remedy = format!("the clauses of {CLAUSES} are: {}", known.join(", "));
                    table.fault_at(&name.at, format!("no clause `{}`", name.value), remedy);
                }
            }
        }
        out.extend(table.each("exclusion", |part| self.exclusion(part)).into_iter().flatten());
        out
    }

    fn exclusion(&self, table: &Table<'_>) -> Option<Exclusion> {
        let exclusion = exclusion(table, &self.of_family)?;
        self.look(table, &exclusion.when);
        Some(exclusion)
    }

    fn component(&self, table: &Table<'_>) -> Option<Component> {
        let kind = table.choice("kind", &KINDS, false);
        let once = table.has("amount_once");
        // Services and devices are no sums of money.
        let (amount_year, amount_stage) = if once {
            (self.amount(table, "amount_once"), Rupiah::ZERO)
        } else if kind.is_money() {
            (self.amount(table, "amount_year"), self.amount(table, "amount_stage"))
        } else {
            (Rupiah::ZERO, Rupiah::ZERO)
        };
        if !once && amount_stage.times(4) != Ok(amount_year) {
            table.fault(
                "amount_stage",
                "four stages do not make the year's amount",
                "correct one of the amounts",
            );
        }
        let when = self.of_person.condition(table, "when")?;
        self.look(table, &when);
        Some(Component {
            code: table.text("code"),
            group: table.text("group"),
            label: table.label("label"),
            kind,
            when,
            amount_year,
            amount_stage,
            amount_month: if kind.is_money() {
                table.has("amount_month").then(|| self.amount(table, "amount_month"))
            } else {
                Some(Rupiah::ZERO)
            },
            once,
            max_per_family: table.opt_int_in("max_per_family", 1..=20).map(|most| most as u32),
            enabled: table.flag("enabled", true),
            conditionality: table.opt_label("conditionality"),
            verification: table.opt_label("verification"),
            note: table.opt_label("note"),
        })
    }

    /// An amount written as a number or as the name of a parameter.
    fn amount(&self, table: &Table<'_>, key: &str) -> Rupiah {
        let place = table.place(key);
        if let Some(name) = table.opt_param_name(key) {
            match self.values.get(&name) {
                Some(Value::Int(idr)) if *idr >= 0 => return Rupiah::new(*idr),
                Some(_) => {
                    table.fault_at(&place, "the parameter is no amount", "take a whole-number parameter");
                }
                None => table.fault_at(&place, format!("no parameter `{name}`"), self.known_parameters()),
            }
            return Rupiah::ZERO;
        }
        if !table.has(key) {
            table.fault(key, format!("`{key}` is missing"), "write an amount in rupiah");
        }
        table.opt_rupiah(key).unwrap_or_default()
    }

    fn known_parameters(&self) -> String {
        let names: Vec<&str> = self.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
        format!("the parameters are: {}", names.join(", "))
    }

    fn cap(&self, table: &Table<'_>) -> Cap {
        Cap {
            persons: table.int("persons", 1..=50) as u32,
            amount_year: self.amount(table, "amount_year"),
            order: table.choice(
                "order",
                &[("highest_amount_first", CapOrder::HighestAmount), ("listed_order", CapOrder::Listed)],
                true,
            ),
            text: table.label("text"),
        }
    }

    fn flat(&self, table: &Table<'_>) -> Flat {
        let (every, amount) = self.every(table, "amount", |key| self.amount(table, key));
        Flat {
            code: table.text("code"),
            label: table.label("label"),
            kind: table.choice("kind", &KINDS, false),
            amount,
            every,
        }
    }

    fn goods(&self, table: &Table<'_>) -> Goods {
        let (every, quantity) = self.every(table, "quantity", |key| self.amount(table, key).idr());
        Goods {
            code: table.text("code"),
            label: table.label("label"),
            unit: table.text("unit"),
            quantity,
            every,
            value: if table.has("value") { self.amount(table, "value") } else { Rupiah::ZERO },
            quality: table.opt_label("quality"),
        }
    }

    /// The one key of `STEM_day`, `STEM_month`, `STEM_once` that is written, and its value.
    fn every<T>(&self, table: &Table<'_>, stem: &str, read: impl Fn(&str) -> T) -> (Every, T) {
        let ways = [("month", Every::Month), ("once", Every::Once), ("day", Every::Day)];
        let key = |word: &str| format!("{stem}_{word}");
        let written: Vec<&(&str, Every)> = ways.iter().filter(|(word, _)| table.has(&key(word))).collect();
        if written.len() > 1 {
            let message = format!("`{stem}` is written for more than one time");
            table.fault(&key(written[1].0), message, "keep one of them");
        }
        let (word, every) = written.first().copied().unwrap_or(&ways[0]);
        (*every, read(&key(word)))
    }

    fn quota(&self, table: &Table<'_>) -> Quota {
        let file = table.opt_placed_text("table");
        let ceiling = table.opt_int_in("ceiling", 1..=1_000_000_000);
        let places = file.map(|file| self.quota_table(table, &file)).unwrap_or_default();
        let given: u64 = places.values().fold(0, |sum, places| sum.saturating_add(*places));
        if ceiling.is_some_and(|ceiling| given > ceiling.unsigned_abs()) {
            let message = format!("the table gives {given} places, more than the ceiling");
            table.fault("ceiling", message, "lower the table's numbers or raise the ceiling");
        }
        Quota {
            by: table.region_level("by"),
            table: places,
            ceiling: ceiling.map(i64::unsigned_abs),
            share_permille: table.int("share_permille", 0..=1000) as u32,
            order: table.texts("order").iter().filter_map(|text| self.order(table, text)).collect(),
            reason: reason_of(table),
        }
    }

    /// `family.decile` or `family.size desc`.
    fn order(&self, table: &Table<'_>, text: &Placed<String>) -> Option<(rules::Expr, Direction)> {
        let (expression, direction) = match text.value.strip_suffix(" desc") {
            Some(expression) => (expression, Direction::Descending),
            None => (text.value.as_str(), Direction::Ascending),
        };
        let placed = Placed { value: expression.to_owned(), at: text.at.clone() };
        Some((self.of_family.compile(table, &placed, Some(ColumnType::Int))?, direction))
    }

    /// Rows `region,families` of a table of the pack.
    fn quota_table(&self, table: &Table<'_>, file: &Placed<String>) -> BTreeMap<RegionCode, u64> {
        let mut places = BTreeMap::new();
        if !self.pack.files.contains_key(&file.value) {
            table.fault_at(&file.at, "no such file in the pack", "give its path within the pack");
            return places;
        }
        let Some(csv) = Csv::open(self.pack, self.faults, &file.value, &["region", "families"]) else {
            return places;
        };
        for row in csv.rows() {
            match (RegionCode::parse(row.get("region")), row.get("families").parse::<u64>()) {
                (Ok(region), Ok(families)) => {
                    if !self.exists(&region) {
                        row.fault("region", "no region has this code", "take a code of the table of regions");
                    }
                    if places.insert(region, families).is_some() {
                        row.fault("region", "stands twice", "keep one row");
                    }
                }
                (Err(_), _) => row.fault("region", "no region code", "write it as 11.01"),
                (_, Err(_)) => row.fault("families", "no number of families", "write digits only"),
            }
        }
        places
    }
}

impl Reading<'_> {
    /// Whether a province, regency or city exists. Codes from 99 on are of invented populations.
    fn exists(&self, region: &RegionCode) -> bool {
        let known = region.at(RegionLevel::District);
        self.shared.regions.is_empty()
            || self.shared.regions.contains(&known)
            || known.as_str().starts_with("99")
    }
}

/// An exclusion; its status is never a bare dash.
fn exclusion(table: &Table<'_>, names: &Names) -> Option<Exclusion> {
    let (code, status) = (table.text("code"), table.text("status"));
    if status.trim_matches('-').trim().is_empty() {
        table.fault(
            "status",
            "a bare dash tells nobody anything",
            "write plain words; the dash goes to siks_ng",
        );
    }
    let siks_ng = table.opt_text("siks_ng").unwrap_or_else(|| status.clone());
    let (text, remedy) = (table.label("text"), table.label("remedy"));
    let when = names.condition(table, "when")?;
    Some(Exclusion { code, when, status, siks_ng, text, remedy })
}

fn group(table: &Table<'_>) -> GroupRule {
    let families_min = table.int("families_min", 2..=1000);
    let families_max = table.int("families_max", 2..=1000);
    if families_max < families_min {
        table.fault("families_max", "fewer than families_min", "correct one of the two");
    }
    GroupRule {
        families_min: families_min as u32,
        families_max: families_max as u32,
        within: table.region_level("within"),
    }
}

const REFERENCES: [(&str, ReferenceDay); 3] = [
    ("period_start", ReferenceDay::PeriodStart),
    ("period_end", ReferenceDay::PeriodEnd),
    ("closing", ReferenceDay::Closing),
];

fn reason(table: &Table<'_>) -> ReasonWords {
    reason_of(table)
}

fn reason_of(table: &Table<'_>) -> ReasonWords {
    ReasonWords { code: table.text("code"), text: table.label("text") }
}

fn combination(table: &Table<'_>) -> Combination {
    let rules = [("may", Together::May), ("blocks", Together::Blocks), ("needs", Together::Needs)];
    Combination {
        with: table.text("with"),
        rule: table.choice("rule", &rules, true),
        reason: reason_of(table),
    }
}

fn schedule(table: &Table<'_>) -> Schedule {
    let mut schedule = never();
    for word in table.texts("periods") {
        let words = [("month", 0), ("stage", 1), ("year", 2), ("once", 3)];
        match table.word_of(&word.value, &words, &word.at) {
            Some(0) => schedule.month = true,
            Some(1) => schedule.stage = true,
            Some(2) => schedule.year = true,
            Some(_) => schedule.once = true,
            None => {}
        }
    }
    if !(schedule.month || schedule.stage || schedule.year || schedule.once) {
        table.fault("periods", "no kind of period", "write month, stage, year or once");
    }
    schedule.pay_months = table.ints("pay_months");
    if schedule.pay_months.iter().any(|month| !(1..=12).contains(month)) {
        table.fault("pay_months", "a month is 1 to 12", "correct the list");
    }
    schedule
}

fn never() -> Schedule {
    Schedule { month: false, stage: false, year: false, once: false, pay_months: Vec::new() }
}

/// What holds between the parts of one version.
fn check(table: &Table<'_>, version: &ProgrammeVersion) {
    let conditions = version.eligibility.iter().map(|part| &part.code);
    let exclusions = version.exclusions.iter().map(|part| &part.code);
    let components = version.components.iter().map(|part| &part.code);
    let others = version.needs_component.iter().map(|part| &part.code);
    let places = version.quota.iter().map(|quota| &quota.reason.code);
    let mut seen = BTreeSet::new();
    for code in conditions.chain(exclusions).chain(components).chain(others).chain(places) {
        if !seen.insert(code) {
            table.fault(
                "key",
                format!("the code `{code}` stands twice in this version"),
                "give each its own code",
            );
        }
    }
    if version.eligibility.is_empty() {
        table.fault("key", "no eligibility: everybody would receive", "add an [[version.eligibility]]");
    }
    let enabled = || version.components.iter().filter(|component| component.enabled);
    let gives = enabled().next().is_some() || version.flat.is_some() || !version.goods.is_empty();
    if !gives && version.services.is_empty() {
        table.fault("key", "the version gives nothing", "add a component, [version.flat], goods or services");
    }
    if version.schedule.month && enabled().any(|part| part.amount_month.is_none()) {
        table.fault("schedule", "paid by the month, but a component has no amount_month", "add amount_month");
    }
    let by_period = version.schedule.month || version.schedule.stage;
    let gives_once = version.flat.iter().any(|flat| flat.every == Every::Once)
        || version.goods.iter().any(|goods| goods.every == Every::Once)
        || enabled().any(|part| part.once);
    if by_period && gives_once {
        let remedy = "write periods = [\"once\"], or an amount for each month";
        table.fault(
            "schedule",
            "something is given once, but decided again for every month or stage",
            remedy,
        );
    }
    if let Some(cap) = &version.cap {
        for part in enabled().filter(|part| part.amount_year > cap.amount_year) {
            let message = format!("the limit of the family is below the component `{}`", part.code);
            table.fault("cap", message, "raise amount_year of [version.cap] or lower the component");
        }
    }
    if version.key.len() > 24 {
        table.fault("key", "longer than 24 characters", "take a short key such as 2020");
    }
}
