//! Home: what waits for me, by role. Each task is shown only to those whose role can do it; each links to the page where it is done.

use askama::Template;
use report::{Figure, Task, TaskKind, Unit};

use crate::{
    lang::{Tongue, word},
    shell::Shell,
    ui::{Funnel, Step},
    visit::{Answer, Visit, page},
};

/// One thing that waits.
pub(crate) struct Waiting {
    pub(crate) href: &'static str,
    pub(crate) title: String,
    pub(crate) hint: String,
    pub(crate) tag: String,
    /// `warn` or `bad`.
    pub(crate) kind: &'static str,
}

/// One programme as it stands.
pub(crate) struct Standing {
    pub(crate) href: String,
    pub(crate) name: String,
    pub(crate) period: String,
    pub(crate) figures: Vec<(String, String)>,
    pub(crate) money: Option<Funnel>,
}

/// The home page.
#[derive(Template)]
#[template(path = "beranda.html")]
pub(crate) struct HomePage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) question: String,
    pub(crate) may_search: bool,
    pub(crate) waiting: Vec<Waiting>,
    pub(crate) figures: Vec<(String, String)>,
    pub(crate) basis: String,
    pub(crate) standings: Vec<Standing>,
}

pub(crate) async fn show(visit: Visit) -> Answer {
    let session = visit.session.clone();
    let view = visit.guest.app.ask(move |house| report::home(house, &session)).await?;
    let t = visit.t();
    let question = visit.session.rights().map_or_else(String::new, |role| t.label(&role.question).to_owned());
    let standing = |programme: report::ProgrammeView| {
        let named = t.policy().programme(&programme.programme);
        Standing {
            href: match &programme.run {
                Some(run) if visit.session.may("decision.read") => format!("/keputusan/{run}"),
                _ => format!("/program/{}", programme.programme),
            },
            name: named.map_or(programme.programme.clone(), |named| t.label(&named.label).to_owned()),
            period: programme.period.as_deref().map_or_else(String::new, |period| t.period(period)),
            figures: of(&t, &programme.figures, &["eligible", "waiting", "problems", "absorption"]),
            money: money(
                &t,
                named.map_or("", |named| t.short_label(&named.label)),
                visit.session.may("payment.read"),
                &programme,
            ),
        }
    };
    page(&HomePage {
        question,
        may_search: visit.session.may("search"),
        waiting: view.tasks.iter().map(|task| waiting(&t, task)).collect(),
        basis: view.figures.first().map_or_else(String::new, |figure| basis(&t, figure)),
        figures: view.figures.iter().map(|figure| in_words(&t, figure)).collect(),
        standings: view.programmes.into_iter().filter(|one| !one.figures.is_empty()).map(standing).collect(),
        shell: visit.shell(),
        t,
    })
}

/// Some figures, in the order in which they are named.
fn of(t: &Tongue, figures: &[Figure], keys: &[&str]) -> Vec<(String, String)> {
    let find = |key: &&str| figures.iter().find(|figure| figure.key == *key);
    keys.iter().filter_map(find).map(|figure| in_words(t, figure)).collect()
}

/// How far the money of a programme has come; nothing before it was ordered.
fn money(t: &Tongue, name: &str, may_pay: bool, programme: &report::ProgrammeView) -> Option<Funnel> {
    let find = |key: &str| programme.figures.iter().find(|figure| figure.key == key)?.value;
    let cycle = programme.cycles.first().map(|cycle| cycle.cycle_id);
    let whole = find("decided").filter(|whole| *whole > 0)?;
    find("ordered")?;
    let step = |key: &str| {
        let value = find(key)?;
        Some(Step {
            label: t.say(&format!("report-figure-{key}")),
            amount: t.idr_short(value),
            count: String::new(),
            share: t.share(value, whole),
            value,
            href: String::new(),
        })
    };
    Some(Funnel {
        title: t.one("web-funnel-of", "what", name),
        heads: [t.say("web-step"), String::new(), t.say("web-amount"), t.say("web-share")],
        steps: ["decided", "ordered", "topped_up", "withdrawn"].into_iter().filter_map(step).collect(),
        as_table: t.say("web-as-table"),
        more: cycle
            .map(|id| (format!("/pembayaran/siklus/{id}"), t.say("web-see-payment")))
            .filter(|_| may_pay),
    })
}

