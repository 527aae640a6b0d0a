//! Declarations that stand on a target for those which cannot: with the same names and signatures, and
//! functions that say what is not supported.

use std::collections::BTreeSet;

use super::pieces::{Func, Kind, Unit, all_tokens};
use crate::go::syntax::Tok;

/// What a stub does in the place of what it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Does {
    /// The declaration is the same as on other platforms.
    Same,
    /// A function does what it does on another platform that lacks the same.
    AsElsewhere,
    /// A question is answered with false.
    False,
    /// A function returns an error that wraps `errors.ErrUnsupported`.
    Error,
    /// A function panics.
    Panics,
    /// `func init` is left out.
    Nothing,
    /// A type without what the target lacks.
    Less,
    /// A variable without its value.
    Zero,
}

/// A declaration for a target.
#[derive(Clone, Debug)]
pub(super) struct Stub {
    pub(super) code: String,
    pub(super) does: Does,
}

/// Where a stub is made.
pub(super) struct Maker<'m> {
    /// Name of the package.
    pub(super) package: &'m str,
    /// What the stub is for, in words: `js and wasip1`.
    pub(super) targets: &'m str,
    /// How the packages `errors` and `fmt` are called in the file.
    pub(super) errors: &'m str,
    pub(super) fmt: &'m str,
}

/// A function of another platform with the same name.
pub(super) struct Model<'m> {
    pub(super) file: &'m str,
    pub(super) text: &'m str,
    pub(super) func: &'m Func,
}

/// Words in the names of functions on which somebody relies: none of these may succeed without doing its work.
const RELIED_ON: [&str; 23] = [
    "passw", "secret", "echo", "lock", "chmod", "chown", "perm", "owner", "sync", "flush", "rand",
    "entropy", "nonce", "verif", "valid", "auth", "setuid", "setgid", "secur", "crypt", "trust",
    "protect", "restrict",
];

/// Beginnings of questions.
const QUESTIONS: [&str; 5] = ["is", "has", "supports", "can", "have"];

/// Packages whose functions belong to the operating system.
const OF_SYSTEM: [&str; 9] = [
    "C",
    "net",
    "os",
    "os/exec",
    "os/signal",
    "os/user",
    "runtime/cgo",
    "syscall",
    "unsafe",
];

/// Names of these packages that are there and mean the same on every platform.
const EVERYWHERE: [(&str, &[&str]); 2] = [
    (
        "os",
        &[
            "Args",
            "Create",
            "ErrClosed",
            "ErrExist",
            "ErrInvalid",
            "ErrNotExist",
            "ErrPermission",
            "Exit",
            "File",
            "FileInfo",
            "FileMode",
            "Getenv",
            "IsExist",
            "IsNotExist",
            "IsPermission",
            "LookupEnv",
            "Mkdir",
            "MkdirAll",
            "O_CREATE",
            "O_EXCL",
            "O_RDONLY",
            "O_RDWR",
            "O_TRUNC",
            "O_WRONLY",
            "Open",
            "OpenFile",
            "PathError",
            "ReadDir",
            "ReadFile",
            "Remove",
            "RemoveAll",
            "Rename",
            "Stat",
            "Stderr",
            "Stdin",
            "Stdout",
            "WriteFile",
        ],
    ),
    (
        "syscall",
        &[
            "EACCES",
            "EEXIST",
            "EINVAL",
            "EIO",
            "EISDIR",
            "ENOENT",
            "ENOSYS",
            "ENOTDIR",
            "ENOTEMPTY",
            "EPERM",
            "Errno",
            "Getenv",
            "Signal",
            "Stderr",
            "Stdin",
            "Stdout",
        ],
    ),
];

/// Whether a package's name is there and means the same on every platform.
pub(super) fn is_everywhere(path: &str, name: &str) -> bool {
    let mut packages = EVERYWHERE.iter();
    packages.any(|(package, names)| *package == path && names.contains(&name))
}

/// Whether a package belongs to the operating system.
pub(super) fn is_of_system(path: &str) -> bool {
    OF_SYSTEM.contains(&path) || path.starts_with("golang.org/x/sys/") || path.contains("internal/")
}

