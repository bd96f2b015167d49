//! Makes the people of one subdistrict: households, the families in them, and what happened to them in the
//! last four years.
//!
//! In: the subdistrict, the seed, today. Out: a [`World`]. The subdistrict is made alone, from its own
//! dice, so subdistricts can be made in any order on any number of threads. NIK and KK numbers never meet
//! between subdistricts: a number issued here to someone who lives here has a serial below 1000; one issued
//! by another office carries this subdistrict in its serial.

use rustc_hash::FxHashMap;

use crate::{
    Config,
    dice::Dice,
    house,
    names::{self, CULTURES, Culture, Name},
    territory::{FAR_PLACES, STREETS, Subdistrict, Territory},
    world::{ELSEWHERE, Family, Home, Membership, NEVER, Person, World},
};

/// Days of history that lists can be late.
const HISTORY: i32 = 4 * 365;
/// Days of the future that are already made, so that next month's lists have news.
const FUTURE: i32 = 45;
/// Serial numbers one other office may give out per day and subdistrict.
const FOREIGN_SERIALS: i64 = 31;

struct Maker<'a> {
    territory: &'a Territory,
    sub: &'a Subdistrict,
    dice: Dice,
    today: i32,
    born_by_today: u32,
    world: World,
    niks: FxHashMap<i64, u16>,
    cards: FxHashMap<i64, u16>,
}

/// What all members of a household share while it is made.
#[derive(Clone, Copy)]
struct Roof {
    culture: Culture,
    home: Home,
    house: u32,
    welfare: f64,
}

/// The people of subdistrict `index`.
pub(crate) fn make(config: &Config, territory: &Territory, index: usize) -> World {
    let mut maker = Maker {
        territory,
        sub: &territory.subdistricts[index],
        dice: Dice::new(config.seed, [2, index as u64, 0]),
        today: model::epoch_days(config.today),
        born_by_today: 0,
        world: World { subdistrict: index, ..World::default() },
        niks: FxHashMap::default(),
        cards: FxHashMap::default(),
    };
    while maker.born_by_today < maker.sub.people {
        maker.household();
    }
    maker.wed_out();
    maker.move_families();
    maker.part_couples();
    maker.let_die();
    maker.number_people();
    maker.world
}

