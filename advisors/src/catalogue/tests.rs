//! The catalogue's own entries, and mistakes in others.

use std::collections::BTreeSet;

use model::{AdviceKind, Evidence, Rule, Target};

use super::*;
use crate::SKETCHES;

fn finding(package: &str, module: &str, version: &str, symbol: &str) -> Finding {
    Finding {
        id: "F1".into(),
        fingerprint: String::new(),
        rule: Rule::UndefinedName,
        targets: vec![Target::Wasip1],
        effect: model::Effect::FailsToBuild,
        evidence: Evidence::Static,
        root: package.into(),
        package: package.into(),
        module: module.into(),
        version: Some(version.into()),
        file: String::new(),
        line: 0,
        column: 0,
        end_line: 0,
        end_column: 0,
        symbol: symbol.into(),
        subject: String::new(),
        what: String::new(),
        message: String::new(),
        notes: Vec::new(),
        source: None,
        guard: None,
        init: false,
        chains: Vec::new(),
        calls: Vec::new(),
        callers: Vec::new(),
        advice: Vec::new(),
    }
}

/// An entry whose title is its id.
pub(super) fn entry(id: &str, matches: &str, versions: &str) -> String {
    format!(
        "[[entry]]\nid = \"{id}\"\nmatch = {{ {matches} }}\nversions = [{versions}]\ntargets = [\"wasip1\"]\n\
         reason = \"cgo\"\nshape = \"partial\"\nsummary = \"s\"\n[[entry.fix]]\nkind = \"split\"\ntitle = \"{id}\"\n\
         [[entry.evidence]]\nkind = \"measured\"\nsays = \"x\"\n"
    )
}

pub(super) const ALL: &str = "{ introduced = \"0\" }";

pub(super) fn user(entries: &[String]) -> Result<Catalogue, String> {
    let text = format!("schema = 1\n{}", entries.concat());
    Catalogue::with_user([("my.toml", text.as_str())])
}

/// The title of the first remedy for a finding.
fn first(catalogue: &Catalogue, finding: &Finding) -> Option<String> {
    catalogue.remedies(finding).first().map(|r| r.title.clone())
}

#[test]
fn every_entry_is_whole() {
    let files: Vec<check::Read<'_>> = CATEGORIES
        .iter()
        .map(|(name, text)| check::read(name, text).unwrap_or_else(|e| panic!("{e}")))
        .collect();
    check::together(&files).unwrap_or_else(|e| panic!("{e}"));
    let all: Vec<Entry> = CATEGORIES
        .iter()
        .flat_map(|(name, text)| entries(name, text).expect("a catalogue without mistakes"))
        .collect();
    for entry in &all {
        let id = &entry.id;
        assert!(!entry.evidence.is_empty(), "{id}: no evidence");
        let told = entry.shape == file::Shape::Excluded || !entry.signature.is_empty();
        assert!(told, "{id}: no text by which the failure is recognised");
    }
    let helps = |e: &&Entry| e.fix.iter().any(|f| f.as_ref().kind != AdviceKind::None);
    assert!(all.iter().filter(helps).count() >= 250);
}

#[test]
fn a_stub_is_told_once() {
    let text = format!(
        "schema = 1\n{}",
        entry(
            "stub",
            "module = \"example.com/m\", majors = [\"v1\", \"v2\"], packages = [\"a/...\", \"...\"]",
            ALL,
        )
        .replace("\"partial\"", "\"stub\"\nsignature = [\"not here\"]")
    );
    let catalogue =
        Catalogue::with_user([("my.toml", text.as_str())]).expect("a catalogue without mistakes");
    let ours = |s: &&Stub| s.text == "not here";
    let stubs = catalogue.stubs();
    let packages: Vec<&str> = stubs
        .iter()
        .filter(ours)
        .map(|s| s.package.as_str())
        .collect();
    assert_eq!(packages, ["example.com/m", "example.com/m/v2"]);
    assert!(stubs.iter().filter(ours).all(|s| s.below));
}

#[test]
fn every_file_is_a_category() {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/catalogue");
    for file in std::fs::read_dir(dir).expect("the directory of the catalogue") {
        let name = file
            .expect("an entry")
            .file_name()
            .into_string()
            .expect("UTF-8");
        let Some(name) = name.strip_suffix(".toml") else {
            continue;
        };
        let known = CATEGORIES.iter().any(|(n, _)| *n == name) || name == "classes";
        assert!(known, "{name}.toml is not read");
    }
}