impl Maker<'_> {
    /// A function or method that does not do its work; `models` are those of other platforms.
    pub(super) fn func(&self, src: &str, unit: &Unit, func: &Func, models: &[Model<'_>]) -> Stub {
        let name = unit.names.first().map_or("", String::as_str);
        if name == "init" {
            return Stub {
                code: String::new(),
                does: Does::Nothing,
            };
        }
        let results: Vec<&str> = func.results.iter().map(|r| src[r.clone()].trim()).collect();
        let relied_on = is_relied_on(name);
        let is_question = results == ["bool"] && is_question(name);
        // Another platform's yes is none here.
        let model = models
            .iter()
            .find(|m| !relied_on && !is_question && is_plain(m, &results));
        let (body, does) = if results.contains(&"error") {
            (self.error(name, &results), Does::Error)
        } else if let Some(model) = model {
            let body = model.func.body.clone().map_or("", |b| model.text[b].trim());
            (body.to_owned(), Does::AsElsewhere)
        } else if is_question && !relied_on {
            ("return false".to_owned(), Does::False)
        } else {
            (self.panic(name), Does::Panics)
        };
        let head = src[func.head.clone()].trim_end();
        let comment = comment(name, does, self.targets, model);
        let code = if body.is_empty() {
            format!("{comment}{head} {{}}")
        } else {
            format!("{comment}{head} {{\n\t{body}\n}}")
        };
        Stub { code, does }
    }

    fn error(&self, name: &str, results: &[&str]) -> String {
        let operation = format!("{}.{name}", self.package);
        let value = |ty: &&str| match *ty {
            "error" => format!(
                "{}.Errorf(\"{operation}: %w\", {}.ErrUnsupported)",
                self.fmt, self.errors
            ),
            other => zero(other),
        };
        // One error is enough.
        let mut seen = false;
        let values = results.iter().map(|ty| {
            let again = *ty == "error" && std::mem::replace(&mut seen, true);
            if again { "nil".to_owned() } else { value(ty) }
        });
        format!("return {}", values.collect::<Vec<_>>().join(", "))
    }

    fn panic(&self, name: &str) -> String {
        if (self.package, name) == ("main", "main") {
            return format!(
                "panic(\"this program is not supported on {}\")",
                self.targets
            );
        }
        format!(
            "panic(\"{}.{name} is not supported on {}\")",
            self.package, self.targets
        )
    }
}

/// The comment of a stub, in the form of Go's documentation comments.
fn comment(name: &str, does: Does, targets: &str, model: Option<&Model<'_>>) -> String {
    let name = name.rsplit('.').next().unwrap_or(name);
    match does {
        Does::Error => format!("// {name} returns [errors.ErrUnsupported] on {targets}.\n"),
        Does::Panics => format!("// {name} panics on {targets}.\n"),
        Does::False => format!("// {name} is false on {targets}.\n"),
        Does::AsElsewhere => {
            let file = model.map_or("", |m| m.file);
            format!("// {name} does the same on {targets} as in {file}.\n")
        }
        _ => String::new(),
    }
}

/// The zero value of a type.
fn zero(ty: &str) -> String {
    const NUMBERS: [&str; 18] = [
        "int",
        "int8",
        "int16",
        "int32",
        "int64",
        "uint",
        "uint8",
        "uint16",
        "uint32",
        "uint64",
        "uintptr",
        "byte",
        "rune",
        "float32",
        "float64",
        "complex64",
        "complex128",
        "time.Duration",
    ];
    const NIL: [&str; 7] = ["*", "[]", "map[", "chan ", "func(", "interface{", "<-chan"];
    match ty {
        "string" => "\"\"".to_owned(),
        "bool" => "false".to_owned(),
        "any" | "error" | "unsafe.Pointer" => "nil".to_owned(),
        _ if NUMBERS.contains(&ty) => "0".to_owned(),
        _ if NIL.iter().any(|start| ty.starts_with(start)) => "nil".to_owned(),
        _ => format!("*new({ty})"),
    }
}

fn is_relied_on(name: &str) -> bool {
    let name = name.to_lowercase();
    RELIED_ON.iter().any(|word| name.contains(word))
}

fn is_question(name: &str) -> bool {
    let name = name.rsplit('.').next().unwrap_or(name);
    QUESTIONS.iter().any(|start| {
        let inner = format!("{}{}", start[..1].to_uppercase(), &start[1..]);
        let asked = name
            .match_indices(&inner)
            .any(|(at, _)| name[at + inner.len()..].starts_with(|c: char| c.is_uppercase()));
        if asked {
            return true;
        }
        let begins = name
            .get(..start.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(start));
        let rest = name.get(start.len()..).filter(|_| begins);
        rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_uppercase() || c == '_'))
    })
}

