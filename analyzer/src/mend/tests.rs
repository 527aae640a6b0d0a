//! Packages that are mended, told what the compiler would say.

use super::*;

/// A package by its name and files.
fn named(name: &str, files: &[(&str, &str)]) -> Mender {
    let mut system = SystemNames::default();
    system.read_numbers(
        "syscall",
        "package syscall\nconst (\n\tSIGUSR1 = Signal(0xa)\n\tENOTSUP = Errno(0x5f)\n)\n",
    );
    system.read_numbers(
        "golang.org/x/sys/unix",
        "package unix\nconst (\n\tENOTEMPTY = syscall.Errno(0x27)\n)\n",
    );
    system.read_functions(
        "syscall",
        "package syscall\nfunc Umask(mask int) (oldmask int) { return 0 }\nfunc Kill(pid int, sig Signal) error\n",
    );
    let building = Building {
        native: ("linux".to_owned(), "amd64".to_owned()),
        tags: Vec::new(),
        release: 26,
        system: Arc::new(system),
    };
    let files = files
        .iter()
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    Mender::new(name, building, files.collect())
}

fn package(files: &[(&str, &str)]) -> Mender {
    named("p", files)
}

/// A fault on both builds, at the first place of a text.
fn faults(mender: &Mender, file: &str, at: &str, message: &str) -> Vec<Fault> {
    let text = &mender.texts()[file];
    let offset = text
        .find(at)
        .unwrap_or_else(|| panic!("no `{at}` in {file}:\n{text}"));
    let before = &text[..offset];
    let column = offset - before.rfind('\n').map_or(0, |n| n + 1) + 1;
    let fault = |goos| Fault {
        goos,
        file: file.to_owned(),
        line: u32::try_from(before.matches('\n').count() + 1).expect("a short text"),
        column: u32::try_from(column).expect("a short text"),
        message: message.to_owned(),
    };
    Goos::ALL.map(fault).to_vec()
}

fn changed(mender: &Mender) -> Vec<String> {
    mender.changes().into_iter().map(|c| c.name).collect()
}

#[test]
fn a_fallback_is_taken_in_and_given_up_where_it_does_not_help() {
    let files = [
        ("a.go", "package p\n\nfunc F() int { return f() }\n"),
        (
            "f_other.go",
            "//go:build plan9\n\npackage p\n\nfunc f() int { return x }\n",
        ),
        (
            "f_unix.go",
            "//go:build unix\n\npackage p\n\nimport \"syscall\"\n\nfunc f() int { return syscall.F() }\n",
        ),
    ];
    let mut mender = package(&files);
    let told = faults(&mender, "a.go", "f() }", "undefined: f");
    assert!(mender.mend(&told));
    assert_eq!(mender.kind(), Some(EditKind::Constraint));
    assert!(mender.texts()["f_other.go"].starts_with("//go:build plan9 || wasip1 || js\n"));
    // The compiler does not like it.
    let worse = faults(&mender, "f_other.go", "return", "undefined: x");
    assert!(mender.mend(&worse));
    assert_eq!(changed(&mender), ["f_wasm.go"]);
    assert!(
        mender.texts()["f_wasm.go"].contains("panic(\"p.f is not supported on js and wasip1\")")
    );
}

#[test]
fn a_fallback_takes_no_name_that_another_file_has() {
    let mut mender = package(&[
        ("a.go", "package p\n\nvar x = f()\n"),
        ("f_js.go", "package p\n\nfunc f() int { return 1 }\n"),
        (
            "f_other.go",
            "//go:build !js\n\npackage p\n\nimport \"syscall\"\n\nfunc f() int { return syscall.F() }\n",
        ),
    ]);
    let mut told = faults(&mender, "f_other.go", "F()", "undefined: syscall.F");
    told.retain(|f| f.goos == Goos::Wasip1);
    assert!(mender.mend(&told));
    let texts = mender.texts();
    assert!(texts["f_other.go"].starts_with("//go:build !js && !wasip1\n"));
    assert!(texts["f_others.go"].starts_with("//go:build js || wasip1\n"));
    assert!(!texts.contains_key("f_js.go"));
}

