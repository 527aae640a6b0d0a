//! The guest's memory as functions of WASI preview 1 see it: bounds and alignment are checked, and
//! whatever lies outside ends the guest, as the specification asks for
//! (legacy/tools/witx-docs.md, "Pointers").

use std::io;
use std::ops::Range;

use crate::errno::{self, Errno};

/// What one call may copy, in bytes: the default of wasmtime.
const MAX_COPY: usize = 128 << 20;
/// Longest path, in bytes, as on Linux (`PATH_MAX`, which counts the byte that ends it).
const LONGEST: usize = 4095;
/// Size of a `$iovec` and of a `$ciovec`: an address and a length.
const IOVEC: usize = 8;

/// Why a function has no result.
pub(crate) enum Failure {
    /// It returns an error number.
    Errno(Errno),
    /// It ends the guest, with this sentence.
    Trap(String),
}

/// What a function of WASI does.
pub(crate) type Done<T = ()> = Result<T, Failure>;

impl From<Errno> for Failure {
    fn from(errno: Errno) -> Self {
        Self::Errno(errno)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Errno(errno::of(&error))
    }
}

/// A result as the guest gets it.
pub(crate) fn answer(done: Done) -> wasmtime::Result<i32> {
    match done {
        Ok(()) => Ok(0),
        Err(Failure::Errno(errno)) => Ok(errno.0),
        Err(Failure::Trap(why)) => Err(wasmtime::Error::msg(why)),
    }
}

/// A number that names nothing.
pub(super) fn unknown(what: &str) -> Failure {
    Failure::Trap(format!("Invalid enum value {what}"))
}

/// The flags in a number; the guest ends when it has others than those of `all`.
pub(super) fn flags(number: i32, all: u32, what: &str) -> Done<u32> {
    let number = number.cast_unsigned();
    if number & !all == 0 {
        Ok(number)
    } else {
        Err(Failure::Trap(format!("Invalid flag value {what}")))
    }
}

/// The guest's memory.
pub(crate) struct Memory<'m>(pub(crate) &'m mut [u8]);

impl Memory<'_> {
    /// Bytes at an address.
    pub(super) fn bytes(&self, at: i32, len: u32) -> Done<&[u8]> {
        let range = range(at, len);
        self.0.get(range.clone()).ok_or_else(|| outside(&range))
    }

    /// Room at an address.
    pub(crate) fn room(&mut self, at: i32, len: u32) -> Done<&mut [u8]> {
        let range = range(at, len);
        let room = self.0.get_mut(range.clone());
        room.ok_or_else(|| outside(&range))
    }

    /// A path, or where a link leads, which must be UTF-8.
    pub(super) fn text(&self, at: i32, len: i32) -> Done<String> {
        let bytes = self.bytes(at, len.cast_unsigned())?;
        if bytes.len() > LONGEST {
            return Err(Errno::NAMETOOLONG.into());
        }
        let text = std::str::from_utf8(bytes).map_err(|_| Errno::ILSEQ)?;
        Ok(text.to_owned())
    }

    /// Write bytes.
    pub(super) fn put(&mut self, at: i32, bytes: &[u8]) -> Done {
        let len = u32::try_from(bytes.len()).map_err(|_| Errno::OVERFLOW)?;
        self.room(at, len)?.copy_from_slice(bytes);
        Ok(())
    }

    /// Write a value whose address must be a multiple of `align`.
    pub(super) fn put_aligned(&mut self, at: i32, bytes: &[u8], align: u32) -> Done {
        aligned(at, align)?;
        self.put(at, bytes)
    }

    pub(super) fn put_u32(&mut self, at: i32, value: u32) -> Done {
        self.put_aligned(at, &value.to_le_bytes(), 4)
    }

    pub(super) fn put_u64(&mut self, at: i32, value: u64) -> Done {
        self.put_aligned(at, &value.to_le_bytes(), 8)
    }

    /// Address and length of the first buffer of an array that is not empty: reads and writes may do
    /// less than they are asked for.
    pub(super) fn first_buffer(&self, list: i32, count: i32) -> Done<(i32, u32)> {
        let mut buffers = self.buffers(list, count)?;
        let found = buffers.find(|buffer| !matches!(buffer, Ok((_, 0))));
        found.unwrap_or(Ok((0, 0)))
    }

    /// Addresses and lengths of an array of buffers.
    pub(super) fn buffers(
        &self,
        list: i32,
        count: i32,
    ) -> Done<impl Iterator<Item = Done<(i32, u32)>>> {
        let count = count.cast_unsigned() as usize;
        let size = count.checked_mul(IOVEC).ok_or(Errno::OVERFLOW)?;
        let size = u32::try_from(size).map_err(|_| Errno::OVERFLOW)?;
        let left = MAX_COPY.checked_sub(size as usize).ok_or(Errno::NOMEM)?;
        aligned(list, 4)?;
        let buffers = self.bytes(list, size)?.as_chunks::<IOVEC>().0.iter();
        Ok(buffers.map(move |buffer| {
            let [a, b, c, d, length @ ..] = *buffer;
            let length = u32::from_le_bytes(length);
            if length as usize > left {
                return Err(Errno::NOMEM.into());
            }
            Ok((i32::from_le_bytes([a, b, c, d]), length))
        }))
    }

    /// Bytes that a call writes to a file: those of the first buffer.
    pub(super) fn written(&self, list: i32, count: i32) -> u64 {
        let first = self.first_buffer(list, count);
        first.map_or(0, |(_, length)| u64::from(length))
    }
}

fn range(at: i32, len: u32) -> Range<usize> {
    let start = at.cast_unsigned() as usize;
    start..start.saturating_add(len as usize)
}

fn outside(range: &Range<usize>) -> Failure {
    let (start, len) = (range.start, range.len());
    Failure::Trap(format!("Pointer out of bounds: {len} bytes at {start}"))
}

fn aligned(at: i32, align: u32) -> Done {
    if at.cast_unsigned().is_multiple_of(align) {
        return Ok(());
    }
    let at = at.cast_unsigned();
    Err(Failure::Trap(format!(
        "Pointer not aligned to {align}: {at}"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_outside_ends_the_guest() {
        let mut bytes = [0; 16];
        let memory = Memory(&mut bytes);
        assert!(memory.bytes(8, 8).is_ok());
        assert!(matches!(memory.bytes(8, 9), Err(Failure::Trap(_))));
        assert!(matches!(memory.bytes(-1, 2), Err(Failure::Trap(_))));
    }

    #[test]
    fn the_first_buffer_is_one_that_holds_something() {
        let mut bytes = [5, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 3, 0, 0, 0];
        let memory = Memory(&mut bytes);
        assert!(matches!(memory.first_buffer(0, 2), Ok((9, 3))));
        assert!(matches!(memory.first_buffer(0, 1), Ok((0, 0))));
        assert!(matches!(memory.first_buffer(2, 1), Err(Failure::Trap(_))));
    }
}
