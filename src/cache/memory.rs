//! What is kept in the memory of the process: bounded by weight.

/// All answers kept in the memory of a process, with what was purged of them.
#[derive(Debug, Default)]
pub struct Shelves {}

// === impl Shelves ===

impl Shelves {
    /// How much may be kept from now on, in bytes.
    pub fn resize(&self, bytes: u64) {
        let _ = (self, bytes);
    }
}
