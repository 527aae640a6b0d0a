// What Go's wasm_exec.js and programs of GOOS=js expect of a host: the part of Node's global objects
// that syscall (fs_js.go, syscall_js.go), time, crypto/rand and wasm_exec.js itself use. What is not
// here is undefined, as on any host that lacks it: there is no `require`, no network, no `eval`.
const host = globalThis.wasmcheckHost;
delete globalThis.wasmcheckHost;

// Timers, and callbacks of files, which Node calls in a later turn of its event loop.
const timers = new Map();
let lastTimer = 0;

const addTimer = (work, wait, args, every) => {
  if (typeof work !== "function") throw new TypeError("the callback is not a function");
  const id = ++lastTimer;
  const ms = Number(wait) > 0 ? Number(wait) : 0;
  timers.set(id, { id, at: host.now() + ms, work, args, every: every ? Math.max(ms, 1) : 0 });
  return id;
};

const soon = (work, ...args) => addTimer(work, 0, args, false);

// The timer that is due next, those of one moment in the order in which they were set.
const nextTimer = () => {
  let next;
  for (const timer of timers.values()) {
    if (!next || timer.at < next.at) next = timer;
  }
  return next;
};

globalThis.setTimeout = (work, wait, ...args) => addTimer(work, wait, args, false);
globalThis.setInterval = (work, wait, ...args) => addTimer(work, wait, args, true);
globalThis.setImmediate = (work, ...args) => addTimer(work, 0, args, false);
globalThis.clearTimeout = (id) => void timers.delete(Number(id));
globalThis.clearInterval = globalThis.clearTimeout;
globalThis.clearImmediate = globalThis.clearTimeout;
globalThis.queueMicrotask = (work) => void Promise.resolve().then(work);

const shown = (value) => {
  if (typeof value === "string") return value;
  if (value instanceof Error) return value.stack ? `${value}\n${value.stack}` : String(value);
  if (typeof value === "object" && value !== null) {
    try {
      return JSON.stringify(value);
    } catch {
      return "[object]";
    }
  }
  return String(value);
};
const print = (fd) => (...values) => host.print(fd, values.map(shown).join(" ") + "\n");
const [log, warn] = [print(1), print(2)];
globalThis.console = { log, info: log, debug: log, warn, error: warn, trace: warn };

globalThis.TextEncoder = class TextEncoder {
  get encoding() {
    return "utf-8";
  }
  encode(text = "") {
    return new Uint8Array(host.encode(String(text).toWellFormed()));
  }
};
globalThis.TextDecoder = class TextDecoder {
  get encoding() {
    return "utf-8";
  }
  decode(bytes) {
    if (bytes === undefined) return "";
    return host.decode(new Uint8Array(bytes.buffer ?? bytes, bytes.byteOffset ?? 0, bytes.byteLength));
  }
};
const SystemDate = Date;
globalThis.Date = class Date extends SystemDate {
  constructor(...parts) {
    if (parts.length === 0) {
      super(host.wall());
    } else {
      super(...parts);
    }
  }
  static now() {
    return Math.floor(host.wall());
  }
};
globalThis.performance = { now: () => host.now(), timeOrigin: host.wall() - host.now() };
globalThis.crypto = {
  getRandomValues(into) {
    new Uint8Array(into.buffer, into.byteOffset, into.byteLength).set(
      new Uint8Array(host.random(into.byteLength)),
    );
    return into;
  },
};

// Files, where the host has any: as Node has them.
const failure = (code, call, path) => {
  const error = new Error(`${code}: ${call}${path ? ` '${path}'` : ""}`);
  error.code = code;
  error.syscall = call;
  return error;
};
const stats = (value) => ({
  ...value,
  isDirectory: () => (value.mode & 0o170000) === 0o040000,
  isFile: () => (value.mode & 0o170000) === 0o100000,
  isSymbolicLink: () => (value.mode & 0o170000) === 0o120000,
});
const ask = (call, { path = "", other = "", fd = 0, n = 0, m = 0 }) => {
  const { code, value } = host.file(call, String(path), String(other), Number(fd), Number(n), Number(m));
  if (code) throw failure(code, call, path);
  return call.endsWith("stat") ? stats(value) : value;
};
// What is asked for is done at once, so that it is known who asked; the answer comes in a later turn.
const answered = (work, done) => {
  let answer;
  try {
    answer = work();
  } catch (error) {
    soon(done, error);
    return;
  }
  soon(done, null, answer);
};
const asked = (call, args, done) => answered(() => ask(call, args), done);
const part = (buffer, offset, length) => new Uint8Array(buffer.buffer, buffer.byteOffset + offset, length);
const write = (fd, bytes, position) => {
  const { code, value } = host.write(fd, bytes, position ?? -1);
  if (code) throw failure(code, "write");
  return value;
};
const read = (fd, into, position) => {
  const { code, value } = host.read(fd, into, position ?? -1);
  if (code) throw failure(code, "read");
  return value;
};