/// Name and value of a figure.
pub(crate) fn in_words(t: &Tongue, figure: &Figure) -> (String, String) {
    (t.say(&format!("report-figure-{}", figure.key)), value(t, figure.value, figure.unit))
}

/// A number of some unit as text; what is not known is a dash.
pub(crate) fn value(t: &Tongue, value: Option<i64>, unit: Unit) -> String {
    match (value, unit) {
        (None, _) => "–".to_owned(),
        (Some(number), Unit::Rupiah) => t.idr_short(number),
        (Some(number), Unit::Permille) => t.share(number, 1000),
        (Some(number), _) => t.n(number),
    }
}

/// What a figure stands on, in a sentence.
pub(crate) fn basis(t: &Tongue, figure: &Figure) -> String {
    let words =
        t.two("web-basis", "when", moment(t, &figure.basis.as_of), "source", source(t, &figure.basis.source));
    if figure.basis.caseload { format!("{words}. {}", t.say("web-basis-caseload")) } else { words }
}

/// The dataset or table that figures stand on, in words.
pub(crate) fn source(t: &Tongue, name: &str) -> String {
    let mut parts = name.split('/');
    match (parts.next().unwrap_or_default(), parts.next()) {
        ("closing", Some(month)) => t.one("web-source-closing", "month", t.period(month)),
        ("registry", Some(version)) => t.one("web-source-registry", "version", version),
        ("decision" | "decisions", _) => t.say("web-source-decisions"),
        ("payment_summary", _) => t.say("web-source-payments"),
        ("handover", _) => t.say("web-source-handovers"),
        _ => t.say("web-source-living"),
    }
}

/// A day or an instant as views write it.
pub(crate) fn moment(t: &Tongue, text: &str) -> String {
    match text.parse::<jiff::Timestamp>() {
        Ok(instant) => t.stamp(instant.as_millisecond()),
        Err(_) => t.day_text(text),
    }
}

fn waiting(t: &Tongue, task: &Task) -> Waiting {
    let (href, kind) = match task.kind {
        TaskKind::LateCases => ("/tugas", "bad"),
        TaskKind::Cases => ("/tugas", "warn"),
        TaskKind::Reviews => ("/tinjau", "warn"),
        TaskKind::Rejects => ("/daftar", "warn"),
        TaskKind::RefusedLists | TaskKind::FailedJobs => ("/daftar", "bad"),
        TaskKind::DecisionDrafts => ("/keputusan", "warn"),
        TaskKind::Exceptions => ("/pembayaran", "bad"),
        TaskKind::OrderApprovals
        | TaskKind::OrdersToSend
        | TaskKind::AccountProblems
        | TaskKind::Unwithdrawn => ("/pembayaran", "warn"),
    };
    let age = task.age.map(|age| t.say(&format!("report-age-{}", word(&age))));
    let oldest =
        task.oldest_days.filter(|days| *days > 0).map(|days| t.one("report-oldest", "days", t.n(days)));
    let hints: Vec<String> = [age, oldest].into_iter().flatten().collect();
    Waiting {
        href,
        title: t.count(&format!("report-task-{}", word(&task.kind)), task.count),
        hint: hints.join(" · "),
        tag: match task.amount_idr {
            Some(amount) if amount > 0 => t.idr_short(amount),
            _ if task.more => t.count("report-more-than", task.count),
            // The title says how many.
            _ => String::new(),
        },
        kind,
    }
}
