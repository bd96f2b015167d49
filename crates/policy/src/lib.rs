//! The policy pack: everything that a minister may change, as files. Programmes, sources, roles, workflows, channels, calendar,
//! settings and words come in; checked, typed, immutable values go out, or every fault with its file, line, column and remedy.
//!
//! Never here: a database, the clock, a half-loaded pack, a programme's or workflow's name in the code.
//!
//! To add a programme, workflow, source or channel: one file in its folder. To add a kind of file: a module with public types,
//! a `load` that reads with [`reader`](crate) tables, and one line in [`Policy::load`]. [`Policy::embedded`] is the pack of the
//! binary; a debug build reads it from the source tree.

mod api;
mod budget;
mod calendar;
mod candidate;
mod channel;
mod combination;
mod derived;
mod exact;
mod expr;
mod fault;
mod figures;
mod fund;
mod history;
mod layout;
mod manual;
mod matrix;
mod pack;
mod pillar;
mod programme;
mod programme_file;
mod publish;
mod reach;
mod reader;
mod role;
mod schema;
mod services;
mod settings;
mod shown;
mod source;
mod status;
mod survey;
mod table;
mod words;
mod workflow;
mod workflow_chart;
mod workflow_check;
mod workflow_file;
mod workflow_links;

use std::{collections::BTreeMap, path::Path};

pub use api::{Api, ApiVariables, ApiVersions};
pub use budget::{Absorption, BudgetLine, Budgets, Ceiling, LineKey, Realisation};
pub use calendar::{Calendar, Holiday};
pub use candidate::Candidate;
pub use channel::{CardTrouble, Channel, ChannelKind, ChannelResult, LetterText, Meaning, Untouched};
pub use derived::{DERIVED, Derived};
pub use exact::{Number, Piece};
pub use fault::Fault;
pub use figures::{Figure, FigureCheck, FigureKind, FigureSource, Figures, Outcome, Topic};
pub use fund::{FundPaper, FundPurpose, FundSource, Funds};
pub use history::Change;
pub use layout::{ChannelColumn, ChannelFile, Debtor, FileDirection, Format};
pub use matrix::{Matrix, MatrixLine, MatrixProgramme, Relation};
pub use pillar::{PillarBalance, PillarCode, PillarKind, PillarOutcome, PillarTarget, Pillars};
pub use programme::{
    BenefitKind, Cap, CapOrder, Combination, Component, Condition, Direction, Every, Exclusion, Flat,
    Funding, Goods, GroupRule, Pillar, Programme, ProgrammeVersion, Quota, ReasonWords, Recipient,
    ReferenceDay, Schedule, Selection, Service, Together,
};
pub use programme_file::{SHARE, Setting};
pub use publish::{OfficialSite, Publish, Tone, Withdraw};
pub use reach::{REACH_KINDS, ReachKey, ReachLine, Reached};
pub use role::{Action, Apart, Role, Roles, Within};
pub use rules::{Label, Lang};
pub use schema::{Code, Column, ColumnType, Cut, Fact, FactMark, FactRule, Reduce, Schema, Subject};
pub use services::{Need, ServiceKind, Services};
pub use settings::{
    AccessSettings, ApprovalBand, CardSettings, ClosingSettings, DecisionSettings, GoneKind, GoneReason,
    GoodsSettings, Limits, NoticeSettings, Purpose, Settings, SlipSettings, WorkSettings,
};
pub use shown::{GroupSessions, InCalendar, Shows};
pub use source::{CellForm, FileFormat, Source, SourceColumn, SourceKind};
pub use status::{LINE_REASONS, LINE_STATES, Status, Statuses};
pub use survey::{SURVEY_FULL, SURVEY_SCALE, SURVEY_STEP, Survey, SurveyBand, SurveyElement};
pub use words::{Arg, Words};
pub use workflow::{
    ASSIGN, AssignTo, CASE_WORDS, CITIZEN, CaseSubject, CataloguePart, Compare, Compared, Deadline,
    DeadlineFrom, DeadlineUnit, Draw, EFFECTS, EffectRule, FIELD_REPORT, FIELD_RESULT, FieldChoice,
    FieldKind, Form, FormField, Letter, NOTIFY, OF_PARENT, OPEN_CASE, SET_DATE, State, StateKind, Transition,
    Workflow,
};

use crate::{fault::Faults, pack::Pack};

/// A checked pack.
#[derive(Debug)]
pub struct Policy {
    pack: Pack,
    varied: Vec<Setting>,
    hash: String,
    schema: Schema,
    sources: BTreeMap<String, Source>,
    programmes: BTreeMap<String, Programme>,
    roles: Roles,
    workflows: BTreeMap<String, Workflow>,
    channels: BTreeMap<String, Channel>,
    calendar: Calendar,
    settings: Settings,
    statuses: Statuses,
    words: Words,
    figures: Figures,
    budgets: Budgets,
    funds: Funds,
    pillars: Pillars,
    services: Services,
    official: Vec<OfficialSite>,
    survey: Survey,
    warnings: Vec<Fault>,
}

