//! Cards: how many wait, where and for how long, with the money that stands on them; the list behind each figure; and one card with its
//! chain of custody, where whoever may records what happened to it. What was typed and may be a number is never sent back.

use std::collections::{BTreeMap, HashMap};

use askama::Template;
use axum::{
    extract::{Path, Query},
    http::StatusCode,
    response::{IntoResponse, Redirect},
};
use model::{RegionCode, RegionLevel};
use payment::cards::{
    self, CardCell, CardDetails, CardEventView, CardFault, CardField, CardFilter, CardMove, CardPage,
    CardReport, CardState, CardStep, CardView, Stage,
};
use serde::Deserialize;
use store::{Page, Paged};

use super::{
    keputusan::{family_called, head_or_number, heads_of},
    pembayaran::{channel, document},
};
use crate::{
    csv::{self, Sheet},
    fault::Fault,
    lang::Tongue,
    shell::Shell,
    ui::{self, FieldError, Pager},
    visit::{Answer, Posted, Visit, encode, page},
};

const READ: &str = "payment.read";

/// The report of one list.
#[derive(Template)]
#[template(path = "kartu.html")]
pub(crate) struct CardsPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) tabs: Vec<(String, String, bool)>,
    pub(crate) asked: Asked,
    pub(crate) banks: Vec<(String, String)>,
    pub(crate) list: String,
    pub(crate) total: Sum,
    /// Words of each band, what is in it, and the list behind it.
    pub(crate) ages: Vec<(String, Sum, String)>,
    /// The same of each bank, where there are several.
    pub(crate) by_bank: Vec<(String, Sum, String)>,
    /// Name, bands, all, and one level deeper.
    pub(crate) regions: Vec<(String, Vec<String>, Sum, String)>,
    pub(crate) as_of: String,
}

/// Cards of a list.
#[derive(Template)]
#[template(path = "kartu_daftar.html")]
pub(crate) struct CardListPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) tabs: Vec<(String, String, bool)>,
    pub(crate) asked: Asked,
    pub(crate) banks: Vec<(String, String)>,
    pub(crate) ages: Vec<(String, String)>,
    pub(crate) export: String,
    pub(crate) cards: Vec<CardView>,
    pub(crate) names: HashMap<String, String>,
    pub(crate) heads: BTreeMap<i64, String>,
    pub(crate) pager: Pager,
}

/// One card.
#[derive(Template)]
#[template(path = "kartu_satu.html")]
pub(crate) struct OneCardPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) view: CardPage,
    pub(crate) head: String,
    pub(crate) place: String,
    /// What the visitor may record: address, words, is this one.
    pub(crate) steps: Vec<(String, String, bool)>,
    pub(crate) form: Option<StepForm>,
    pub(crate) errors: Vec<FieldError>,
}

/// The form of one step.
pub(crate) struct StepForm {
    pub(crate) step: CardMove,
    pub(crate) day: String,
    pub(crate) fields: Vec<Input>,
}

/// A field of the form; choices where only some words are right.
pub(crate) struct Input {
    pub(crate) id: &'static str,
    pub(crate) label: String,
    pub(crate) value: String,
    pub(crate) choices: Vec<(String, String)>,
}

/// Cards, lines and money.
#[derive(Clone, Copy, Default)]
pub(crate) struct Sum {
    pub(crate) cards: i64,
    pub(crate) lines: i64,
    pub(crate) idr: i64,
}

impl Sum {
    fn of<'a>(cells: impl Iterator<Item = &'a CardCell>) -> Self {
        cells.fold(Self::default(), |sum, cell| Self {
            cards: sum.cards + cell.cards,
            lines: sum.lines + cell.lines,
            idr: sum.idr.saturating_add(cell.on_card_idr),
        })
    }
}

/// Which cards.
#[derive(Clone, Default, Deserialize)]
pub(crate) struct Asked {
    setelah: Option<String>,
    #[serde(default)]
    pub(crate) kelompok: String,
    #[serde(default)]
    pub(crate) kode: String,
    #[serde(default)]
    pub(crate) bank: String,
    #[serde(default)]
    pub(crate) umur: String,
    /// On the page of one card: the step to record.
    #[serde(default)]
    langkah: String,
}

