//! The rule of a programme as a reader sees it: conditions, components and order of places in words, each
//! with its figures in a run.

use access::House;
use model::{ReasonKind, RegionLevel, Rupiah};
use policy::{Direction, ProgrammeVersion};
use rules::{Expr, Label, Lang, Params};
use serde::Serialize;
use store::params;

use crate::{Result, queries};

/// A condition of a rule in words, with its figures in a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConditionRule {
    /// Code of the reason.
    pub code: String,
    /// What it is.
    pub kind: ReasonKind,
    /// For the reader of a decision.
    pub text: Label,
    /// The expression in words; empty where there is none.
    pub words: Label,
    /// The expression as written; empty where there is none.
    pub sql: String,
    /// Status word of an exclusion.
    pub status: Option<String>,
    /// The word that SIKS-NG prints.
    pub siks_ng: Option<String>,
    /// What a family can do.
    pub remedy: Option<Label>,
    /// In the run: families for whom it holds, does not hold, is unknown.
    pub figures: Option<[i64; 3]>,
}

/// A component of a rule in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ComponentRule {
    /// Code.
    pub code: String,
    /// Name.
    pub label: Label,
    /// Kind.
    pub group: String,
    /// Who counts, in words.
    pub words: Label,
    /// The expression as written.
    pub sql: String,
    /// For a year.
    pub amount_year_idr: Rupiah,
    /// For a stage of three months.
    pub amount_stage_idr: Rupiah,
    /// At most so many persons.
    pub max_per_family: Option<u32>,
    /// Off: never counted.
    pub enabled: bool,
    /// What the family undertakes.
    pub conditionality: Option<Label>,
    /// How that is checked.
    pub verification: Option<Label>,
    /// Remarks.
    pub note: Option<Label>,
    /// Figures in the run.
    pub figures: Option<ComponentCount>,
}

/// A component's figures in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ComponentCount {
    /// Members for whom its condition is true, in all families.
    pub qualified: i64,
    /// Members who count, in families that receive.
    pub counted: i64,
    /// Families that receive for it.
    pub families: i64,
}

/// The order of places, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrderRule {
    /// What is compared.
    pub words: Label,
    /// Highest first.
    pub descending: bool,
}

/// The quota of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QuotaRule {
    /// At which level places are given out.
    pub by: RegionLevel,
    /// Places in each thousand families, where a region has no number of its own.
    pub share_permille: u32,
    /// Who comes first.
    pub order: Vec<OrderRule>,
    /// The reason given to those who wait.
    pub reason: policy::ReasonWords,
}

/// Figures of conditions and components by code.
pub(crate) struct Figures {
    conditions: Vec<(String, [i64; 3])>,
    components: Vec<(String, ComponentCount)>,
}

pub(crate) fn figures_of(house: &House, run: &str) -> Result<Figures> {
    house.db.read(|tx| {
        let conditions = tx.query(&queries::CONDITIONS, params![run])?;
        let components = tx.query(&queries::COMPONENTS, params![run])?;
        Ok(Figures {
            conditions: conditions
                .iter()
                .map(|row| Ok((row.string(1)?, [row.int(2)?, row.int(3)?, row.int(4)?])))
                .collect::<Result<_>>()?,
            components: components
                .iter()
                .map(|row| {
                    let (qualified, counted, families) = (row.int(1)?, row.int(2)?, row.int(3)?);
                    Ok((row.string(0)?, ComponentCount { qualified, counted, families }))
                })
                .collect::<Result<_>>()?,
        })
    })
}

pub(crate) fn in_words(expr: &Expr, params: &Params) -> Label {
    Label::new(expr.words_with(Lang::Id, params), expr.words_with(Lang::En, params))
}

pub(crate) fn condition_rules(
    version: &ProgrammeVersion,
    params: &Params,
    figures: Option<&Figures>,
) -> Vec<ConditionRule> {
    let figure = |code: &str| {
        let found = figures?.conditions.iter().find(|(known, _)| known == code);
        found.map(|(_, figures)| *figures)
    };
    let plain = |code: &str, kind, text: &Label| ConditionRule {
        code: code.to_owned(),
        kind,
        text: text.clone(),
        words: Label::default(),
        sql: String::new(),
        status: None,
        siks_ng: None,
        remedy: None,
        figures: figure(code),
    };
    let mut rules = Vec::new();
    for condition in &version.eligibility {
        rules.push(ConditionRule {
            words: in_words(&condition.when, params),
            sql: condition.when.text().to_owned(),
            ..plain(&condition.code, ReasonKind::Eligibility, &condition.text)
        });
    }
    for exclusion in &version.exclusions {
        rules.push(ConditionRule {
            words: in_words(&exclusion.when, params),
            sql: exclusion.when.text().to_owned(),
            status: Some(exclusion.status.clone()),
            siks_ng: Some(exclusion.siks_ng.clone()),
            remedy: Some(exclusion.remedy.clone()),
            ..plain(&exclusion.code, ReasonKind::Exclusion, &exclusion.text)
        });
    }
    if let Some(needs) = &version.needs_component {
        rules.push(plain(&needs.code, ReasonKind::Component, &needs.text));
    }
    for line in &version.combinations {
        rules.push(plain(&line.reason.code, ReasonKind::Combination, &line.reason.text));
    }
    if let Some(quota) = &version.quota {
        rules.push(plain(&quota.reason.code, ReasonKind::Quota, &quota.reason.text));
    }
    rules
}

pub(crate) fn component_rules(
    version: &ProgrammeVersion,
    params: &Params,
    figures: Option<&Figures>,
) -> Vec<ComponentRule> {
    let figure = |code: &str| {
        let found = figures?.components.iter().find(|(known, _)| known == code);
        found.map(|(_, figures)| *figures)
    };
    let rule = |component: &policy::Component| ComponentRule {
        code: component.code.clone(),
        label: component.label.clone(),
        group: component.group.clone(),
        words: in_words(&component.when, params),
        sql: component.when.text().to_owned(),
        amount_year_idr: component.amount_year,
        amount_stage_idr: component.amount_stage,
        max_per_family: component.max_per_family,
        enabled: component.enabled,
        conditionality: component.conditionality.clone(),
        verification: component.verification.clone(),
        note: component.note.clone(),
        figures: figure(&component.code),
    };
    version.components.iter().map(rule).collect()
}

pub(crate) fn quota_rule(version: &ProgrammeVersion, params: &Params) -> Option<QuotaRule> {
    let quota = version.quota.as_ref()?;
    let order = |(expr, direction): &(Expr, Direction)| OrderRule {
        words: in_words(expr, params),
        descending: *direction == Direction::Descending,
    };
    Some(QuotaRule {
        by: quota.by,
        share_permille: quota.share_permille,
        order: quota.order.iter().map(order).collect(),
        reason: quota.reason.clone(),
    })
}
