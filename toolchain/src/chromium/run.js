// Runs a program of GOOS=js as a page does, with Go's own wasm_exec.js, and tells wasmcheck what it
// prints and how it ends.
"use strict";
(async () => {
  const post = (path, body) => fetch(path, { method: "POST", body });

  // Pieces of output wait for the one before: order is kept.
  let waiting = "";
  let sending = Promise.resolve();
  const flush = () => {
    sending = sending.then(async () => {
      const text = waiting;
      waiting = "";
      if (text !== "") await post("said", text);
    });
    return sending;
  };
  const say = (fd, text) => {
    const first = waiting === "";
    waiting += JSON.stringify([fd, text]) + "\n";
    if (first) flush();
  };
  let ended = false;
  const end = async (told) => {
    if (ended) return;
    ended = true;
    await flush();
    await flush();
    await post("end", JSON.stringify(told));
  };
  const thrown = (error) => end({ why: String(error?.message ?? error) });
  addEventListener("error", (event) => thrown(event.error ?? event.message));
  addEventListener("unhandledrejection", (event) => thrown(event.reason));

  // What the page's console would show; wasm_exec.js keeps a last line without its end to itself.
  const decoders = [new TextDecoder(), new TextDecoder(), new TextDecoder()];
  const { writeSync } = globalThis.fs;
  globalThis.fs.writeSync = function (fd, bytes) {
    if (fd === 1 || fd === 2) say(fd, decoders[fd].decode(bytes, { stream: true }));
    return writeSync.call(this, fd, bytes);
  };

  try {
    const { args, env } = await (await fetch("given")).json();
    const go = new Go();
    go.argv = args;
    go.env = env;
    let code = 0;
    go.exit = (number) => {
      code = number;
    };
    const program = await WebAssembly.instantiateStreaming(fetch("program.wasm"), go.importObject);
    await go.run(program.instance);
    await end({ code });
  } catch (error) {
    await thrown(error);
  }
})();
