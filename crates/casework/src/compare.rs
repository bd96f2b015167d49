//! Two checks of one family, held against each other by the house. In: the second check in the moment in which it is filed, and the case
//! that opened it. Out: a row with both answers, and the step of the first case that its file names for what the comparison came to. Nobody
//! waits for an officer to read both: the same answers go on by themselves, different ones wait for a person with both side by side.
//!
//! Also how often checks agree: by place and by the people who went, and Cohen's kappa of a territory. Never here: a group of few checks,
//! or one that could be worked out from the others.

use std::collections::BTreeMap;

use access::{House, Scope};
use jiff::ToSpan;
use model::{CaseId, RegionCode, UserId, hidden};
use policy::{Compared, FieldKind, FormField, Label, Workflow};
use serde::Serialize;
use store::{Row, Tx, params};

use crate::{
    Error, Result,
    engine::{Refusal, Stepped},
    form::Answers,
    queries,
    service::{self, Stored, Taker, by_id, find},
    shown::answer_shown,
    views::Reach,
};

/// Months that an agreement looks back over.
const MONTHS: i32 = 12;
/// Groups of one table, and pairs of answers of one territory.
const GROUPS_MAX: i64 = 500;
const PAIRS_MAX: i64 = 2_000;

/// One question of two checks, side by side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ComparedView {
    /// The question.
    pub label: Label,
    /// What the first check answered; none where it did not.
    pub first: Option<Label>,
    /// What the second one answered.
    pub second: Option<Label>,
    /// The comparison rests on this question.
    pub counts: bool,
    /// The answers are not the same.
    pub differs: bool,
}

/// How often the checks of a group agree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Agreement<K> {
    /// A place or a person.
    pub of: K,
    /// Checks and how many of them agree; none where they are too few, or would give away a group that is.
    pub checks: Option<(i64, i64)>,
}

/// How often checks agree in a territory over the last twelve months.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AgreementView {
    /// All of it.
    pub total: Agreement<RegionCode>,
    /// By village; above a district by district.
    pub places: Vec<Agreement<RegionCode>>,
    /// By who went, first or second: a check counts for both. None above a district.
    pub people: Vec<(String, Agreement<UserId>)>,
    /// Cohen's kappa in hundredths, where there are enough checks (`kappa` says how).
    pub kappa: Option<i64>,
    /// There are more groups than are shown.
    pub more: bool,
}

/// Holds a check that is filed against the case that opened it, writes the row, and takes the step that the file of that case names.
pub(crate) fn file(
    tx: &mut Tx<'_>,
    house: &House,
    taker: Taker<'_>,
    filed: &Stored,
    stepped: &Stepped,
) -> Result<()> {
    let workflow = find(house, &filed.workflow)?;
    let Some((compare, parent)) = workflow.compare.as_ref().zip(filed.parent) else { return Ok(()) };
    let Some(first) = by_id(tx, house, parent)? else { return Ok(()) };
    let of_first = find(house, &first.workflow)?;
    let (own, told) = (&stepped.case.answers, &first.case.answers);
    let equal = compare.fields.iter().all(|field| own.get(field) == told.get(field));
    let came = if equal { Compared::Equal } else { Compared::Different };
    let only = |answers: &Answers, keeps: &dyn Fn(&str) -> bool| -> Answers {
        answers.iter().filter(|(key, _)| keeps(key)).map(|(key, one)| (key.clone(), one.clone())).collect()
    };
    let shared = |key: &str| is_shared(workflow, of_first, key);
    let counts = |key: &str| compare.fields.iter().any(|field| field == key);
    let went = who_answered(tx, &first, &compare.fields)?;
    let row = params![
        filed.id,
        parent,
        &filed.workflow,
        filed.region.as_str(),
        service::today_in(house, &filed.region).to_string(),
        went.0,
        went.1,
        taker.scope.actor(),
        taker.scope.actor_name(),
        equal,
        service::written(&only(told, &counts)),
        service::written(&only(own, &counts)),
        service::written(&only(told, &shared)),
        service::written(&only(own, &shared))
    ];
    tx.execute(&queries::COMPARE_ADD, row)?;
    let nothing = BTreeMap::new();
    let goes_on = Taker::clock(taker.scope);
    for step in of_first.out_of(&first.case.state).filter(|step| step.compared == Some(came)) {
        match service::step(tx, house, goes_on, of_first, first.clone(), (&step.action, &nothing)) {
            Err(Error::Refused(Refusal::Guard(_))) => {}
            Err(error) => return Err(error),
            Ok(_) => break,
        }
    }
    Ok(())
}

