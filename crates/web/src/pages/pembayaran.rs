//! Payment: cycles, one cycle from ordered to withdrawn, what is wrong by kind, each line with its whole story, orders that wait for a
//! second person, and rows of replies that nobody could take.

use std::collections::HashMap;

use access::{House, Scope};
use askama::Template;
use axum::{
    extract::{Path, Query},
    response::{IntoResponse, Redirect, Response},
};
use jiff::civil::Date;
use model::LineId;
use payment::{
    AccountState, CyclePage, CycleView, ExceptionFilter, ExceptionView, LineFilter, LinePage, LineView,
    OrderView, PaymentState, Sp2d, Trouble,
};
use report::Money;
use serde::Deserialize;
use store::{Page, Paged};

use super::{keluarga::name_or, keputusan::family_called};
use crate::{
    fault::Fault,
    lang::Tongue,
    shell::Shell,
    ui::{Bar, Bars, Funnel, Pager, Step},
    visit::{Answer, Posted, Visit, page},
};

/// All cycles.
#[derive(Template)]
#[template(path = "pembayaran.html")]
pub(crate) struct CyclesPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) cycles: Vec<CycleRow>,
    pub(crate) pager: Pager,
    pub(crate) orders: Vec<OrderView>,
    pub(crate) me: i64,
    pub(crate) may_approve: bool,
    pub(crate) exceptions: Vec<ExceptionView>,
}

/// A cycle, and how its money stands in the visitor's territory or caseload.
pub(crate) struct CycleRow {
    pub(crate) cycle: CycleView,
    /// None for cycles too old to be summed on a list.
    pub(crate) money: Option<Money>,
}

impl CycleRow {
    fn on_card(&self) -> i64 {
        self.money.and_then(|money| money.on_card().ok()).map_or(0, model::Rupiah::idr)
    }

    fn problems(&self) -> i64 {
        self.money.map_or(0, |money| money.problems)
    }

    /// Its lines with this filter.
    fn href(&self, filter: &str) -> String {
        format!("/pembayaran/siklus/{}/baris?saring={filter}", self.cycle.cycle_id)
    }
}

/// One cycle.
#[derive(Template)]
#[template(path = "pembayaran_siklus.html")]
pub(crate) struct OneCyclePage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) title: String,
    pub(crate) view: CyclePage,
    pub(crate) funnel: Funnel,
    pub(crate) problems: Bars,
    pub(crate) accounts: Bars,
    pub(crate) names: HashMap<String, String>,
    pub(crate) me: i64,
    pub(crate) may_approve: bool,
}

/// Lines of a cycle.
#[derive(Template)]
#[template(path = "pembayaran_baris_daftar.html")]
pub(crate) struct LinesPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) title: String,
    pub(crate) cycle: i64,
    pub(crate) choices: Vec<(String, String)>,
    pub(crate) chosen: String,
    pub(crate) export: String,
    pub(crate) lines: Vec<LineView>,
    pub(crate) names: HashMap<String, String>,
    pub(crate) pager: Pager,
}

/// One line.
#[derive(Template)]
#[template(path = "pembayaran_baris.html")]
pub(crate) struct OneLinePage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) title: String,
    pub(crate) view: LinePage,
    pub(crate) place: String,
    pub(crate) cases: Vec<casework::views::CaseRow>,
    /// Name of the head of the family, for those who may see families.
    pub(crate) head: String,
}

/// Rows of replies that were not taken.
#[derive(Template)]
#[template(path = "pembayaran_balasan.html")]
pub(crate) struct ExceptionsPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) tabs: Vec<(String, String, bool)>,
    pub(crate) rows: Vec<ExceptionView>,
    pub(crate) pager: Pager,
    pub(crate) may_close: bool,
}

/// Name of a programme.
pub(crate) fn programme(t: &Tongue, key: &str) -> String {
    t.policy().programme(key).map_or_else(|| key.to_owned(), |found| t.label(&found.label).to_owned())
}

/// Name of a channel.
pub(crate) fn channel(t: &Tongue, key: &str) -> String {
    t.policy().channel(key).map_or_else(|| key.to_owned(), |found| t.label(&found.label).to_owned())
}

