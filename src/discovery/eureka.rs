//! Eureka: the instances of an application, asked for again and again. What has changed since (`delta`) is not asked for: one
//! application is small, and a whole answer cannot be put together wrongly.

mod answer;

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use http::uri::PathAndQuery;

use super::answer::{LARGEST, content, encoded};
use super::{Fault, News};
use crate::ask::{Question, ask};
use crate::host::{Host, Tick};
use crate::plan::Endpoint;

/// An application in Eureka.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Eureka {
    /// Where the servers are; asked one after the other where one does not answer.
    pub servers: Box<[Endpoint]>,
    /// What is asked of each.
    pub questions: Box<[PathAndQuery]>,
    /// Which port is asked: that for TLS, or the other.
    pub secure: bool,
    /// Whether instances are asked by the name of their host, and not by their address.
    pub by_name: bool,
}

/// A watch of Eureka.
#[derive(Debug)]
pub struct Watcher {
    eureka: Arc<Eureka>,
    timeout: Duration,
    interval: Duration,
    /// Which server is asked: the one that answered last.
    server: usize,
    /// When it is asked next; at once where that has passed.
    next: Tick,
}

/// Path and query of `application` at a server whose API is under `base`, such as `/eureka`.
pub fn question(base: &str, application: &str) -> String {
    format!("{}/apps/{}", base.trim_end_matches('/'), encoded(application))
}

// === impl Watcher ===

impl Watcher {
    /// Nothing has been asked yet.
    pub fn new(eureka: &Arc<Eureka>, timeout: Duration, interval: Duration) -> Self {
        Self { eureka: Arc::clone(eureka), timeout, interval, server: 0, next: Tick(0) }
    }

    /// See [`super::Watch::next`].
    pub async fn next<H: Host>(&mut self, host: &H) -> Result<News, Fault> {
        if host.tick() < self.next {
            host.sleep_until(self.next).await;
        }
        self.next = Tick(0);
        let found = self.ask(host).await;
        if found.is_err() {
            self.server = (self.server + 1) % self.eureka.servers.len().max(1);
        }
        let found = found?;
        self.next = host.tick() + self.interval;
        Ok(News::Found(found))
    }

    async fn ask<H: Host>(&self, host: &H) -> Result<Vec<super::Found>, Fault> {
        let Eureka { servers, questions, secure, by_name } = &*self.eureka;
        let (Some(server), Some(target)) = (servers.get(self.server), questions.get(self.server)) else {
            return Err(Fault::new("there is no server to ask"));
        };
        let mut question = Question::get(server, self.timeout, LARGEST);
        question.target = Some(target.clone());
        let answer = ask(host, question).await?;
        // An application of which there is no instance is not known.
        if answer.status() == StatusCode::NOT_FOUND {
            return Ok(Vec::new());
        }
        answer::read(&content(answer, "Eureka")?, *secure, *by_name)
    }
}