#[test]
fn what_the_version_of_go_leaves_out_is_not_taken_in() {
    let mut mender = package(&[
        ("a.go", "package p\n\nvar x = f()\n"),
        (
            "f.go",
            "//go:build go1.18 && !go1.22\n\npackage p\n\nfunc f() int { return 1 }\n",
        ),
    ]);
    let told = faults(&mender, "a.go", "f()", "undefined: f");
    assert!(!mender.mend(&told));
    assert!(mender.changes().is_empty());
}

#[test]
fn a_fallback_that_its_name_binds_is_renamed() {
    let mut mender = package(&[
        ("a.go", "package p\n\nvar x = f()\n"),
        ("f_js.go", "package p\n\nfunc f() int { return 1 }\n"),
    ]);
    let wasip1 = faults(&mender, "a.go", "f()", "undefined: f")
        .into_iter()
        .filter(|f| f.goos == Goos::Wasip1);
    assert!(mender.mend(&wasip1.collect::<Vec<_>>()));
    assert_eq!(changed(&mender), ["f_js.go", "f_other.go"]);
    let renamed = ("f_js.go".to_owned(), "f_other.go".to_owned());
    assert_eq!(mender.renamed(), BTreeMap::from([renamed]));
    assert!(mender.texts()["f_other.go"].starts_with("//go:build js || wasip1\n\npackage p\n"));
}

#[test]
fn what_is_at_fault_moves_and_a_stand_in_takes_its_place() {
    let text = "// Licence\r\n\r\n//go:build !windows\r\n\r\npackage p // of things\r\n\r\nimport (\r\n\t\"os\"\r\n\t\"syscall\"\r\n)\r\n\r\n// Lock locks.\r\nfunc Lock(f *os.File) error {\r\n\treturn syscall.Flock(int(f.Fd()), 1)\r\n}\r\n\r\nfunc Name(f *os.File) string { return f.Name() }\r\n";
    let mut mender = package(&[("a.go", text)]);
    let told = faults(&mender, "a.go", "syscall.Flock", "undefined: syscall.Flock");
    assert!(mender.mend(&told));
    assert_eq!(changed(&mender), ["a.go", "a_notwasm.go", "a_wasm.go"]);
    let texts = mender.texts();
    assert_eq!(
        texts["a.go"],
        "// Licence\r\n\r\n//go:build !windows\r\n\r\npackage p // of things\r\n\r\nimport (\r\n\t\"os\"\r\n)\r\n\r\nfunc Name(f *os.File) string { return f.Name() }\r\n"
    );
    assert!(
        texts["a_notwasm.go"]
            .starts_with("//go:build !windows && !wasip1 && !js\r\n\r\npackage p\r\n")
    );
    assert!(texts["a_notwasm.go"].contains("// Lock locks.\r\nfunc Lock(f *os.File) error {"));
    assert!(
        texts["a_wasm.go"].contains("return fmt.Errorf(\"p.Lock: %w\", errors.ErrUnsupported)\r\n")
    );
    for text in texts.values() {
        assert_eq!(
            text.matches('\n').count(),
            text.matches("\r\n").count(),
            "{text}"
        );
    }
    let lost = mender.lost();
    assert_eq!(
        lost.into_iter()
            .map(|l| (l.name, l.does))
            .collect::<Vec<_>>(),
        [("Lock".to_owned(), Does::Error)]
    );
    mender.take_back();
    assert!(mender.changes().is_empty());
}

#[test]
fn a_file_of_which_all_would_move_is_left_out() {
    let mut mender = package(&[(
        "a.go",
        "package p\n\nimport \"syscall\"\n\nfunc F() error { return syscall.Flock(1, 1) }\n",
    )]);
    let told = faults(&mender, "a.go", "syscall.Flock", "undefined: syscall.Flock");
    assert!(mender.mend(&told));
    assert_eq!(changed(&mender), ["a.go", "a_wasm.go"]);
    assert!(mender.texts()["a.go"].starts_with("//go:build !wasip1 && !js\n\npackage p\n"));
}

