//! Consolidation: all accepted lists become a version of the registry, and the version becomes the serving
//! copy.
//!
//! In: lists, human decisions, the policy pack, the version before. Out: datasets `registry/<version>/*` and
//! published rows. A version is a pure function of these inputs: the same inputs give the same version number
//! and the same bytes. A crash anywhere, then the same call again: the same result. Must never happen: a
//! version made from inputs that it does not name.

use std::time::Instant;

use access::{House, Session};
use lake::Origin;
use linkage::{Decision, Judgement, Linked, Model};
use model::Progress;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use store::Job;

use crate::assemble::{self, Assembled, Evidence};
use crate::events::{self, Event, People};
use crate::golden::NONE;
use crate::identity::Alias;
use crate::load::{self, List};
use crate::people::{self, Before, Class, Identified};
use crate::publish::{self, Published};
use crate::rows::{self, Rows};
use crate::version::{self, Version, boolean, date32, int64, text};
use crate::{Error, Result, field, write};

/// Raised whenever the same inputs would give another version: a new number is made then.
const METHOD: &str = "1";

/// What a consolidation did.
#[derive(Debug, Clone, Serialize)]
pub struct Consolidation {
    /// Number of the version that is now in force.
    pub version: i64,
    /// The version stood already: its inputs had not changed.
    pub reused: bool,
    /// Field reports that became records.
    pub reports_taken_in: i64,
    /// Counts of the version.
    pub figures: Figures,
    /// What linkage says of its run; none if the version stood already.
    pub linkage: Option<linkage::Metrics>,
    /// Rows written to the serving copy.
    pub published: Published,
    /// Seconds of each stage, in order.
    pub seconds: Vec<(String, f64)>,
}

/// Counts of a version.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// Lists in force.
    pub lists: i64,
    /// Records of lists in force.
    pub records: i64,
    /// Rows of replaced lists that were sent again unchanged.
    pub sent_again: i64,
    /// Rows of replaced lists that were sent again with changes.
    pub sent_changed: i64,
    /// Rows of replaced lists that were not: evidence of identity only.
    pub evidence_only: i64,
    /// Persons.
    pub persons: i64,
    /// Of these, living.
    pub living: i64,
    /// Of these, matched with a list that confirms identity.
    pub matched: i64,
    /// Families.
    pub families: i64,
    /// Records of lists that make no person and that fit nobody.
    pub unlinked: i64,
    /// Persons of before whom no list in force names.
    pub sleeping: i64,
    /// Pairs that wait for a human.
    pub review: i64,
    /// Events by kind.
    pub events: std::collections::BTreeMap<String, i64>,
}

/// Links all lists, makes a version of the registry if anything changed, and publishes it.
///
/// # Errors [`Error::Busy`] while another process consolidates; [`Error::NoLists`] before the first list; the
/// lake's, linkage's, the store's.
pub fn consolidate(house: &House, session: &Session, progress: &dyn Progress) -> Result<Consolidation> {
    let scope = session.scope("registry.consolidate")?;
    let clock = house.clock.as_ref();
    let job = Job::start(&house.db, clock, "consolidate", "registry")?.ok_or(Error::Busy)?;
    let result = run(house, &job, progress);
    match &result {
        Ok(done) => {
            let detail =
                format!("version={} persons={} reused={}", done.version, done.figures.persons, done.reused);
            house.db.write(|tx| {
                let subject = format!("registry:{}", done.version);
                access::audit(tx, clock, scope.actor_pair(), scope.action(), &subject, &detail)
            })?;
            job.done(clock, &detail)?;
        }
        Err(error) => job.failed(clock, &error.to_string())?,
    }
    result
}

fn run(house: &House, job: &Job, progress: &dyn Progress) -> Result<Consolidation> {
    let mut watch = Watch::new();
    let reports_taken_in = field::take_in(house)?;
    let lists = load::lists(house)?;
    if lists.is_empty() {
        return Err(Error::NoLists);
    }
    let decisions = load::decisions(house)?;
    let fingerprint = fingerprint(house, &lists, &decisions);
    let latest = version::latest(&house.lake)?;
    watch.lap("lists");
    let standing = latest.as_ref().filter(|version| version.fingerprint == fingerprint);
    let (number, linkage, figures) = if let Some(version) = standing {
        (version.number, None, figures_of(version)?)
    } else {
        let made = make(house, &lists, &decisions, &fingerprint, latest.as_ref(), progress, &mut watch)?;
        (made.number, Some(made.metrics), made.figures)
    };
    let published = publish::publish(house, number, job, progress)?;
    watch.lap("publish");
    Ok(Consolidation {
        version: number,
        reused: linkage.is_none(),
        reports_taken_in,
        figures,
        linkage,
        published,
        seconds: watch.seconds,
    })
}

