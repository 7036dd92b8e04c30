//! Nothing unkeyed reaches an upstream: whoever is given what was kept for somebody else would have made the upstream see the
//! very same request.
//!
//! Each configuration is asked by clients that differ in everything a client can choose. First each alone, for what the
//! upstream sees of it; then one after another, in many orders: where one is given what another's request fetched, the upstream
//! must see no difference between the two.

#![cfg(feature = "author")]
#![allow(clippy::unwrap_used)]

use std::future::poll_fn;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, StatusCode};
use http_body::Body as _;
use tollgate::author;
use tollgate::gateway::{Gateway, Peer};
use tollgate::plan::{Abilities, Plan};
use tollgate::sim::SimHost;
use tollgate::sim::body::{Script, SimStream};
use tollgate::sim::upstream::{Received, Replies, Reply};

const ADA: &str = "Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUiLCJhdWQiOiJhcGkiLCJzdWIiOiJhZGEiLCJ0ZW5hbnQiOiJyZWQiLCJleHAiOjQxMDI0NDQ4MDB9.fq5Z-0LE_a-ODF8xELzn-tbHyfDwmBWOL9tNI1mRY5U";
const BOB: &str = "Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUiLCJhdWQiOiJhcGkiLCJzdWIiOiJib2IiLCJ0ZW5hbnQiOiJyZWQiLCJleHAiOjQxMDI0NDQ4MDB9.Jw7Xn2mfhEZ_3A7AJL3vmxP04c4azrgxyEJczp3MA3s";
const EVE: &str = "Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUiLCJhdWQiOiJhcGkiLCJzdWIiOiJldmUiLCJ0ZW5hbnQiOiJibHVlIiwiZXhwIjo0MTAyNDQ0ODAwfQ.IUjIgnTk6a2DmAqREGl_ry950yHLAqTnoP1bLHNGqXE";
const ACME: &str = "tgk_9zTjIxQlYJTnfTdSYFjejPjd3O53OKVhyHfbWHGSMMc0zu0hm";
const EVIL: &str = "tgk_kxtPoKAixktNY5rnFnE7Zqy1miNRq9ZnDrjgopE6d2G23EIMr";

/// What all configurations have.
const COMMON: &str = r#"
[upstreams.a]
url = "http://a.test/base"
preserve_host = true
[upstreams.own]
url = "http://a.test"
credentials = { basic = { user = "gate", password = "${password}" } }
[auth.jwt.jwt]
issuer = "https://id.example"
audiences = "api"
secret = "${token_secret}"
[auth.keys.api_key]
header = "x-api-key"
cookie = "key"
query = "key"
[auth.passed.api_key]
header = "x-api-key"
cookie = "key"
query = "key"
forward = true
[consumers.acme]
metadata = { tier = "gold" }
keys = [{ digest = "sha256:fcbf618cc2ba56fad200739caed0033aeb59219db31c1b3adb20e7231a9a16a9" }]
[consumers.evil]
keys = [{ digest = "sha256:6e8099ff6c1af35b0e39fab691d9dbdcea4432cf79ce1cb654e2b34bbf29519b" }]
[[routes]]
id = "a"
match = { path = "/{first}/{*rest}" }
"#;