#[test]
fn a_signal_gets_a_name_of_the_package() {
    let mut mender = package(&[(
        "a.go",
        "package p\n\nimport (\n\t\"os/signal\"\n\t\"syscall\"\n)\n\nfunc main() { signal.Notify(c, syscall.SIGTERM, syscall.SIGUSR1) }\n",
    )]);
    let told = faults(
        &mender,
        "a.go",
        "syscall.SIGUSR1",
        "undefined: syscall.SIGUSR1",
    );
    assert!(mender.mend(&told));
    let texts = mender.texts();
    assert!(texts["a.go"].contains("syscall.SIGTERM, syscallSIGUSR1)"));
    assert!(texts["syscall_wasm.go"].contains("syscallSIGUSR1 = syscall.Signal(0xa)"));
    assert!(texts["syscall_notwasm.go"].contains("syscallSIGUSR1 = syscall.SIGUSR1"));
}

#[test]
fn what_a_stand_in_lacks_is_taken_from_it() {
    let mut mender = package(&[
        (
            "a.go",
            "package p\n\nfunc F() error { return open().Close() }\n",
        ),
        (
            "h_linux.go",
            "package p\n\nimport \"golang.org/x/sys/unix\"\n\ntype handle struct {\n\tname string\n\tstat unix.Stat_t\n}\n\nfunc open() *handle { return &handle{} }\n\nfunc (h *handle) Close() error { return unix.Close(1) }\n\nfunc (h *handle) Mode() uint32 { return h.stat.Mode }\n",
        ),
    ]);
    let told = faults(&mender, "a.go", "open()", "undefined: open");
    assert!(mender.mend(&told));
    // The constructor is portable, and brings its type with all methods.
    let told = faults(&mender, "h_wasm.go", "*handle", "undefined: handle");
    assert!(mender.mend(&told));
    let text = &mender.texts()["h_wasm.go"];
    assert!(
        text.contains("return &handle{}") && text.contains("stat unix.Stat_t"),
        "{text}"
    );
    assert!(text.contains("p.handle.Close: %w"), "{text}");
    let told = faults(
        &mender,
        "h_wasm.go",
        "unix.Stat_t",
        "undefined: unix.Stat_t",
    );
    assert!(mender.mend(&told));
    let text = &mender.texts()["h_wasm.go"];
    assert!(
        text.contains("type handle struct {\n\tname string\n}"),
        "{text}"
    );
    let told = faults(
        &mender,
        "h_wasm.go",
        "h.stat",
        "h.stat undefined (type *handle has no field or method stat)",
    );
    assert!(mender.mend(&told));
    let text = &mender.texts()["h_wasm.go"];
    assert!(
        text.contains("panic(\"p.handle.Mode is not supported"),
        "{text}"
    );
    assert!(!text.contains("golang.org/x/sys"), "{text}");
}

#[test]
fn a_package_that_is_not_there_takes_its_users_with_it() {
    let mut mender = package(&[(
        "a.go",
        "package p\n\nimport \"golang.org/x/sys/unix\"\n\ntype T = unix.Termios\n\nfunc get(fd int) (*unix.Termios, error) { return nil, nil }\n\nfunc IsTerminal(fd int) bool { _, err := get(fd); return err == nil }\n",
    )]);
    let both: Targets = Goos::ALL.into_iter().collect();
    assert!(mender.without_import("golang.org/x/sys/unix", &both));
    // Nothing can stand for a signature that names it.
    let told = faults(&mender, "a.go", "get(fd)", "undefined: get");
    assert!(mender.mend(&told));
    let all: String = mender
        .texts()
        .iter()
        .filter(|(name, _)| name.ends_with("_wasm.go"))
        .map(|(_, t)| t.as_str())
        .collect();
    assert!(
        all.contains("type T struct{}")
            && all.contains("func IsTerminal(fd int) bool {\n\treturn false\n}"),
        "{all}"
    );
    assert!(!all.contains("func get"), "{all}");
}

#[test]
fn no_text_makes_it_panic() {
    let text = "// é\npackage p // é\n\nimport (\n\t\"os\"\n\té \"a/b\"\n)\n\nconst (\n\tA = iota\n\tB\n)\n\nvar (\n\tC, D = é.X, 1 // é\n)\n\n/* é */\nfunc (t *T[K]) F(a, b int) (n int, é error) {\n\treturn os.Getuid(), `é`\n}\n\ntype T[K any] struct {\n\té int\n}\n";
    let ends = (0..text.len()).filter(|end| text.is_char_boundary(*end));
    for end in ends {
        let cut = &text[..end];
        let mut mender = package(&[("a.go", cut), ("b_linux.go", cut)]);
        for (line, message) in (1..).zip(
            [
                "undefined: F",
                "undefined: T",
                "undefined: os.X",
                "T.F undefined (type T has no field or method F)",
            ]
            .repeat(8),
        ) {
            for column in [0, 1, 9, 1000] {
                let fault = Fault {
                    goos: Goos::Js,
                    file: "a.go".to_owned(),
                    line,
                    column,
                    message: message.to_owned(),
                };
                mender.mend(&[fault]);
            }
        }
        assert!(mender.texts().contains_key("a.go"), "{cut}");
    }
}

