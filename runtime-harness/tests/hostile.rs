//! Calls to both hosts with values that nobody expects, chosen by numbers that are the same in each run;
//! the fuzz targets `wasi` and `js` look for more of them.

#[path = "common/hostile.rs"]
mod hostile;

/// Bytes of a seed (Marsaglia, "Xorshift RNGs", 2003).
fn bytes(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    std::iter::repeat_with(next).take(length).collect()
}

#[test]
fn calls_of_wasi_with_any_memory() {
    for seed in 0..400 {
        hostile::wasi(&bytes(seed, 300));
    }
}

#[test]
fn calls_of_javascript_with_any_values() {
    for seed in 0..60 {
        hostile::js(&bytes(seed, 600));
    }
}
