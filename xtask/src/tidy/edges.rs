//! Which crate may use which: the edges of `docs/architecture.md`.

use super::manifest;
use super::tree::{Crate, Tree};

/// What a crate may use of the workspace.
struct Edges {
    name: &'static str,
    /// Anywhere.
    uses: &'static [&'static str],
    /// In its tests and benchmarks, too.
    tests: &'static [&'static str],
}

/// The edges. A crate that does not exist yet has its row already.
const EDGES: &[Edges] = &[
    only("model", &[]),
    only("toolchain", &["model"]),
    only("gobin", &["model"]),
    Edges {
        name: "analyzer",
        uses: &["gobin", "model"],
        tests: &["fixtures"],
    },
    only("advisors", &["model"]),
    only("runtime-harness", &["model"]),
    only("report", &["model"]),
    only("web", &["model", "report"]),
    only(
        "engine",
        &[
            "advisors",
            "analyzer",
            "gobin",
            "model",
            "runtime-harness",
            "toolchain",
        ],
    ),
    Edges {
        name: "cli",
        uses: &["engine", "model", "report", "web"],
        tests: &["fixtures"],
    },
    only("fixtures", &["model"]),
    Edges {
        name: "benches",
        uses: &["analyzer", "engine", "gobin"],
        tests: &["runtime-harness"],
    },
    only(
        "xtask",
        &[
            "advisors", "analyzer", "engine", "fixtures", "gobin", "model", "report",
        ],
    ),
];

/// Edges that hold only until a crate exists that takes their place.
const UNTIL: &[(&str, &str, &[&str])] = &[(
    "engine",
    "cli",
    &["advisors", "analyzer", "runtime-harness", "toolchain"],
)];

const fn only(name: &'static str, uses: &'static [&'static str]) -> Edges {
    let tests = &[];
    Edges { name, uses, tests }
}

/// Whether a name is that of a crate of the workspace.
pub(super) fn is_member(name: &str) -> bool {
    EDGES.iter().any(|e| e.name == name)
}

/// Checks the manifests of all crates.
pub(super) fn check(tree: &Tree, complaints: &mut Vec<String>) {
    let names: Vec<&str> = tree.crates.iter().map(|c| c.name.as_str()).collect();
    for member in &tree.crates {
        manifest(member, &names, complaints);
    }
    for Edges { name, .. } in EDGES {
        if std::path::Path::new(name).is_dir() && !names.contains(name) {
            complaints.push(format!("{name}: is no member of the workspace"));
        }
    }
}

fn manifest(member: &Crate, names: &[&str], complaints: &mut Vec<String>) {
    let name = member.name.as_str();
    if !member.manifest.contains("[lints]\nworkspace = true") {
        complaints.push(format!(
            "{name}/Cargo.toml: the lints of the workspace are not taken"
        ));
    }
    let Some(edges) = EDGES.iter().find(|e| e.name == name) else {
        complaints.push(format!("{name}: xtask/src/tidy/edges.rs has no row for it"));
        return;
    };
    for dependency in manifest::dependencies(&member.manifest) {
        let other = dependency.name.as_str();
        let allowed = edges.uses.contains(&other)
            || dependency.dev && edges.tests.contains(&other)
            || holds_yet(name, other, names);
        if is_member(other) && !allowed {
            let line = dependency.line;
            complaints.push(format!(
                "{name}/Cargo.toml:{line}: {name} must not know {other}"
            ));
        }
    }
}

fn holds_yet(name: &str, other: &str, names: &[&str]) -> bool {
    UNTIL
        .iter()
        .any(|(until, from, to)| *from == name && to.contains(&other) && !names.contains(until))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(name: &str, dependencies: &str, names: &[&str]) -> Vec<String> {
        let member = Crate {
            name: name.to_owned(),
            manifest: format!("[lints]\nworkspace = true\n\n{dependencies}"),
            files: Vec::new(),
        };
        let mut complaints = Vec::new();
        manifest(&member, names, &mut complaints);
        complaints
    }

    #[test]
    fn only_the_edges_of_the_table_are_let_through() {
        let uses = |other: &str| format!("[dependencies]\n{other}.workspace = true\n");
        assert!(complaints("web", &uses("report"), &[]).is_empty());
        assert!(complaints("web", &uses("serde"), &[]).is_empty());
        assert_eq!(
            complaints("web", &uses("analyzer"), &[]),
            ["web/Cargo.toml:5: web must not know analyzer"]
        );
        assert_eq!(
            complaints("report", &uses("engine"), &[]),
            ["report/Cargo.toml:5: report must not know engine"]
        );
        assert_eq!(complaints("new", "", &[]).len(), 1);
    }

    #[test]
    fn the_program_may_skip_the_engine_until_there_is_one() {
        let uses = "[dependencies]\nanalyzer = { workspace = true }\n";
        assert!(complaints("cli", uses, &["cli", "analyzer"]).is_empty());
        assert_eq!(complaints("cli", uses, &["cli", "engine"]).len(), 1);
    }

    #[test]
    fn fixtures_are_for_tests() {
        let dev = "[dev-dependencies]\nfixtures.workspace = true\n";
        assert!(complaints("cli", dev, &[]).is_empty());
        let normal = "[dependencies]\nfixtures.workspace = true\n";
        assert_eq!(complaints("cli", normal, &[]).len(), 1);
    }
}
