//! Text of strangers in Markdown, as GitHub and GitLab read it: it stays text, whatever it says.

use model::{visible, visible_lines};

/// A text of one line: nothing in it is markup, HTML, a mention or a reference.
pub(crate) fn text(text: &str) -> String {
    let mut out = String::new();
    for c in visible(text).chars() {
        match c {
            // A backslash before these two is shown by some readers, and does not keep a name from being notified.
            '@' => out.push_str("&#64;"),
            '#' => out.push_str("&#35;"),
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            c if c.is_ascii_punctuation() && !matches!(c, '.' | ',' | ':' | ';' | '/' | '"') => {
                out.extend(['\\', c]);
            }
            c => out.push(c),
        }
    }
    out
}

/// A text of one line as code.
pub(crate) fn code(text: &str) -> String {
    let text = visible(text);
    let ticks = "`".repeat(longest_run(&text) + 1);
    // Blanks at both ends belong to the marks.
    let gap = if ticks.len() > 1 || text.is_empty() {
        " "
    } else {
        ""
    };
    format!("{ticks}{gap}{text}{gap}{ticks}")
}

/// A code span for a cell of a table, in which a bar ends the cell even within code.
pub(crate) fn code_in_cell(text: &str) -> String {
    code(text).replace('|', "\\|")
}

/// Lines as a block of text that nothing in them ends.
pub(crate) fn block(lines: &[impl AsRef<str>]) -> String {
    let lines: Vec<&str> = lines.iter().map(AsRef::as_ref).collect();
    let text = visible_lines(&lines.join("\n")).into_owned();
    let fence = "`".repeat(longest_run(&text).max(2) + 1);
    format!("{fence}text\n{text}\n{fence}\n")
}

/// The length of the longest run of backticks.
fn longest_run(text: &str) -> usize {
    let runs = text.split(|c| c != '`').map(str::len);
    runs.max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_no_markup() {
        assert_eq!(
            text("<img src=x> [a](b) *c* `d` @team #7 a|b"),
            r"&lt;img src\=x\> \[a\]\(b\) \*c\* \`d\` &#64;team &#35;7 a\|b"
        );
        assert_eq!(text("a.Name, b/c: d"), "a.Name, b/c: d");
    }

    #[test]
    fn nothing_ends_code() {
        assert_eq!(code("a"), "`a`");
        assert_eq!(code("a`` b"), "``` a`` b ```");
        assert_eq!(code_in_cell("a|b"), "`a\\|b`");
        let lines = ["```", "# title", "````"];
        assert_eq!(block(&lines), "`````text\n```\n# title\n````\n`````\n");
        assert_eq!(block(&["a\u{1b}[31m"]), "```text\na\\u{1b}[31m\n```\n");
    }
}
