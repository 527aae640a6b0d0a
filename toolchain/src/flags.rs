//! GOFLAGS: flags of the go command that the user always gives.
//!
//! They are separated by spaces; one with a space in it is quoted as a whole (`cmd/internal/quoted`).

use crate::error::Error;

/// GOFLAGS without `-mod` and `-modfile`, which wasmcheck chooses itself, and without `-n`, with which Go does
/// nothing.
///
/// # Errors
///
/// For a value of `-mod` that Go refuses (`cmd/go/internal/work`, `BuildModeInit`).
pub(crate) fn without_mod_flags(goflags: &str) -> Result<String, Error> {
    if let Some(value) = value_of_mod(goflags)
        && !["", "mod", "readonly", "vendor"].contains(&value)
    {
        return Err(Error::ModFlag {
            value: value.to_owned(),
        });
    }
    let kept = split(goflags).filter(|flag| !matches!(parts(flag).0, "mod" | "modfile" | "n"));
    Ok(kept.collect::<Vec<_>>().join(" "))
}

/// The value of `-mod`, if it is given.
pub(crate) fn value_of_mod(goflags: &str) -> Option<&str> {
    let mod_flags = split(goflags).filter_map(|flag| {
        let (name, value) = parts(flag);
        (name == "mod").then_some(value)
    });
    mod_flags.last()
}

/// Name and value of a flag.
fn parts(flag: &str) -> (&str, &str) {
    let bare = flag.trim_matches(['\'', '"']).trim_start_matches('-');
    bare.split_once('=').unwrap_or((bare, ""))
}

/// The flags, each with its quotes.
fn split(goflags: &str) -> impl Iterator<Item = &str> {
    let mut rest = goflags.trim_start();
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"'));
        let end = match quote {
            Some(q) => rest[1..].find(q).map_or(rest.len(), |i| i + 2),
            None => rest.find(char::is_whitespace).unwrap_or(rest.len()),
        };
        let (flag, after) = rest.split_at(end);
        rest = after.trim_start();
        Some(flag)
    })
}
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goflags_lose_only_what_we_choose_ourselves() {
        for (goflags, kept) in [
            ("-mod=mod", ""),
            (
                "-buildvcs=false --mod=vendor -modfile=x.mod -v",
                "-buildvcs=false -v",
            ),
            ("'-ldflags=-s -w' -mod=readonly", "'-ldflags=-s -w'"),
            ("-modcacherw  ", "-modcacherw"),
            ("-n -v --n=true", "-v"),
        ] {
            assert_eq!(without_mod_flags(goflags).unwrap(), kept);
        }
    }

    #[test]
    fn a_mode_that_go_refuses_is_refused() {
        let error = without_mod_flags("-v -mod=bogus").unwrap_err().to_string();
        assert!(error.contains("-mod=bogus not supported"), "{error}");
        // The last one is in force.
        assert!(without_mod_flags("-mod=bogus '-mod=vendor'").is_ok());
        assert_eq!(value_of_mod("-mod=mod '--mod=vendor'"), Some("vendor"));
        assert_eq!(value_of_mod("-modfile=vendor"), None);
    }
}
