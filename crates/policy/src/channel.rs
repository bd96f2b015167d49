//! Channels (`channels/*.toml`): banks and the post office, the files exchanged with them, and what their words mean.
//! How a file is laid out is read in `layout`.

use std::collections::BTreeMap;

use rules::Label;

use crate::{
    Workflow,
    api::{self, Api},
    fault::Faults,
    layout::{self, ChannelFile, FileDirection},
    pack::Pack,
    reader::{Source as File, Table},
};

/// Who pays out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChannelKind {
    /// Account and card.
    Bank,
    /// Cash at the post office.
    Post,
}

/// What a word of a reply means for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Meaning {
    /// The account is good.
    Ok,
    /// It failed.
    Failed,
    /// The money is on the card.
    ToppedUp,
    /// The money was taken out.
    Withdrawn,
    /// The money came back.
    Returned,
    /// Only further evidence can tell.
    Unknown,
    /// The channel is still at it: nothing moves, nothing is wrong.
    Waiting,
}

/// A word of a reply.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ChannelResult {
    /// Name of the file it stands in.
    pub file: String,
    /// The word.
    pub word: String,
    /// Its meaning.
    pub means: Meaning,
    /// For people.
    pub label: Label,
    /// The next step.
    pub next: Label,
    /// Key of the workflow to open for the family.
    pub effect: Option<String>,
    /// There is no account yet: one is opened together with those of others (*burekol*).
    pub opens: bool,
}

/// What is done about a card in trouble.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct CardTrouble {
    /// The state of the card.
    pub state: String,
    /// Key of the workflow to open for the family.
    pub effect: String,
}

/// Money that nobody touches.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Untouched {
    /// Days since the channel was told to pay, after which somebody visits the family.
    pub days: i64,
    /// Key of the workflow to open for it.
    pub effect: String,
}

/// What a letter to a family says of cash at the post office.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct LetterText {
    /// Where, and at what hours.
    pub place: Label,
    /// What to bring.
    pub bring: Label,
    /// Where to complain.
    pub complaint: Label,
    /// Days that the money lies there.
    pub days: u16,
}

/// States of a card that are trouble.
const CARD_TROUBLES: [(&str, &str); 4] =
    [("blocked", "blocked"), ("damaged", "damaged"), ("lost", "lost"), ("held_by_other", "held_by_other")];

/// A channel.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Channel {
    /// Key.
    pub key: String,
    /// Who.
    pub kind: ChannelKind,
    /// Name for people.
    pub label: Label,
    /// Remarks.
    pub note: Option<Label>,
    /// How it is called, when it is reached by calls instead of files that people carry.
    pub api: Option<Api>,
    /// What its letters say, when it writes letters.
    pub letter: Option<LetterText>,
    /// Exchanged files.
    pub files: Vec<ChannelFile>,
    /// Words of replies.
    pub results: Vec<ChannelResult>,
    /// Troubles of cards that open a case.
    pub card_troubles: Vec<CardTrouble>,
    /// When a visit is due because nobody took the money; none where it never is.
    pub untouched: Option<Untouched>,
}

impl Channel {
    /// The layout of a file.
    pub fn file(&self, name: &str) -> Option<&ChannelFile> {
        self.files.iter().find(|file| file.name == name)
    }

    /// The meaning of a word in a file; compared without case. A word with a detail (`RJCT:AC04`) is looked up whole, then
    /// without it.
    pub fn result(&self, file: &str, word: &str) -> Option<&ChannelResult> {
        let find = |word: &str| {
            self.results
                .iter()
                .find(|result| result.file == file && result.word.eq_ignore_ascii_case(word.trim()))
        };
        find(word).or_else(|| find(word.split_once(':')?.0))
    }

    /// The workflow that a card in this state opens.
    pub fn card_trouble(&self, state: &str) -> Option<&str> {
        self.card_troubles.iter().find(|one| one.state == state).map(|one| one.effect.as_str())
    }
}