impl Asked {
    fn stage(&self) -> Stage {
        Stage::from_code(&self.kelompok).unwrap_or(Stage::Waiting)
    }

    /// The region asked about: the visitor's own where none is named.
    fn region(&self, visit: &Visit) -> Result<RegionCode, Fault> {
        match self.kode.as_str() {
            "" => Ok(visit.session.region.clone()),
            code => RegionCode::parse(code).map_err(|_| Fault::not_found()),
        }
    }

    fn filter(&self) -> CardFilter {
        let bank = Some(self.bank.clone()).filter(|bank| !bank.is_empty());
        CardFilter {
            stage: self.stage(),
            channel: bank,
            band: self.umur.parse().ok().filter(|band| *band < 5),
        }
    }

    fn href(&self, place: &str) -> String {
        let Self { kelompok, kode, bank, umur, .. } = self;
        let mut out = format!("{place}?kelompok={}", encode(kelompok));
        for (key, value) in [("kode", kode), ("bank", bank), ("umur", umur)] {
            if !value.is_empty() {
                out.extend(["&", key, "=", &encode(value)]);
            }
        }
        out
    }

    fn with(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut asked = Self { setelah: None, ..self.clone() };
        change(&mut asked);
        asked
    }
}

fn tabs(t: &Tongue, asked: &Asked, place: &str) -> Vec<(String, String, bool)> {
    let tab = |stage: &Stage| {
        let to = asked.with(|asked| stage.code().clone_into(&mut asked.kelompok)).href(place);
        (to, t.say(&format!("payment-card-stage-{}", stage.code())), *stage == asked.stage())
    };
    Stage::ALL.iter().map(tab).collect()
}

fn banks(t: &Tongue) -> Vec<(String, String)> {
    let with_cards = |channel: &&policy::Channel| channel.file("account_opening").is_some();
    let known = t.policy().channels().values().filter(with_cards);
    let known = known.map(|one| (one.key.clone(), t.label(&one.label).to_owned()));
    std::iter::once((String::new(), t.say("web-cards-all-banks"))).chain(known).collect()
}

/// Words of the bands of waiting.
pub(crate) fn bands(t: &Tongue) -> Vec<String> {
    let days = t.policy().settings().cards.age_days;
    let mut from = 0;
    let mut out: Vec<String> = Vec::with_capacity(days.len() + 1);
    for last in days {
        out.push(t.two("web-cards-days-to", "from", from, "to", last));
        from = last + 1;
    }
    out.push(t.one("web-cards-days-over", "days", from - 1));
    out
}

pub(crate) async fn report(visit: Visit, Query(asked): Query<Asked>) -> Answer {
    let (region, stage) = (asked.region(&visit)?, asked.stage());
    let of = region.clone();
    let mut found = visit.ask(READ, move |house, scope| cards::card_report(house, scope, &of, stage)).await?;
    found.cells.retain(|cell| asked.bank.is_empty() || cell.channel == asked.bank);
    let codes = found.cells.iter().map(|cell| cell.region.clone());
    let names = visit.names(codes.chain([region.to_string()])).await?;
    let t = visit.t();
    let mut trail = vec![("/pembayaran".into(), t.say("web-nav-payments"))];
    let title = t.say("web-nav-cards");
    if asked.kode.is_empty() {
        trail.push((String::new(), title));
    } else {
        trail.push((asked.with(|asked| asked.kode.clear()).href("/kartu"), title));
        trail.push((String::new(), names.get(region.as_str()).cloned().unwrap_or_default()));
    }
    page(&CardsPage {
        trail,
        tabs: tabs(&t, &asked, "/kartu"),
        banks: banks(&t),
        list: asked.href("/kartu/daftar"),
        total: Sum::of(found.cells.iter()),
        ages: ages(&t, &asked, &found),
        by_bank: by_bank(&t, &asked, &found),
        regions: regions(&t, &asked, &found, &names),
        as_of: t.one("web-cards-as-of", "when", t.day_text(&found.on)),
        asked,
        shell: visit.shell(),
        t,
    })
}

