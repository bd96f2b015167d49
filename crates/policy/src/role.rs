//! Roles (`roles.toml`): which actions exist, who may do them, at which level of region a role is held.

use std::collections::{BTreeMap, BTreeSet};

use model::RegionLevel;
use rules::Label;

use crate::{
    fault::Faults,
    pack::Pack,
    reader::{REGION_LEVELS, Source as File, Table},
};

/// Something that a person may do.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Action {
    /// Key, as in `session.may("family.read")`.
    pub key: String,
    /// In words.
    pub label: Label,
    /// It concerns people of a territory; otherwise it concerns the whole (policy, regions).
    pub territorial: bool,
}

/// A role.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Role {
    /// Key.
    pub key: String,
    /// Name for people.
    pub label: Label,
    /// The question this person comes with.
    pub question: Label,
    /// Levels of region at which it may be held.
    pub levels: Vec<RegionLevel>,
    /// Sees only the families assigned to the person, not the whole territory.
    pub caseload: bool,
    /// May be given to a user; `console` may not.
    pub assignable: bool,
    /// What it may do.
    pub actions: BTreeSet<String>,
}

impl Role {
    /// Whether it may do an action.
    pub fn may(&self, action: &str) -> bool {
        self.actions.contains(action)
    }
}

/// Two actions that one person must not do both.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Apart {
    /// The one.
    pub first: String,
    /// The other.
    pub second: String,
    /// Where they are kept apart: no role holds both, or nobody does both for one payment cycle.
    pub within: Within,
    /// Why, for people.
    pub why: Label,
}

/// How far two actions are kept apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Within {
    /// No role that is given to people may hold both.
    Role,
    /// A role may hold both; one person does one of them for one payment cycle.
    Cycle,
}

/// All roles and actions.
#[derive(Debug, Clone, Default)]
pub struct Roles {
    /// In the order of the file.
    pub actions: Vec<Action>,
    /// By key.
    pub roles: BTreeMap<String, Role>,
    /// Keys of roles in the order of the file.
    pub order: Vec<String>,
    /// Actions that do not go together, in the order of the file.
    pub apart: Vec<Apart>,
}

impl Roles {
    /// A role by key.
    pub fn get(&self, key: &str) -> Option<&Role> {
        self.roles.get(key)
    }

    /// An action by key.
    pub fn action(&self, key: &str) -> Option<&Action> {
        self.actions.iter().find(|action| action.key == key)
    }

    /// The rule by which who did `before` for a payment cycle may not do `now` for it.
    pub fn kept_apart(&self, before: &str, now: &str) -> Option<&Apart> {
        self.apart.iter().find(|pair| {
            let both = [(&pair.first, &pair.second), (&pair.second, &pair.first)];
            pair.within == Within::Cycle && both.iter().any(|(one, two)| *one == before && *two == now)
        })
    }

    /// Roles in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &Role> {
        self.order.iter().filter_map(|key| self.roles.get(key))
    }
}

const FILE: &str = "roles.toml";

pub(crate) fn load(pack: &Pack, faults: &Faults) -> Roles {
    let Some(text) = pack.files.get(FILE) else {
        faults.add(FILE, "", 0, "the file is missing".to_owned(), "add it to the pack".to_owned());
        return Roles::default();
    };
    File { file: FILE, text, faults }.read_toml(read)
}

fn read(table: &Table<'_>) -> Roles {
    let mut roles = Roles {
        actions: table.each("action", |action| Action {
            key: action.text("key"),
            label: action.label("label"),
            territorial: action.flag("territorial", true),
        }),
        ..Roles::default()
    };
    table.refuse_twice(&table.placed("action", "key"), "the action", "keep one");
    table.refuse_twice(&table.placed("role", "key"), "the role", "keep one");
    let read = table.each("role", |role| read_role(role, &roles));
    for role in read {
        roles.order.push(role.key.clone());
        roles.roles.insert(role.key.clone(), role);
    }
    let apart = table.each("apart", |pair| read_apart(pair, &roles));
    roles.apart = apart.into_iter().flatten().collect();
    roles
}

/// A pair of actions; where no role may hold both, none does.
fn read_apart(table: &Table<'_>, roles: &Roles) -> Option<Apart> {
    const WITHIN: [(&str, Within); 2] = [("role", Within::Role), ("cycle", Within::Cycle)];
    let (first, second) = (table.text("first"), table.text("second"));
    for (key, action) in [("first", &first), ("second", &second)] {
        if !action.is_empty() && roles.action(action).is_none() {
            table.fault(key, format!("no action `{action}`"), "declare it as [[action]] or correct it");
        }
    }
    if first == second {
        table.fault("second", "an action is kept apart from itself", "name two actions");
    }
    let (word, why) = (table.text("within"), table.label("why"));
    let Some((_, within)) = WITHIN.into_iter().find(|(known, _)| *known == word) else {
        table.fault("within", format!("`{word}` is neither role nor cycle"), "write one of them");
        return None;
    };
    let both = |role: &&Role| role.assignable && role.may(&first) && role.may(&second);
    if within == Within::Role {
        for role in roles.iter().filter(both) {
            let message = format!("the role `{}` may both `{first}` and `{second}`", role.key);
            table.fault("second", message, "take one of them from the role");
        }
    }
    Some(Apart { first, second, within, why })
}

fn read_role(table: &Table<'_>, roles: &Roles) -> Role {
    let mut actions = BTreeSet::new();
    for action in table.texts("actions") {
        if roles.action(&action.value).is_none() {
            table.fault_at(
                &action.at,
                format!("no action `{}`", action.value),
                "declare it as [[action]] or correct it",
            );
        }
        if !actions.insert(action.value) {
            table.fault_at(&action.at, "the action stands twice", "keep one");
        }
    }
    let written = table.texts("levels");
    let levels: Vec<RegionLevel> =
        written.iter().filter_map(|level| table.word_of(&level.value, &REGION_LEVELS, &level.at)).collect();
    if written.is_empty() {
        table.fault("levels", "the role is held nowhere", "name at least one level of region");
    }
    Role {
        key: table.text("key"),
        label: table.label("label"),
        question: table.label("question"),
        levels,
        caseload: table.flag("caseload", false),
        assignable: table.flag("assignable", true),
        actions,
    }
}
