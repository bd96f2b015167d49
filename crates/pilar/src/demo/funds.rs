//! The demo's grant funds: one of each source, each a step further on its way, so that every form and every list has something.

use access::{House, Scope};
use jiff::ToSpan;
use model::RegionCode;
use payment::funds::{self, FundKind, NewFund, NewFundMove};
use serde_json::{Value, json};

use super::{DAY, Run, accounts};

/// Rupiah of the first deposit.
const PAID_IN: i64 = 250_000_000;

/// Opens the funds and moves their money; done again it changes nothing, for every paper counts once.
pub(super) fn fill(run: &Run) -> anyhow::Result<(u64, Value)> {
    let house = &run.house;
    let accounts = accounts::read(&run.dir)?;
    let maker = accounts::who_may(house, &accounts, &["fund.record"], 0)?.scope("fund.record")?;
    let first = accounts::who_may(house, &accounts, &["fund.approve"], 0)?.scope("fund.approve")?;
    let checker = if first.actor() == maker.actor() {
        accounts::who_may(house, &accounts, &["fund.approve"], 1)?.scope("fund.approve")?
    } else {
        first
    };
    let mut opened = Vec::new();
    for (at, source) in house.policy.funds().sources.iter().enumerate() {
        let year = DAY.year();
        let new = NewFund {
            source: source.key.clone(),
            licence: format!("CONTOH/{}/{year}", at + 1),
            licensed_on: DAY.checked_sub(200.days())?,
            holder: format!("Penyelenggara Contoh {}", at + 1),
            region: RegionCode::nation(),
        };
        let fund = funds::open_fund(house, &maker, &new)?;
        opened.push(fund);
        let way = Way { house, maker: &maker, checker: &checker, fund };
        way.tell(FundKind::Deposit, None, PAID_IN, "STS 1")?;
        if at == 0 {
            way.whole()?;
        }
        if at < 2 {
            way.tell(FundKind::Allot, None, PAID_IN / 5, "KEP 9")?;
        }
    }
    Ok((opened.len() as u64, json!({ "funds": opened })))
}

/// A fund whose money moves.
struct Way<'a> {
    house: &'a House,
    maker: &'a Scope,
    checker: &'a Scope,
    fund: i64,
}

impl Way<'_> {
    fn tell(
        &self,
        kind: FundKind,
        parent: Option<i64>,
        amount_idr: i64,
        document: &str,
    ) -> anyhow::Result<i64> {
        let policy = self.house.policy.funds();
        let papers = policy.sources.iter().flat_map(|source| &source.papers);
        let party = match kind {
            FundKind::Deposit => "Penyelenggara Contoh",
            FundKind::Allot | FundKind::Release => "",
            FundKind::Grant | FundKind::Use | FundKind::Unused => "Yayasan Contoh Mandiri",
        };
        let purpose = policy.purposes.first().filter(|_| kind == FundKind::Allot);
        let new = NewFundMove {
            fund_id: self.fund,
            kind,
            parent,
            amount_idr,
            document: document.to_owned(),
            day: DAY,
            party: party.to_owned(),
            purpose: purpose.map(|one| one.key.clone()).unwrap_or_default(),
            papers: papers.map(|paper| (paper.key.clone(), format!("{document}/A"))).collect(),
            note: String::new(),
        };
        Ok(funds::record_move(self.house, self.maker, &new)?.move_id)
    }

    /// Proposes and has another person agree; what was agreed to in an earlier run stays so.
    fn agreed(
        &self,
        kind: FundKind,
        parent: Option<i64>,
        amount: i64,
        document: &str,
    ) -> anyhow::Result<i64> {
        let id = self.tell(kind, parent, amount, document)?;
        match funds::decide_move(self.house, self.checker, id, true, "") {
            Ok(_) | Err(payment::Error::Fund(funds::FundFault::State(_))) => Ok(id),
            Err(error) => Err(error.into()),
        }
    }

    /// From allotment to reported use, money back, and a wrong report taken back.
    fn whole(&self) -> anyhow::Result<()> {
        let set = self.agreed(FundKind::Allot, None, PAID_IN / 2, "KEP 1")?;
        let grant = self.agreed(FundKind::Grant, Some(set), PAID_IN / 4, "NPH 1")?;
        self.tell(FundKind::Use, Some(grant), PAID_IN / 8, "LPJ 1")?;
        self.tell(FundKind::Unused, Some(grant), PAID_IN / 50, "STS 2")?;
        let wrong = self.tell(FundKind::Use, Some(grant), PAID_IN / 100, "LPJ 2")?;
        funds::take_back(self.house, self.maker, wrong, "BA 1", "Laporan untuk hibah lain")?;
        self.tell(FundKind::Release, Some(set), PAID_IN / 10, "KEP 2")?;
        Ok(())
    }
}
