//! Consul: the health API with blocking queries.

mod answer;
mod pace;

use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use http::header::HeaderName;
use http::uri::PathAndQuery;

use super::answer::{LARGEST, content, encoded, token};
use super::{Fault, Found, News};
use crate::ask::{Question, ask};
use crate::host::Host;
use crate::plan::Endpoint;
use pace::Pace;

/// The state of what was asked for; developer.hashicorp.com/consul/api-docs/features/blocking.
const INDEX: HeaderName = HeaderName::from_static("x-consul-index");
/// developer.hashicorp.com/consul/api-docs/api-structure#authentication.
const TOKEN: HeaderName = HeaderName::from_static("x-consul-token");

/// A service in Consul.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consul {
    /// Where Consul, or its agent, is.
    pub endpoint: Endpoint,
    /// Path and query of the question, without what changes from one to the next.
    pub question: Box<str>,
    /// The variable with the token.
    pub token: Option<Box<str>>,
    /// Whether instances with a warning are asked too.
    pub warnings: bool,
    /// How long Consul may hold a question until something changes.
    pub wait: Duration,
}

/// Who is asked about in [`Consul::question`].
#[derive(Debug, Clone, Copy)]
pub struct Service<'a> {
    /// Its name.
    pub name: &'a str,
    /// Tags that it has, all of them.
    pub tags: &'a [String],
    /// The datacenter; the agent's where `None`.
    pub datacenter: Option<&'a str>,
    /// Whether instances with a warning are asked too.
    pub warnings: bool,
}

/// A watch of Consul.
#[derive(Debug)]
pub struct Watcher {
    consul: Arc<Consul>,
    /// How long one question may take beyond the time for which Consul holds it.
    timeout: Duration,
    /// How long there is between two questions where Consul does not hold them.
    interval: Duration,
    /// Where the last answer stood; 0 where the next question is not to be held.
    index: u64,
    /// Whether Consul held questions when it answered last.
    holds: bool,
    pace: Pace,
}

// === impl Service ===

impl Service<'_> {
    /// Path and query of a question about it, at a Consul whose API is under `base`.
    pub fn question(&self, base: &str) -> String {
        let mut text = format!("{}/v1/health/service/{}?", base.trim_end_matches('/'), encoded(self.name));
        // With `passing`, Consul leaves out all others; what has a warning must be asked for and looked at.
        text.push_str(if self.warnings { "passing=0" } else { "passing=1" });
        for tag in self.tags {
            text.push_str("&tag=");
            text.push_str(&encoded(tag));
        }
        if let Some(datacenter) = self.datacenter {
            text.push_str("&dc=");
            text.push_str(&encoded(datacenter));
        }
        text
    }
}

// === impl Consul ===

impl Consul {
    /// Path and query of a question that is held until there is something newer than `index`.
    fn target(&self, index: u64) -> Result<PathAndQuery, Fault> {
        let text = match index {
            0 => self.question.to_string(),
            _ => format!("{}&index={index}&wait={}s", self.question, self.wait.as_secs()),
        };
        text.parse().map_err(|_| Fault::new("the question is no address"))
    }
}

// === impl Watcher ===

impl Watcher {
    /// Nothing has been asked yet.
    pub fn new(consul: &Arc<Consul>, timeout: Duration, interval: Duration) -> Self {
        Self { consul: Arc::clone(consul), timeout, interval, index: 0, holds: true, pace: Pace::default() }
    }

    /// See [`super::Watch::next`].
    pub async fn next<H: Host>(&mut self, host: &H) -> Result<News, Fault> {
        let every = if self.holds { pace::EVERY } else { self.interval };
        host.sleep_until(self.pace.next(host.tick(), every)).await;
        // Where this question fails or is given up, the next one is not held: it says at once what there is.
        let asked = std::mem::take(&mut self.index);
        let (found, index) = self.ask(host, asked).await?;
        self.index = after(asked, index);
        self.holds = index.is_some();
        // "The return of a blocking request is no guarantee of a change."
        let same = asked != 0 && index == Some(asked);
        Ok(if same { News::Same } else { News::Found(found) })
    }

    async fn ask<H: Host>(&self, host: &H, index: u64) -> Result<(Vec<Found>, Option<u64>), Fault> {
        let Consul { endpoint, warnings, wait, .. } = &*self.consul;
        // "A small random amount of additional wait time is added to the supplied maximum wait time … up to wait / 16."
        let within = if index == 0 { self.timeout } else { *wait + *wait / 16 + self.timeout };
        let mut question = Question::get(endpoint, within, LARGEST);
        question.target = Some(self.consul.target(index)?);
        if let Some(variable) = &self.consul.token {
            question.headers.insert(TOKEN, token(host, variable, "").await?);
        }
        let answer = ask(host, question).await?;
        let index = stands_at(answer.headers());
        let content = content(answer, "Consul")?;
        Ok((answer::read(&content, *warnings)?, index))
    }
}

/// Where the next question begins, after one at `asked` whose answer stands at `index`. The rules are those of
/// developer.hashicorp.com/consul/api-docs/features/blocking.
fn after(asked: u64, index: Option<u64>) -> u64 {
    match index {
        // Nothing was said: a Consul, or something before it, that holds no questions.
        None => 0,
        // "Reset the index if it goes backwards", which it does when servers were restored from a snapshot.
        Some(index) if index < asked => 0,
        // "Sanity check index is greater than zero": 0 would not be held, and the loop a busy one.
        Some(index) => index.max(1),
    }
}

fn stands_at(headers: &HeaderMap) -> Option<u64> {
    headers.get(INDEX)?.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_index_is_reset_where_it_goes_backwards_and_never_nothing() {
        for (asked, index, next) in [
            (0, Some(7), 7),
            (7, Some(7), 7),
            (7, Some(9), 9),
            (9, Some(7), 0),
            (0, Some(0), 1),
            (1, Some(0), 0),
            (7, None, 0),
        ] {
            assert_eq!(after(asked, index), next, "{asked} {index:?}");
        }
    }

    #[test]
    fn a_question_says_what_is_wanted_and_nothing_else() {
        let tags = ["v2".to_owned(), "a&b=c".to_owned()];
        let service = Service { name: "or/ders?x", tags: &tags, datacenter: Some("dc 1"), warnings: false };
        assert_eq!(
            service.question("/consul/"),
            "/consul/v1/health/service/or%2Fders%3Fx?passing=1&tag=v2&tag=a%26b%3Dc&dc=dc%201"
        );
        let plain = Service { name: "orders", tags: &[], datacenter: None, warnings: true };
        assert_eq!(plain.question(""), "/v1/health/service/orders?passing=0");
    }
}
