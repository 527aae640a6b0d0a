//! Calls to the host, written down as they happen: what was asked for, and what came of it.

use std::fmt;
use std::io::Write;
use std::time::Duration;

use model::Frame;

use crate::errno;

/// Bytes of a text in memory that are shown.
const SHOWN: usize = 120;

/// Characters of a message, of a function's name or of a file's that are kept.
const LONGEST: usize = 1000;

/// Bytes of a trace, after which it ends: a guest may call the host as often as it likes.
const MOST: u64 = 256 << 20;

/// Where calls are written.
pub(crate) struct Trace {
    out: Box<dyn Write + Send>,
    /// Without times, which differ from run to run.
    same: bool,
    /// Bytes that may still be written.
    left: u64,
}

impl Trace {
    pub(crate) fn new(out: Box<dyn Write + Send>, same: bool) -> Self {
        Self {
            out,
            same,
            left: MOST,
        }
    }

    fn line(&mut self, line: fmt::Arguments<'_>) {
        let line = format!("{line}\n");
        // Whoever closes the trace has seen enough.
        let _ = match self.left.checked_sub(line.len() as u64) {
            Some(left) => {
                self.left = left;
                self.out.write_all(line.as_bytes())
            }
            None if self.left > 0 => {
                self.left = 0;
                writeln!(
                    self.out,
                    "the trace ends here: it is {} MiB long",
                    MOST >> 20
                )
            }
            None => Ok(()),
        };
    }

    /// One call; none for an errno when it does not return.
    pub(crate) fn call(
        &mut self,
        name: &str,
        args: &[i64],
        errno: Option<i32>,
        time: Duration,
        memory: &[u8],
    ) {
        let args = arguments(name, args, memory).join(", ");
        let result = match errno {
            None => "does not return".to_owned(),
            Some(0) => "ok".to_owned(),
            Some(errno) => {
                let known = usize::try_from(errno).ok().filter(|n| *n < errno::COUNT);
                known.map_or_else(|| errno.to_string(), |n| errno::name(n).to_owned())
            }
        };
        let time = if self.same || errno.is_none() {
            String::new()
        } else {
            format!(" ({} us)", time.as_micros())
        };
        self.line(format_args!("{name}({args}) = {result}{time}"));
    }
}

impl Trace {
    /// One call of a host whose functions and errors have names, on one thing.
    pub(crate) fn named(&mut self, name: &str, about: &str, result: &str) {
        let about = quoted(about.as_bytes());
        self.line(format_args!("{name}({about}) = {result}"));
    }

    /// Who made a call that failed.
    pub(crate) fn stack(&mut self, stack: &[Frame]) {
        for frame in stack {
            let Frame {
                function,
                file,
                line,
            } = frame;
            self.line(format_args!("    {function} {file}:{line}"));
        }
    }
}

/// The file that a call names.
pub(crate) fn about(name: &str, args: &[i64], memory: &[u8]) -> Option<String> {
    let at = *texts(name).first()?;
    text(memory, *args.get(at)?, *args.get(at + 1)?).filter(|text| text != "\"\"")
}

/// Arguments, texts in memory in their place.
fn arguments(name: &str, args: &[i64], memory: &[u8]) -> Vec<String> {
    let texts = texts(name);
    let mut shown = Vec::new();
    let mut at = 0;
    while let Some(arg) = args.get(at) {
        if texts.contains(&at)
            && let Some(text) = args.get(at + 1).and_then(|len| text(memory, *arg, *len))
        {
            shown.push(text);
            at += 2;
        } else {
            shown.push(arg.to_string());
            at += 1;
        }
    }
    shown
}

/// Positions of the texts among the arguments of a function: each is an address, and a length
/// behind it (WASI preview 1, docs.md).
fn texts(name: &str) -> &'static [usize] {
    match name {
        "path_create_directory"
        | "path_remove_directory"
        | "path_unlink_file"
        | "path_readlink" => &[1],
        "path_filestat_get" | "path_filestat_set_times" | "path_open" => &[2],
        "path_rename" => &[1, 4],
        "path_symlink" => &[0, 3],
        "path_link" => &[2, 5],
        _ => &[],
    }
}

fn text(memory: &[u8], at: i64, len: i64) -> Option<String> {
    // Arguments are numbers of 32 bits.
    let [at, len] = [at, len].map(|n| usize::try_from(n & 0xffff_ffff).ok());
    let bytes = memory.get(at?..)?.get(..len?)?;
    Some(quoted(bytes))
}

/// The beginning of a text in quotes.
pub(crate) fn quoted(bytes: &[u8]) -> String {
    let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(SHOWN)]);
    let more = if bytes.len() > SHOWN { "…" } else { "" };
    format!("{shown:?}{more}")
}

/// The beginning of a text that a guest chose, for a message that is kept.
pub(crate) fn shortened(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(LONGEST) {
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stand_in_their_place() {
        let memory = b"..etc/hosts";
        assert_eq!(
            arguments("path_open", &[3, 1, 2, 9, 0], memory),
            ["3", "1", "\"etc/hosts\"", "0"]
        );
        assert_eq!(
            arguments("path_unlink_file", &[3, 5, 900], memory),
            ["3", "5", "900"]
        );
        assert_eq!(arguments("fd_close", &[-1], memory), ["-1"]);
    }

    #[test]
    fn a_trace_ends_and_says_so() {
        let mut trace = Trace::new(Box::new(std::io::sink()), true);
        trace.left = 30;
        trace.named("fs.open", &"x".repeat(1 << 20), "ok");
        assert_eq!(trace.left, 0, "it was too long for what was left");
        trace.named("fs.open", "", "ok");
        assert_eq!(trace.left, 0);
    }

    #[test]
    fn what_a_guest_makes_long_is_cut() {
        assert!(quoted(&vec![b'x'; 1 << 20]).len() < 2 * SHOWN);
        assert_eq!(shortened("é".repeat(2000)).chars().count(), LONGEST + 1);
        assert_eq!(shortened("short".to_owned()), "short");
    }
}
