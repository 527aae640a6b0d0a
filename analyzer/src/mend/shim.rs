//! Names of the system's packages that a target lacks, under names of the package's own: those of the other platforms
//! there, and on the target signals and error numbers that never come, and functions that do not do their work.

use std::collections::{BTreeMap, BTreeSet};

use super::constraint::{self, Targets};
use super::pieces::{Import, Kind, Pieces, all_tokens};
use super::plan::{Key, Made, Plan, words};
use super::render::{Rendered, new_file};
use super::stub::Does;
use super::{Cause, Fault, Lost, Mender};
use crate::go::facts::is_type;
use crate::go::syntax::{Tok, Token};

/// A package, by its import path, and a name that it exports.
pub(super) type Name = (String, String);

/// What the system's packages declare for this machine.
#[derive(Clone, Debug, Default)]
pub struct SystemNames {
    /// Signals and error numbers: their values, as expressions of a file that imports package syscall.
    numbers: BTreeMap<Name, String>,
    /// Functions of which the signature names nothing but predeclared types: each as a file that declares it alone.
    functions: BTreeMap<Name, String>,
}

/// Error numbers of the target are smaller (`syscall/tables_wasip1.go`, `syscall/tables_js.go`).
const NO_ERROR: u64 = 0x7000;

impl SystemNames {
    /// Read the signals and error numbers of a file of a package, such as `zerrors_linux_amd64.go` of package syscall.
    pub fn read_numbers(&mut self, path: &str, text: &str) {
        for unit in Pieces::of(text).units {
            let ([name], Kind::Const) = (unit.names.as_slice(), &unit.kind) else {
                continue;
            };
            let code = unit.code_alone(text);
            let value = code
                .split_once('=')
                .and_then(|(_, value)| value_of(value.trim()));
            if let Some(value) = value {
                self.numbers.insert((path.to_owned(), name.clone()), value);
            }
        }
    }

    /// Read the functions of a file of a package.
    pub fn read_functions(&mut self, path: &str, text: &str) {
        for unit in Pieces::of(text).units {
            let ([name], Kind::Func(func)) = (unit.names.as_slice(), &unit.kind) else {
                continue;
            };
            let head = text[func.head.clone()].trim_end();
            let exported = name.starts_with(char::is_uppercase) && !name.contains('.');
            if exported && names_predeclared_types(head) {
                let code = format!("package {}\n{head} {{}}\n", last(path));
                self.functions.insert((path.to_owned(), name.clone()), code);
            }
        }
    }

    fn contains(&self, name: &Name) -> bool {
        self.numbers.contains_key(name) || self.functions.contains_key(name)
    }
}

/// Whether the signature of a function names no types but predeclared ones.
fn names_predeclared_types(head: &str) -> bool {
    let mut tokens = all_tokens(head);
    // The one that ends each line.
    tokens.retain(|t| t.tok != Tok::Semi);
    let plain = |t: &Token| {
        matches!(
            t.tok,
            Tok::Ident
                | Tok::LParen
                | Tok::RParen
                | Tok::Comma
                | Tok::LBrack
                | Tok::RBrack
                | Tok::Mul
                | Tok::Int
        )
    };
    // `func` and the name come first.
    let Some(rest) = tokens.get(2..).filter(|rest| rest.iter().all(plain)) else {
        return false;
    };
    // The last identifier of each part is a type, or a name of which the type follows.
    let mut parts = rest
        .split(|t| matches!(t.tok, Tok::LParen | Tok::RParen | Tok::Comma))
        .map(|part| {
            part.iter()
                .rfind(|t| t.tok == Tok::Ident)
                .map(|t| (part.len(), t))
        });
    let mut ends_in_type = true;
    let sound = parts.all(|part| {
        let Some((len, ident)) = part else {
            return std::mem::replace(&mut ends_in_type, true);
        };
        let word = &head[ident.start as usize..ident.end as usize];
        ends_in_type = is_type(word);
        ends_in_type || len == 1
    });
    sound && ends_in_type
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

/// A name of a system's package under a name of the package's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shim {
    pub(super) targets: Targets,
    pub(super) stand_in: StandIn,
}

/// What stands for it on the targets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum StandIn {
    /// The value of a constant.
    Number(String),
    /// The declaration of a function, and what it does.
    Function(String, Does),
}

/// The name of a shim: `syscallSIGUSR1`.
fn own_name((path, name): &Name) -> String {
    format!("{}{name}", last(path))
}

/// The last part of an import path.
fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