fn ages(t: &Tongue, asked: &Asked, found: &CardReport) -> Vec<(String, Sum, String)> {
    let row = |(band, words): (usize, String)| {
        let sum = Sum::of(found.cells.iter().filter(|cell| cell.band == band));
        (words, sum, asked.with(|asked| asked.umur = band.to_string()).href("/kartu/daftar"))
    };
    bands(t).into_iter().enumerate().map(row).collect()
}

fn by_bank(t: &Tongue, asked: &Asked, found: &CardReport) -> Vec<(String, Sum, String)> {
    let mut keys: Vec<&str> = found.cells.iter().map(|cell| cell.channel.as_str()).collect();
    keys.sort_unstable();
    keys.dedup();
    let row = |key: &str| {
        let sum = Sum::of(found.cells.iter().filter(|cell| cell.channel == key));
        (channel(t, key), sum, asked.with(|asked| key.clone_into(&mut asked.bank)).href("/kartu"))
    };
    if keys.len() < 2 { Vec::new() } else { keys.into_iter().map(row).collect() }
}

fn regions(
    t: &Tongue,
    asked: &Asked,
    found: &CardReport,
    names: &HashMap<String, String>,
) -> Vec<(String, Vec<String>, Sum, String)> {
    let mut codes: Vec<&str> = found.cells.iter().map(|cell| cell.region.as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    let row = |code: &str| {
        let own = || found.cells.iter().filter(|cell| cell.region == code);
        let band = |band: usize| t.n(Sum::of(own().filter(|cell| cell.band == band)).cards);
        let deeper = RegionCode::parse(code).is_ok_and(|code| code.level() != RegionLevel::Village);
        let to = asked.with(|asked| code.clone_into(&mut asked.kode));
        let to = to.href(if deeper { "/kartu" } else { "/kartu/daftar" });
        let name = names.get(code).cloned().unwrap_or_else(|| code.to_owned());
        (name, (0..5).map(band).collect(), Sum::of(own()), to)
    };
    codes.into_iter().map(row).collect()
}

impl CardsPage {
    fn bands(&self) -> Vec<String> {
        bands(&self.t)
    }
}

pub(crate) async fn list(visit: Visit, Query(asked): Query<Asked>) -> Answer {
    let (region, filter) = (asked.region(&visit)?, asked.filter());
    let from = Page { after: asked.setelah.clone(), limit: 50 };
    let wanted = from.clone();
    let families = visit.scope("family.read").ok();
    let (found, heads) = visit
        .ask(READ, move |house, scope| {
            let scope = scope.within(&region).ok_or_else(Fault::not_found)?;
            let found = cards::cards(house, &scope, &filter, &wanted)?;
            let heads = heads_of(house, families.as_ref(), found.items.iter().map(|card| card.family_id))?;
            Ok::<_, Fault>((found, heads))
        })
        .await?;
    let names = visit.names(found.items.iter().map(|card| card.region.to_string())).await?;
    let t = visit.t();
    let all = (String::new(), t.say("web-cards-all-ages"));
    let ages = bands(&t).into_iter().enumerate().map(|(band, words)| (band.to_string(), words));
    page(&CardListPage {
        trail: vec![
            (asked.with(|asked| asked.umur.clear()).href("/kartu"), t.say("web-nav-cards")),
            (String::new(), t.say("web-cards-list")),
        ],
        tabs: tabs(&t, &asked, "/kartu/daftar"),
        banks: banks(&t),
        ages: std::iter::once(all).chain(ages).collect(),
        export: asked.href("/kartu/csv"),
        pager: Pager::of(&t, &asked.href("/kartu/daftar"), &from, found.items.len(), found.next),
        cards: found.items,
        names,
        heads,
        asked,
        shell: visit.shell(),
        t,
    })
}

/// The list as a file; of a card only the last four digits, as on the page.
pub(crate) async fn export(visit: Visit, Query(asked): Query<Asked>) -> Answer {
    let (t, places) = (visit.t(), visit.guest.app.places.clone());
    let (region, filter) = (asked.region(&visit)?, asked.filter());
    let sheet = Sheet {
        action: READ,
        what: "cards",
        name: format!("kartu-{}", filter.stage.code()),
        detail: asked.href("").chars().take(120).collect(),
        heads: &[
            "web-card-no",
            "web-family-id",
            "web-region-code",
            "web-village",
            "web-cards-bank",
            "web-card",
            "web-card-state",
            "web-card-holder",
            "web-card-printed-on",
            "web-card-received-on",
            "web-card-handed-on",
            "web-card-active-on",
            "web-cards-waits",
            "web-cards-lines",
            "web-cards-money",
        ],
    };
    csv::stream(&visit, sheet, move |house, scope, at| {
        let scope = scope.within(&region).ok_or_else(Fault::not_found)?;
        let found = cards::cards(house, &scope, &filter, at)?;
        let names = places.names(house, found.items.iter().map(|card| card.region.to_string()).collect())?;
        let row = |card: CardView| {
            let region = card.region.to_string();
            let village = names.get(&region).cloned().unwrap_or_default();
            vec![
                card.card_id.to_string(),
                card.family_id.to_string(),
                region,
                village,
                channel(&t, &card.channel),
                card.last4,
                state(&t, card.state),
                t.say(&format!("payment-card-holder-{}", card.holder.code())),
                card.printed_on,
                card.received_on.unwrap_or_default(),
                card.handed_on.unwrap_or_default(),
                card.active_on.unwrap_or_default(),
                card.since,
                card.lines.to_string(),
                card.on_card_idr.to_string(),
            ]
        };
        Ok(Paged { items: found.items.into_iter().map(row).collect(), next: found.next })
    })
    .await
}

/// Words of a card's state.
pub(crate) fn state(t: &Tongue, state: CardState) -> String {
    t.say(&format!("payment-card-state-{}", state.code()))
}

/// Colour of a card's state.
pub(crate) fn state_kind(state: CardState) -> &'static str {
    match state.stage() {
        Stage::Active => "good",
        Stage::Trouble => "bad",
        Stage::Waiting => "warn",
        Stage::Idle => "note",
        Stage::Ended => "mute",
    }
}

