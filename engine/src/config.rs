//! `wasmcheck.toml`: what a module's owners say of it, beside its go.mod.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use advisors::Catalogue;
use analyzer::DeclaredGuard;
use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use model::Goos;
use serde::Deserialize;

use crate::failure::Failure;
use crate::files;

/// The name of the file.
pub(crate) const NAME: &str = "wasmcheck.toml";

/// What the file says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Names whose value the platform decides, and the source does not show how.
    #[serde(default)]
    guard: Vec<Guard>,
    /// Runs of its programs.
    #[serde(default)]
    pub(crate) scenario: Vec<Scenario>,
    /// Files with entries of the advisor's catalogue, relative to go.mod.
    #[serde(default)]
    catalogue: Vec<Utf8PathBuf>,
    /// The program's own entries and those, if there are any.
    #[serde(skip)]
    entries: Option<Catalogue>,
}

/// `[[scenario]]`: a run of a main package, which is compared with the native one.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    /// What reports call it.
    pub(crate) name: String,
    /// Directory of the main package, relative to go.mod.
    #[serde(default = "here")]
    pub(crate) main: String,
    /// Arguments, without the program's name.
    #[serde(default)]
    pub(crate) args: Vec<String>,
    /// Standard input.
    pub(crate) stdin: Option<String>,
    /// The same from a file of the module.
    pub(crate) stdin_file: Option<Utf8PathBuf>,
    /// Variables beside PWD, PATH, HOME and TMPDIR.
    #[serde(default)]
    pub(crate) env: BTreeMap<String, String>,
    /// Where it runs, relative to go.mod.
    pub(crate) dir: Option<Utf8PathBuf>,
    /// Files that are there when it starts, relative to where it runs, with their text.
    #[serde(default)]
    pub(crate) files: BTreeMap<Utf8PathBuf, String>,
    /// Longest wall time, as in `90s`; a minute if it is not given.
    #[serde(default, deserialize_with = "duration")]
    pub(crate) timeout: Option<Duration>,
    /// The exit code to expect where there is no native run to compare with.
    #[serde(default)]
    pub(crate) exit: i32,
}

fn duration<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(from)?;
    let time = humantime::parse_duration(&text);
    time.map(Some).map_err(serde::de::Error::custom)
}

fn here() -> String {
    ".".to_owned()
}

/// `[[guard]]`
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
struct Guard {
    /// `import/path.Name`
    symbol: String,
    /// The builds on which it is true; on the others it is false.
    true_on: Vec<Goos>,
}

impl Config {
    /// Read the file of a module; a module without one has defaults.
    pub(crate) fn read(root: &Utf8Path) -> Result<Self, Failure> {
        let file = root.join(NAME);
        if file.symlink_metadata().is_err() {
            return Ok(Self::default());
        }
        toolchain::files::of_its_name(file.as_std_path())
            .map_err(|e| wrong(&file, &e.to_string()))?;
        let text = files::read_text(&file).map_err(|e| wrong(&file, &e))?;
        let mut config = Self::parse(&text).map_err(|e| wrong(&file, &e))?;
        if !config.catalogue.is_empty() {
            let texts = config.catalogue.iter().map(|name| of_catalogue(root, name));
            let texts = texts.collect::<Result<Vec<_>, _>>()?;
            let named = config.catalogue.iter().map(|name| name.as_str());
            let read = Catalogue::with_user(named.zip(texts.iter().map(String::as_str)));
            config.entries = Some(read.map_err(Failure::usage)?);
        }
        Ok(config)
    }

    /// The advisor's entries, with those of the module's owners.
    pub(crate) fn catalogue(&self) -> &Catalogue {
        self.entries
            .as_ref()
            .unwrap_or_else(|| Catalogue::builtin())
    }

    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let config: Self = toml::from_str(text).map_err(|e| e.to_string())?;
        for Guard { symbol, .. } in &config.guard {
            if analyzer::split_symbol(symbol).is_none() {
                return Err(format!(
                    "guard `{symbol}`: write the import path and the name, as in `example.com/app/platform.IsWasm`"
                ));
            }
        }
        if let Some(outside) = config.catalogue.iter().find(|path| !is_inside(path)) {
            return Err(format!(
                "catalogue `{outside}`: it is outside the module; use a path inside it"
            ));
        }
        let mut names = BTreeSet::new();
        for scenario in &config.scenario {
            scenario.check()?;
            if !names.insert(scenario.name.as_str()) {
                let name = &scenario.name;
                return Err(format!("scenario `{name}`: there are two of this name"));
            }
        }
        Ok(config)
    }

    /// The guards as the analyzer wants them.
    pub(crate) fn guards(&self) -> Vec<DeclaredGuard> {
        let guard = |guard: &Guard| DeclaredGuard {
            symbol: guard.symbol.clone(),
            holds_on: guard.true_on.clone(),
        };
        self.guard.iter().map(guard).collect()
    }
}

