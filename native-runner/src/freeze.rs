//! Freezing a configuration into the once-compiled module, and making a component of it: no compiler needed.
//!
//! The module's export `wizer-initialize` reads the documents, compiles the plan and leaves it in memory; the memory is
//! then written back into the module. It runs without a clock to trust, without secrets and without a network.

mod component;
mod initialise;

use std::path::Path;

pub use component::componentize;

/// The folder beside the modules where what was compiled of them is kept.
pub const COMPILED: &str = "compiled";

/// What `tollgate build` makes of a module and a configuration.
#[derive(Clone, Debug)]
pub struct Frozen {
    /// The module for Spin, which makes a component of it itself; its `component-type` sections are kept.
    pub core: Vec<u8>,
    /// What the module said on standard error while it read the documents: warnings, one a line.
    pub notes: String,
}

/// Runs the initialisation of `module` over `documents_json` and freezes its memory.
///
/// The module finds the documents on its standard input and as `/tollgate/configuration.json`. Standard input is the
/// better way: a libc that has opened a file has listed its directories, and that list would be frozen as well.
///
/// # Errors
/// The module refuses the documents (the error's text is what it printed on standard error), or it is not a module that
/// can be frozen.
pub fn freeze(module: &[u8], documents_json: &str) -> anyhow::Result<Frozen> {
    initialise::run(&initialise::engine(None)?, module, documents_json)
}

/// Freezes one configuration after the other, and compiles the module that does it once, which takes seconds.
#[derive(Debug)]
pub struct Freezer {
    engine: wasmtime::Engine,
}

// === impl Freezer ===

impl Freezer {
    /// A freezer that keeps what it compiles in `directory`, and finds there what others have compiled. What stands there
    /// is run: only who may change the modules themselves may write there. A directory that cannot be written is not used.
    ///
    /// # Errors
    /// Wasmtime cannot be set up.
    pub fn keeping(directory: &Path) -> anyhow::Result<Self> {
        let directory = std::path::absolute(directory)?;
        let engine = initialise::engine(Some(&directory)).or_else(|_| initialise::engine(None))?;
        Ok(Self { engine })
    }

    /// See [`freeze`].
    ///
    /// # Errors
    /// See [`freeze`].
    pub fn freeze(&self, module: &[u8], documents_json: &str) -> anyhow::Result<Frozen> {
        initialise::run(&self.engine, module, documents_json)
    }
}