impl CardListPage {
    fn head(&self, card: &CardView) -> String {
        head_or_number(&self.t, &self.heads, card.family_id)
    }

    fn village(&self, card: &CardView) -> &str {
        self.names.get(card.region.as_str()).map_or("", String::as_str)
    }
}

pub(crate) async fn show(visit: Visit, Path(card): Path<i64>, Query(asked): Query<Asked>) -> Answer {
    let step = CardMove::from_code(&asked.langkah);
    card_page(visit, card, step, None).await
}

/// What was sent and refused.
struct Refused {
    details: CardDetails,
    day: String,
    fault: CardFault,
}

async fn card_page(visit: Visit, card: i64, step: Option<CardMove>, refused: Option<Refused>) -> Answer {
    let families = visit.scope("family.read").ok();
    let (view, heads) = visit
        .ask(READ, move |house, scope| {
            let view = cards::card_page(house, scope, card)?;
            let heads = heads_of(house, families.as_ref(), [view.card.family_id])?;
            Ok::<_, Fault>((view, heads))
        })
        .await?;
    let region = view.card.region.to_string();
    let place = visit.names([region.clone()]).await?.remove(&region).unwrap_or_default();
    let t = visit.t();
    let may: Vec<CardMove> =
        view.steps.iter().copied().filter(|step| visit.session.may(step.action())).collect();
    let form =
        step.filter(|step| may.contains(step)).map(|step| step_form(&t, step, refused.as_ref(), &visit));
    let told = |refused: &Refused| FieldError {
        field: refused.fault.field().to_owned(),
        text: t.say(&format!("galat-{}", refused.fault.code())),
    };
    let errors: Vec<FieldError> = refused.iter().map(told).collect();
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let chip = |one: &CardMove| {
        let words = t.say(&format!("payment-card-step-{}", one.code()));
        (format!("/kartu/{card}?langkah={}", one.code()), words, Some(*one) == step)
    };
    let body = page(&OneCardPage {
        trail: vec![
            (format!("/kartu?kelompok={}", view.card.state.stage().code()), t.say("web-nav-cards")),
            (String::new(), t.one("web-card-of", "last", &view.card.last4)),
        ],
        head: family_called(&t, heads.get(&view.card.family_id), view.card.family_id),
        steps: may.iter().map(chip).collect(),
        view,
        place,
        form,
        errors,
        shell: visit.shell(),
        t,
    })?;
    Ok((status, body).into_response())
}