/// Whether a function of another platform does nothing but answer with a constant, for the same results.
fn is_plain(model: &Model<'_>, results: &[&str]) -> bool {
    let same = model
        .func
        .results
        .iter()
        .map(|r| model.text[r.clone()].trim())
        .eq(results.iter().copied());
    let Some(body) = model.func.body.clone().filter(|_| same) else {
        return false;
    };
    let body = &model.text[body];
    let tokens = all_tokens(body);
    let constant = |t: &crate::go::syntax::Token| match t.tok {
        Tok::Return
        | Tok::Comma
        | Tok::Semi
        | Tok::Int
        | Tok::Float
        | Tok::String
        | Tok::Sub
        | Tok::Char => true,
        Tok::Ident => ["nil", "true", "false"].contains(&&body[t.start as usize..t.end as usize]),
        _ => false,
    };
    // The comment of a body would say why of another platform.
    !body.contains("//")
        && !body.contains("/*")
        && tokens.len() <= 12
        && tokens.iter().all(constant)
}

/// A type without the lines at which the targets lack something, or a variable without its value; none where nothing is
/// left.
pub(super) fn weaker(
    src: &str,
    unit: &Unit,
    faults: &BTreeSet<usize>,
    targets: &str,
) -> Option<Stub> {
    match unit.kind {
        Kind::Type => Some(Stub {
            code: weaker_type(src, unit, faults),
            does: Does::Less,
        }),
        Kind::Var => weaker_var(src, unit).map(|code| Stub {
            code: without_value(code, &unit.names, targets),
            does: Does::Zero,
        }),
        Kind::Const | Kind::Func(_) => None,
    }
}

/// A variable with a comment that says what it is.
fn without_value(code: String, names: &[String], targets: &str) -> String {
    let first = names.iter().find(|name| *name != "_");
    match first.filter(|_| !code.starts_with("//")) {
        Some(name) => format!("// {name} has no value on {targets}.\n{code}"),
        None => code,
    }
}

/// A struct without the fields at fault, any other type as an empty struct.
fn weaker_type(src: &str, unit: &Unit, faults: &BTreeSet<usize>) -> String {
    let code = unit.code_alone(src);
    let whole = &src[unit.code.clone()];
    let name = unit.names.first().map_or("", String::as_str);
    let Some(open) = code.find("struct {").filter(|_| whole.contains('\n')) else {
        let params = type_params(&code, name);
        return format!("type {name}{params} struct{{}}");
    };
    let first = src[..unit.code.start].matches('\n').count();
    let lines = whole.split_inclusive('\n').enumerate();
    let kept = lines.filter(|(n, _)| *n == 0 || !faults.contains(&(first + n)));
    let kept: String = kept.map(|(_, line)| line).collect();
    let head = &code[..open];
    let body = kept.split_once("struct {").map_or("}", |(_, body)| body);
    if faults.contains(&first) || braces(body) != -1 {
        return format!("{head}struct{{}}");
    }
    format!("{head}struct {{{body}")
}

/// Braces that are opened and not closed.
fn braces(text: &str) -> i32 {
    let tokens = all_tokens(text);
    tokens.iter().fold(0, |depth, t| match t.tok {
        Tok::LBrace => depth + 1,
        Tok::RBrace => depth - 1,
        _ => depth,
    })
}

/// `[K any]` of a generic type.
fn type_params<'c>(code: &'c str, name: &str) -> &'c str {
    let rest = code.split_once(name).map_or("", |(_, rest)| rest);
    let end = rest
        .find(']')
        .filter(|_| rest.starts_with('[') && !rest.starts_with("[]"));
    end.map_or("", |end| &rest[..=end])
}

/// A variable without its value, where its type is written down.
fn weaker_var(src: &str, unit: &Unit) -> Option<String> {
    let code = unit.code_alone(src);
    let (before, value) = code.split_once('=')?;
    let names = unit.names.join(", ");
    let declared = before
        .trim()
        .strip_prefix("var")?
        .trim()
        .strip_prefix(names.as_str())?
        .trim();
    if !declared.is_empty() {
        return Some(format!("var {names} {declared}"));
    }
    let value = value.trim();
    let (pointer, literal) = match value.strip_prefix('&') {
        Some(literal) => ("*", literal),
        None => ("", value),
    };
    let open = literal.find('{')?;
    let ty = literal[..open].trim();
    let plain = !ty.is_empty() && !ty.contains('(') && unit.names.len() == 1;
    plain.then(|| format!("var {names} {pointer}{ty}"))
}