/// Name of a role.
pub(crate) fn role(t: &Tongue, key: &str) -> String {
    t.policy().roles().get(key).map_or_else(|| key.to_owned(), |found| t.label(&found.label).to_owned())
}

/// Colour of a payment state.
pub(crate) fn payment_kind(state: &PaymentState) -> &'static str {
    match state {
        PaymentState::Withdrawn => "good",
        PaymentState::Failed | PaymentState::SentBack | PaymentState::Returned => "bad",
        PaymentState::Set => "mute",
        PaymentState::Committed
        | PaymentState::Ordered
        | PaymentState::Instructed
        | PaymentState::ToppedUp => "note",
    }
}

/// Words of a payment state.
pub(crate) fn payment_word(t: &Tongue, state: &PaymentState) -> String {
    t.say(&format!("payment-state-{}", state.code()))
}

/// Colour of an account state.
pub(crate) fn account_kind(state: &AccountState) -> &'static str {
    match state {
        AccountState::Good => "good",
        AccountState::Failed => "bad",
        AccountState::Doubtful => "warn",
        AccountState::Unchecked | AccountState::Asked | AccountState::NotNeeded => "mute",
    }
}

/// Words of a problem.
pub(crate) fn problem(t: &Tongue, code: &str) -> String {
    t.say(&format!("payment-problem-{code}"))
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    setelah: Option<String>,
    #[serde(default)]
    saring: String,
}

pub(crate) async fn list(visit: Visit, Query(asked): Query<Asked>) -> Answer {
    let from = Page { after: asked.setelah, limit: 20 };
    let wanted = from.clone();
    let nation = visit.session.region.as_str().is_empty();
    let (cycles, orders, exceptions) = visit
        .ask("payment.read", move |house, scope| {
            let cycles = payment::cycles(house, scope, &wanted)?;
            let mut sums: HashMap<i64, Money> = HashMap::new();
            for cycle in report::programmes(house, scope)?.into_iter().flat_map(|programme| programme.cycles)
            {
                sums.insert(cycle.cycle_id, cycle.money);
            }
            let row = |cycle: CycleView| CycleRow { money: sums.get(&cycle.cycle_id).copied(), cycle };
            let cycles = Paged { items: cycles.items.into_iter().map(row).collect(), next: cycles.next };
            let orders = if nation { payment::orders_waiting(house, scope)? } else { Vec::new() };
            let open = payment::exceptions(house, scope, &ExceptionFilter::default(), &Page::first(5))?;
            Ok::<_, Fault>((cycles, orders, open.items))
        })
        .await?;
    let t = visit.t();
    let cycles: Paged<CycleRow> = cycles;
    page(&CyclesPage {
        pager: Pager::of(&t, "/pembayaran", &from, cycles.items.len(), cycles.next),
        cycles: cycles.items,
        orders,
        me: visit.session.user_id.0,
        may_approve: visit.session.may("payment.approve"),
        exceptions,
        shell: visit.shell(),
        t,
    })
}

pub(crate) async fn cycle(visit: Visit, Path(cycle): Path<i64>) -> Answer {
    let view =
        visit.ask("payment.read", move |house, scope| payment::cycle_page(house, scope, cycle)).await?;
    let names = visit.names(view.regions.iter().map(|one| one.region.to_string())).await?;
    let t = visit.t();
    let title = title(&t, &view.cycle.programme, &view.cycle.period);
    page(&OneCyclePage {
        trail: vec![("/pembayaran".into(), t.say("web-nav-payments")), (String::new(), title.clone())],
        title,
        funnel: funnel(&t, &view),
        problems: problems(&t, &view),
        accounts: accounts(&t, &view),
        names,
        me: visit.session.user_id.0,
        may_approve: visit.session.may("payment.approve"),
        view,
        shell: visit.shell(),
        t,
    })
}

pub(crate) fn title(t: &Tongue, key: &str, period: &str) -> String {
    format!("{}, {}", programme(t, key), t.period(period))
}

