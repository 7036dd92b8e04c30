//! Answers compressed for clients that take it: the last of all that is done to them.

use http::header::CONTENT_LENGTH;
use http::{HeaderMap, Response};
use http_body::Body as _;

use super::Gateway;
use crate::body::Body;
use crate::compression::{self, Encoding};
use crate::host::Host;
use crate::plan::Route;
use crate::telemetry::Record;

impl<H: Host> Gateway<H> {
    /// Writes down what a request says of compression, where its route has any.
    pub(super) fn note_codings(&self, route: &Route, headers: &mut HeaderMap, record: &mut Record) {
        if let Some(policy) = &route.compression {
            record.compression = Some(Box::new(policy.asked(headers)));
            compression::strengthen(headers);
        }
    }

    /// What the content of `response` passes on its way, if anything, and its fields written accordingly. The answer to a HEAD
    /// has the fields of that to a GET (RFC 9110 section 9.3.2).
    pub(super) fn compress(
        &self,
        response: &mut Response<Body<H::Stream>>,
        record: &Record,
        is_head: bool,
    ) -> Option<Box<Encoding>> {
        let asked = record.compression.as_deref()?;
        let policy = self.plan.routes.get(record.route?)?.compression.as_ref()?;
        let said = response.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        let length = match response.body() {
            Body::Full(bytes) => Some(bytes.len() as u64),
            _ if is_head => said,
            body if body.is_end_stream() => Some(0),
            body => said.or(body.size_hint().exact()),
        };
        let status = response.status();
        let coding = policy.apply(asked, status, length, response.headers_mut())?;
        if is_head {
            *response.body_mut() = Body::Empty;
            return None;
        }
        Some(Box::new(Encoding::new(coding)))
    }
}
