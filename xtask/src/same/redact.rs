//! Takes out of texts what no two runs share: the time at which Go's `log` printed a line, and the random
//! names of scratch directories.

/// What the time of a line looks like (`log.LstdFlags`): a digit for each zero.
const TIME: &str = "0000/00/00 00:00:00";

/// How names of scratch directories begin; six random letters and digits follow.
const SCRATCH: &str = "wasmcheck-";
const RANDOM: usize = 6;

/// A text without them.
pub(super) fn redact(text: &str) -> String {
    let mut redacted = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (written, taken) = if is_time(rest) {
            ("<time>", TIME.len())
        } else if is_scratch(rest) {
            ("<scratch>", SCRATCH.len() + RANDOM)
        } else {
            (&rest[..first.len_utf8()], first.len_utf8())
        };
        redacted.push_str(written);
        rest = &rest[taken..];
    }
    redacted
}

fn is_time(text: &str) -> bool {
    let same = |(pattern, byte): (u8, u8)| match pattern {
        b'0' => byte.is_ascii_digit(),
        other => other == byte,
    };
    text.len() >= TIME.len() && TIME.bytes().zip(text.bytes()).all(same)
}

fn is_scratch(text: &str) -> bool {
    let random = text.strip_prefix(SCRATCH).unwrap_or_default();
    let letters = random.bytes().take_while(u8::is_ascii_alphanumeric);
    letters.count() == RANDOM
}

#[cfg(test)]
mod tests {
    use super::redact;

    #[test]
    fn times_and_scratch_names_are_taken_out() {
        let text = "2026/11/27 11:52:43 ü /tmp/wasmcheck-r91xHg/a.wasm: 12/2";
        assert_eq!(redact(text), "<time> ü /tmp/<scratch>/a.wasm: 12/2");
        assert_eq!(redact("wasmcheck-of-the-user"), "wasmcheck-of-the-user");
        assert_eq!(redact("2026/11/27 11:52"), "2026/11/27 11:52");
    }
}
