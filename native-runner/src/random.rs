//! Random numbers: the system's, fetched by the block, because asking for each would cost a system call a request.

use std::sync::{Mutex, PoisonError};

/// Numbers for one worker.
#[derive(Debug)]
pub struct Generator(Mutex<Block>);

struct Block {
    bytes: [u8; 4096],
    used: usize,
}

impl Generator {
    /// Nothing is fetched yet.
    pub fn new() -> Self {
        Self(Mutex::new(Block { bytes: [0; 4096], used: 4096 }))
    }

    /// Overwrites `bytes`. Numbers that were given out are wiped.
    pub fn fill(&self, bytes: &mut [u8]) {
        let mut block = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for piece in bytes.chunks_mut(4096) {
            if block.used + piece.len() > block.bytes.len() {
                block.refill();
            }
            let (from, to) = (block.used, block.used + piece.len());
            piece.copy_from_slice(&block.bytes[from..to]);
            block.bytes[from..to].fill(0);
            block.used = to;
        }
    }
}

impl Default for Generator {
    fn default() -> Self {
        Self::new()
    }
}

impl Block {
    fn refill(&mut self) {
        // The system's generator cannot fail once the machine is up; where it does, identifiers repeat the zeros of
        // the wiped block rather than the request failing.
        if getrandom::fill(&mut self.bytes).is_err() {
            self.bytes.fill(0);
        }
        self.used = 0;
    }
}

impl std::fmt::Debug for Block {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Block(…)")
    }
}