impl Maker<'_> {
    fn household(&mut self) {
        const KINDS: [u32; 8] = [610, 105, 75, 20, 68, 40, 25, 90];
        let kind = self.dice.weighted(&KINDS);
        let home = self.any_home(self.sub.index);
        let welfare = self.sub.villages[usize::from(home.village)].welfare + 0.936 * self.dice.normal();
        let roof = Roof {
            culture: CULTURES[self.dice.weighted(&self.sub.cultures)],
            home,
            house: self.world.houses.len() as u32,
            welfare,
        };
        let first = self.world.people.len() as u32;
        let family = self.family(roof);
        match kind {
            0 | 7 => self.couple(family, roof, 22, 62),
            1 if self.dice.chance(0.3) => self.couple(family, roof, 20, 30),
            1 => self.couple(family, roof, 56, 84),
            2 => self.lone_parent(family, roof, true),
            3 => self.lone_parent(family, roof, false),
            4 => self.alone(family, roof, 60, 90),
            5 => self.alone(family, roof, 21, 59),
            _ => self.grandparent_and_child(family, roof),
        }
        if kind == 7 {
            self.grandparent(family, roof, first);
        }
        let head_age = self.world.people[first as usize].age(self.today);
        if kind == 0 && head_age > 46 && self.dice.chance(0.3) {
            self.married_child(family, roof, first);
        }
        let size = self.world.people.len() as u32 - first;
        let house = house::furnish(&mut self.dice, welfare, size);
        self.world.houses.push(house);
    }

    fn any_home(&mut self, subdistrict: usize) -> Home {
        let villages = &self.territory.subdistricts[subdistrict].villages;
        let mut left = self.dice.below(villages.iter().map(|v| v.weight as usize).sum());
        let village = villages
            .iter()
            .position(|v| {
                let hit = left < v.weight as usize;
                left = left.saturating_sub(v.weight as usize);
                hit
            })
            .unwrap_or(0);
        Home {
            subdistrict: subdistrict as u16,
            village: village as u8,
            street: self.dice.below(STREETS.len()) as u8,
            number: 1 + self.dice.below(200) as u8,
            rt: 1 + self.dice.below(12) as u8,
            rw: 1 + self.dice.below(7) as u8,
        }
    }

    fn family(&mut self, roof: Roof) -> u32 {
        self.world.families.push(Family {
            kk: 0,
            home: roof.home,
            before: None,
            new_head: None,
            house: roof.house,
            welfare: roof.welfare + 0.12 * self.dice.normal(),
        });
        self.world.families.len() as u32 - 1
    }

    /// Day of birth of someone of this age; old people often know only the year.
    fn birthday(&mut self, age: i32) -> i32 {
        let day = self.today - (age * 1461) / 4 - self.dice.below(365) as i32;
        if age > 50 && self.dice.chance(0.1) {
            let year = model::civil_from_epoch_days(day).map_or(1970, |date| i32::from(date.year()));
            let january = (year - 1970) * 365 + (year - 1969).div_euclid(4);
            return january + self.dice.pick(&[0, 0, 180, 364]);
        }
        day
    }

    fn person(&mut self, roof: Roof, female: bool, birth: i32, now: Membership) -> u32 {
        let year = 1970 + birth.div_euclid(365);
        let name = names::draw(&mut self.dice, roof.culture, female, year);
        let mother = names::draw(&mut self.dice, roof.culture, true, year - 27);
        let birth_place = if self.dice.chance(0.9) { self.sub.regency as u8 } else { self.other_place() };
        let mut person = Person {
            name,
            mother,
            female,
            birth,
            birth_place,
            nik: 0,
            nik_since: i32::MIN,
            nik_before: 0,
            now,
            before: None,
            death: NEVER,
            leaves_school: house::schooling(&mut self.dice, roof.welfare, year),
            works: false,
            job: 0,
            sector: 0,
            disability: 0,
            severe: false,
            chronic: 0,
            insurance: 0,
            civil_servant: false,
            births: [NEVER; 2],
            pregnancy_no: 0,
        };
        let age = person.age(self.today);
        house::employ(&mut self.dice, &mut person, roof.welfare, age);
        house::ail(&mut self.dice, &mut person, age);
        self.born_by_today += u32::from(birth <= self.today);
        self.world.people.push(person);
        self.world.people.len() as u32 - 1
    }

    fn other_place(&mut self) -> u8 {
        if self.dice.chance(0.5) {
            1 + self.dice.below(self.territory.regencies.len()) as u8
        } else {
            100 + self.dice.below(FAR_PLACES.len()) as u8
        }
    }

    fn couple(&mut self, family: u32, roof: Roof, youngest: i32, oldest: i32) {
        let head_age = self.dice.between(youngest, oldest);
        let birth = self.birthday(head_age);
        let head = self.person(roof, false, birth, Membership { family, relation: 1, marital: 2 });
        let wife_age = (head_age - 3 + (self.dice.normal() * 3.5) as i32).clamp(19, 85);
        let mixed = if self.dice.chance(0.15) { self.dice.pick(&CULTURES) } else { roof.culture };
        let birth = self.birthday(wife_age);
        let of_wife = Roof { culture: mixed, ..roof };
        let wife = self.person(of_wife, true, birth, Membership { family, relation: 2, marital: 2 });
        self.children(family, roof, head, Some(wife));
    }

    fn lone_parent(&mut self, family: u32, roof: Roof, female: bool) {
        let age = self.dice.between(27, 60);
        let marital = self.dice.pick(&[3, 4, 4]);
        let birth = self.birthday(age);
        let head = self.person(roof, female, birth, Membership { family, relation: 1, marital });
        self.children(family, roof, head, female.then_some(head));
    }

    fn alone(&mut self, family: u32, roof: Roof, youngest: i32, oldest: i32) {
        let age = self.dice.between(youngest, oldest);
        let female = self.dice.chance(if age > 59 { 0.7 } else { 0.35 });
        let marital = if age > 59 { self.dice.pick(&[4, 4, 4, 3]) } else { self.dice.pick(&[1, 1, 3]) };
        let birth = self.birthday(age);
        self.person(roof, female, birth, Membership { family, relation: 1, marital });
    }

    fn grandparent_and_child(&mut self, family: u32, roof: Roof) {
        let age = self.dice.between(52, 80);
        let birth = self.birthday(age);
        self.person(roof, true, birth, Membership { family, relation: 1, marital: 4 });
        for _ in 0..=self.dice.below(2) {
            let age = self.dice.between(1, 17);
            let (female, birth) = (self.dice.chance(0.49), self.birthday(age));
            self.person(roof, female, birth, Membership { family, relation: 5, marital: 1 });
        }
    }

    fn grandparent(&mut self, family: u32, roof: Roof, head: u32) {
        let (head_birth, head_mother) =
            (self.world.people[head as usize].birth, self.world.people[head as usize].mother);
        let birth = head_birth - (self.dice.between(19, 33) * 1461) / 4 - self.dice.below(300) as i32;
        let female = self.dice.chance(0.7);
        let at = Membership { family, relation: 6, marital: 4 };
        let parent = self.person(roof, female, birth, at);
        if female {
            self.world.people[parent as usize].name = head_mother;
        } else if names::has_clan(roof.culture) {
            let clan = self.world.people[head as usize].name;
            names::inherit_clan(&mut self.world.people[parent as usize].name, clan);
        }
    }

    /// A grown child who married and stayed: its own card in the same house.
    fn married_child(&mut self, parents: u32, roof: Roof, head: u32) {
        let parent = &self.world.people[head as usize];
        let (clan, oldest) = (parent.name, parent.age(self.today) - 21);
        let wife_of_parent = self.world.people.get(head as usize + 1).filter(|p| p.now.relation == 2);
        let mother = wife_of_parent.map(|wife| wife.name);
        let family = self.family(roof);
        let first = self.world.people.len();
        self.couple(family, roof, 20, oldest.clamp(21, 36));
        let son = &mut self.world.people[first];
        if names::has_clan(roof.culture) {
            names::inherit_clan(&mut son.name, clan);
        }
        if let Some(mother) = mother {
            son.mother = mother;
        }
        if let Some(wedding) = self.recent_wedding(first) {
            let at_home = Membership { family: parents, relation: 3, marital: 1 };
            self.world.people[first].before = Some((wedding, at_home));
        }
    }

    /// The wedding day of a young couple, if it lies within the history that lists may have missed.
    fn recent_wedding(&mut self, husband: usize) -> Option<i32> {
        let first_birth =
            self.world.people.get(husband + 2).filter(|p| p.now.relation == 3).map(|child| child.birth);
        let latest = first_birth.map_or(self.today + FUTURE, |birth| birth - 270);
        let earliest = (self.today - HISTORY).max(self.world.people[husband + 1].birth + 18 * 365);
        let young = self.world.people[husband + 1].age(self.today) < 33;
        (young && latest - 30 > earliest)
            .then(|| earliest + self.dice.below((latest - earliest) as usize) as i32)
    }

    fn children(&mut self, family: u32, roof: Roof, head: u32, mother: Option<u32>) {
        let (mother_birth, mother_name) = if let Some(at) = mother {
            (self.world.people[at as usize].birth, self.world.people[at as usize].name)
        } else {
            let birth = self.world.people[head as usize].birth + 1000;
            (birth, names::draw(&mut self.dice, roof.culture, true, 1970 + birth.div_euclid(365)))
        };
        let clan = self.world.people[head as usize].name;
        let weights: [u32; 7] =
            if roof.welfare < -0.5 { [4, 14, 30, 27, 15, 7, 3] } else { [7, 22, 43, 20, 6, 1, 1] };
        let wanted = self.dice.weighted(&weights);
        let mut day = mother_birth + ((23.0 + self.dice.normal() * 3.6) * 365.25) as i32;
        day = day.max(mother_birth + 17 * 365);
        let (mut order, mut last) = (0u8, None);
        while usize::from(order) < wanted && day < mother_birth + 45 * 365 && day < self.today + 270 {
            order += 1;
            self.note_birth(mother, day, order);
            let twins = self.dice.chance(0.012);
            for _ in 0..=usize::from(twins) {
                last = self.child(family, roof, day, mother_name, clan, last, twins);
            }
            day += 600 + self.dice.below(1700) as i32;
        }
    }

    fn note_birth(&mut self, mother: Option<u32>, day: i32, order: u8) {
        let Some(mother) = mother else { return };
        let births = &mut self.world.people[mother as usize].births;
        *births = [births[1], day];
        self.world.people[mother as usize].pregnancy_no = order;
    }

    /// One child, if it is born soon and still at home; returns the sibling to take after.
    #[expect(clippy::too_many_arguments, reason = "one birth has these facts")]
    fn child(
        &mut self,
        family: u32,
        roof: Roof,
        birth: i32,
        mother: Name,
        clan: Name,
        sibling: Option<u32>,
        twin: bool,
    ) -> Option<u32> {
        let age = (self.today - birth).div_euclid(365);
        let at_home = match age {
            ..19 => true,
            19..25 => self.dice.chance(0.65),
            25..31 => self.dice.chance(0.28),
            _ => self.dice.chance(0.05),
        };
        if birth > self.today + FUTURE || !at_home {
            return sibling;
        }
        let female = self.dice.chance(0.488);
        let child = self.person(roof, female, birth, Membership { family, relation: 3, marital: 1 });
        let alike = sibling.filter(|other| self.world.people[*other as usize].female == female);
        let first_name = alike.map(|other| self.world.people[other as usize].name[0]);
        let shares = self.dice.chance(if twin { 0.7 } else { 0.12 });
        let made = &mut self.world.people[child as usize];
        made.mother = mother;
        if names::has_clan(roof.culture) {
            names::inherit_clan(&mut made.name, clan);
        }
        if let (true, Some(word)) = (shares && names::words(made.name) > 1, first_name) {
            made.name[0] = word;
        }
        Some(child)
    }

    /// Brides and grooms of recent weddings get the family that they came from; a third came from outside
    /// the province.
    fn wed_out(&mut self) {
        for at in 0..self.world.people.len() {
            let is_wife = self.world.people[at].now.relation == 2 && self.world.people[at].before.is_none();
            let husband_known = at > 0 && self.world.people[at - 1].before.is_some();
            let recent = self.world.people[at].age(self.today) < 32 && self.dice.chance(0.22);
            if !is_wife || !(husband_known || recent) || at == 0 {
                continue;
            }
            let wedding = match self.world.people[at - 1].before {
                Some((day, _)) => Some(day),
                None => self.recent_wedding(at - 1),
            };
            let Some(wedding) = wedding else { continue };
            let couple = if husband_known { &[0][..] } else { &[0, 1] };
            for back in couple {
                self.give_origin(at - back, wedding);
            }
        }
    }

    /// Finds parents for someone who married out: the mother of the house must be old enough.
    fn give_origin(&mut self, person: usize, wedding: i32) {
        let birth = self.world.people[person].birth;
        let from = |family| Some((wedding, Membership { family, relation: 3, marital: 1 }));
        if self.dice.chance(0.67) {
            for _ in 0..12 {
                let other = self.dice.below(self.world.people.len());
                let other = &self.world.people[other];
                let years = (birth - other.birth) / 365;
                if other.female && matches!(other.now.relation, 1 | 2) && (18..42).contains(&years) {
                    let (family, mother) = (other.now.family, other.name);
                    self.world.people[person].mother = mother;
                    self.world.people[person].before = from(family);
                    return;
                }
            }
        }
        self.world.people[person].before = from(ELSEWHERE);
    }

    fn past_day(&mut self) -> i32 {
        self.today - HISTORY + self.dice.below((HISTORY + FUTURE) as usize) as i32
    }

    /// One family in fourteen moved; a third of them from another subdistrict, with another card.
    fn move_families(&mut self) {
        for at in 0..self.world.families.len() {
            self.world.families[at].kk = self.card_number(self.sub.code6(), true);
            if !self.dice.chance(0.07) {
                continue;
            }
            let day = self.past_day();
            let far = self.dice.chance(0.35);
            let from = if far { self.dice.below(self.territory.subdistricts.len()) } else { self.sub.index };
            let home = self.any_home(from);
            let kk = if from == self.sub.index {
                self.world.families[at].kk
            } else {
                self.card_number(self.territory.subdistricts[from].code6(), false)
            };
            self.world.families[at].before = Some((day, kk, home));
        }
    }

    /// A few couples parted: the husband left with a card of his own, the wife leads.
    fn part_couples(&mut self) {
        for wife in 1..self.world.people.len() {
            let (husband, couple) = (wife - 1, self.world.people[wife].now);
            let is_couple = couple.relation == 2 && self.world.people[husband].now.relation == 1;
            let settled =
                self.world.people[wife].before.is_none() && self.world.people[husband].before.is_none();
            if !is_couple || !settled || !self.dice.chance(0.006) {
                continue;
            }
            let day = self.past_day();
            let mut family = self.world.families[couple.family as usize].clone();
            family.kk = self.card_number(self.sub.code6(), true);
            family.home = self.any_home(self.sub.index);
            family.before = None;
            let own = self.world.families.len() as u32;
            self.world.families.push(family);
            let together = Membership { relation: 1, ..couple };
            self.world.people[husband].before = Some((day, together));
            self.world.people[husband].now = Membership { family: own, relation: 1, marital: 3 };
            self.world.families[couple.family as usize].new_head = Some((day, wife as u32, 3));
        }
    }

    fn let_die(&mut self) {
        for at in 0..self.world.people.len() {
            let yearly = match self.world.people[at].age(self.today) {
                ..1 => 0.012,
                1..40 => 0.0015,
                40..60 => 0.007,
                60..70 => 0.022,
                70..80 => 0.05,
                _ => 0.10,
            };
            if !self.dice.chance(yearly * 4.1) {
                continue;
            }
            let day = self.past_day();
            let person = &mut self.world.people[at];
            let settled = person.before.map_or(person.birth, |(day, _)| day);
            if day > settled + 2 {
                person.death = day;
                person.births = person.births.map(|birth| if birth > day { NEVER } else { birth });
                self.succeed(at as u32, day);
            }
        }
    }

    /// Names the new head of the family that `dead` led: the spouse, else the eldest grown member.
    fn succeed(&mut self, dead: u32, day: i32) {
        let place = self.world.people[dead as usize].now;
        let led_since = self.world.families[place.family as usize].new_head;
        let leads = match led_since {
            Some((_, head, _)) => head == dead,
            None => place.relation == 1,
        };
        if !leads {
            return;
        }
        let near = (dead.saturating_sub(14))..(dead + 15).min(self.world.people.len() as u32);
        let heir = near
            .filter(|other| {
                let person = &self.world.people[*other as usize];
                *other != dead
                    && person.now.family == place.family
                    && person.death > day
                    && (person.now.relation == 2 || person.age(day) >= 17)
            })
            .min_by_key(|other| {
                let person = &self.world.people[*other as usize];
                (person.now.relation != 2, person.birth)
            });
        if let Some(heir) = heir {
            let widowed = self.world.people[heir as usize].now.relation == 2 && place.relation == 1;
            let marital = if widowed { 4 } else { 0 };
            self.world.families[place.family as usize].new_head = Some((day, heir, marital));
        }
    }

    fn number_people(&mut self) {
        for at in 0..self.world.people.len() {
            let roll = self.dice.unit();
            let age_days = self.today - self.world.people[at].birth;
            if roll < 0.004 {
                continue; // never registered
            }
            let nik = self.nik(at);
            self.world.people[at].nik = nik;
            if age_days < 500 {
                // Parents take weeks to months to register a birth.
                self.world.people[at].nik_since =
                    self.world.people[at].birth + 14 + self.dice.below(170) as i32;
            } else if roll < 0.012 {
                self.world.people[at].nik_before = self.nik(at);
                self.world.people[at].nik_since = self.past_day();
            }
        }
    }

    fn nik(&mut self, at: usize) -> i64 {
        let mut native = self.dice.chance(0.88);
        let mut region = if native { self.sub.code6() } else { self.other_office() };
        let (birth, female) = (self.world.people[at].birth, self.world.people[at].female);
        let slip = if self.dice.chance(0.007) { self.dice.between(-400, 400) } else { 0 };
        loop {
            let shift = if female { 40 } else { 0 };
            let cell = region * 1_000_000 + day_digits(birth + slip, shift);
            if let Some(number) = issue(&mut self.niks, cell, native, self.sub.index) {
                return number;
            }
            (native, region) = (false, self.other_office());
        }
    }

    fn card_number(&mut self, region: i64, native: bool) -> i64 {
        loop {
            let issued = self.today - 30 - self.dice.below(15 * 365) as i32;
            let cell = region * 1_000_000 + day_digits(issued, 0);
            if let Some(number) = issue(&mut self.cards, cell, native, self.sub.index) {
                return number;
            }
        }
    }

    /// Another subdistrict of the province, or an office outside this territory (regency codes 70 to 89 are
    /// never used here).
    fn other_office(&mut self) -> i64 {
        let other = self.dice.below(self.territory.subdistricts.len());
        if other != self.sub.index && self.dice.chance(0.5) {
            self.territory.subdistricts[other].code6()
        } else {
            990_000 + i64::from(self.dice.between(70, 89)) * 100 + i64::from(self.dice.between(1, 20))
        }
    }
}

/// DDMMYY of a day, `shift` added to the day of the month.
fn day_digits(day: i32, shift: i64) -> i64 {
    let date = model::civil_from_epoch_days(day).unwrap_or(jiff::civil::date(1970, 1, 1));
    (i64::from(date.day()) + shift) * 10_000
        + i64::from(date.month()) * 100
        + i64::from(date.year().rem_euclid(100))
}

/// The next free number of a cell (office and date), or `None` when its serials are used up.
fn issue(issued: &mut FxHashMap<i64, u16>, cell: i64, native: bool, subdistrict: usize) -> Option<i64> {
    let count = issued.entry(cell).or_insert(0);
    let serial = if native {
        i64::from(*count) + 1
    } else {
        1_000 + subdistrict as i64 * FOREIGN_SERIALS + i64::from(*count)
    };
    let room = if native { *count < 999 } else { i64::from(*count) < FOREIGN_SERIALS };
    if !room {
        return None;
    }
    *count += 1;
    Some(cell * 10_000 + serial)
}