fn step_form(t: &Tongue, step: CardMove, refused: Option<&Refused>, visit: &Visit) -> StepForm {
    let input = |field: CardField| {
        let empty = (String::new(), t.say("web-card-choose"));
        let words = step.choices(field).iter().map(|word| {
            let text = t.say(&format!("payment-card-word-{word}"));
            ((*word).to_owned(), text)
        });
        let choices: Vec<(String, String)> = words.collect();
        // What may be a number is not sent back.
        let value = refused.map_or("", |refused| refused.details.field(field));
        Input {
            id: field.code(),
            label: field_label(t, step, field),
            value: if cards::may_be_number(value) { String::new() } else { value.to_owned() },
            choices: if choices.is_empty() {
                choices
            } else {
                std::iter::once(empty).chain(choices).collect()
            },
        }
    };
    let needs = step.needs();
    let note = (!needs.contains(&CardField::Note)).then_some(CardField::Note);
    StepForm {
        step,
        day: refused.map_or_else(|| visit.guest.app.house.clock.today().to_string(), |one| one.day.clone()),
        fields: needs.iter().copied().chain(note).map(input).collect(),
    }
}

/// What a field is called in a step.
fn field_label(t: &Tongue, step: CardMove, field: CardField) -> String {
    let own = format!("payment-card-ask-{}-{}", step.code(), field.code());
    if t.policy().words().has(&own) {
        t.say(&own)
    } else {
        t.say(&format!("payment-card-field-{}", field.code()))
    }
}

impl OneCardPage {
    fn error(&self, field: &str) -> String {
        ui::error_of(&self.errors, field)
    }

    fn step(&self, step: &CardMove) -> String {
        self.t.say(&format!("payment-card-step-{}", step.code()))
    }

    /// Who gave it to whom.
    fn hands(&self, event: &CardEventView) -> String {
        let holder =
            |holder: payment::cards::Holder| self.t.say(&format!("payment-card-holder-{}", holder.code()));
        let to = holder(event.to_holder);
        match event.from_holder.filter(|from| *from != event.to_holder) {
            Some(from) => self.t.two("web-card-stock", "from", holder(from), "to", to),
            None => to,
        }
    }

    /// What was told, each with its label.
    fn told(&self, event: &CardEventView) -> Vec<(String, String)> {
        let shown = |field: &CardField| {
            let text = event.told.field(*field);
            let label = field_label(&self.t, event.step, *field);
            let text = if event.step.choices(*field).is_empty() {
                text.to_owned()
            } else {
                self.t.code("payment-card-word", text)
            };
            (!text.is_empty()).then_some((label, text))
        };
        // The token of the card that follows is the bank's, and that card has a page of its own.
        let fields = CardField::ALL.iter().filter(|_| event.step != CardMove::Replace);
        fields.filter_map(shown).collect()
    }

    fn ground(&self, event: &CardEventView) -> String {
        if event.reference == "page" { String::new() } else { document(&self.t, &event.reference) }
    }
}

/// A step as sent.
#[derive(Deserialize)]
pub(crate) struct StepSent {
    langkah: String,
    rev: i64,
    #[serde(default)]
    day: String,
    #[serde(flatten)]
    details: CardDetails,
}

pub(crate) async fn record(Path(card): Path<i64>, posted: Posted<StepSent>) -> Answer {
    let Posted { visit, form: StepSent { langkah, rev, day, details } } = posted;
    let step = CardMove::from_code(&langkah).ok_or_else(Fault::bad_form)?;
    let Ok(on) = day.parse() else {
        let day = visit.guest.app.house.clock.today().to_string();
        return card_page(visit, card, Some(step), Some(Refused { details, day, fault: CardFault::Day }))
            .await;
    };
    let wanted = CardStep { step, day: on, details: details.clone(), rev };
    let done = visit
        .ask(step.action(), move |house, scope| match cards::move_card(house, scope, card, &wanted) {
            Err(payment::Error::Card(fault)) => Ok(Some(fault)),
            Err(error) => Err(error),
            Ok(_) => Ok(None),
        })
        .await?;
    match done {
        None => Ok(Redirect::to(&format!("/kartu/{card}")).into_response()),
        Some(fault) => card_page(visit, card, Some(step), Some(Refused { details, day, fault })).await,
    }
}
