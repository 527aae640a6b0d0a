//! Signals and error numbers that a target lacks, under names of the package's own: those of the other platforms
//! there, and on the target values that never come.

use std::collections::BTreeMap;

use super::constraint::Targets;
use super::pieces::{Kind, Pieces, all_tokens};
use super::{Cause, Fault, Mender};
use crate::go::syntax::Tok;

/// Signals and error numbers that packages declare for this machine, by import path and name: their values, as
/// expressions of a file that imports package syscall.
#[derive(Clone, Debug, Default)]
pub struct Numbers(BTreeMap<(String, String), String>);

/// Error numbers of the target are smaller (`syscall/tables_wasip1.go`, `syscall/tables_js.go`).
const NO_ERROR: u64 = 0x7000;

impl Numbers {
    /// Read the constants of a file of a package, such as `zerrors_linux_amd64.go` of package syscall.
    pub fn read(&mut self, path: &str, text: &str) {
        for unit in Pieces::of(text).units {
            let ([name], Kind::Const) = (unit.names.as_slice(), &unit.kind) else {
                continue;
            };
            let code = unit.code_alone(text);
            let value = code
                .split_once('=')
                .and_then(|(_, value)| value_of(value.trim()));
            if let Some(value) = value {
                self.0.insert((path.to_owned(), name.clone()), value);
            }
        }
    }
}

/// `Signal(0x1c)`, `syscall.Errno(0x70)` as a value for a target.
fn value_of(value: &str) -> Option<String> {
    let (ty, number) = value.trim_start_matches("syscall.").split_once('(')?;
    let number = number.strip_suffix(')')?;
    match ty {
        "Signal" => Some(format!("syscall.Signal({number})")),
        "Errno" => {
            let digits = number
                .strip_prefix("0x")
                .map(|d| u64::from_str_radix(d, 16));
            let number = digits.unwrap_or_else(|| number.parse()).ok()?;
            Some(format!("syscall.Errno({:#x})", NO_ERROR + number))
        }
        _ => None,
    }
}

/// A number under a name of the package's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shim {
    pub(super) targets: Targets,
    /// The value on the targets.
    pub(super) value: String,
}

/// The name of a shim: `syscallSIGUSR1`.
pub(super) fn name(path: &str, name: &str) -> String {
    let last = path.rsplit('/').next().unwrap_or(path);
    format!("{last}{name}")
}

impl Mender {
    /// The number of another package that a fault misses.
    pub(super) fn number(&self, fault: &Fault) -> Option<(String, String)> {
        if !matches!(Cause::of(&fault.message), Cause::Qualified(..)) {
            return None;
        }
        let number = self.foreign(fault)?;
        self.building
            .numbers
            .0
            .contains_key(&number)
            .then_some(number)
    }

    /// Put names of the package's own in the places of numbers.
    pub(super) fn shim(&mut self, numbers: &BTreeMap<(String, String), Targets>) {
        for (number, targets) in numbers {
            let Some(value) = self.building.numbers.0.get(number) else {
                continue;
            };
            let shim = self
                .plan
                .shims
                .entry(number.clone())
                .or_insert_with(|| Shim {
                    targets: Targets::new(),
                    value: value.clone(),
                });
            shim.targets.extend(targets.iter().copied());
        }
    }
}

/// A text with shims in the places of what they stand for; none where it has none of it.
pub(super) fn put(text: &str, shims: &BTreeMap<(String, String), Shim>) -> Option<String> {
    let imports = Pieces::of(text).imports;
    let names: BTreeMap<String, &str> = imports
        .iter()
        .map(|i| (i.name(), i.path.as_str()))
        .collect();
    let tokens = all_tokens(text);
    let word = |at: usize| &text[tokens[at].start as usize..tokens[at].end as usize];
    let (mut out, mut from) = (String::new(), 0);
    for at in 1..tokens.len().saturating_sub(1) {
        if tokens[at].tok != Tok::Dot
            || tokens[at - 1].tok != Tok::Ident
            || tokens[at + 1].tok != Tok::Ident
        {
            continue;
        }
        let selects = at >= 2 && tokens[at - 2].tok == Tok::Dot;
        let Some(path) = names.get(word(at - 1)).filter(|_| !selects) else {
            continue;
        };
        if shims.contains_key(&((*path).to_owned(), word(at + 1).to_owned())) {
            out.push_str(&text[from..tokens[at - 1].start as usize]);
            out.push_str(&name(path, word(at + 1)));
            from = tokens[at + 1].end as usize;
        }
    }
    (from > 0).then(|| out + &text[from..])
}
