//! Key sets while requests come: fetched before the first one, by one of all workers, and again when keys change.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::sleep;
use tollgate::sim::case::Token;
use tollgate::sim::names::Names;

use crate::support::gateway::Directory;
use crate::support::wire::status;
use crate::support::{Gateway, Upstream, Wire, eventually};

const JWKS: &str = include_str!("../../../tests/keys/keys.jwks.json");
const KEYS: [(&str, &str); 2] = [
    ("p256", include_str!("../../../tests/keys/p256.key.pem")),
    ("ed25519", include_str!("../../../tests/keys/ed25519.key.pem")),
];

/// A token that is signed with the key of this number.
fn token(key: usize, subject: usize) -> String {
    let (name, pem) = KEYS[key];
    let claims = json!({"iss": "https://id.example", "sub": subject.to_string(), "exp": 4_102_444_800_u64});
    let claims = claims.as_object().unwrap().clone();
    let token = Token { key: name.to_owned(), kid: Some(name.to_owned()), claims, pem: pem.to_owned() };
    token.sign(&Names::default()).unwrap()
}

/// A set of the first so many keys.
fn set(count: usize) -> String {
    let all: Value = serde_json::from_str(JWKS).unwrap();
    let is_among = |key: &&Value| KEYS[..count].iter().any(|(name, _)| key["kid"] == *name);
    let keys: Vec<_> = all["keys"].as_array().unwrap().iter().filter(is_among).collect();
    json!({ "keys": keys }).to_string()
}

/// An issuer, and how often it was asked.
struct Issuer {
    upstream: Upstream,
    asked: Arc<AtomicUsize>,
    published: Arc<RwLock<String>>,
}

impl Issuer {
    /// One that thinks for `span` before each answer.
    async fn start(span: Duration) -> Self {
        let asked = Arc::new(AtomicUsize::new(0));
        let published = Arc::new(RwLock::new(set(1)));
        let (counter, document) = (Arc::clone(&asked), Arc::clone(&published));
        let upstream = Upstream::start(move |mut wire, _| {
            let (counter, document) = (Arc::clone(&counter), Arc::clone(&document));
            async move {
                while wire.next_request().await.is_some() {
                    counter.fetch_add(1, Ordering::SeqCst);
                    sleep(span).await;
                    let body = document.read().unwrap().clone();
                    let length = body.len();
                    wire.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}")).await;
                }
            }
        })
        .await;
        Self { upstream, asked, published }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// A gateway that believes it.
    fn gateway(&self, workers: usize, more: &str) -> Gateway {
        let rest = format!(
            "[auth.main.jwt]\nissuer = \"https://id.example\"\nany_audience = true\n\
             jwks = \"http://{}/jwks\"\n{more}\n\
             [[routes]]\nid = \"all\"\nauth = \"main\"\nrespond.body = \"in\"\n",
            self.upstream.address
        );
        Gateway::with(Directory::new(), workers, "", &rest)
    }
}

async fn ask(wire: &mut Wire, token: &str) -> u16 {
    wire.send(format!("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\r\n")).await;
    status(&wire.message().await.0)
}

#[tokio::test]
async fn keys_are_there_before_the_first_request() {
    let issuer = Issuer::start(Duration::ZERO).await;
    let gateway = issuer.gateway(2, "");
    eventually("the keys", || issuer.asked() == 1).await;
    // What was fetched is the workers', all of them.
    sleep(Duration::from_millis(50)).await;
    for subject in 0..8 {
        assert_eq!(ask(&mut gateway.connect().await, &token(0, subject)).await, 200);
    }
    assert_eq!(issuer.asked(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_over_all_workers_is_one_fetch() {
    let issuer = Issuer::start(Duration::from_millis(300)).await;
    let gateway = issuer.gateway(4, "");
    let mut clients = JoinSet::new();
    for subject in 0..100 {
        let mut wire = gateway.connect().await;
        clients.spawn(async move { ask(&mut wire, &token(0, subject)).await });
    }
    while let Some(status) = clients.join_next().await {
        assert_eq!(status.unwrap(), 200);
    }
    assert_eq!(issuer.asked(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_change_and_no_request_is_refused() {
    let issuer = Issuer::start(Duration::from_millis(100)).await;
    let gateway = issuer.gateway(2, "");
    let (rotated, over) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let mut clients = JoinSet::new();
    for client in 0..16 {
        let mut wire = gateway.connect().await;
        let (rotated, over) = (Arc::clone(&rotated), Arc::clone(&over));
        clients.spawn(async move {
            let mut refused = 0;
            for number in 0.. {
                // Half of the tokens are of the new key as soon as there is one.
                let key = usize::from(number % 2 == 0 && rotated.load(Ordering::SeqCst));
                refused += usize::from(ask(&mut wire, &token(key, client * 10_000 + number)).await != 200);
                if over.load(Ordering::SeqCst) {
                    break;
                }
            }
            refused
        });
    }
    sleep(Duration::from_millis(400)).await;
    *issuer.published.write().unwrap() = set(2);
    rotated.store(true, Ordering::SeqCst);
    sleep(Duration::from_millis(600)).await;
    over.store(true, Ordering::SeqCst);
    while let Some(refused) = clients.join_next().await {
        assert_eq!(refused.unwrap(), 0);
    }
    assert_eq!(issuer.asked(), 2);
}
