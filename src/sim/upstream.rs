//! Upstreams that answer by a script, and what they received.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode, Version};
use http_body::Frame;
use serde::Deserialize;

use super::body::Script;

/// One scripted answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// The requests it is for.
    pub when: When,
    /// What goes wrong before the head of the answer is there.
    pub fault: Option<Fault>,
    /// How long the upstream thinks, once the request is there.
    pub delay: Duration,
    /// Whether it answers without waiting for the end of the request's body.
    pub early: bool,
    /// The status.
    pub status: StatusCode,
    /// The fields, without those that frame the message.
    pub headers: HeaderMap,
    /// The content.
    pub body: Script,
}

/// Which requests a reply is for: those that have everything that is said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct When {
    /// The method.
    pub method: Option<Method>,
    /// Path and query, as received.
    pub target: Option<String>,
}

/// What can go wrong before the head of an answer is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// The upstream's name has no address. Only simulated.
    Dns,
    /// It does not accept the connection.
    Refuse,
    /// The connection is never made. Only simulated.
    ConnectTimeout,
    /// TLS cannot be agreed on. Only simulated.
    Tls,
    /// The host forbids the address. Only simulated.
    Prohibited,
    /// It closes the connection instead of answering.
    Close,
    /// It resets the connection instead of answering.
    Reset,
    /// It closes the connection in the middle of the head.
    HeadCut,
    /// It answers something that is not HTTP.
    Garbage,
    /// It never answers.
    Stall,
}

/// Scripted answers, in the order in which they are given.
#[derive(Debug, Clone, Default)]
pub struct Replies {
    replies: Vec<Reply>,
    used: Vec<bool>,
}

/// A request as an upstream received it.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    /// The upstream's name, or its authority where it has none.
    pub to: String,
    /// The method.
    pub method: Method,
    /// Path and query.
    pub target: String,
    /// The version of HTTP.
    pub version: Version,
    /// The header fields.
    pub headers: HeaderMap,
    /// The content.
    pub body: Bytes,
    /// The trailer fields.
    pub trailers: HeaderMap,
    /// Whether the body came to its end.
    pub complete: bool,
}

/// Writes a request down while its body comes in.
#[derive(Debug)]
pub(super) struct Recorder {
    log: Rc<RefCell<Vec<Received>>>,
    index: usize,
    data: BytesMut,
}

// === impl Reply ===

impl Reply {
    /// A plain answer.
    pub fn new(status: StatusCode, body: Script) -> Self {
        Self {
            when: When::default(),
            fault: None,
            delay: Duration::ZERO,
            early: false,
            status,
            headers: HeaderMap::new(),
            body,
        }
    }

    /// What an upstream answers for which nothing is scripted: 200 and its own name.
    pub fn name_of(upstream: &str) -> Self {
        let mut reply = Self::new(StatusCode::OK, Script::fixed(upstream.to_owned()));
        reply.headers.insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("text/plain"));
        reply
    }

    /// RFC 9110 section 6.4.1: whether the answer to `method` has content.
    pub fn has_content(&self, method: &Method) -> bool {
        *method != Method::HEAD && !matches!(self.status.as_u16(), 100..=199 | 204 | 304)
    }
}

// === impl When ===

impl When {
    fn fits(&self, method: &Method, target: &str) -> bool {
        self.method.as_ref().is_none_or(|own| own == method)
            && self.target.as_deref().is_none_or(|own| own == target)
    }
}

// === impl Replies ===

impl Replies {
    /// Each is given once, in order, and the last of those that fit again and again.
    pub fn new(replies: Vec<Reply>) -> Self {
        let used = vec![false; replies.len()];
        Self { replies, used }
    }

    /// Whether connections are refused.
    pub fn refuse(&self) -> bool {
        self.replies.iter().any(|reply| reply.fault == Some(Fault::Refuse))
    }

    /// What is answered to a request; `None` where no reply is for it.
    pub fn next(&mut self, method: &Method, target: &str) -> Option<Reply> {
        let fitting = || (0..self.replies.len()).filter(|at| self.replies[*at].when.fits(method, target));
        let chosen = fitting().find(|at| !self.used[*at]).or_else(|| fitting().next_back())?;
        self.used[chosen] = true;
        Some(self.replies[chosen].clone())
    }
}

// === impl Recorder ===

impl Recorder {
    /// Writes down the head.
    pub(super) fn begin(log: &Rc<RefCell<Vec<Received>>>, to: &str, head: &Parts) -> Self {
        let mut received = log.borrow_mut();
        received.push(Received {
            to: to.to_owned(),
            method: head.method.clone(),
            target: head.uri.path_and_query().map_or_else(String::new, ToString::to_string),
            version: head.version,
            headers: head.headers.clone(),
            body: Bytes::new(),
            trailers: HeaderMap::new(),
            complete: false,
        });
        Self { log: Rc::clone(log), index: received.len() - 1, data: BytesMut::new() }
    }

    pub(super) fn frame(&mut self, frame: Frame<Bytes>) {
        match frame.into_data() {
            Ok(data) => self.data.extend_from_slice(&data),
            Err(frame) => {
                let trailers = frame.into_trailers().unwrap_or_default();
                self.with(|received| received.trailers = trailers);
            }
        }
    }

    pub(super) fn complete(&mut self) {
        self.with(|received| received.complete = true);
    }

    fn with(&self, change: impl FnOnce(&mut Received)) {
        if let Some(received) = self.log.borrow_mut().get_mut(self.index) {
            change(received);
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        let body = std::mem::take(&mut self.data).freeze();
        self.with(|received| received.body = body);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn replies_in_order_and_the_last_again() {
        let reply = |status: u16, target: Option<&str>| {
            let mut reply = Reply::new(StatusCode::from_u16(status).unwrap(), Script::fixed(""));
            reply.when.target = target.map(str::to_owned);
            reply
        };
        let mut replies = Replies::new(vec![reply(500, None), reply(201, Some("/a")), reply(200, None)]);
        let mut next = |target| replies.next(&Method::GET, target).map(|reply| reply.status.as_u16());
        assert_eq!(
            [next("/b"), next("/b"), next("/a"), next("/b")],
            [Some(500), Some(200), Some(201), Some(200)]
        );
        let mut only = Replies::new(vec![reply(200, Some("/a"))]);
        assert!(only.next(&Method::GET, "/b").is_none());
    }
}
