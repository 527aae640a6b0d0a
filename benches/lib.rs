//! Benchmarks: `cargo bench --package benches`. Figures are printed, never asserted.