#[test]
fn main_keeps_what_it_does_besides_a_function_that_the_system_lacks() {
    let main = "package main\n\nimport \"syscall\"\n\nfunc main() {\n\tsyscall.Umask(0)\n\tprintln(1)\n}\n";
    let mut mender = named("main", &[("main.go", main)]);
    let told = faults(&mender, "main.go", "Umask", "undefined: syscall.Umask");
    assert!(mender.mend(&told));
    let texts = mender.texts();
    assert!(texts["main.go"].contains("\tsyscallUmask(0)\n\tprintln(1)\n"));
    assert!(!texts["main.go"].contains("import"));
    assert!(
        texts["syscall_notwasm.go"]
            .ends_with("import \"syscall\"\n\nvar syscallUmask = syscall.Umask\n")
    );
    assert!(texts["syscall_wasm.go"].contains("func syscallUmask(mask int) (oldmask int) {\n\tpanic(\"syscall.Umask is not supported on js and wasip1\")"));
    assert_eq!(
        mender.lost().first().map(|l| l.name.as_str()),
        Some("syscall.Umask")
    );
}

#[test]
fn main_that_cannot_be_kept_says_so() {
    let main = "package main\n\nimport \"syscall\"\n\nfunc main() {\n\tsyscall.Kill(0, syscall.SIGUSR1)\n}\n";
    let mut mender = named("main", &[("main.go", main)]);
    let told = faults(&mender, "main.go", "Kill", "undefined: syscall.Kill");
    assert!(mender.mend(&told));
    let stub = &mender.texts()["main_wasm.go"];
    assert!(
        stub.contains("func main() {\n\tpanic(\"this program is not supported on js and wasip1\")"),
        "{stub}"
    );
}

#[test]
fn a_shim_is_built_where_the_files_are_that_use_it() {
    let watch =
        "//go:build !windows\n\npackage p\n\nimport \"syscall\"\n\nvar s = syscall.SIGUSR1\n";
    let mut mender = package(&[("watch.go", watch), ("p.go", "package p\n")]);
    let mut told = faults(&mender, "watch.go", "SIGUSR1", "undefined: syscall.SIGUSR1");
    told.retain(|f| f.goos == Goos::Js);
    assert!(mender.mend(&told));
    assert!(mender.texts()["syscall_notjs.go"].starts_with("//go:build !windows && !js\n"));
}

#[test]
fn a_file_that_asks_another_system_is_no_fallback() {
    let lock = "//go:build linux || nacl\n\npackage p\n\nimport \"os\"\n\nfunc f() bool { return os.Getpid() == 3 }\n";
    let mut mender = package(&[("a.go", "package p\n\nvar x = f()\n"), ("f_unix.go", lock)]);
    let told = faults(&mender, "a.go", "f()", "undefined: f");
    assert!(mender.mend(&told));
    assert_eq!(mender.kind(), Some(EditKind::Stub));
}

#[test]
fn a_question_is_not_answered_as_elsewhere() {
    let mut mender = package(&[
        ("a.go", "package p\n\nvar x = DefaultIsTerminal()\n"),
        (
            "t_windows.go",
            "package p\n\nfunc DefaultIsTerminal() bool { return true }\n",
        ),
        (
            "t_linux.go",
            "package p\n\nimport \"syscall\"\n\nfunc DefaultIsTerminal() bool { return syscall.Getppid() > 0 }\n",
        ),
    ]);
    let told = faults(
        &mender,
        "a.go",
        "DefaultIsTerminal",
        "undefined: DefaultIsTerminal",
    );
    assert!(mender.mend(&told));
    assert!(mender.texts()["t_wasm.go"].contains("return false"));
}