#[test]
fn every_class_names_rules_that_exist() {
    let raw: Classes = toml::from_str(include_str!("../../catalogue/classes.toml"))
        .expect("a catalogue without mistakes");
    for class in &raw.class {
        for rule in &class.rules {
            assert!(Rule::ALL.iter().any(|r| r.slug() == rule), "{rule}");
        }
    }
}

#[test]
fn every_class_has_its_sketch() {
    let raw: Classes = toml::from_str(include_str!("../../catalogue/classes.toml"))
        .expect("a catalogue without mistakes");
    let names = |files: &[(&str, &str)]| -> BTreeSet<String> {
        files.iter().map(|(name, _)| (*name).to_owned()).collect()
    };
    let there = |dir: &str| -> BTreeSet<String> {
        let files = std::fs::read_dir(dir).unwrap_or_else(|e| panic!("{dir}: {e}"));
        let name = |f: std::fs::DirEntry| f.file_name().into_string().expect("UTF-8");
        files.map(|file| name(file.expect("an entry"))).collect()
    };
    let all = concat!(env!("CARGO_MANIFEST_DIR"), "/catalogue/sketches");
    let embedded: BTreeSet<String> = SKETCHES.iter().map(|s| s.name.to_owned()).collect();
    assert_eq!(there(all), embedded);
    let of_classes: BTreeSet<String> = raw.class.iter().filter_map(|c| c.name.clone()).collect();
    assert_eq!(of_classes, embedded);
    for sketch in SKETCHES {
        assert_eq!(
            there(&format!("{all}/{}", sketch.name)),
            names(sketch.files)
        );
        assert!(!sketch.titles().is_empty());
    }
}

#[test]
fn what_runs_has_classes_by_target() {
    for (symbol, target, sketch) in [
        ("net/http.Get", Target::JsNode, Some("transport")),
        ("net/http.Get", Target::JsBrowser, Some("callback")),
        ("os.Open", Target::JsNode, Some("callback")),
        ("os.Open", Target::JsBrowser, None),
        ("net.Listen", Target::Wasip1, Some("listener")),
    ] {
        let mut finding = finding("example.com/m", "example.com/m", "v1.0.0", symbol);
        finding.rule = Rule::StdBehaviour;
        finding.targets = vec![target];
        let remedies = Catalogue::builtin().remedies(&finding);
        let found = remedies.first().and_then(|r| r.sketch.as_deref());
        assert_eq!(found, sketch, "{symbol} on {target}");
    }
}

#[test]
fn what_is_closest_is_taken() {
    let module = "module = \"example.com/m\"";
    let catalogue = user(&[
        entry("module", module, ALL),
        entry("below", &format!("{module}, packages = [\"a/...\"]"), ALL),
        entry("exact", &format!("{module}, packages = [\"a/b\"]"), ALL),
        entry("symbol", &format!("{module}, symbols = [\"Open\"]"), ALL),
    ])
    .expect("a catalogue without mistakes");
    for (package, symbol, title) in [
        ("example.com/m", "x", "module"),
        ("example.com/m/ab", "x", "module"),
        ("example.com/m/a", "x", "below"),
        ("example.com/m/a/c", "x", "below"),
        ("example.com/m/a/b", "x", "exact"),
        ("example.com/m/a/b", "example.com/m/a/b.Open", "symbol"),
    ] {
        let finding = finding(package, "example.com/m", "v1.0.0", symbol);
        assert_eq!(
            first(&catalogue, &finding).as_deref(),
            Some(title),
            "{package}"
        );
    }
}

#[test]
fn the_narrowest_range_of_versions_is_taken() {
    let module = "module = \"example.com/m\"";
    let narrow = "{ introduced = \"v1.2.0\", fixed = \"v1.3.0\" }, { introduced = \"v1.5.0\" }";
    let catalogue = user(&[
        entry("narrow", module, narrow),
        entry(
            "all",
            &format!("{module}, packages = [\".\", \"...\"]"),
            "{ introduced = \"0\", fixed = \"v1.2.0\" }",
        ),
    ])
    .expect("a catalogue without mistakes");
    for (version, title) in [
        ("v1.1.0", Some("all")),
        ("v1.2.0", Some("narrow")),
        ("v1.2.4-0.20240101000000-abcdefabcdef", Some("narrow")),
        ("v1.3.0", None),
        ("v1.3.0-rc.1", Some("narrow")),
        ("v1.5.1+incompatible", Some("narrow")),
        ("v0.0.0-20180917152333-f0300d1749da", Some("all")),
    ] {
        let finding = finding("example.com/m", "example.com/m", version, "x");
        let title = title.map(str::to_owned);
        let found = first(&catalogue, &finding).filter(|t| t == "all" || t == "narrow");
        assert_eq!(found, title, "{version}");
    }
}

