//! The calendar of a worker: a month by days, a week step by step, and the next sixty days as a file for a telephone. The file tells
//! numbers, kinds and places alone; of a secret case it tells nothing.

use std::collections::BTreeMap;

use askama::Template;
use axum::{
    extract::Query,
    http::header,
    response::{IntoResponse, Redirect},
};
use casework::{DAY_MAX, DaySteps, views::CaseRow};
use jiff::{ToSpan, civil::Date};
use model::Month;
use policy::Shows;
use serde::Deserialize;
use store::Page;

use super::tugas::{due_kind, due_text, title};
use crate::{
    fault::Fault,
    ics::{self, Event},
    lang::Tongue,
    shell::Shell,
    ui::Pager,
    visit::{Answer, Visit, page},
};

/// Months that are shown before and after this one.
const MONTHS: i32 = 12;
/// Steps that stand under a day of a week; all of them stand under the day alone, so many on a page.
const OF_DAY: i64 = 30;
const DAY_ROWS: u32 = 100;
/// Days of the file.
const FILE_DAYS: i64 = 60;

/// What stands on one day beside steps, and the day itself.
pub(crate) struct Day {
    pub(crate) day: Date,
    pub(crate) today: bool,
    /// Names of holidays, the days of the closing.
    pub(crate) marks: Vec<String>,
    pub(crate) steps: DaySteps,
    /// Sessions and meetings: kind, name, how many.
    pub(crate) named: Vec<(Shows, String, i64)>,
    /// The steps themselves, in a week.
    pub(crate) rows: Vec<CaseRow>,
}

impl Day {
    fn of(t: &Tongue, day: Date, today: Date, steps: DaySteps) -> Self {
        let mut marks: Vec<String> =
            t.policy().calendar().holiday(day).map(|holiday| holiday.name.clone()).into_iter().collect();
        let closing = &t.policy().settings().closing;
        let of_month = i64::from(day.day());
        if of_month == closing.cut_off_day {
            marks.push(t.say("web-calendar-cut-off"));
        }
        if of_month == closing.pull_day {
            marks.push(t.say("web-calendar-pull"));
        }
        let named = steps.by_workflow.iter().filter_map(|(key, count)| {
            let workflow = t.policy().workflow(key)?;
            let shows = workflow.in_calendar.as_ref()?.shows;
            Some((shows, t.label(&workflow.label).to_owned(), *count))
        });
        Self { day, today: day == today, marks, named: named.collect(), steps, rows: Vec::new() }
    }

    /// Nothing but the date.
    fn bare(&self) -> bool {
        !self.today && self.marks.is_empty() && self.steps.steps == 0
    }
}

#[derive(Template)]
#[template(path = "kalender.html")]
pub(crate) struct CalendarPage {
    pub(crate) t: Tongue,
    pub(crate) shell: Shell,
    pub(crate) trail: Vec<(String, String)>,
    pub(crate) title: String,
    /// Each week with the days of the month that lie in it.
    pub(crate) weeks: Vec<(Date, Vec<Option<Day>>)>,
    pub(crate) before: Option<(String, String)>,
    pub(crate) after: Option<(String, String)>,
    /// Whether the steps themselves are shown.
    pub(crate) listed: bool,
    /// Leafs through the steps of one day.
    pub(crate) pager: Option<Pager>,
}

impl CalendarPage {
    fn count(&self, day: &Day) -> String {
        if day.steps.more {
            return self.t.one("web-more-than", "n", self.t.n(DAY_MAX));
        }
        self.t.count("web-calendar-steps", day.steps.steps)
    }

    /// Whether a day of a week has more steps than stand under it.
    fn shortened(&self, day: &Day) -> bool {
        self.pager.is_none() && day.steps.steps > day.rows.len() as i64
    }

    fn shows(&self, shows: Shows) -> String {
        self.t.say(match shows {
            Shows::Session => "web-calendar-session",
            Shows::Meeting => "web-calendar-meeting",
        })
    }
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    /// `2026-11`.
    bulan: Option<String>,
    /// Any day of the week, `2026-11-23`.
    minggu: Option<String>,
    /// One day, `2026-11-23`.
    hari: Option<String>,
    setelah: Option<String>,
}

