//! Numbers and days that an administration sets (`settings.toml`): closing day, limits, sessions, approvals, targets.

use std::collections::BTreeMap;

use jiff::civil::Date;
use model::{Month, Rupiah};
use rules::Label;

use crate::{
    fault::Faults,
    pack::Pack,
    reader::{Source as File, Table},
    role::Roles,
    workflow::{CaseSubject, Workflow},
};

/// All settings.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Settings {
    /// Days of the month.
    pub closing: ClosingSettings,
    /// Bounds on received files.
    pub limits: Limits,
    /// Sessions and sign-in.
    pub access: AccessSettings,
    /// Field work.
    pub work: WorkSettings,
    /// Codes on paper for families.
    pub slip: SlipSettings,
    /// Before an exclusion takes effect.
    pub notice: NoticeSettings,
    /// Approval of lists.
    pub decision: DecisionSettings,
    /// Account checks.
    pub account: AccountSettings,
    /// Cards that wait.
    pub cards: CardSettings,
    /// Goods in kind.
    pub goods: GoodsSettings,
    /// Verification after payment.
    pub verification: VerificationSettings,
    /// Payments made again.
    pub plan: PlanSettings,
    /// The treasurer's desk.
    pub desk: DeskSettings,
    /// Photographs and papers of cases.
    pub files: FileSettings,
    /// Who approves how much; bands in rising order, the last without limit.
    pub approval: Vec<ApprovalBand>,
    /// Why a personal number may be shown.
    pub purposes: Vec<Purpose>,
}

/// Codes on paper with which families look at their own status.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct SlipSettings {
    /// Days after which a code ends.
    pub days: i64,
    /// Minutes that one look lasts.
    pub look_minutes: i64,
    /// Days for which the family still sees a case of its own that has ended.
    pub cases_days: i64,
    /// Key of the workflow with which a family objects to what it sees; it is about a family.
    pub case: String,
}

/// Days of the month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct ClosingSettings {
    /// Last day on which changes count for the month.
    pub cut_off_day: i64,
    /// Day on which the data are pulled.
    pub pull_day: i64,
}

impl ClosingSettings {
    /// The month for which a change of that day counts: its own until the cut-off, later the next.
    pub fn month_of(&self, day: Date) -> Month {
        let month = Month::of(day);
        if i64::from(day.day()) <= self.cut_off_day { month } else { month.next() }
    }
}

/// Bounds on received files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Limits {
    /// Bytes of a file as received.
    pub file_bytes: u64,
    /// Bytes of a workbook when unpacked.
    pub unpacked_bytes: u64,
    /// Unpacked over packed size.
    pub unpack_ratio: u64,
    /// Cells of a workbook.
    pub cells: u64,
    /// Bytes of one cell.
    pub cell_bytes: u64,
    /// Columns of a list.
    pub columns: u64,
    /// Rows of a list.
    pub rows: u64,
    /// Rejected rows kept in the database; the rest stay in the lake.
    pub rejects_kept: u64,
    /// A list with a greater share of rejected rows is refused whole, in thousandths.
    pub rejected_permille: u64,
}

/// Sessions and sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct AccessSettings {
    /// A session ends after so many hours.
    pub session_hours: i64,
    /// It ends earlier after so many minutes without use.
    pub idle_minutes: i64,
    /// Failed sign-ins of one login before it waits.
    pub failures_per_login: i64,
    /// Failed sign-ins from one peer before it waits.
    pub failures_per_peer: i64,
    /// Minutes over which failures count, and for which is waited.
    pub window_minutes: i64,
    /// Shortest password.
    pub password_length: i64,
}

/// Field work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct WorkSettings {
    /// Families that a companion should graduate in a year.
    pub graduations_a_year: i64,
    /// Families that a companion should have.
    pub caseload: i64,
    /// Families above which a caseload is too large.
    pub caseload_max: i64,
    /// Months after the end of a case in which the house does not open another one of its workflow for the same family by itself.
    pub candidate_months: i64,
    /// Fewer checks than this are not told apart by place or person.
    pub agreement_few: i64,
    /// Checks from which Cohen's kappa is told.
    pub kappa_from: i64,
}