#[test]
fn major_versions_old_names_and_nested_modules_are_told_apart() {
    let catalogue = user(&[
        entry("one", "module = \"example.com/one\"", ALL),
        entry(
            "two",
            "module = \"example.com/two\", majors = [\"v1\", \"v3\"]",
            ALL,
        ),
        entry(
            "any",
            "module = \"example.com/any\", majors = [\"any\"], aliases = [\"old.example/any\"]",
            ALL,
        ),
        entry(
            "dotted",
            "module = \"gopkg.in/dotted\", majors = [\"v2\"]",
            ALL,
        ),
    ])
    .expect("a catalogue without mistakes");
    for (package, module, title) in [
        ("example.com/one/v2", "example.com/one/v2", None),
        ("example.com/one/sub", "example.com/one", Some("one")),
        ("example.com/one/sub", "example.com/one/sub", None),
        ("example.com/two/x", "example.com/two", Some("two")),
        ("example.com/two/v2/x", "example.com/two/v2", None),
        ("example.com/two/v3/x", "example.com/two/v3", Some("two")),
        ("example.com/any/v9/x", "example.com/any/v9", Some("any")),
        ("old.example/any", "old.example/any", Some("any")),
        ("gopkg.in/dotted.v2/x", "gopkg.in/dotted.v2", Some("dotted")),
        ("gopkg.in/dotted.v3", "gopkg.in/dotted.v3", None),
    ] {
        let finding = finding(package, module, "v1.0.0", "x");
        let found = first(&catalogue, &finding)
            .filter(|t| ["one", "two", "any", "dotted"].contains(&t.as_str()));
        assert_eq!(found.as_deref(), title, "{package} of {module}");
    }
}

#[test]
fn fixes_are_those_of_the_build() {
    let text = "schema = 1\n[[entry]]\nid = \"m\"\nmatch = { module = \"example.com/m\" }\n\
        versions = [{ introduced = \"0\", fixed = \"v1.2.0\", targets = [\"js\"] }, { introduced = \"0\", fixed = \"v1.4.0\", targets = [\"wasip1\"] }]\n\
        targets = [\"js\", \"wasip1\"]\nreason = \"termios\"\nshape = \"partial\"\nsummary = \"s\"\n\
        [[entry.fix]]\nkind = \"upgrade\"\ntargets = [\"js\"]\ntitle = \"js\"\nto = { min = \"v1.2.0\" }\n\
        [[entry.fix]]\nkind = \"upgrade\"\ntargets = [\"wasip1\"]\ntitle = \"wasip1\"\nto = { min = \"v1.4.0\" }\n\
        [[entry.evidence]]\nkind = \"measured\"\nsays = \"x\"\n";
    let catalogue =
        Catalogue::with_user([("my.toml", text)]).expect("a catalogue without mistakes");
    let mut on = finding("example.com/m", "example.com/m", "v1.1.0", "x");
    assert_eq!(first(&catalogue, &on).as_deref(), Some("wasip1"));
    on.targets = vec![Target::JsNode];
    assert_eq!(first(&catalogue, &on).as_deref(), Some("js"));
    on.version = Some("v1.3.0".into());
    assert_ne!(first(&catalogue, &on).as_deref(), Some("js"), "fixed on js");
}