/// Measures stages.
#[derive(Debug)]
pub(crate) struct Watch {
    since: Instant,
    seconds: Vec<(String, f64)>,
}

impl Watch {
    fn new() -> Self {
        Self { since: Instant::now(), seconds: Vec::new() }
    }

    fn lap(&mut self, stage: &str) {
        self.seconds.push((stage.to_owned(), self.since.elapsed().as_secs_f64()));
        self.since = Instant::now();
    }
}

/// Digest of everything that a version is made from, but for the version before.
fn fingerprint(house: &House, lists: &[List], decisions: &[(i64, i64, bool)]) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut line = |text: String| {
        hasher.update(text.as_bytes());
        hasher.update(b"\n");
    };
    line(format!("method {METHOD} policy {}", house.policy.hash()));
    for list in lists {
        let s = &list.standing;
        line(format!("list {} {} {:?} {} {}", s.file, s.source, s.as_of, list.current, list.hash()));
    }
    for (left, right, same) in decisions {
        line(format!("decision {left} {right} {same}"));
    }
    hasher.finalize().to_hex().to_string()
}

fn figures_of(version: &Version) -> Result<Figures> {
    let text = version.persons.origin.note.get("figures").map_or("", String::as_str);
    serde_json::from_str(text)
        .map_err(|error| Error::Damaged(format!("figures of version {}: {error}", version.number)))
}

struct Made {
    number: i64,
    metrics: linkage::Metrics,
    figures: Figures,
}

fn make(
    house: &House,
    lists: &[List],
    decisions: &[(i64, i64, bool)],
    fingerprint: &str,
    latest: Option<&Version>,
    progress: &dyn Progress,
    watch: &mut Watch,
) -> Result<Made> {
    let number = latest.map_or(1, |version| version.number + 1);
    let (before, before_people) = read_before(house, latest)?;
    let mut rows = rows::gather(house, lists, progress)?;
    watch.lap("read");
    let linked = link(house, &rows, decisions, progress)?;
    // Linkage's columns are not needed any more; the village of records is kept for the review queue.
    let review = write::review_rows(&rows, &linked);
    rows.batches.clear();
    watch.lap("link");

    progress.report("persons", 0, 0);
    let identified = people::identify(&rows, lists, &linked.cluster, &before);
    watch.lap("identity");
    let (evidence, person_of_group) = evidence(lists, &rows, &identified);
    let person_ids: Vec<i64> = ids_of_persons(&identified);
    let current: Vec<&List> = lists.iter().filter(|list| list.current).collect();
    let columns = load::canonical(house);
    let fetch = |name: &str| {
        let column = columns.iter().find(|c| c.name == name);
        let column =
            column.ok_or_else(|| Error::Damaged(format!("the policy pack has no column `{name}`")))?;
        load::column_of_all(&current, name, &column.data_type)
    };
    let mut families_before = before.families.clone();
    families_before.sort_unstable();
    families_before.dedup();
    let traces =
        |family_of: &[u32]| people::family_traces(&before, &identified.aliases, &person_ids, family_of);
    let assembled = assemble::assemble(&evidence, &columns, &person_ids, &fetch, traces, &families_before)?;
    watch.lap("golden");

    progress.report("events", 0, 0);
    let as_of = lists.iter().filter(|l| l.current).filter_map(|l| l.standing.as_of).max();
    let events = all_events(&assembled, &identified, before_people.as_ref(), as_of)?;
    let review = write::review(&review, &rows, &identified, &person_of_group)?;
    let figures = figures(lists, &rows, &identified, &assembled, &events, review.num_rows())?;
    watch.lap("events");

    progress.report("write", 0, 0);
    let mut note = std::collections::BTreeMap::new();
    note.insert("fingerprint".to_owned(), fingerprint.to_owned());
    let last_file = lists.iter().map(|list| list.standing.file).max().unwrap_or(0);
    note.insert("last_file".to_owned(), last_file.to_string());
    note.insert("figures".to_owned(), serde_json::to_string(&figures).unwrap_or_default());
    let mut inputs: Vec<String> = lists.iter().map(|list| list.hash().to_owned()).collect();
    inputs.extend(latest.map(|version| version.persons.hash.clone()));
    let origin =
        Origin { made_by: "consolidate".into(), inputs, policy: house.policy.hash().to_owned(), note };
    let links = write::links(&rows, lists, &identified, &linked)?;
    let model = linked.trained.to_json();
    // What is kept for the page of the model names no record.
    let judgement = Judgement { samples: Vec::new(), ..Judgement::of(&linked) };
    drop(linked.pairs);
    write::version(
        house,
        number,
        &origin,
        write::Parts {
            links,
            identified: &identified,
            review,
            events: &events,
            assembled: &assembled,
            model,
            judgement: serde_json::to_string(&judgement).unwrap_or_default(),
        },
    )?;
    watch.lap("write");
    Ok(Made { number, metrics: linked.metrics, figures })
}