pub(crate) fn load(
    pack: &Pack,
    faults: &Faults,
    workflows: &BTreeMap<String, Workflow>,
) -> BTreeMap<String, Channel> {
    let mut out = BTreeMap::new();
    for (file, text) in pack.in_folder("channels/", ".toml") {
        let source = File { file, text, faults };
        let (channel, at) = source.read_toml(|table| (read(table, workflows), table.place("key").start));
        if out.insert(channel.key.clone(), channel).is_some() {
            source.fault(at, "a channel with this key exists", "choose another key");
        }
    }
    out
}

const MEANINGS: [(&str, Meaning); 7] = [
    ("ok", Meaning::Ok),
    ("failed", Meaning::Failed),
    ("topped_up", Meaning::ToppedUp),
    ("withdrawn", Meaning::Withdrawn),
    ("returned", Meaning::Returned),
    ("unknown", Meaning::Unknown),
    ("waiting", Meaning::Waiting),
];

fn read(table: &Table<'_>, workflows: &BTreeMap<String, Workflow>) -> Channel {
    let files = table.each("file", layout::read);
    let results = table.each("result", |result| {
        let result_file = result.text("file");
        if !files.iter().any(|file| file.name == result_file) {
            result.fault(
                "file",
                format!("no [[file]] is named `{result_file}`"),
                "name one of this channel's files",
            );
        }
        let effect = result.opt_text("effect");
        known_workflow(result, effect.as_deref(), workflows);
        ChannelResult {
            file: result_file,
            word: result.text("word"),
            means: result.choice("means", &MEANINGS, true),
            label: result.label("label"),
            next: result.label("next"),
            effect,
            opens: result.flag("opens", false),
        }
    });
    let card_troubles = table.each("card_trouble", |trouble| {
        let effect = trouble.text("effect");
        known_workflow(trouble, Some(&effect), workflows);
        CardTrouble { state: trouble.choice("state", &CARD_TROUBLES, true).to_owned(), effect }
    });
    let kind = table.choice("kind", &[("bank", ChannelKind::Bank), ("post", ChannelKind::Post)], true);
    let api = table.opt_table("api", api::read);
    if api.is_some() {
        check_api(table, kind, &files);
    }
    Channel {
        key: table.text("key"),
        kind,
        label: table.label("label"),
        note: table.opt_label("note"),
        letter: table.opt_table("letter", |letter| LetterText {
            place: letter.label("place"),
            bring: letter.label("bring"),
            complaint: letter.label("complaint"),
            days: u16::try_from(letter.int("days", 1..=366)).unwrap_or(1),
        }),
        api,
        files,
        results,
        card_troubles,
        untouched: table.opt_table("untouched", |untouched| {
            let effect = untouched.text("effect");
            known_workflow(untouched, Some(&effect), workflows);
            Untouched { days: untouched.int("days", 1..=366), effect }
        }),
    }
}

/// What the bank tells is kept as sealed files of our own, and taken in as such.
fn check_api(table: &Table<'_>, kind: ChannelKind, files: &[ChannelFile]) {
    if kind == ChannelKind::Post {
        table.fault(
            "api",
            "the post office pays cash and is not called",
            "remove [api], or write kind = \"bank\"",
        );
    }
    for name in ["account_check_request", "account_check_reply", "order", "order_reply", "movements"] {
        let plain = |file: &&ChannelFile| file.name == name && !file.format.is_iso();
        let Some(file) = files.iter().find(plain) else {
            let message =
                format!("a channel with [api] keeps what was told as files and lacks a plain `{name}`");
            table.fault("api", message, "add a [[file]] of that name with format csv or fixed");
            continue;
        };
        let has = |field: &str| file.header.iter().chain(&file.trailer).any(|column| column.field == field);
        if file.direction == FileDirection::In && !(has("sequence") && has("hash")) {
            let message = format!("`{name}` of a channel with [api] has no running number or no hash");
            table.fault("api", message, "add sequence to its header and hash to its trailer");
        }
    }
}

fn known_workflow(table: &Table<'_>, effect: Option<&str>, workflows: &BTreeMap<String, Workflow>) {
    if let Some(effect) = effect.filter(|effect| !workflows.contains_key(*effect)) {
        let known: Vec<&str> = workflows.keys().map(String::as_str).collect();
        let remedy = format!("the workflows are: {}", known.join(", "));
        table.fault("effect", format!("no workflow `{effect}`"), remedy);
    }
}
