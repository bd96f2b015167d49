//! Houses, schooling and work that go with a hidden welfare score, in the codes of the socio-economic
//! registration.
//!
//! In: the score and dice. Out: what an enumerator would tick. Each answer leans on the score with its own
//! noise, so that a model can guess the score from the answers, but not perfectly. Never: the score itself
//! in any list.

use crate::{
    dice::Dice,
    world::{House, Person},
};

/// The step that `score` plus noise reaches on a ladder of edges from poor to rich.
fn ladder<T: Copy>(dice: &mut Dice, score: f64, noise: f64, steps: &[(f64, T)], top: T) -> T {
    let at = score + dice.normal() * noise;
    steps.iter().find(|(edge, _)| at < *edge).map_or(top, |(_, step)| *step)
}

/// The house and belongings of a family with this welfare.
pub(crate) fn furnish(dice: &mut Dice, z: f64, size: u32) -> House {
    let roomy = ladder(dice, z, 0.6, &[(-1.5, 16), (-0.9, 26), (-0.3, 38), (0.4, 52), (1.2, 76)], 120);
    let power_watt =
        ladder(dice, z, 0.5, &[(-1.5, 0), (-0.4, 450), (0.6, 900), (1.2, 1300), (1.8, 2200)], 3500);
    House {
        tenure: ladder(dice, z, 1.5, &[(-1.6, 3), (-1.1, 5), (1.9, 1), (2.4, 2)], 4),
        floor_area_m2: roomy + dice.below(14) as u16 + 2 * size as u16,
        floor: ladder(dice, z, 0.5, &[(-1.6, 8), (-1.3, 7), (-0.9, 5), (0.1, 6), (0.5, 4), (1.9, 2)], 1),
        wall: ladder(dice, z, 0.6, &[(-1.5, 6), (-1.1, 4), (-0.5, 3), (-0.3, 2)], 1),
        roof: ladder(dice, z, 0.7, &[(-1.9, 7), (-1.6, 5), (-0.7, 4), (-0.1, 3), (1.9, 2)], 1),
        water: ladder(
            dice,
            z,
            0.8,
            &[(-1.8, 9), (-1.3, 6), (-0.8, 8), (-0.1, 5), (0.6, 4), (0.9, 3), (1.6, 2)],
            1,
        ),
        lighting: match power_watt {
            0 => dice.pick(&[2, 2, 3, 4]),
            _ => 1,
        },
        power_watt,
        cooking_fuel: ladder(dice, z, 0.5, &[(-1.1, 10), (-0.9, 7), (1.2, 4), (1.9, 2)], 3),
        toilet: ladder(dice, z, 0.6, &[(-1.5, 6), (-1.2, 4), (-0.9, 3), (-0.5, 2)], 1),
        fridge: ladder(dice, z, 0.6, &[(-0.3, 0), (1.9, 1)], 2),
        motorcycle: ladder(dice, z, 0.7, &[(-0.7, 0), (0.5, 1), (1.5, 2)], 3),
        car: ladder(dice, z, 0.4, &[(1.3, 0), (2.3, 1)], 2),
        smartphone: ladder(dice, z, 0.8, &[(-1.0, 0), (-0.1, 1), (0.8, 2)], 3),
        cattle: if dice.chance(0.12) { 1 + dice.below(3) as u8 } else { 0 },
        bank_account: z + dice.normal() * 0.8 > -0.3,
    }
}

/// The age at which this person leaves school.
pub(crate) fn schooling(dice: &mut Dice, z: f64, birth_year: i32) -> u8 {
    let generation = match birth_year {
        ..1950 => -1.9,
        1950..1970 => -1.0,
        1970..1985 => -0.2,
        1985..2000 => 0.5,
        _ => 1.2,
    };
    let drive = z * 0.8 + generation + dice.normal() * 0.7;
    match drive {
        ..-2.2 => 7,
        ..-1.3 => dice.between(9, 12) as u8,
        ..-0.3 => 13,
        ..0.3 => 16,
        ..1.6 => 19,
        _ => 23,
    }
}

/// Gives work to an adult; children get none.
pub(crate) fn employ(dice: &mut Dice, person: &mut Person, z: f64, age: i32) {
    let works = match (age, person.female) {
        (..15, _) => false,
        (15..60, false) => dice.chance(0.93),
        (15..60, true) => dice.chance(0.52),
        (_, false) => dice.chance(0.55),
        (_, true) => dice.chance(0.25),
    };
    person.works = works;
    if !works {
        return;
    }
    let schooled = person.leaves_school >= 19;
    if schooled && age >= 20 && z > -0.6 && dice.chance(if person.leaves_school >= 23 { 0.16 } else { 0.045 })
    {
        person.job = 5;
        person.sector = dice.pick(&[21, 21, 22, 23]);
        person.civil_servant = age < 70;
        return;
    }
    let poor = z < -0.4;
    (person.job, person.sector) = match (poor, schooled, dice.below(10)) {
        (true, _, 0..=3) => (6, 1),
        (true, _, 4 | 5) => (7, dice.pick(&[12, 12, 9, 25])),
        (true, _, 6 | 7) => (1, dice.pick(&[1, 1, 5, 13])),
        (true, _, 8) => (8, 1),
        (true, ..) => (4, dice.pick(&[9, 13, 25])),
        (_, true, 0..=5) => (4, dice.pick(&[9, 13, 17, 19, 22])),
        (_, _, 0..=2) => (1, dice.pick(&[1, 2, 13, 13, 15])),
        (_, _, 3 | 4) => (2, dice.pick(&[1, 3, 13])),
        (_, _, 5) => (3, dice.pick(&[9, 13, 14])),
        (_, _, 6 | 7) => (4, dice.pick(&[9, 12, 13, 14])),
        (_, _, 8) => (7, 12),
        _ => (8, dice.pick(&[1, 13])),
    };
}

/// Health of body and mind; more burdens with age.
pub(crate) fn ail(dice: &mut Dice, person: &mut Person, age: i32) {
    let difficulty = match age {
        ..18 => 0.011,
        18..50 => 0.016,
        50..65 => 0.035,
        _ => 0.11,
    };
    if dice.chance(difficulty) {
        // Of the ten questions: see, hear, walk, hands, learn, behaviour, speak, self-care, memory, sadness.
        const BIT_WEIGHTS: [u32; 10] = [22, 14, 24, 8, 9, 3, 8, 5, 4, 3];
        person.disability = 1 << dice.weighted(&BIT_WEIGHTS);
        if dice.chance(0.25) {
            person.disability |= 1 << dice.weighted(&BIT_WEIGHTS);
        }
        person.severe = dice.chance(0.18);
    }
    let chronic = match age {
        ..15 => 0.006,
        15..45 => 0.03,
        45..60 => 0.13,
        _ => 0.27,
    };
    if dice.chance(chronic) {
        person.chronic = 1 + dice.weighted(&[30, 16, 9, 8, 14, 4, 3, 5]) as u8;
    }
    person.insurance = dice.weighted(&[22, 48, 14, 16]) as u8;
}
