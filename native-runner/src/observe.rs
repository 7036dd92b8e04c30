//! What becomes of finished requests: a line in the access log, and counts for `/metrics`.

use std::sync::Arc;

use tollgate::telemetry::Record;

pub mod exposition;
pub mod log;
pub mod metrics;
pub mod seen;
pub mod versions;

pub use log::AccessLog;
pub use metrics::Shard;

/// Where one worker's finished requests go.
#[derive(Debug, Clone)]
pub struct Observer {
    log: AccessLog,
    shard: Arc<Shard>,
}

// === impl Observer ===

impl Observer {
    /// Writes to `log` and counts in a shard of its own.
    pub fn new(log: AccessLog) -> Self {
        Self { log, shard: Arc::default() }
    }

    /// The worker's counts.
    pub fn shard(&self) -> &Arc<Shard> {
        &self.shard
    }

    /// Takes a finished request down.
    pub fn observe(&self, record: &Record) {
        self.shard.count(record);
        self.log.write(record);
    }
}
