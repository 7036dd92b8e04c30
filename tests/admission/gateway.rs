//! Places and targets, through the whole gateway.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body::Body as _;
use tollgate::config::Document;
use tollgate::gateway::{Gateway, Peer};
use tollgate::host::{Clock as _, Remember as _};
use tollgate::plan::{Abilities, Plan};
use tollgate::sim::SimHost;
use tollgate::sim::body::{End, Piece, Script, SimStream};
use tollgate::sim::upstream::{Fault, Replies, Reply};

use super::tasks::{Task, all};

const ROUTES: &str = r#"
[[routes]]
id = "important"
match = { prefix = "/important" }
auth = "public"
upstream = "up"
priority = "critical"
[[routes]]
id = "all"
auth = "public"
upstream = "up"
[[routes]]
id = "background"
match = { prefix = "/background" }
auth = "public"
upstream = "up"
priority = "background"
"#;

struct World {
    gateway: Gateway<SimHost>,
}

impl World {
    fn new(upstream: &str, reply: &Reply) -> Self {
        let document: Document = toml::from_str(&format!("[upstreams.up]\n{upstream}\n{ROUTES}")).unwrap();
        let (plan, _) = Plan::compile(&[("gateway.toml".to_owned(), document)], &Abilities::NATIVE).unwrap();
        let host = SimHost::new(1);
        for name in ["a", "b"] {
            host.set_upstream(&format!("{name}.test"), name, Replies::new(vec![reply.clone()]));
        }
        Self { gateway: Gateway::new(Arc::new(plan), host) }
    }

    fn host(&self) -> &SimHost {
        self.gateway.host()
    }

    /// The status, and when all of the answer was there, in milliseconds.
    async fn ask(&self, path: &str) -> (u16, u64) {
        let stream = SimStream::empty(self.host().clock().clone());
        let mut request = Request::new(stream);
        *request.uri_mut() = path.parse().unwrap();
        request.headers_mut().insert("host", "a.test".parse().unwrap());
        let address = SocketAddr::from(([127, 0, 0, 1], 1));
        let mut answer = self.gateway.handle(request, Peer { address, secure: false }).await;
        while poll_fn(|cx| Pin::new(answer.body_mut()).poll_frame(cx)).await.is_some() {}
        (answer.status().as_u16(), self.host().tick().0 / 1_000_000)
    }

    fn ask_all(&self, paths: &[&str]) -> Vec<(u16, u64)> {
        let tasks = paths.iter().map(|path| Box::pin(self.ask(path)) as Task<'_, _>).collect();
        self.host().run(all(tasks)).unwrap()
    }

    fn in_flight(&self) -> u32 {
        let (_, pool) = self.host().memory().unwrap().pools.all().remove(0);
        let admission = self.gateway.plan().upstreams[0].admission.unwrap();
        pool.gate.view(&admission).in_flight
    }
}

/// Its head at once, and its content after a second.
fn slow() -> Reply {
    let pieces = [Piece { after: Duration::from_secs(1), data: Bytes::from_static(b"slow") }].into();
    Reply::new(StatusCode::OK, Script { pieces, end: End::Complete, sized: true, ..Script::default() })
}

#[test]
fn a_place_is_held_to_the_last_byte_and_those_who_wait_come_in_order() {
    let admission =
        "url = \"http://a.test\"\nadmission = { in_flight = 1, pending = 4, pending_timeout = \"5s\" }";
    let world = World::new(admission, &slow());
    let ended = world.ask_all(&["/1", "/2", "/background/3", "/4", "/important/5", "/6", "/background/7"]);
    // The third is displaced by the sixth, and the last finds nobody less important.
    let expected = [(200, 1000), (200, 3000), (503, 0), (200, 4000), (200, 2000), (200, 5000), (503, 0)];
    assert_eq!(ended, expected);
    let order: Vec<String> = world.host().take_received().into_iter().map(|it| it.target).collect();
    assert_eq!(order, ["/1", "/important/5", "/2", "/4", "/6"]);
    assert_eq!(world.in_flight(), 0);
    let log = world.host().take_log();
    assert_eq!(log[0]["outcome"], "upstream-busy");
}

#[test]
fn a_place_is_free_when_there_will_be_no_answer() {
    let admission = "url = \"http://a.test\"\nadmission = { in_flight = 1, pending = 0 }";
    let world = World::new(admission, &Reply { fault: Some(Fault::Refuse), ..slow() });
    world
        .host()
        .run(async {
            for _ in 0..3 {
                assert_eq!(world.ask("/").await.0, 502);
                assert_eq!(world.in_flight(), 0);
            }
        })
        .unwrap();
}

#[test]
fn a_target_that_is_full_is_not_asked() {
    let targets = "targets = [{ name = \"a\", url = \"http://a.test\" }, { name = \"b\", url = \"http://b.test\" }]\n\
                   admission = { per_target = 2 }";
    let world = World::new(targets, &slow());
    let ended = world.ask_all(&["/1", "/2", "/3", "/4", "/5"]);
    assert_eq!(ended.iter().filter(|(status, _)| *status == 200).count(), 4);
    assert_eq!(ended[4], (503, 0), "both have as many as they may");
    let mut asked: Vec<String> = world.host().take_received().into_iter().map(|it| it.to).collect();
    asked.sort();
    assert_eq!(asked, ["a", "a", "b", "b"]);
    assert_eq!(world.host().take_log()[0]["outcome"], "upstream-busy");
    assert_eq!(
        world.ask_all(&["/6", "/7"]).iter().filter(|(status, _)| *status == 200).count(),
        2,
        "when they have ended"
    );
}
