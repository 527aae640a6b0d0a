//! The patch, in the form of a mail that `git am` reads; `git apply` passes over all but the diff.

use std::fmt::Write as _;

use model::{Repository, Upstream, visible};

use super::Told;
/// Longest line of the message, in characters.
const WIDTH: usize = 72;

/// A mail with the change.
///
/// The author is to be replaced: nobody but who sends it can say who that is. Whatever a module brought stands in
/// lines that begin with blanks, where git finds neither the end of the message nor another mail.
pub(super) fn mail(told: &Told<'_>, steps: &[String]) -> String {
    // As `git format-patch` begins a mail; there is no commit yet.
    let mut text = format!(
        "From {} Mon Sep 17 00:00:00 2001\n\
         From: wasmcheck <wasmcheck@users.noreply.invalid>\n\
         Subject: [PATCH] {}\n\
         MIME-Version: 1.0\n\
         Content-Type: text/plain; charset=UTF-8\n\
         Content-Transfer-Encoding: 8bit\n\n",
        "0".repeat(40),
        told.title(),
    );
    text.push_str(&message(told));
    text.push_str("---\n");
    for step in steps {
        let _ = writeln!(text, "  {}", visible(step));
    }
    text.push('\n');
    // As it is: what is escaped does not apply.
    text.push_str(&told.upstream.diff);
    text
}

/// The message of the commit.
fn message(told: &Told<'_>) -> String {
    let on = told.on();
    let mut text = format!("These packages do not compile for {on}:\n\n");
    for package in told.packages() {
        let _ = writeln!(text, "  {}", visible(&package));
    }
    let losses = told.losses();
    if !losses.is_empty() {
        let _ = writeln!(text, "\nOn {on}, which cannot do what is asked of it:\n");
        for loss in losses {
            for line in wrapped(&visible(loss), WIDTH - 2) {
                let _ = writeln!(text, "  {line}");
            }
        }
    }
    text.push_str("\nOther platforms do what they did before.\n");
    text
}

/// What to type, line by line.
pub(super) fn steps(upstream: &Upstream, name: &str) -> Vec<String> {
    let mut steps = Vec::new();
    let file = quoted(&format!("{name}.patch"));
    let keep = if upstream.diff.contains("\r\n") {
        " --keep-cr"
    } else {
        ""
    };
    if let Some(repository) = &upstream.repository {
        let Repository {
            url,
            commit,
            subdir,
        } = repository;
        steps.push(format!("in a clone of {url}:"));
        if !commit.is_empty() {
            steps.push(format!("git checkout -b wasm {commit}"));
        }
        steps.push(format!("git am{keep} {file}"));
        if !subdir.is_empty() {
            steps.push(format!(
                "(paths begin with the directory of the module, {subdir})"
            ));
        }
    } else {
        let (module, version) = (&upstream.module, &upstream.version);
        steps.push(format!(
            "in a clone of the repository of {module}, at {version}:"
        ));
        steps.push(format!("git am{keep} {file}"));
        steps.push(format!(
            "or, where go.mod lies in a directory of the repository: git am{keep} --directory=DIR {file}"
        ));
    }
    steps.push("git commit --amend --reset-author".to_owned());
    steps
}

/// A name of a file as shells take it: an exclamation mark would recall an older command.
fn quoted(name: &str) -> String {
    if name.contains('!') {
        format!("'{name}'")
    } else {
        name.to_owned()
    }
}

/// A text in lines of at most so many characters, but for longer words.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_wrapped_between_words() {
        assert_eq!(wrapped("aa bb cccccc d", 5), ["aa bb", "cccccc", "d"]);
    }
}
