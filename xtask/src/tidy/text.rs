//! Each file begins with what it is for, and has no space at the end of a line.

use super::source::Source;
use super::tree::Tree;

/// Checks all files.
pub(super) fn check(tree: &Tree, complaints: &mut Vec<String>) {
    tree.files().for_each(|file| source(file, complaints));
}

fn source(file: &Source, complaints: &mut Vec<String>) {
    let path = &file.path;
    if !file.text.starts_with("//! ") {
        complaints.push(format!(
            "{path}: does not begin with what it is for (`//! `)"
        ));
    }
    for (number, line) in (1..).zip(file.text.lines()) {
        if line.ends_with([' ', '\t']) {
            complaints.push(format!("{path}:{number}: space at the end of the line"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_and_ends_of_lines_are_checked() {
        let file = Source::new("a.rs".to_owned(), "fn f() {} \n".to_owned()).unwrap();
        let mut complaints = Vec::new();
        source(&file, &mut complaints);
        assert_eq!(complaints.len(), 2, "{complaints:?}");
        assert!(complaints[1].starts_with("a.rs:1: space"));
    }
}
