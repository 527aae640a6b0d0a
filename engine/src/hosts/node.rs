//! Node itself, with all that the user may do.

use std::time::Instant;

use camino::Utf8PathBuf;
use toolchain::Node;

use super::native::{inherited, own_env, started, tests_dir};
use super::{Host, HostSetup, TestCopy};
use crate::prepared::Prepared;
use crate::task::{Run, Task, TaskKind};

/// Runs programs of `GOOS=js` as Go's own wrapper does.
pub(super) struct NodeHost {
    node: Node,
    place: HostSetup,
    copy: TestCopy,
}

impl NodeHost {
    pub(super) fn new(node: Node, place: HostSetup) -> Self {
        Self {
            node,
            place,
            copy: TestCopy::default(),
        }
    }

    fn program(&self, task: &Task) -> Result<Run, String> {
        let prepared = Prepared::of(task)?;
        let env = prepared.env_outside();
        let mut program = self
            .node
            .program(&task.program, &prepared.dir, env, task.time);
        program.args.extend(task.arguments());
        program.stdin.clone_from(&prepared.stdin);
        program.whole = task.watched;
        let begun = Instant::now();
        let ended = self.place.start_outside(program)?;
        let mut run = started(self.name(), ended, begun.elapsed());
        prepared.finish(task, &mut run)?;
        Ok(run)
    }

    fn tests(&self, task: &Task) -> Result<Run, String> {
        let dir = self.copy.dir(&self.place.root, tests_dir(task)?)?;
        let mut env = own_env(self.copy.of(&self.place.root)?, &self.place.goroot, &dir);
        // Node sees the system's own list of users, which HOME and USER must agree with. The rest of
        // the environment may be more than wasm_exec.js takes.
        for (key, value) in inherited() {
            if matches!(key.as_str(), "HOME" | "USER") {
                env.retain(|(k, _)| *k != key);
                env.push((key, value));
            }
        }
        let mut program = self.node.program(&task.program, &dir, env, task.time);
        program.args.extend(task.arguments());
        super::native::logged(&self.place, program, self.name())
    }
}

impl Host for NodeHost {
    fn name(&self) -> String {
        format!("node {}", self.node.version)
    }

    fn run(&self, task: &Task) -> Result<Run, String> {
        match task.kind {
            TaskKind::Program => self.program(task),
            TaskKind::Tests => self.tests(task),
        }
    }

    fn test_copy(&self) -> Result<Option<Utf8PathBuf>, String> {
        self.copy.dir(&self.place.root, &self.place.root).map(Some)
    }
}