fn funnel(t: &Tongue, view: &CyclePage) -> Funnel {
    let first = view.funnel.first().map_or(0, |step| step.amount_idr);
    let filter = |step: &str| match step {
        "topped_up" | "withdrawn" => format!("?saring=uang.{step}"),
        "checked" => "?saring=rekening.good".to_owned(),
        _ => String::new(),
    };
    let step = |step: &payment::FunnelStep| Step {
        label: t.say(&format!("payment-step-{}", step.step)),
        amount: t.idr_short(step.amount_idr),
        count: t.n(step.lines),
        share: t.share(step.amount_idr, first),
        value: step.amount_idr,
        href: format!("/pembayaran/siklus/{}/baris{}", view.cycle.cycle_id, filter(step.step)),
    };
    Funnel {
        title: t.say("web-funnel"),
        heads: [t.say("web-step"), t.say("web-lines"), t.say("web-amount"), t.say("web-share")],
        steps: view.funnel.iter().map(step).collect(),
        as_table: t.say("web-as-table"),
        more: None,
    }
}

fn problems(t: &Tongue, view: &CyclePage) -> Bars {
    let bar = |one: &payment::ProblemCount| Bar {
        label: problem(t, &one.problem),
        text: t.two("web-lines-and-amount", "n", t.n(one.lines), "amount", t.idr_short(one.amount_idr)),
        value: one.lines,
        colour: 3,
        href: format!("/pembayaran/siklus/{}/baris?saring=masalah.{}", view.cycle.cycle_id, one.problem),
    };
    Bars {
        title: t.say("web-problems"),
        heads: (t.say("web-problem"), t.say("web-lines")),
        bars: view.problems.iter().map(bar).collect(),
        full: None,
        as_table: t.say("web-as-table"),
    }
}

fn accounts(t: &Tongue, view: &CyclePage) -> Bars {
    let bar = |(state, lines): &(String, i64)| Bar {
        label: t.say(&format!("payment-account-{state}")),
        text: t.n(lines),
        value: *lines,
        colour: match AccountState::from_code(state) {
            Some(AccountState::Good | AccountState::NotNeeded) => 1,
            Some(AccountState::Failed) => 3,
            Some(AccountState::Doubtful) => 2,
            _ => 4,
        },
        href: format!("/pembayaran/siklus/{}/baris?saring=rekening.{state}", view.cycle.cycle_id),
    };
    Bars {
        title: t.say("web-accounts"),
        heads: (t.say("web-account"), t.say("web-lines")),
        bars: view.accounts.iter().map(bar).collect(),
        full: None,
        as_table: t.say("web-as-table"),
    }
}

/// `uang.topped_up`, `rekening.failed`, `masalah.name_differs`, `masalah`; anything else is all lines.
pub(crate) fn filter_of(text: &str) -> LineFilter {
    let (kind, code) = text.split_once('.').unwrap_or((text, ""));
    let found = match kind {
        "uang" => PaymentState::from_code(code).map(LineFilter::Payment),
        "rekening" => AccountState::from_code(code).map(LineFilter::Account),
        "masalah" if code.is_empty() => Some(LineFilter::AnyProblem),
        "masalah" => Trouble::from_code(code).map(LineFilter::Problem),
        _ => None,
    };
    found.unwrap_or_default()
}

fn filters(t: &Tongue) -> Vec<(String, String)> {
    let mut all =
        vec![(String::new(), t.say("web-all-lines")), ("masalah".to_owned(), t.say("web-any-problem"))];
    all.extend(
        PaymentState::ALL.iter().map(|state| (format!("uang.{}", state.code()), payment_word(t, state))),
    );
    all.extend(AccountState::ALL.iter().map(|state| {
        let word = t.say(&format!("payment-account-{}", state.code()));
        (format!("rekening.{}", state.code()), t.one("web-account-is", "state", word))
    }));
    all.extend(Trouble::ALL.iter().map(|trouble| {
        (
            format!("masalah.{}", trouble.code()),
            t.one("web-problem-is", "problem", problem(t, trouble.code())),
        )
    }));
    all
}

/// Words of one of the filters of lines.
pub(crate) fn filter_word(t: &Tongue, code: &str) -> String {
    let found = filters(t).into_iter().find(|(of, _)| of == code);
    found.map_or_else(|| t.say("web-all-lines"), |(_, word)| word)
}

