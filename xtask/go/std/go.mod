module wasmcheck/std

go 1.22