impl Mender {
    /// The name of a system's package that a fault of a declaration misses, and that can be shimmed there. A function
    /// that cannot do its work takes the one that calls it with it, but for `main`.
    pub(super) fn shimmed(&self, fault: &Fault, key: &Key) -> Option<Name> {
        if !matches!(Cause::of(&fault.message), Cause::Qualified(..)) {
            return None;
        }
        let name = self.foreign(fault)?;
        let system = &self.building.system;
        let known =
            system.numbers.contains_key(&name) || (self.is_main(key) && system.contains(&name));
        known.then_some(name)
    }

    /// Whether a declaration is the `main` of a program.
    fn is_main(&self, key: &Key) -> bool {
        let Key::Original(file, number) = key else {
            return false;
        };
        let units = self.files.get(file).map(|text| Pieces::of(text).units);
        let unit = units.and_then(|units| units.into_iter().nth(*number));
        self.package == "main" && unit.is_some_and(|unit| unit.is("main"))
    }

    /// Put what targets have in the places of signals and error numbers that they lack, in a declaration that was made:
    /// those of package syscall for those of another package, and their values where that lacks them, too. False where
    /// nothing is put.
    pub(super) fn give_values(&mut self, key: &str, names: &BTreeMap<Name, Targets>) -> bool {
        let numbers = &self.building.system.numbers;
        let Some(made) = self.plan.stubs.get(key).cloned() else {
            return false;
        };
        let value = |name: &Name| {
            let value = numbers.get(name).filter(|_| names.contains_key(name))?;
            let same = name.0 == "syscall";
            Some(if same {
                value.clone()
            } else {
                format!("syscall.{}", name.1)
            })
        };
        let Some(code) = substitute(&made.code, &made.imports, &value) else {
            return false;
        };
        let lacking: Targets = names.values().flatten().copied().collect();
        let (here, others): (Targets, Targets) = made
            .targets
            .iter()
            .partition(|goos| lacking.contains(*goos));
        let mut given = Made {
            code,
            targets: here,
            ..made.clone()
        };
        if given.imports.iter().all(|i| i.path != "syscall") {
            given.imports.push(plain("syscall"));
        }
        if others.is_empty() {
            self.plan.stubs.insert(key.to_owned(), given);
        } else {
            let of_here = format!("{key} on {}", words(&given.targets));
            self.plan.stubs.insert(of_here, given);
            let targets = others;
            self.plan
                .stubs
                .insert(key.to_owned(), Made { targets, ..made });
        }
        true
    }

    /// Put names of the package's own in the places of those of the system's packages.
    pub(super) fn shim(&mut self, names: &BTreeMap<Name, Targets>) {
        for (name, targets) in names {
            let known = self.plan.shims.get(name).map(|shim| shim.targets.clone());
            let targets: Targets = known
                .into_iter()
                .flatten()
                .chain(targets.iter().copied())
                .collect();
            if let Some(stand_in) = self.stand_in(name, &targets) {
                self.plan
                    .shims
                    .insert(name.clone(), Shim { targets, stand_in });
            }
        }
    }

    fn stand_in(&self, name: &Name, targets: &Targets) -> Option<StandIn> {
        if let Some(value) = self.building.system.numbers.get(name) {
            return Some(StandIn::Number(value.clone()));
        }
        let source = self.building.system.functions.get(name)?;
        let unit = Pieces::of(source).units.into_iter().next()?;
        let Kind::Func(func) = &unit.kind else {
            return None;
        };
        let maker = super::stub::Maker {
            package: last(&name.0),
            targets: words(targets),
            errors: "errors",
            fmt: "fmt",
        };
        let stub = maker.func(source, &unit, func, &[]);
        let own = own_name(name);
        let code = stub
            .code
            .replacen(&format!("// {} ", name.1), &format!("// {own} "), 1);
        let code = code.replacen(&format!("func {}(", name.1), &format!("func {own}("), 1);
        Some(StandIn::Function(code, stub.does))
    }
}

/// The functions among shims.
pub(super) fn lost(shims: &BTreeMap<Name, Shim>) -> impl Iterator<Item = Lost> {
    shims.iter().filter_map(|((path, name), shim)| {
        let StandIn::Function(_, does) = shim.stand_in else {
            return None;
        };
        let name = format!("{}.{name}", last(path));
        Some(Lost { name, does })
    })
}

/// A text with shims in the places of what they stand for; none where it has none of it.
pub(super) fn put(text: &str, shims: &BTreeMap<Name, Shim>) -> Option<String> {
    let imports = Pieces::of(text).imports;
    let shim = |name: &Name| shims.contains_key(name).then(|| own_name(name));
    substitute(text, &imports, &shim)
}

