//! Build constraints: why a file is left out on a target.
//!
//! Go itself selects the files; this says by which name or line. Sources: `go/build/build.go`
//! (`shouldBuild`, `parseFileHeader`, `goodOSArchFile`, `matchTag`), `go/build/constraint`,
//! `internal/syslist`.

const OS: &[&str] = &[
    "aix",
    "android",
    "darwin",
    "dragonfly",
    "freebsd",
    "hurd",
    "illumos",
    "ios",
    "js",
    "linux",
    "nacl",
    "netbsd",
    "openbsd",
    "plan9",
    "solaris",
    "wasip1",
    "windows",
    "zos",
];
const UNIX: &[&str] = &[
    "aix",
    "android",
    "darwin",
    "dragonfly",
    "freebsd",
    "hurd",
    "illumos",
    "ios",
    "linux",
    "netbsd",
    "openbsd",
    "solaris",
];
const ARCH: &[&str] = &[
    "386",
    "amd64",
    "amd64p32",
    "arm",
    "arm64",
    "arm64be",
    "armbe",
    "loong64",
    "mips",
    "mips64",
    "mips64le",
    "mips64p32",
    "mips64p32le",
    "mipsle",
    "ppc",
    "ppc64",
    "ppc64le",
    "riscv",
    "riscv64",
    "s390",
    "s390x",
    "sparc",
    "sparc64",
    "wasm",
];

/// What constraints are judged against.
#[derive(Clone, Debug)]
pub(crate) struct Platform<'a> {
    pub(crate) goos: &'a str,
    pub(crate) goarch: &'a str,
    pub(crate) cgo: bool,
    /// Tags that the user gave.
    pub(crate) tags: &'a [String],
    /// N of Go 1.N: tags `go1.1` to `go1.N` hold.
    pub(crate) release: u32,
}

/// What leaves a file out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Exclusion {
    /// The end of its name, `_windows` or `_linux_amd64`.
    Name(String),
    /// A `//go:build` or `// +build` line: its number, from 1, and its text.
    Line(u32, String),
}

impl Platform<'_> {
    fn tag(&self, tag: &str) -> bool {
        let goos = self.goos;
        tag == goos
            || tag == self.goarch
            || tag == "gc"
            || (tag == "cgo" && self.cgo)
            || (tag == "unix" && UNIX.contains(&goos))
            || (tag == "linux" && goos == "android")
            || (tag == "solaris" && goos == "illumos")
            || (tag == "darwin" && goos == "ios")
            || self.tags.iter().any(|t| t == tag)
            || release(tag).is_some_and(|n| n <= self.release)
    }

    /// Why the file is left out; none when it is selected, `import "C"` apart.
    pub(crate) fn excludes(&self, name: &str, src: &str) -> Option<Exclusion> {
        self.excludes_name(name)
            .or_else(|| self.excludes_header(src))
    }

    fn excludes_name(&self, name: &str) -> Option<Exclusion> {
        let wanted = name_terms(name);
        let holds = wanted.iter().all(|tag| self.tag(tag));
        (!holds).then(|| Exclusion::Name(format!("_{}", wanted.join("_"))))
    }

    fn excludes_header(&self, src: &str) -> Option<Exclusion> {
        let header = Header::of(src);
        if let Some((line, text)) = header.go_build {
            let expr = text.trim_start_matches("//go:build");
            return (!self.holds(expr)).then(|| Exclusion::Line(line, text.to_owned()));
        }
        header.plus_build.into_iter().find_map(|(line, text)| {
            let holds =
                plus_build_options(text).any(|option| option.split(',').all(|t| self.literal(t)));
            (!holds).then(|| Exclusion::Line(line, text.to_owned()))
        })
    }

    fn literal(&self, term: &str) -> bool {
        match term.strip_prefix('!') {
            Some(tag) => !self.tag(tag),
            None => self.tag(term),
        }
    }

    /// Evaluate the expression of a `//go:build` line. What cannot be read does not hold.
    pub(crate) fn holds(&self, expr: &str) -> bool {
        let mut parser = Expr {
            platform: self,
            rest: expr.trim(),
            depth: 0,
        };
        let value = parser.or();
        value.unwrap_or(false) && parser.rest.is_empty()
    }
}

