//! External authorisation: the head of a request is shown to a service, which says whether it may pass.
//!
//! The way of Traefik's `ForwardAuth`, nginx's `auth_request` and the HTTP service of Envoy's `ext_authz`: a GET with
//! chosen fields of the request and, in `X-Forwarded-*`, what was asked for. An answer of the class 2xx lets the request
//! pass; any other is the client's answer.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};

pub mod fields;

use super::{Admitted, Asking, Found, Rejection};
use crate::ask::{Question, ask};
use crate::forward::client::Scheme;
use crate::forward::join_cookies;
use crate::host::Host;
use crate::plan::Endpoint;
use fields::{Asked, Fields, Verdict};

/// A service that is asked about each request, ready to be asked.
#[derive(Debug)]
pub struct External {
    /// Where it is.
    pub endpoint: Endpoint,
    /// What passes in which direction.
    pub fields: Fields,
    /// Whether requests pass while the service cannot be asked.
    pub open: bool,
    /// How long an answer may take.
    pub timeout: Duration,
}

/// Asks the service: what it adds to the request and to the answer, or what the client is told instead.
pub async fn consult<H: Host>(host: &H, service: &External, asking: &Asking<'_>) -> Result<Admitted, Found> {
    let Some(headers) = question(service, asking) else {
        return Err(Found::Rejected(Rejection::malformed("what was asked for can be no field's value")));
    };
    let question = Question {
        endpoint: &service.endpoint,
        target: None,
        method: Method::GET,
        headers,
        body: Bytes::new(),
        within: service.timeout,
        deadline: asking.deadline,
        most: fields::MAX_ANSWER,
    };
    let answer = match ask(host, question).await {
        Ok(answer) if service.open && fields::is_failure(answer.status()) => return Ok(Admitted::default()),
        Ok(answer) => answer,
        Err(_) if service.open => return Ok(Admitted::default()),
        Err(error) => return Err(Found::Rejected(Rejection::unavailable(error.cause))),
    };
    let (head, content) = answer.into_parts();
    match service.fields.verdict(head.status, &head.headers, content) {
        Verdict::Pass { to_upstream, to_client } => {
            Ok(Admitted { request: to_upstream, response: to_client, ..Admitted::default() })
        }
        Verdict::Refuse(response) => Err(Found::Answer(response)),
    }
}

fn question(service: &External, asking: &Asking<'_>) -> Option<HeaderMap> {
    let client = asking.client;
    let secure = client.proto.map_or(asking.peer.secure, |proto| proto == Scheme::Https);
    let asked = Asked {
        method: &asking.head.method,
        scheme: if secure { "https" } else { "http" },
        authority: client.host.as_ref().map_or(asking.authority, |host| host.as_str()),
        target: asking.head.uri.path_and_query().map_or("/", |target| target.as_str()),
        client: client.address,
    };
    let mut headers = service.fields.question(&asked, &asking.head.headers)?;
    super::login::remove_cookies(asking.plan, &mut headers);
    join_cookies(&mut headers);
    Some(headers)
}