#[test]
fn a_module_is_told_of_that_fails_for_what_it_imports() {
    let swap = |id: &str, reason: &str| {
        let entry = swap(id, &format!("example.com/{id}"), "example.com/new");
        entry.replace("reason = \"cgo\"", &format!("reason = \"{reason}\""))
    };
    let entries = [swap("by", "dependency"), swap("far", "cgo")];
    let catalogue = user(&entries).expect("a catalogue without mistakes");
    let mut hollow = finding("example.com/hollow", "example.com/hollow", "v1.0.0", "F");
    let titles = |finding: &Finding| {
        let remedies = catalogue.remedies(finding).into_iter();
        let swaps = remedies.filter(|r| r.kind == AdviceKind::Swap);
        swaps.map(|r| r.title.clone()).collect::<Vec<_>>()
    };
    assert!(titles(&hollow).is_empty());
    let chain = |by: &str| ["example.com/m", by, "example.com/hollow"].map(String::from);
    hollow.chains = vec![
        chain("example.com/by").into(),
        chain("example.com/far").into(),
    ];
    let titles = titles(&hollow);
    assert_eq!(titles.len(), 1, "{titles:?}");
    let says = "instead of example.com/by, which imports it: ";
    assert!(titles[0].starts_with(says), "{titles:?}");
}

#[test]
fn an_entry_of_the_user_takes_the_place_of_ours() {
    let ours = finding(
        "github.com/sirupsen/logrus",
        "github.com/sirupsen/logrus",
        "v1.9.3",
        "x",
    );
    assert!(
        first(Catalogue::builtin(), &ours)
            .expect("a catalogue without mistakes")
            .contains("v1.9.4")
    );
    let module = "module = \"github.com/sirupsen/logrus\"";
    for id in ["logrus", "my-logrus"] {
        let catalogue = user(&[entry(
            id,
            module,
            "{ introduced = \"0\", fixed = \"v1.9.4\" }",
        )])
        .expect("a catalogue without mistakes");
        assert_eq!(first(&catalogue, &ours).as_deref(), Some(id));
    }
}

#[test]
fn fixed_versions_and_other_modules_are_not_matched() {
    let titles = |package: &str, version: &str| {
        first(
            Catalogue::builtin(),
            &finding(package, package, version, "isTerminal"),
        )
        .expect("a catalogue without mistakes")
    };
    assert!(titles("github.com/sirupsen/logrus", "v1.9.3").contains("logrus"));
    assert!(!titles("github.com/sirupsen/logrus", "v1.9.4").contains("logrus"));
    assert!(!titles("github.com/sirupsen/logrusx", "v1.9.3").contains("logrus"));
}

fn swap(id: &str, from: &str, to: &str) -> String {
    entry(id, &format!("module = \"{from}\""), ALL).replace(
        "kind = \"split\"",
        &format!("kind = \"swap\"\nto = {{ module = \"{to}\" }}"),
    )
}

/// Mistakes, each with what the error must say.
#[test]
fn mistakes_are_told_with_their_place() {
    let module = "module = \"example.com/m\"";
    let cases: Vec<(Vec<String>, &str)> = vec![
        (
            vec!["[[entry]]\nname = \"x\"\n".into()],
            "my.toml:3:1: unknown field `name`",
        ),
        (vec!["[[entry]\n".into()], "my.toml:2:9"),
        (
            vec![entry("a", module, "{ introduced = \"1.2\" }")],
            "my.toml:5:13: entry `a`: `1.2` is no version",
        ),
        (
            vec![entry(
                "a",
                module,
                "{ introduced = \"v1.2.0\" }, { introduced = \"v1.3.0\" }",
            )],
            "the range from `v1.3.0` overlaps the one from `v1.2.0`",
        ),
        (
            vec![entry(
                "a",
                module,
                "{ introduced = \"v1.2.0\", fixed = \"v1.1.0\" }",
            )],
            "fixed before it is introduced",
        ),
        (
            vec![
                entry("a", module, ALL),
                entry("b", module, "{ introduced = \"v1.0.0\" }"),
            ],
            "entry `b`: its versions overlap those of `a`",
        ),
        (
            vec![entry("a", module, ALL), entry("a", "module = \"b\"", ALL)],
            "stands at my.toml:2:1, too",
        ),
        (vec![entry("A b", module, ALL)], "small letters"),
        (
            vec![entry("a", "module = \"a b\"", ALL)],
            "no path of a module",
        ),
        (
            vec![entry("a", &format!("{module}, majors = [\"2\"]"), ALL)],
            "no major version",
        ),
        (
            vec![entry("a", &format!("{module}, packages = [\"../x\"]"), ALL)],
            "no package below",
        ),
    ];
    told(cases);
    let error = Catalogue::with_user([("my.toml", "schema = 7\n")]).unwrap_err();
    assert!(error.contains("schema 7"), "{error}");
}