/// A text with others in the places of names of packages; none where it has none of them.
fn substitute(
    text: &str,
    imports: &[Import],
    other: &dyn Fn(&Name) -> Option<String>,
) -> Option<String> {
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
        if let Some(other) = other(&((*path).to_owned(), word(at + 1).to_owned())) {
            out.push_str(&text[from..tokens[at - 1].start as usize]);
            out.push_str(&other);
            from = tokens[at + 1].end as usize;
        }
    }
    (from > 0).then(|| out + &text[from..])
}

/// An import without a name of its own.
fn plain(path: &str) -> Import {
    Import {
        alias: None,
        path: path.to_owned(),
        span: (0, 0),
    }
}

/// The constraint of the files that use names of a package for which there are shims; none where one of them has none.
fn users(path: &str, files: &BTreeMap<String, String>, plan: &Plan) -> Option<String> {
    let mut shims = plan.shims.clone();
    shims.retain(|name, _| name.0 == path);
    let users = files.iter().filter(|(_, text)| put(text, &shims).is_some());
    let terms: Option<BTreeSet<String>> = users
        .map(|(name, text)| constraint::of(name, text))
        .collect();
    let terms: Vec<String> = terms?.into_iter().collect();
    match terms.as_slice() {
        [] => None,
        [one] => Some(one.clone()),
        _ => Some(
            terms
                .iter()
                .map(|t| format!("({t})"))
                .collect::<Vec<_>>()
                .join(" || "),
        ),
    }
}

/// What a file of shims declares: names with their values, and functions.
#[derive(Default)]
struct Declared {
    constants: Vec<(String, String)>,
    variables: Vec<(String, String)>,
    functions: Vec<String>,
}

impl Declared {
    /// The declarations, as Go's formatter writes them.
    fn units(self) -> Vec<String> {
        let groups = [("const", self.constants), ("var", self.variables)];
        let groups = groups.into_iter().filter(|(_, values)| !values.is_empty());
        let groups = groups.map(|(keyword, values)| group(keyword, &values));
        groups.chain(self.functions).collect()
    }
}

/// Names with their values, one below the other.
fn group(keyword: &str, values: &[(String, String)]) -> String {
    if let [(name, value)] = values {
        return format!("{keyword} {name} = {value}");
    }
    let widest = values.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let lines = values
        .iter()
        .map(|(name, value)| format!("\t{name:widest$} = {value}\n"));
    format!("{keyword} (\n{})", lines.collect::<String>())
}

impl Rendered {
    /// The files that declare shims: for the targets, and for the other platforms.
    pub(super) fn shims(&mut self, package: &str, files: &BTreeMap<String, String>, plan: &Plan) {
        let mut groups: BTreeMap<(&str, &Targets), [Declared; 2]> = BTreeMap::new();
        for (name, shim) in &plan.shims {
            let own = own_name(name);
            let [here, there] = groups.entry((&name.0, &shim.targets)).or_default();
            let same = (own.clone(), format!("{}.{}", last(&name.0), name.1));
            match &shim.stand_in {
                StandIn::Number(value) => {
                    here.constants.push((own, value.clone()));
                    there.constants.push(same);
                }
                StandIn::Function(code, _) => {
                    here.functions.push(code.clone());
                    there.variables.push(same);
                }
            }
        }
        for ((path, targets), [here, there]) in groups {
            let suffix = constraint::suffix(targets);
            let on = words(targets);
            let lacks = if here.functions.is_empty() {
                format!(
                    "// What {path} lacks on {on}: signals and errors that never come there.\n\n"
                )
            } else {
                format!(
                    "// What {path} lacks on {on}: signals and errors that never come there, and functions that do not do their work.\n\n"
                )
            };
            let has = format!("// What {path} lacks on {on}, where it has that.\n\n");
            let of_targets = (
                constraint::only(targets),
                format!("{}_{suffix}", last(path)),
                &lacks,
                here.units(),
                vec!["syscall", "errors", "fmt"],
            );
            let users = users(path, files, plan);
            let of_others = (
                constraint::without(users.as_deref(), targets),
                format!("{}_not{suffix}", last(path)),
                &has,
                there.units(),
                vec![path],
            );
            for (expr, stem, head, units, paths) in [of_targets, of_others] {
                let name = self.free_name(files, &stem);
                let imports: Vec<Import> = paths.into_iter().map(plain).collect();
                let source = new_file(package, &expr, head, &imports, &units, plan, &name);
                self.files.insert(name, source);
            }
        }
    }
}
