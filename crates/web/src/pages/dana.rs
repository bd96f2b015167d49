//! Grant funds: what each holds, what waits for a second person, every movement with its paper, and the forms by which they are told.

use askama::Template;
use axum::{
    extract::{Path, Query},
    response::{IntoResponse, Redirect},
};
use model::RegionCode;
use payment::{
    Error,
    funds::{self, FundFault, FundKind, FundMoveView, FundPage, FundView, NewFund, NewFundMove},
};
use serde::Deserialize;
use store::{Page, Paged};

use super::barang::{Form, Input, Sent, status, text};
use crate::{
    csv::{self, Sheet},
    lang::Tongue,
    shell::Shell,
    ui::{self, FieldError, Pager},
    visit::{Answer, Posted, Visit, page},
};

const READ: &str = "fund.read";
const RECORD: &str = "fund.record";
const APPROVE: &str = "fund.approve";
/// Taking back is a step of its own beside the kinds of move.
const BACK: &str = "back";

/// All funds.
#[derive(Template)]
#[template(path = "dana.html")]
pub(crate) struct FundsPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) rows: Vec<FundView>,
    pub(crate) form: Option<Form>,
    pub(crate) errors: Vec<FieldError>,
    pub(crate) pager: Pager,
}

/// One fund.
#[derive(Template)]
#[template(path = "dana_satu.html")]
pub(crate) struct OneFundPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) title: String,
    pub(crate) place: String,
    pub(crate) view: FundPage,
    /// Address of its part of the books.
    pub(crate) books: String,
    /// What the visitor may record: address, words, is this one.
    pub(crate) steps: Vec<(String, String, bool)>,
    pub(crate) form: Option<Form>,
    pub(crate) errors: Vec<FieldError>,
    pub(crate) me: i64,
    pub(crate) may_decide: bool,
    pub(crate) may_record: bool,
    /// Where this page of movements begins.
    pub(crate) after: String,
    pub(crate) pager: Pager,
}

/// What is asked for.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    setelah: Option<String>,
    langkah: String,
    baris: i64,
}

/// Name of a source.
pub(crate) fn source(t: &Tongue, key: &str) -> String {
    t.policy().funds().source(key).map_or_else(|| key.to_owned(), |found| t.label(&found.label).to_owned())
}

/// Words of a kind of move.
pub(crate) fn kind(t: &Tongue, kind: FundKind) -> String {
    t.say(&format!("fund-kind-{}", kind.code()))
}

fn input(t: &Tongue, sent: Option<&Sent>, id: &str, kind: &'static str) -> Input {
    let value = sent.and_then(|sent| sent.get(id)).cloned().unwrap_or_default();
    let label = t.say(&format!("fund-field-{id}"));
    Input { id: id.to_owned(), label, value, kind, choices: Vec::new() }
}

fn errors(t: &Tongue, fault: Option<FundFault>) -> Vec<FieldError> {
    let told = |fault: FundFault| {
        let words = t.say(&format!("galat-{}", fault.code()));
        let text = match &fault {
            FundFault::Short { have, .. } => {
                format!("{words} {}", t.one("web-fund-have", "amount", t.idr(have.idr())))
            }
            _ => words,
        };
        FieldError { field: fault.field().to_owned(), text }
    };
    fault.map(told).into_iter().collect()
}

/// Sorts out what is wrong with the form from what is wrong otherwise.
fn refused<T>(done: payment::Result<T>) -> payment::Result<Result<T, FundFault>> {
    match done {
        Ok(done) => Ok(Ok(done)),
        Err(Error::Fund(fault)) => Ok(Err(fault)),
        Err(error) => Err(error),
    }
}

pub(crate) async fn list(visit: Visit, Query(asked): Query<Asked>) -> Answer {
    list_page(visit, asked, None).await
}

