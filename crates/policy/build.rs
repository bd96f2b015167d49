//! Rebuilds this crate when a file of the pack changes, so that a release binary always carries the present pack.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("PROFILE").as_deref() == Ok("release") {
        println!("cargo::rerun-if-changed=../../policy");
    }
}