const files = {
  constants: {
    O_RDONLY: 0,
    O_WRONLY: 1,
    O_RDWR: 2,
    O_CREAT: 64,
    O_EXCL: 128,
    O_TRUNC: 512,
    O_APPEND: 1024,
    O_DIRECTORY: 65536,
    O_SYNC: 1052672,
  },
  writeSync: (fd, buffer) => write(fd, buffer, null),
  write: (fd, buffer, offset, length, position, done) =>
    answered(() => write(fd, part(buffer, offset, length), position), done),
  // Whoever waits for standard input lets the others run first.
  read: (fd, buffer, offset, length, position, done) => {
    const work = () => read(fd, part(buffer, offset, length), position);
    if (fd === 0) soon(answered, work, done);
    else answered(work, done);
  },
  open: (path, flags, mode, done) => asked("open", { path, n: flags, m: mode }, done),
  close: (fd, done) => asked("close", { fd }, done),
  fsync: (fd, done) => asked("fsync", { fd }, done),
  fstat: (fd, done) => asked("fstat", { fd }, done),
  ftruncate: (fd, length, done) => asked("ftruncate", { fd, n: length }, done),
  fchmod: (fd, mode, done) => asked("fchmod", { fd, n: mode }, done),
  fchown: (fd, uid, gid, done) => asked("fchown", { fd, n: uid, m: gid }, done),
  stat: (path, done) => asked("stat", { path }, done),
  lstat: (path, done) => asked("lstat", { path }, done),
  readdir: (path, done) => asked("readdir", { path }, done),
  readlink: (path, done) => asked("readlink", { path }, done),
  mkdir: (path, mode, done) => asked("mkdir", { path, n: mode }, done),
  rmdir: (path, done) => asked("rmdir", { path }, done),
  unlink: (path, done) => asked("unlink", { path }, done),
  rename: (path, other, done) => asked("rename", { path, other }, done),
  link: (path, other, done) => asked("link", { path, other }, done),
  symlink: (path, other, done) => asked("symlink", { path, other }, done),
  truncate: (path, length, done) => asked("truncate", { path, n: length }, done),
  chmod: (path, mode, done) => asked("chmod", { path, n: mode }, done),
  chown: (path, uid, gid, done) => asked("chown", { path, n: uid, m: gid }, done),
  lchown: (path, uid, gid, done) => asked("lchown", { path, n: uid, m: gid }, done),
  utimes: (path, atime, mtime, done) => asked("utimes", { path, n: atime, m: mtime }, done),
};

const setUpNode = () => {
  globalThis.fs = files;
  globalThis.path = {
    resolve: (...parts) => host.resolve(parts.map(String)),
  };
  const [uid, gid] = host.owner();
  const process = {
    argv0: "node",
    title: "node",
    platform: "linux",
    pid: 2,
    ppid: 1,
    env: {},
    getuid: () => uid,
    getgid: () => gid,
    geteuid: () => uid,
    getegid: () => gid,
    getgroups: () => [gid],
    umask: (mask) => host.umask(mask ?? -1),
    cwd: () => host.cwd(),
    chdir: (path) => void ask("chdir", { path }),
    exit: (code) => host.exit(Number(code ?? 0)),
    // No signal comes, and nothing is done after the end.
    on: () => process,
    once: () => process,
    nextTick: (work, ...args) => globalThis.queueMicrotask(() => work(...args)),
    stdout: { write: (text) => host.print(1, String(text)) },
    stderr: { write: (text) => host.print(2, String(text)) },
  };
  globalThis.process = process;
};

// Of WebAssembly, what wasm_exec.js looks at: the program itself is run by the engine beside.
const Instance = class Instance {};
globalThis.WebAssembly = { Instance };

host.setUp = (node) => {
  if (node) setUpNode();
};

let go;
host.prepare = (args, env) => {
  go = new globalThis.Go();
  go.argv = args;
  go.env = Object.fromEntries(env);
  go.exit = (code) => host.exit(code);
  return go.importObject;
};

host.start = () => {
  const instance = new Instance();
  instance.exports = {
    mem: {
      get buffer() {
        return host.buffer();
      },
    },
    run: (argc, argv) => host.run(argc, argv),
    resume: () => host.resume(),
    getsp: () => host.getsp(),
  };
  go.run(instance).catch((error) => host.failed(shown(error)));
};

// How long until a timer is due, in milliseconds; -1 when there is none.
host.wait = () => {
  const next = nextTimer();
  return next ? Math.max(0, next.at - host.now()) : -1;
};

host.fire = () => {
  const timer = nextTimer();
  if (!timer) return;
  if (timer.every) {
    timers.delete(timer.id);
    timers.set(timer.id, { ...timer, at: host.now() + timer.every });
  } else {
    timers.delete(timer.id);
  }
  timer.work(...timer.args);
};

// Nothing is left that could wake the program: Go prints its goroutines (wasm_exec_node.js).
host.deadlock = () => {
  if (go.exited) return;
  go._pendingEvent = { id: 0 };
  go._resume();
};
