//! Requests in flight, through the whole gateway: a place is held until the answer has ended, however it ends.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body::Body as _;
use tollgate::config::Document;
use tollgate::gateway::{Gateway, Peer};
use tollgate::host::Remember as _;
use tollgate::plan::{Abilities, Plan};
use tollgate::reply::Reply as Answer;
use tollgate::sim::SimHost;
use tollgate::sim::body::{End, Piece, Script, SimStream};
use tollgate::sim::upstream::{Fault, Replies, Reply};

const CONFIG: &str = r#"
[rate_limits.two]
concurrency = 2
key = "everybody"
[rate_limits.three]
concurrency = 3
key = "everybody"
[rate_limits.ten]
window = { limit = 10, per = "1h" }
[upstreams.up]
url = "http://up.test"
[[routes]]
id = "all"
auth = "public"
upstream = "up"
shield = "three"
rate_limits = ["two", "ten"]
"#;

struct World {
    gateway: Gateway<SimHost>,
}

impl World {
    /// A gateway whose upstream answers this.
    fn new(reply: Reply) -> Self {
        let document: Document = toml::from_str(CONFIG).unwrap();
        let (plan, _) = Plan::compile(&[("gateway.toml".to_owned(), document)], &Abilities::NATIVE).unwrap();
        let host = SimHost::new(1);
        host.set_upstream("up.test", "up", Replies::new(vec![reply]));
        Self { gateway: Gateway::new(Arc::new(plan), host) }
    }

    async fn ask(&self) -> Answer<SimHost> {
        let stream = SimStream::empty(self.host().clock().clone());
        let mut request = Request::new(stream);
        request.headers_mut().insert("host", "a.test".parse().unwrap());
        let address = SocketAddr::from(([127, 0, 0, 1], 1));
        self.gateway.handle(request, Peer { address, secure: false }).await
    }

    async fn status(&self) -> StatusCode {
        self.ask().await.status()
    }

    fn host(&self) -> &SimHost {
        self.gateway.host()
    }

    /// How many keys have requests in flight: the shield's and the route's.
    fn keys(&self) -> usize {
        self.host().memory().unwrap().flights.keys()
    }

    fn run(&self, story: impl Future<Output = ()>) {
        self.host().run(story).unwrap();
    }
}

/// Half at once and half after a second, and then what is said.
fn slowly(end: End) -> Reply {
    let piece = |after| Piece { after: Duration::from_secs(after), data: Bytes::from_static(b"half") };
    let pieces = [piece(0), piece(1)].into();
    Reply::new(StatusCode::OK, Script { pieces, end, sized: true, ..Script::default() })
}

/// The next piece of an answer's body, or how it ended.
async fn next(answer: &mut Answer<SimHost>) -> Option<Result<(), ()>> {
    let frame = poll_fn(|cx| Pin::new(answer.body_mut()).poll_frame(cx)).await;
    frame.map(|frame| frame.map(drop).map_err(drop))
}

#[test]
fn until_the_last_byte() {
    let world = World::new(slowly(End::Complete));
    world.run(async {
        let (mut one, other) = (world.ask().await, world.ask().await);
        assert_eq!((one.status(), other.status()), (StatusCode::OK, StatusCode::OK));
        let refused = world.ask().await;
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(refused.headers()["retry-after"], "1");
        drop(refused);
        assert_eq!(next(&mut one).await, Some(Ok(())));
        assert_eq!(world.status().await, StatusCode::TOO_MANY_REQUESTS, "half of it is not all of it");
        assert_eq!(next(&mut one).await, Some(Ok(())));
        let third = world.ask().await;
        assert_eq!(third.status(), StatusCode::OK, "though nobody has dropped the first");
        drop((one, other, third));
        assert_eq!(world.keys(), 0);
    });
}

#[test]
fn until_the_client_goes_away() {
    let world = World::new(Reply { delay: Duration::from_secs(1), ..slowly(End::Complete) });
    world.run(async {
        let mut first = world.ask().await;
        next(&mut first).await;
        {
            // One that waits for its upstream.
            let mut waiting = pin!(world.ask());
            poll_fn(|cx| {
                assert!(waiting.as_mut().poll(cx).is_pending());
                Poll::Ready(())
            })
            .await;
            assert_eq!(world.status().await, StatusCode::TOO_MANY_REQUESTS);
        }
        assert_eq!(world.status().await, StatusCode::OK, "it is gone before its answer");
        drop(first);
        assert_eq!(world.keys(), 0, "and in the middle of it");
    });
}

#[test]
fn until_the_upstream_dies() {
    for end in [End::Close, End::Reset] {
        let world = World::new(slowly(end));
        world.run(async {
            let mut broken = [world.ask().await, world.ask().await];
            assert_eq!(world.status().await, StatusCode::TOO_MANY_REQUESTS);
            for answer in &mut broken {
                assert_eq!((next(answer).await, next(answer).await), (Some(Ok(())), Some(Ok(()))));
                assert_eq!(next(answer).await, Some(Err(())));
            }
            assert_eq!(world.keys(), 0, "{end:?}");
        });
    }
    // Where it never lived, the answer is the gateway's own.
    let world = World::new(Reply { fault: Some(Fault::Refuse), ..slowly(End::Complete) });
    world.run(async {
        for _ in 0..5 {
            assert_eq!(world.status().await, StatusCode::BAD_GATEWAY);
            assert_eq!(world.keys(), 0);
        }
    });
}

#[test]
fn not_at_all_where_a_later_limit_refuses() {
    let world = World::new(Reply::new(StatusCode::NO_CONTENT, Script::default()));
    world.run(async {
        for _ in 0..10 {
            // An answer without content is over with its head.
            let answer = world.ask().await;
            assert_eq!((answer.status(), world.keys()), (StatusCode::NO_CONTENT, 0));
        }
        let refused = world.ask().await;
        assert_eq!((refused.status(), world.keys()), (StatusCode::TOO_MANY_REQUESTS, 1), "the shield's");
        drop(refused);
        assert_eq!(world.keys(), 0);
    });
}
