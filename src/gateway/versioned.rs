//! Versions of APIs on the way of a request: refused, told to upstreams, and told to clients.

use http::HeaderMap;

use super::Gateway;
use crate::host::{Host, UnixMillis};
use crate::problem::{Failure, Problem};
use crate::telemetry::Record;
use crate::version::{Negotiated, answer, refusal};

impl<H: Host> Gateway<H> {
    /// Why no route takes a request: a version, where it was that.
    pub(super) fn no_version(&self, negotiated: Negotiated, now: u64) -> Failure {
        let api = negotiated.api.and_then(|index| self.plan.apis.get(index));
        match (api, negotiated.refused) {
            (Some(api), Some(refused)) => refusal::refused(api, refused, negotiated.here, now),
            _ => Problem::NoRoute.into(),
        }
    }

    /// Refuses a request for a version that is gone, or not there for a while. Late, so that it is on record who still uses
    /// it.
    pub(super) fn judge_version(&self, record: &Record) -> Result<(), Failure> {
        let Some(api) = record.versioned_api() else { return Ok(()) };
        refusal::judge(api, record.api, seconds(record.started), || self.percent())
    }

    /// A number below 100.
    fn percent(&self) -> u8 {
        let mut bytes = [0; 4];
        self.host.fill(&mut bytes);
        // Of four thousand million numbers, a hundred have no equal share.
        u8::try_from(u32::from_be_bytes(bytes) % 100).unwrap_or_default()
    }

    /// Stamps an answer, whoever made it, with what there is to say about versions.
    pub(super) fn tell_version(&self, headers: &mut HeaderMap, record: &Record) {
        if let Some(api) = record.versioned_api() {
            answer::stamp(api, record.api, &record.method, headers);
        }
    }
}

/// Tells an upstream which version is meant, where it is to be told.
pub(super) fn tell_version(record: &Record, headers: &mut HeaderMap) {
    let told = record.versioned_api().and_then(|api| api.tell.as_ref()).zip(record.api_version());
    if let Some((name, version)) = told {
        headers.insert(name, version.value.clone());
    }
}

/// Whole seconds since 1970.
pub(super) const fn seconds(UnixMillis(millis): UnixMillis) -> u64 {
    millis / 1000
}
