//! A gateway, targets that fail as a seed has it, and clients.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use http::{Method, Request, StatusCode};
use http_body::Body as _;
use tollgate::config::Document;
use tollgate::gateway::{Gateway, Peer};
use tollgate::host::{Clock as _, Tick};
use tollgate::plan::{Abilities, Plan};
use tollgate::sim::SimHost;
use tollgate::sim::body::{Script, SimStream};
use tollgate::sim::upstream::{Fault, Reply};

/// Numbers that follow from a seed (SplitMix64).
#[derive(Debug, Clone)]
pub struct Chance(pub u64);

/// How a target is doing for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    Well,
    Refuses,
    Resets,
    /// Nobody reaches it: no connection, no refusal.
    Partitioned,
    /// It takes the request and never answers.
    Stalls,
    Busy,
    Slow,
}

/// What a target received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    pub target: usize,
    pub request: String,
    pub mood: Mood,
    pub at: Tick,
}

pub struct World {
    pub gateway: Gateway<SimHost>,
    /// Every exchange that was begun, in order.
    pub receipts: Rc<RefCell<Vec<Receipt>>>,
}

/// What a client got.
#[derive(Debug, Clone)]
pub struct Got {
    pub request: String,
    pub method: Method,
    pub status: StatusCode,
    pub took: Duration,
}

// === impl Chance ===

impl Chance {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub fn millis(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_millis(from + self.below(to - from))
    }
}

// === impl Mood ===

impl Mood {
    const ILL: [Self; 6] =
        [Self::Refuses, Self::Resets, Self::Partitioned, Self::Stalls, Self::Busy, Self::Slow];

    fn reply(self) -> Reply {
        let mut reply = Reply::new(StatusCode::OK, Script::fixed("well"));
        reply.delay = Duration::from_millis(5);
        match self {
            Self::Well => {}
            Self::Refuses => reply.fault = Some(Fault::Refuse),
            Self::Resets => reply.fault = Some(Fault::Reset),
            Self::Partitioned => reply.fault = Some(Fault::ConnectTimeout),
            Self::Stalls => reply.fault = Some(Fault::Stall),
            Self::Busy => reply.status = StatusCode::SERVICE_UNAVAILABLE,
            Self::Slow => reply.delay = Duration::from_millis(700),
        }
        reply
    }
}

// === impl World ===

impl World {
    /// A gateway with `config`, on a host that remembers or on one that does not. `moods` says how the target with this number
    /// is doing at a time; targets are at `t0.test`, `t1.test` …
    pub fn new(
        config: &str,
        seed: u64,
        remembers: bool,
        targets: usize,
        moods: impl Fn(usize, Tick) -> Mood + Clone + 'static,
    ) -> Self {
        let document: Document = toml::from_str(config).unwrap();
        let compiled = Plan::compile(&[("gateway.toml".to_owned(), document)], &Abilities::NATIVE);
        let (plan, _) = compiled.unwrap_or_else(|found| panic!("{found:#?}"));
        let host = SimHost::new(seed);
        host.forget(!remembers);
        let receipts = Rc::new(RefCell::new(Vec::new()));
        for target in 0..targets {
            let (receipts, moods) = (Rc::clone(&receipts), moods.clone());
            host.set_living(&format!("t{target}.test"), move |head, now| {
                let mood = moods(target, now);
                receipts.borrow_mut().push(Receipt {
                    target,
                    request: head.uri.path().to_owned(),
                    mood,
                    at: now,
                });
                mood.reply()
            });
        }
        Self { gateway: Gateway::new(Arc::new(plan), host), receipts }
    }

    pub fn host(&self) -> &SimHost {
        self.gateway.host()
    }

    /// One request, and all of its answer.
    async fn client(&self, method: Method, path: String) -> Got {
        let begun = self.host().tick();
        let stream = SimStream::empty(self.host().clock().clone());
        let mut request = Request::new(stream);
        *request.method_mut() = method.clone();
        *request.uri_mut() = path.parse().unwrap();
        request.headers_mut().insert("host", "a.test".parse().unwrap());
        let address = SocketAddr::from(([127, 0, 0, 1], 1));
        let answer = self.gateway.handle(request, Peer { address, secure: false }).await;
        let (head, mut body) = answer.into_parts();
        while let Some(Ok(_)) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {}
        Got { request: path, method, status: head.status, took: self.host().tick() - begun }
    }

    /// Clients that come when they want, each with a path of its own; what they got, in the order of their numbers.
    pub fn serve(&self, clients: Vec<(Duration, Method)>) -> Vec<Got> {
        let begun = self.host().tick();
        let mut waiting: Vec<_> = clients.into_iter().enumerate().collect();
        waiting.sort_by_key(|(number, (wait, _))| (std::cmp::Reverse(*wait), std::cmp::Reverse(*number)));
        let mut got: Vec<Option<Got>> = waiting.iter().map(|_| None).collect();
        // Of thousands, only those whose time has come are looked at.
        let mut active = Vec::new();
        let due = |waiting: &[(usize, (Duration, Method))]| {
            begun + waiting.last().map_or(Duration::ZERO, |(_, (wait, _))| *wait)
        };
        let mut next = Box::pin(self.host().sleep_until(due(&waiting)));
        self.host()
            .run(poll_fn(|cx| {
                while next.as_mut().poll(cx).is_ready() {
                    let Some((number, (_, method))) = waiting.pop() else { break };
                    active.push((number, Box::pin(self.client(method, format!("/{number}")))));
                    next = Box::pin(self.host().sleep_until(due(&waiting)));
                }
                active.retain_mut(|(number, client)| match client.as_mut().poll(cx) {
                    Poll::Ready(done) => {
                        got[*number] = Some(done);
                        false
                    }
                    Poll::Pending => true,
                });
                if waiting.is_empty() && active.is_empty() { Poll::Ready(()) } else { Poll::Pending }
            }))
            .unwrap();
        got.into_iter().map(Option::unwrap).collect()
    }

    /// How often each request was sent.
    pub fn sent(&self) -> BTreeMap<String, usize> {
        let mut sent = BTreeMap::new();
        for receipt in &*self.receipts.borrow() {
            *sent.entry(receipt.request.clone()).or_default() += 1;
        }
        sent
    }
}

/// How targets are doing: each changes its mood now and then, but for one that is always well.
pub fn moods(seed: u64, targets: usize) -> impl Fn(usize, Tick) -> Mood + Clone {
    move |target, now| {
        if target as u64 == Chance(seed).below(targets as u64) {
            return Mood::Well;
        }
        let flap = now.0 / 300_000_000;
        let mut chance = Chance(seed ^ (flap << 8) ^ ((target as u64) << 40));
        match chance.below(8) {
            0 | 1 => Mood::Well,
            other => Mood::ILL[usize::try_from(other - 2).unwrap()],
        }
    }
}
