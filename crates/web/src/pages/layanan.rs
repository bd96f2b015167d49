//! The catalogue of services, open to everybody: what there is for the people of a place, nearest first. Whoever works a case comes here
//! from its page and goes back with the service that was chosen.

use std::collections::{BTreeSet, HashMap};

use askama::Template;
use axum::extract::{Path, Query};
use casework::catalogue::{self, OfferView, ServiceFilter};
use model::RegionCode;
use serde::Deserialize;
use store::Page;

use crate::{
    fault::Fault,
    lang::Tongue,
    shell::Shell,
    ui::Pager,
    visit::{Answer, Guest, Visit, encode, page},
};

/// Services for a place.
#[derive(Template)]
#[template(path = "layanan.html")]
pub(crate) struct CataloguePage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    /// From the nation down to the place, as code and name.
    pub(crate) path: Vec<(String, String)>,
    /// What lies within, likewise.
    pub(crate) within: Vec<(String, String)>,
    pub(crate) region: String,
    /// Name of the place.
    pub(crate) place: String,
    pub(crate) filter: ServiceFilter,
    pub(crate) needs: Vec<(String, String)>,
    pub(crate) kinds: Vec<(String, String)>,
    pub(crate) offers: Vec<OfferView>,
    /// Names of the regions that the services are for.
    pub(crate) names: Vec<String>,
    /// The case for which a service is chosen; 0 for none.
    pub(crate) case: i64,
    pub(crate) pager: Pager,
}

impl CataloguePage {
    /// Address of the same choice for another place.
    fn at(&self, region: &str) -> String {
        address(region, &self.filter, self.case)
    }
}

fn address(region: &str, filter: &ServiceFilter, case: i64) -> String {
    let (need, kind) = (encode(&filter.need), encode(&filter.kind));
    let case = if case == 0 { String::new() } else { format!("&kasus={case}") };
    format!("/layanan?wilayah={}&kebutuhan={need}&jenis={kind}{case}", encode(region))
}

/// One service.
#[derive(Template)]
#[template(path = "layanan_satu.html")]
pub(crate) struct OfferPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) offer: OfferView,
    /// Names of the region where it stands and of the one that it is for.
    pub(crate) stands: String,
    pub(crate) serves: String,
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    wilayah: Option<String>,
    #[serde(default)]
    kebutuhan: String,
    #[serde(default)]
    jenis: String,
    #[serde(default)]
    kasus: i64,
    setelah: Option<String>,
}

/// What stands around the page, and where the visitor works, if it is somebody who is signed in.
async fn around(guest: &Guest) -> Result<(Shell, RegionCode), Fault> {
    Ok(match guest.session().await? {
        Some(signed) => {
            let visit = Visit::new(guest.clone(), signed);
            (visit.shell(), visit.session.region.clone())
        }
        None => (guest.shell(), RegionCode::nation()),
    })
}

/// Names of regions by code.
async fn names(
    guest: &Guest,
    codes: impl IntoIterator<Item = String>,
) -> Result<HashMap<String, String>, Fault> {
    let codes: BTreeSet<String> = codes.into_iter().filter(|code| !code.is_empty()).collect();
    let places = guest.app.places.clone();
    guest.app.ask(move |house| places.names(house, codes)).await
}

pub(crate) async fn list(guest: Guest, Query(asked): Query<Asked>) -> Answer {
    let (shell, own) = around(&guest).await?;
    let here = match asked.wilayah.as_deref() {
        Some(code) => RegionCode::parse(code).map_err(|_| Fault::not_found())?,
        None => own,
    };
    let t = guest.t.clone();
    let catalogue = t.policy().services();
    // A kind that does not meet the chosen need is no choice.
    let fits = |kind: &str| catalogue.for_need(&asked.kebutuhan).any(|key| key == kind);
    let kind = if fits(&asked.jenis) { asked.jenis } else { String::new() };
    let filter = ServiceFilter { need: asked.kebutuhan, kind };
    let from = Page { after: asked.setelah, limit: 40 };
    let (wanted, place, narrowed) = (from.clone(), here.clone(), filter.clone());
    let (path, within, found) = guest
        .app
        .ask(move |house| {
            let (path, within) = house.db.read(|tx| {
                let path = store::regions::path(tx, &place)?;
                Ok::<_, store::Error>((path, store::regions::children(tx, &place)?))
            })?;
            let found = catalogue::services_for(house, &place, &narrowed, &wanted)?;
            Ok::<_, Fault>((path, within, found))
        })
        .await?;
    if path.is_empty() && !here.as_str().is_empty() {
        return Err(Fault::not_found());
    }
    let shown = |regions: Vec<store::regions::Region>| -> Vec<(String, String)> {
        regions.into_iter().map(|one| (one.code.to_string(), one.name)).collect()
    };
    let path = shown(path);
    let known = names(&guest, found.items.iter().map(|one| one.serves.to_string())).await?;
    let nation = t.say("web-nation");
    let name = |code: &RegionCode| known.get(code.as_str()).cloned().unwrap_or_else(|| nation.clone());
    let needs = catalogue.needs.iter().map(|one| (one.key.clone(), t.label(&one.label).to_owned()));
    let met = catalogue.kinds.iter().filter(|one| filter.need.is_empty() || one.need == filter.need);
    let kinds = met.map(|one| (one.key.clone(), t.label(&one.label).to_owned()));
    let all = (String::new(), t.say("web-service-all"));
    let page_address = address(here.as_str(), &filter, asked.kasus);
    page(&CataloguePage {
        pager: Pager::of(&t, &page_address, &from, found.items.len(), found.next),
        needs: std::iter::once(all.clone()).chain(needs).collect(),
        kinds: std::iter::once(all).chain(kinds).collect(),
        names: found.items.iter().map(|one| name(&one.serves)).collect(),
        place: path.last().map_or_else(|| nation.clone(), |last| last.1.clone()),
        region: here.to_string(),
        within: shown(within),
        offers: found.items,
        case: asked.kasus,
        path,
        filter,
        shell,
        t,
    })
}

pub(crate) async fn show(guest: Guest, Path(offer): Path<i64>) -> Answer {
    let (shell, _) = around(&guest).await?;
    let found = guest.app.ask(move |house| catalogue::service(house, offer)).await?;
    let offer = found.ok_or_else(Fault::not_found)?;
    let t = guest.t.clone();
    let known = names(&guest, [offer.region.to_string(), offer.serves.to_string()]).await?;
    let name = |code: &RegionCode| known.get(code.as_str()).cloned().unwrap_or_else(|| t.say("web-nation"));
    page(&OfferPage {
        trail: vec![
            (format!("/layanan?wilayah={}", encode(offer.serves.as_str())), t.say("web-catalogue")),
            (String::new(), offer.provider.clone()),
        ],
        stands: name(&offer.region),
        serves: name(&offer.serves),
        offer,
        shell,
        t,
    })
}
