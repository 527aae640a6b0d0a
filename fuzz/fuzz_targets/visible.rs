//! Whatever a text says, people see it: nothing that a terminal obeys is left, what was shown once is not changed again,
//! and lines stay lines.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model::{is_hidden, visible, visible_lines};

fuzz_target!(|text: &str| {
    let line = visible(text);
    assert!(!line.contains(is_hidden), "{line:?}");
    assert_eq!(visible(&line), line);
    let lines = visible_lines(text);
    assert!(!lines.contains(|c| c != '\n' && is_hidden(c)), "{lines:?}");
    assert_eq!(lines.split('\n').count(), text.split('\n').count());
    assert_eq!(visible_lines(&lines), lines);
});
