//! Go's formatter.

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};

use crate::command::Process;
use crate::error::Error;
use crate::files;
use crate::scratch::Scratch;
use crate::session::Session;

/// Largest text that is read back, in bytes.
const LARGEST: u64 = 64 << 20;

/// A Go file that is changed.
#[derive(Clone, Debug)]
pub struct Changed {
    /// None of a new file.
    pub before: Option<String>,
    /// What it is to be.
    pub after: String,
}

impl Session {
    /// The texts of files as gofmt writes them. A file that was not as gofmt writes it stays so; where gofmt is missing or
    /// fails, all do. Ends of lines are as they were.
    pub fn formatted(&self, changes: Vec<Changed>) -> Vec<String> {
        let formatted = self.try_formatted(&changes).unwrap_or_default();
        let pairs = changes.into_iter().enumerate();
        pairs
            .map(|(number, change)| match formatted.get(number) {
                Some(Some(text)) if change.after.contains("\r\n") => text.replace('\n', "\r\n"),
                Some(Some(text)) => text.clone(),
                _ => change.after,
            })
            .collect()
    }

    /// The same with line feeds alone, for those that are formatted.
    #[expect(clippy::disallowed_methods, reason = "into the scratch directory")]
    fn try_formatted(&self, changes: &[Changed]) -> Result<Vec<Option<String>>, Error> {
        if changes.is_empty() {
            return Ok(Vec::new());
        }
        let scratch = Scratch::new()?;
        let [old, new] = ["old", "new"].map(|name| scratch.path().join(name));
        let plain = |text: &str| text.replace("\r\n", "\n");
        for dir in [&old, &new] {
            fs::create_dir(dir).map_err(Error::Scratch)?;
        }
        for (number, change) in changes.iter().enumerate() {
            if let Some(before) = &change.before {
                fs::write(file(&old, number), plain(before)).map_err(Error::Scratch)?;
            }
            fs::write(file(&new, number), plain(&change.after)).map_err(Error::Scratch)?;
        }
        let unlike = self.gofmt("-l", &old)?;
        let unlike: Vec<&str> = unlike.lines().collect();
        self.gofmt("-w", &new)?;
        let texts = (0..changes.len()).map(|number| {
            if unlike.contains(&file(&old, number).as_str()) {
                return Ok(None);
            }
            let file = file(&new, number);
            let text = files::read_text(file.as_std_path(), LARGEST);
            text.map(Some).map_err(Error::io(file))
        });
        texts.collect()
    }

    /// What gofmt prints of a directory. Of a file that it cannot read it prints nothing, and goes on.
    fn gofmt(&self, flag: &str, dir: &Utf8Path) -> Result<String, Error> {
        let name = format!("gofmt{}", std::env::consts::EXE_SUFFIX);
        let gofmt = self.env().goroot.join("bin").join(name);
        let process = Process::new(gofmt.as_str(), dir).args([flag, dir.as_str()]);
        let output = process.run(self.interrupt(), |_| {})?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

fn file(dir: &Utf8Path, number: usize) -> Utf8PathBuf {
    dir.join(format!("{number}.go"))
}