/// Account checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct AccountSettings {
    /// Days for which a passed check holds; 0 asks every time.
    pub check_days: i64,
}

/// Before an exclusion takes effect.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct NoticeSettings {
    /// Calendar days from the notice to the first day on which the exclusion may take effect.
    pub days: i64,
    /// Families that are in the closing no more, by [`GoneKind`]: each kind once.
    pub gone: Vec<GoneReason>,
}

/// Approval of lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct DecisionSettings {
    /// A list over a ceiling is approved by nobody; else who approves is warned.
    pub refuse_over_ceiling: bool,
}

/// What became of a family that received and is in the closing no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GoneKind {
    /// Its people are in another family.
    Merged,
    /// Nobody of it lives.
    Died,
    /// The lists tell that it moved.
    Moved,
    /// The register does not say.
    Unknown,
}

impl GoneKind {
    /// All, in the order of [`NoticeSettings::gone`].
    pub const ALL: [Self; 4] = [Self::Merged, Self::Died, Self::Moved, Self::Unknown];

    /// As in the file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Merged => "merged",
            Self::Died => "died",
            Self::Moved => "moved",
            Self::Unknown => "unknown",
        }
    }
}

/// What a family is told that is in the closing no more.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct GoneReason {
    /// What became of it.
    pub kind: GoneKind,
    /// Code of the reason.
    pub code: String,
    /// Its place stays reserved until the days are over.
    pub wait: bool,
    /// Codes of presence that tell of this kind.
    pub presence: Vec<i64>,
    /// The reason in words.
    pub text: Label,
    /// What can be done about it.
    pub remedy: Label,
}

impl NoticeSettings {
    /// What a family of a kind is told.
    pub fn gone_of(&self, kind: GoneKind) -> Option<&GoneReason> {
        self.gone.iter().find(|reason| reason.kind == kind)
    }

    /// The reason with a code.
    pub fn gone_reason(&self, code: &str) -> Option<&GoneReason> {
        self.gone.iter().find(|reason| reason.code == code)
    }
}

/// Cards that wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct CardSettings {
    /// Last days of the bands of waiting, rising; the last band is open.
    pub age_days: [i64; 4],
}

/// Goods in kind.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct GoodsSettings {
    /// Days before its last day from which a lot counts as near it.
    pub near_expiry_days: i64,
    /// Key of the workflow of a case when a family got less than its due.
    pub short_case: String,
}

/// Verification after payment.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct VerificationSettings {
    /// Key of the workflow of a case when a family says that it got less than was topped up, or nothing.
    pub case: String,
}

/// Payments made again, and who may receive them instead of a payee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct PlanSettings {
    /// Days after the last of December for which the money of a year may be planned again.
    pub days_after_year: i64,
    /// Years from which a member of the family may receive.
    pub adult_years: i64,
}

/// The treasurer's desk: when something that waits is late, how long a released list can be fetched, and what stands on papers.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct DeskSettings {
    /// Days after which a proposed order, an approved list without lines or a request to release is late.
    pub decide_days: i64,
    /// Days after which the treasury's paper for an approved order is late.
    pub treasury_days: i64,
    /// Days after which a channel's answer is late.
    pub answer_days: i64,
    /// Days after which a trouble that a person must solve is late.
    pub solve_days: i64,
    /// Days after which a card that waits is late.
    pub card_days: i64,
    /// Key of the workflow of a case when a visit is asked for at the desk.
    pub visit_case: String,
    /// Hours for which a released list can be fetched.
    pub export_hours: i64,
    /// How often it can be fetched.
    pub export_fetches: i64,
    /// Head of the papers, line by line.
    pub letterhead: Vec<Label>,
    /// Where papers are signed.
    pub place: String,
    /// Where a hash on a paper can be looked up: the address of this house, without a path.
    pub address: String,
}