async fn list_page(visit: Visit, asked: Asked, wrong: Option<(Sent, FundFault)>) -> Answer {
    let from = Page { after: asked.setelah, limit: 50 };
    let wanted = from.clone();
    let found = visit.ask(READ, move |house, scope| funds::funds(house, scope, &wanted)).await?;
    let t = visit.t();
    let (sent, fault) = wrong.unzip();
    let sent = sent.as_ref();
    let errors = errors(&t, fault);
    let form = visit.session.may(RECORD).then(|| {
        let mut region = input(&t, sent, "region", "text");
        if sent.is_none() {
            region.value = visit.session.region.to_string();
        }
        let sources = &t.policy().funds().sources;
        let choices = sources.iter().map(|one| (one.key.clone(), t.label(&one.label).to_owned())).collect();
        Form {
            action: "/dana".into(),
            hidden: Vec::new(),
            title: t.say("web-fund-open"),
            hint: String::new(),
            fields: vec![
                Input { choices, ..input(&t, sent, "source", "text") },
                input(&t, sent, "licence", "text"),
                input(&t, sent, "licensed_on", "date"),
                input(&t, sent, "holder", "text"),
                region,
            ],
        }
    });
    let status = status(&errors);
    let body = page(&FundsPage {
        pager: Pager::of(&t, "/dana", &from, found.items.len(), found.next),
        rows: found.items,
        form,
        errors,
        shell: visit.shell(),
        t,
    })?;
    Ok((status, body).into_response())
}

impl FundsPage {
    fn error(&self, field: &str) -> String {
        ui::error_of(&self.errors, field)
    }
}

fn day(form: &Sent, id: &str) -> Result<jiff::civil::Date, FundFault> {
    text(form, id).trim().parse().map_err(|_| FundFault::Day)
}

fn new_fund(form: &Sent) -> Result<NewFund, FundFault> {
    let region = RegionCode::parse(text(form, "region").trim());
    let licensed_on = text(form, "licensed_on").trim().parse();
    Ok(NewFund {
        source: text(form, "source"),
        licence: text(form, "licence"),
        licensed_on: licensed_on.map_err(|_| FundFault::Field("licensed_on".into()))?,
        holder: text(form, "holder"),
        region: region.map_err(|_| FundFault::Field("region".into()))?,
    })
}

pub(crate) async fn open(posted: Posted<Sent>) -> Answer {
    let Posted { visit, form } = posted;
    let told = new_fund(&form);
    let done = visit
        .ask(RECORD, move |house, scope| {
            refused(told.map_err(Error::from).and_then(|told| funds::open_fund(house, scope, &told)))
        })
        .await?;
    match done {
        Ok(id) => Ok(Redirect::to(&format!("/dana/{id}")).into_response()),
        Err(fault) => list_page(visit, Asked::default(), Some((form, fault))).await,
    }
}

pub(crate) async fn show(visit: Visit, Path(id): Path<i64>, Query(asked): Query<Asked>) -> Answer {
    fund(visit, id, asked, None).await
}

async fn fund(visit: Visit, id: i64, asked: Asked, wrong: Option<(Sent, FundFault)>) -> Answer {
    let from = Page { after: asked.setelah.clone(), limit: 50 };
    let wanted = from.clone();
    let view = visit.ask(READ, move |house, scope| funds::fund_page(house, scope, id, &wanted)).await?;
    let region = view.fund.region.to_string();
    let place = visit.names([region.clone()]).await?.remove(&region).unwrap_or_default();
    let t = visit.t();
    let may_record = visit.session.may(RECORD);
    let (sent, fault) = wrong.unzip();
    let form = if may_record { form(&visit, &view, &asked, sent.as_ref()) } else { None };
    let errors = errors(&t, fault);
    let chip = |kind: FundKind| {
        let this = asked.langkah == kind.code();
        (format!("/dana/{id}?langkah={}", kind.code()), t.say(&format!("fund-step-{}", kind.code())), this)
    };
    // Only what there is money for.
    let fits = |kind: &FundKind| match kind {
        FundKind::Deposit => true,
        FundKind::Allot => view.sums.free_idr > 0,
        FundKind::Grant | FundKind::Release | FundKind::Use | FundKind::Unused => {
            view.open.iter().any(|one| Some(one.kind) == kind.parent())
        }
    };
    let steps = FundKind::ALL.into_iter().filter(|kind| may_record && fits(kind)).map(chip).collect();
    let title = source(&t, &view.fund.source);
    let status = status(&errors);
    let body = page(&OneFundPage {
        trail: vec![
            ("/dana".into(), t.say("web-nav-funds")),
            (String::new(), t.one("web-fund-of", "licence", &view.fund.licence)),
        ],
        books: format!(
            "/pembayaran/buku?program={}&periode={}&kanal={}",
            view.fund.source, view.period, view.channel
        ),
        pager: Pager::of(&t, &format!("/dana/{id}"), &from, view.moves.len(), view.next.clone()),
        title,
        place: if region.is_empty() { t.say("web-nation") } else { place },
        steps,
        form,
        errors,
        me: visit.session.user_id.0,
        may_decide: visit.session.may(APPROVE),
        may_record,
        after: asked.setelah.unwrap_or_default(),
        view,
        shell: visit.shell(),
        t,
    })?;
    Ok((status, body).into_response())
}

