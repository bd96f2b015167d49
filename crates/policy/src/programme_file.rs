//! Reads `programmes/*.toml` into settled versions: parameters are resolved, rules compiled, days checked.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use jiff::{ToSpan, civil::Date};
use model::{RegionCode, RegionLevel, Rupiah};
use rules::{Field, Type, Value};

use crate::{
    Channel,
    combination::{self, Named},
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
    /// A value had faults in its days: what is missing is not asked for a second time.
    unread: bool,
}

impl Parameter {
    fn on(&self, day: Date) -> Option<&Value> {
        let holds = |value: &&ParameterValue| value.from <= day && value.to.is_none_or(|to| day <= to);
        self.values.iter().find(holds).map(|value| &value.value)
    }
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
    of_family: Names,
    of_person: Names,
    /// Exclusions that many programmes share, by code (`clauses.toml`).
    clauses: Vec<Exclusion>,
    /// Provinces, regencies and cities that exist.
    regions: BTreeSet<RegionCode>,
    /// What a variant of the pack sets otherwise.
    settings: &'a [Setting],
    channels: &'a BTreeMap<String, Channel>,
    /// Programmes that the file at hand names in its combinations.
    named: RefCell<Vec<Named>>,
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
    channels: &BTreeMap<String, Channel>,
    settings: &[Setting],
) -> BTreeMap<String, Programme> {
    let (clauses, regions) = (clauses(pack, faults, schema), regions(pack, faults));
    let (of_family, of_person) = (Names::of_family(schema), Names::of_person(schema));
    let named = RefCell::default();
    let shared = Shared { of_family, of_person, clauses, regions, settings, channels, named };
    let mut out = BTreeMap::new();
    let mut named = Vec::new();
    for (file, text) in pack.in_folder("programmes/", ".toml") {
        let source = File { file, text, faults };
        let (programme, at) =
            source.read_toml(|table| (read(table, pack, faults, &shared), table.place("key").start));
        named.push((source, programme.key.clone(), shared.named.take()));
        if out.insert(programme.key.clone(), programme).is_some() {
            source.fault(at, "a programme with this key exists", "choose another key");
        }
    }
    combination::check(&named, &out);
    out
}

fn clauses(pack: &Pack, faults: &Faults, schema: &Schema) -> Vec<Exclusion> {
    let Some(text) = pack.files.get(CLAUSES) else { return Vec::new() };
    let names = Names::of_family(schema);
    let read = |part: &Table<'_>| {
        let clause = exclusion(part, &names)?;
        look(part, &clause.when, &BTreeMap::new());
        Some(clause)
    };
    let clauses = File { file: CLAUSES, text, faults }.read_toml(|table| {
        table.refuse_twice(&table.placed("exclusion", "code"), "the code", "give each its own code");
        table.each("exclusion", read)
    });
    clauses.into_iter().flatten().collect()
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
    table.refuse_twice(&table.placed("parameter", "name"), "the parameter", "give each its own name");
    let mut versions: Vec<ProgrammeVersion> = Vec::new();
    let mut held = Vec::new();
    let own = ["valid_from", "valid_to", "note_id", "note_en", "resumes"];
    let written = table.each_based("version", &own, |version| {
        let settled = read_version(version, &parameters, pack, faults, shared);
        let resumes = version.flag("resumes", false);
        if let (Some(first), Some(last)) = (settled.first(), settled.last()) {
            let at = version.place("valid_from");
            held.push(Held { from: first.valid_from, to: last.valid_to, resumes, at });
        }
        versions.extend(settled);
    });
    table.refuse_twice(&table.placed("version", "key"), "the version", "give each its own key");
    let unread = held.len() < written;
    check_days(table, held, unread);
    if written == 0 {
        table.fault("key", "the programme has no version", "add a [[version]] with valid_from");
    }
    check_key(table);
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

/// The days of a version as written.
struct Held {
    from: Date,
    to: Option<Date>,
    resumes: bool,
    at: Range<usize>,
}