/// Routes, each with the fields that its author excuses or leaves to `Vary`.
const ROUTES: &[(&str, &[&str])] = &[
    ("auth = \"public\"\nupstream = \"a\"\ncache = true", &[]),
    (
        "auth = \"public\"\nupstream = \"a\"\ncache = { key = { query = { ignore = [\"utm_*\", \"x\"] }, headers = [\"x-tenant\"], cookies = [\"theme\"] } }",
        &[],
    ),
    (
        "auth = \"public\"\nupstream = \"a\"\nrewrite = { path = \"/q/{rest}\", query = { set = { first = \"{first}\" } } }\ncache = { key = { query = { only = [\"q\"] } } }",
        &[],
    ),
    (
        "auth = \"public\"\nupstream = \"a\"\ncache = { unkeyed = [\"user-agent\", \"address\"] }",
        &["user-agent", "forwarded", "x-forwarded-for"],
    ),
    ("auth = \"public\"\nupstream = \"a\"\ncache = { vary = [\"x-tenant\"] }", &["x-tenant"]),
    ("auth = \"public\"\nupstream = \"own\"\ncache = true", &[]),
    ("auth = \"public\"\nupstream = \"a\"\nidentity = { authorization = \"drop\" }\ncache = true", &[]),
    ("auth = \"public\"\nupstream = \"a\"\ncache = { key = { headers = [\"authorization\"] } }", &[]),
    ("auth = \"jwt\"\nupstream = \"a\"\ncache = true", &[]),
    (
        "auth = { any = \"jwt\", optional = true }\nupstream = \"a\"\nidentity = { headers = { x-user = \"subject\" } }\ncache = true",
        &[],
    ),
    ("auth = { any = [\"jwt\", \"keys\"], optional = true }\nupstream = \"a\"\ncache = true", &[]),
    (
        "auth = \"jwt\"\nupstream = \"a\"\nidentity = { authorization = \"drop\", headers = { x-user = \"subject\" } }\ncache = true",
        &[],
    ),
    (
        "auth = \"jwt\"\nupstream = \"own\"\nidentity = { headers = { x-tenant = { claim = \"tenant\" } } }\ncache = { key = { claims = [\"tenant\"] } }",
        &[],
    ),
    (
        "auth = \"jwt\"\nupstream = \"a\"\nidentity = { authorization = \"drop\" }\ncache = { callers = \"shared\" }",
        &[],
    ),
    ("auth = \"keys\"\nupstream = \"a\"\ncache = true", &[]),
    (
        "auth = \"keys\"\nupstream = \"a\"\nidentity = { headers = { x-tier = { metadata = \"tier\" } } }\ncache = true",
        &[],
    ),
    (
        "auth = \"keys\"\nupstream = \"a\"\nidentity = { headers = { x-consumer = \"consumer\" } }\ncache = { key = { consumer = true } }",
        &[],
    ),
    ("auth = { any = \"passed\", optional = true }\nupstream = \"a\"\ncache = true", &[]),
    ("auth = \"passed\"\nupstream = \"a\"\ncache = { key = { query = { only = [\"q\"] } } }", &[]),
];

/// What tells one request from the next and is in no answer; of negotiation, what the cache understands itself; and parts,
/// which are never kept.
const PASSAGE: [&str; 6] =
    ["x-request-id", "traceparent", "tracestate", "cdn-loop", "accept-encoding", "range"];

/// In how many orders clients ask, forwards and backwards.
const ORDERS: usize = 8;

/// How many answers an upstream gives, all of which can be told apart.
const ANSWERS: usize = 200;

/// What a client may do otherwise than the others.
#[derive(Debug, Clone)]
struct Client {
    target: &'static str,
    host: &'static str,
    headers: Vec<(&'static str, &'static str)>,
    peer: Ipv4Addr,
    secure: bool,
    content: &'static str,
}

/// What clients may ask for.
const TARGETS: &[&str] = &[
    "/shop/list",
    "/shop/list?",
    "/shop/list?q=2",
    "/shop/list?q=1&x=1",
    "/shop/list?x=2&q=1",
    "/shop/list?q=1&utm_source=a",
    "/shop/list?%75tm_source=a&q=1",
    "/shop/list?q=1&first=evil",
    "/%73hop/list?q=1",
    "/other/list?q=1",
    "/shop/list?q=1&key=tgk_9zTjIxQlYJTnfTdSYFjejPjd3O53OKVhyHfbWHGSMMc0zu0hm",
    "/shop/list?q=1&key=tgk_kxtPoKAixktNY5rnFnE7Zqy1miNRq9ZnDrjgopE6d2G23EIMr",
];

