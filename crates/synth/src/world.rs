//! What a subdistrict's people, families and houses are: a timeline that can be looked at on any day of the
//! last four years and of the coming weeks.
//!
//! In: nothing but types. Out: types, and the questions a list asks of them ("on this day, where, in which
//! family, as what?"). Never: chance; that is `people` and `house`.

use crate::names::Name;

/// A day that never comes.
pub(crate) const NEVER: i32 = i32::MAX;
/// No family of this subdistrict: the person came from elsewhere.
pub(crate) const ELSEWHERE: u32 = u32::MAX;

/// Everyone made for one subdistrict.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) subdistrict: usize,
    pub(crate) people: Vec<Person>,
    pub(crate) families: Vec<Family>,
    pub(crate) houses: Vec<House>,
}

/// Codes follow `policy/schema/codes.csv`; days count from 1970-01-01.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) name: Name,
    pub(crate) mother: Name,
    pub(crate) female: bool,
    pub(crate) birth: i32,
    /// Regency number, or 100 + index of a place far away.
    pub(crate) birth_place: u8,
    /// 0: has none.
    pub(crate) nik: i64,
    pub(crate) nik_since: i32,
    /// The number before `nik_since`; 0: had none.
    pub(crate) nik_before: i64,
    pub(crate) now: Membership,
    /// Until when, and where before: for those who married or parted.
    pub(crate) before: Option<(i32, Membership)>,
    pub(crate) death: i32,
    /// Age at which school ends; 7 or less: never went.
    pub(crate) leaves_school: u8,
    pub(crate) works: bool,
    pub(crate) job: u8,
    pub(crate) sector: u8,
    pub(crate) disability: u16,
    pub(crate) severe: bool,
    pub(crate) chronic: u8,
    pub(crate) insurance: u8,
    pub(crate) civil_servant: bool,
    /// Days of the last birth and the one awaited; [`NEVER`]: none.
    pub(crate) births: [i32; 2],
    pub(crate) pregnancy_no: u8,
}

/// Belonging to a family, as what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Membership {
    pub(crate) family: u32,
    pub(crate) relation: u8,
    pub(crate) marital: u8,
}

/// The people of one family card (KK).
#[derive(Debug, Clone)]
pub(crate) struct Family {
    pub(crate) kk: i64,
    pub(crate) home: Home,
    /// Card and home before a move: until when.
    pub(crate) before: Option<(i32, i64, Home)>,
    /// When the head died or left, who leads since, and what became of the leader's marriage (0: nothing).
    pub(crate) new_head: Option<(i32, u32, u8)>,
    pub(crate) house: u32,
    /// Hidden welfare: mean 0, deviation 1 over families.
    pub(crate) welfare: f64,
}

/// An address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Home {
    pub(crate) subdistrict: u16,
    pub(crate) village: u8,
    pub(crate) street: u8,
    pub(crate) number: u8,
    pub(crate) rt: u8,
    pub(crate) rw: u8,
}

/// House and assets, in the codes of the socio-economic registration.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct House {
    pub(crate) tenure: u8,
    pub(crate) floor_area_m2: u16,
    pub(crate) floor: u8,
    pub(crate) wall: u8,
    pub(crate) roof: u8,
    pub(crate) water: u8,
    pub(crate) lighting: u8,
    pub(crate) power_watt: u16,
    pub(crate) cooking_fuel: u8,
    pub(crate) toilet: u8,
    pub(crate) fridge: u8,
    pub(crate) motorcycle: u8,
    pub(crate) car: u8,
    pub(crate) smartphone: u8,
    pub(crate) cattle: u8,
    pub(crate) bank_account: bool,
}

/// Schooling on a day: status, level, class, as in the code lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct School {
    pub(crate) status: u8,
    pub(crate) level: u8,
    pub(crate) class: u8,
}

impl Person {
    pub(crate) fn age(&self, day: i32) -> i32 {
        (i64::from(day - self.birth) * 4).div_euclid(1461) as i32
    }

