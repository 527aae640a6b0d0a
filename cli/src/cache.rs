//! `wasmcheck cache`: what is kept between runs.

use std::process::ExitCode;

use bytesize::ByteSize;
use engine::Failure;
use engine::cache::{self, Usage};
use model::{count, visible};

use crate::args::{CacheArgs, CacheJob};
use crate::output;

/// Print how much is kept, or remove it.
pub(crate) fn run(args: &CacheArgs) -> Result<ExitCode, Failure> {
    let text: String = match args.job {
        None => cache::usage()?.iter().map(kept).collect(),
        Some(CacheJob::Clean) => cache::clean()?.iter().map(removed).collect(),
    };
    output::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn kept(usage: &Usage) -> String {
    let files = count(usage.files, "file");
    let (size, limit) = (ByteSize::b(usage.size), ByteSize::b(usage.limit));
    format!(
        "{}: {files}, {size} of at most {limit}\n",
        visible(usage.dir.as_str())
    )
}

fn removed(usage: &Usage) -> String {
    let files = count(usage.files, "file");
    let size = ByteSize::b(usage.size);
    format!("{}: removed {files}, {size}\n", visible(usage.dir.as_str()))
}
