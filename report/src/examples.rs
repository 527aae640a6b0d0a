//! Small reports for tests.

use model::{
    Builds, Effect, Evidence, Finding, Level, Module, Package, Report, Rule, SCHEMA, Target,
    TargetReport, Tool, Verdict,
};

/// A use of a function that fails on wasip1.
pub(crate) fn finding(id: &str, symbol: &str) -> Finding {
    Finding {
        id: id.to_owned(),
        fingerprint: format!("of {symbol}"),
        rule: Rule::StdBehaviour,
        targets: vec![Target::Wasip1],
        effect: Effect::FailsAtRunTime,
        evidence: Evidence::Static,
        root: "example.com/m".to_owned(),
        package: "example.com/m".to_owned(),
        module: "example.com/m".to_owned(),
        version: None,
        file: "m.go".to_owned(),
        line: 7,
        column: 2,
        symbol: symbol.to_owned(),
        end_line: 0,
        end_column: 0,
        subject: symbol.to_owned(),
        what: "always fails".to_owned(),
        message: format!("`{symbol}` always fails"),
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

/// A report of `example.com/m` on wasip1 with some findings.
pub(crate) fn report(findings: &[Finding]) -> Report {
    let ids = findings.iter().map(|f| f.id.clone());
    let worst = findings.iter().filter_map(|f| f.effect.verdict()).min();
    let package = Package {
        package: "example.com/m".to_owned(),
        own: true,
        main: false,
        builds: Builds::Yes,
        verdict: worst.unwrap_or(Verdict::Clean),
        tests: Verdict::Unknown,
        findings: ids.collect(),
    };
    Report {
        schema: SCHEMA,
        tool: Tool {
            name: "wasmcheck".to_owned(),
            version: "0.1.0".to_owned(),
        },
        module: Module {
            path: "example.com/m".to_owned(),
            version: None,
        },
        go: "go1.26.8".to_owned(),
        level: Level::Scan,
        targets: vec![TargetReport {
            target: Target::Wasip1,
            verdict: package.verdict,
            builds_percent: Some(100.0),
            works_percent: Some(0.0),
            packages: vec![package],
            roots: Vec::new(),
        }],
        findings: findings.to_vec(),
        advice: Vec::new(),
        wasm: Vec::new(),
        observations: Vec::new(),
        incomplete: Vec::new(),
    }
}
