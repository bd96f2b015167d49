//! The books: the trial balance of any part at any day, and the way down from each sum to entries, document, lines and the bank's own
//! row. Every number is a link to what it is the sum of.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Path, Query};
use jiff::civil::Date;
use model::{RegionCode, RegionLevel};
use payment::journal::{
    self, AccountKind, Balanced, BankRowView, BooksFilter, DocumentPage, EntryPage, EntryView, Trial,
    TrialPart, Until,
};
use serde::Deserialize;
use store::{Page, Paged};

use super::pembayaran::{channel, document, programme};
use crate::{
    csv::{self, Sheet},
    fault::Fault,
    lang::Tongue,
    shell::Shell,
    ui::Pager,
    visit::{Answer, Visit, encode, page},
};

const READ: &str = "ledger.read";
const BASE: &str = "/pembayaran/buku";

/// What is asked for.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    pub(crate) program: String,
    pub(crate) periode: String,
    pub(crate) kode: String,
    pub(crate) kanal: String,
    /// The last day that counts, ISO; empty for now.
    pub(crate) pada: String,
    setelah: Option<String>,
    id: String,
    baris: Option<i64>,
}

impl Asked {
    fn filter(&self, visit: &Visit) -> Result<BooksFilter, Fault> {
        let region = match self.kode.as_str() {
            "" => visit.session.region.clone(),
            code => RegionCode::parse(code).map_err(|_| Fault::not_found())?,
        };
        if region.level() > RegionLevel::Subdistrict {
            return Err(Fault::not_found());
        }
        let until = match self.pada.trim() {
            "" => Until::default(),
            day => Until::end_of(day.parse::<Date>().map_err(|_| Fault::bad_form())?),
        };
        Ok(BooksFilter {
            programme: self.program.clone(),
            period: self.periode.clone(),
            region,
            channel: self.kanal.clone(),
            until,
        })
    }

    /// An address with this filter, one part of it set otherwise.
    fn at(&self, path: &str, set: &str, value: &str) -> String {
        let parts = [
            ("program", &self.program),
            ("periode", &self.periode),
            ("kode", &self.kode),
            ("kanal", &self.kanal),
            ("pada", &self.pada),
        ];
        let mut out = format!("{BASE}{path}");
        let mut mark = '?';
        for (key, now) in parts {
            let value = if key == set { value } else { now.as_str() };
            if !value.is_empty() {
                out.push(mark);
                out.push_str(key);
                out.push('=');
                out.push_str(&encode(value));
                mark = '&';
            }
        }
        out
    }
}

/// The trial balance.
#[derive(Template)]
#[template(path = "buku.html")]
pub(crate) struct TrialPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) asked: Asked,
    pub(crate) view: Trial,
    pub(crate) programmes: Vec<(String, String)>,
    pub(crate) channels: Vec<(String, String)>,
    pub(crate) tables: Vec<Table>,
    /// What is narrowed, and the address without it.
    pub(crate) narrowed: Vec<(String, String)>,
    pub(crate) csv: String,
}

/// One way to divide the books.
pub(crate) struct Table {
    pub(crate) title: String,
    pub(crate) rows: Vec<(String, String, TrialPart)>,
}

/// Entries of one kind of account.
#[derive(Template)]
#[template(path = "buku_akun.html")]
pub(crate) struct AccountPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) title: String,
    pub(crate) about: String,
    pub(crate) account: &'static str,
    pub(crate) rows: Vec<EntryView>,
    pub(crate) sums: Balanced,
    pub(crate) count: i64,
    pub(crate) names: HashMap<String, String>,
    pub(crate) pager: Pager,
}

/// A document and its entries.
#[derive(Template)]
#[template(path = "buku_dokumen.html")]
pub(crate) struct PaperPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) title: String,
    pub(crate) view: DocumentPage,
    pub(crate) names: HashMap<String, String>,
    pub(crate) pager: Pager,
}

/// An entry and its lines.
#[derive(Template)]
#[template(path = "buku_entri.html")]
pub(crate) struct OneEntryPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) title: String,
    pub(crate) view: EntryPage,
    /// Only this line's share is shown.
    pub(crate) line: Option<i64>,
    pub(crate) names: HashMap<String, String>,
    pub(crate) pager: Pager,
}

/// A row of a bank's file.
#[derive(Template)]
#[template(path = "buku_bank.html")]
pub(crate) struct RowPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) title: String,
    pub(crate) view: BankRowView,
}

/// Name of a kind of account.
pub(crate) fn account(t: &Tongue, code: &str) -> String {
    t.say(&format!("payment-account-kind-{code}"))
}

/// Address of a document's page.
pub(crate) fn paper(document: &str) -> String {
    format!("{BASE}/dokumen?id={}", encode(document))
}

