//! How long functions and files are: the caps, and `cargo xtask sizes`.

use anyhow::Result;

use super::source::{Function, Source};
use super::tree::Tree;

/// Lines of a function, from its signature to its closing brace.
const MAX_FUNCTION: usize = 80;

/// Lines of a file, its tests apart.
const MAX_FILE: usize = 600;

/// Begins the comment above a table or an exhaustive `match` that is longer for a reason.
const EXCUSE: &str = "// tidy: long because ";

/// Checks all files and functions against the caps.
pub(super) fn check(tree: &Tree, complaints: &mut Vec<String>) {
    tree.files().for_each(|file| caps(file, complaints));
}

fn caps(file: &Source, complaints: &mut Vec<String>) {
    let path = &file.path;
    let own = file.own_lines();
    if own > MAX_FILE {
        complaints.push(format!(
            "{path}: {own} lines without tests, more than {MAX_FILE}"
        ));
    }
    for function in &file.functions {
        if function.len() > MAX_FUNCTION && !is_excused(file, function) {
            complaints.push(format!(
                "{path}:{}: `{}` has {} lines, more than {MAX_FUNCTION}",
                function.lines.start(),
                function.name,
                function.len()
            ));
        }
    }
}

/// Whether the line above a function, or above its attributes, says why it is long.
fn is_excused(file: &Source, function: &Function) -> bool {
    let above = [*function.lines.start(), function.top];
    above.iter().any(|line| {
        let line = line.checked_sub(2).and_then(|i| file.text.lines().nth(i));
        line.is_some_and(|l| l.trim_start().starts_with(EXCUSE))
    })
}

/// Prints how long functions and files are, crate by crate, tests apart.
#[expect(clippy::print_stdout, reason = "the figures are what is asked for")]
pub(crate) fn print() -> Result<()> {
    let tree = Tree::read()?;
    let mut all = Lengths::default();
    let mut tests = Lengths::default();
    println!("{:18}{}", "", Lengths::HEADER);
    for member in &tree.crates {
        let mut own = Lengths::default();
        for file in &member.files {
            own.add(file, false);
            tests.add(file, true);
        }
        println!("{:18}{}", member.name, own.row());
        all.join(own);
    }
    println!("{:18}{}", "all", all.row());
    println!("{:18}{}", "tests", tests.row());
    Ok(())
}

/// The lengths of some functions and files.
#[derive(Default)]
struct Lengths {
    functions: Vec<usize>,
    files: Vec<usize>,
}

impl Lengths {
    const HEADER: &str = "functions median  p90  p99  max        files median  p90  p99  max";

    /// Adds a file and its functions: those of tests, or the others.
    fn add(&mut self, file: &Source, tests: bool) {
        let functions = file.functions.iter();
        let functions = functions.filter(|f| file.is_test(*f.lines.start()) == tests);
        self.functions.extend(functions.map(Function::len));
        let own = file.own_lines();
        let all = file.text.lines().count();
        match (tests, file.is_test_file()) {
            (true, true) => self.files.push(all),
            (true, false) if own < all => self.files.push(all - own),
            (false, false) => self.files.push(own),
            _ => {}
        }
    }

    fn join(&mut self, other: Self) {
        self.functions.extend(other.functions);
        self.files.extend(other.files);
    }

    fn row(&self) -> String {
        let [functions, files] = [&self.functions, &self.files].map(|l| figures(l));
        format!("{functions}        {files}")
    }
}

/// Count, median, 90th and 99th percentile and maximum, below their headers.
fn figures(lengths: &[usize]) -> String {
    let mut sorted = lengths.to_vec();
    sorted.sort_unstable();
    let [median, p90, p99, max] = [50, 90, 99, 100].map(|p| percentile(&sorted, p));
    let count = sorted.len();
    format!("{count:>5} {median:>10} {p90:>4} {p99:>4} {max:>4}")
}

/// The smallest of sorted figures that so many percent of them do not exceed; 0 of none.
fn percentile(sorted: &[usize], percent: usize) -> usize {
    let rank = (sorted.len() * percent).div_ceil(100);
    let at = rank.saturating_sub(1);
    sorted.get(at).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(comment: &str, lines: usize) -> Source {
        let body = "    f();\n".repeat(lines - 2);
        let text = format!("//! A file.\n\n{comment}#[must_use]\nfn long() {{\n{body}}}\n");
        Source::new("a/src/lib.rs".to_owned(), text).unwrap()
    }

    fn complaints(file: &Source) -> Vec<String> {
        let mut complaints = Vec::new();
        caps(file, &mut complaints);
        complaints
    }

    #[test]
    fn a_function_over_the_cap_needs_a_reason() {
        assert!(complaints(&function("", 80)).is_empty());
        assert_eq!(
            complaints(&function("", 81)),
            ["a/src/lib.rs:4: `long` has 81 lines, more than 80"]
        );
        let excuse = "// tidy: long because it is a table.\n";
        assert!(complaints(&function(excuse, 81)).is_empty());
        let documented = format!("{excuse}/// Does so.\n");
        assert!(complaints(&function(&documented, 81)).is_empty());
    }

    #[test]
    fn a_file_is_measured_without_its_tests() {
        let code = "const A: u8 = 1;\n".repeat(MAX_FILE);
        let tests = "\n#[cfg(test)]\nmod tests {\n    fn f() {}\n}\n";
        let file = |text| Source::new("a/src/lib.rs".to_owned(), text).unwrap();
        assert_eq!(complaints(&file(format!("{code}{tests}"))).len(), 1);
        let code = &code["const A: u8 = 1;\n".len()..];
        assert!(complaints(&file(format!("{code}{tests}"))).is_empty());
    }

    #[test]
    fn percentiles_are_ranks() {
        let sorted: Vec<usize> = (1..=200).collect();
        let found = [50, 90, 99, 100].map(|p| percentile(&sorted, p));
        assert_eq!(found, [100, 180, 198, 200]);
        assert_eq!(percentile(&[], 50), 0);
        assert_eq!(percentile(&[7], 50), 7);
    }
}