/// What clients may say.
const HEADERS: &[(&str, &str)] = &[
    ("x-forwarded-host", "evil.test"),
    ("x-forwarded-proto", "https"),
    ("x-forwarded-for", "203.0.113.9"),
    ("forwarded", "host=evil.test"),
    ("x-original-url", "/admin"),
    ("x-http-method-override", "DELETE"),
    ("x-tenant", "red"),
    ("x_tenant", "red"),
    ("x-user", "root"),
    ("x-tier", "gold"),
    ("x-consumer", "acme"),
    ("user-agent", "evil"),
    ("origin", "https://evil.test"),
    ("via", "1.1 evil"),
    ("accept", "text/evil"),
    ("accept-language", "xx"),
    ("accept-encoding", "gzip"),
    ("range", "bytes=0-1"),
    ("if-none-match", "\"a\""),
    ("if-modified-since", "Sat, 01 Jan 2000 00:00:00 GMT"),
    ("cookie", "session=ada"),
    ("cookie", "theme=dark"),
    ("cookie", "theme=dark; session=eve"),
    ("cookie", "theme=light; theme=dark"),
    ("cookie", "key=tgk_9zTjIxQlYJTnfTdSYFjejPjd3O53OKVhyHfbWHGSMMc0zu0hm"),
    ("cookie", "theme=dark; key=tgk_kxtPoKAixktNY5rnFnE7Zqy1miNRq9ZnDrjgopE6d2G23EIMr"),
    ("authorization", "Basic YTpi"),
    ("authorization", ADA),
    ("authorization", BOB),
    ("authorization", EVE),
    ("x-api-key", ACME),
    ("x-api-key", EVIL),
];

fn clients() -> Vec<Client> {
    let usual = Client {
        target: "/shop/list?q=1",
        host: "shop.test",
        headers: Vec::new(),
        peer: Ipv4Addr::LOCALHOST,
        secure: false,
        content: "",
    };
    let mut clients = vec![usual.clone()];
    for &target in TARGETS {
        clients.push(Client { target, ..usual.clone() });
    }
    for host in ["SHOP.test", "shop.test:80", "shop.test:8080", "evil.test"] {
        clients.push(Client { host, ..usual.clone() });
    }
    for &header in HEADERS {
        clients.push(Client { headers: vec![header], ..usual.clone() });
    }
    for headers in [
        vec![("x-api-key", ACME), ("authorization", "Basic YTpi")],
        vec![("x-api-key", EVIL), ("authorization", "Basic Yjpi")],
        vec![("x-api-key", ACME), ("authorization", ADA)],
        vec![("authorization", ADA), ("x-tenant", "blue"), ("cookie", "session=ada")],
        vec![("authorization", BOB), ("x-forwarded-host", "evil.test"), ("user-agent", "evil")],
        vec![("x-api-key", ACME), ("user-agent", "evil"), ("cookie", "theme=dark")],
    ] {
        clients.push(Client { headers, ..usual.clone() });
    }
    clients.push(Client { peer: Ipv4Addr::new(203, 0, 113, 9), ..usual.clone() });
    clients.push(Client { secure: true, ..usual.clone() });
    clients.push(Client { content: "q=evil", ..usual });
    clients
}

fn gateway(plan: &Arc<Plan>, vary: &str) -> Gateway<SimHost> {
    let host = SimHost::new(1);
    for (name, value) in [("password", "s3cret"), ("token_secret", "0123456789abcdef0123456789abcdef")] {
        host.set_variable(name, value);
    }
    let vary = format!("accept, accept-encoding, accept-language, {vary}");
    let vary = HeaderValue::try_from(vary.trim_end_matches(", ")).unwrap();
    let reply = |number: usize| {
        let mut reply = Reply::new(StatusCode::OK, Script::fixed(number.to_string()));
        reply.headers.insert("cache-control", HeaderValue::from_static("public, max-age=3600"));
        reply.headers.insert("vary", vary.clone());
        reply
    };
    host.set_upstream("a.test", "a", Replies::new((0..ANSWERS).map(reply).collect()));
    Gateway::new(Arc::clone(plan), host)
}

