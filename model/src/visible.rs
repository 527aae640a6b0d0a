//! Text that strangers wrote, for people: what a terminal obeys, what turns the direction of writing and what
//! nobody sees stands as `\u{…}`.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Ranges of characters that are not seen, in order: the property `Default_Ignorable_Code_Point` of Unicode, and the
/// separators of lines and paragraphs. Joiners and the selectors of variants are not among them, because they
/// belong to the spelling of languages and to emoji.
const UNSEEN: [(char, char); 17] = [
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180e}', '\u{180e}'),
    ('\u{200b}', '\u{200b}'),
    ('\u{200e}', '\u{200f}'),
    ('\u{2028}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fffb}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e0fff}'),
];

/// Stands in the text of a file for each byte that is part of no character, so that offsets count bytes of the file.
pub const SUBSTITUTE: char = '\u{1a}';

/// Whether a character is obeyed by a terminal, turns the direction of writing, or is not seen; the tab alone is
/// none of these.
pub fn is_hidden(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control() && c != '\t';
    }
    c.is_control()
        || UNSEEN
            .iter()
            .any(|(first, last)| (*first..=*last).contains(&c))
}

/// A text of one line: line breaks, too, stand as `\u{…}`.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) && !is_command(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    write_line(&mut out, text);
    Cow::Owned(out)
}

/// A text of several lines, which stay.
pub fn visible_lines(text: &str) -> Cow<'_, str> {
    let clean = |line: &str| !line.contains(is_hidden) && !is_command(line);
    if text.split('\n').all(clean) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            out.push('\n');
        }
        // As programs of other systems end their lines.
        write_line(&mut out, line.strip_suffix('\r').unwrap_or(line));
    }
    Cow::Owned(out)
}

/// A character as `\u{…}`.
pub fn write_escaped(out: &mut String, c: char) {
    let _ = write!(out, "{}", c.escape_unicode());
}

fn write_line(out: &mut String, line: &str) {
    let blank = line.len() - line.trim_start().len();
    let command = is_command(line).then_some(blank);
    for (at, c) in line.char_indices() {
        if is_hidden(c) || command == Some(at) {
            write_escaped(out, c);
        } else {
            out.push(c);
        }
    }
}

/// Whether a runner of continuous integration takes a line of a log as a command: `::error::`, `##[error]`,
/// `##vso[task.setvariable]` (GitHub Actions, "Workflow commands"; Azure Pipelines, "Logging commands").
fn is_command(line: &str) -> bool {
    let line = line.trim_start();
    let colons = line.strip_prefix("::");
    colons.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic()))
        || line.starts_with("##[")
        || line.starts_with("##vso[")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_written_out() {
        for (text, shown) in [
            ("\x1b[31mred\x1b]0;t\x07", r"\u{1b}[31mred\u{1b}]0;t\u{7}"),
            ("a\r\nb\0\x7f\u{9b}2J", r"a\u{d}\u{a}b\u{0}\u{7f}\u{9b}2J"),
            (
                "a\u{202e}b\u{2066}c\u{200f}\u{61c}",
                r"a\u{202e}b\u{2066}c\u{200f}\u{61c}",
            ),
            (
                "\u{2028}\u{2029}\u{feff}\u{e0041}",
                r"\u{2028}\u{2029}\u{feff}\u{e0041}",
            ),
        ] {
            assert_eq!(visible(text), shown);
        }
    }

    #[test]
    fn what_people_write_stays() {
        for text in [
            "",
            "a\tb",
            "naïve “x” – ✓ → …",
            "שלום",
            "👩‍💻",
            "\u{a0}",
            "::1: refused",
            "# x",
        ] {
            assert!(
                matches!(visible(text), Cow::Borrowed(same) if same == text),
                "{text:?}"
            );
        }
    }

    #[test]
    fn lines_stay_lines() {
        assert_eq!(visible_lines("a\r\nb\rc\n"), "a\nb\\u{d}c\n");
        assert!(matches!(visible_lines("a\nb\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn no_line_is_a_command_of_a_runner() {
        assert_eq!(visible("::error::x"), r"\u{3a}:error::x");
        assert_eq!(
            visible_lines("a\n  ::add-mask::x"),
            "a\n  \\u{3a}:add-mask::x"
        );
        assert_eq!(visible("##[error]x"), r"\u{23}#[error]x");
        assert_eq!(visible("##vso[x]"), r"\u{23}#vso[x]");
    }

    #[test]
    fn the_ranges_are_in_order() {
        assert!(UNSEEN.iter().all(|(first, last)| first <= last));
        assert!(UNSEEN.windows(2).all(|pair| pair[0].1 < pair[1].0));
    }
}
