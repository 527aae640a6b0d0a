//! The records fit the catalogue, and the page is made from both. No network, no Go.

use std::path::Path;

use model::Goos;

use super::record::{Outcome, Records};
use super::{entries, page, plan};

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn records() -> Records {
    let mut records = Records::default();
    for (goos, text) in [
        (
            Goos::Js,
            include_str!("../../../advisors/catalogue/verified/go1.26/js.json"),
        ),
        (
            Goos::Wasip1,
            include_str!("../../../advisors/catalogue/verified/go1.26/wasip1.json"),
        ),
    ] {
        records.add(goos, text).expect("records");
    }
    records
}

#[test]
fn every_entry_and_remedy_has_a_record_that_fits() {
    let records = records();
    let checks = plan(root(), &entries(root()).expect("entries")).expect("probes");
    let without: Vec<String> = checks
        .iter()
        .filter(|c| !records.has(c) || records.of(c).is_some_and(|r| r.result != Outcome::Pass))
        .map(|c| format!("{} {:?} {}", c.id, c.fix, c.goos.name()))
        .collect();
    assert!(
        without.is_empty(),
        "run `cargo xtask verify-catalogue`: {without:#?}"
    );
}

#[test]
fn the_page_is_that_of_the_records() {
    let entries = entries(root()).expect("entries");
    let made = page::text(
        &entries,
        &records(),
        &plan(root(), &entries).expect("probes"),
    );
    let checked_in = include_str!("../../../docs/catalogue.md");
    assert!(
        checked_in == made,
        "run `cargo xtask verify-catalogue page`"
    );
}