/// The tags that a file's name wants: `linux`, `amd64`, or both, of `a_linux_amd64.go`.
pub(crate) fn name_terms(name: &str) -> Vec<&str> {
    let stem = name.split('.').next().unwrap_or_default();
    let Some(start) = stem.find('_') else {
        return Vec::new();
    };
    let mut parts: Vec<&str> = stem[start..].split('_').collect();
    if parts.last() == Some(&"test") {
        parts.pop();
    }
    match parts.as_slice() {
        [.., os, arch] if OS.contains(os) && ARCH.contains(arch) => vec![*os, *arch],
        [.., one] if OS.contains(one) || ARCH.contains(one) => vec![*one],
        _ => Vec::new(),
    }
}

/// Whether a tag is the name of an operating system or of a processor.
pub(crate) fn is_platform(tag: &str) -> bool {
    OS.contains(&tag) || ARCH.contains(&tag)
}

/// The tags of a file's constraints that a user may set: neither platforms nor versions, nor those
/// that mark files as no part of the package.
pub(crate) fn custom_tags(src: &str) -> Vec<&str> {
    const FIXED: [&str; 16] = [
        "debug",
        "fuzz",
        "gofuzz",
        "e2e",
        "cgo",
        "gc",
        "gccgo",
        "unix",
        "ignore",
        "tools",
        "generate",
        "race",
        "msan",
        "asan",
        "test",
        "integration",
    ];
    let header = Header::of(src);
    let go_build = header
        .go_build
        .map(|(_, text)| text.trim_start_matches("//go:build"));
    let plus_build = header
        .plus_build
        .iter()
        .map(|(_, text)| text.split_once("+build").map_or("", |(_, rest)| rest));
    let lines: Vec<&str> = match go_build {
        Some(line) => vec![line],
        None => plus_build.collect(),
    };
    let is_tag = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    let words = lines
        .into_iter()
        .flat_map(move |l| l.split(move |c: char| !is_tag(c)));
    words
        .filter(|w| !w.is_empty() && !OS.contains(w) && !ARCH.contains(w) && !FIXED.contains(w))
        .filter(|w| !w.starts_with("go1.") && !w.starts_with("goexperiment."))
        .collect()
}

/// `go1.N` to N.
fn release(tag: &str) -> Option<u32> {
    tag.strip_prefix("go1.")?.parse().ok()
}

pub(crate) fn plus_build_options(line: &str) -> impl Iterator<Item = &str> {
    let (_, options) = line.split_once("+build").unwrap_or(("", ""));
    options.split_whitespace()
}

struct Expr<'e> {
    platform: &'e Platform<'e>,
    rest: &'e str,
    depth: u32,
}