/// Asked by both, and shown to whoever sees the case.
fn is_shared(second: &Workflow, first: &Workflow, key: &str) -> bool {
    let plain = |field: &&FormField| !field.sealed && field.kind != FieldKind::File;
    [second, first].iter().all(|workflow| workflow.field(key).as_ref().is_some_and(plain))
}

/// Who gave the compared answers of the first check last.
fn who_answered(tx: &mut Tx<'_>, first: &Stored, fields: &[String]) -> Result<(i64, String)> {
    let events = tx.query(&queries::EVENTS, params![first.family, first.id, i64::MAX])?;
    for row in events.iter().rev() {
        let answers: Answers = read_answers(row, 7, first.id)?;
        if fields.iter().any(|field| answers.contains_key(field)) {
            return Ok((row.int(8)?, row.string(2)?));
        }
    }
    Ok((0, String::new()))
}

fn read_answers(row: &Row, column: usize, case: CaseId) -> Result<Answers> {
    serde_json::from_str(row.text(column)?).map_err(|_| Error::Stored(case.0))
}

/// Both checks of a case side by side; empty while there is only one.
pub(crate) fn of_case(tx: &mut Tx<'_>, house: &House, case: CaseId) -> Result<Vec<ComparedView>> {
    let Some(row) = tx.query_opt(&queries::COMPARE_OF, params![case])? else { return Ok(Vec::new()) };
    let Some(workflow) = house.policy.workflow(row.text(0)?) else { return Ok(Vec::new()) };
    let (first, second) = (read_answers(&row, 1, case)?, read_answers(&row, 2, case)?);
    let counts = |key: &str| workflow.compare.iter().flat_map(|one| &one.fields).any(|field| field == key);
    let fields = workflow.forms.iter().flat_map(|form| &form.fields);
    let asked = fields.filter(|field| first.contains_key(&field.key) || second.contains_key(&field.key));
    Ok(asked
        .map(|field| ComparedView {
            label: field.label.clone(),
            first: first.get(&field.key).map(|answer| answer_shown(Some(field), answer)),
            second: second.get(&field.key).map(|answer| answer_shown(Some(field), answer)),
            counts: counts(&field.key),
            differs: first.get(&field.key) != second.get(&field.key),
        })
        .collect())
}

/// How often checks agree in the territory of a scope.
///
/// # Errors
/// The store's.
pub fn agreement(house: &House, scope: &Scope) -> Result<AgreementView> {
    let (from, to) = scope.path_range();
    let near = Reach::of(scope) != Reach::Wide;
    let since = house.clock.today().checked_sub(MONTHS.months()).unwrap_or_default().to_string();
    // Characters of a code of a village, or of a district.
    let code = if near { 13 } else { 5 };
    let (places, people, pairs) = house.db.read(|tx| {
        let asked = params![from, to, &since, code, GROUPS_MAX + 1];
        let places = tx.query(&queries::AGREE_PLACES, asked)?;
        let people = if near {
            tx.query(&queries::AGREE_PEOPLE, params![from, to, &since, GROUPS_MAX + 1])?
        } else {
            Vec::new()
        };
        Ok::<_, Error>((
            places,
            people,
            tx.query(&queries::AGREE_PAIRS, params![from, to, &since, PAIRS_MAX + 1])?,
        ))
    })?;
    let more = places.len().max(people.len()) > GROUPS_MAX as usize;
    let work = house.policy.settings().work;
    let few = work.agreement_few;
    let place = |row: &Row| Ok::<_, Error>((row.region(0)?, (row.int(1)?, row.int(2)?)));
    let places = places.iter().take(GROUPS_MAX as usize).map(place).collect::<Result<Vec<_>>>()?;
    let person =
        |row: &Row| Ok::<_, Error>(((UserId(row.int(0)?), row.string(1)?), (row.int(2)?, row.int(3)?)));
    let people = people.iter().take(GROUPS_MAX as usize).map(person).collect::<Result<Vec<_>>>()?;
    let pair = |row: &Row| Ok::<_, Error>((row.string(0)?, row.string(1)?, row.int(2)?));
    let pairs = pairs.iter().map(pair).collect::<Result<Vec<_>>>()?;
    let all = pairs.iter().map(|pair| pair.2).sum::<i64>();
    let agreed = pairs.iter().filter(|pair| pair.0 == pair.1).map(|pair| pair.2).sum::<i64>();
    Ok(AgreementView {
        total: Agreement { of: scope.region().clone(), checks: Some((all, agreed)).filter(|_| all >= few) },
        places: hide(places, few),
        people: hide(people, few)
            .into_iter()
            .map(|one| (one.of.1, Agreement { of: one.of.0, checks: one.checks }))
            .collect(),
        kappa: Some(all)
            .filter(|all| *all >= work.kappa_from && pairs.len() <= PAIRS_MAX as usize)
            .and_then(|_| kappa(&pairs)),
        more,
    })
}