pub(crate) async fn lines(visit: Visit, Path(cycle): Path<i64>, Query(asked): Query<Asked>) -> Answer {
    let from = Page { after: asked.setelah, limit: 50 };
    let (wanted, filter) = (from.clone(), filter_of(&asked.saring));
    let found = visit
        .ask("payment.read", move |house, scope| payment::line_list(house, scope, cycle, filter, &wanted))
        .await?;
    let names = visit.names(found.items.iter().map(|line| line.region.to_string())).await?;
    let t = visit.t();
    let title = match found.items.first() {
        Some(line) => title(&t, &line.programme, &line.period),
        None => t.say("web-lines"),
    };
    let base = format!("/pembayaran/siklus/{cycle}/baris?saring={}", crate::visit::encode(&asked.saring));
    page(&LinesPage {
        trail: vec![
            ("/pembayaran".into(), t.say("web-nav-payments")),
            (format!("/pembayaran/siklus/{cycle}"), title.clone()),
            (String::new(), t.say("web-lines")),
        ],
        title,
        cycle,
        choices: filters(&t),
        export: format!("/ekspor/baru?jenis=lines&pokok={cycle}/{}", crate::visit::encode(&asked.saring)),
        chosen: asked.saring,
        pager: Pager::of(&t, &base, &from, found.items.len(), found.next),
        lines: found.items,
        names,
        shell: visit.shell(),
        t,
    })
}

/// Headings of a file of payment lines, in the order of [`line_cells`].
pub(crate) const LINE_HEADS: &[&str] = &[
    "web-line",
    "web-family-id",
    "web-payee",
    "web-region-code",
    "web-village",
    "web-programme",
    "web-period",
    "web-channel",
    "web-account",
    "web-account-tail",
    "web-name-at-bank",
    "web-entitlement",
    "web-money",
    "web-problem",
    "web-amount",
    "payment-step-topped_up",
    "payment-step-withdrawn",
    "web-on-card",
    "web-returned",
];

/// Cells of a line; of the account only its last digits, as on the page.
pub(crate) fn line_cells(t: &Tongue, names: &HashMap<String, String>, line: LineView) -> Vec<String> {
    let region = line.region.to_string();
    vec![
        line.line_id.to_string(),
        line.family_id.to_string(),
        line.payee_name,
        region.clone(),
        names.get(&region).cloned().unwrap_or_default(),
        programme(t, &line.programme),
        line.period,
        channel(t, &line.channel),
        t.say(&format!("payment-account-{}", line.account_state.code())),
        line.account_tail.unwrap_or_default(),
        line.name_at_bank.unwrap_or_default(),
        t.say(&format!("payment-eligibility-{}", line.eligibility.code())),
        payment_word(t, &line.payment),
        line.problem.map_or_else(String::new, |trouble| problem(t, trouble.code())),
        line.amount_idr.to_string(),
        line.topped_up_idr.to_string(),
        line.withdrawn_idr.to_string(),
        line.on_card_idr.to_string(),
        line.returned_idr.to_string(),
    ]
}

pub(crate) async fn line(visit: Visit, Path(line): Path<i64>) -> Answer {
    let cases_scope = visit.scope("case.read").ok();
    let families = visit.scope("family.read").ok();
    let (view, cases, heads) = visit
        .ask("payment.read", move |house, scope| {
            let view = payment::line_page(house, scope, LineId(line)).map_err(Fault::from)?;
            let cases = match &cases_scope {
                Some(scope) => casework::views::line_cases(house, scope, LineId(line))?,
                None => Vec::new(),
            };
            let heads = super::keputusan::heads_of(house, families.as_ref(), [view.line.family_id])?;
            Ok::<_, Fault>((view, cases, heads))
        })
        .await?;
    let region = view.line.region.to_string();
    let place = visit.names([region.clone()]).await?.remove(&region).unwrap_or_default();
    let t = visit.t();
    let title = title(&t, &view.line.programme, &view.line.period);
    page(&OneLinePage {
        head: family_called(&t, heads.get(&view.line.family_id), view.line.family_id),
        trail: vec![
            ("/pembayaran".into(), t.say("web-nav-payments")),
            (format!("/pembayaran/siklus/{}", view.line.cycle_id), title.clone()),
            (String::new(), t.one("web-line-no", "n", view.line.line_id)),
        ],
        title,
        view,
        place,
        cases,
        shell: visit.shell(),
        t,
    })
}

impl OneCyclePage {
    /// A page below the cycle's.
    fn within(&self, page: &str) -> String {
        format!("/pembayaran/siklus/{}/{page}", self.view.cycle.cycle_id)
    }

