//! `cargo xtask tidy`: checks that no compiler makes, one file per check.

mod dependencies;
mod edges;
mod features;
mod manifest;
mod pages;
mod rooms;
mod sizes;
mod source;
mod text;
mod tree;

use anyhow::{Result, bail};

pub(crate) use sizes::print as print_sizes;
use tree::Tree;

/// Runs every check over the tree in the current directory, and fails with all complaints.
pub(crate) fn check() -> Result<()> {
    let tree = Tree::read()?;
    let mut complaints = Vec::new();
    edges::check(&tree, &mut complaints);
    dependencies::check(&tree, &mut complaints);
    text::check(&tree, &mut complaints);
    sizes::check(&tree, &mut complaints);
    rooms::check(&tree, &mut complaints);
    pages::check(&mut complaints)?;
    features::check(&mut complaints)?;
    if complaints.is_empty() {
        return Ok(());
    }
    bail!("the tree is not tidy:\n  {}", complaints.join("\n  "))
}
