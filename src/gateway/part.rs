//! Asking for a part of an answer: one request of a step, by the step's own route.

use http::header::HeaderName;
use http::request::Parts;
use http::{HeaderMap, Response};

use super::cached::Around;
use super::{Answer, Gateway, Incoming, announced};
use crate::auth::Asking;
use crate::auth::authorise::facts;
use crate::body::Body;
use crate::deadline::Deadline;
use crate::expression::Facts;
use crate::host::Host;
use crate::plan::Route;
use crate::problem::Failure;
use crate::reply::{Open, Reply};
use crate::telemetry::Record;

/// Where a request has been: whoever sends another because of it says so too (RFC 8586 section 2, RFC 9110 section 7.6.3).
const CHAINS: [HeaderName; 2] = [HeaderName::from_static("cdn-loop"), http::header::VIA];

/// An answer to a part, and why it is a problem of the gateway's where it is one.
pub(super) struct Part<H: Host> {
    pub(super) reply: Reply<H>,
    pub(super) failure: Option<Failure>,
    /// How often upstreams were asked for it.
    pub(super) attempts: u32,
}

impl<H: Host> Gateway<H> {
    /// Asks for a part by the route with this index, under the identifier and the trace of `whole`, and within `deadline`. Its
    /// record is closed with the answer's last byte, as that of any request.
    pub(super) async fn part(
        &self,
        index: usize,
        mut head: Parts,
        body: Body<H::Stream>,
        (around, client_fields): (Around<'_>, &HeaderMap),
        whole: &Record,
        deadline: Deadline,
    ) -> Part<H> {
        for name in CHAINS {
            for line in client_fields.get_all(&name) {
                head.headers.append(&name, line.clone());
            }
        }
        let mut record = self.begin(&head, around.client);
        record.route = Some(index);
        record.api = whole.api;
        record.request_id.clone_from(&whole.request_id);
        record.trace.clone_from(&whole.trace);
        record.caller.clone_from(&around.admitted.caller);
        let mut open = Open::of_part(self.host.clone(), record);
        let route = &self.plan.routes[index];
        let answer = self.answer_part(route, head, body, around, open.record(), deadline).await;
        let (answer, failure): (Answer<H::Stream>, _) = match answer {
            Ok(response) => ((response, route.patience, deadline), None),
            Err(failure) => (self.fail(&failure, open.record()), Some(failure)),
        };
        let attempts = open.record().attempts;
        Part { reply: self.reply(answer, open, false), failure, attempts }
    }

    async fn answer_part(
        &self,
        route: &Route,
        head: Parts,
        body: Body<H::Stream>,
        around: Around<'_>,
        record: &mut Record,
        deadline: Deadline,
    ) -> Result<Response<Body<H::Stream>>, Failure> {
        let Some(backend) = route.backend() else { return Err(crate::problem::Problem::Internal.into()) };
        let Around { peer, client, authority, normal, admitted, .. } = around;
        let asking =
            Asking { length: announced(&head.headers, &body), deadline, ..self.asking(route, &head, around) };
        let course = self.course(route, &asking, admitted.caller.as_deref(), deadline).await;
        let mut incoming = Incoming {
            head,
            peer,
            client,
            authority,
            normal,
            admitted,
            record,
            course,
            authorized: false,
            shared: None,
        };
        let body = self.validated(route, &incoming, body, deadline).await?;
        self.answer(route, backend, &mut incoming, body, deadline).await
    }

    /// A request as it is looked at by whoever decides about it.
    pub(super) fn asking<'a>(&'a self, route: &'a Route, head: &'a Parts, around: Around<'a>) -> Asking<'a> {
        let Around { peer, client, authority, normal, .. } = around;
        Asking {
            head,
            peer,
            client,
            authority,
            path: &normal.path,
            route,
            now: self.host.unix(),
            length: None,
            deadline: Deadline::after(self.host.tick(), None),
            plan: &self.plan.auth,
            assumed: self.assumed.as_ref(),
        }
    }

    /// What expressions see of a request; `host` is the one that was asked for, in lower case and without port.
    pub(super) fn facts<'a>(
        &'a self,
        route: &'a Route,
        head: &'a Parts,
        around: Around<'a>,
        host: &'a str,
    ) -> Facts<'a> {
        facts(around.admitted.caller.as_deref(), &self.asking(route, head, around), host)
    }
}
