"""What Go's go_wasip1_wasm_exec asks of the command `wasmtime`, over the package of that name.

    wasmtime run --dir=/ --env NAME=VALUE -W max-wasm-stack=BYTES FILE.wasm [ARGS]...
"""
import ctypes
import sys
import threading

import wasmtime
from wasmtime import _ffi


def stack(config, size):
    """The package has no name for the stack of asynchronous calls, which must not be smaller."""
    ask = _ffi.dll.wasmtime_config_async_stack_size_set
    ask.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    ask(ctypes.cast(config.ptr(), ctypes.c_void_p), 2 * size)
    config.max_wasm_stack = size


def run():
    config, wasi, args = wasmtime.Config(), wasmtime.WasiConfig(), sys.argv[2:]
    config.cache = True
    env = []
    while args and args[0].startswith("-"):
        option, args = args[0], args[1:]
        if option.startswith("--dir="):
            directory = option.removeprefix("--dir=")
            wasi.preopen_dir(directory, directory)
        elif option == "--env":
            env.append(args.pop(0).split("=", 1))
        elif option == "-W":
            stack(config, int(args.pop(0).removeprefix("max-wasm-stack=")))
        else:
            raise ValueError(f"wasmtime: {option} is not known here")
    wasi.argv, wasi.env = args, env
    wasi.inherit_stdin()
    wasi.inherit_stdout()
    wasi.inherit_stderr()
    engine = wasmtime.Engine(config)
    store = wasmtime.Store(engine)
    store.set_wasi(wasi)
    linker = wasmtime.Linker(engine)
    linker.define_wasi()
    instance = linker.instantiate(store, wasmtime.Module.from_file(engine, args[0]))
    try:
        instance.exports(store)["_start"](store)
    except wasmtime.ExitTrap as exit:
        return exit.code
    return 0


def main():
    codes = []
    threading.stack_size(64 << 20)
    thread = threading.Thread(target=lambda: codes.append(run()))
    thread.start()
    thread.join()
    sys.exit(codes[0] if codes else 134)


main()
