//! What the thread that runs JavaScript may still ask of the system, where that is Linux: the files
//! of the guest's directories (landlock), no processes and no network (seccomp), no core file.
//!
//! The guest has no way to ask for anything else; this is for the day on which the interpreter has
//! a hole. What the kernel does not have is left out.

use crate::Preopen;

/// Confine this thread, and those that it starts.
#[cfg(target_os = "linux")]
pub(super) fn confine(dirs: &[Preopen]) -> Result<(), String> {
    no_core();
    files(dirs).map_err(|e| format!("cannot apply landlock rules: {e}"))?;
    calls()
}

/// Other systems have the process alone.
#[cfg(not(target_os = "linux"))]
#[expect(clippy::unnecessary_wraps, reason = "as on Linux")]
pub(super) fn confine(_: &[Preopen]) -> Result<(), String> {
    Ok(())
}

#[cfg(target_os = "linux")]
fn no_core() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    // Where it cannot be set, the guest's memory may be written to a file by the system.
    let _ = setrlimit(Resource::Core, none);
}

/// Whether the kernel does it, at least in part.
#[cfg(target_os = "linux")]
fn files(dirs: &[Preopen]) -> Result<bool, landlock::RulesetError> {
    use landlock::{
        ABI, Access, AccessFs, AccessNet, PathBeneath, PathFd, Ruleset, RulesetAttr,
        RulesetCreatedAttr, RulesetStatus,
    };
    // Rights of newer kernels than the running one are left out by the crate.
    let abi = ABI::V4;
    let mut rules = Ruleset::default()
        .handle_access(AccessFs::from_all(abi))?
        .handle_access(AccessNet::from_all(abi))?
        .create()?;
    for dir in dirs {
        let access = if dir.writable {
            AccessFs::from_all(abi) & !AccessFs::Execute
        } else {
            AccessFs::from_read(abi) & !AccessFs::Execute
        };
        // One that went away is not to be had.
        if let Ok(opened) = PathFd::new(&dir.host) {
            rules = rules.add_rule(PathBeneath::new(opened, access))?;
        }
    }
    let status = rules.restrict_self()?;
    Ok(status.ruleset != RulesetStatus::NotEnforced)
}

#[cfg(target_os = "linux")]
fn calls() -> Result<(), String> {
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch, apply_filter};
    let Ok(arch) = TargetArch::try_from(std::env::consts::ARCH) else {
        return Ok(());
    };
    let denied = denied().into_iter().map(|call| (call, Vec::new()));
    let eperm = u32::try_from(libc::EPERM).unwrap_or(1);
    let filter = SeccompFilter::new(
        denied.collect(),
        SeccompAction::Allow,
        SeccompAction::Errno(eperm),
        arch,
    );
    let program: Result<BpfProgram, _> = filter.and_then(TryInto::try_into);
    let program = program.map_err(|e| format!("cannot install the seccomp filter: {e}"))?;
    apply_filter(&program).map_err(|e| format!("cannot install the seccomp filter: {e}"))
}

/// Calls that start processes, reach the network, or look into other processes.
#[cfg(target_os = "linux")]
fn denied() -> Vec<i64> {
    vec![
        libc::SYS_execve,
        libc::SYS_execveat,
        libc::SYS_socket,
        libc::SYS_socketpair,
        libc::SYS_connect,
        libc::SYS_bind,
        libc::SYS_listen,
        libc::SYS_ptrace,
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
        libc::SYS_kill,
        libc::SYS_tkill,
        libc::SYS_bpf,
        libc::SYS_io_uring_setup,
        libc::SYS_mount,
        libc::SYS_unshare,
        libc::SYS_setns,
        libc::SYS_keyctl,
        libc::SYS_userfaultfd,
        libc::SYS_perf_event_open,
    ]
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use std::io::ErrorKind;
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    fn kind<T>(result: std::io::Result<T>) -> Option<ErrorKind> {
        result.err().map(|e| e.kind())
    }

    #[test]
    fn a_confined_thread_has_its_directories_and_nothing_else() {
        let [writable, readable, other] = [(); 3].map(|()| tempfile::tempdir().unwrap());
        let place = |dir: &tempfile::TempDir, writable| Preopen {
            host: dir.path().to_owned(),
            guest: "/".to_owned(),
            writable,
        };
        let dirs = [place(&writable, true), place(&readable, false)];
        let made = |dir: &tempfile::TempDir| dir.path().join("made");
        let paths = [made(&writable), made(&readable), made(&other)];
        let seen = thread::spawn(move || {
            no_core();
            let enforced = files(&dirs).unwrap();
            calls().unwrap();
            (
                enforced,
                paths.map(|path| kind(std::fs::File::create(path))),
                kind(TcpListener::bind("127.0.0.1:0")),
            )
        });
        let (enforced, files, net) = seen.join().unwrap();
        assert_eq!(net, Some(ErrorKind::PermissionDenied));
        assert_eq!(files[0], None);
        // Landlock is there since Linux 5.13, unless the system leaves it out.
        if enforced {
            let denied = Some(ErrorKind::PermissionDenied);
            assert_eq!(files[1..], [denied, denied]);
        }
        assert!(TcpListener::bind("127.0.0.1:0").is_ok(), "one thread alone");
    }
}