    /// Whether there are letters to print: lines of it may have gone to the post office.
    fn writes(&self) -> bool {
        let policy = self.t.policy();
        let letters = |key: &str| policy.channel(key).is_some_and(|channel| channel.letter.is_some());
        let programme = policy.programme(&self.view.cycle.programme);
        let other = programme.is_some_and(|programme| {
            programme.versions.iter().any(|version| version.fallback_channel.as_deref().is_some_and(letters))
        });
        other || letters(&self.view.cycle.channel)
    }

    /// Whether its bank is called, so that there are calls to look at.
    fn called(&self) -> bool {
        self.t.policy().channel(&self.view.cycle.channel).is_some_and(|channel| channel.api.is_some())
    }

    /// The lines whose money lies on cards.
    fn on_card_href(&self) -> String {
        format!("/pembayaran/siklus/{}/baris?saring=uang.topped_up", self.view.cycle.cycle_id)
    }
}

impl OneLinePage {
    /// Why a state changed, in words: the channel's own word where it is one.
    fn reason(&self, event: &payment::EventView) -> String {
        if let Some(label) = &event.reason_label {
            return self.t.label(label).to_owned();
        }
        if let Some(said) = event.reason.strip_prefix("person:") {
            return said.to_owned();
        }
        let said = self.t.code("payment-reason", &event.reason);
        // A trouble of our own is a reason too.
        if said == event.reason { self.t.code("payment-problem", &event.reason) } else { said }
    }

    fn next(&self, event: &payment::EventView) -> String {
        match &event.next_label {
            Some(label) => self.t.label(label).to_owned(),
            None if event.next.is_empty() => String::new(),
            None => self.t.code("payment-next", &event.next),
        }
    }

    fn state(&self, event: &payment::EventView) -> String {
        let kind = if event.kind == "payment" { "state" } else { event.kind.as_str() };
        self.t.say(&format!("payment-{kind}-{}", event.state))
    }
}

#[derive(Deserialize)]
pub(crate) struct ApproveForm {
    hash: String,
    #[serde(default)]
    spm: String,
}

pub(crate) async fn approve(Path(order): Path<i64>, posted: Posted<ApproveForm>) -> Answer {
    let ApproveForm { hash, spm } = posted.form;
    let step = move |house: &House, scope: &Scope| payment::approve_order(house, scope, order, &hash, &spm);
    Ok(to_cycle(&posted.visit.ask("payment.approve", step).await?))
}

fn to_cycle(order: &OrderView) -> Response {
    Redirect::to(&format!("/pembayaran/siklus/{}", order.cycle_id)).into_response()
}

#[derive(Deserialize)]
pub(crate) struct Sp2dForm {
    number: String,
    on: String,
}

pub(crate) async fn disburse(Path(order): Path<i64>, posted: Posted<Sp2dForm>) -> Answer {
    let Sp2dForm { number, on } = posted.form;
    let step = move |house: &House, scope: &Scope| {
        // A day that is none is told as one that is to come: the form has both rules in one sentence.
        let on = on.parse().unwrap_or(Date::MAX);
        payment::disburse_order(house, scope, order, &Sp2d { number, on })
    };
    Ok(to_cycle(&posted.visit.ask("payment.export", step).await?))
}

#[derive(Deserialize)]
pub(crate) struct ReasonForm {
    #[serde(default)]
    reason: String,
}

pub(crate) async fn cancel(Path(order): Path<i64>, posted: Posted<ReasonForm>) -> Answer {
    let reason = posted.form.reason;
    let step = move |house: &House, scope: &Scope| payment::cancel_order(house, scope, order, &reason);
    Ok(to_cycle(&posted.visit.ask("payment.build", step).await?))
}

#[derive(Deserialize)]
pub(crate) struct SlipForm {
    slip: String,
    cycle: i64,
}

pub(crate) async fn withheld(Path(order): Path<i64>, posted: Posted<SlipForm>) -> Answer {
    let SlipForm { slip, cycle } = posted.form;
    let step = move |house: &House, scope: &Scope| payment::return_withheld(house, scope, order, &slip);
    posted.visit.ask("payment.build", step).await?;
    Ok(Redirect::to(&format!("/pembayaran/siklus/{cycle}")).into_response())
}