fn trail(t: &Tongue, rest: Vec<(String, String)>) -> Vec<(String, String)> {
    let mut trail =
        vec![("/pembayaran".into(), t.say("web-nav-payments")), (BASE.into(), t.say("web-books"))];
    trail.extend(rest);
    trail
}

pub(crate) async fn show(visit: Visit, Query(asked): Query<Asked>) -> Answer {
    let filter = asked.filter(&visit)?;
    let region = filter.region.clone();
    let view = visit.ask(READ, move |house, scope| journal::trial(house, scope, &filter)).await?;
    let codes = view.regions.iter().map(|part| part.of.clone());
    let names = visit.names(codes.chain([region.to_string()])).await?;
    let t = visit.t();
    let name = |code: &str| names.get(code).cloned().unwrap_or_else(|| code.to_owned());
    let table = |title: &str, parts: &[TrialPart], set: &str, name: &dyn Fn(&str) -> String| Table {
        title: t.say(title),
        rows: parts.iter().map(|one| (name(&one.of), asked.at("", set, &one.of), one.clone())).collect(),
    };
    let mut tables = vec![
        table("web-programme", &view.programmes, "program", &|key| programme(&t, key)),
        table("web-period", &view.periods, "periode", &|period| t.period(period)),
        table("web-channel", &view.channels, "kanal", &|key| channel(&t, key)),
        table("web-region", &view.regions, "kode", &name),
    ];
    tables.retain(|table| !table.rows.is_empty());
    let mut narrowed = Vec::new();
    if !asked.periode.is_empty() {
        narrowed.push((t.period(&asked.periode), asked.at("", "periode", "")));
    }
    if !asked.kode.is_empty() {
        narrowed.push((name(region.as_str()), asked.at("", "kode", "")));
    }
    let all = |label: String| vec![(String::new(), label)];
    let mut programmes = all(t.say("web-books-all-programmes"));
    programmes.extend(t.policy().programmes().keys().map(|key| (key.clone(), programme(&t, key))));
    let mut channels = all(t.say("web-books-all-channels"));
    channels.extend(t.policy().channels().keys().map(|key| (key.clone(), channel(&t, key))));
    let mut trail = trail(&t, Vec::new());
    if let Some(last) = trail.last_mut() {
        last.0.clear();
    }
    page(&TrialPage {
        csv: asked.at("/csv", "", ""),
        trail,
        asked,
        view,
        programmes,
        channels,
        tables,
        narrowed,
        shell: visit.shell(),
        t,
    })
}

impl TrialPage {
    /// The entries behind an account's sums.
    fn entries(&self, account: &str) -> String {
        self.asked.at(&format!("/akun/{account}"), "", "")
    }

    /// Whether the accounts' own balances are shown beside.
    fn now(&self) -> bool {
        self.asked.pada.is_empty()
    }
}

/// The trial balance as a file: one row for each account of each region below.
pub(crate) async fn export(visit: Visit, Query(asked): Query<Asked>) -> Answer {
    let filter = asked.filter(&visit)?;
    let t = visit.t();
    let sheet = Sheet {
        action: READ,
        what: "trial-balance",
        name: "neraca-saldo".to_owned(),
        detail: asked.at("", "", "").chars().take(120).collect(),
        heads: &[
            "web-books-account",
            "web-books-account-code",
            "web-programme",
            "web-period",
            "web-region-code",
            "web-channel",
            "web-books-debit",
            "web-books-credit",
            "web-books-balance",
        ],
    };
    csv::stream(&visit, sheet, move |house, scope, _| {
        let view = journal::trial(house, scope, &filter)?;
        let row = |one: &journal::TrialAccount| {
            vec![
                account(&t, one.account),
                one.account.to_owned(),
                filter.programme.clone(),
                filter.period.clone(),
                filter.region.to_string(),
                filter.channel.clone(),
                one.sums.debit_idr.to_string(),
                one.sums.credit_idr.to_string(),
                one.balance_idr.to_string(),
            ]
        };
        Ok(Paged { items: view.accounts.iter().map(row).collect(), next: None })
    })
    .await
}

