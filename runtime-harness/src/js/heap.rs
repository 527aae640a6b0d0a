//! The heap of the JavaScript engine, which counts as the guest's memory.

use rquickjs::allocator::{Allocator, RustAllocator};

use crate::budget::Budget;

/// What an allocation takes beyond its bytes: the header of [`RustAllocator`], and that of the system's
/// own allocator.
const OVERHEAD: usize = 32;
/// Sizes are rounded up by [`RustAllocator`].
const UNIT: usize = align_of::<u64>();

/// An allocator that stays within what the guest may use: beyond it, JavaScript is "out of memory".
pub(super) struct Heap(pub(super) Budget);

impl Heap {
    /// What an allocation of so many bytes is counted as; none for one that cannot be.
    fn cost(size: usize) -> Option<u64> {
        let size = size.checked_next_multiple_of(UNIT)?.checked_add(OVERHEAD)?;
        isize::try_from(size).ok()?;
        u64::try_from(size).ok()
    }

    /// Takes what an allocation costs, and takes none when there is none in the end.
    fn counted(&self, size: Option<usize>, allocate: impl FnOnce() -> *mut u8) -> *mut u8 {
        let Some(cost) = size.and_then(Self::cost).filter(|cost| self.0.take(*cost)) else {
            return std::ptr::null_mut();
        };
        let at = allocate();
        if at.is_null() {
            self.0.give(cost);
        }
        at
    }
}

// SAFETY: all memory is that of `RustAllocator`, whose contract is the same; it is counted beside.
#[expect(unsafe_code, reason = "the interface of allocators is unsafe")]
unsafe impl Allocator for Heap {
    fn alloc(&mut self, size: usize) -> *mut u8 {
        self.counted(Some(size), || RustAllocator.alloc(size))
    }

    fn calloc(&mut self, count: usize, size: usize) -> *mut u8 {
        let whole = count.checked_mul(size);
        self.counted(whole, || RustAllocator.calloc(count, size))
    }

    unsafe fn dealloc(&mut self, at: *mut u8) {
        // SAFETY: the caller says that it is one of ours.
        let size = unsafe { RustAllocator::usable_size(at) };
        // SAFETY: the same.
        unsafe { RustAllocator.dealloc(at) };
        self.0.give(Self::cost(size).unwrap_or_default());
    }

    unsafe fn realloc(&mut self, at: *mut u8, size: usize) -> *mut u8 {
        if at.is_null() {
            return self.alloc(size);
        }
        // SAFETY: the caller says that it is one of ours.
        let before = Self::cost(unsafe { RustAllocator::usable_size(at) }).unwrap_or_default();
        // Large ones grow where they are, so that the difference is what it takes.
        let Some(after) = Self::cost(size).filter(|after| self.0.swap(before, *after)) else {
            return std::ptr::null_mut();
        };
        // SAFETY: the same.
        let moved = unsafe { RustAllocator.realloc(at, size) };
        if moved.is_null() {
            self.0.swap(after, before);
        }
        moved
    }

    unsafe fn usable_size(at: *mut u8) -> usize {
        // SAFETY: the caller says that it is one of ours.
        unsafe { RustAllocator::usable_size(at) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_was_taken_comes_back() {
        let budget = Budget::new(1 << 20);
        let mut heap = Heap(budget.clone());
        assert!(heap.alloc(usize::MAX).is_null() && heap.alloc(1 << 20).is_null());
        assert!(heap.calloc(usize::MAX, 2).is_null());
        let (a, b) = (heap.alloc(13), heap.calloc(3, 1000));
        // SAFETY: these are its own, each used once.
        #[expect(unsafe_code, reason = "the interface of allocators is unsafe")]
        unsafe {
            let a = heap.realloc(a, 5000);
            assert!(heap.realloc(a, 2 << 20).is_null());
            heap.dealloc(a);
            heap.dealloc(b);
        }
        assert!(budget.take(1 << 20), "nothing is counted any more");
    }
}