/// On what ground something happened: `file:3` in words, so that the file can be asked for by its number.
pub(crate) fn document(t: &Tongue, document: &str) -> String {
    let Some((kind, id)) = document.split_once(':') else { return document.to_owned() };
    match kind {
        "file" => t.one("web-document-file", "id", id),
        "late" => t.one("web-document-late", "id", id),
        "cycle" => t.one("web-document-cycle", "id", id),
        "order" => t.one("web-document-order", "id", id),
        "run" => t.one("web-document-run", "id", id),
        "case" => t.one("web-document-case", "id", id),
        "bulk" => t.one("web-document-bulk", "id", id),
        "slip" => t.one("web-document-slip", "id", id),
        "plan" => t.one("web-plan-no", "n", id),
        "fund" => t.one("web-document-fund", "id", id),
        _ => document.to_owned(),
    }
}

/// What was expected or found in a reply, as its reader writes it: rupiah, a state in words, of an account the last digits.
pub(crate) fn reply_value(t: &Tongue, kind: &str, value: &str) -> String {
    if let Some(state) = PaymentState::from_code(value) {
        return payment_word(t, &state);
    }
    if let Some(state) = AccountState::from_code(value) {
        return t.say(&format!("payment-account-{}", state.code()));
    }
    match (Trouble::from_code(kind), value.parse::<i64>()) {
        (Some(Trouble::WrongAmount | Trouble::OverWithdrawn), Ok(idr)) => t.idr(idr),
        (Some(Trouble::CardMove), _) => {
            let state = t.code("payment-card-state", value);
            if state == value { t.code("payment-card-step", value) } else { state }
        }
        (Some(Trouble::BadRow), _) => t.code("payment-card-field", value),
        (Some(Trouble::WrongAccount), _) => {
            let shown = value.chars().count().saturating_sub(4);
            format!("…{}", value.chars().skip(shown).collect::<String>())
        }
        _ => bank_word(t, value).unwrap_or_else(|| value.to_owned()),
    }
}

/// What a word of a channel's replies means, as the policy pack has it.
pub(crate) fn bank_word(t: &Tongue, word: &str) -> Option<String> {
    let mut results = t.policy().channels().values().flat_map(|channel| &channel.results);
    let found = results.find(|result| result.word.eq_ignore_ascii_case(word))?;
    Some(format!("{} ({word})", t.label(&found.label)))
}

fn exception_state(asked: &Asked) -> &'static str {
    match asked.saring.as_str() {
        "noted" => "noted",
        "closed" => "closed",
        _ => "open",
    }
}

pub(crate) async fn exceptions(visit: Visit, Query(asked): Query<Asked>) -> Answer {
    let state = exception_state(&asked);
    let from = Page { after: asked.setelah, limit: 50 };
    let (wanted, filter) = (from.clone(), ExceptionFilter { state: state.to_owned(), kind: None });
    let found = visit
        .ask("payment.read", move |house, scope| payment::exceptions(house, scope, &filter, &wanted))
        .await?;
    let t = visit.t();
    let tab = |one: &str| {
        (format!("/pembayaran/balasan?saring={one}"), t.say(&format!("web-exception-{one}")), one == state)
    };
    page(&ExceptionsPage {
        trail: vec![
            ("/pembayaran".into(), t.say("web-nav-payments")),
            (String::new(), t.say("web-exceptions")),
        ],
        tabs: ["open", "noted", "closed"].into_iter().map(tab).collect(),
        pager: Pager::of(
            &t,
            &format!("/pembayaran/balasan?saring={state}"),
            &from,
            found.items.len(),
            found.next,
        )
        .leafing(),
        rows: found.items,
        may_close: visit.session.may("payment.reconcile"),
        shell: visit.shell(),
        t,
    })
}

#[derive(Deserialize)]
pub(crate) struct CloseForm {
    note: String,
}

pub(crate) async fn close(Path(exception): Path<i64>, posted: Posted<CloseForm>) -> Answer {
    let note = posted.form.note;
    posted
        .visit
        .ask("payment.reconcile", move |house, scope| {
            payment::close_exception(house, scope, exception, note.trim())
        })
        .await?;
    Ok(Redirect::to("/pembayaran/balasan").into_response())
}