    pub(crate) fn born(&self, day: i32) -> bool {
        self.birth <= day
    }

    pub(crate) fn dead(&self, day: i32) -> bool {
        self.death <= day
    }

    /// The number in force on this day; 0: none.
    pub(crate) fn nik_on(&self, day: i32) -> i64 {
        if day >= self.nik_since { self.nik } else { self.nik_before }
    }

    pub(crate) fn pregnant(&self, day: i32) -> bool {
        const CARRIED: i32 = 240;
        const AFTER: i32 = 42;
        !self.dead(day)
            && self
                .births
                .iter()
                .any(|birth| *birth != NEVER && (birth - CARRIED..birth + AFTER).contains(&day))
    }

    pub(crate) fn works_on(&self, day: i32) -> bool {
        self.works && self.school(day).status != 2 && (15..78).contains(&self.age(day))
    }

    pub(crate) fn school(&self, day: i32) -> School {
        let age = self.age(day);
        let leaves = i32::from(self.leaves_school);
        if age < 7 || leaves <= 7 {
            return School { status: 1, level: 0, class: 0 };
        }
        let status = if age < leaves { 2 } else { 3 };
        let last = age.min(leaves - 1);
        let (level, first) = match last {
            ..13 => (1, 6),
            13..16 => (2, 12),
            16..19 => (3, 15),
            _ => (4, 18),
        };
        let class = if level == 4 { 0 } else { last - first };
        School { status, level, class: class as u8 }
    }
}

impl World {
    /// The membership of `person` on a day, with the relation as the head of that day makes it; `None`
    /// while not in any family here.
    pub(crate) fn membership(&self, person: u32, day: i32) -> Option<Membership> {
        let who = &self.people[person as usize];
        let mut at = match who.before {
            Some((until, before)) if day < until => before,
            _ => who.now,
        };
        if at.family == ELSEWHERE {
            return None;
        }
        if let Some((since, head, marital)) = self.families[at.family as usize].new_head
            && day >= since
            && !who.dead(day)
        {
            at.relation = self.relation_under(person, at.relation, head);
            if person == head && marital > 0 {
                at.marital = marital;
            }
        }
        Some(at)
    }

    /// The relation once `head` leads a family whose old head is gone.
    fn relation_under(&self, person: u32, relation: u8, head: u32) -> u8 {
        if person == head {
            return 1;
        }
        match (self.people[head as usize].now.relation, relation) {
            (2, 3..=5) => relation,
            (2, 6) => 7,
            (2, 7) | (3, 2) => 6,
            (3, 5) => 3,
            _ => 8,
        }
    }

    /// Card and home of a family on a day.
    pub(crate) fn card(&self, family: u32, day: i32) -> (i64, Home) {
        let family = &self.families[family as usize];
        match family.before {
            Some((until, kk, home)) if day < until => (kk, home),
            _ => (family.kk, family.home),
        }
    }

    /// The id by which the truth knows a person.
    pub(crate) fn true_person(&self, person: u32) -> i64 {
        ((self.subdistrict as i64 + 1) << 24) + i64::from(person) + 1
    }

    /// The id by which the truth knows a family.
    pub(crate) fn true_family(&self, family: u32) -> i64 {
        ((self.subdistrict as i64 + 1) << 24) + i64::from(family) + 1
    }

    pub(crate) fn house(&self, family: u32) -> &House {
        &self.houses[self.families[family as usize].house as usize]
    }
}

/// Upper edges of deciles 1 to 9 of the normal curve.
const DECILE_EDGES: [f64; 9] = [-1.2816, -0.8416, -0.5244, -0.2533, 0.0, 0.2533, 0.5244, 0.8416, 1.2816];

/// Decile 1 (poorest) to 10 of a welfare score.
pub(crate) fn decile(welfare: f64) -> u8 {
    DECILE_EDGES.partition_point(|edge| *edge <= welfare) as u8 + 1
}