impl Policy {
    /// The pack that the program was built with.
    ///
    /// # Errors
    /// Every fault of the pack.
    pub fn embedded() -> Result<Self, Vec<Fault>> {
        Self::load(None)
    }

    /// The pack of a folder, or the embedded one.
    ///
    /// # Errors
    /// Every fault of the pack, in the order of files and lines.
    pub fn load(folder: Option<&Path>) -> Result<Self, Vec<Fault>> {
        let pack = match folder {
            None => Pack::embedded(),
            Some(folder) => Pack::from_folder(folder),
        };
        let pack = pack.map_err(|error| {
            let remedy = "name a folder of UTF-8 text files that can be read".to_owned();
            let message = format!("the pack cannot be read: {error}");
            vec![Fault { file: ".".to_owned(), line: 1, column: 1, message, remedy }]
        })?;
        Self::from_pack(pack, &[])
    }

    /// The same pack with some numbers set otherwise: parameters of programmes and shares of quotas, for simulation. What does not
    /// exist or is no whole number is a fault.
    ///
    /// # Errors
    /// Every fault of the pack that comes out.
    pub fn variant(&self, settings: &[Setting]) -> Result<Self, Vec<Fault>> {
        let known = |setting: &Setting| {
            let versions = self.programmes.get(&setting.programme).map(|programme| &programme.versions);
            versions.into_iter().flatten().any(|version| match setting.name.as_str() {
                SHARE => version.quota.is_some(),
                name => matches!(version.parameters.get(name), Some(rules::Value::Int(_))),
            })
        };
        if let Some(wrong) = settings.iter().find(|setting| !known(setting)) {
            let names = self.settable(&wrong.programme).into_iter().map(|(name, _)| name);
            let names = names.collect::<Vec<_>>().join(", ");
            let message = format!("`{}` has no number `{}`", wrong.programme, wrong.name);
            let remedy = format!("it has: {names}");
            return Err(vec![Fault { file: ".".to_owned(), line: 1, column: 1, message, remedy }]);
        }
        Self::from_pack(self.pack.clone(), settings)
    }

    /// The files of the pack as path and text, in the order of paths: all that [`Policy::from_files`] needs beside [`Policy::varied`].
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pack.files.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// The numbers that this pack sets otherwise than its files.
    pub fn varied(&self) -> &[Setting] {
        &self.varied
    }

    /// A pack from its files, as [`Policy::files`] gave them, with the numbers of a variant.
    ///
    /// # Errors
    /// Every fault of the pack.
    pub fn from_files(files: BTreeMap<String, String>, varied: &[Setting]) -> Result<Self, Vec<Fault>> {
        Self::from_pack(Pack { files }, varied)
    }

    /// The words of a programme's parameter.
    pub fn parameter_label(&self, programme: &str, name: &str) -> Option<&Label> {
        self.programmes.get(programme)?.parameters.get(name)
    }

    /// The numbers of a programme that [`Policy::variant`] can set, each with its value in the last version.
    pub fn settable(&self, programme: &str) -> Vec<(String, i64)> {
        let last = self.programmes.get(programme).and_then(|programme| programme.versions.last());
        let Some(version) = last else { return Vec::new() };
        let share = version.quota.as_ref().map(|quota| (SHARE.to_owned(), i64::from(quota.share_permille)));
        let numbers =
            version.parameters.iter().filter_map(|(name, value)| Some((name.clone(), value.as_int()?)));
        numbers.chain(share).collect()
    }

    fn from_pack(pack: Pack, varied: &[Setting]) -> Result<Self, Vec<Fault>> {
        let faults = Faults::default();
        let schema = schema::load(&pack, &faults);
        let sources = source::load(&pack, &faults, &schema);
        let roles = role::load(&pack, &faults);
        let workflows = workflow_file::load(&pack, &faults, &roles, &schema, &sources);
        let channels = channel::load(&pack, &faults, &workflows);
        let mut programmes = programme_file::load(&pack, &faults, &schema, &channels, varied);
        programme_file::set_shares(&mut programmes, varied);
        let calendar = calendar::load(&pack, &faults);
        let settings = settings::load(&pack, &faults, &roles, &workflows);
        let exclusions = programmes.values().flat_map(|one| &one.versions).flat_map(|one| &one.exclusions);
        let printed = exclusions.map(|one| one.siks_ng.clone()).collect();
        let statuses = status::load(&pack, &faults, &printed);
        let words = words::load(&pack, &faults);
        let figures = figures::load(&pack, &faults, &words);
        let budgets = budget::load(&pack, &faults, &figures, &words);
        let funds = fund::load(&pack, &faults, &programmes);
        let pillars = pillar::load(&pack, &faults, &programmes, &workflows);
        let services = services::load(&pack, &faults);
        let official = publish::load(&pack, &faults);
        let survey = survey::load(&pack, &faults, &figures);
        let (faults, warnings) = faults.into_sorted();
        match settings {
            Some(settings) if faults.is_empty() => Ok(Self {
                hash: pack.hash(varied),
                schema,
                sources,
                programmes,
                roles,
                workflows,
                channels,
                calendar,
                settings,
                statuses,
                words,
                figures,
                budgets,
                funds,
                pillars,
                services,
                official,
                survey,
                warnings,
                pack,
                varied: varied.to_vec(),
            }),
            _ => Err(faults),
        }
    }