#[cfg(test)]
mod tests {
    use super::super::pieces::Pieces;
    use super::*;

    const MAKER: Maker<'_> = Maker {
        package: "p",
        targets: "js and wasip1",
        errors: "errors",
        fmt: "fmt",
    };

    fn stub(decl: &str) -> (String, Does) {
        let src = format!("package p\n{decl} {{ work() }}\n");
        let unit = &Pieces::of(&src).units[0];
        let Kind::Func(func) = &unit.kind else {
            panic!("{decl}")
        };
        let stub = MAKER.func(&src, unit, func, &[]);
        let body = stub.code.split_once("{\n\t").map_or("", |(_, body)| body);
        (body.trim_end_matches("\n}").to_owned(), stub.does)
    }

    #[test]
    fn stubs_say_what_they_cannot_do() {
        let error = "fmt.Errorf(\"p.F: %w\", errors.ErrUnsupported)";
        for (decl, body, does) in [
            ("func F() error", format!("return {error}"), Does::Error),
            (
                "func F() (n int, s string, b []byte, t T, err error)",
                format!("return 0, \"\", nil, *new(T), {error}"),
                Does::Error,
            ),
            (
                "func F(x int) int",
                "panic(\"p.F is not supported on js and wasip1\")".to_owned(),
                Does::Panics,
            ),
            (
                "func isTerminal(fd int) bool",
                "return false".to_owned(),
                Does::False,
            ),
            (
                "func isolate() bool",
                "panic(\"p.isolate is not supported on js and wasip1\")".to_owned(),
                Does::Panics,
            ),
            (
                "func isLocked() bool",
                "panic(\"p.isLocked is not supported on js and wasip1\")".to_owned(),
                Does::Panics,
            ),
            (
                "func İsolated() bool",
                "panic(\"p.İsolated is not supported on js and wasip1\")".to_owned(),
                Does::Panics,
            ),
            ("func init()", String::new(), Does::Nothing),
        ] {
            assert_eq!(stub(decl), (body, does), "{decl}");
        }
        let (body, _) = stub("func (t *T) F() error");
        assert_eq!(
            body,
            "return fmt.Errorf(\"p.T.F: %w\", errors.ErrUnsupported)"
        );
    }

    #[test]
    fn functions_that_others_rely_on_are_no_silent_success() {
        let model = |name: &str, body: &str| {
            let text = format!("package p\nfunc {name}() bool {{ {body} }}\n");
            let pieces = Pieces::of(&text);
            let Kind::Func(func) = &pieces.units[0].kind else {
                panic!("{name}")
            };
            let models = [Model {
                file: "p_windows.go",
                text: &text,
                func,
            }];
            MAKER.func(&text, &pieces.units[0], func, &models).does
        };
        assert_eq!(model("fast", "return true"), Does::AsElsewhere);
        assert_eq!(model("fast", "return work()"), Does::Panics);
        assert_eq!(model("verify", "return true"), Does::Panics);
    }

    #[test]
    fn types_and_variables_lose_what_is_missing() {
        let weaker = |decl: &str, faults: &[usize]| {
            let src = format!("package p\n{decl}\n");
            super::weaker(
                &src,
                &Pieces::of(&src).units[0],
                &faults.iter().copied().collect(),
                "js",
            )
            .map(|stub| stub.code)
        };
        assert_eq!(
            weaker("type T struct {\n\ta int\n\tb unix.X\n}", &[3]).as_deref(),
            Some("type T struct {\n\ta int\n}")
        );
        assert_eq!(
            weaker("type T = unix.X", &[1]).as_deref(),
            Some("type T struct{}")
        );
        assert_eq!(
            weaker("type T[K any] unix.X", &[1]).as_deref(),
            Some("type T[K any] struct{}")
        );
        assert_eq!(
            weaker("var X int = unix.X", &[1]).as_deref(),
            Some("// X has no value on js.\nvar X int")
        );
        assert_eq!(
            weaker("var X = map[string]int{\n\t\"a\": unix.X,\n}", &[2]).as_deref(),
            Some("// X has no value on js.\nvar X map[string]int")
        );
        assert_eq!(
            weaker("var X = &T{unix.X}", &[1]).as_deref(),
            Some("// X has no value on js.\nvar X *T")
        );
        assert_eq!(weaker("var X = unix.X", &[1]), None);
    }
}
