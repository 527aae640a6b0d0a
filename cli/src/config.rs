//! `wasmcheck.toml`: what a module's owners say of it, beside its go.mod.

use analyzer::DeclaredGuard;
use camino::{Utf8Path, Utf8PathBuf};
use model::Goos;
use serde::Deserialize;

use crate::check::Failure;
use crate::files;

/// The name of the file.
pub(crate) const NAME: &str = "wasmcheck.toml";

/// What the file says.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Names whose value the platform decides, and the source does not show how.
    #[serde(default)]
    guard: Vec<Guard>,
}

/// `[[guard]]`
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
struct Guard {
    /// `import/path.Name`
    symbol: String,
    /// The builds on which it is true; on the others it is false.
    true_on: Vec<Platform>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Platform {
    Wasip1,
    Js,
}

impl Config {
    /// Read the file of a module; without one nothing is said.
    pub(crate) fn read(root: &Utf8Path) -> Result<Self, Failure> {
        let file = root.join(NAME);
        if !file.is_file() {
            return Ok(Self::default());
        }
        let text = files::read_text(&file).map_err(|e| wrong(&file, &e))?;
        Self::parse(&text).map_err(|e| wrong(&file, &e))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let config: Self = toml::from_str(text).map_err(|e| e.to_string())?;
        for Guard { symbol, .. } in &config.guard {
            if analyzer::split_symbol(symbol).is_none() {
                return Err(format!(
                    "guard `{symbol}`: write the import path and the name, as in `example.com/app/platform.IsWasm`"
                ));
            }
        }
        Ok(config)
    }

    /// The guards as the analyzer wants them.
    pub(crate) fn guards(&self) -> Vec<DeclaredGuard> {
        let goos = |platform: &Platform| match platform {
            Platform::Wasip1 => Goos::Wasip1,
            Platform::Js => Goos::Js,
        };
        let guard = |guard: &Guard| DeclaredGuard {
            symbol: guard.symbol.clone(),
            holds_on: guard.true_on.iter().map(goos).collect(),
        };
        self.guard.iter().map(guard).collect()
    }
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
        ] {
            let error = Config::parse(text).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }
}
