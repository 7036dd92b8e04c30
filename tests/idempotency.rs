//! Requests under one key that come at the same time, and clients that go away, in virtual time.

#![allow(clippy::unwrap_used)]

use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body::Body as _;
use tollgate::config::Document;
use tollgate::gateway::{Gateway, Peer, settle};
use tollgate::plan::{Abilities, Plan};
use tollgate::reply::Reply as Answer;
use tollgate::sim::SimHost;
use tollgate::sim::body::{End, Piece, Script, SimStream};
use tollgate::sim::upstream::{Replies, Reply};

const CONFIG: &str = r#"
[store]
[upstreams.up]
url = "http://up.test"
[[routes]]
id = "all"
auth = "public"
upstream = "up"
timeouts = { request = "10s" }
idempotency = {}
"#;

struct World(Gateway<SimHost>);

impl World {
    /// Half of an answer after a second and half after another.
    fn new() -> Self {
        let document: Document = toml::from_str(CONFIG).unwrap();
        let (plan, _) = Plan::compile(&[("gateway.toml".to_owned(), document)], &Abilities::NATIVE).unwrap();
        let host = SimHost::new(1);
        let piece = || Piece { after: Duration::from_secs(1), data: Bytes::from_static(b"half") };
        let script = Script {
            pieces: [piece(), piece()].into(),
            end: End::Complete,
            sized: true,
            ..Script::default()
        };
        host.set_upstream("up.test", "up", Replies::new(vec![Reply::new(StatusCode::CREATED, script)]));
        Self(Gateway::new(Arc::new(plan), host))
    }

    async fn ask(&self) -> Answer<SimHost> {
        let mut request = Request::new(SimStream::empty(self.0.host().clock().clone()));
        *request.method_mut() = Method::POST;
        request.headers_mut().insert("host", "a.test".parse().unwrap());
        request.headers_mut().insert("idempotency-key", "k".parse().unwrap());
        let address = SocketAddr::from(([127, 0, 0, 1], 1));
        self.0.handle(request, Peer { address, secure: false }).await
    }

    /// Status, whether it was given before, and content; what is left to do afterwards is done.
    async fn whole(&self) -> (u16, bool, String) {
        let mut answer = self.ask().await;
        let mut content = Vec::new();
        while let Some(frame) = next(&mut answer).await {
            content.extend_from_slice(&frame.unwrap());
        }
        for work in self.0.host().take_deferred() {
            settle(self.0.host(), work).await;
        }
        let replayed = answer.headers().contains_key("idempotency-replayed");
        (answer.status().as_u16(), replayed, String::from_utf8(content).unwrap())
    }

    fn done(&self) -> usize {
        self.0.host().take_received().len()
    }
}

async fn next(answer: &mut Answer<SimHost>) -> Option<Result<Bytes, ()>> {
    let frame = poll_fn(|cx| Pin::new(answer.body_mut()).poll_frame(cx)).await?;
    Some(frame.map(|frame| frame.into_data().unwrap()).map_err(drop))
}

#[test]
fn one_of_many_at_the_same_time_is_done() {
    let world = World::new();
    world
        .0
        .host()
        .run(async {
            let mut first = pin!(world.whole());
            assert!(poll_fn(|cx| Poll::Ready(first.as_mut().poll(cx).is_pending())).await);
            for _ in 0..10 {
                let answer = world.ask().await;
                assert_eq!(answer.status(), StatusCode::CONFLICT);
                assert_eq!(answer.headers()["retry-after"], "1");
            }
            assert_eq!(first.await, (201, false, "halfhalf".to_owned()));
            assert_eq!(world.whole().await, (201, true, "halfhalf".to_owned()));
            assert_eq!(world.done(), 1);
        })
        .unwrap();
}

#[test]
fn a_client_that_goes_away_frees_its_key_after_the_requests_time() {
    for in_the_answer in [false, true] {
        let world = World::new();
        let host = world.0.host();
        host.run(async {
            {
                let mut going = pin!(async {
                    let mut answer = world.ask().await;
                    next(&mut answer).await.unwrap().unwrap();
                    host.sleep(Duration::from_secs(9)).await;
                });
                if in_the_answer {
                    let mut alarm = pin!(host.sleep(Duration::from_millis(1_500)));
                    poll_fn(|cx| {
                        assert!(going.as_mut().poll(cx).is_pending());
                        alarm.as_mut().poll(cx)
                    })
                    .await;
                } else {
                    assert!(poll_fn(|cx| Poll::Ready(going.as_mut().poll(cx).is_pending())).await);
                }
            }
            assert_eq!(world.done(), 1);
            // Nobody knows what became of it; for as long as it could go on, nobody else does it.
            host.sleep(Duration::from_secs(12)).await;
            assert_eq!(world.ask().await.status(), StatusCode::CONFLICT);
            host.sleep(Duration::from_secs(3)).await;
            assert_eq!(world.whole().await, (201, false, "halfhalf".to_owned()), "{in_the_answer}");
            assert_eq!(world.done(), 1);
        })
        .unwrap();
    }
}
