//! A rule in plain lines, and what changed from one version to the next: for the page of a programme, the command line, and anybody
//! who asks what held on a day. The lines come from the same tree that decides.

use rules::{Label, Lang, Params};

use crate::{
    Arg, Component, Every, Policy, Programme, ProgrammeVersion, Quota, Schedule,
    programme::{Direction, Goods},
};

/// What a version says otherwise than the one before it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Change {
    /// Key of the version.
    pub version: String,
    /// Its first day.
    pub valid_from: String,
    /// Its last day; none while in force.
    pub valid_to: Option<String>,
    /// The acts it rests on.
    pub legal_basis: String,
    /// Remarks.
    pub note: Option<String>,
    /// Lines that the version before had.
    pub removed: Vec<String>,
    /// Lines that it did not have; all lines of the first version.
    pub added: Vec<String>,
}

impl Policy {
    /// Every version of a programme, oldest first, with what changed.
    pub fn history(&self, programme: &Programme, lang: Lang) -> Vec<Change> {
        let mut before: Vec<String> = Vec::new();
        let mut changes = Vec::with_capacity(programme.versions.len());
        for version in &programme.versions {
            let now = self.rule_lines(version, lang);
            let without = |lines: &[String], other: &[String]| -> Vec<String> {
                lines.iter().filter(|line| !other.contains(line)).cloned().collect()
            };
            changes.push(Change {
                version: version.key.clone(),
                valid_from: version.valid_from.to_string(),
                valid_to: version.valid_to.map(|day| day.to_string()),
                legal_basis: version.legal_basis.clone(),
                note: version.note.as_ref().map(|note| note.get(lang).to_owned()),
                removed: without(&before, &now),
                added: without(&now, &before),
            });
            before = now;
        }
        changes
    }