/// One rule a day; days without a rule between two versions are said, not left open by a slip.
fn check_days(table: &Table<'_>, mut held: Vec<Held>, unread: bool) {
    held.sort_by_key(|version| version.from);
    for pair in held.windows(2) {
        let (earlier, later) = (&pair[0], &pair[1]);
        let Some(ended) = earlier.to.filter(|ended| *ended < later.from) else {
            let remedy = "end the earlier one before this day";
            table.fault_at(
                &later.at,
                format!("two versions hold on {}: this one and that from {}", later.from, earlier.from),
                remedy,
            );
            continue;
        };
        let next = ended.tomorrow().unwrap_or(ended);
        if next < later.from && !later.resumes && !unread {
            let message = format!("no rule holds from {next} until {}", later.from);
            let remedy = "close the gap, or write resumes = true where the programme paused";
            table.fault_at(&later.at, message, remedy);
        }
    }
}

/// Keys stand in tables, file names and addresses.
fn check_key(table: &Table<'_>) {
    let long = |key: &Placed<String>| key.value.len() > 24;
    if table.opt_placed_text("key").is_some_and(|key| long(&key)) {
        table.fault("key", "longer than 24 characters", "take a short key such as 2020");
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
    let read = table.each("value", |value| read_parameter_value(value, kind));
    let written = read.len();
    let values: Vec<(ParameterValue, Range<usize>)> = read.into_iter().flatten().collect();
    for (i, (value, at)) in values.iter().enumerate() {
        let clash = |(other, _): &(ParameterValue, Range<usize>)| {
            value.to.is_none_or(|end| other.from <= end) && other.to.is_none_or(|end| value.from <= end)
        };
        if values[..i].iter().any(clash) {
            table.fault_at(at, "two values hold on one day", "end the earlier one before the later begins");
        }
    }
    let unread = values.len() < written;
    let values = values.into_iter().map(|(value, _)| value).collect();
    Parameter { name: table.text("name"), kind, label: table.label("label"), values, unread }
}

/// The value and where its first day stands; none when its days are wrong.
fn read_parameter_value(table: &Table<'_>, kind: Type) -> Option<(ParameterValue, Range<usize>)> {
    let value = match kind {
        Type::Bool => Value::Bool(table.flag("value", false)),
        Type::Text => Value::Text(table.text("value")),
        Type::Date => Value::date(table.date("value").unwrap_or(Date::MIN)),
        Type::Int | Type::Num => Value::Int(table.int("value", -1_000_000_000_000..=1_000_000_000_000)),
    };
    table.text("legal_basis");
    let (from, to) = days_of(table, "from", "to")?;
    Some((ParameterValue { from, to, value }, table.place("from")))
}

/// First and last day; none when one cannot be read or they stand the wrong way round.
fn days_of(table: &Table<'_>, first: &str, last: &str) -> Option<(Date, Option<Date>)> {
    let (from, to) = (table.date(first), table.opt_date(last));
    let from = from?;
    match to {
        None if table.has(last) => None,
        Some(to) if to < from => {
            table.fault(last, format!("ends before it begins on {from}"), "correct the days");
            None
        }
        to => Some((from, to)),
    }
}

/// The version, cut where a parameter changes.
fn read_version(
    table: &Table<'_>,
    parameters: &[Parameter],
    pack: &Pack,
    faults: &Faults,
    shared: &Shared<'_>,
) -> Vec<ProgrammeVersion> {
    let days = days_of(table, "valid_from", "valid_to");
    // A version with wrong days is still read: its other mistakes are told too.
    let slices = days.map_or_else(|| vec![(Date::MIN, None)], |(from, to)| slices(from, to, parameters));
    let many = slices.len() > 1;
    let mut out = Vec::with_capacity(slices.len());
    let mut lacking = BTreeSet::new();
    for (i, (from, to)) in slices.into_iter().enumerate() {
        let mut reading = Reading {
            pack,
            faults,
            shared,
            parameters,
            values: BTreeMap::new(),
            of_family: shared.of_family.clone(),
            of_person: shared.of_person.clone(),
        };
        for parameter in parameters {
            let told = days.is_none() || parameter.unread;
            if parameter.on(from).is_none() && !told && lacking.insert(parameter.name.as_str()) {
                let message = format!(
                    "the parameter `{}` has no value on {from}, where this version holds",
                    parameter.name
                );
                table.fault("valid_from", message, "add a [[parameter.value]] for these days");
            }
            reading.resolve(parameter, from);
        }
        let mut version = reading.version(table, from, to);
        if many {
            version.key.push(char::from(b'a' + (i as u8).min(25)));
        }
        out.push(version);
    }
    if days.is_none() {
        out.clear();
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
    /// Takes over the value that a parameter has on a day; a stand-in where the lack of one was told.
    fn resolve(&mut self, parameter: &Parameter, day: Date) {
        let any = || parameter.values.first().map_or(Value::Int(0), |value| value.value.clone());
        let value = parameter.on(day).cloned().unwrap_or_else(any);
        let field = Field::param(format!("param.{}", parameter.name), parameter.kind)
            .label(&parameter.label.id, &parameter.label.en);
        self.of_family.add(field.clone());
        self.of_person.add(field);
        self.values.insert(parameter.name.clone(), value);
    }

    fn version(&self, table: &Table<'_>, from: Date, to: Option<Date>) -> ProgrammeVersion {
        for key in ["valid_from", "valid_to"] {
            table.opt_date(key);
        }
        table.opt_text("based_on");
        table.flag("resumes", false);
        let mut with = table.placed("combination", "with");
        with.extend(table.placed_lists("combination", "or"));
        table.refuse_twice(&with, "the programme", "keep one line for each programme");
        self.shared.named.borrow_mut().extend(with.into_iter().map(|with| Named { from, with }));
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
            channel: self.channel(table, "channel"),
            fallback_channel: self.channel(table, "fallback_channel"),
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
        look(table, &when, &self.values);
        Some(Condition { code, when, text })
    }

    fn channel(&self, table: &Table<'_>, key: &str) -> Option<String> {
        let channel = table.opt_placed_text(key)?;
        if !self.shared.channels.contains_key(&channel.value) {
            let known: Vec<&str> = self.shared.channels.keys().map(String::as_str).collect();
            let remedy = format!("add channels/*.toml with this key; the channels are: {}", known.join(", "));
            table.fault_at(&channel.at, format!("no channel `{}`", channel.value), remedy);
        }
        Some(channel.value)
    }

    /// The shared clauses in the order named, then the version's own exclusions.
    fn exclusions(&self, table: &Table<'_>) -> Vec<Exclusion> {
        let mut out = Vec::new();
        for name in table.texts("clauses") {
            let clauses = &self.shared.clauses;
            if let Some(clause) = clauses.iter().find(|clause| clause.code == name.value) {
                out.push(clause.clone());
            } else {
                let known: Vec<&str> = clauses.iter().map(|clause| clause.code.as_str()).collect();
                let remedy = format!("the clauses of {CLAUSES} are: {}", known.join(", "));
                table.fault_at(&name.at, format!("no clause `{}`", name.value), remedy);
            }
        }
        out.extend(table.each("exclusion", |part| self.exclusion(part)).into_iter().flatten());
        out
    }

    fn exclusion(&self, table: &Table<'_>) -> Option<Exclusion> {
        let exclusion = exclusion(table, &self.of_family)?;
        look(table, &exclusion.when, &self.values);
        Some(exclusion)
    }

    fn component(&self, table: &Table<'_>) -> Option<Component> {
        let kind = table.choice("kind", &KINDS, false);
        let once = table.has("amount_once");
        // Services and devices are no sums of money.
        let (amount_year, amount_stage) = if once {
            only(table, &["amount_once", "amount_year", "amount_stage", "amount_month"], "amount");
            (self.amount(table, "amount_once"), Some(Rupiah::ZERO))
        } else if kind.is_money() {
            (self.amount(table, "amount_year"), self.amount(table, "amount_stage"))
        } else {
            (Some(Rupiah::ZERO), Some(Rupiah::ZERO))
        };
        if let (false, Some(year), Some(stage)) = (once, amount_year, amount_stage)
            && stage.times(4) != Ok(year)
        {
            let message = format!("four stages do not make the year's amount: 4 x {stage} is not {year}");
            table.fault("amount_stage", message, "correct one of the amounts");
        }
        let when = self.of_person.condition(table, "when")?;
        let enabled = table.flag("enabled", true);
        if enabled {
            look(table, &when, &self.values);
        }
        Some(Component {
            code: table.text("code"),
            group: table.text("group"),
            label: table.label("label"),
            kind,
            when,
            amount_year: amount_year.unwrap_or_default(),
            amount_stage: amount_stage.unwrap_or_default(),
            amount_month: if kind.is_money() && !once {
                table.has("amount_month").then(|| self.amount(table, "amount_month").unwrap_or_default())
            } else {
                Some(Rupiah::ZERO)
            },
            once,
            max_per_family: table.opt_int_in("max_per_family", 1..=20).map(|most| most as u32),
            enabled,
            conditionality: table.opt_label("conditionality"),
            verification: table.opt_label("verification"),
            note: table.opt_label("note"),
        })
    }

    /// An amount written as a number or as the name of a parameter; none after a fault.
    fn amount(&self, table: &Table<'_>, key: &str) -> Option<Rupiah> {
        let place = table.place(key);
        let Some(name) = table.opt_param_name(key) else {
            if !table.has(key) {
                table.fault(key, format!("`{key}` is missing"), "write an amount or the name of a parameter");
            }
            return table.opt_rupiah(key);
        };
        match self.values.get(&name) {
            Some(Value::Int(amount)) if *amount >= 0 => return Some(Rupiah::new(*amount)),
            Some(Value::Int(amount)) => {
                let message = format!("the parameter `{name}` is {amount}, an amount is not negative");
                table.fault_at(&place, message, "correct the parameter's value");
            }
            Some(_) => {
                let message = format!("the parameter `{name}` is no amount");
                table.fault_at(&place, message, "take a parameter of type \"int\"");
            }
            None => table.fault_at(&place, format!("no parameter `{name}`"), self.known_parameters()),
        }
        None
    }

    fn known_parameters(&self) -> String {
        let names: Vec<&str> = self.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
        format!("the parameters are: {}", names.join(", "))
    }

    fn cap(&self, table: &Table<'_>) -> Cap {
        Cap {
            persons: table.int("persons", 1..=50) as u32,
            amount_year: self.amount(table, "amount_year").unwrap_or_default(),
            order: table.choice(
                "order",
                &[("highest_amount_first", CapOrder::HighestAmount), ("listed_order", CapOrder::Listed)],
                true,
            ),
            text: table.label("text"),
        }
    }

    fn flat(&self, table: &Table<'_>) -> Flat {
        let (every, amount) = self.every(table, "amount");
        let kind = table.choice("kind", &KINDS, false);
        if !kind.is_money() {
            let remedy = "write cash, e_money, allowance or group_grant; other help is goods, a service or a component";
            table.fault("kind", "an amount for everybody is money", remedy);
        }
        Flat { code: table.text("code"), label: table.label("label"), kind, amount, every }
    }

    fn goods(&self, table: &Table<'_>) -> Goods {
        let (every, quantity) = self.every(table, "quantity");
        Goods {
            code: table.text("code"),
            label: table.label("label"),
            unit: table.text("unit"),
            quantity: quantity.idr(),
            every,
            value: table.has("value").then(|| self.amount(table, "value")).flatten().unwrap_or_default(),
            quality: table.opt_label("quality"),
        }
    }

    /// The one key of `STEM_day`, `STEM_month`, `STEM_once` that is written, and its value.
    fn every(&self, table: &Table<'_>, stem: &str) -> (Every, Rupiah) {
        let ways = [("month", Every::Month), ("once", Every::Once), ("day", Every::Day)];
        let keys = ways.map(|(word, _)| format!("{stem}_{word}"));
        only(table, &keys.each_ref().map(String::as_str), stem);
        let Some(written) = keys.iter().position(|key| table.has(key)) else {
            let message = format!("no {stem}: `{}`, `{}` or `{}` is missing", keys[0], keys[1], keys[2]);
            table.fault(&keys[0], message, "write one of them");
            return (ways[0].1, Rupiah::ZERO);
        };
        (ways[written].1, self.amount(table, &keys[written]).unwrap_or_default())
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
        let level = table.region_level("by");
        for row in csv.rows() {
            match (RegionCode::parse(row.get("region")), row.get("families").parse::<u64>()) {
                (Ok(region), Ok(families)) => {
                    if !self.exists(&region) {
                        row.fault("region", "no region has this code", "take a code of the table of regions");
                    } else if region.level() != level {
                        let remedy = "write regions of the level that `by` names";
                        row.fault("region", "not of the level at which places are given", remedy);
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

/// Warns of a condition that is the same for everybody.
fn look(table: &Table<'_>, when: &rules::Expr, values: &BTreeMap<String, Value>) {
    let remedy = "compare with what the column may hold, or take the condition out";
    match when.always(&params_of(values, Date::MIN)) {
        Some(true) => table.warn("when", "true for everybody of whom the values are known", remedy),
        Some(false) => table.warn("when", "true for nobody", remedy),
        None => {}
    }
}

/// A fault at the second of several keys of which one may be written.
fn only(table: &Table<'_>, keys: &[&str], stem: &str) {
    let written: Vec<&&str> = keys.iter().filter(|key| table.has(key)).collect();
    if let [first, second, ..] = written.as_slice() {
        let message = format!("`{stem}` is written for more than one time: `{first}` and `{second}`");
        table.fault(second, message, "keep one of them");
    }
    for key in written {
        table.know(key);
    }
}

/// An exclusion; its status is never a bare dash.
fn exclusion(table: &Table<'_>, names: &Names) -> Option<Exclusion> {
    let (code, status) = (table.text("code"), table.text("status"));
    if !status.trim().is_empty() && status.trim_matches('-').trim().is_empty() {
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
        or: table.plain_texts("or"),
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
    check_codes(table);
    check_key(table);
    if version.eligibility.is_empty() && !table.has("eligibility") {
        table.fault("key", "no eligibility: everybody would receive", "add an [[version.eligibility]]");
    }
    let enabled = || version.components.iter().filter(|component| component.enabled);
    let besides = ["flat", "goods", "service"].iter().any(|part| table.has(part));
    // A component that could not be read has its own fault.
    let none = version.components.iter().all(|part| !part.enabled);
    let all_read = table.placed("component", "code").len() == version.components.len();
    if !besides && none && all_read {
        table.fault("key", "the version gives nothing", "add a component, [version.flat], goods or services");
    }
    let place = |part: &Component| table.place_in("component", "code", &part.code);
    if version.schedule.month {
        for part in enabled().filter(|part| part.amount_month.is_none() && !part.once) {
            let message = format!("paid by the month, but `{}` has no amount_month", part.code);
            table.fault_at(&place(part), message, "add amount_month");
        }
    }
    let gives_once = version.flat.iter().any(|flat| flat.every == Every::Once)
        || version.goods.iter().any(|goods| goods.every == Every::Once)
        || enabled().any(|part| part.once);
    if (version.schedule.month || version.schedule.stage) && gives_once {
        let remedy = "write periods = [\"once\"], or an amount for each month";
        let message = "something is given once, but decided again for every month or stage";
        table.fault_at(&table.place_within("schedule", "periods"), message, remedy);
    }
    if let Some(cap) = version.cap.as_ref().filter(|cap| cap.amount_year > Rupiah::ZERO) {
        for part in enabled().filter(|part| part.amount_year > cap.amount_year) {
            let message = format!("the limit of the family is below the component `{}`", part.code);
            let remedy = "raise amount_year of [version.cap] or lower the component";
            table.fault_at(&table.place_within("cap", "amount_year"), message, remedy);
        }
    }
    if version.pays_money() && !table.has("channel") {
        let remedy = "add channel = \"KEY\" of a file in channels/";
        table.fault("key", "the version pays money, but names no channel", remedy);
    }
}

/// A code names one reason, one benefit, one proof, one end or one step of a version.
fn check_codes(table: &Table<'_>) {
    let mut reasons = table.texts("clauses");
    for list in ["eligibility", "exclusion", "component", "needs_component", "quota"] {
        reasons.append(&mut table.placed(list, "code"));
    }
    let mut benefits = Vec::new();
    for list in ["component", "flat", "goods", "service"] {
        benefits.append(&mut table.placed(list, "code"));
    }
    let lists = ["proof", "ends", "step", "combination"].map(|list| table.placed(list, "code"));
    for codes in [reasons, benefits].iter().chain(&lists) {
        table.refuse_twice(codes, "the code", "give each its own code within the version");
    }
}
