//! The pack that ships: it loads without a fault, and says what held on a day.
use policy::Policy;

#[test]
fn the_embedded_pack_has_no_fault() {
    if let Err(faults) = Policy::embedded() {
        let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
        panic!("{} faults:\n{}", faults.len(), lines.join("\n"));
    }
}
