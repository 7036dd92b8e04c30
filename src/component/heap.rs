//! The heap that is frozen with the plan, tidied: every instance begins with one room of free memory in one piece.
//!
//! Reading a configuration leaves holes all over the heap, and an instance that fills them writes to as many pages. A
//! host pays for each page written: it copies it when it is first touched, and cleans it up after the request. Memory
//! that is never touched costs nothing, so the holes are filled for good.

use core::arch::wasm32::memory_size;

/// What almost every request gets along with.
const ROOM: usize = 256 << 10;

/// The largest and the smallest hole worth looking for.
const HOLES: (usize, usize) = (64 << 10, 8);

/// WebAssembly's.
const PAGE: usize = 64 << 10;

/// Fills the holes and leaves room.
pub fn tidy() {
    let room = Vec::<u8>::with_capacity(ROOM);
    let end = memory_size::<0>() * PAGE;
    let mut size = HOLES.0;
    while size >= HOLES.1 {
        fill(size, end);
        size -= size / 4;
    }
    drop(room);
}

/// Takes pieces of `size` until there is none before `end`.
fn fill(size: usize, end: usize) {
    loop {
        // Zeroes, because they are left out of the frozen image.
        let piece = vec![0_u8; size];
        if piece.as_ptr().addr() >= end {
            return;
        }
        // Never given back: that is the point.
        std::mem::forget(piece);
    }
}