#[test]
fn mistakes_of_fixes_are_told_with_their_place() {
    let module = "module = \"example.com/m\"";
    let cases: Vec<(Vec<String>, &str)> = vec![
        (
            vec![
                swap("a", "example.com/a", "example.com/b"),
                swap("b", "example.com/b", "example.com/a"),
            ],
            "leads back: example.com/a → example.com/b → example.com/a",
        ),
        (
            vec![swap("a", "example.com/a", "example.com/a")],
            "leads back",
        ),
        (
            vec![entry("a", module, ALL).replace("kind = \"split\"", "kind = \"tag\"")],
            "my.toml:10:1: entry `a`: it names no tag",
        ),
        (
            vec![entry("a", module, ALL).replace(
                "kind = \"split\"",
                "kind = \"upgrade\"\nto = { min = \"v2.0.0\" }",
            )],
            "no range that holds on wasip1 is fixed at `v2.0.0`",
        ),
        (
            vec![
                entry("a", module, ALL)
                    .replace("kind = \"split\"", "kind = \"split\"\ntargets = [\"js\"]"),
            ],
            "the entry does not hold for js",
        ),
        (
            vec![entry("a", module, ALL).replace("\"cgo\"", "\"sgo\"")],
            "unknown variant `sgo`",
        ),
        (
            vec![
                entry("a", module, ALL)
                    .replace("kind = \"split\"", "kind = \"swap\"\nreplace = \"x\""),
            ],
            "is not `module@v1.2.3`",
        ),
    ];
    told(cases);
}

/// A swap that says how it is carried out.
fn rewrite(fix: &str, rewrite: &str) -> Vec<String> {
    let fix = format!("kind = \"swap\"\n{fix}");
    let text = entry("a", "module = \"example.com/m\"", ALL).replace("kind = \"split\"", &fix);
    let table = format!("[[entry.fix.rewrite]]\n{rewrite}\n[[entry.evidence]]");
    vec![text.replace("[[entry.evidence]]", &table)]
}

#[test]
fn mistakes_of_rewrites_are_told_with_their_place() {
    let good = "package = \"example.com/m\"\nimports = [\"os\"]\n";
    assert!(user(&rewrite("", good)).is_ok());
    let to = "to = { module = \"example.com/n\" }";
    let with = |more: &str| rewrite("", &format!("{good}{more}"));
    let cases: Vec<(Vec<String>, &str)> = vec![
        (with("naems = []"), "my.toml:17:1: unknown field `naems`"),
        (
            rewrite("", "package = \"example.com/n\"\nimports = [\"os\"]"),
            "my.toml:14:1: entry `a`: `example.com/n` is no package of `example.com/m`",
        ),
        (
            rewrite("", "package = \"example.com/m\"\nimports = []"),
            "it needs `imports`",
        ),
        (
            rewrite(
                "",
                "package = \"example.com/m\"\nimports = [\"example.com/m\"]",
            ),
            "is no package in the place of",
        ),
        (with("names = [\"a.b\"]"), "`a.b` is no name of Go"),
        (
            with("names = [\"A\"]\nrenamed = { A = \"B\" }"),
            "`A` stays, and is renamed",
        ),
        (
            with("arguments = [{ of = [\"Open\"], refuse = [\"x\"] }]"),
            "`Open` is no function",
        ),
        (
            with("arguments = [{ of = [\"a.Open\"], from = \"x\" }]"),
            "has `from` and `to`, or `refuse`",
        ),
        (
            with("arguments = [{ of = [\"a.Open\"], from = \"x\", to = '\"' }]"),
            "does not stand in a literal",
        ),
        (
            rewrite(to, good),
            "my.toml:10:1: entry `a`: a swap that is carried out needs `to.tested`",
        ),
        (
            rewrite("tags_on = { js = [\"x\"] }", good),
            "it has tags on js, where it does not help",
        ),
        (
            rewrite("", good)
                .into_iter()
                .map(|text| text.replace("\"swap\"", "\"split\""))
                .collect(),
            "only a swap has `rewrite`",
        ),
    ];
    told(cases);
}

#[track_caller]
pub(super) fn told(cases: Vec<(Vec<String>, &str)>) {
    for (entries, part) in cases {
        let error = user(&entries).unwrap_err();
        assert!(error.contains(part), "{error}\nshould say {part}");
        assert!(error.starts_with("my.toml:"), "{error}");
    }
}