/// The status and the content that a client gets, and what the upstream received.
fn ask(gateway: &Gateway<SimHost>, client: &Client) -> (StatusCode, Bytes, Option<Received>) {
    let host = gateway.host();
    let mut request = Request::builder().uri(client.target).header("host", client.host);
    for (name, value) in &client.headers {
        request = request.header(*name, *value);
    }
    let body = match client.content {
        "" => SimStream::empty(host.clock().clone()),
        content => {
            request = request.header("content-length", content.len());
            SimStream::new(Script::fixed(content), host.clock().clone())
        }
    };
    let peer = Peer { address: SocketAddr::new(IpAddr::V4(client.peer), 40_000), secure: client.secure };
    let request = request.body(body).unwrap();
    let (status, content) = host
        .run(async {
            let (head, body) = gateway.handle(request, peer).await.into_parts();
            let mut body = pin!(body);
            let mut content = Bytes::new();
            while let Some(frame) = poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
                content = frame.unwrap().into_data().unwrap();
            }
            (head.status, content)
        })
        .unwrap();
    (status, content, host.take_received().pop())
}

/// What an upstream sees of a request, without what no answer is about.
fn seen(received: &Received, excused: &[&str]) -> (String, String, Vec<(HeaderName, Bytes)>, Bytes) {
    let is_told = |name: &HeaderName| !PASSAGE.contains(&name.as_str()) && !excused.contains(&name.as_str());
    let value = |name: &HeaderName, value: &HeaderValue| match name.as_str() {
        // Names of hosts have no case.
        "host" | "x-forwarded-host" => Bytes::from(value.as_bytes().to_ascii_lowercase()),
        _ => Bytes::copy_from_slice(value.as_bytes()),
    };
    let told = received.headers.iter().filter(|(name, _)| is_told(name));
    let mut fields: Vec<_> = told.map(|(name, line)| (name.clone(), value(name, line))).collect();
    fields.sort_by(|a, b| a.0.as_str().cmp(b.0.as_str()));
    (received.method.to_string(), received.target.clone(), fields, received.body.clone())
}

#[test]
fn what_was_kept_for_one_is_given_to_nobody_whose_request_differs() {
    let clients = clients();
    let (mut hits, mut wrong) = (0, Vec::new());
    for (route, excused) in ROUTES {
        let loaded = author::load(&[("gateway.toml".to_owned(), format!("{COMMON}{route}\n"))]).unwrap();
        let compiled = Plan::compile(&loaded.documents, &Abilities::NATIVE);
        let plan = Arc::new(compiled.unwrap_or_else(|found| panic!("{route}\n{found:?}")).0);
        let vary = excused.iter().filter(|name| **name == "x-tenant").copied().collect::<String>();
        let alone: Vec<_> = clients.iter().map(|client| ask(&gateway(&plan, &vary), client).2).collect();
        let mut order: Vec<usize> = (0..clients.len()).collect();
        for turn in 0..2 * ORDERS {
            order.rotate_left(clients.len() / ORDERS);
            if turn == ORDERS {
                order.reverse();
            }
            let gateway = gateway(&plan, &vary);
            let mut fetched: Vec<(usize, Received)> = Vec::new();
            for client in &order {
                let (status, content, received) = ask(&gateway, &clients[*client]);
                if let Some(received) = received {
                    fetched.push((*client, received));
                } else if let Some(own) = alone[*client].as_ref().filter(|_| status == StatusCode::OK) {
                    hits += 1;
                    let number: usize = std::str::from_utf8(&content).unwrap().parse().unwrap();
                    let (other, of_other) = &fetched[number];
                    if seen(own, excused) != seen(of_other, excused) {
                        let (own, other) = (&clients[*client], &clients[*other]);
                        wrong.push(format!("{route}\n{own:?}\nis given what was fetched for\n{other:?}"));
                    }
                }
            }
        }
    }
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "{} requests are given what is not theirs, such as\n{}", wrong.len(), wrong[0]);
    // That it is not for want of hits.
    println!("{hits} hits");
    assert!(hits > 5000, "only {hits} requests were given what was kept");
}
