//! Kubernetes: the EndpointSlices of a service, listed once and then watched, as
//! kubernetes.io/docs/reference/using-api/api-concepts describes it.

mod event;
mod slice;

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use http::header::AUTHORIZATION;

use super::answer::{LARGEST, content, encoded, refused, token};
use super::lines::{Line, Lines};
use super::{Fault, News};
use crate::ask::{Question, ask, open};
use crate::deadline::Deadline;
use crate::host::{Host, Tick};
use crate::plan::Endpoint;
use event::{Event, List};
pub use slice::Port;
use slice::Slices;

/// Who the API is in faults.
const WHO: &str = "Kubernetes";

/// How long the API may hold a watch before it ends it: less than the five to ten minutes after which it does so by itself.
const WATCH: Duration = Duration::from_secs(240);

/// How long a watch that says nothing is waited for, before the source is said to be well: bookmarks come about once a minute.
const SILENCE: Duration = Duration::from_secs(60);

/// How many slices are listed at once. Each is a megabyte at most, and most have some fifty kilobytes.
const PAGE: usize = 250;

/// How many pages are read of one list: more than the slices that a service may have.
const MOST_PAGES: usize = 8;

/// The longest event: an object of Kubernetes has 1.5 MiB at most, because etcd takes no larger one, with as much around it.
const LONGEST_EVENT: usize = 2 << 20;

/// How many events that are there already are taken in before the targets are replaced.
const MOST_AT_ONCE: usize = 1000;

/// How often the list may be read again because the API no longer knows what has changed since, before that is a fault.
const MOST_LISTS: usize = 2;

/// A service in a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kubernetes {
    /// Where the API is.
    pub endpoint: Endpoint,
    /// Path and query of the service's slices, without what changes from one question to the next.
    pub slices: Box<str>,
    /// Which port of the endpoints is asked.
    pub port: Port,
    /// The variable with the token.
    pub token: Option<Box<str>>,
}

/// A watch of Kubernetes.
#[derive(Debug)]
pub struct Watcher<H: Host> {
    kubernetes: Arc<Kubernetes>,
    timeout: Duration,
    /// What is known; `None` before the first list, and after a fault.
    known: Option<Known>,
    stream: Option<Stream<H::Stream>>,
}

/// The slices, and the version of the collection that they are from.
#[derive(Debug)]
struct Known {
    slices: Slices,
    version: String,
}

/// A watch that has been begun.
#[derive(Debug)]
struct Stream<S> {
    lines: Lines<S>,
    /// When it must have ended, because the API was told to end it before.
    due: Tick,
}

/// What came of reading one event.
enum Step {
    Changed,
    Same,
    /// The time is over.
    Late,
    /// The watch is to be begun anew, where it stands.
    Ended,
    /// The slices are to be listed anew.
    Gone,
}

/// Path and query of the slices of `service` in `namespace`, at an API that is under `base`.
pub fn slices(base: &str, namespace: &str, service: &str) -> String {
    let base = base.trim_end_matches('/');
    let (namespace, service) = (encoded(namespace), encoded(service));
    format!(
        "{base}/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices\
         ?labelSelector=kubernetes.io%2Fservice-name%3D{service}"
    )
}

// === impl Kubernetes ===

impl Kubernetes {
    async fn question<H: Host>(&self, host: &H, more: &str, within: Duration) -> Result<Question<'_>, Fault> {
        let mut question = Question::get(&self.endpoint, within, LARGEST);
        let target = format!("{}{more}", self.slices);
        question.target = Some(target.parse().map_err(|_| Fault::new("the question is no address"))?);
        if let Some(variable) = &self.token {
            // Read anew for each question: tokens of service accounts are replaced about every hour.
            question.headers.insert(AUTHORIZATION, token(host, variable, "Bearer ").await?);
        }
        Ok(question)
    }

    /// All slices that there are; `None` where the list was cut off because the API no longer knows the rest.
    async fn list<H: Host>(&self, host: &H, timeout: Duration) -> Result<Option<Known>, Fault> {
        let mut known = Known { slices: Slices::default(), version: String::new() };
        let mut more = format!("&limit={PAGE}");
        for _ in 0..MOST_PAGES {
            let answer = ask(host, self.question(host, &more, timeout).await?).await?;
            if answer.status() == StatusCode::GONE {
                return Ok(None);
            }
            let list = List::read(&content(answer, WHO)?)?;
            for slice in list.items {
                known.slices.put(slice, &self.port)?;
            }
            known.version = list.version;
            match list.rest {
                Some(rest) => more = format!("&limit={PAGE}&continue={}", encoded(&rest)),
                None => return Ok(Some(known)),
            }
        }
        Err(Fault::new(format!("the list of slices has more than {MOST_PAGES} pages")))
    }
}

// === impl Watcher ===

