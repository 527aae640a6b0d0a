module wasmcheck/oracle

go 1.22
