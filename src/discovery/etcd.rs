//! etcd, version 3, through its JSON gateway: the keys under a prefix are read once, and then watched from the revision that
//! they were read at, so that no change is missed and none is seen twice.

use std::sync::Arc;
use std::time::Duration;

use super::lines::{Line, Lines};
use super::{Fault, News, Source};
use crate::deadline::Deadline;
use crate::host::{Host, Secret, Tick};
use crate::plan::Endpoint;

mod ask;
mod message;
mod seen;

use message::Watched;
use seen::Seen;

/// Where targets stand in etcd.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Etcd {
    /// Its members, each with the path that goes before those of the gateway.
    pub members: Box<[Endpoint]>,
    /// What the keys begin with.
    pub prefix: Box<str>,
    /// How the gateway shows who it is.
    pub login: Login,
}

/// How etcd is shown who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Login {
    /// Not at all.
    None,
    /// A token is asked for with these.
    Password {
        /// The user.
        user: Box<str>,
        /// The variable with the password.
        password: Box<str>,
    },
    /// The variable with a token.
    Token(Box<str>),
}

/// The largest answer, and the longest line of a watch, in bytes: [`crate::plan::MOST_TARGETS`] values of several hundred.
const MOST_ANSWER: usize = 8 << 20;

/// How many messages that are there already are taken together.
const MOST_TOGETHER: usize = 1_024;

/// A watch that ends sooner than this is none: whoever answers so is left alone for a while.
const SHORTEST_WATCH: Duration = Duration::from_secs(5);

/// A watch of etcd.
pub struct Watcher<H: Host> {
    etcd: Arc<Etcd>,
    timeout: Duration,
    /// How long a watch may be silent before the keys are read again: a connection that is lost may say nothing.
    interval: Duration,
    /// Who is asked.
    member: usize,
    /// Shown with each question.
    token: Option<Secret>,
    /// What stands there, as far as it is known.
    seen: Option<Seen>,
    lines: Option<Lines<H::Stream>>,
    /// When the watch began.
    opened: Tick,
}

// === impl Watcher ===

impl<H: Host> Watcher<H> {
    /// Nothing has been asked yet.
    pub fn new(etcd: &Arc<Etcd>, source: &Source) -> Self {
        let (timeout, interval) = (source.timeout, source.interval);
        Self {
            etcd: Arc::clone(etcd),
            timeout,
            interval,
            member: 0,
            token: None,
            seen: None,
            lines: None,
            opened: Tick(0),
        }
    }

    /// See [`super::Watch::next`].
    pub async fn next(&mut self, host: &H) -> Result<News, Fault> {
        // Taken out, so that a future that is dropped begins anew.
        let (seen, lines) = (self.seen.take(), self.lines.take());
        let Some(seen) = seen else { return self.read(host, None).await };
        match lines {
            Some(lines) => self.watch(host, seen, lines).await,
            None => {
                let lines = self.open(host, seen.revision + 1).await?;
                self.opened = host.tick();
                self.watch(host, seen, lines).await
            }
        }
    }

    /// Reads all keys, and says whether they are other than `before`.
    async fn read(&mut self, host: &H, before: Option<Seen>) -> Result<News, Fault> {
        let seen = self.range(host).await?;
        let same = before.is_some_and(|before| before.values == seen.values);
        let news = if same { News::Same } else { News::Found(seen.found(&self.etcd.prefix)) };
        self.seen = Some(seen);
        Ok(news)
    }

    /// Waits for changes.
    async fn watch(&mut self, host: &H, mut seen: Seen, mut lines: Lines<H::Stream>) -> Result<News, Fault> {
        let mut deadline = Deadline::after(host.tick(), Some(self.interval));
        let mut changed = false;
        for _ in 0..MOST_TOGETHER {
            match lines.next(host, deadline).await? {
                Line::Whole(line) => match message::watched(&line)? {
                    Watched::Changes(revision, changes) => {
                        let prefix = self.etcd.prefix.as_bytes();
                        if seen.apply(prefix, revision, changes)? {
                            changed = true;
                            // What else is there already is the same news.
                            deadline = Deadline::after(host.tick(), Some(Duration::ZERO));
                        }
                    }
                    // What was between is gone, and so are the events that tell of it.
                    Watched::Compacted => return self.read(host, Some(seen)).await,
                },
                Line::Late => {
                    if !changed {
                        let news = self.read(host, Some(seen)).await?;
                        // What was read fits what was watched: the watch goes on from where it is.
                        if news == News::Same {
                            self.lines = Some(lines);
                        }
                        return Ok(news);
                    }
                    break;
                }
                Line::End if changed => {
                    let news = News::Found(seen.found(&self.etcd.prefix));
                    self.seen = Some(seen);
                    return Ok(news);
                }
                Line::End if host.tick() < self.opened + SHORTEST_WATCH => {
                    return Err(Fault::new("etcd ended the watch as soon as it had begun"));
                }
                // Whoever ended it may be there again; where not, reading says so.
                Line::End => return self.read(host, Some(seen)).await,
            }
        }
        let news = if changed { News::Found(seen.found(&self.etcd.prefix)) } else { News::Same };
        (self.seen, self.lines) = (Some(seen), Some(lines));
        Ok(news)
    }
}
