//! The source line of a finding: text and place together, from bytes of the file to what is shown.

use std::ops::Range;

use model::{Finding, SUBSTITUTE, is_hidden, write_escaped};

/// Characters of a line that are shown.
const LONG: usize = 200;
/// Of a longer line, those that are shown before the place.
const BEFORE: usize = 60;

/// A source line as it is shown, and the place in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// The line, or the part of it around the place.
    pub text: String,
    /// The bytes of the text that the finding is about: whole characters. Empty behind the end of the line.
    pub place: Range<usize>,
}

impl Excerpt {
    /// What stands before the place, without indentation.
    pub fn before(&self) -> &str {
        self.text[..self.place.start].trim_start()
    }

    /// What the finding is about.
    pub fn marked(&self) -> &str {
        &self.text[self.place.clone()]
    }

    /// What stands behind it.
    pub fn after(&self) -> &str {
        &self.text[self.place.end..]
    }
}

/// The source line of a finding, if it is known.
pub fn excerpt(finding: &Finding) -> Option<Excerpt> {
    let source = finding.source.as_deref()?;
    let place = place(finding, source);
    Some(shown(source, &place))
}

/// The bytes of the source line that a finding is about, widened to characters: one character where the end is not
/// known, all but the indentation where the column is not known.
fn place(finding: &Finding, source: &str) -> Range<usize> {
    if finding.column == 0 {
        let end = source.trim_end().len();
        let indentation = source.len() - source.trim_start().len();
        return indentation.min(end)..end;
    }
    let at = |column: u32| (column as usize - 1).min(source.len());
    let start = source.floor_char_boundary(at(finding.column));
    let one = source[start..].chars().next().map_or(0, char::len_utf8);
    let end = match finding.end_column {
        _ if finding.end_line > finding.line => source.len(),
        0 => 0,
        column => source.ceil_char_boundary(at(column)),
    };
    start..end.max(start + one)
}

/// A line with all of its characters seen, and the place in it.
fn shown(source: &str, place: &Range<usize>) -> Excerpt {
    let window = window(source, place);
    let mut text = String::new();
    if window.start > 0 {
        text.push('…');
    }
    let (mut start, mut end) = (None, None);
    for (at, c) in source[window.clone()].char_indices() {
        let at = window.start + at;
        if at == place.start {
            start = Some(text.len());
        }
        if at == place.end {
            end = Some(text.len());
        }
        match c {
            SUBSTITUTE => text.push(char::REPLACEMENT_CHARACTER),
            c if is_hidden(c) => write_escaped(&mut text, c),
            c => text.push(c),
        }
    }
    let start = start.unwrap_or(text.len());
    let end = end.unwrap_or(text.len()).max(start);
    if window.end < source.len() {
        text.push('…');
    }
    Excerpt {
        text,
        place: start..end,
    }
}

/// The part of a line that is shown: all of it, or that around the place.
fn window(source: &str, place: &Range<usize>) -> Range<usize> {
    if source.char_indices().nth(LONG).is_none() {
        return 0..source.len();
    }
    let back = source[..place.start].char_indices().rev();
    let start = back.take(BEFORE).last().map_or(place.start, |(at, _)| at);
    // A place near the beginning needs no window of its own.
    let near = source[..place.start].chars().count() <= BEFORE;
    let start = if near { 0 } else { start };
    let end = source[start..].char_indices().nth(LONG);
    start..end.map_or(source.len(), |(at, _)| start + at)
}

#[cfg(test)]
mod tests {
    use crate::examples;

    use super::*;

    fn of(column: u32, end_column: u32, source: &str) -> Excerpt {
        let finding = Finding {
            line: 7,
            end_line: if end_column == 0 { 0 } else { 7 },
            column,
            end_column,
            source: Some(source.to_owned()),
            ..examples::finding("F1", "os.Pipe")
        };
        excerpt(&finding).unwrap()
    }

    fn marked(column: u32, end_column: u32, source: &str) -> String {
        of(column, end_column, source).marked().to_owned()
    }

    #[test]
    fn columns_count_bytes_and_are_widened_to_characters() {
        assert_eq!(marked(8, 15, "\tx :=  os.Pipe()"), "os.Pipe");
        assert_eq!(marked(8, 0, "\tx :=  os.Pipe()"), "o");
        assert_eq!(marked(20, 0, "func f() { println(“hi”) }"), "“");
        // Inside of a character, from both sides.
        assert_eq!(marked(2, 3, "é()"), "é");
        assert_eq!(marked(2, 2, "👩‍💻x"), "👩");
        assert_eq!(marked(7, 8, "a 😀 bcd"), " ");
        let after = of(9, 10, "“é” + gone");
        assert_eq!(
            (after.before(), after.marked(), after.after()),
            ("“é”", " ", "+ gone")
        );
    }

    #[test]
    fn a_place_behind_the_line_or_in_none_is_its_end() {
        for column in [10, 99, u32::MAX] {
            let behind = of(column, column, "os.Pipe()");
            assert_eq!((behind.place, behind.text.as_str()), (9..9, "os.Pipe()"));
        }
        assert_eq!(of(1, 1, "").place, 0..0);
        assert_eq!(of(5, 2, "os.Pipe()").marked(), "i");
    }

    #[test]
    fn without_a_column_the_whole_line_is_meant() {
        assert_eq!(marked(0, 0, "\tx := 1 "), "x := 1");
        assert_eq!(marked(0, 0, "  "), "");
        assert_eq!(marked(0, 0, ""), "");
    }

    #[test]
    fn what_is_not_seen_is_written_out_and_marked_as_a_whole() {
        assert_eq!(marked(5, 0, "var \u{202e}x = 1"), r"\u{202e}");
        assert_eq!(marked(1, 4, "\u{feff}var x = 1"), r"\u{feff}");
        let last = of(8, 9, "var \u{202e}x = 1");
        assert_eq!(
            (last.text.as_str(), last.marked()),
            (r"var \u{202e}x = 1", "x")
        );
        // A byte that is part of no character.
        assert_eq!(
            of(16, 0, "package lib // \u{1a}").text,
            "package lib // \u{fffd}"
        );
        assert_eq!(marked(2, 0, "p\0a\0"), r"\u{0}");
        assert_eq!(of(1, 2, "a\r\nb").text, r"a\u{d}\u{a}b");
    }

    #[test]
    fn of_a_long_line_the_part_around_the_place_is_shown() {
        let line = format!("{}GONE{}", "é".repeat(1000), "x".repeat(1000));
        let shown = of(2001, 2005, &line);
        assert_eq!(shown.marked(), "GONE");
        assert_eq!(shown.text.chars().count(), LONG + 2);
        assert!(shown.text.starts_with("…é") && shown.text.ends_with("x…"));
        let first = of(1, 0, &line);
        assert!(first.text.starts_with('é') && first.text.ends_with("é…"));
        let behind = of(9999, 0, &line);
        assert!(behind.text.ends_with('x') && behind.marked().is_empty());
    }
}