fn form(visit: &Visit, view: &FundPage, asked: &Asked, sent: Option<&Sent>) -> Option<Form> {
    let t = visit.t();
    let step = asked.langkah.as_str();
    let plain = |id: &str| input(&t, sent, id, "text");
    let two_people =
        |kind: FundKind| if kind.needs_checker() { t.say("web-fund-two-people") } else { String::new() };
    let (title, hint);
    let fields = if step == BACK {
        let wrong = view.moves.iter().find(|one| one.move_id == asked.baris)?;
        let back = t.one("web-fund-back", "id", wrong.move_id);
        title = format!("{back}: {}, {}", kind(&t, wrong.kind), t.idr(wrong.amount_idr));
        hint = two_people(wrong.kind);
        vec![plain("document"), plain("note")]
    } else {
        let kind = FundKind::from_code(step)?;
        title = t.say(&format!("fund-step-{step}"));
        hint = two_people(kind);
        let mut fields = Vec::new();
        if let Some(parent) = kind.parent() {
            let open = view.open.iter().filter(|one| one.kind == parent);
            let words = |one: &FundMoveView| {
                let left = t.idr(one.amount_idr - one.taken_idr);
                let what =
                    if one.kind == FundKind::Allot { purpose(&t, &one.purpose) } else { one.party.clone() };
                (one.move_id.to_string(), format!("{}: {what}, {left}", one.document))
            };
            fields.push(Input { choices: open.map(words).collect(), ..plain("parent") });
        }
        fields.push(plain("amount_idr"));
        if kind == FundKind::Allot {
            let purposes = &t.policy().funds().purposes;
            let choices = purposes.iter().map(|one| (one.key.clone(), t.label(&one.label).to_owned()));
            fields.push(Input { choices: choices.collect(), ..plain("purpose") });
        }
        if !matches!(kind, FundKind::Allot | FundKind::Release) {
            fields.push(plain("party"));
        }
        fields.push(plain("document"));
        fields.push(super::barang::today(visit, input(&t, sent, "day", "date")));
        if kind == FundKind::Deposit {
            let source = t.policy().funds().source(&view.fund.source);
            fields.extend(source.iter().flat_map(|source| &source.papers).map(|paper| {
                let id = format!("paper_{}", paper.key);
                let value = sent.and_then(|sent| sent.get(&id)).cloned().unwrap_or_default();
                let label = t.one("web-fund-paper", "paper", t.label(&paper.label));
                Input { id, label, value, kind: "text", choices: Vec::new() }
            }));
        }
        fields.push(plain("note"));
        fields
    };
    Some(Form {
        action: format!("/dana/{}/langkah", view.fund.fund_id),
        hidden: vec![
            ("langkah", step.to_owned()),
            ("baris", asked.baris.to_string()),
            ("setelah", asked.setelah.clone().unwrap_or_default()),
        ],
        title,
        hint,
        fields,
    })
}

