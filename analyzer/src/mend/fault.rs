//! What the compiler says of a place, read for what is to be done about it.
//!
//! The texts are those of `internal/types/errors` and `cmd/compile/internal/types2`.

/// What is wrong at a place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cause {
    /// A name of the package itself is not declared.
    Name(String),
    /// A type of the package lacks a method or a field: `T.M`.
    Member(String),
    /// A name of another package is not declared: its qualifier, and the name.
    Qualified(String, String),
    /// An import that nothing uses.
    UnusedImport(String),
    /// A name is declared twice.
    Twice(String),
    /// Anything else.
    Other,
}

impl Cause {
    pub(super) fn of(message: &str) -> Self {
        let first = message.lines().next().unwrap_or_default();
        if let Some(name) = first.strip_prefix("undefined: ") {
            return match name.split_once('.') {
                Some((qualifier, name)) => Self::Qualified(qualifier.to_owned(), name.to_owned()),
                None => Self::Name(name.to_owned()),
            };
        }
        if let Some(name) = array_length(first) {
            return Self::Name(name.to_owned());
        }
        if let Some(rest) = first.strip_prefix('"')
            && let Some((path, rest)) = rest.split_once('"')
            && rest.ends_with("and not used")
        {
            return Self::UnusedImport(path.to_owned());
        }
        if let Some((name, _)) = first.split_once(" redeclared in this block") {
            return Self::Twice(name.to_owned());
        }
        missing_member(first)
            .or_else(|| missing_method(message))
            .map_or(Self::Other, Self::Member)
    }
}

/// `undefined array length N or missing type constraint`
fn array_length(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("undefined array length ")?;
    let (name, _) = rest.split_once(" or missing type constraint")?;
    local(name)
}

/// `x.f undefined (type *T has no field or method f)`
fn missing_member(line: &str) -> Option<String> {
    let (expr, rest) = line.split_once(" undefined (type ")?;
    let (ty, _) = rest.split_once(" has no field or method ")?;
    let member = expr.rsplit('.').next()?;
    Some(format!("{}.{member}", local(ty)?))
}

/// `*T does not implement I (missing method M)`
fn missing_method(message: &str) -> Option<String> {
    let (before, rest) = message.split_once(" does not implement ")?;
    let (_, rest) = rest.split_once("(missing method ")?;
    let method = rest.split(')').next()?;
    let ty = before.rsplit([' ', '\t', '\n']).next()?;
    Some(format!("{}.{method}", local(ty)?))
}

/// The name of a type that is the package's own.
fn local(ty: &str) -> Option<&str> {
    let name = ty.trim_start_matches('*');
    let name = name.split('[').next()?;
    let own = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    own.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read() {
        let member = |name: &str| Cause::Member(name.to_owned());
        for (message, cause) in [
            (
                "undefined: isTerminal",
                Cause::Name("isTerminal".to_owned()),
            ),
            (
                "undefined array length maxSize or missing type constraint",
                Cause::Name("maxSize".to_owned()),
            ),
            (
                "undefined: unix.Termios",
                Cause::Qualified("unix".to_owned(), "Termios".to_owned()),
            ),
            (
                "\"os\" imported and not used",
                Cause::UnusedImport("os".to_owned()),
            ),
            (
                "\"a.b/go-c\" imported as c and not used",
                Cause::UnusedImport("a.b/go-c".to_owned()),
            ),
            (
                "f redeclared in this block\n./a.go:3:6: other declaration of f",
                Cause::Twice("f".to_owned()),
            ),
            (
                "s.lock undefined (type *Store has no field or method lock)",
                member("Store.lock"),
            ),
            (
                "st.Mtim undefined (type *syscall.Stat_t has no field or method Mtim)",
                Cause::Other,
            ),
            (
                "cannot use &T[int]{} (value of type *T[int]) as I value in return statement: *T[int] does not implement I (missing method M)",
                member("T.M"),
            ),
            ("missing function body", Cause::Other),
        ] {
            assert_eq!(Cause::of(message), cause, "{message}");
        }
    }
}