    /// blake3 of all files: names the pack in every decision.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// What is not wrong but hardly meant, such as a condition that is true for nobody.
    pub fn warnings(&self) -> &[Fault] {
        &self.warnings
    }

    /// Canonical columns, in the order of the file.
    pub fn columns(&self) -> &[Column] {
        &self.schema.canonical
    }

    /// Columns that consolidation and closing add.
    pub fn registry_columns(&self) -> &[Column] {
        &self.schema.registry
    }

    /// All that rules may speak of.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The codes of a list; empty when there is no such list.
    pub fn codes(&self, list: &str) -> &[Code] {
        self.schema.codes.get(list).map_or(&[], Vec::as_slice)
    }

    /// Derived values, each after those it uses.
    pub fn facts(&self) -> &[Fact] {
        &self.schema.facts
    }

    /// All names as a schema of the expression language.
    pub fn rule_schema(&self) -> rules::Schema {
        expr::rule_schema(&self.schema, &[Subject::Person, Subject::Family])
    }

    /// Lists that we receive, by key.
    pub fn sources(&self) -> &BTreeMap<String, Source> {
        &self.sources
    }

    /// A list by key.
    pub fn source(&self, key: &str) -> Option<&Source> {
        self.sources.get(key)
    }

    /// Programmes by key.
    pub fn programmes(&self) -> &BTreeMap<String, Programme> {
        &self.programmes
    }

    /// A programme by key.
    pub fn programme(&self, key: &str) -> Option<&Programme> {
        self.programmes.get(key)
    }

    /// Roles and actions.
    pub fn roles(&self) -> &Roles {
        &self.roles
    }

    /// Workflows by key.
    pub fn workflows(&self) -> &BTreeMap<String, Workflow> {
        &self.workflows
    }

    /// A workflow by key.
    pub fn workflow(&self, key: &str) -> Option<&Workflow> {
        self.workflows.get(key)
    }

    /// Channels by key.
    pub fn channels(&self) -> &BTreeMap<String, Channel> {
        &self.channels
    }

    /// A channel by key.
    pub fn channel(&self, key: &str) -> Option<&Channel> {
        self.channels.get(key)
    }

    /// Working days.
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// The linkage model as text (`linkage.json`); empty when the pack has none.
    pub fn linkage(&self) -> &str {
        self.file("linkage.json").unwrap_or_default()
    }

    /// Tables of the name standardiser (`names/*`), by file name, as text.
    pub fn names(&self) -> BTreeMap<&str, &str> {
        self.pack.in_folder("names/", "").map(|(path, text)| (&path["names/".len()..], text)).collect()
    }

    /// Any file of the pack as text.
    pub fn file(&self, path: &str) -> Option<&str> {
        self.pack.files.get(path).map(String::as_str)
    }

    /// Words of pages and messages.
    pub fn words(&self) -> &Words {
        &self.words
    }

    /// Published figures and what they say of each other.
    pub fn figures(&self) -> &Figures {
        &self.figures
    }

    /// Ceilings and published realisation.
    pub fn budgets(&self) -> &Budgets {
        &self.budgets
    }

    /// Sources of grant funds, and what they may be set aside for.
    pub fn funds(&self) -> &Funds {
        &self.funds
    }

    /// Needs and the kinds of service that meet them.
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// Kinds of pillars, their targets and how families are shared out.
    pub fn pillars(&self) -> &Pillars {
        &self.pillars
    }

    /// The only sites to which public pages lead.
    pub fn official(&self) -> &[OfficialSite] {
        &self.official
    }

    /// How people are asked about the service.
    pub fn survey(&self) -> &Survey {
        &self.survey
    }

    /// The name of something that is handed out or paid: a programme with rules of its own, or one that figures speak of.
    pub fn benefit_label(&self, key: &str) -> Option<&Label> {
        let topic = self.figures.topics.get(key).filter(|topic| topic.programme || topic.budgeted);
        self.programmes.get(key).map(|found| &found.label).or(topic.map(|topic| &topic.label))
    }

    /// Settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The statuses that villages know.
    pub fn statuses(&self) -> &Statuses {
        &self.statuses
    }
}