impl Expr<'_> {
    fn eat(&mut self, token: &str) -> bool {
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest.trim_start();
                true
            }
            None => false,
        }
    }

    fn or(&mut self) -> Option<bool> {
        let mut value = self.and()?;
        while self.eat("||") {
            value |= self.and()?;
        }
        Some(value)
    }

    fn and(&mut self) -> Option<bool> {
        let mut value = self.not()?;
        while self.eat("&&") {
            value &= self.not()?;
        }
        Some(value)
    }

    fn not(&mut self) -> Option<bool> {
        const MAX_DEPTH: u32 = 200;
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let value = if self.eat("!") {
            !self.not()?
        } else if self.eat("(") {
            let value = self.or()?;
            self.eat(")").then_some(value)?
        } else {
            self.platform.tag(self.word()?)
        };
        self.depth -= 1;
        Some(value)
    }

    fn word(&mut self) -> Option<&str> {
        let is_tag = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
        let end = self.rest.find(|c| !is_tag(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest.trim_start();
        (!word.is_empty()).then_some(word)
    }
}

/// The constraint lines of a file, with their numbers from 1.
#[derive(Debug, Default)]
pub(crate) struct Header<'s> {
    pub(crate) go_build: Option<(u32, &'s str)>,
    pub(crate) plus_build: Vec<(u32, &'s str)>,
}

impl<'s> Header<'s> {
    /// `//go:build` counts above everything that is no comment; `// +build` only above the last
    /// blank line among line comments, so that one glued to the package clause is ignored.
    pub(crate) fn of(src: &'s str) -> Self {
        let src = src.strip_prefix('\u{feff}').unwrap_or(src);
        let mut header = Self::default();
        let (mut pending, mut in_comment, mut ended) = (Vec::new(), false, false);
        for (number, line) in (1..).zip(src.lines()) {
            let line = line.trim();
            if line.is_empty() && !ended {
                header.plus_build.append(&mut pending);
                continue;
            }
            ended |= !line.starts_with("//");
            if !in_comment && is_go_build(line) {
                header.go_build.get_or_insert((number, line));
            } else if !ended && is_plus_build(line) {
                pending.push((number, line));
            }
            if !only_comments(line, &mut in_comment) {
                break;
            }
        }
        header
    }
}

fn is_go_build(line: &str) -> bool {
    let rest = line.strip_prefix("//go:build");
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
}

fn is_plus_build(line: &str) -> bool {
    let rest = line.strip_prefix("//").map(str::trim_start);
    let rest = rest.and_then(|rest| rest.strip_prefix("+build"));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
}

/// Whether a line holds nothing but comments; tracks general comments over lines.
fn only_comments(mut line: &str, in_comment: &mut bool) -> bool {
    loop {
        if *in_comment {
            let Some(end) = line.find("*/") else {
                return true;
            };
            *in_comment = false;
            line = line[end + 2..].trim();
        }
        if line.is_empty() || line.starts_with("//") {
            return true;
        }
        let Some(rest) = line.strip_prefix("/*") else {
            return false;
        };
        *in_comment = true;
        line = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_of_the_users_own_are_told() {
        let src = "//go:build !appengine && (linux || go1.18) && !windows\n\npackage p\n";
        assert_eq!(custom_tags(src), ["appengine"]);
        assert_eq!(
            custom_tags("// +build purego,!amd64 noasm\n\npackage p\n"),
            ["purego", "noasm"]
        );
        assert_eq!(custom_tags("package p\n"), [""; 0]);
    }

    const JS: Platform<'_> = Platform {
        goos: "js",
        goarch: "wasm",
        cgo: false,
        tags: &[],
        release: 26,
    };

    fn line(src: &str) -> Option<u32> {
        match JS.excludes("x.go", src)? {
            Exclusion::Line(line, _) => Some(line),
            Exclusion::Name(name) => panic!("excluded by name {name}"),
        }
    }

    #[test]
    fn expressions() {
        for (expr, holds) in [
            ("js", true),
            ("js && wasm && gc && go1.26", true),
            ("go1.27 || unix || cgo || linux || wasi", false),
            ("!(linux || darwin) && !windows", true),
            ("!js || wasip1", false),
            ("js wasm", false),
            ("(js", false),
            ("", false),
            ("!", false),
        ] {
            assert_eq!(JS.holds(expr), holds, "{expr}");
        }
    }

    #[test]
    fn names() {
        let excluded = |name| JS.excludes_name(name).is_some();
        for name in [
            "a_linux.go",
            "a_js_amd64.go",
            "a_wasip1.go",
            "a_amd64_test.go",
            "x_windows.s",
        ] {
            assert!(excluded(name), "{name}");
        }
        // `_unix` is no constraint, and the part before the first `_` never is one.
        for name in [
            "a_js.go",
            "a_wasm.go",
            "a_js_wasm.go",
            "a_unix.go",
            "linux.go",
            "a_posix.go",
            "a_wasi.go",
        ] {
            assert!(!excluded(name), "{name}");
        }
    }

    #[test]
    fn lines_count_only_in_the_header() {
        assert_eq!(line("// c\n\n//go:build linux\n\npackage p\n"), Some(3));
        assert_eq!(line("/* a\n b */\n//go:build linux\npackage p\n"), Some(3));
        assert_eq!(line("//go:build linux\npackage p\n"), Some(1));
        assert_eq!(line("package p\n//go:build linux\n"), None);
        assert_eq!(line("// +build linux\n\npackage p\n"), Some(1));
        assert_eq!(line("// +build linux\npackage p\n"), None);
        assert_eq!(
            line("// +build linux js\n// +build !wasm\n\npackage p\n"),
            Some(2)
        );
        assert_eq!(line("//go:build js\n// +build linux\n\npackage p\n"), None);
    }
}
