//! Photographs and papers of a case. In: bytes as they were sent, with words of what they show. They are made clean first (`filecheck`),
//! then kept in the lake under their hash, and only then named in a row; the same file sent twice to a case counts once. Nothing is ever
//! deleted: whoever sent the wrong picture withdraws it with a reason, and the row remains. It does not count any more toward what a case
//! may hold, but toward what it may ever have held.
//!
//! A file is seen by whoever sees its case, by the very same question ([`crate::views::case_page`]); who holds a ticket sees what came in
//! with it. Who looks at a file stands in the audit log, once for a person, file and day. When and where a photograph was taken is kept
//! for the people of a case, but not for a case that only some may know of, and not of a citizen. A step whose form asks
//! for a file names one of its case; it stays with the case when the step is refused.
//!
//! How long files stay is the question how long their case stays: they follow it, and so does this room when that is decided.

use std::collections::BTreeSet;

use access::{House, Scope, audit};
use filecheck::{Bounds, Clean, Kind};
use jiff::civil::DateTime;
use model::{CaseId, FamilyId, UserId};
use policy::{CITIZEN, FieldKind, Workflow};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use store::{Row, Tx, Value, next_number, params};

use crate::{
    Answer, Error, FieldFault, Result,
    engine::Refusal,
    queries,
    service::{Asked, Stored, find, stored},
};

/// Fewest and most characters of the words that say what a file shows.
const CAPTION_CHARS: std::ops::RangeInclusive<usize> = 3..=200;

/// A file as it was sent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewFile {
    /// What it shows, for who cannot see it.
    pub caption: String,
    /// The question of a form that it answers; empty for none.
    pub field: String,
    /// Its name, as sent.
    pub name: String,
    /// Its media type, as sent; empty for none.
    pub declared: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Which file it became.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct FileAdded {
    /// Number.
    pub id: i64,
    /// Whether it is new; otherwise the case had it.
    pub new: bool,
}

/// A file of a case, for its page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileView {
    /// Number.
    pub id: i64,
    /// The step it came with; none while it belongs to no step.
    pub seq: Option<i64>,
    /// The question of a form that it was sent for; empty for none.
    pub field: String,
    /// What it shows.
    pub caption: String,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Bytes of the clean file.
    pub bytes: i64,
    /// Dots across; 0 for a paper.
    pub width: i64,
    /// Dots down; 0 for a paper.
    pub height: i64,
    /// SHA-256 of the bytes as they were sent, in hex: the sender's own copy can be compared with it.
    pub sha256: String,
    /// When it was taken, by the clock of the camera.
    pub taken_at: Option<DateTime>,
    /// Where it was taken: latitude and longitude in degrees, to four places.
    pub place: Option<(String, String)>,
    /// When it was added, in milliseconds since the epoch.
    pub added_at_ms: i64,
    /// Who added it.
    pub actor: String,
    /// In which role.
    pub role: String,
    /// When it was withdrawn (milliseconds since the epoch), by whom and why.
    pub withdrawn: Option<(i64, String, String)>,
}

/// The bytes of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileContent {
    /// What it is.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Why a file is not taken or not given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileFault {
    /// It is not what may come in.
    #[error(transparent)]
    Refused(#[from] filecheck::Refused),
    /// Nobody said what it shows.
    #[error("say in a few words what the file shows")]
    Caption,
    /// The case has as many files or bytes as it may hold.
    #[error("the case has as many files as it may hold")]
    Full,
    /// No reason was given for withdrawing it.
    #[error("say why the file is withdrawn")]
    Why,
    /// It was withdrawn already.
    #[error("the file was withdrawn already")]
    Withdrawn,
    /// The lake does not give or take it.
    #[error("{0}")]
    Lake(String),
}

impl FileFault {
    /// Stable code, the key of its words.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused(refused) => refused.code(),
            Self::Caption => "casework-file-caption",
            Self::Full => "casework-file-full",
            Self::Why => "casework-file-why",
            Self::Withdrawn => "casework-file-withdrawn",
            Self::Lake(_) => "casework-file-lake",
        }
    }
}

