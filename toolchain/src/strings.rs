//! Texts in double quotes, as Go writes them (Go specification, "String literals").

/// Bytes that may be looked at twice in any text.
const ROOM: usize = 1 << 20;

/// All that stands in double quotes on one line; those that are not UTF-8, or have an escape that there is not, are
/// passed over. None of a text in which quotes within quotes make that long work.
pub(crate) fn quoted(text: &[u8]) -> Option<Vec<String>> {
    let mut found = Vec::new();
    let mut work = 2 * text.len() + ROOM;
    for line in text.split(|byte| *byte == b'\n') {
        let mut rest = line;
        while let Some(start) = rest.iter().position(|byte| *byte == b'"') {
            // A quote may stand for itself in a comment: what begins at each is read.
            rest = &rest[start + 1..];
            let (read, length) = read(rest);
            work = work.checked_sub(length)?;
            found.extend(read.and_then(|bytes| String::from_utf8(bytes).ok()));
        }
    }
    Some(found)
}

/// What a text after its quote stands for, none without a quote that ends it; and how many bytes were looked at.
fn read(text: &[u8]) -> (Option<Vec<u8>>, usize) {
    let mut read = Vec::new();
    let mut bytes = text;
    loop {
        bytes = match bytes {
            [b'"', ..] => return (Some(read), text.len() - bytes.len()),
            [b'\\', rest @ ..] => match escape(rest, &mut read) {
                Some(rest) => rest,
                None => return (None, text.len() - bytes.len()),
            },
            [byte, rest @ ..] => {
                read.push(*byte);
                rest
            }
            [] => return (None, text.len()),
        };
    }
}

/// Read what follows a backslash; the rest of the text.
fn escape<'t>(text: &'t [u8], to: &mut Vec<u8>) -> Option<&'t [u8]> {
    let (first, rest) = text.split_first()?;
    let simple = match first {
        b'a' => 7,
        b'b' => 8,
        b't' => b'\t',
        b'n' => b'\n',
        b'v' => 11,
        b'f' => 12,
        b'r' => b'\r',
        b'\\' | b'"' => *first,
        b'x' => return number(rest, 2, 16, to),
        b'u' => return number(rest, 4, 16, to),
        b'U' => return number(rest, 8, 16, to),
        b'0'..=b'7' => return number(text, 3, 8, to),
        _ => return None,
    };
    to.push(simple);
    Some(rest)
}

/// Read a number of so many digits: a byte, or a character.
fn number<'t>(text: &'t [u8], digits: usize, radix: u32, to: &mut Vec<u8>) -> Option<&'t [u8]> {
    let (number, rest) = text.split_at_checked(digits)?;
    let number = u32::from_str_radix(std::str::from_utf8(number).ok()?, radix).ok()?;
    if digits < 4 {
        to.push(u8::try_from(number).ok()?);
    } else {
        let mut bytes = [0; 4];
        to.extend_from_slice(char::from_u32(number)?.encode_utf8(&mut bytes).as_bytes());
    }
    Some(rest)
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn escapes_are_those_of_go() {
        let text = br#"a "b" /* " */ "\x78\056\u00e9\t\"" "open
"\q" "next""#;
        let found = quoted(text).expect("texts");
        assert!(found.contains(&"b".to_owned()), "{found:?}");
        assert!(found.contains(&"x.\u{e9}\t\"".to_owned()), "{found:?}");
        assert!(found.contains(&"next".to_owned()), "{found:?}");
        assert!(!found.iter().any(|text| text.contains("open")), "{found:?}");
    }

    #[test]
    fn quotes_within_quotes_are_not_read_without_end() {
        assert_eq!(quoted("\\\"".repeat(1 << 16).as_bytes()), None);
        let plain = "\"x\" ".repeat(1 << 20);
        assert!(quoted(plain.as_bytes()).is_some());
    }
}
