//! A guest of wasip1 calls its host with any memory and any numbers: it is answered or ended, stays in
//! its root and within its limits, and nothing panics.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../runtime-harness/tests/common/hostile.rs"]
mod hostile;

fuzz_target!(|data: &[u8]| hostile::wasi(data));