/// Adds a file to a case that the scope sees and that is open. The same file again is the same file.
///
/// # Errors
/// [`Error::NotFound`] outside the scope, [`Error::Refused`] for a role without a part in the case or a case that has ended,
/// [`Error::File`] with the reason.
pub fn add_file(house: &House, scope: &Scope, case: CaseId, new: &NewFile) -> Result<FileAdded> {
    let found = house.db.read(|tx| stored(tx, house, scope, case))?.ok_or(Error::NotFound)?;
    takes_part(find(house, &found.workflow)?, scope, &found)?;
    let ready = make_ready(house, scope, &found, new)?;
    house.db.write(|tx| {
        let found = stored(tx, house, scope, case)?.ok_or(Error::NotFound)?;
        takes_part(find(house, &found.workflow)?, scope, &found)?;
        put(tx, house, scope, &found, new, &ready)
    })
}

/// Withdraws a file: it is shown to nobody any more, and its row says who did it and why.
///
/// # Errors
/// As [`add_file`].
pub fn withdraw_file(house: &House, scope: &Scope, case: CaseId, id: i64, why: &str) -> Result<()> {
    let why = why.trim();
    if !CAPTION_CHARS.contains(&why.chars().count()) {
        return Err(FileFault::Why.into());
    }
    house.db.write(|tx| {
        let found = stored(tx, house, scope, case)?.ok_or(Error::NotFound)?;
        takes_part(find(house, &found.workflow)?, scope, &found)?;
        let key = params![found.family, found.id, id];
        let row = tx.query_opt(&queries::FILE_GET, key)?.ok_or(Error::NotFound)?;
        if row.opt_int(4)?.is_some() {
            return Err(FileFault::Withdrawn.into());
        }
        let (at, name) = (house.clock.now_ms(), scope.actor_name());
        tx.execute(
            &queries::FILE_WITHDRAW,
            params![found.family, found.id, id, at, scope.actor(), name, why],
        )?;
        let detail = format!("workflow={} file={id} withdrawn", found.workflow);
        Ok(audit(
            tx,
            house.clock.as_ref(),
            scope.actor_pair(),
            "case.work",
            &format!("case:{case}"),
            &detail,
        )?)
    })
}

/// The bytes of a file, for who sees its case.
///
/// # Errors
/// [`Error::NotFound`] where the case is not seen, the file is none of its files, or was withdrawn: they are not told apart. The store's;
/// then nothing leaves, because the look could not be written down.
pub fn file_content(house: &House, scope: &Scope, case: CaseId, id: i64) -> Result<FileContent> {
    let (found, row) = house.db.read(|tx| {
        let found = stored(tx, house, scope, case)?.ok_or(Error::NotFound)?;
        let row = tx.query_opt(&queries::FILE_GET, params![found.family, found.id, id])?;
        Ok::<_, Error>((found, row))
    })?;
    let content = content(house, row.filter(|row| row.opt_int(4).is_ok_and(|at| at.is_none())))?;
    note_look(house, scope.actor_pair(), &found, id)?;
    Ok(content)
}

/// Writes down who looks at which file of which case, before its bytes leave: once for a person, a file and a day, or a page that is drawn
/// again would fill the log.
fn note_look(house: &House, actor: (UserId, &str), found: &Stored, id: i64) -> Result<()> {
    let key = params![id, actor.0, house.clock.today().to_string()];
    if house.db.read(|tx| tx.query_opt(&queries::FILE_LOOKED, key))?.is_some() {
        return Ok(());
    }
    house.db.write(|tx| {
        if tx.execute(&queries::FILE_LOOK, key)? == 1 {
            let (subject, detail) =
                (format!("case:{}", found.id), format!("workflow={} file={id} looked", found.workflow));
            audit(tx, house.clock.as_ref(), actor, "case.read", &subject, &detail)?;
        }
        Ok(())
    })
}

/// The bytes of a file that came in with the ticket of the case.
pub(crate) fn own_content(house: &House, found: &Stored, id: i64) -> Result<FileContent> {
    let row = house.db.read(|tx| tx.query_opt(&queries::FILE_GET, params![found.family, found.id, id]))?;
    let own = |row: &Row| {
        row.opt_int(4).is_ok_and(|at| at.is_none()) && row.text(3).is_ok_and(|role| role == CITIZEN)
    };
    let content = content(house, row.filter(own))?;
    note_look(house, (UserId(0), CITIZEN), found, id)?;
    Ok(content)
}

fn content(house: &House, row: Option<Row>) -> Result<FileContent> {
    let row = row.ok_or(Error::NotFound)?;
    let kind = Kind::of_key(row.text(0)?).ok_or(Error::NotFound)?;
    let bytes = house.lake.kept(row.text(2)?).map_err(|error| FileFault::Lake(error.to_string()))?;
    Ok(FileContent { kind, name: row.string(1)?, bytes })
}