#[test]
fn a_licence_goes_along_with_what_is_taken() {
    let unix = "// Copyright B.\n\n//go:build unix\n\npackage p\n\nimport \"syscall\"\n\nfunc f() error { return syscall.Flock(1, 1) }\n";
    let mut mender = package(&[
        (
            "a.go",
            "// Copyright A.\n\npackage p\n\nimport \"syscall\"\n\nfunc F() error { return f() }\n\nvar x = syscall.F()\n",
        ),
        ("f_unix.go", unix),
    ]);
    let mut told = faults(&mender, "a.go", "syscall.F", "undefined: syscall.F");
    told.extend(faults(&mender, "a.go", "f() }", "undefined: f"));
    assert!(mender.mend(&told));
    let texts = mender.texts();
    assert!(texts["a_notwasm.go"].starts_with("// Copyright A.\n\n//go:build !wasip1 && !js\n"));
    assert!(texts["f_wasm.go"].starts_with("// Copyright B.\n\n//go:build wasip1 || js\n"));
}

#[test]
fn a_function_that_needs_nothing_of_its_platform_stays_as_it_is() {
    let unix = "package p\n\nimport (\n\t\"os\"\n\t\"syscall\"\n)\n\nfunc GetStdin() int { return syscall.Stdin }\n\nfunc width() int { return wide(int(os.Stdout.Fd())) }\n\nfunc parent() int { return os.Getppid() }\n";
    let mut mender = package(&[
        (
            "a.go",
            "package p\n\nvar x = GetStdin() + width() + parent()\n\nfunc wide(int) int { return 80 }\n",
        ),
        ("p_linux.go", unix),
    ]);
    let mut told = Vec::new();
    for name in ["GetStdin", "width", "parent"] {
        told.extend(faults(&mender, "a.go", name, &format!("undefined: {name}")));
    }
    assert!(mender.mend(&told));
    let text = &mender.texts()["p_wasm.go"];
    assert!(text.contains("{ return syscall.Stdin }"), "{text}");
    assert!(
        text.contains("{ return wide(int(os.Stdout.Fd())) }"),
        "{text}"
    );
    assert!(text.contains("panic(\"p.parent is not supported"), "{text}");
    // What the compiler does not like of one all the same gets a stand-in.
    let told = faults(
        &mender,
        "p_wasm.go",
        "syscall.Stdin",
        "undefined: syscall.Stdin",
    );
    assert!(mender.mend(&told));
    assert!(mender.texts()["p_wasm.go"].contains("panic(\"p.GetStdin is not supported"));
}

#[test]
fn a_panic_that_nothing_recovers_is_told() {
    let mut mender = package(&[
        (
            "a.go",
            "package p\n\nfunc F(t T) { go t.watch(); go func() { poll() }(); poll() }\n",
        ),
        (
            "t_linux.go",
            "package p\n\nimport \"syscall\"\n\ntype T int\n\nfunc (t T) watch() { syscall.Pause() }\n\nfunc poll() { syscall.Pause() }\n",
        ),
    ]);
    let mut told = faults(&mender, "a.go", "T)", "undefined: T");
    told.extend(faults(&mender, "a.go", "poll()", "undefined: poll"));
    assert!(mender.mend(&told));
    assert_eq!(mender.panic_alone(), BTreeSet::from(["T.watch".to_owned()]));
}

#[test]
fn a_constant_is_what_it_is_elsewhere_or_a_number_that_never_comes() {
    let mut mender = package(&[
        (
            "e.go",
            "//go:build !linux\n\npackage p\n\nimport \"syscall\"\n\nconst NoData = syscall.ENOATTR\n",
        ),
        (
            "e_linux.go",
            "package p\n\nimport \"syscall\"\n\nconst NoData = syscall.ENOTSUP\n",
        ),
    ]);
    let told = faults(&mender, "e.go", "ENOATTR", "undefined: syscall.ENOATTR");
    assert!(mender.mend(&told));
    assert!(mender.texts()["e_wasm.go"].ends_with("const NoData = syscall.ENOTSUP\n"));
    let message = "undefined: syscall.ENOTSUP";
    let told = faults(&mender, "e_wasm.go", "syscall.ENOTSUP", message);
    assert!(mender.mend(&told));
    assert!(mender.texts()["e_wasm.go"].ends_with("const NoData = syscall.Errno(0x705f)\n"));
}

