//! Hostile source: what can be read is judged, and what cannot is named in the report.
#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "tests prepare files")]
#![expect(clippy::unwrap_used, reason = "a test that cannot start has failed")]

mod common;

use common::World;
use serde_json::Value;

const USE: &str = "var A, _ = os.Executable()\n";

/// Scan a module of these files, and one package that is as it should be.
fn scan(files: &[(&str, &[u8])], prepare: impl FnOnce(&World)) -> Value {
    let world = World::empty("hostile");
    let write = |name: &str, bytes: &[u8]| {
        let path = world.module.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    };
    write("go.mod", b"module example.com/hostile\n\ngo 1.22\n");
    let good = format!("package good\n\nimport \"os\"\n\n{USE}");
    write("good/good.go", good.as_bytes());
    files.iter().for_each(|(name, bytes)| write(name, bytes));
    prepare(&world);
    let ran = world.run(&["--level", "scan", "--target", "wasip1"]);
    let report = ran.report.unwrap_or_else(|| panic!("{}", ran.stderr));
    assert!(
        told(&report, "good/good.go", "always returns an error"),
        "what is good is judged: {report}"
    );
    report
}

fn told(report: &Value, file: &str, message: &str) -> bool {
    let mut findings = report["findings"].as_array().unwrap().iter();
    findings.any(|f| f["file"] == file && f["message"].as_str().unwrap().contains(message))
}

fn builds<'r>(report: &'r Value, package: &str) -> &'r str {
    let package = format!("example.com/hostile/{package}");
    let mut packages = report["targets"][0]["packages"].as_array().unwrap().iter();
    let found = packages.find(|p| p["package"] == package.as_str());
    found.unwrap()["builds"].as_str().unwrap()
}

#[test]
fn bytes_that_go_refuses() {
    let report = scan(
        &[
            ("utf/a.go", b"package utf\n\nvar A = \"\xff\"\n"),
            ("zero/a.go", b"package zero\n\nvar A = \"\0\"\n"),
            ("bom/a.go", b"package bom\n\nvar A = \"\xef\xbb\xbf\"\n"),
        ],
        |_| {},
    );
    assert!(
        told(&report, "utf/a.go", "invalid UTF-8 encoding"),
        "{report}"
    );
    assert!(
        told(&report, "zero/a.go", "invalid NUL character"),
        "{report}"
    );
    assert!(
        told(&report, "bom/a.go", "invalid BOM in the middle of the file"),
        "{report}"
    );
}

#[test]
fn bytes_that_go_takes() {
    let crlf = format!("package crlf\r\n\r\nimport \"os\"\r\n\r\n// x\r\n{USE}");
    let bom = format!("\u{feff}package bom\n\nimport \"os\"\n\n{USE}");
    let report = scan(
        &[("crlf/a.go", crlf.as_bytes()), ("bom/a.go", bom.as_bytes())],
        |_| {},
    );
    for package in ["crlf", "bom"] {
        assert_eq!(builds(&report, package), "yes");
        assert!(
            told(
                &report,
                &format!("{package}/a.go"),
                "always returns an error"
            ),
            "{report}"
        );
    }
}

#[test]
fn large_and_deep_files() {
    let large = format!(
        "package large\n\n/*{}*/\nvar A = undefined\n",
        "x".repeat(100 << 20)
    );
    let many = format!(
        "package many\n\n{}var A = undefined\n",
        "var _ = 1\n".repeat(100_000)
    );
    let deep = format!(
        "package deep\n\nvar A = {}1{}\n",
        "(".repeat(100_000),
        ")".repeat(100_000)
    );
    let report = scan(
        &[
            ("large/a.go", large.as_bytes()),
            ("many/a.go", many.as_bytes()),
            ("deep/a.go", deep.as_bytes()),
        ],
        |_| {},
    );
    assert!(
        told(&report, "large/a.go", "`undefined` is not declared"),
        "{report}"
    );
    assert!(
        told(&report, "many/a.go", "`undefined` is not declared"),
        "{report}"
    );
    assert_eq!(builds(&report, "deep"), "unknown");
    let incomplete = report["incomplete"].to_string();
    assert!(incomplete.contains("nested too deeply"), "{incomplete}");
}

#[test]
fn links_that_lead_nowhere_and_round_in_circles() {
    let report = scan(
        &[
            ("gone/b.go", b"package gone\n"),
            ("round/a.go", b"package round\n"),
        ],
        |world| {
            let link = |to: &str, from: &str| {
                std::os::unix::fs::symlink(to, world.module.join(from)).unwrap();
            };
            link("/nonexistent/a.go", "gone/a.go");
            link("../round", "round/round");
        },
    );
    assert_eq!(builds(&report, "round"), "yes");
    assert_eq!(builds(&report, "gone"), "no");
    let findings = report["findings"].to_string();
    assert!(findings.contains("no such file or directory"), "{findings}");
}

#[test]
#[cfg(target_os = "linux")]
fn names_that_differ_in_case_alone() {
    let report = scan(
        &[
            ("case/A.go", b"package cases\n"),
            ("case/a.go", b"package cases\n"),
        ],
        |_| {},
    );
    assert_eq!(builds(&report, "case"), "no");
    let findings = report["findings"].to_string();
    assert!(
        findings.contains("case-insensitive file name collision"),
        "{findings}"
    );
}