/// Who has a step in a workflow, or opens its cases, adds files to a case that is not finished.
fn takes_part(workflow: &Workflow, scope: &Scope, found: &Stored) -> Result<()> {
    let steps = workflow.transitions.iter().flat_map(|step| &step.by);
    let mut roles = steps.chain(&workflow.opened_by).chain([&workflow.owner]);
    if !roles.any(|role| role == scope.role()) {
        return Err(Refusal::Role(workflow.opened_by.clone()).into());
    }
    if found.open { Ok(()) } else { Err(Refusal::Closed.into()) }
}

/// Whether this scope may add files to a case that it sees.
pub(crate) fn may_add(workflow: &Workflow, scope: &Scope, found: &Stored) -> bool {
    takes_part(workflow, scope, found).is_ok()
}

/// A clean file that lies in the lake.
pub(crate) struct Ready {
    clean: Clean,
    caption: String,
    sha256: String,
    hash: String,
}

/// Makes a file clean and keeps its bytes. A file whose row is then refused lies in the lake and is named by nothing.
pub(crate) fn make_ready(house: &House, scope: &Scope, found: &Stored, new: &NewFile) -> Result<Ready> {
    let caption = new.caption.trim().to_owned();
    if !CAPTION_CHARS.contains(&caption.chars().count()) {
        return Err(FileFault::Caption.into());
    }
    let set = &house.policy.settings().files;
    let citizen = scope.role() == CITIZEN;
    let bounds = Bounds {
        bytes: if citizen { set.citizen_bytes } else { set.file_bytes },
        pixels: set.pixels,
        side: set.picture_side,
        pages: set.pdf_pages,
        unpacked_bytes: set.pdf_unpacked_bytes,
    };
    let mut clean =
        filecheck::check(&new.bytes, &new.name, &new.declared, &bounds).map_err(FileFault::Refused)?;
    if citizen || find(house, &found.workflow)?.need_to_know {
        (clean.taken_at, clean.place) = (None, None);
    }
    let sha256 = hex(&Sha256::digest(&new.bytes));
    let hash = house.lake.keep(&clean.bytes).map_err(|error| FileFault::Lake(error.to_string()))?;
    Ok(Ready { clean, caption, sha256, hash })
}

fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Writes the row of a file, once, within what a case may hold; the audit row with it.
pub(crate) fn put(
    tx: &mut Tx<'_>,
    house: &House,
    scope: &Scope,
    found: &Stored,
    new: &NewFile,
    ready: &Ready,
) -> Result<FileAdded> {
    let same = params![found.family, found.id, &ready.sha256];
    if let Some(row) = tx.query_opt(&queries::FILE_SAME, same)? {
        return Ok(FileAdded { id: row.int(0)?, new: false });
    }
    let set = &house.policy.settings().files;
    let totals = tx.query_one(&queries::FILE_TOTALS, params![found.family, found.id, CITIZEN])?;
    let clean = &ready.clean;
    let bytes = i64::try_from(clean.bytes.len()).unwrap_or(i64::MAX);
    let citizens = scope.role() == CITIZEN && totals.int(2)? >= set.citizen_files;
    let counts = totals.int(0)? >= set.files_a_case || totals.int(1)?.saturating_add(bytes) > set.case_bytes;
    // What was withdrawn stays on the disk.
    let ever = totals.int(3)? >= set.files_ever || totals.int(4)?.saturating_add(bytes) > set.case_bytes_ever;
    if citizens || counts || ever {
        return Err(FileFault::Full.into());
    }
    let id = next_number(tx, "attachment", 1)?;
    let workflow = find(house, &found.workflow)?;
    let asked = workflow.field(&new.field).filter(|field| field.kind == FieldKind::File);
    let place = clean.place.as_ref();
    let row = params![
        found.family,
        found.id,
        id,
        asked.map_or("", |field| field.key.as_str()),
        &ready.caption,
        &clean.name,
        clean.kind.key(),
        bytes,
        i64::from(clean.width),
        i64::from(clean.height),
        &ready.sha256,
        &ready.hash,
        clean.taken_at.map(|at| at.to_string()),
        place.map(|place| i64::from(place.lat_e4)),
        place.map(|place| i64::from(place.lon_e4)),
        house.clock.now_ms(),
        scope.actor(),
        scope.actor_name(),
        scope.role()
    ];
    if tx.execute(&queries::FILE_ADD, row)? != 1 {
        // The same file came in by another way at this moment.
        let row = tx.query_opt(&queries::FILE_SAME, same)?.ok_or(Error::Changed)?;
        return Ok(FileAdded { id: row.int(0)?, new: false });
    }
    let detail = format!("workflow={} file={id} hash={}", found.workflow, ready.hash);
    audit(tx, house.clock.as_ref(), scope.actor_pair(), "case.work", &format!("case:{}", found.id), &detail)?;
    Ok(FileAdded { id, new: true })
}

