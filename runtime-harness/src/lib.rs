//! The sandbox: wasm bytes in, observation out.