/// Name of a purpose.
pub(crate) fn purpose(t: &Tongue, key: &str) -> String {
    t.policy().funds().purpose(key).map_or_else(|| key.to_owned(), |found| t.label(&found.label).to_owned())
}

/// Whole rupiah as people write them: digits, or groups of three by points or by commas. Anything else could mean another amount.
fn whole(text: &str) -> Option<i64> {
    let text = text.trim();
    let mark = text.chars().find(|c| !c.is_ascii_digit());
    let groups: Vec<&str> = match mark {
        None => return text.parse().ok(),
        Some(mark @ ('.' | ',' | ' ')) => text.split(mark).collect(),
        Some(_) => return None,
    };
    let (first, rest) = groups.split_first()?;
    let fits = (1..=3).contains(&first.len()) && rest.iter().all(|group| group.len() == 3);
    let digits = groups.concat();
    if fits && digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
}

fn new_move(fund_id: i64, form: &Sent) -> Result<NewFundMove, FundFault> {
    let kind = FundKind::from_code(&text(form, "langkah"));
    let papers = form
        .iter()
        .filter_map(|(id, number)| id.strip_prefix("paper_").map(|key| (key.to_owned(), number.clone())));
    Ok(NewFundMove {
        fund_id,
        kind: kind.ok_or_else(|| FundFault::Field("langkah".into()))?,
        parent: text(form, "parent").parse().ok(),
        amount_idr: whole(&text(form, "amount_idr")).ok_or(FundFault::Amount)?,
        document: text(form, "document"),
        day: day(form, "day")?,
        party: text(form, "party"),
        purpose: text(form, "purpose"),
        papers: papers.collect(),
        note: text(form, "note"),
    })
}