/// Links the rows with the model of the policy pack and the decisions of humans.
fn link(
    house: &House,
    rows: &Rows,
    decisions: &[(i64, i64, bool)],
    progress: &dyn Progress,
) -> Result<Linked> {
    let model = Model::from_json(house.policy.linkage())?;
    let mut decisions = decisions_on_rows(rows, decisions);
    // A human who said "not the same" stands above a tie: of contradicting words linkage keeps the refusal.
    let id = |row: u32| rows.record_id[row as usize];
    decisions.extend(rows.ties.iter().map(|&(a, b)| Decision { left: id(a), right: id(b), same: true }));
    let sources = |wanted: fn(&policy::Source) -> bool| -> Vec<String> {
        house
            .policy
            .sources()
            .values()
            .filter(|source| wanted(source))
            .map(|source| source.key.clone())
            .collect()
    };
    let listener = |stage: &str, done: u64, total: u64| progress.report(stage, done, total);
    let options = linkage::Options {
        unique_sources: sources(|source| source.unique),
        confirming_sources: sources(|source| source.confirms_identity),
        report: true,
        progress: Some(&listener),
        ..linkage::Options::default()
    };
    Ok(linkage::link(&rows.batches, &model, &decisions, &options)?)
}

/// Decisions speak of the records that the human saw; a record that was sent again is spoken for by the row
/// that stands for it.
fn decisions_on_rows(rows: &Rows, decisions: &[(i64, i64, bool)]) -> Vec<Decision> {
    decisions
        .iter()
        .filter_map(|&(left, right, same)| {
            let (left, right) = (rows.row_of(left)?, rows.row_of(right)?);
            let id = |row: u32| rows.record_id[row as usize];
            (left != right).then(|| Decision { left: id(left), right: id(right), same })
        })
        .collect()
}

/// Rows of the lists in force with the person (index) of each; and the person of each group.
fn evidence(lists: &[List], rows: &Rows, identified: &Identified) -> (Evidence, Vec<u32>) {
    let mut persons = 0u32;
    let person_of_group: Vec<u32> = identified
        .class
        .iter()
        .map(|class| match class {
            Class::Person => {
                persons += 1;
                persons - 1
            }
            Class::Sleeping | Class::Unlinked => NONE,
        })
        .collect();
    let mut place = vec![NONE; lists.len()];
    let mut standings = Vec::new();
    for (slot, list) in place.iter_mut().zip(lists).filter(|(_, list)| list.current) {
        *slot = standings.len() as u32;
        standings.push(list.standing.clone());
    }
    let mut list = Vec::new();
    let mut person = Vec::new();
    for (&of, &group) in rows.list.iter().zip(&identified.group) {
        if place[of as usize] != NONE {
            list.push(place[of as usize]);
            person.push(person_of_group[group as usize]);
        }
    }
    (Evidence { lists: standings, list, person }, person_of_group)
}

fn ids_of_persons(identified: &Identified) -> Vec<i64> {
    let groups = identified.class.iter().zip(&identified.id);
    groups.filter(|(class, _)| **class == Class::Person).map(|(_, id)| *id).collect()
}

/// What the version before says: identity for this run, and its people for events.
fn read_before(house: &House, latest: Option<&Version>) -> Result<(Before, Option<Snapshot>)> {
    let Some(latest) = latest else { return Ok((Before::default(), None)) };
    let read = |part: &str, columns: &[&str]| -> Result<_> {
        Ok(house.lake.require(&version::name(latest.number, part))?.read_all(columns)?)
    };
    let links = read("links", &["record_id", "person_id"])?;
    let mut pairs: Vec<(i64, i64)> = int64(&links, "record_id")?
        .values()
        .iter()
        .copied()
        .zip(int64(&links, "person_id")?.values().iter().copied())
        .collect();
    pairs.par_sort_unstable();
    let aliases = read("aliases", &["old_id", "new_id", "kind"])?;
    let kinds = version::int32(&aliases, "kind")?;
    let new = int64(&aliases, "new_id")?;
    let aliases = int64(&aliases, "old_id")?
        .iter()
        .zip(new.iter())
        .zip(kinds.values())
        .filter(|(_, kind)| **kind != write::ALIAS_SLEEPING)
        .filter_map(|((old, new), _)| Some(Alias { old: old?, new }))
        .collect();
    let people = Snapshot::of(&read(
        "persons",
        &["person_id", "family_id", "alive", "region", "birth_date", "death_date"],
    )?)?;
    let before =
        Before { links: pairs, persons: people.id.clone(), families: people.family.clone(), aliases };
    Ok((before, Some(people)))
}

