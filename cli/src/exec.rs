//! `wasmcheck exec` and `wasmcheck worker`: a program in the sandbox.

use std::process::ExitCode;

use engine::{Compiler, Exec, Interrupt, JsHost, MaxSizes};

use crate::args::{EngineArg, ExecArgs, JsHostArg, Profile};
use crate::output;

/// The exit code of a program whose results cannot be printed.
const REFUSED: u8 = 125;

/// Run the program; the exit code is its own, or says that it has none.
pub(crate) fn run(args: &ExecArgs, interrupt: &Interrupt) -> ExitCode {
    let exit = engine::exec(&exec(args), interrupt, output::complain);
    for result in &exit.results {
        if let Err(e) = output::print(&format!("{result}\n")) {
            output::fail(&e);
            return ExitCode::from(REFUSED);
        }
    }
    ExitCode::from(exit.code)
}

/// Run the task on standard input.
pub(crate) fn work(interrupt: &Interrupt) -> ExitCode {
    ExitCode::from(engine::worker(interrupt, output::complain))
}

fn exec(args: &ExecArgs) -> Exec {
    let args = args.clone();
    Exec {
        profile: args.profile.map(profile),
        dir: args.dir,
        read: args.read,
        env: args.env,
        timeout: args.timeout,
        sizes: MaxSizes {
            memory: args.max_memory,
            compile_memory: args.max_compile_memory,
            output: args.max_output,
            disk: args.max_disk,
        },
        deterministic: args.deterministic,
        trace: args.trace,
        invoke: args.invoke,
        cached: !args.no_cache,
        wasm_exec: args.wasm_exec,
        js_host: match args.js_host {
            JsHostArg::Node => JsHost::Node,
            JsHostArg::Browser => JsHost::Browser,
        },
        compiler: match args.engine {
            EngineArg::Winch => Compiler::Winch,
            EngineArg::Cranelift => Compiler::Cranelift,
        },
        report: args.report,
        again: std::env::var_os(engine::SUPERVISED)
            .is_none()
            .then(|| std::env::args_os().skip(1).collect()),
        file: args.file,
        args: args.args,
    }
}

fn profile(profile: Profile) -> engine::Profile {
    match profile {
        Profile::Nothing => engine::Profile::Nothing,
        Profile::Cwd => engine::Profile::Cwd,
        Profile::GoTest => engine::Profile::GoTest,
        Profile::Full => engine::Profile::Full,
    }
}