pub(crate) async fn record(Path(id): Path<i64>, posted: Posted<Sent>) -> Answer {
    let Posted { visit, form } = posted;
    let sent = form.clone();
    let step = text(&form, "langkah");
    let row: i64 = text(&form, "baris").parse().unwrap_or_default();
    let setelah = Some(text(&form, "setelah")).filter(|after| !after.is_empty());
    let back = step == BACK;
    let done = visit
        .ask(RECORD, move |house, scope| {
            if back {
                let (document, note) = (text(&sent, "document"), text(&sent, "note"));
                return refused(funds::take_back(house, scope, row, &document, &note));
            }
            let told = new_move(id, &sent).map_err(Error::from);
            refused(told.and_then(|told| funds::record_move(house, scope, &told)))
        })
        .await?;
    match done {
        Ok(_) => Ok(Redirect::to(&format!("/dana/{id}")).into_response()),
        Err(fault) => {
            let asked = Asked { langkah: step, baris: row, setelah };
            fund(visit, id, asked, Some((form, fault))).await
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct DecideForm {
    setuju: String,
    #[serde(default)]
    reason: String,
}

pub(crate) async fn decide(Path((id, of)): Path<(i64, i64)>, posted: Posted<DecideForm>) -> Answer {
    let DecideForm { setuju, reason } = posted.form;
    let agreed = setuju == "ya";
    let step = move |house: &access::House, scope: &access::Scope| {
        funds::decide_move(house, scope, of, agreed, &reason)
    };
    posted.visit.ask(APPROVE, step).await?;
    Ok(Redirect::to(&format!("/dana/{id}")).into_response())
}

impl OneFundPage {
    fn error(&self, field: &str) -> String {
        ui::error_of(&self.errors, field)
    }

    /// Who paid, who receives, or what for.
    fn about(&self, one: &FundMoveView) -> String {
        if one.purpose.is_empty() { one.party.clone() } else { purpose(&self.t, &one.purpose) }
    }

    /// Name of the programme that the purpose of a move adds to.
    fn programme(&self, one: &FundMoveView) -> Option<String> {
        let key = self.t.policy().funds().purpose(&one.purpose)?.programme.as_ref()?;
        Some(super::pembayaran::programme(&self.t, key))
    }

    /// Name of a paper of the source.
    fn paper(&self, key: &str) -> String {
        let source = self.t.policy().funds().source(&self.view.fund.source);
        let paper = source.and_then(|source| source.papers.iter().find(|paper| paper.key == key));
        paper.map_or_else(|| key.to_owned(), |paper| self.t.label(&paper.label).to_owned())
    }

    fn state(&self, one: &FundMoveView) -> (&'static str, String) {
        let colour = match one.state.as_str() {
            "posted" => "good",
            "proposed" => "warn",
            _ => "mute",
        };
        (colour, self.t.say(&format!("fund-state-{}", one.state)))
    }

    fn can_take_back(&self, one: &FundMoveView) -> bool {
        self.may_record && one.state == "posted" && one.corrects.is_none() && one.taken_idr == 0
    }
}

/// All funds as a file.
pub(crate) async fn export(visit: Visit) -> Answer {
    let t = visit.t();
    let sheet = Sheet {
        action: READ,
        what: "funds",
        name: "dana".to_owned(),
        detail: String::new(),
        heads: &[
            "web-fund",
            "fund-field-source",
            "fund-field-licence",
            "fund-field-licensed_on",
            "fund-field-holder",
            "web-region-code",
            "web-fund-deposited",
            "web-fund-free",
            "web-fund-allotted",
            "web-fund-granted",
            "web-fund-used",
        ],
    };
    csv::stream(&visit, sheet, move |house, scope, at| {
        let found = funds::funds(house, scope, at)?;
        let row = |view: FundView| {
            let sums = view.sums;
            vec![
                view.fund.fund_id.to_string(),
                source(&t, &view.fund.source),
                view.fund.licence,
                view.fund.licensed_on.to_string(),
                view.fund.holder,
                view.fund.region.to_string(),
                sums.deposited_idr.to_string(),
                sums.free_idr.to_string(),
                sums.allotted_idr.to_string(),
                sums.granted_idr.to_string(),
                sums.used_idr.to_string(),
            ]
        };
        Ok(Paged { items: found.items.into_iter().map(row).collect(), next: found.next })
    })
    .await
}

/// The movements of a fund as a file.
pub(crate) async fn export_moves(visit: Visit, Path(id): Path<i64>) -> Answer {
    let t = visit.t();
    let sheet = Sheet {
        action: READ,
        what: "fund-moves",
        name: format!("dana-{id}"),
        detail: format!("fund={id}"),
        heads: &[
            "web-fund-move",
            "web-fund-step",
            "web-status",
            "web-amount",
            "fund-field-document",
            "fund-field-day",
            "fund-field-party",
            "fund-field-purpose",
            "fund-field-parent",
            "web-fund-corrects",
            "web-made-by",
            "web-fund-checker",
            "fund-field-note",
        ],
    };
    csv::stream(&visit, sheet, move |house, scope, at| {
        let found = funds::moves(house, scope, id, at)?;
        let row = |one: FundMoveView| {
            vec![
                one.move_id.to_string(),
                kind(&t, one.kind),
                t.say(&format!("fund-state-{}", one.state)),
                one.amount_idr.to_string(),
                one.document,
                one.day.to_string(),
                one.party,
                purpose(&t, &one.purpose),
                csv::number(one.parent_id),
                csv::number(one.corrects),
                one.actor,
                one.checker.unwrap_or_default(),
                one.note,
            ]
        };
        Ok(Paged { items: found.items.into_iter().map(row).collect(), next: found.next })
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::whole;

    #[test]
    fn an_amount_is_read_as_it_is_meant_or_not_at_all() {
        let good = ["1000000", "1.000.000", "1,000,000", " 1 000 000 ", "100.000", "5"];
        let read: Vec<Option<i64>> = good.into_iter().map(whole).collect();
        let million = Some(1_000_000);
        assert_eq!(read, [million, million, million, million, Some(100_000), Some(5)]);
        for bad in ["", "1.000,00", "1.5", "1,50", "1000.000", ".000", "1.000.", "-5", "+5", "1.00x", "Rp5"] {
            assert_eq!(whole(bad), None, "{bad}");
        }
        assert_eq!(whole("9.223.372.036.854.775.808"), None, "beyond the range");
    }
}
