//! /pilar/baru and /pilar/{id}/ubah: one worker or body by hand, with the rules of the register's file. What somebody faster wrote stands
//! beside what was written here. A personal number is asked of the registry and never sent back.

use std::collections::BTreeMap;

use askama::Template;
use axum::{
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Redirect},
};
use casework::pillar::{self, AVAILABILITY, PAPER_PARTS, PAPERS_MAX, PillarFault, PillarSheet, SheetPut};
use policy::PillarCode;

use super::pilar::{MANAGE, kind};
use crate::{
    fault::Fault,
    lang::Tongue,
    shell::Shell,
    ui::{self, FieldError},
    visit::{Answer, Posted, Visit, among, page, sent},
};

/// Rows of fields for papers that are not there yet.
const SPARE_PAPERS: usize = 2;
/// What the parts of a paper are called.
const PART_WORDS: [&str; 5] =
    ["web-pillar-paper", "web-pillar-number", "web-pillar-issuer", "web-pillar-from", "web-pillar-to"];
/// Begins the words of what is wrong.
const FAULT: &str = "web-pillar-fault";

/// The sheet.
#[derive(Template)]
#[template(path = "pilar_lembar.html")]
pub(crate) struct SheetPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) action: String,
    pub(crate) sheet: PillarSheet,
    pub(crate) errors: Vec<FieldError>,
    /// Where it differs from what stands meanwhile: column, what stands, what was written.
    pub(crate) clash: Vec<(String, String, String)>,
}

impl SheetPage {
    fn value(&self, column: &str) -> &str {
        self.sheet.cells.get(column).map_or("", String::as_str)
    }

    fn error(&self, field: &str) -> String {
        ui::error_of(&self.errors, field)
    }

    fn kinds(&self) -> Vec<(String, String)> {
        let kinds = self.t.policy().pillars().kinds.iter();
        self.or_none(kinds.map(|one| (one.key.clone(), self.t.label(&one.label).to_owned())))
    }

    fn sexes(&self) -> Vec<(String, String)> {
        self.or_none([1, 2].map(|code| (code.to_string(), self.t.code_label("sex", code))))
    }

    fn levels(&self) -> Vec<(String, String)> {
        let levels = self.t.policy().codes("school_level").iter();
        self.or_none(levels.map(|one| (one.code.to_string(), self.t.label(&one.label).to_owned())))
    }

    fn presence(&self) -> Vec<(String, String)> {
        let word = |key: &&str| ((*key).to_owned(), self.t.say(&format!("web-pillar-there-{key}")));
        AVAILABILITY.iter().map(word).collect()
    }

    fn certificates(&self) -> Vec<(String, String)> {
        self.or_none(self.codes(&self.t.policy().pillars().certificates))
    }

    fn or_none(&self, choices: impl IntoIterator<Item = (String, String)>) -> Vec<(String, String)> {
        std::iter::once((String::new(), "–".to_owned())).chain(choices).collect()
    }

    fn codes(&self, list: &[PillarCode]) -> Vec<(String, String)> {
        list.iter().map(|code| (code.key.clone(), self.t.label(&code.label).to_owned())).collect()
    }

