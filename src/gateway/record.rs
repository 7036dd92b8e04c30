//! A request's record from its beginning, and the one place where a failure becomes an answer.

use std::sync::Arc;
use std::time::Duration;

use http::header::{HeaderName, HeaderValue};
use http::request::Parts;
use http::{HeaderMap, StatusCode};

use super::{Answer, Gateway, brief};
use crate::body::Body;
use crate::cache::status::CACHE_STATUS;
use crate::forward::client::Client;
use crate::host::Host;
use crate::limit::{self, Held};
use crate::pool::Taken;
use crate::problem::Failure;
use crate::telemetry::{Outcome, Record, TraceContext, line, request_id, trace};
use crate::version::Negotiated;

const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");
pub(super) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

impl<H: Host> Gateway<H> {
    pub(super) fn begin(&self, head: &Parts, client: &Client) -> Record {
        let mut random = |bytes: &mut [u8]| self.host.fill(bytes);
        let request_id = request_id::accept_or_make(&head.headers, &mut random);
        let trace: TraceContext = trace::continue_or_start(&head.headers, &mut random);
        Record {
            plan: Arc::clone(&self.plan),
            started: self.host.unix(),
            begun: self.host.tick(),
            request_id,
            trace,
            client: client.address,
            method: head.method.clone(),
            version: head.version,
            target: head.uri.path_and_query().cloned(),
            route: None,
            part: false,
            preflight: false,
            api: Negotiated::default(),
            caller: None,
            judged: Vec::new(),
            held: Held::default(),
            cache: None,
            keeping: None,
            judging: None,
            disagrees: false,
            mirroring: None,
            mirror: None,
            settling: None,
            upstream: None,
            chosen: None,
            fell_back: None,
            taken: Taken::default(),
            steps: Vec::new(),
            attempts: 0,
            asked: None,
            answered: None,
            status: StatusCode::OK,
            upload: None,
            compression: None,
            bytes_out: 0,
            total: Duration::ZERO,
            outcome: Outcome::Answered,
            cause: None,
        }
    }

    /// The one place where a failure becomes an answer.
    pub(super) fn fail(&self, failure: &Failure, record: &mut Record) -> Answer<H::Stream> {
        record.outcome = Outcome::Problem(failure.problem);
        record.cause.clone_from(&failure.cause);
        let response = failure.respond(&self.plan.telemetry.name, Some(&record.request_id));
        brief(response.map(Body::Full))
    }

    pub(super) fn stamp(&self, headers: &mut HeaderMap, record: &Record) {
        headers.insert(X_REQUEST_ID, record.request_id.clone());
        limit::fields::stamp(&self.plan.limits, &record.judged, headers);
        if self.plan.telemetry.server_timing {
            let total = self.host.tick() - record.begun;
            let upstream = line::upstream_time(record);
            let gateway = line::millis(total.saturating_sub(upstream.unwrap_or_default()));
            let timing = match upstream {
                Some(upstream) => format!("gateway;dur={gateway}, upstream;dur={}", line::millis(upstream)),
                None => format!("gateway;dur={gateway}"),
            };
            if let Ok(value) = HeaderValue::try_from(timing) {
                let _ = headers.try_append(SERVER_TIMING, value);
            }
        }
        // RFC 9211 section 2: after what caches nearer to the origin say.
        if let Some(cache) = &record.cache {
            let _ = headers.try_append(CACHE_STATUS, cache.field(&self.plan.telemetry.name));
        }
    }
}
