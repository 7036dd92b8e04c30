//! Asking an upstream for an answer that may be kept, or whether what is kept is still good.

use std::sync::Arc;

use http::header::{
    DATE, HeaderName, HeaderValue, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE,
    RANGE,
};
use http::request::Parts;
use http::{HeaderMap, Method, Response, StatusCode};

use super::cached::{Around, Wanted};
use super::{Afterwards, Gateway, Incoming};
use crate::body::Body;
use crate::cache::flight::{Joined, Landing, Lead};
use crate::cache::keeping::{self, Head, Keeping, Kept};
use crate::cache::key;
use crate::cache::rules::{self, Asked};
use crate::cache::shelf::{self, Found};
use crate::cache::status::Hit;
use crate::cache::Entry;
use crate::forward;
use crate::host::{Host, UnixMillis};
use crate::problem::{Blame, Failure, Problem};
use crate::telemetry::{Record, line};

/// What a client says that wants only what it does not have: the gateway has conditions of its own.
const CONDITIONS: [HeaderName; 5] =
    [IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE];

/// The duty to ask, and what is there until then.
pub(super) struct Fetching {
    pub(super) found: Found,
    /// Of those who wait for it.
    pub(super) lead: Option<Lead>,
}

/// What an upstream said, and when it was asked and when it had answered.
struct Fetched<S> {
    response: Response<Body<S>>,
    asked: UnixMillis,
    received: UnixMillis,
}

impl<H: Host> Gateway<H> {
    /// Asks the upstream, keeps what may be kept, and gives what is kept where the upstream fails.
    pub(super) async fn ask(
        &self,
        wanted: &Wanted<'_>,
        fetching: Fetching,
        record: &mut Record,
    ) -> Result<Response<Body<H::Stream>>, Failure> {
        let Fetching { found, mut lead } = fetching;
        let stale = found.entry.as_ref();
        let fetched = match self.fetch_for(wanted, stale, record).await {
            // It confirms what is not kept; without conditions there is an answer.
            Ok(fetched) if is_confirmation(&fetched, stale) && self.renew(wanted, &found, &fetched).is_none() => {
                self.fetch_for(wanted, None, record).await
            }
            fetched => fetched,
        };
        let failed = match &fetched {
            Ok(fetched) => fetched.response.status().is_server_error().then_some(Some(fetched.response.status())),
            Err(failure) => (failure.problem.spec().blame == Blame::Upstream).then_some(None),
        };
        if let (Some(status), Some(entry)) = (failed, stale)
            && rules::rescues(&entry.life, &wanted.asked, status, self.host.unix())
        {
            let problem = fetched.as_ref().err().map_or(Problem::UpstreamTerminated, |failure| failure.problem);
            land(lead.take(), Landing::Failed(problem));
            record.cache.get_or_insert_default().forward_status = status;
            return Ok(self.give(&wanted.head, entry, Hit::Rescued, record));
        }
        let fetched = match fetched {
            Ok(fetched) => fetched,
            Err(failure) => {
                land(lead.take(), Landing::Failed(failure.problem));
                return Err(failure);
            }
        };
        if is_confirmation(&fetched, stale)
            && let Some(kept) = self.renew(wanted, &found, &fetched)
        {
            record.cache.get_or_insert_default().forward_status = Some(StatusCode::NOT_MODIFIED);
            let response = self.give(&wanted.head, kept.entry(), Hit::Validated, record);
            match self.life(wanted, kept.entry(), &fetched) {}
            return Ok(response);
        }
        Ok(self.pass_on(wanted, found, fetched, lead, record).await)
    }
}
