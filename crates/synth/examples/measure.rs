//! throwaway
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let c = synth::Config {
        people: a[1].parse().unwrap(),
        seed: 1,
        dir: a[2].clone().into(),
        today: jiff::civil::date(2026, 11, 16),
    };
    let t = std::time::Instant::now();
    let g = synth::generate(&c, &model::Silent).unwrap();
    println!("{:?}", t.elapsed());
    for f in &g.files {
        println!("{} {} {} {}", f.name, f.rows, f.bytes, f.broken);
    }
    println!("{:?}", g.truth);
    let s = std::fs::read_to_string("/proc/self/status").unwrap();
    println!("{}", s.lines().find(|l| l.starts_with("VmHWM")).unwrap());
    if a.len() > 3 {
        let g = synth::generate_update(&c, &model::Silent).unwrap();
        println!("{:?}", g.truth);
    }
}
