//! A source that is followed in virtual time: scripted registries, and what became of the targets.

use std::collections::VecDeque;
use std::time::Duration;

use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};
use tollgate::config::Document;
use tollgate::discovery::follow::{Followed, Follower, Round};
use tollgate::discovery::watcher::Watcher;
use tollgate::host::Clock as _;
use tollgate::plan::{Abilities, Plan};
use tollgate::pool::Pool;
use tollgate::sim::SimHost;
use tollgate::sim::body::{End, Piece, Script};
use tollgate::sim::upstream::{Received, Replies, Reply};

/// One upstream whose source is followed.
pub struct World {
    pub host: SimHost,
    pub pool: Pool,
    followed: Followed,
    follower: Follower<Watcher<SimHost>>,
}

impl World {
    /// The upstream has this `discovery`; the rest of the configuration is `more`.
    pub fn new(discovery: &Value, more: Value) -> Self {
        let mut config = json!({
            "upstreams": {"orders": {"url": "http://orders.internal:8080", "discovery": discovery}},
            "routes": [{"id": "orders", "auth": "public", "upstream": "orders"}]
        });
        for (key, value) in more.as_object().cloned().unwrap_or_default() {
            config[key] = value;
        }
        let document: Document = serde_json::from_value(config).unwrap();
        let plan = Plan::compile(&[("gateway.json".to_owned(), document)], &Abilities::NATIVE);
        let (plan, _) = plan.unwrap_or_else(|diagnostics| panic!("{diagnostics:?}"));
        let followed = Followed::of(&plan.upstreams[0]).unwrap();
        let watcher = Watcher::of(&followed.source).unwrap();
        Self { host: SimHost::new(7), pool: Pool::default(), followed, follower: Follower::new(watcher) }
    }

    /// Has `authority` answer so.
    pub fn script(&self, authority: &str, replies: Vec<Reply>) {
        self.host.set_upstream(authority, authority, Replies::new(replies));
    }

    /// Waits for the source's next word; with how many seconds that took.
    pub fn round(&mut self) -> (Round, u64) {
        let begun = self.host.tick();
        let round = self.follower.round(&self.host, &self.followed, &self.pool);
        let round = self.host.run(round).unwrap();
        (round, (self.host.tick() - begun).as_secs())
    }

    /// Passes time.
    pub fn wait(&self, seconds: u64) {
        self.host.run(self.host.sleep(Duration::from_secs(seconds))).unwrap();
    }

    /// The names of the targets in force.
    pub fn targets(&self) -> Vec<String> {
        self.pool.roster().set.members.iter().map(|member| member.name.to_string()).collect()
    }

    /// The requests since this was asked last.
    pub fn received(&self) -> Vec<Received> {
        self.host.take_received()
    }

    /// The only request since this was asked last: path and query.
    pub fn asked(&self) -> String {
        let mut received = self.received();
        assert_eq!(received.len(), 1, "{received:?}");
        received.remove(0).target
    }

    /// Why the source says nothing; `None` while it does.
    pub fn fault(&self) -> Option<String> {
        let known = self.pool.source.known();
        known.fault.filter(|_| !known.fresh).map(|(_, cause)| cause)
    }
}

/// An answer with JSON.
pub fn answer(json: &Value) -> Reply {
    Reply::new(StatusCode::OK, Script::fixed(json.to_string()))
}

/// An answer with another status.
pub fn status(status: u16) -> Reply {
    Reply::new(StatusCode::from_u16(status).unwrap(), Script::fixed(""))
}

/// An answer that goes on: pieces, each with the seconds before it, and how it ends.
pub fn stream(pieces: &[(u64, String)], end: End) -> Reply {
    let piece = |(after, data): &(u64, String)| Piece {
        after: Duration::from_secs(*after),
        data: data.clone().into(),
    };
    let pieces: VecDeque<Piece> = pieces.iter().map(piece).collect();
    Reply::new(StatusCode::OK, Script { pieces, end, ..Script::default() })
}

/// The same answer, so many seconds later.
pub fn after(seconds: u64, mut reply: Reply) -> Reply {
    reply.delay = Duration::from_secs(seconds);
    reply
}

/// The same answer with a field.
pub fn with(mut reply: Reply, name: &'static str, value: &str) -> Reply {
    reply.headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    reply
}