#[test]
fn what_was_declared_in_vain_is_not_declared_again() {
    let mut mender = package(&[
        ("p.go", "package p\n"),
        (
            "p_linux.go",
            "package p\n\nimport \"syscall\"\n\nvar X = syscall.X()\n",
        ),
    ]);
    let names = BTreeSet::from(["X".to_owned()]);
    let targets = Targets::from(Goos::ALL);
    assert!(mender.declare_exported(&names, &targets));
    let told = faults(&mender, "p_wasm.go", "syscall.X()", "undefined: syscall.X");
    assert!(mender.mend(&told));
    assert!(!mender.declare_exported(&names, &targets));
}

#[test]
fn a_target_that_has_a_number_keeps_it() {
    let mut mender = package(&[
        ("a.go", "package p\n\nvar x = empty\n"),
        (
            "e_linux.go",
            "package p\n\nimport \"golang.org/x/sys/unix\"\n\nvar empty = unix.ENOTEMPTY\n",
        ),
    ]);
    let told = faults(&mender, "a.go", "empty", "undefined: empty");
    assert!(mender.mend(&told));
    let message = "undefined: unix.ENOTEMPTY";
    let told = faults(&mender, "e_wasm.go", "unix.ENOTEMPTY", message);
    assert!(mender.mend(&told));
    let text = &mender.texts()["e_wasm.go"];
    assert!(
        text.ends_with("import \"syscall\"\n\nvar empty = syscall.ENOTEMPTY\n"),
        "{text}"
    );
}

#[test]
fn a_number_is_given_where_it_lacks() {
    let source =
        "package p\n\nimport \"syscall\"\n\nconst Mask = syscall.ENOTSUP | syscall.ENOTSUPX\n";
    let mut mender = package(&[
        ("a.go", "package p\n\nvar x = Mask\n"),
        ("m_linux.go", source),
    ]);
    let told = faults(&mender, "a.go", "Mask", "undefined: Mask");
    assert!(mender.mend(&told));
    let message = "undefined: syscall.ENOTSUP";
    let mut told = faults(&mender, "m_wasm.go", "syscall.ENOTSUP", message);
    told.retain(|fault| fault.goos == Goos::Wasip1);
    assert!(mender.mend(&told));
    let texts = mender.texts();
    let given = "const Mask = syscall.Errno(0x705f) | syscall.ENOTSUPX\n";
    assert!(
        texts["m_wasip1.go"].ends_with(given),
        "{}",
        texts["m_wasip1.go"]
    );
    assert!(texts["m_js.go"].ends_with("const Mask = syscall.ENOTSUP | syscall.ENOTSUPX\n"));
    assert_eq!(mender.declared(), ["Mask"]);
}

#[test]
fn a_variant_that_a_tag_chooses_is_no_fallback() {
    let mut mender = package(&[
        ("a.go", "package p\n\nvar x = f()\n"),
        (
            "f_debug.go",
            "//go:build invariants && !race\n\npackage p\n\nfunc f() int { return 2 }\n",
        ),
        (
            "f_linux.go",
            "package p\n\nimport \"syscall\"\n\nfunc f() int { return syscall.Getpid() }\n",
        ),
    ]);
    let told = faults(&mender, "a.go", "f()", "undefined: f");
    assert!(mender.mend(&told));
    assert_ne!(mender.kind(), Some(EditKind::Constraint));
}

#[test]
fn a_variable_without_its_value_is_lost() {
    let mut mender = package(&[(
        "p.go",
        "package p\n\nimport \"syscall\"\n\nvar denied = map[string]int{\"rm\": syscall.LOCK_EX}\n",
    )]);
    let message = "undefined: syscall.LOCK_EX";
    let told = faults(&mender, "p.go", "syscall.LOCK_EX", message);
    assert!(mender.mend(&told));
    let lost = mender.lost().into_iter().map(|l| (l.name, l.does));
    assert_eq!(
        lost.collect::<Vec<_>>(),
        [("denied".to_owned(), Does::Zero)]
    );
    let text = &mender.texts()["p_wasm.go"];
    assert!(
        text.ends_with("// denied has no value on js and wasip1.\nvar denied map[string]int\n"),
        "{text}"
    );
}
