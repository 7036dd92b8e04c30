//! Making one answer of several: steps are asked as soon as what they need is there, and the answer is made of what came.

use std::sync::atomic::AtomicUsize;

use bytes::Bytes;
use futures_util::stream::{FuturesUnordered, StreamExt};
use http::request::Parts;
use http::{HeaderMap, Response};
use http_body::Body as _;

use super::cached::Around;
use super::content::undecoded;
use super::{Gateway, Incoming, announced};
use crate::body::{Body, collect_steadily};
use crate::coding;
use crate::compose::Compose;
use crate::compose::run::{self, Answers, Ground, Run};
use crate::credentials::uncollected;
use crate::deadline::Deadline;
use crate::expression::{Beyond, Facts};
use crate::host::Host;
use crate::json::{self, Limits, Node};
use crate::mapping::{Media, media};
use crate::plan::Route;
use crate::problem::{Failure, Problem};
use crate::route::{host, lowercase};
use crate::telemetry::Record;

mod answering;
mod asking;

/// What all requests of one composition have in common.
#[derive(Clone, Copy)]
struct Whole<'a> {
    compose: &'a Compose,
    around: Around<'a>,
    client_fields: &'a HeaderMap,
    record: &'a Record,
    content: &'a Bytes,
    deadline: Deadline,
    /// The answer may be kept.
    keeps: bool,
    /// How many bytes of answers are in memory.
    held: &'a AtomicUsize,
}

impl<H: Host> Gateway<H> {
    /// The answer that is made of the steps' of a composed route.
    pub(super) async fn compose(
        &self,
        route: &Route,
        compose: &Compose,
        incoming: &mut Incoming<'_>,
        body: Body<H::Stream>,
        deadline: Deadline,
    ) -> Result<Response<Body<H::Stream>>, Failure> {
        let change = route.transform.as_ref().and_then(|transform| transform.response.as_ref());
        // What cannot be had is refused before anybody is asked.
        let change = match change {
            None => None,
            Some(change) => Some((change, self.await_answer(change, &mut incoming.head)?)),
        };
        let content = self.content(route, compose, &incoming.head, body, deadline).await?;
        let readable;
        let parsed = match compose.reads_content {
            true => {
                readable = readable_of(&incoming.head.headers, &content, route.body_limit)?;
                read(&incoming.head.headers, &readable)?
            }
            false => None,
        };
        let (ground, answers, held) = (Ground::new(compose), run::answers(compose), AtomicUsize::new(0));
        let (around, authority) = (incoming.around(), incoming.authority);
        let whole = Whole {
            compose,
            around,
            client_fields: &incoming.head.headers,
            record: incoming.record,
            content: &content,
            deadline,
            keeps: incoming.shared.is_some(),
            held: &held,
        };
        let host = lowercase(host::name(authority));
        let facts = self.facts(route, &incoming.head, around, &host);
        let facts = Facts { beyond: Beyond { content: parsed.as_ref(), ..Beyond::default() }, ..facts };
        let asked = self.host.tick();
        let run = self.ask_steps(whole, facts, &ground, &answers).await;
        let answered = self.host.tick();
        let (response, steps) = self.answer_of((compose, change), &answers, run, facts, incoming.shared);
        let record = &mut *incoming.record;
        record.asked.get_or_insert(asked - record.begun);
        record.answered = Some(answered - record.begun);
        record.steps = steps;
        response
    }

    /// Asks for all that is to be asked for, until there is nothing left or the answer is lost.
    async fn ask_steps<'r, 's: 'r>(
        &self,
        whole: Whole<'r>,
        facts: Facts<'r>,
        ground: &'s Ground,
        answers: &'r Answers<'s>,
    ) -> Run<'r, 's> {
        let mut run = Run::new(whole.compose, facts, ground, answers);
        let mut under_way = FuturesUnordered::new();
        loop {
            while under_way.len() < whole.compose.at_once {
                let Some(job) = run.next(self.host.tick()) else { break };
                under_way.push(self.ask_for(whole, job));
            }
            // Who is still asked is given up where there is no answer without what failed.
            if run.failed().is_some() {
                return run;
            }
            let Some(came) = under_way.next().await else { return run };
            run.came(came, self.host.tick());
        }
    }

    /// The client's content, where somebody wants it.
    async fn content(
        &self,
        route: &Route,
        compose: &Compose,
        head: &Parts,
        body: Body<H::Stream>,
        deadline: Deadline,
    ) -> Result<Bytes, Failure> {
        if !(compose.reads_content || compose.sends_content) || body.is_end_stream() {
            return Ok(Bytes::new());
        }
        if announced(&head.headers, &body).is_some_and(|length| length > route.body_limit) {
            return Err(Problem::BodyTooLarge.into());
        }
        let idle = route.patience.idle;
        collect_steadily(&self.host, body, route.body_limit, deadline, idle).await.map_err(uncollected)
    }
}

/// The client's content without codings.
fn readable_of(headers: &HeaderMap, content: &Bytes, most: u64) -> Result<Bytes, Failure> {
    let codings = coding::of(headers).map_err(|fault| undecoded(fault.into()))?;
    coding::decode(&codings, content.clone(), most).map_err(|fault| undecoded(fault.into()))
}

/// The client's content as expressions see it; `None` where there is none.
fn read<'c>(headers: &HeaderMap, content: &'c Bytes) -> Result<Option<Node<'c>>, Failure> {
    if content.is_empty() {
        return Ok(None);
    }
    if !matches!(media(headers), Media::Json(_)) {
        return Err(Problem::UnsupportedMediaType.into());
    }
    let node = json::parse(content, &Limits::of(content.len()));
    node.map(Some).map_err(|error| Failure::from(Problem::InvalidContent).detail(error.to_string()))
}
