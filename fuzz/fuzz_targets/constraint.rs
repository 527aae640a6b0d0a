//! Any name and any text have an answer on any platform: no panic, the same answer twice, and
//! nothing below the package clause changes it.
#![no_main]

use analyzer::{BuildPlatform, is_selected};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str, &str)| {
    let (name, tag, src) = input;
    let tags = [tag.to_owned()];
    for (goos, goarch, cgo) in [("js", "wasm", false), ("wasip1", "wasm", true), ("linux", "amd64", true)] {
        let platform = BuildPlatform {
            goos,
            goarch,
            cgo,
            tags: &tags,
            release: 26,
        };
        let selected = is_selected(platform, name, src);
        assert_eq!(selected, is_selected(platform, name, src));
        let outline = analyzer::outline(&std::sync::Arc::new(src.to_owned()));
        if outline.error.is_none() && !outline.package.is_empty() {
            let longer = format!("{src}\n//go:build ignore\n");
            assert_eq!(selected, is_selected(platform, name, &longer));
        }
    }
});
