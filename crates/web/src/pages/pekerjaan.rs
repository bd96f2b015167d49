//! What waits for one person at the desk of payments, the latest first; each leads to the page where it is done.

use askama::Template;
use report::{Work, WorkKind};

use crate::{
    lang::{Tongue, word},
    shell::Shell,
    visit::{Answer, Visit, page},
};

/// The work list.
#[derive(Template)]
#[template(path = "pekerjaan.html")]
pub(crate) struct WorkPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) work: Vec<Work>,
}

pub(crate) async fn list(visit: Visit) -> Answer {
    visit.scope("payment.read")?;
    let session = visit.session.clone();
    let work = visit.guest.app.ask(move |house| report::work(house, &session)).await?;
    let t = visit.t();
    page(&WorkPage {
        trail: vec![
            ("/pembayaran".into(), t.say("web-nav-payments")),
            (String::new(), t.say("web-desk-work")),
        ],
        work,
        shell: visit.shell(),
        t,
    })
}

impl WorkPage {
    fn what(&self, one: &Work) -> String {
        self.t.say(&format!("desk-work-{}", word(&one.kind)))
    }

    fn late(&self, one: &Work) -> String {
        if one.late_days > 0 {
            self.t.count("web-desk-work-late", one.late_days)
        } else {
            self.t.say("web-desk-work-in-time")
        }
    }

    fn colour(&self, one: &Work) -> &'static str {
        if one.late_days > 0 { "bad" } else { "mute" }
    }

    /// Where it is done.
    fn href(&self, one: &Work) -> &'static str {
        match one.kind {
            WorkKind::OrderApprovals
            | WorkKind::Treasury
            | WorkKind::ToSend
            | WorkKind::CheckAnswers
            | WorkKind::OrderAnswers
            | WorkKind::Withheld => "/pembayaran",
            WorkKind::Plans | WorkKind::Payees => "/pembayaran/susulan",
            WorkKind::Lists => "/keputusan",
            WorkKind::Releases | WorkKind::Fetches => "/ekspor",
            WorkKind::Replies => "/pembayaran/masalah?sumber=replies",
            WorkKind::Doubtful => "/pembayaran/nama",
            WorkKind::Held => "/pembayaran/masalah?jenis=held",
            WorkKind::Troubles | WorkKind::Acts => "/pembayaran/masalah",
            WorkKind::Resting => "/pembayaran/mengendap",
            WorkKind::Cards => "/kartu",
            WorkKind::Samples => "/verifikasi",
        }
    }
}