    /// A rule in plain lines: who, who not, what, how much, how often, through which channel, from which budget.
    pub fn rule_lines(&self, version: &ProgrammeVersion, lang: Lang) -> Vec<String> {
        let params = version.params(version.valid_from);
        let text = |key: &str, args: &[(&str, Arg<'_>)]| self.words().get(lang, key, args);
        let one = |key: &str, value: &str| text(key, &[("what", Arg::Text(value))]);
        let with = |label: &Label, expr: &rules::Expr| {
            format!("{} ({})", label.get(lang), expr.words_with(lang, &params))
        };
        let mut lines = Vec::new();
        if !version.enabled {
            lines.push(text("policy-line-off", &[]));
        }
        let selection = one("policy-line-selection", &code(&version.selection));
        lines.push(selection);
        lines.extend(
            version.eligibility.iter().map(|part| one("policy-line-needs", &with(&part.text, &part.when))),
        );
        lines.extend(
            version.exclusions.iter().map(|part| one("policy-line-not", &with(&part.text, &part.when))),
        );
        lines
            .extend(version.needs_component.iter().map(|needs| one("policy-line-not", needs.text.get(lang))));
        for part in &version.components {
            lines.push(self.component_line(part, &params, lang));
            lines.extend(self.duty_line(part, lang));
        }
        if let Some(flat) = &version.flat {
            let what = format!("{}: {}", flat.label.get(lang), flat.amount);
            lines.push(self.every(flat.every, &what, lang));
        }
        lines.extend(
            version.goods.iter().map(|goods| self.every(goods.every, &goods_words(goods, lang), lang)),
        );
        lines.extend(version.services.iter().map(|part| one("policy-line-service", part.label.get(lang))));
        if let Some(group) = &version.group {
            let (least, most) = (i64::from(group.families_min), i64::from(group.families_max));
            lines.push(text(
                "policy-line-group",
                &[("least", Arg::Number(least)), ("most", Arg::Number(most))],
            ));
        }
        lines.extend(version.steps.iter().map(|step| one("policy-line-step", step.text.get(lang))));
        lines.extend(version.cap.iter().map(|cap| cap.text.get(lang).to_owned()));
        lines.extend(version.quota.iter().map(|quota| self.quota_line(quota, &params, lang)));
        if let Some(most) = version.quota.as_ref().and_then(|quota| quota.ceiling) {
            let most = i64::try_from(most).unwrap_or(i64::MAX);
            lines.push(text("policy-line-ceiling", &[("most", Arg::Number(most))]));
        }
        lines.extend(version.combinations.iter().map(|part| part.reason.text.get(lang).to_owned()));
        lines.push(one("policy-line-schedule", &self.schedule_words(&version.schedule, lang)));
        for key in [&version.channel, &version.fallback_channel].into_iter().flatten() {
            let label = self.channel(key).map_or(key.as_str(), |channel| channel.label.get(lang));
            lines.push(one("policy-line-channel", label));
        }
        let funding: Vec<String> = version.funding.iter().map(code).collect();
        lines.push(one("policy-line-budget", &[funding.join(", "), version.budget_line.clone()].join(": ")));
        lines.extend(version.proof.iter().map(|part| one("policy-line-proof", part.text.get(lang))));
        lines.extend(version.ends.iter().map(|part| one("policy-line-ends", part.text.get(lang))));
        lines
    }

    /// How often a decision is made, and in which months payment is planned.
    pub fn schedule_words(&self, schedule: &Schedule, lang: Lang) -> String {
        let kinds = [
            (schedule.month, "month"),
            (schedule.stage, "stage"),
            (schedule.year, "year"),
            (schedule.once, "once"),
        ];
        let kind =
            |(_, kind): (bool, &str)| self.words().get(lang, "policy-schedule", &[("kind", Arg::Text(kind))]);
        let kinds: Vec<String> = kinds.into_iter().filter(|(on, _)| *on).map(kind).collect();
        let kinds = kinds.join(", ");
        // Twelve months say nothing that the schedule does not say.
        if schedule.pay_months.is_empty() || schedule.pay_months.len() == 12 {
            return kinds;
        }
        let month = |month: &i64| self.words().get(lang, "policy-month", &[("month", Arg::Number(*month))]);
        let months: Vec<String> = schedule.pay_months.iter().map(month).collect();
        let args = [("what", Arg::Text(&kinds)), ("months", Arg::Text(&months.join(", ")))];
        self.words().get(lang, "policy-schedule-months", &args)
    }

    /// What the family undertakes for a component, and how that is checked.
    fn duty_line(&self, part: &Component, lang: Lang) -> Option<String> {
        let duty = part.conditionality.as_ref()?.get(lang);
        let of = part.label.get(lang);
        let check = part.verification.as_ref().map_or("", |check| check.get(lang));
        let key = if check.is_empty() { "policy-line-duty" } else { "policy-line-duty-checked" };
        let args = [("of", Arg::Text(of)), ("duty", Arg::Text(duty)), ("check", Arg::Text(check))];
        Some(self.words().get(lang, key, &args))
    }

    fn component_line(&self, part: &Component, params: &Params, lang: Lang) -> String {
        let mut what = format!("{} ({})", part.label.get(lang), part.when.words_with(lang, params));
        if part.once {
            what = self.every(Every::Once, &format!("{what}: {}", part.amount_year), lang);
        } else if part.kind.is_money() {
            let (year, stage) = (part.amount_year.to_string(), part.amount_stage.to_string());
            let args = [("what", Arg::Text(&what)), ("year", Arg::Text(&year)), ("stage", Arg::Text(&stage))];
            what = self.words().get(lang, "policy-line-component", &args);
        }
        if let Some(most) = part.max_per_family {
            let args = [("what", Arg::Text(what.as_str())), ("most", Arg::Number(i64::from(most)))];
            what = self.words().get(lang, "policy-line-most", &args);
        }
        if part.enabled {
            what
        } else {
            self.words().get(lang, "policy-line-component-off", &[("what", Arg::Text(&what))])
        }
    }

    fn every(&self, every: Every, what: &str, lang: Lang) -> String {
        let every = code(&every);
        self.words().get(
            lang,
            "policy-line-every",
            &[("what", Arg::Text(what)), ("every", Arg::Text(&every))],
        )
    }

    fn quota_line(&self, quota: &Quota, params: &Params, lang: Lang) -> String {
        let order = |(expr, direction): &(rules::Expr, Direction)| {
            let (by, how) = (expr.words_with(lang, params), code(direction));
            self.words().get(lang, "policy-line-order", &[("what", Arg::Text(&by)), ("how", Arg::Text(&how))])
        };
        let order: Vec<String> = quota.order.iter().map(order).collect();
        let (order, by) = (order.join(", "), code(&quota.by));
        let args = [
            ("share", Arg::Number(i64::from(quota.share_permille))),
            ("table", Arg::Number(quota.table.len() as i64)),
            ("by", Arg::Text(&by)),
            ("order", Arg::Text(&order)),
        ];
        self.words().get(lang, "policy-line-quota", &args)
    }
}

fn goods_words(goods: &Goods, lang: Lang) -> String {
    let mut words = format!("{} {} {}", goods.label.get(lang), goods.quantity, goods.unit);
    if goods.value.idr() > 0 {
        words = format!("{words} ({})", goods.value);
    }
    words
}

/// The word by which a code is written in files.
fn code(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}
