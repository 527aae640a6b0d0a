package main

import (
	"context"

	"github.com/tetratelabs/wazero"
)

func main() {
	ctx := context.Background()
	runtime := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
	defer runtime.Close(ctx)
	// (module (func (export "f") (result i32) i32.const 42))
	module, err := runtime.Instantiate(ctx, []byte("\x00asm\x01\x00\x00\x00\x01\x05\x01\x60\x00\x01\x7f\x03\x02\x01\x00\x07\x05\x01\x01f\x00\x00\x0a\x06\x01\x04\x00\x41\x2a\x0b"))
	if err != nil {
		panic(err)
	}
	got, err := module.ExportedFunction("f").Call(ctx)
	if err != nil || got[0] != 42 {
		panic(err)
	}
	println("ok")
}
