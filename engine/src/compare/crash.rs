//! What Go's runtime prints when a program crashes (`runtime/panic.go`, `runtime/traceback.go`).

use model::Frame;

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
        message: message.trim_end().to_owned(),
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
    pairs.collect()
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
        function: function.to_owned(),
        file: file.to_owned(),
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
}