/// Bounds on the photographs and papers of cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct FileSettings {
    /// Bytes of one file as sent.
    pub file_bytes: u64,
    /// Files of a case that count: those that were not withdrawn.
    pub files_a_case: i64,
    /// Bytes of all files of a case that count.
    pub case_bytes: i64,
    /// Files that a case may ever have held, withdrawn ones among them.
    pub files_ever: i64,
    /// Bytes of all files that a case may ever have held.
    pub case_bytes_ever: i64,
    /// Dots of a picture, width times height.
    pub pixels: u64,
    /// Dots of the longer side of a photograph as kept.
    pub picture_side: u32,
    /// Pages of a PDF.
    pub pdf_pages: u64,
    /// Bytes of all streams of a PDF when unpacked.
    pub pdf_unpacked_bytes: u64,
    /// Bytes of one file that a citizen sends with a ticket.
    pub citizen_bytes: u64,
    /// Files that a citizen may add to a ticket.
    pub citizen_files: i64,
    /// Times that a citizen may try within the window of the sign-in throttle.
    pub citizen_tries: i64,
}

/// Who approves payment up to an amount.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ApprovalBand {
    /// Up to this amount; none for the last band.
    pub up_to: Option<Rupiah>,
    /// Role that approves.
    pub role: String,
    /// How many different people.
    pub people: i64,
}

/// A reason to show a personal number.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Purpose {
    /// Key, kept in the audit log.
    pub key: String,
    /// For people.
    pub label: Label,
}

impl Settings {
    /// The band that an amount falls into.
    pub fn approval_for(&self, amount: Rupiah) -> Option<&ApprovalBand> {
        self.approval.iter().find(|band| band.up_to.is_none_or(|up_to| amount <= up_to))
    }

    /// A purpose by key.
    pub fn purpose(&self, key: &str) -> Option<&Purpose> {
        self.purposes.iter().find(|purpose| purpose.key == key)
    }
}

const FILE: &str = "settings.toml";

pub(crate) fn load(
    pack: &Pack,
    faults: &Faults,
    roles: &Roles,
    workflows: &BTreeMap<String, Workflow>,
) -> Option<Settings> {
    let Some(text) = pack.files.get(FILE) else {
        faults.add(FILE, "", 0, "the file is missing".to_owned(), "add it to the pack".to_owned());
        return None;
    };
    File { file: FILE, text, faults }.read_toml(|table| read(table, roles, workflows))
}

fn read(table: &Table<'_>, roles: &Roles, workflows: &BTreeMap<String, Workflow>) -> Option<Settings> {
    let approval = table.each("approval", |band| ApprovalBand {
        up_to: band.opt_rupiah("up_to_idr"),
        role: read_role(band, roles),
        people: band.int("people", 1..=5),
    });
    check_bands(table, &approval);
    let settings = (
        table.table("closing", read_closing),
        table.table("limits", read_limits),
        table.table("access", read_access),
        table.table("work", read_work),
        table.table("slip", |slip| SlipSettings {
            days: slip.int("days", 1..=366),
            look_minutes: slip.int("look_minutes", 1..=120),
            cases_days: slip.int("cases_days", 0..=3_650),
            case: read_family_workflow(slip, "case", workflows),
        }),
        table.table("notice", read_notice),
        table.table("decision", |decision| DecisionSettings {
            refuse_over_ceiling: decision.choice("over_ceiling", &[("warn", false), ("refuse", true)], true),
        }),
        table.table("account", |account| AccountSettings { check_days: account.int("check_days", 0..=366) }),
        table.table("cards", read_cards),
        table.table("goods", |goods| read_goods(goods, workflows)),
        table.table("verification", |table| VerificationSettings {
            case: read_workflow(table, "case", workflows),
        }),
        table.table("plan", |table| PlanSettings {
            days_after_year: table.int("days_after_year", 0..=366),
            adult_years: table.int("adult_years", 15..=30),
        }),
        table.table("desk", |desk| read_desk(desk, workflows)),
        table.table("files", read_files),
    );
    let purposes =
        table.each("purpose", |purpose| Purpose { key: purpose.text("key"), label: purpose.label("label") });
    if purposes.is_empty() {
        table.fault("purpose", "no purpose for which a number may be shown", "add [[purpose]] tables");
    }
    let (
        Some(closing),
        Some(limits),
        Some(access),
        Some(work),
        Some(slip),
        Some(notice),
        Some(decision),
        Some(account),
        Some(cards),
        Some(goods),
        Some(verification),
        Some(plan),
        Some(desk),
        Some(files),
    ) = settings
    else {
        return None;
    };
    Some(Settings {
        closing,
        limits,
        access,
        work,
        slip,
        notice,
        decision,
        account,
        cards,
        goods,
        verification,
        plan,
        desk,
        files,
        approval,
        purposes,
    })
}

