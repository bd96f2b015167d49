//! Words of the command line about money, cards and goods.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Pay {
    /// Build payment lines from an approved decision run
    Build {
        /// Id of the decision run.
        #[arg(long)]
        run: String,
    },
    /// Prepare an order of every line that is ready; one that stands already is answered
    Order {
        /// Number of the payment cycle.
        #[arg(long)]
        cycle: i64,
        /// Only lines of this channel, such as those that were moved to the post office. Default: the cycle's own.
        #[arg(long)]
        channel: Option<String>,
        /// Only lines of this region (a *termin*), such as 11.01. Default: the nation.
        #[arg(long)]
        region: Option<String>,
    },
    /// Approve an order for the treasury (SPM)
    Approve {
        /// Number of the order.
        order: i64,
        /// Logins of those who approve, by comma; none may be who prepared it.
        #[arg(long = "as", value_name = "LOGIN")]
        approver: String,
        /// Number of the payment order, *surat perintah membayar*.
        #[arg(long)]
        spm: String,
    },
    /// Record that the treasury paid an order out (SP2D)
    Sp2d {
        /// Number of the order.
        order: i64,
        /// Number of the disbursement order, *surat perintah pencairan dana*.
        #[arg(long)]
        number: String,
        /// The day on it.
        #[arg(long, value_name = "YYYY-MM-DD")]
        on: jiff::civil::Date,
    },
    /// Take an order apart whose money is still in the treasury
    Cancel {
        /// Number of the order.
        order: i64,
        /// Why; needed once it is approved.
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Record that the money of an order's withheld lines is back in the treasury
    Withheld {
        /// Number of the order.
        order: i64,
        /// Number of the deposit slip (NTPN).
        #[arg(long)]
        slip: String,
    },
    /// Write the next files for the channels: account checks, then orders that the treasury paid out
    Export {
        /// Number of the payment cycle.
        #[arg(long)]
        cycle: i64,
        /// `accounts` or `orders`.
        #[arg(long)]
        kind: String,
        /// Folder to write to. Default: `outbox` in the data folder.
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// Read a channel's reply: account replies, order replies, movements, or receipts of cash paid out
    Import {
        /// The reply.
        file: PathBuf,
        /// `accounts`, `orders`, `movements` or `receipts`.
        #[arg(long)]
        kind: String,
        /// Key of the channel that sent it. Default: the only one of the policy pack.
        #[arg(long, value_name = "KEY")]
        channel: Option<String>,
    },
    /// Call a bank that speaks SNAP BI: ask about accounts, pay, ask what became of it. Without a task: how the calls stand
    Snap(Snap),
    /// Cards: open accounts for who has none, take in what happened to cards, say which still wait
    #[command(subcommand)]
    Cards(Cards),
    /// Count what is in trouble, by kind, age and channel
    Problems(crate::commands::desk::Problems),
    /// Do one thing to all rows in trouble that fit: hold, release, move to the other channel, close, ask for a visit
    Bulk(crate::commands::desk::Bulk),
    /// Decide about one line: pass or refuse its account, hold it, let it go on, cancel it
    Line {
        /// Number of the line.
        line: i64,
        /// `account_good`, `account_failed`, `hold`, `release` or `cancel`.
        #[arg(long)]
        act: String,
        /// Why, 3 to 400 characters; it stands in the line's history.
        #[arg(long)]
        reason: String,
        /// Login of who decides. Default: the machine's operator.
        #[arg(long = "as", value_name = "LOGIN")]
        by: Option<String>,
    },
    /// Ask for a visit to each family whose money nobody touched since the days that its channel names
    Untouched,
    /// Verification after payment: draw a sample, take in answers, say what they mean
    #[command(subcommand)]
    Verify(Verify),
    /// Pay again what did not arrive, and complete what was paid too little
    #[command(subcommand)]
    Plan(Plan),
    /// Hold the lines of payees who died, as the registry tells since the last time
    Deaths,
    /// Trial balance of the books or a part of them, now or at the end of a day; with --account its newest entries
    Books(Books),
    /// Add everything up and list what does not fit
    Reconcile {
        /// Number of the payment cycle. Default: all.
        #[arg(long)]
        cycle: Option<i64>,
    },
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Books {
    /// Key of a programme. Default: all.
    #[arg(long, default_value = "")]
    pub(crate) programme: String,
    /// A period as printed, such as 2026-T4. Default: all.
    #[arg(long, default_value = "")]
    pub(crate) period: String,
    /// Code of a region down to a subdistrict. Default: the nation.
    #[arg(long, default_value = "")]
    pub(crate) region: String,
    /// Key of a channel. Default: all.
    #[arg(long, default_value = "")]
    pub(crate) channel: String,
    /// Last day that counts, Western Indonesian Time. Default: everything.
    #[arg(long, value_name = "DAY")]
    pub(crate) as_of: Option<jiff::civil::Date>,
    /// Number of the last entry that counts. Default: everything.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) until_entry: Option<i64>,
    /// Code of a kind of account, such as on_card: its newest entries, at most 1,000.
    #[arg(long, value_name = "CODE")]
    pub(crate) account: Option<String>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Snap {
    /// Key of the bank's channel, whose file has `[api]`.
    #[arg(long, value_name = "KEY")]
    pub(crate) channel: String,
    /// Number of the payment cycle.
    #[arg(long)]
    pub(crate) cycle: i64,
    /// Ask about accounts that were not asked about.
    #[arg(long, group = "task")]
    pub(crate) check: bool,
    /// Pay the approved orders, and ask about unclear transfers.
    #[arg(long, group = "task")]
    pub(crate) transfer: bool,
    /// Only ask about unclear transfers.
    #[arg(long, group = "task")]
    pub(crate) status: bool,
    /// Ask for the statement of the paying account and take in what moved.
    #[arg(long, group = "task")]
    pub(crate) statement: bool,
    /// With --statement: first day. Default: the last.
    #[arg(long, requires = "statement")]
    pub(crate) from: Option<jiff::civil::Date>,
    /// With --statement: last day. Default: today.
    #[arg(long, requires = "statement")]
    pub(crate) to: Option<jiff::civil::Date>,
    /// Go on asking about what is unclear for so many seconds.
    #[arg(long, default_value_t = 5, value_name = "SECONDS")]
    pub(crate) wait: u32,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct SnapBank {
    /// Port of this machine; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
    /// Key of the channel whose identity and variables the bank shares.
    #[arg(long, value_name = "KEY", default_value = "snap_bank")]
    pub(crate) channel: String,
    /// Folder with our account-check files, whose accounts the bank has.
    #[arg(long, value_name = "DIR")]
    pub(crate) accounts: PathBuf,
    /// What the bank does is a function of this and of the calls.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Err in every way.
    #[arg(long)]
    pub(crate) bad_day: bool,
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Plan {
    /// What could be paid again, and why the rest could not
    Candidates(PlanOf),
    /// Propose to pay again what did not arrive; somebody else approves
    Propose(PlanOf),
    /// Propose to pay what an approved run entitles families to beyond what they were paid
    TopUp {
        /// The run.
        #[arg(long)]
        run: String,
        /// Key of the channel.
        #[arg(long, value_name = "KEY")]
        channel: String,
    },
    /// Approve a plan: its lines go the usual way from then on
    Approve {
        /// Number of the plan.
        plan: i64,
        /// Login of the one who approves; not who proposed it.
        #[arg(long = "as", value_name = "LOGIN")]
        approver: String,
    },
    /// Refuse a plan, or take back one's own
    Refuse {
        /// Number of the plan.
        plan: i64,
        /// Why.
        #[arg(long)]
        reason: String,
        /// Login of the one who refuses. Default: the console.
        #[arg(long = "as", value_name = "LOGIN")]
        approver: Option<String>,
    },
}

#[derive(Debug, Clone, Args)]
pub(crate) struct PlanOf {
    /// Key of the programme.
    #[arg(long, value_name = "KEY")]
    pub(crate) programme: String,
    /// The period, such as 2026-T4.
    #[arg(long)]
    pub(crate) period: String,
    /// Key of the channel. Default: the programme's own.
    #[arg(long, value_name = "KEY", default_value = "")]
    pub(crate) channel: String,
    /// Only this region.
    #[arg(long)]
    pub(crate) region: Option<String>,
    /// Only these causes, by comma: words of the channel such as bank:RETUR, or troubles.
    #[arg(long, value_delimiter = ',')]
    pub(crate) cause: Vec<String>,
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Verify {
    /// Draw a sample of the lines that were topped up; the same seed draws the same lines
    Draw {
        /// Number of the payment cycle.
        #[arg(long)]
        cycle: i64,
        /// 90, 95 or 99 per cent.
        #[arg(long, default_value = "95")]
        confidence: i64,
        /// Half the width of the interval, in thousandths: 50 is five per cent.
        #[arg(long, default_value = "50")]
        margin_permille: i64,
        /// Fewest lines of a district and channel.
        #[arg(long, default_value = "5")]
        least: i64,
        /// How people are asked, in turn: visit, call, file.
        #[arg(long, value_delimiter = ',', default_value = "visit,call")]
        mode: Vec<String>,
        /// Seed of the draw.
        #[arg(long)]
        seed: i64,
    },
    /// Read answers (line_id,answer,day,got_idr,late_days,trouble,whom,note), whole or not at all
    Import {
        /// Number of the sample.
        #[arg(long)]
        sample: i64,
        /// The CSV. The same file twice changes nothing.
        file: PathBuf,
    },
    /// Say what the answers mean, with intervals
    Report {
        /// Number of the sample.
        sample: i64,
    },
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Cards {
    /// Write the files that ask banks to open accounts and print cards (burekol)
    Open {
        /// Number of the payment cycle.
        #[arg(long)]
        cycle: i64,
        /// Folder to write to. Default: `outbox` in the data folder.
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// Read a bank's answer to openings
    Opened {
        /// The answer.
        file: PathBuf,
        /// Key of the bank's channel. Default: the only one of the policy pack.
        #[arg(long, value_name = "KEY")]
        channel: Option<String>,
    },
    /// Read what happened to cards; rows are matched by token and last four digits
    Import {
        /// The list.
        file: PathBuf,
        /// Key of the bank's channel. Default: the only one of the policy pack.
        #[arg(long, value_name = "KEY")]
        channel: Option<String>,
    },
    /// Say how many cards wait, for how long, and how much money stands on them
    Report {
        /// `waiting` (printed, not handed over), `idle` (handed over, not active), `trouble`, `active` or `ended`.
        #[arg(long, default_value = "waiting")]
        list: String,
        /// Code of a region, such as 11.01. Default: the nation.
        #[arg(long, default_value = "")]
        region: String,
    },
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Funds {
    /// All funds and what they hold, newest first, at most 1,000
    List,
    /// One fund: what it holds, what waits, its newest movements
    Show {
        /// Number of the fund.
        fund: i64,
    },
    /// Open the fund of a licence or agreement; the same again is the same fund
    Open {
        /// Key of the source, as in funds.toml.
        #[arg(long)]
        source: String,
        /// Number of the licence or agreement.
        #[arg(long)]
        licence: String,
        /// Its day.
        #[arg(long)]
        on: jiff::civil::Date,
        /// Who holds it.
        #[arg(long)]
        holder: String,
        /// Code of its region. Default: the nation.
        #[arg(long, default_value = "")]
        region: String,
    },
    /// Record a movement; allotments and grants wait for a second person
    Record(FundRecord),
    /// Agree to a movement that waits, or refuse it
    Decide {
        /// Number of the movement.
        movement: i64,
        /// Login of who decides; not who proposed it.
        #[arg(long = "as", value_name = "LOGIN")]
        login: String,
        /// Refuse it, for this reason.
        #[arg(long, value_name = "REASON")]
        refuse: Option<String>,
    },
    /// Take a movement back by a new one, whole and once
    Back {
        /// Number of the movement.
        movement: i64,
        /// Number of the paper that says so.
        #[arg(long)]
        document: String,
        /// Why.
        #[arg(long)]
        note: String,
        /// Login of who records it. Default: the console.
        #[arg(long = "as", value_name = "LOGIN")]
        login: Option<String>,
    },
}

#[derive(Debug, Clone, Args)]
pub(crate) struct FundRecord {
    /// Number of the fund.
    #[arg(long)]
    pub(crate) fund: i64,
    /// `deposit`, `allot`, `release`, `grant`, `use` or `unused`.
    #[arg(long)]
    pub(crate) kind: String,
    /// Whole rupiah.
    #[arg(long, value_name = "RUPIAH")]
    pub(crate) amount: i64,
    /// Number of the allotment (release, grant) or grant (use, unused) that it comes out of.
    #[arg(long, value_name = "MOVEMENT")]
    pub(crate) out_of: Option<i64>,
    /// Number of the paper.
    #[arg(long)]
    pub(crate) document: String,
    /// Its day. Default: today.
    #[arg(long)]
    pub(crate) on: Option<jiff::civil::Date>,
    /// Who pays or receives.
    #[arg(long, default_value = "")]
    pub(crate) party: String,
    /// Key of the purpose, of an allotment.
    #[arg(long, default_value = "")]
    pub(crate) purpose: String,
    /// A paper that the source asks of deposits: KEY=NUMBER.
    #[arg(long, value_name = "KEY=NUMBER")]
    pub(crate) paper: Vec<String>,
    /// What to know about it.
    #[arg(long, default_value = "")]
    pub(crate) note: String,
    /// Login of who records it. Default: the console.
    #[arg(long = "as", value_name = "LOGIN")]
    pub(crate) login: Option<String>,
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Goods {
    /// Add a warehouse
    Warehouse {
        /// Code of its region, such as 11.01. Default: the nation.
        #[arg(long, default_value = "")]
        region: String,
        /// Its name.
        name: String,
    },
    /// Receive a delivery, after it was weighed and checked
    Receive {
        /// Number of the warehouse.
        #[arg(long)]
        warehouse: i64,
        /// Code of the item, as in the programmes' files.
        #[arg(long)]
        item: String,
        /// Who delivers.
        #[arg(long)]
        supplier: String,
        /// Number of the contract.
        #[arg(long)]
        contract: String,
        /// Number of the delivery note.
        #[arg(long)]
        document: String,
        /// Quantity by the delivery note: kilograms or litres with a decimal comma, pieces whole.
        #[arg(long)]
        noted: String,
        /// Quantity by our own scale. Default: as noted.
        #[arg(long)]
        weighed: Option<String>,
        /// Refused of it.
        #[arg(long, default_value = "0")]
        refused: String,
        /// Why.
        #[arg(long, default_value = "")]
        refused_why: String,
        /// Rupiah for a unit, where known.
        #[arg(long)]
        price_idr: Option<i64>,
        /// Last day of use.
        #[arg(long)]
        expires: Option<jiff::civil::Date>,
        /// What the check found: CRITERION=good or CRITERION=bad:what was found (weight, moisture, purity, smell, pests, packing,
        /// contents).
        #[arg(long, num_args = 1.., required = true, value_name = "CRITERION=FINDING")]
        check: Vec<String>,
    },
    /// Send goods to another warehouse
    Send {
        /// Number of the warehouse that sends.
        #[arg(long)]
        from: i64,
        /// Number of the warehouse that is to receive.
        #[arg(long)]
        to: i64,
        /// Number of the lot.
        #[arg(long)]
        lot: i64,
        /// How much.
        #[arg(long)]
        quantity: String,
        /// Number of the way bill.
        #[arg(long)]
        document: String,
    },
    /// Record what arrived of a transfer; the rest stays on the way
    Arrive {
        /// Number of the transfer.
        #[arg(long)]
        transfer: i64,
        /// What arrived.
        #[arg(long, default_value = "0")]
        arrived: String,
        /// What nobody can find.
        #[arg(long, default_value = "0")]
        lost: String,
        /// What broke or spoiled.
        #[arg(long, default_value = "0")]
        damaged: String,
        /// Number of the receipt.
        #[arg(long)]
        document: String,
        /// Why something is missing.
        #[arg(long, default_value = "")]
        note: String,
    },
    /// Record what is damaged, lost, expired or returned to the supplier
    WriteOff {
        /// `damaged`, `lost`, `expired` or `returned`.
        kind: String,
        /// Number of the warehouse.
        #[arg(long)]
        warehouse: i64,
        /// Number of the lot.
        #[arg(long)]
        lot: i64,
        /// How much.
        #[arg(long)]
        quantity: String,
        /// Number of the minutes.
        #[arg(long)]
        document: String,
        /// Why.
        #[arg(long)]
        note: String,
    },
    /// Take a row of a stock card back by a new row
    Correct {
        /// Number of the row.
        row: i64,
        /// Number of the minutes.
        #[arg(long)]
        document: String,
        /// Why.
        #[arg(long)]
        note: String,
    },
    /// Make the distribution lists of an approved run
    Build {
        /// The run.
        run: String,
    },
    /// Read hand-overs that were recorded offline (family_id,step,day,given,warehouse,lot,whom,role,place,proof_kind,proof,note), whole
    /// or not at all; `given` is whole grams, millilitres or pieces
    Import {
        /// Number of the distribution list.
        #[arg(long)]
        list: i64,
        /// The CSV. The same file twice changes nothing.
        file: PathBuf,
    },
    /// Say what lies, what is on the way, what was lost and what was handed over
    Report {
        /// Code of a region. Default: the nation.
        #[arg(long, default_value = "")]
        region: String,
        /// Number of a distribution list, to tell it by region.
        #[arg(long)]
        list: Option<i64>,
    },
    /// Say where all of a lot is
    Lot {
        /// Its number.
        lot: i64,
    },
}