/// The files of a case as they stood at a moment, in the order in which they came.
pub(crate) fn of_case(
    tx: &mut Tx<'_>,
    family: FamilyId,
    case: CaseId,
    until_ms: i64,
) -> Result<Vec<FileView>> {
    let rows = tx.query(&queries::FILES, params![family, case, until_ms])?;
    rows.iter().map(view).collect()
}

fn view(row: &Row) -> Result<FileView> {
    // What was withdrawn since then is shown to nobody either, whatever day is looked at.
    let withdrawn = match row.opt_int(17)? {
        Some(at) => Some((at, row.string(18)?, row.string(19)?)),
        None => None,
    };
    let place = match (row.opt_int(12)?, row.opt_int(13)?) {
        (Some(lat), Some(lon)) => Some((degrees(lat), degrees(lon))),
        _ => None,
    };
    let id = row.int(0)?;
    Ok(FileView {
        id,
        seq: row.opt_int(1)?,
        field: row.string(2)?,
        caption: row.string(3)?,
        name: row.string(4)?,
        kind: Kind::of_key(row.text(5)?).ok_or(Error::Stored(id))?,
        bytes: row.int(6)?,
        width: row.int(7)?,
        height: row.int(8)?,
        sha256: row.string(9)?,
        taken_at: row.opt_text(11)?.and_then(|at| at.parse().ok()),
        place,
        added_at_ms: row.int(14)?,
        actor: row.string(15)?,
        role: row.string(16)?,
        withdrawn,
    })
}

/// Ten-thousandths as degrees: `-6.2101`.
fn degrees(e4: i64) -> String {
    let sign = if e4 < 0 { "-" } else { "" };
    let size = e4.unsigned_abs();
    format!("{sign}{}.{:04}", size / 10_000, size % 10_000)
}

/// Files that a step names in its form: none of another case, none that was withdrawn. They are put into the case for the engine.
pub(crate) fn named(
    tx: &mut Tx<'_>,
    workflow: &Workflow,
    found: &mut Stored,
    asked: Asked<'_>,
) -> Result<()> {
    let (action, written) = asked;
    let form = workflow.transition(&found.case.state, action).and_then(|step| step.form.as_deref());
    let mut fields = form.and_then(|key| workflow.form(key)).map_or(&[][..], |form| &form.fields).iter();
    let names_one = |key: &str| written.get(key).is_some_and(|id| !id.trim().is_empty());
    if fields.any(|field| field.kind == FieldKind::File && names_one(&field.key)) {
        let rows = tx.query(&queries::FILE_IDS, params![found.family, found.id])?;
        found.case.files = rows.iter().map(|row| row.int(0)).collect::<Result<_, _>>()?;
    }
    Ok(())
}

/// Answers that name a file which is none of the case.
pub(crate) fn strange(
    fields: &[policy::FormField],
    answers: &crate::Answers,
    files: &BTreeSet<i64>,
) -> Vec<FieldFault> {
    let is_strange = |key: &str| match answers.get(key) {
        Some(Answer::Int(id)) => !files.contains(id),
        _ => false,
    };
    let asked = fields.iter().filter(|field| field.kind == FieldKind::File && is_strange(&field.key));
    asked.map(|field| FieldFault { field: field.key.clone(), code: "casework-field-file" }).collect()
}

/// Rows that tie the files of a step's answers to the step, where they belong to none yet.
pub(crate) fn ties(
    workflow: &Workflow,
    (family, case): (FamilyId, CaseId),
    seq: i64,
    answered: &crate::Answers,
) -> Vec<Vec<Value>> {
    let of = |(key, answer): (&String, &Answer)| match (workflow.field(key).map(|field| &field.kind), answer)
    {
        (Some(FieldKind::File), Answer::Int(id)) => Some(params![family, case, *id, seq].to_vec()),
        _ => None,
    };
    answered.iter().filter_map(of).collect()
}