impl Scenario {
    fn check(&self) -> Result<(), String> {
        let wrong = |why: &str| Err(format!("scenario `{}`: {why}", self.name));
        if self.name.trim().is_empty() {
            return wrong("the name is missing");
        }
        if self.stdin.is_some() && self.stdin_file.is_some() {
            return wrong("give it `stdin` or `stdin_file`, not both");
        }
        let main = Utf8Path::new(&self.main);
        let files = self.files.keys().map(Utf8PathBuf::as_path);
        let paths = files
            .chain(self.dir.as_deref())
            .chain(self.stdin_file.as_deref());
        for path in paths.chain([main]) {
            if !is_inside(path) {
                return wrong(&format!(
                    "`{path}` is outside the module; use a path inside it"
                ));
            }
        }
        Ok(())
    }
}

/// Whether a relative path stays below where it starts.
fn is_inside(path: &Utf8Path) -> bool {
    let plain =
        |c: Utf8Component<'_>| matches!(c, Utf8Component::Normal(_) | Utf8Component::CurDir);
    path.components().all(plain)
}

/// The text of a file of the catalogue.
fn of_catalogue(root: &Utf8Path, name: &Utf8Path) -> Result<String, Failure> {
    let file = root.join(name);
    if file.symlink_metadata().is_err() {
        let why = format!(
            "there is no such file: write it, or take its name out of `catalogue` in {}",
            root.join(NAME)
        );
        return Err(wrong(&file, &why));
    }
    if !leads_inside(root, &file).map_err(|e| wrong(&file, &e.to_string()))? {
        // Whatever is wrong with an entry is quoted.
        let why = "this leads out of the module; copy the file into the module";
        return Err(wrong(&file, why));
    }
    files::read_text(&file).map_err(|e| wrong(&file, &e))
}

/// Whether a file lies in a directory once all links are followed.
fn leads_inside(root: &Utf8Path, file: &Utf8Path) -> std::io::Result<bool> {
    let root = root.canonicalize_utf8()?;
    Ok(file.canonicalize_utf8()?.starts_with(root))
}

fn wrong(file: &Utf8PathBuf, why: &str) -> Failure {
    Failure::usage(format!("{file}: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guards_are_read() {
        let text = "[[guard]]\nsymbol = \"example.com/m.HasExec\"\ntrue_on = []\n";
        let guards = Config::parse(text).unwrap().guards();
        assert_eq!(guards[0].symbol, "example.com/m.HasExec");
        assert!(guards[0].holds_on.is_empty());
    }

    #[test]
    fn mistakes_are_told() {
        for (text, part) in [
            ("[[guards]]\n", "unknown field `guards`"),
            (
                "[[guard]]\nsymbol = \"x\"\ntrue_on = []\n",
                "write the import path",
            ),
            (
                "[[guard]]\nsymbol = \"a.X\"\ntrue_on = [\"linux\"]\n",
                "unknown variant `linux`",
            ),
            ("[[guard]\n", "line 1"),
            ("[[scenario]]\nname = \" \"\n", "the name is missing"),
            (
                "[[scenario]]\nname = \"a\"\n[[scenario]]\nname = \"a\"\n",
                "two of this name",
            ),
            (
                "[[scenario]]\nname = \"a\"\nstdin = \"\"\nstdin_file = \"in\"\n",
                "not both",
            ),
            (
                "[[scenario]]\nname = \"a\"\nfiles = { \"../x\" = \"\" }\n",
                "is outside the module",
            ),
            (
                "[[scenario]]\nname = \"a\"\nmain = \"/bin\"\n",
                "is outside the module",
            ),
            (
                "catalogue = [\"../mine.toml\"]\n",
                "catalogue `../mine.toml`: it is outside the module",
            ),
        ] {
            let error = Config::parse(text).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn entries_of_the_owners_are_read_and_their_mistakes_told_with_the_line() {
        let dir = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(dir.path()).unwrap();
        let write = |name: &str, text: &str| {
            toolchain::files::write(root.join(name).as_std_path(), text.as_bytes()).unwrap();
        };
        write(NAME, "catalogue = [\"mine.toml\"]\n");
        write("mine.toml", "schema = 1\n\n[[entry]]\nname = \"x\"\n");
        let error = Config::read(root).unwrap_err().to_string();
        assert!(
            error.contains("mine.toml:4:1: unknown field `name`"),
            "{error}"
        );
        write("mine.toml", "schema = 1\n");
        let config = Config::read(root).unwrap();
        assert_eq!(
            config.catalogue().stubs().len(),
            Catalogue::builtin().stubs().len()
        );
    }
}