pub(crate) async fn show(visit: Visit, Query(asked): Query<Asked>) -> Answer {
    let told = |text: Option<String>| text.filter(|text| !text.is_empty());
    let day = |text: String| model::parse_date(&text).map_err(|_| Fault::bad_form());
    match (told(asked.hari), told(asked.minggu), told(asked.bulan)) {
        (Some(one), None, None) => day_page(visit, day(one)?, asked.setelah).await,
        (None, Some(one), None) => week(visit, monday(day(one)?)).await,
        (None, None, Some(month)) => {
            month_page(visit, Some(month.parse().map_err(|_| Fault::bad_form())?)).await
        }
        (None, None, None) => month_page(visit, None).await,
        _ => Ok(Redirect::to("/kalender").into_response()),
    }
}

/// The Monday of a week.
fn monday(day: Date) -> Date {
    let since = i64::from(day.weekday().to_monday_zero_offset());
    day.checked_sub(since.days()).unwrap_or(day)
}

/// Whether a month is near enough to this one to be shown.
fn is_near(month: Month, today: Date) -> bool {
    let number = |day: Date| i32::from(day.year()) * 12 + i32::from(day.month());
    (number(month.first_day()) - number(today)).abs() <= MONTHS
}

fn near(day: Option<Date>, today: Date) -> Option<Date> {
    day.filter(|day| is_near(Month::of(*day), today))
}

async fn month_page(visit: Visit, month: Option<Month>) -> Answer {
    let (today, month, counted) = visit
        .ask("case.read", move |house, scope| {
            let today = house.clock.today();
            let month = month.unwrap_or_else(|| Month::of(today));
            if !is_near(month, today) {
                return Err(Fault::bad_form());
            }
            let days = (month.first_day(), month.last_day());
            Ok((today, month, casework::steps_by_day(house, scope, days)?))
        })
        .await?;
    let t = visit.t();
    let weeks = weeks(&t, month, today, counted);
    let link = |day: Option<Date>| {
        let month = Month::of(near(day, today)?);
        Some((format!("/kalender?bulan={month}"), t.month(month)))
    };
    page(&CalendarPage {
        trail: trail(&t, None, t.month(month)),
        title: t.month(month),
        weeks,
        before: link(month.first_day().yesterday().ok()),
        after: link(month.last_day().tomorrow().ok()),
        listed: false,
        pager: None,
        shell: visit.shell(),
        t,
    })
}

/// The days of a month by weeks, Monday first.
fn weeks(
    t: &Tongue,
    month: Month,
    today: Date,
    mut counted: BTreeMap<Date, DaySteps>,
) -> Vec<(Date, Vec<Option<Day>>)> {
    let (first, last) = (month.first_day(), month.last_day());
    let mut weeks = Vec::new();
    let mut begins = monday(first);
    while begins <= last {
        let days = week_days(begins).map(|day| {
            let inside = Some(day).filter(|day| *day >= first && *day <= last)?;
            Some(Day::of(t, inside, today, counted.remove(&inside).unwrap_or_default()))
        });
        weeks.push((begins, days.collect()));
        let Ok(next) = begins.checked_add(7.days()) else { break };
        begins = next;
    }
    weeks
}

fn week_days(begins: Date) -> impl Iterator<Item = Date> {
    std::iter::successors(Some(begins), |day| day.tomorrow().ok()).take(7)
}

fn trail(t: &Tongue, month: Option<Month>, here: String) -> Vec<(String, String)> {
    let mut trail =
        vec![("/tugas".to_owned(), t.say("web-nav-tasks")), ("/kalender".to_owned(), t.say("web-calendar"))];
    trail.extend(month.map(|month| (format!("/kalender?bulan={month}"), t.month(month))));
    trail.push((String::new(), here));
    trail
}