fn read_role(table: &Table<'_>, roles: &Roles) -> String {
    let role = table.text("role");
    if roles.get(&role).is_none() {
        table.fault(
            "role",
            format!("no role `{role}`"),
            format!("the roles are: {}", roles.order.join(", ")),
        );
    }
    role
}

fn check_bands(table: &Table<'_>, bands: &[ApprovalBand]) {
    let rising = bands.windows(2).all(|pair| match (pair[0].up_to, pair[1].up_to) {
        (Some(low), Some(high)) => low < high,
        (Some(_), None) => true,
        (None, _) => false,
    });
    if !rising || bands.last().is_none_or(|band| band.up_to.is_some()) {
        table.fault(
            "approval",
            "the bands do not rise to one without limit",
            "order them; leave up_to_idr out of the last",
        );
    }
}

fn read_closing(table: &Table<'_>) -> ClosingSettings {
    let closing = ClosingSettings {
        cut_off_day: table.int("cut_off_day", 1..=27),
        pull_day: table.int("pull_day", 1..=28),
    };
    if closing.pull_day <= closing.cut_off_day {
        table.fault("pull_day", "data are pulled before changes end", "take a day after cut_off_day");
    }
    closing
}

fn read_limits(table: &Table<'_>) -> Limits {
    let number = |key: &str| table.int(key, 1..=1_000_000_000_000).unsigned_abs();
    Limits {
        file_bytes: number("file_bytes"),
        unpacked_bytes: number("unpacked_bytes"),
        unpack_ratio: number("unpack_ratio"),
        cells: number("cells"),
        cell_bytes: number("cell_bytes"),
        columns: number("columns"),
        rows: number("rows"),
        rejects_kept: number("rejects_kept"),
        rejected_permille: number("rejected_permille"),
    }
}

fn read_access(table: &Table<'_>) -> AccessSettings {
    AccessSettings {
        session_hours: table.int("session_hours", 1..=168),
        idle_minutes: table.int("idle_minutes", 5..=1440),
        failures_per_login: table.int("failures_per_login", 3..=100),
        failures_per_peer: table.int("failures_per_peer", 3..=10_000),
        window_minutes: table.int("window_minutes", 1..=1440),
        password_length: table.int("password_length", 12..=128),
    }
}

fn read_cards(table: &Table<'_>) -> CardSettings {
    let days = table.ints("age_days");
    let rising =
        days.windows(2).all(|pair| pair[0] < pair[1]) && days.iter().all(|day| (1..=3_660).contains(day));
    let four: Option<[i64; 4]> = days.try_into().ok();
    if !rising || four.is_none() {
        table.fault(
            "age_days",
            "not four rising numbers of days",
            "write such as age_days = [7, 30, 90, 180]",
        );
    }
    CardSettings { age_days: four.unwrap_or([7, 30, 90, 180]) }
}

fn read_goods(table: &Table<'_>, workflows: &BTreeMap<String, Workflow>) -> GoodsSettings {
    let short_case = read_workflow(table, "short_case", workflows);
    GoodsSettings { near_expiry_days: table.int("near_expiry_days", 0..=3_660), short_case }
}

fn read_desk(table: &Table<'_>, workflows: &BTreeMap<String, Workflow>) -> DeskSettings {
    DeskSettings {
        decide_days: table.int("decide_days", 0..=366),
        treasury_days: table.int("treasury_days", 0..=366),
        answer_days: table.int("answer_days", 0..=366),
        solve_days: table.int("solve_days", 0..=366),
        card_days: table.int("card_days", 0..=366),
        visit_case: read_workflow(table, "visit_case", workflows),
        export_hours: table.int("export_hours", 1..=720),
        export_fetches: table.int("export_fetches", 1..=20),
        letterhead: table.each("letterhead", |line| line.label("line")),
        place: table.text("place"),
        address: table.text("address"),
    }
}

