//! The host's side of one run: what the guest has open, what is left of each limit, and what was called.

pub(crate) mod null;

use std::io::{Read, Write};
use std::time::Duration;

use wasmtime::ResourceLimiter;

use self::null::Nulls;
use crate::End;
use crate::budget::Budget;
use crate::callers::Callers;
use crate::clock::{Clock, Fixed};
use crate::deadline::Deadline;
use crate::errno;
use crate::stop::Stop;
use crate::wasi::Context;
use crate::watch::Trace;

/// State of a run.
pub(crate) struct Host {
    pub(crate) wasi: Context,
    pub(crate) deadline: Deadline,
    pub(crate) clock: Clock,
    /// The source of random bytes, where it is not this machine's.
    pub(crate) random: Option<Fixed>,
    /// Where calls are written as they happen.
    pub(crate) trace: Option<Trace>,
    pub(crate) stdin: Option<Box<dyn Read + Send>>,
    pub(crate) stdout: Box<dyn Write + Send>,
    pub(crate) stderr: Box<dyn Write + Send>,
    pub(crate) output: Quota,
    pub(crate) disk: Quota,
    pub(crate) files: Quota,
    pub(crate) memory: MemoryLimit,
    pub(crate) calls: Vec<Call>,
    /// What is open as `/dev/null`.
    pub(crate) nulls: Nulls,
    /// The guest's memory, once it has called the host.
    pub(crate) exported: Option<wasmtime::Memory>,
    /// The guest itself, once it has begun.
    pub(crate) instance: Option<wasmtime::Instance>,
    /// Who made those that were refused.
    pub(crate) callers: Option<Callers>,
}

/// How often a function was called, and with what result.
pub(crate) struct Call {
    pub(crate) name: &'static str,
    count: u64,
    /// Time inside of it, where calls are watched.
    time: Option<Duration>,
    errors: [u32; errno::COUNT],
}

impl Call {
    pub(crate) fn new(name: &'static str) -> Self {
        Self {
            name,
            count: 0,
            time: None,
            errors: [0; errno::COUNT],
        }
    }

    pub(crate) fn count(&mut self, errno: i32) {
        self.count += 1;
        let slot = usize::try_from(errno).ok().filter(|n| *n != 0);
        if let Some(slot) = slot.and_then(|n| self.errors.get_mut(n)) {
            *slot = slot.saturating_add(1);
        }
    }

    pub(crate) fn took(&mut self, time: Duration) {
        *self.time.get_or_insert_default() += time;
    }

    pub(crate) fn host_call(&self) -> Option<model::HostCall> {
        let errors = self.errors.iter().enumerate().filter(|(_, n)| **n > 0);
        (self.count > 0).then(|| model::HostCall {
            name: self.name.to_owned(),
            calls: self.count,
            microseconds: self
                .time
                .map(|time| u64::try_from(time.as_micros()).unwrap_or(u64::MAX)),
            errors: errors
                .map(|(i, n)| (errno::name(i).to_owned(), u64::from(*n)))
                .collect(),
        })
    }
}

/// A limit on something that is used up.
pub(crate) struct Quota {
    limit: u64,
    left: u64,
    what: &'static str,
}

impl Quota {
    pub(crate) fn new(limit: u64, what: &'static str) -> Self {
        Self {
            limit,
            left: limit,
            what,
        }
    }

    /// All that there was.
    pub(crate) fn limit(&self) -> u64 {
        self.limit
    }

    /// Use some of it up, or stop the guest.
    pub(crate) fn take(&mut self, amount: u64) -> Result<(), Stop> {
        match self.left.checked_sub(amount) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(Stop::Limit(format!(
                "{} {}",
                self.what,
                round_number(self.limit)
            ))),
        }
    }
}

impl Quota {
    /// [`Self::take`] as the guard of a wrapped function: no errno of its own, so that the call goes on.
    pub(crate) fn ask(&mut self, amount: u64) -> Result<Option<i32>, Stop> {
        self.take(amount).map(|()| None)
    }
}

/// A multiple of 1024 with its unit: `512 MiB`; any other number as it is.
fn round_number(number: u64) -> String {
    match number {
        n if n >= 1 << 30 && n.is_multiple_of(1 << 30) => format!("{} GiB", n >> 30),
        n if n >= 1 << 20 && n.is_multiple_of(1 << 20) => format!("{} MiB", n >> 20),
        n if n >= 1 << 10 && n.is_multiple_of(1 << 10) => format!("{} KiB", n >> 10),
        n => n.to_string(),
    }
}

/// What is said of a guest that was refused memory, before the limit.
pub const OVER_MEMORY: &str = "the program exceeded the memory limit of ";

/// Memory that the guest has, and whether it asked for more than it may have.
pub(crate) struct MemoryLimit {
    budget: Budget,
    /// Most that linear memories may have of it.
    most: u64,
    /// What all memories of the guest have.
    now: u64,
    /// Entries of all of its tables.
    entries: usize,
    pub(crate) peak: u64,
}

/// What an entry of a table takes, in bytes.
const ENTRY: u64 = 8;

impl MemoryLimit {
    pub(crate) fn new(budget: Budget) -> Self {
        Self {
            most: budget.limit(),
            budget,
            now: 0,
            entries: 0,
            peak: 0,
        }
    }

    /// The same for a host that sees no more than so much of linear memory.
    pub(crate) fn with_most(self, most: u64) -> Self {
        Self {
            most: self.most.min(most),
            ..self
        }
    }

    /// How a guest ended, seen with its memory: Go says "out of memory" and exits with 2, and the
    /// reason is the limit.
    pub(crate) fn ended(&self, end: End) -> End {
        match end {
            End::Exit(0) => end,
            End::Exit(_) | End::Trapped(_) if self.budget.has_denied() => {
                End::Limit(self.message())
            }
            end => end,
        }
    }

    /// The message for a guest that was refused memory.
    fn message(&self) -> String {
        format!("{OVER_MEMORY}{}", round_number(self.most))
    }
}

impl ResourceLimiter for MemoryLimit {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let more = desired.saturating_sub(current) as u64;
        let now = self.now.saturating_add(more);
        let granted = now <= self.most && self.budget.take(more);
        if granted {
            self.now = now;
            self.peak = self.peak.max(now);
        } else {
            self.budget.deny();
        }
        Ok(granted)
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        // As many entries as Go's largest programs have functions, tenfold.
        let more = desired.saturating_sub(current);
        let entries = self.entries.saturating_add(more);
        let granted = entries <= 10_000_000 && self.budget.take(more as u64 * ENTRY);
        if granted {
            self.entries = entries;
        }
        Ok(granted)
    }
}
