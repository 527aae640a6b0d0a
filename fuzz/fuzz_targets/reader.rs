//! Any bytes are a Go file that can be read: no panic, no endless loop, errors inside the text.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let src = Arc::new(String::from_utf8_lossy(data).into_owned());
    let outline = analyzer::outline(&src);
    if let Some((pos, message)) = &outline.error {
        assert!(*pos as usize <= src.len(), "an error at {pos} of {}", src.len());
        assert!(!message.is_empty());
    }
    // Reading again says the same, and so does a file with one more newline that was whole.
    assert_eq!(outline, analyzer::outline(&src));
    if outline.error.is_none() {
        let longer = Arc::new(format!("{src}\n"));
        assert_eq!(outline, analyzer::outline(&longer));
    }
});