fn read_files(table: &Table<'_>) -> FileSettings {
    let number = |key: &str, most: i64| table.int(key, 1..=most).unsigned_abs();
    let files = FileSettings {
        file_bytes: number("file_bytes", 64 << 20),
        files_a_case: table.int("files_a_case", 1..=500),
        case_bytes: table.int("case_bytes", 1..=1 << 34),
        files_ever: table.int("files_ever", 1..=500),
        case_bytes_ever: table.int("case_bytes_ever", 1..=1 << 36),
        pixels: number("pixels", 200_000_000),
        picture_side: table.int("picture_side", 256..=16_384) as u32,
        pdf_pages: number("pdf_pages", 10_000),
        pdf_unpacked_bytes: number("pdf_unpacked_bytes", 1 << 31),
        citizen_bytes: number("citizen_bytes", 64 << 20),
        citizen_files: table.int("citizen_files", 0..=50),
        citizen_tries: table.int("citizen_tries", 1..=100),
    };
    if files.citizen_bytes > files.file_bytes {
        table.fault(
            "citizen_bytes",
            "a citizen may send more than an officer",
            "write no more than file_bytes",
        );
    }
    if files.files_ever < files.files_a_case || files.case_bytes_ever < files.case_bytes {
        table.fault(
            "files_ever",
            "a case may hold more at once than ever",
            "write no less than files_a_case and case_bytes",
        );
    }
    files
}

fn read_workflow(table: &Table<'_>, key: &str, workflows: &BTreeMap<String, Workflow>) -> String {
    let workflow = table.text(key);
    if !workflows.contains_key(&workflow) {
        let known: Vec<&str> = workflows.keys().map(String::as_str).collect();
        let remedy = format!("the workflows are: {}", known.join(", "));
        table.fault(key, format!("no workflow `{workflow}`"), remedy);
    }
    workflow
}

/// A workflow about a family: its cases need nobody else to be named.
fn read_family_workflow(table: &Table<'_>, key: &str, workflows: &BTreeMap<String, Workflow>) -> String {
    let workflow = read_workflow(table, key, workflows);
    if workflows.get(&workflow).is_some_and(|known| known.subject != CaseSubject::Family) {
        table.fault(
            key,
            format!("`{workflow}` is not about a family"),
            "name a workflow with subject = \"family\"",
        );
    }
    workflow
}

fn read_notice(table: &Table<'_>) -> NoticeSettings {
    let kinds = GoneKind::ALL.map(|kind| (kind.word(), kind));
    let gone = table.each("gone", |gone| GoneReason {
        kind: gone.choice("kind", &kinds, true),
        code: gone.text("code"),
        wait: gone.flag("wait", true),
        presence: gone.ints("presence"),
        text: gone.label("text"),
        remedy: gone.label("remedy"),
    });
    for kind in GoneKind::ALL {
        if gone.iter().filter(|reason| reason.kind == kind).count() != 1 {
            let message = format!("`{}` stands here not once", kind.word());
            table.fault("gone", message, "write one [[notice.gone]] table for each kind");
        }
    }
    for (place, reason) in gone.iter().enumerate() {
        if gone[..place].iter().any(|before| before.code == reason.code) {
            table.fault("gone", format!("code `{}` stands twice", reason.code), "take another code");
        }
    }
    NoticeSettings { days: table.int("days", 1..=366), gone }
}

fn read_work(table: &Table<'_>) -> WorkSettings {
    WorkSettings {
        graduations_a_year: table.int("graduations_a_year", 0..=1000),
        caseload: table.int("caseload", 1..=10_000),
        caseload_max: table.int("caseload_max", 1..=10_000),
        candidate_months: table.int("candidate_months", 1..=120),
        agreement_few: table.int("agreement_few", 1..=1_000),
        kappa_from: table.int("kappa_from", 1..=100_000),
    }
}