/// Groups with their checks, without those that are [`hidden`].
fn hide<K>(groups: Vec<(K, (i64, i64))>, few: i64) -> Vec<Agreement<K>> {
    let hides = hidden(groups.iter().map(|(_, (checks, _))| [*checks]), few);
    let shown =
        |((of, checks), hide): ((K, (i64, i64)), bool)| Agreement { of, checks: (!hide).then_some(checks) };
    groups.into_iter().zip(hides).map(shown).collect()
}

/// Cohen's kappa (1960) in hundredths: `(po - pe) / (1 - pe)`, where `po` is the share of pairs that agree and `pe` the share that would
/// agree by chance, the sum over all answers of (share in the first check) x (share in the second). 1 is full agreement, 0 what chance
/// gives. None where chance alone would always agree (`pe` = 1: everybody answered the same). Pairs: first answer, second, how many.
fn kappa(pairs: &[(String, String, i64)]) -> Option<i64> {
    let (mut first, mut second): (BTreeMap<&str, i128>, BTreeMap<&str, i128>) = Default::default();
    let (mut all, mut agreed) = (0_i128, 0_i128);
    for (one, other, count) in pairs {
        let count = i128::from(*count);
        *first.entry(one).or_default() += count;
        *second.entry(other).or_default() += count;
        all += count;
        agreed += if one == other { count } else { 0 };
    }
    // With whole numbers: (n * agreed - sum of products) / (n * n - sum of products).
    let chance: i128 = first.iter().map(|(key, count)| count * second.get(key).copied().unwrap_or(0)).sum();
    let (over, under) = (all * agreed - chance, all * all - chance);
    if under == 0 {
        return None;
    }
    let hundredths = (200 * over + under).div_euclid(2 * under);
    i64::try_from(hundredths).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pair(first: &str, second: &str, count: i64) -> (String, String, i64) {
        (first.to_owned(), second.to_owned(), count)
    }

    /// The table of Cohen's kind that textbooks work out: 20 and 15 agree of 50, po = 0.70, pe = 0.50, kappa = 0.40.
    #[test]
    fn kappa_of_a_table_worked_out_by_hand() {
        let pairs =
            [pair("yes", "yes", 20), pair("yes", "no", 5), pair("no", "yes", 10), pair("no", "no", 15)];
        assert_eq!(kappa(&pairs), Some(40));
        assert_eq!(
            kappa(&[pair("yes", "yes", 50)]),
            None,
            "where all say the same, nothing is told from chance"
        );
        assert_eq!(kappa(&[pair("yes", "yes", 5), pair("no", "no", 5)]), Some(100));
        assert_eq!(kappa(&[pair("yes", "no", 5), pair("no", "yes", 5)]), Some(-100));
    }

    proptest! {
        /// Nothing that is hidden can be worked out: either nothing is, or the hidden ones are enough together, or all are hidden.
        #[test]
        fn hidden_groups_are_enough_together(sizes in prop::collection::vec(1_i64..40, 0..12), few in 2_i64..15) {
            let groups: Vec<(usize, (i64, i64))> = sizes.iter().map(|size| (*size, 0)).enumerate().collect();
            let shown = hide(groups, few);
            let hidden: i64 = shown.iter().filter(|one| one.checks.is_none()).map(|one| sizes[one.of]).sum();
            prop_assert!(shown.iter().all(|one| one.checks.is_none_or(|checks| checks.0 >= few)));
            prop_assert!(hidden == 0 || hidden >= few || shown.iter().all(|one| one.checks.is_none()));
        }

        /// Kappa lies between -1 and 1, and is 1 only where no pair differs.
        #[test]
        fn kappa_is_a_share(pairs in prop::collection::vec((0_u8..4, 0_u8..4, 1_i64..50), 1..16)) {
            let pairs: Vec<_> = pairs.iter().map(|(a, b, n)| pair(&a.to_string(), &b.to_string(), *n)).collect();
            if let Some(found) = kappa(&pairs) {
                prop_assert!((-100..=100).contains(&found));
                let all_agree = pairs.iter().all(|one| one.0 == one.1);
                prop_assert!(!all_agree || found == 100);
            }
        }
    }
}