impl<H: Host> Watcher<H> {
    /// Nothing has been asked yet.
    pub fn new(kubernetes: &Arc<Kubernetes>, timeout: Duration) -> Self {
        Self { kubernetes: Arc::clone(kubernetes), timeout, known: None, stream: None }
    }

    /// See [`super::Watch::next`].
    pub async fn next(&mut self, host: &H) -> Result<News, Fault> {
        // Taken out, so that whatever goes wrong, or is given up, is followed by a list.
        let Some(mut known) = self.known.take() else { return self.list(host).await };
        let wait = Deadline::never().and_after(host.tick(), SILENCE);
        loop {
            match self.step(host, &mut known, wait).await? {
                Step::Changed => {
                    if !self.take_what_is_there(host, &mut known).await? {
                        return self.list(host).await;
                    }
                    let found = known.slices.found(&self.kubernetes.port)?;
                    self.known = Some(known);
                    return Ok(News::Found(found));
                }
                Step::Same => {}
                // A watch that ends as soon as it has begun is no busy loop: whoever follows waits between two words.
                Step::Late | Step::Ended => {
                    self.known = Some(known);
                    return Ok(News::Same);
                }
                Step::Gone => return self.list(host).await,
            }
        }
    }

    /// Reads the list, and says what is in it.
    async fn list(&mut self, host: &H) -> Result<News, Fault> {
        self.stream = None;
        for _ in 0..MOST_LISTS {
            if let Some(known) = self.kubernetes.list(host, self.timeout).await? {
                let found = known.slices.found(&self.kubernetes.port)?;
                self.known = Some(known);
                return Ok(News::Found(found));
            }
        }
        Err(Fault::new("Kubernetes forgets its list while it is read"))
    }

    /// The next event of the watch, which is begun where it is not.
    async fn step(&mut self, host: &H, known: &mut Known, wait: Deadline) -> Result<Step, Fault> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => match self.begin(host, &known.version).await? {
                Some(stream) => stream,
                None => return Ok(Step::Gone),
            },
        };
        match stream.lines.next(host, wait).await? {
            Line::Whole(line) => {
                let step = known.take(&line, &self.kubernetes.port)?;
                self.stream = Some(stream);
                Ok(step)
            }
            // It should have ended long ago: the connection is dead, and nothing is heard of it.
            Line::Late if host.tick() >= stream.due => Ok(Step::Ended),
            Line::Late => {
                self.stream = Some(stream);
                Ok(Step::Late)
            }
            Line::End => Ok(Step::Ended),
        }
    }

    /// Takes in what has arrived already. Whether there is still something to go on from.
    async fn take_what_is_there(&mut self, host: &H, known: &mut Known) -> Result<bool, Fault> {
        let now = Deadline::never().and_after(host.tick(), Duration::ZERO);
        for _ in 0..MOST_AT_ONCE {
            if self.stream.is_none() {
                break;
            }
            match self.step(host, known, now).await? {
                Step::Changed | Step::Same => {}
                Step::Late | Step::Ended => break,
                Step::Gone => return Ok(false),
            }
        }
        Ok(true)
    }

    /// A watch of everything after `version`; `None` where the API no longer knows what that was.
    async fn begin(&self, host: &H, version: &str) -> Result<Option<Stream<H::Stream>>, Fault> {
        let seconds = WATCH.as_secs();
        let version = encoded(version);
        let more =
            format!("&watch=1&allowWatchBookmarks=true&timeoutSeconds={seconds}&resourceVersion={version}");
        let answer = open(host, self.kubernetes.question(host, &more, self.timeout).await?).await?;
        match answer.status() {
            StatusCode::OK => {
                let lines = Lines::new(answer.into_body(), LONGEST_EVENT);
                Ok(Some(Stream { lines, due: host.tick() + WATCH + self.timeout }))
            }
            StatusCode::GONE => Ok(None),
            status => Err(refused(WHO, status)),
        }
    }
}

// === impl Known ===

impl Known {
    fn take(&mut self, line: &[u8], port: &Port) -> Result<Step, Fault> {
        match Event::read(line)? {
            Event::Put { version, slice } => {
                self.slices.put(slice, port)?;
                self.version = version;
                Ok(Step::Changed)
            }
            Event::Remove { version, slice } => {
                self.slices.remove(slice)?;
                self.version = version;
                Ok(Step::Changed)
            }
            Event::Bookmark { version } => {
                self.version = version;
                Ok(Step::Same)
            }
            Event::Gone => Ok(Step::Gone),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::slices;

    #[test]
    fn a_question_says_what_is_wanted_and_nothing_else() {
        assert_eq!(
            slices("/", "shop", "orders"),
            "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3Dorders"
        );
        assert!(slices("", "a/b", "c&watch=1,x=y").ends_with(
            "/a%2Fb/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3Dc%26watch%3D1%2Cx%3Dy"
        ));
    }
}