    /// Columns whose keys are ticked, with their words.
    fn ticks(&self) -> [(&'static str, Vec<(String, String)>); 2] {
        let pillars = self.t.policy().pillars();
        [("languages", self.codes(&pillars.languages)), ("skills", self.codes(&pillars.skills))]
    }

    fn ticked(&self, column: &str, key: &str) -> bool {
        among(self.value(column), key)
    }

    fn column(&self, column: &str) -> String {
        self.t.say(&format!("web-pillar-col-{column}"))
    }

    /// Fields of the papers; the first of each is chosen from a list.
    fn papers(&self) -> Vec<[PaperPart; 5]> {
        let part = |at: usize, row: &[String; 5], part: usize| {
            let id = format!("papers-{at}-{}", PAPER_PARTS[part]);
            let kind = if part > 2 { "date" } else { "text" };
            PaperPart {
                error: self.error(&id),
                id,
                label: self.t.say(PART_WORDS[part]),
                value: row[part].clone(),
                kind,
            }
        };
        let row = |(at, row): (usize, &[String; 5])| [0, 1, 2, 3, 4].map(|one| part(at, row, one));
        self.sheet.papers.iter().enumerate().map(row).collect()
    }
}

/// One field of a paper.
pub(crate) struct PaperPart {
    id: String,
    label: String,
    value: String,
    kind: &'static str,
    error: String,
}

pub(crate) async fn fresh(visit: Visit) -> Answer {
    visit.scope(MANAGE)?;
    let mut sheet = PillarSheet::default();
    sheet.cells.insert("region".into(), visit.session.region.to_string());
    sheet_page(&visit, sheet, &[], Vec::new(), StatusCode::OK)
}

pub(crate) async fn edit(visit: Visit, Path(id): Path<i64>) -> Answer {
    let sheet = visit.ask(MANAGE, move |house, scope| pillar::pillar_sheet(house, scope, id)).await?;
    sheet_page(&visit, sheet.ok_or_else(Fault::not_found)?, &[], Vec::new(), StatusCode::OK)
}

pub(crate) async fn create(posted: Posted<Vec<(String, String)>>) -> Answer {
    take(posted, 0).await
}

pub(crate) async fn change(Path(id): Path<i64>, posted: Posted<Vec<(String, String)>>) -> Answer {
    take(posted, id).await
}

async fn take(posted: Posted<Vec<(String, String)>>, id: i64) -> Answer {
    let Posted { visit, form } = posted;
    visit.scope(MANAGE)?;
    let more = form.iter().any(|(key, _)| key == "lagi");
    let mut sheet = read(id, form);
    if more {
        return sheet_page(&visit, sheet, &[], Vec::new(), StatusCode::OK);
    }
    let is_empty = |row: &[String; 5]| row.iter().all(|part| part.trim().is_empty());
    while sheet.papers.last().is_some_and(is_empty) {
        sheet.papers.pop();
    }
    let written = sheet.clone();
    match visit.ask(MANAGE, move |house, scope| pillar::put_pillar(house, scope, &written)).await? {
        SheetPut::Kept { pillar_id, unknown } => {
            let note = if unknown { "?nik=tidak-dikenal" } else { "" };
            Ok(Redirect::to(&format!("/pilar/{pillar_id}{note}")).into_response())
        }
        SheetPut::Wrong(faults) => {
            sheet_page(&visit, sheet, &faults, Vec::new(), StatusCode::UNPROCESSABLE_ENTITY)
        }
        SheetPut::Faster { now, columns } => {
            let clash = clash(&visit.t(), &columns, &now, &sheet);
            // Sent again, it is written over what is shown here, and over nothing else.
            let sheet = PillarSheet { rev: now.rev, ..sheet };
            sheet_page(&visit, sheet, &[], clash, StatusCode::CONFLICT)
        }
    }
}

/// What was sent; more papers than one may have are not read.
fn read(id: i64, form: Vec<(String, String)>) -> PillarSheet {
    let mut sheet = PillarSheet { pillar_id: id, ..PillarSheet::default() };
    let mut papers: BTreeMap<usize, [String; 5]> = BTreeMap::new();
    for (key, text) in sent(form) {
        if let Some((at, part)) = key.strip_prefix("papers-").and_then(|rest| rest.split_once('-')) {
            let part = PAPER_PARTS.iter().position(|one| *one == part);
            if let (Ok(at), Some(part)) = (at.parse::<usize>(), part)
                && at < PAPERS_MAX
            {
                papers.entry(at).or_default()[part] = text;
            }
        } else if key == "rev" {
            sheet.rev = text.parse().unwrap_or(0);
        } else if pillar::PILLAR_COLUMNS.contains(&key.as_str()) {
            sheet.cells.insert(key, text);
        }
    }
    let last = papers.keys().next_back().map_or(0, |at| at + 1);
    sheet.papers = (0..last).map(|at| papers.remove(&at).unwrap_or_default()).collect();
    sheet
}

/// What stands beside what was written, column by column.
fn clash(
    t: &Tongue,
    columns: &[String],
    now: &PillarSheet,
    mine: &PillarSheet,
) -> Vec<(String, String, String)> {
    let shown = |sheet: &PillarSheet, column: &str| match column {
        "papers" => {
            let rows = sheet.papers.iter().filter(|row| row.iter().any(|part| !part.is_empty()));
            rows.map(|row| row[1..].join(", ")).collect::<Vec<_>>().join("; ")
        }
        "user_id" => sheet.cells.get("login").cloned().unwrap_or_default(),
        "kind" => kind(t, sheet.cells.get(column).map_or("", String::as_str)),
        _ => sheet.cells.get(column).cloned().unwrap_or_default(),
    };
    let row = |column: &String| {
        (t.say(&format!("web-pillar-col-{column}")), shown(now, column), shown(mine, column))
    };
    columns.iter().map(row).collect()
}

/// Where, and what to do.
fn told(t: &Tongue, fault: &PillarFault) -> String {
    let part = fault.column.strip_prefix("papers-").and_then(|rest| rest.split_once('-'));
    let part = part.and_then(|(at, part)| {
        let key = PAPER_PARTS.iter().position(|one| *one == part).and_then(|part| PART_WORDS.get(part))?;
        let row = t.one("web-pillar-paper-n", "n", at.parse::<usize>().ok()? + 1);
        Some(format!("{row}, {}", t.say(key)))
    });
    let place = part.unwrap_or_else(|| t.say(&format!("web-pillar-col-{}", fault.column)));
    let what = t.one(&format!("{FAULT}-{}", fault.rule.code()), "what", fault.detail.clone());
    format!("{place}: {what}")
}

fn sheet_page(
    visit: &Visit,
    mut sheet: PillarSheet,
    faults: &[PillarFault],
    clash: Vec<(String, String, String)>,
    status: StatusCode,
) -> Answer {
    let t = visit.t();
    let error = |fault: &PillarFault| FieldError { field: fault.column.clone(), text: told(&t, fault) };
    let errors = faults.iter().map(error).collect();
    sheet.cells.remove("nik");
    let rows = (sheet.papers.len() + SPARE_PAPERS).min(PAPERS_MAX).max(sheet.papers.len());
    sheet.papers.resize_with(rows, Default::default);
    let mut trail = vec![("/pilar".to_owned(), t.say("web-nav-pillars"))];
    let action = if sheet.pillar_id == 0 {
        trail.push((String::new(), t.say("web-pillar-new")));
        "/pilar/baru".to_owned()
    } else {
        let own = format!("/pilar/{}", sheet.pillar_id);
        let number = sheet.cells.get("number").cloned().unwrap_or_default();
        trail.extend([(own.clone(), number), (String::new(), t.say("web-pillar-edit"))]);
        format!("{own}/ubah")
    };
    let shell = visit.shell();
    let body = page(&SheetPage { trail, action, sheet, errors, clash, shell, t: t.clone() })?;
    Ok((status, body).into_response())
}
