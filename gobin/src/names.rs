//! What the linker's symbol names say.

/// Whether a function is one of the runtime's own.
pub(crate) fn is_runtime(name: &str) -> bool {
    ["runtime.", "internal/runtime/", "runtime/internal/"]
        .iter()
        .any(|start| name.starts_with(start))
}

/// One spelling for methods of values and of pointers, and for all instances of a generic one.
pub fn spelling(name: &str) -> String {
    let plain = name.split('[').next().unwrap_or(name);
    plain.replace("(*", "").replace(')', "")
}

/// The import path in a symbol name: up to the first dot after the last slash, both before the
/// first bracket; dots in its last element are written `%2e` (`cmd/internal/objabi/path.go`).
pub fn package(name: &str) -> Option<String> {
    let plain = name.split('[').next().unwrap_or(name);
    if plain.starts_with("go:") || plain.starts_with("type:") {
        return None;
    }
    let start = plain.rfind('/').map_or(0, |slash| slash + 1);
    let dot = start + plain[start..].find('.')?;
    Some(unescaped(&plain[..dot]))
}

/// `%2e` and the like.
fn unescaped(path: &str) -> String {
    let mut parts = path.split('%');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let byte = part
            .get(..2)
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        if let Some(byte) = byte.filter(u8::is_ascii) {
            text.push(char::from(byte));
            text.push_str(&part[2..]);
        } else {
            text.push('%');
            text.push_str(part);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_spelled_alike() {
        assert_eq!(spelling("os.(*File).Chmod"), spelling("os.File.Chmod"));
        assert_eq!(spelling("a.F[go.shape.int]"), "a.F");
        assert!(is_runtime("internal/runtime/maps.newobject") && !is_runtime("os.runtime_args"));
    }

    #[test]
    fn packages_end_at_a_dot() {
        for (name, path) in [
            ("os.(*File).Close", Some("os")),
            ("gopkg.in/yaml%2ev3.Marshal", Some("gopkg.in/yaml.v3")),
            ("example.com/a.F[example.com/b/c.T]", Some("example.com/a")),
            ("slices.Sort[go.shape.[]string]", Some("slices")),
            ("type:.eq.main.T", None),
            ("go:buildid", None),
            ("memeqbody", None),
            ("a%zz/b.F", Some("a%zz/b")),
        ] {
            assert_eq!(package(name).as_deref(), path, "{name}");
        }
    }
}
