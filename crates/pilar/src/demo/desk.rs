//! The demo's desk: the treasurer holds some lines in one act, and asks for a list that nobody has released yet.

use model::RegionCode;
use payment::{
    Trouble,
    desk::{self, BulkAction, ProblemFilter, ReleaseAsked, ReleaseKind, Source},
};
use serde_json::{Value, json};

use super::{Run, accounts};
use crate::commands::{acting, desk as acts};

/// Holds the lines whose account bears another name, and asks for the list of the first order of a cycle.
pub(super) fn work(run: &Run, cycle: i64) -> anyhow::Result<(u64, Value)> {
    let accounts = accounts::read(&run.dir)?.accounts;
    let login = accounts.iter().find(|one| one.role == "treasurer").map(|one| one.login.as_str());
    let treasurer = acting(&run.house, login)?;
    let read = treasurer.scope("payment.read")?;
    let orders = payment::cycle_page(&run.house, &read, cycle)?.orders;
    let order = orders.first().map_or(0, |order| order.order_id);
    // Lines that no channel was told of: they can be held.
    let filter = ProblemFilter { kind: Some(Trouble::NameDiffers), ..ProblemFilter::all(Source::Lines) };
    let words = ("demo", "menunggu surat keterangan dari desa");
    let held = acts::act(&run.house, &treasurer, BulkAction::Hold, filter, words)?;
    let asked = ReleaseAsked {
        form: "demo".into(),
        kind: ReleaseKind::Order,
        subject: order.to_string(),
        region: RegionCode::nation(),
        format: "xlsx".into(),
        purpose: "pemeriksaan penyaluran".into(),
        recipient: "Inspektorat Jenderal".into(),
    };
    let request = desk::ask_release(&run.house, &treasurer.scope("export.request")?, &asked)?;
    Ok((
        held.rows.unsigned_abs(),
        json!({"held": held.done, "refused": held.refused, "export": request.export_no}),
    ))
}
