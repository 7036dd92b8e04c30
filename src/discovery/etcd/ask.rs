//! Questions to etcd: who asks, all keys, and what changes from now on.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, Method, Response, StatusCode};
use serde_json::{Value, json};

use super::message::{self, told};
use super::seen::Seen;
use super::{Login, MOST_ANSWER, Watcher};
use crate::ask::{Question, ask, open};
use crate::body::collect;
use crate::deadline::Deadline;
use crate::discovery::Fault;
use crate::discovery::lines::Lines;
use crate::host::{Host, Secret};
use crate::plan::{Endpoint, MOST_TARGETS};

/// The largest answer that says no, and the largest with a token, in bytes.
const MOST_SHORT: usize = 64 << 10;

impl<H: Host> Watcher<H> {
    /// All keys, from the first member that answers.
    pub(super) async fn range(&mut self, host: &H) -> Result<Seen, Fault> {
        let (key, end) = self.keys();
        // One more than there may be shows that there are too many.
        let body = json!({ "key": key, "range_end": end, "limit": (MOST_TARGETS + 1).to_string() });
        let mut fault = Fault::new("etcd has no address");
        for _ in 0..self.etcd.members.len() {
            match self.answered(host, "/v3/kv/range", &body).await {
                Ok(response) => return message::range(response.body()),
                Err(failed) => fault = failed,
            }
            self.member = (self.member + 1) % self.etcd.members.len();
        }
        Err(fault)
    }

    /// What changes from `revision` on.
    pub(super) async fn open(&mut self, host: &H, revision: u64) -> Result<Lines<H::Stream>, Fault> {
        let (key, end) = self.keys();
        let create = json!({
            "key": key, "range_end": end, "start_revision": revision.to_string(), "progress_notify": true,
        });
        let body = json!({ "create_request": create });
        for first in [true, false] {
            let shown = self.shown(host).await?;
            let endpoint = &self.etcd.members[self.member];
            let question = self.question(endpoint, "/v3/watch", &body, shown)?;
            let response = open(host, question).await?;
            if response.status() == StatusCode::OK {
                return Ok(Lines::new(response.into_body(), MOST_ANSWER));
            }
            let status = response.status();
            if !(first && self.should_log_in_again(status)) {
                let deadline = Deadline::after(host.tick(), Some(self.timeout));
                let said = collect(host, response.into_body(), MOST_SHORT as u64, deadline).await;
                return Err(refused(endpoint, status, &said.unwrap_or_default()));
            }
            self.token = None;
        }
        Err(Fault::new("etcd does not take the token that it gave"))
    }

    /// A whole answer that says yes.
    async fn answered(&mut self, host: &H, path: &str, body: &Value) -> Result<Response<Bytes>, Fault> {
        for first in [true, false] {
            let shown = self.shown(host).await?;
            let endpoint = &self.etcd.members[self.member];
            let response = ask(host, self.question(endpoint, path, body, shown)?).await?;
            let status = response.status();
            if status == StatusCode::OK {
                return Ok(response);
            }
            if !(first && self.should_log_in_again(status)) {
                return Err(refused(endpoint, status, response.body()));
            }
            self.token = None;
        }
        Err(Fault::new("etcd does not take the token that it gave"))
    }

    /// A token that was asked for is good for some minutes only, and a new one is to be had.
    fn should_log_in_again(&self, status: StatusCode) -> bool {
        status == StatusCode::UNAUTHORIZED
            && self.token.is_some()
            && matches!(self.etcd.login, Login::Password { .. })
    }

    /// What shows who asks.
    async fn shown(&mut self, host: &H) -> Result<Option<HeaderValue>, Fault> {
        let token = match (&self.etcd.login, &self.token) {
            (Login::None, _) => return Ok(None),
            (Login::Token(variable), _) => secret(host, variable).await?,
            (Login::Password { .. }, Some(token)) => token.clone(),
            (Login::Password { user, password }, None) => {
                let password = secret(host, password).await?;
                let endpoint = &self.etcd.members[self.member];
                let body = json!({ "name": &**user, "password": password.expose() });
                let mut question = self.question(endpoint, "/v3/auth/authenticate", &body, None)?;
                question.most = MOST_SHORT;
                let response = ask(host, question).await?;
                if response.status() != StatusCode::OK {
                    return Err(refused(endpoint, response.status(), response.body()));
                }
                Secret::new(message::token(response.body())?)
            }
        };
        let mut value = HeaderValue::try_from(token.expose())
            .map_err(|_| Fault::new("the token is not one that a header field can have"))?;
        value.set_sensitive(true);
        if matches!(self.etcd.login, Login::Password { .. }) {
            self.token = Some(token);
        }
        Ok(Some(value))
    }

    fn question<'a>(
        &self,
        endpoint: &'a Endpoint,
        path: &str,
        body: &Value,
        shown: Option<HeaderValue>,
    ) -> Result<Question<'a>, Fault> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(shown) = shown {
            headers.insert(AUTHORIZATION, shown);
        }
        let target = format!("{}{path}", endpoint.path.path().trim_end_matches('/'));
        let target = target.parse().map_err(|_| Fault::new("the path of etcd is none"))?;
        Ok(Question {
            endpoint,
            target: Some(target),
            method: Method::POST,
            headers,
            body: body.to_string().into(),
            within: self.timeout,
            deadline: Deadline::never(),
            most: MOST_ANSWER,
        })
    }

    /// The first key under the prefix and the first after all of them, as base64.
    fn keys(&self) -> (String, String) {
        let mut end = self.etcd.prefix.as_bytes().to_vec();
        // A text never ends with 255, so that there is always a byte that follows.
        if let Some(last) = end.last_mut() {
            *last = last.saturating_add(1);
        }
        (STANDARD.encode(&*self.etcd.prefix), STANDARD.encode(end))
    }
}

async fn secret<H: Host>(host: &H, variable: &str) -> Result<Secret, Fault> {
    match host.variable(variable).await {
        Ok(Some(secret)) => Ok(secret),
        Ok(None) => Err(Fault::new(format!("the variable {variable} is not set"))),
        Err(error) => Err(Fault::new(format!("the variable {variable} cannot be read: {}", error.cause))),
    }
}

fn refused(endpoint: &Endpoint, status: StatusCode, said: &[u8]) -> Fault {
    let said = told(&String::from_utf8_lossy(said));
    Fault::new(format!("{} answered {status}: {said}", endpoint.target.authority))
}
