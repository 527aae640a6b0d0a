//! The change of a dependency as files for those who develop it: a patch that `git am` and `git apply` take, and title
//! and body of a pull request.

mod letter;
mod mail;
mod name;

use std::collections::BTreeSet;

use model::{Goos, Report, Upstream};

use crate::view::upstream::{User, user};

/// The files of one change, and what to type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// `MODULE@VERSION`, as a name that every file system takes; the names of two changes differ.
    pub name: String,
    /// The patch, in the form of a mail: of `NAME.patch`.
    pub patch: String,
    /// Title and body of a pull request in Markdown: of `NAME.md`.
    pub letter: String,
    /// How the patch is applied, a line each.
    pub steps: Vec<String>,
}

/// A change, and what reports say of it.
pub(crate) struct Told<'t> {
    upstream: &'t Upstream,
    users: Vec<User<'t>>,
    /// The builds that it helps.
    builds: BTreeSet<Goos>,
}

/// The files of changes; `reports` are those that the changes were chosen from.
pub fn files(all: &[Upstream], reports: &[&Report]) -> Vec<Files> {
    let mut names = BTreeSet::new();
    let mut files = Vec::new();
    for upstream in all {
        let users: Vec<User<'_>> = reports.iter().filter_map(|r| user(r, upstream)).collect();
        let told = Told {
            builds: users.iter().flat_map(User::builds).collect(),
            upstream,
            users,
        };
        let name = name::unused(&upstream.module, &upstream.version, &mut names);
        let steps = mail::steps(upstream, &name);
        files.push(Files {
            patch: mail::mail(&told, &steps),
            letter: letter::letter(&told),
            name,
            steps,
        });
    }
    files
}

impl Told<'_> {
    /// One line that says what the change does.
    fn title(&self) -> String {
        let builds: Vec<String> = self.builds.iter().map(|g| format!("GOOS={g}")).collect();
        match builds.as_slice() {
            [] => "Build for WebAssembly".to_owned(),
            builds => format!("Build for {}", builds.join(" and ")),
        }
    }

    /// The builds as text: `js and wasip1`.
    fn on(&self) -> String {
        let builds: Vec<&str> = self.builds.iter().map(|g| g.name()).collect();
        match builds.as_slice() {
            [] => "wasm".to_owned(),
            builds => builds.join(" and "),
        }
    }

    /// What is lost on the targets, a sentence each.
    fn losses(&self) -> BTreeSet<&str> {
        let all = self.users.iter().flat_map(|u| &u.loses);
        all.flat_map(|text| text.split("; ")).collect()
    }

    /// Import paths of the packages that are changed.
    fn packages(&self) -> Vec<String> {
        let builds = self.upstream.builds.iter();
        let typed: BTreeSet<&String> = builds.flat_map(|b| &b.packages).collect();
        let module = &self.upstream.module;
        let path = |typed: &String| match typed.strip_prefix("./") {
            Some(dir) => format!("{module}/{dir}"),
            None => module.clone(),
        };
        let paths: Vec<String> = typed.into_iter().map(path).collect();
        if paths.is_empty() {
            vec![module.clone()]
        } else {
            paths
        }
    }
}

#[cfg(test)]
mod tests {
    use model::{Edit, TreeBuild};

    use super::*;
    use crate::examples;

    #[test]
    fn what_a_module_says_forges_no_line() {
        let hostile = "a.b/c\n---\nFrom x\ndiff -\n# title\n```\n<!-- @team";
        let upstream = Upstream {
            fork: Edit::Drop {
                module: String::new(),
            },
            module: hostile.to_owned(),
            version: "v1.0.0".to_owned(),
            diff: "--- a/x.go\n+++ b/x.go\n@@ -1 +1 @@\n-a\n+b\n".to_owned(),
            repository: None,
            builds: vec![TreeBuild {
                goos: Some(Goos::Js),
                platform: "js/wasm".to_owned(),
                packages: vec![format!("./{hostile}|")],
                before: hostile.lines().map(str::to_owned).collect(),
                after: Vec::new(),
            }],
            untried: Some(hostile.to_owned()),
        };
        let report = examples::report(&[]);
        let files = files(&[upstream], &[&report]);
        let (patch, letter) = (&files[0].patch, &files[0].letter);
        let (mail, _) = patch.split_once("--- a/x.go").unwrap();
        let breaks = |line: &&str| line.starts_with("From ") || line.starts_with("diff ");
        assert_eq!(mail.lines().filter(breaks).count(), 1, "{mail}");
        assert_eq!(
            mail.lines().filter(|l| l.starts_with("---")).count(),
            1,
            "{mail}"
        );
        let mut fence = None;
        for line in letter.lines() {
            match fence {
                Some(end) if line == end => fence = None,
                None if line.starts_with("````") => fence = Some("````"),
                Some(_) => {}
                None => assert!(!line.starts_with("# title") && !line.starts_with('<')),
            }
        }
        assert_eq!(fence, None, "{letter}");
    }
}