/// People of a version, ascending by id.
struct Snapshot {
    id: Vec<i64>,
    family: Vec<i64>,
    alive: arrow_array::BooleanArray,
    region: arrow_array::StringArray,
    birth_date: arrow_array::Date32Array,
    death_date: arrow_array::Date32Array,
    /// Positions of these people in the batch they come from.
    order: Vec<u32>,
}

impl Snapshot {
    fn of(persons: &arrow_array::RecordBatch) -> Result<Self> {
        let ids = int64(persons, "person_id")?;
        let mut order: Vec<u32> = (0..ids.len() as u32).collect();
        order.par_sort_unstable_by_key(|&p| ids.value(p as usize));
        let sorted = write::reordered(persons, order.clone())?;
        Ok(Self {
            id: int64(&sorted, "person_id")?.values().to_vec(),
            family: int64(&sorted, "family_id")?.values().to_vec(),
            alive: boolean(&sorted, "alive")?,
            region: text(&sorted, "region")?,
            birth_date: date32(&sorted, "birth_date")?,
            death_date: date32(&sorted, "death_date")?,
            order,
        })
    }

    fn people<'a>(&'a self, region_as_of: &'a [Option<i32>], kk_as_of: &'a [Option<i32>]) -> People<'a> {
        People {
            id: &self.id,
            family: &self.family,
            alive: &self.alive,
            region: &self.region,
            birth_date: &self.birth_date,
            death_date: &self.death_date,
            region_as_of,
            kk_as_of,
        }
    }

    fn family_of(&self, person: i64) -> Option<i64> {
        self.id.binary_search(&person).ok().map(|at| self.family[at])
    }
}

fn all_events(
    assembled: &Assembled,
    identified: &Identified,
    before: Option<&Snapshot>,
    as_of: Option<i32>,
) -> Result<Vec<Event>> {
    let now = Snapshot::of(&assembled.persons)?;
    let dates = |dates: &[Option<i32>]| -> Vec<Option<i32>> {
        now.order.iter().map(|&p| dates[p as usize]).collect()
    };
    let (region_as_of, kk_as_of) = (dates(&assembled.region_as_of), dates(&assembled.kk_as_of));
    let mut events =
        events::of_people(before.map(|b| b.people(&[], &[])), now.people(&region_as_of, &kk_as_of), as_of);
    if before.is_some() {
        let Identified { assignment, left, returned, .. } = identified;
        events.extend(events::of_identity(assignment, |id| now.family_of(id), left, returned, as_of));
        events.extend(events::of_families(&assembled.family_assignment, as_of));
    }
    events.par_sort_unstable();
    Ok(events)
}

fn figures(
    lists: &[List],
    rows: &Rows,
    identified: &Identified,
    assembled: &Assembled,
    events: &[Event],
    review: usize,
) -> Result<Figures> {
    let in_force = |row: usize| lists[rows.list[row] as usize].current;
    let records = (0..rows.list.len()).filter(|&row| in_force(row)).count();
    let of_class = |class: Class| identified.class.iter().filter(|c| **c == class).count() as i64;
    let unlinked = identified
        .group
        .iter()
        .enumerate()
        .filter(|(row, group)| in_force(*row) && identified.class[**group as usize] == Class::Unlinked);
    let mut by_kind: std::collections::BTreeMap<String, i64> = std::collections::BTreeMap::new();
    for event in events {
        *by_kind.entry(event.kind.word().trim_start_matches("event-").to_owned()).or_insert(0) += 1;
    }
    Ok(Figures {
        lists: lists.iter().filter(|list| list.current).count() as i64,
        records: records as i64,
        sent_again: rows.resent.len() as i64,
        sent_changed: rows.ties.len() as i64,
        evidence_only: (rows.list.len() - records - rows.ties.len()) as i64,
        persons: assembled.persons.num_rows() as i64,
        living: boolean(&assembled.persons, "alive")?.true_count() as i64,
        matched: boolean(&assembled.persons, "matched")?.true_count() as i64,
        families: assembled.families.num_rows() as i64,
        unlinked: unlinked.count() as i64,
        sleeping: of_class(Class::Sleeping),
        review: review as i64,
        events: by_kind,
    })
}