pub(crate) async fn entries(visit: Visit, Path(code): Path<String>, Query(asked): Query<Asked>) -> Answer {
    let kind = AccountKind::from_code(&code).ok_or_else(Fault::not_found)?;
    let filter = asked.filter(&visit)?;
    let region = filter.region.to_string();
    let from = Page { after: asked.setelah.clone(), limit: 50 };
    let wanted = from.clone();
    let (found, (sums, count)) = visit
        .ask(READ, move |house, scope| {
            let found = journal::entries(house, scope, &filter, Some(kind), None, &wanted)?;
            Ok::<_, payment::Error>((found, journal::entry_sums(house, scope, &filter, kind)?))
        })
        .await?;
    let codes = found.items.iter().map(|entry| entry.region.to_string());
    let names = visit.names(codes.chain([region.clone()])).await?;
    let t = visit.t();
    let title = account(&t, kind.code());
    let mut about: Vec<String> = Vec::new();
    if !asked.program.is_empty() {
        about.push(programme(&t, &asked.program));
    }
    if !asked.periode.is_empty() {
        about.push(t.period(&asked.periode));
    }
    if !asked.kode.is_empty() {
        about.push(names.get(&region).cloned().unwrap_or(region));
    }
    if !asked.kanal.is_empty() {
        about.push(channel(&t, &asked.kanal));
    }
    if !asked.pada.is_empty() {
        about.push(t.one("web-as-of", "when", t.day_text(&asked.pada)));
    }
    let mut trail = trail(&t, vec![(String::new(), title.clone())]);
    trail[1].0 = asked.at("", "", "");
    page(&AccountPage {
        pager: Pager::of(
            &t,
            &asked.at(&format!("/akun/{}", kind.code()), "", ""),
            &from,
            found.items.len(),
            found.next,
        ),
        trail,
        title,
        about: about.join(" · "),
        account: kind.code(),
        rows: found.items,
        sums,
        count,
        names,
        shell: visit.shell(),
        t,
    })
}

fn place(names: &HashMap<String, String>, entry: &EntryView) -> String {
    names.get(entry.region.as_str()).cloned().unwrap_or_else(|| entry.region.to_string())
}

impl AccountPage {
    fn side(&self, entry: &EntryView, side: &'static str) -> String {
        if side == self.account { self.t.idr(entry.amount_idr) } else { "–".to_owned() }
    }

    fn place(&self, entry: &EntryView) -> String {
        place(&self.names, entry)
    }
}

pub(crate) async fn one_document(visit: Visit, Query(asked): Query<Asked>) -> Answer {
    let from = Page { after: asked.setelah.clone(), limit: 50 };
    let (wanted, id) = (from.clone(), asked.id.clone());
    let view =
        visit.ask(READ, move |house, scope| journal::document_page(house, scope, &id, &wanted)).await?;
    let names = visit.names(view.entries.iter().map(|entry| entry.region.to_string())).await?;
    let t = visit.t();
    let title = t.one("web-books-document-title", "document", document(&t, &view.document));
    page(&PaperPage {
        trail: trail(&t, vec![(String::new(), title.clone())]),
        pager: Pager::of(&t, &paper(&view.document), &from, view.entries.len(), view.next.clone()),
        title,
        view,
        names,
        shell: visit.shell(),
        t,
    })
}

impl PaperPage {
    fn place(&self, entry: &EntryView) -> String {
        place(&self.names, entry)
    }

    /// All entries of the document together.
    fn total(&self) -> i64 {
        self.view.movements.iter().map(|one| one.amount_idr).sum()
    }
}

pub(crate) async fn one_entry(visit: Visit, Path(entry): Path<i64>, Query(asked): Query<Asked>) -> Answer {
    let from = Page { after: asked.setelah.clone(), limit: 50 };
    let (wanted, line) = (from.clone(), asked.baris);
    let view =
        visit.ask(READ, move |house, scope| journal::entry_page(house, scope, entry, line, &wanted)).await?;
    let codes = view.lines.iter().map(|one| one.region.to_string());
    let names = visit.names(codes.chain([view.entry.region.to_string()])).await?;
    let t = visit.t();
    let title = t.one("web-books-entry-no", "n", entry);
    let base = match line {
        Some(line) => format!("{BASE}/entri/{entry}?baris={line}"),
        None => format!("{BASE}/entri/{entry}"),
    };
    let above = (paper(&view.entry.document), document(&t, &view.entry.document));
    page(&OneEntryPage {
        trail: trail(&t, vec![above, (String::new(), title.clone())]),
        pager: Pager::of(&t, &base, &from, view.lines.len(), view.next.clone()),
        title,
        view,
        line,
        names,
        shell: visit.shell(),
        t,
    })
}

impl OneEntryPage {
    fn village(&self, region: &RegionCode) -> String {
        self.names.get(region.as_str()).cloned().unwrap_or_else(|| region.to_string())
    }
}

pub(crate) async fn bank_row(visit: Visit, Path((file, row)): Path<(i64, i64)>) -> Answer {
    let view = visit.ask(READ, move |house, scope| journal::bank_row(house, scope, file, row)).await?;
    let t = visit.t();
    let title = t.two("web-file-row", "file", file, "row", row);
    page(&RowPage {
        trail: trail(&t, vec![(String::new(), title.clone())]),
        title,
        view,
        shell: visit.shell(),
        t,
    })
}

impl RowPage {
    /// Name of a cell; a column that only the bank knows keeps its own.
    fn field(&self, name: &str) -> String {
        self.t.code("web-books-field", name)
    }
}
