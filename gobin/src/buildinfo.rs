//! Go's build information: the text of `debug.BuildInfo`.
//!
//! `go version -m` cannot read it in wasm, since the linker leaves the section out that it looks
//! for (<https://go.dev/issue/73741>). The text survives as the initial value of
//! `runtime.modinfo`, between two markers (`cmd/go/internal/modload/build.go`, `ModInfoData`).

use memchr::memmem;
use model::{Setting, WasmModule};

use crate::image::{Image, Section};

const START: &[u8] = b"\x30\x77\xaf\x0c\x92\x74\x08\x02\x41\xe1\xc1\x07\xe6\xd6\x18\xe6";
const END: &[u8] = b"\xf9\x32\x43\x31\x86\x18\x20\x72\x00\x82\x42\x10\x41\x16\xd8\xf2";

/// What the text says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct BuildInfo {
    /// Import path of the main package.
    pub path: Option<String>,
    /// The main module and those that it depends on, in the order of the text.
    pub modules: Vec<WasmModule>,
    /// How it was built, in the order of the text.
    pub settings: Vec<Setting>,
}

impl BuildInfo {
    /// Find the text between its markers; `None` for a program that was not built by the Go command.
    pub fn find<I: Image>(image: &I) -> Option<Self> {
        let mut pieces = image.search(Section::BuildInfo);
        pieces.find_map(|(_, bytes)| Self::find_in(bytes))
    }

    fn find_in(bytes: &[u8]) -> Option<Self> {
        let starts = memmem::find_iter(bytes, START);
        // The markers alone are also constants of the runtime/debug package: a text lies between.
        let texts = starts.filter_map(|at| {
            let rest = &bytes[at + START.len()..];
            let end = memmem::find(rest, END)?;
            std::str::from_utf8(&rest[..end]).ok()
        });
        let mut infos = texts.map(Self::parse);
        infos.find(|info| *info != Self::default())
    }

    /// The module that a package of the program belongs to: the one with the longest path that
    /// begins its own. The package `main` is that of the program.
    pub fn module_of(&self, package: &str) -> Option<String> {
        let package = match (package, &self.path) {
            ("main", Some(path)) => path,
            (package, _) => package,
        };
        let modules = self.modules.iter().map(|m| m.path.as_str());
        let around = modules.filter(|module| {
            let rest = package.strip_prefix(*module);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        around.max_by_key(|module| module.len()).map(str::to_owned)
    }

    fn parse(text: &str) -> Self {
        let mut info = Self::default();
        for line in text.lines() {
            let (word, rest) = line.split_once('\t').unwrap_or((line, ""));
            let mut parts = rest.split('\t');
            let (first, second) = (
                parts.next().unwrap_or_default(),
                parts.next().unwrap_or_default(),
            );
            match word {
                "path" => info.path = Some(rest.to_owned()),
                "mod" | "dep" => info.modules.push(WasmModule {
                    path: first.to_owned(),
                    version: second.to_owned(),
                    replaced_by: None,
                }),
                "=>" => {
                    if let Some(last) = info.modules.last_mut() {
                        last.replaced_by = Some(format!("{first} {second}").trim_end().to_owned());
                    }
                }
                "build" => info
                    .settings
                    .extend(rest.split_once('=').map(|(key, value)| Setting {
                        key: key.to_owned(),
                        value: value.to_owned(),
                    })),
                _ => {}
            }
        }
        info
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_read_line_by_line() {
        let text = "path\texample.com/m\nmod\texample.com/m\t(devel)\t\ndep\ta.b/c\tv1.2.3\th1:x=\ndep\td.e/f\tv1.0.0\n=>\t../f\t\nbuild\t-tags=a,b\nbuild\tGOOS=js\n";
        let info = BuildInfo::parse(text);
        assert_eq!(info.path.as_deref(), Some("example.com/m"));
        let modules: Vec<_> = info
            .modules
            .iter()
            .map(|m| {
                (
                    m.path.as_str(),
                    m.version.as_str(),
                    m.replaced_by.as_deref(),
                )
            })
            .collect();
        assert_eq!(
            modules,
            [
                ("example.com/m", "(devel)", None),
                ("a.b/c", "v1.2.3", None),
                ("d.e/f", "v1.0.0", Some("../f"))
            ]
        );
        assert_eq!(info.settings[1].value, "js");
        let module = |package| info.module_of(package);
        assert_eq!(module("main").as_deref(), Some("example.com/m"));
        assert_eq!(module("a.b/c/d").as_deref(), Some("a.b/c"));
        assert_eq!((module("a.b/cd"), module("os")), (None, None));
    }
}
