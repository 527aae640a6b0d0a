//! What Go's runtime prints when a program crashes (`runtime/panic.go`, `runtime/traceback.go`).

use model::Frame;

/// Calls of a goroutine that are kept; the runtime itself prints a hundred.
const DEEPEST: usize = 200;
/// Characters of a message or of a name that are kept.
const LONGEST: usize = 1000;

/// The beginning of a text that a program printed.
pub(crate) fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A crash, read from standard error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Crash {
    /// `panic: …` or `fatal error: …`, its first line.
    pub(crate) message: String,
    /// The goroutine that is printed first, innermost call first.
    pub(crate) stack: Vec<Frame>,
}

/// Find the crash in what a program printed on standard error.
pub(crate) fn crash_in(stderr: &str) -> Option<Crash> {
    let mut lines = stderr.lines();
    let message = lines.find(|l| l.starts_with("panic: ") || l.starts_with("fatal error: "))?;
    let mut lines = lines.skip_while(|l| !l.starts_with("goroutine "));
    lines.next()?;
    let goroutine: Vec<&str> = lines.take_while(|l| !l.is_empty()).collect();
    Some(Crash {
        message: shortened(message.trim_end()),
        stack: frames(&goroutine),
    })
}

/// The calls of a goroutine, without the line that names it; whoever created it comes last.
pub(crate) fn frames(lines: &[&str]) -> Vec<Frame> {
    let pairs = lines.chunks_exact(2);
    let pairs = pairs.filter_map(|pair| match pair {
        [call, place] => frame(call, place),
        _ => None,
    });
    pairs.take(DEEPEST).collect()
}

/// `main.f(0x1, 0x2)` and `\t/dir/main.go:12 +0x34`
fn frame(call: &str, place: &str) -> Option<Frame> {
    let call = call.strip_prefix("created by ").unwrap_or(call);
    let function = match call.rfind('(') {
        Some(open) if call.ends_with(')') => &call[..open],
        _ => call.split(" in goroutine ").next().unwrap_or(call),
    };
    let place = place.trim().split(" +0x").next()?;
    let (file, line) = place.rsplit_once(':')?;
    Some(Frame {
        function: shortened(function),
        file: shortened(file),
        line: line.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_goroutine_is_read() {
        let text = "log\npanic: assignment to entry in nil map\n\ngoroutine 1 [running]:\nmain.(*T).f(...)\n\t/m/main.go:7\nmain.main()\n\t/m/main.go:76 +0x81\n\ngoroutine 5 [idle]:\nother.g()\n\t/m/g.go:1\n";
        let crash = crash_in(text).unwrap();
        assert_eq!(crash.message, "panic: assignment to entry in nil map");
        let stack: Vec<_> = crash
            .stack
            .iter()
            .map(|f| (f.function.as_str(), f.line))
            .collect();
        assert_eq!(stack, [("main.(*T).f", 7), ("main.main", 76)]);
        assert_eq!(crash_in("exit status 1"), None);
    }

    #[test]
    fn what_a_program_makes_long_or_deep_is_cut() {
        let long = "x".repeat(1 << 12);
        let call = format!("main.{long}(...)\n\t/m/{long}.go:7\n");
        let text = format!(
            "panic: {long}\n\ngoroutine 1 [running]:\n{}",
            call.repeat(DEEPEST + 9)
        );
        let crash = crash_in(&text).unwrap();
        assert_eq!(
            (crash.message.chars().count(), crash.stack.len()),
            (LONGEST + 1, DEEPEST)
        );
        let longest = |frame: &Frame| frame.function.len().max(frame.file.len()) < LONGEST + 9;
        assert!(crash.stack.iter().all(longest));
    }
}