async fn week(visit: Visit, begins: Date) -> Answer {
    let ends = begins.checked_add(6.days()).map_err(|_| Fault::bad_form())?;
    let (today, mut counted, mut first) = visit
        .ask("case.read", move |house, scope| {
            let today = house.clock.today();
            if near(Some(begins), today).or(near(Some(ends), today)).is_none() {
                return Err(Fault::bad_form());
            }
            let counted = casework::steps_by_day(house, scope, (begins, ends))?;
            Ok((today, counted, casework::first_steps(house, scope, (begins, ends), OF_DAY)?))
        })
        .await?;
    let t = visit.t();
    let days = week_days(begins).map(|day| {
        let rows = first.remove(&day).unwrap_or_default();
        Some(Day { rows, ..Day::of(&t, day, today, counted.remove(&day).unwrap_or_default()) })
    });
    let days: Vec<Option<Day>> = days.collect();
    let link = |day: Option<Date>| {
        let day = near(day, today)?;
        Some((format!("/kalender?minggu={day}"), t.one("web-calendar-week", "day", t.day(day))))
    };
    let title = t.one("web-calendar-week", "day", t.day(begins));
    let in_month = if is_near(Month::of(begins), today) { Month::of(begins) } else { Month::of(ends) };
    page(&CalendarPage {
        trail: trail(&t, Some(in_month), title.clone()),
        title,
        before: link(begins.checked_sub(7.days()).ok()),
        after: link(begins.checked_add(7.days()).ok()),
        weeks: vec![(begins, days)],
        listed: true,
        pager: None,
        shell: visit.shell(),
        t,
    })
}

async fn day_page(visit: Visit, day: Date, after: Option<String>) -> Answer {
    let from = Page { after, limit: DAY_ROWS };
    let wanted = from.clone();
    let (today, mut counted, found) = visit
        .ask("case.read", move |house, scope| {
            let today = house.clock.today();
            if near(Some(day), today).is_none() {
                return Err(Fault::bad_form());
            }
            let counted = casework::steps_by_day(house, scope, (day, day))?;
            Ok((today, counted, casework::steps_of_day(house, scope, day, &wanted)?))
        })
        .await?;
    let t = visit.t();
    let link = |day: Option<Date>| {
        let day = near(day, today)?;
        Some((format!("/kalender?hari={day}"), t.day(day)))
    };
    let title = format!("{}, {}", t.weekday(day), t.day(day));
    let of_day = Day::of(&t, day, today, counted.remove(&day).unwrap_or_default());
    let pager = Pager::of(&t, &format!("/kalender?hari={day}"), &from, found.items.len(), found.next);
    page(&CalendarPage {
        trail: trail(&t, Some(Month::of(day)), title.clone()),
        title,
        before: link(day.yesterday().ok()),
        after: link(day.tomorrow().ok()),
        weeks: vec![(monday(day), vec![Some(Day { rows: found.items, ..of_day })])],
        listed: true,
        pager: Some(pager),
        shell: visit.shell(),
        t,
    })
}

/// The next days as a file; written in the audit log before it is given.
pub(crate) async fn file(visit: Visit) -> Answer {
    let (now, rows) = visit
        .ask("case.read", move |house, scope| {
            let today = house.clock.today();
            let last = today.checked_add(FILE_DAYS.days()).unwrap_or(today);
            let (mut rows, more) = casework::steps_due(house, scope, (today, last))?;
            rows.retain(|row| house.policy.workflow(&row.workflow).is_some_and(|one| !one.need_to_know));
            let detail = format!("from={today} to={last} steps={} more={more}", rows.len());
            access::audit_export(house, scope, "calendar", &detail)?;
            Ok::<_, Fault>((house.clock.now(), rows))
        })
        .await?;
    let names = visit.names(rows.iter().map(|row| row.region.to_string())).await?;
    let t = visit.t();
    let event = |row: &CaseRow| {
        let kind = t.label(&row.workflow_label);
        Event {
            uid: format!("kasus-{}-{}@pilar", row.case, row.state),
            day: row.step_due_on,
            summary: format!("{kind} · {}", t.one("web-case-number", "n", row.case)),
            place: names.get(row.region.as_str()).cloned().unwrap_or_default(),
        }
    };
    let text = ics::file(&rows.iter().map(event).collect::<Vec<_>>(), now);
    let kind = (header::CONTENT_TYPE, "text/calendar; charset=utf-8");
    let name = (header::CONTENT_DISPOSITION, "attachment; filename=\"kalender.ics\"");
    Ok(([kind, name], text).into_response())
}
