//! Consumers and keys that are managed while the server runs.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use http::{Method, StatusCode};
use native_runner::host::Variables;
use native_runner::keys::remote::Remote;
use native_runner::observe::AccessLog;
use native_runner::serve::{Server, Settings, admin};
use serde_json::{Value, json};
use tollgate::host::Secret;
use tollgate::plan::Abilities;

use rustix::process::Signal;

use crate::process::Program;
use crate::support::Wire;
use crate::support::gateway::{Directory, Log};
use crate::support::wire::{field, status};

pub const TOKEN: &str = "operator-s3cret";

/// What stands in front of a fixed answer that only keys open.
const GUARDED: &str = "[store]\nfile = \"store.redb\"\n[auth.partners.api_key]\nstore = true\n\
     [consumers.written]\n\
     [[routes]]\nauth = \"partners\"\nid = \"all\"\nrespond = { status = 200, body = \"in\" }\n";

/// A server with an operator's address.
pub struct Operated {
    pub server: Arc<Server>,
    pub address: SocketAddr,
    pub admin: SocketAddr,
    log: Log,
}

impl Drop for Operated {
    fn drop(&mut self) {
        self.server.start_drain();
    }
}

pub async fn start(directory: &Path, workers: usize, server: &str, rest: &str) -> Operated {
    let text = format!("[server]\nlisten = \"127.0.0.1:0\"\n{server}\n{rest}");
    std::fs::write(directory.join("gateway.toml"), text).unwrap();
    let plan = native_runner::load::load(directory, &Abilities::NATIVE)
        .map_err(|found| native_runner::load::report(&found))
        .unwrap()
        .plan;
    let log = Log::default();
    let secret = |name: &str, value: &str| (name.to_owned(), Secret::new(value));
    let token_secret = secret("token_secret", "a-secret-of-more-than-32-bytes-for-hs256");
    let given = [secret("admin_token", TOKEN), token_secret].into();
    let settings = Settings {
        directory: directory.to_owned(),
        variables: Arc::new(Variables::new(given)),
        access_log: AccessLog::to(false, log.clone()).unwrap(),
        workers,
        upkeep: false,
    };
    let server = Arc::new(Server::start(Arc::new(plan), &settings).unwrap());
    let admin = admin::start("127.0.0.1:0".parse().unwrap(), Arc::clone(&server)).await.unwrap();
    Operated { address: server.addresses()[0].0, server, admin, log }
}

async fn guarded(directory: &Path, workers: usize) -> Operated {
    start(directory, workers, "admin_token = \"${admin_token}\"", GUARDED).await
}

impl Operated {
    fn remote(&self) -> Remote {
        Remote::new(&format!("http://{}", self.admin), Secret::new(TOKEN)).unwrap()
    }

    pub async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let (status, said) = self.remote().ask(method, path, body.as_ref()).await.unwrap();
        (status.as_u16(), said)
    }

    /// Makes a key, and gives back its name and its text.
    pub async fn key(&self, consumer: &str) -> (String, String) {
        let (status, said) = self.ask(Method::POST, "/keys", Some(json!({ "consumer": consumer }))).await;
        assert_eq!(status, 201, "{said}");
        (said["id"].as_str().unwrap().to_owned(), said["key"].as_str().unwrap().to_owned())
    }

    /// What a request with `key` is answered, on a connection of its own.
    async fn try_key(&self, key: &str) -> u16 {
        with_key(&mut Wire::connect(self.address).await, key).await
    }
}

pub async fn with_key(wire: &mut Wire, key: &str) -> u16 {
    wire.send(format!("GET /?x=1 HTTP/1.1\r\nHost: a\r\nX-API-Key: {key}\r\n\r\n")).await;
    wire.status().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_counts_at_once_on_every_worker_and_connection() {
    let directory = Directory::new();
    let gateway = guarded(directory.path(), 4).await;
    let made = json!({ "id": "acme", "groups": ["partners"], "plan": "gold", "metadata": { "tier": "1" } });
    assert_eq!(gateway.ask(Method::POST, "/consumers", Some(made.clone())).await.0, 201);
    let (first, first_key) = gateway.key("acme").await;
    let (second, second_key) = gateway.key("acme").await;
    let mut clients = Vec::new();
    for _ in 0..12 {
        clients.push(Wire::connect(gateway.address).await);
    }
    for client in &mut clients {
        assert_eq!(with_key(client, &first_key).await, 200);
        assert_eq!(with_key(client, &second_key).await, 200);
    }
    // Revoked: the other key of the same consumer still counts.
    assert_eq!(gateway.ask(Method::DELETE, &format!("/keys/{first}"), None).await.0, 204);
    for client in &mut clients {
        assert_eq!(with_key(client, &first_key).await, 401);
        assert_eq!(with_key(client, &second_key).await, 200);
    }
    assert_eq!(gateway.ask(Method::DELETE, &format!("/keys/{first}"), None).await.0, 404);
    // Switched off and on again.
    for (disabled, expected) in [(true, 401), (false, 200)] {
        let change = json!({ "disabled": disabled, "label": "laptop" });
        let (status, said) = gateway.ask(Method::PATCH, &format!("/keys/{second}"), Some(change)).await;
        assert_eq!((status, said["label"].as_str()), (200, Some("laptop")), "{said}");
        for client in &mut clients {
            assert_eq!(with_key(client, &second_key).await, expected);
        }
    }
    // The consumer switched off.
    for (disabled, expected) in [(true, 401), (false, 200)] {
        let change = json!({ "id": "acme", "disabled": disabled });
        assert_eq!(gateway.ask(Method::POST, "/consumers", Some(change)).await.0, 200);
        assert_eq!(gateway.try_key(&second_key).await, expected);
    }
    assert_eq!(gateway.ask(Method::DELETE, "/consumers/acme", None).await.0, 204);
    assert_eq!(gateway.try_key(&second_key).await, 401);
    assert_eq!(gateway.ask(Method::GET, "/keys", None).await.1, json!({ "keys": [], "next": null }));
    // Made again, it has none of the keys it had.
    assert_eq!(gateway.ask(Method::POST, "/consumers", Some(made)).await.0, 201);
    assert_eq!(gateway.try_key(&second_key).await, 401);
    let log = gateway.log.text();
    assert!(log.contains("\"consumer\":\"acme\"") && !log.contains(&first_key) && !log.contains(&second_key));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_written_survives_and_is_shared() {
    let directory = Directory::new();
    let (id, key) = {
        let gateway = guarded(directory.path(), 1).await;
        // A consumer of the configuration needs no record.
        let made = gateway.key("written").await;
        assert_eq!(gateway.try_key(&made.1).await, 200);
        gateway.server.start_drain();
        made
    };
    let (one, other) = (guarded(directory.path(), 1).await, guarded(directory.path(), 1).await);
    assert_eq!((one.try_key(&key).await, other.try_key(&key).await), (200, 200));
    assert_eq!(other.ask(Method::DELETE, &format!("/keys/{id}"), None).await.0, 204);
    assert_eq!((one.try_key(&key).await, other.try_key(&key).await), (401, 401));
}

#[tokio::test]
async fn a_token_is_revoked_though_it_was_let_in_before() {
    let token = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lkLnRlc3QiLCJhdWQiOiJhcGkiLCJzdWIiOiJhZGEiLCJleHAiOjQxMDI0NDQ4MDAsImp0aSI6IjEifQ.P1fpOljemPjYEAOZV845m914jU3fEGYHw92Z7TC5ewE";
    let directory = Directory::new();
    let rest = "[store]\n[auth.id.jwt]\nissuer = \"https://id.test\"\naudiences = \"api\"\nrevocable = true\n\
         algorithms = [\"HS256\"]\nsecret = \"${token_secret}\"\n\
         [[routes]]\nauth = \"id\"\nid = \"all\"\nrespond = { body = \"in\" }\n";
    let gateway = start(directory.path(), 1, "admin_token = \"${admin_token}\"", rest).await;
    let mut client = Wire::connect(gateway.address).await;
    let request = format!("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\r\n");
    for _ in 0..2 {
        client.send(&request).await;
        assert_eq!(client.status().await, 200);
    }
    let revoked = json!({ "authenticator": "id", "jti": "1", "expires": "2100-01-01" });
    assert_eq!(gateway.ask(Method::POST, "/revocations", Some(revoked)).await.0, 201);
    client.send(&request).await;
    assert_eq!(client.status().await, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_survives_a_sudden_end() {
    let directory = Directory::new();
    let server =
        "[server]\nlisten = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\nadmin_token = \"${admin_token}\"\n";
    directory.write("gateway.toml", &format!("{server}{GUARDED}"));
    let mut program = Program::start(&directory);
    let address = program.address("listening on http://");
    let admin = format!("http://{}", program.address("the operator's address is http://"));
    let create = ["create", "--consumer", "acme", "--admin", &admin];
    let (kept, revoked) = (run(&[&create]), run(&[&create]));
    let listed = run(&[&["list", "--json", "--admin", &admin]]);
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    let digest = tollgate::auth::digest::Digest::of(text(&revoked.stdout).trim_end().as_bytes());
    assert!(listed.as_array().unwrap().iter().any(|key| key["id"] == digest.name()), "{listed}");
    assert!(run(&[&["revoke", &digest.name(), "--admin", &admin]]).status.success());
    assert_eq!(with_key(&mut Wire::connect(address).await, text(&kept.stdout).trim_end()).await, 200);
    // No chance to put anything in order.
    program.signal(Signal::KILL);
    program.child.wait().unwrap();
    let program = Program::start(&directory);
    let address = program.address("listening on http://");
    assert_eq!(with_key(&mut Wire::connect(address).await, text(&kept.stdout).trim_end()).await, 200);
    assert_eq!(with_key(&mut Wire::connect(address).await, text(&revoked.stdout).trim_end()).await, 401);
}

#[tokio::test]
async fn nobody_manages_without_the_token() {
    let directory = Directory::new();
    let closed = start(directory.path(), 1, "", GUARDED).await;
    let (status, said) = closed.ask(Method::GET, "/keys", None).await;
    assert_eq!(status, 403);
    assert!(said["detail"].as_str().unwrap().contains("server.admin_token"), "{said}");
    let unset = start(directory.path(), 1, "admin_token = \"${other}\"", GUARDED).await;
    assert_eq!(unset.ask(Method::GET, "/keys", None).await.0, 403);
    let storeless = "[[routes]]\nauth = \"public\"\nid = \"a\"\nrespond = { body = \"a\" }\n";
    let storeless = start(directory.path(), 1, "admin_token = \"${admin_token}\"", storeless).await;
    assert_eq!(storeless.ask(Method::GET, "/keys", None).await.0, 409);

    let gateway = guarded(directory.path(), 1).await;
    for token in ["", "wrong", "operator-s3cre", "operator-s3cret2"] {
        let remote = Remote::new(&format!("http://{}", gateway.admin), Secret::new(token)).unwrap();
        let (status, _) = remote.ask(Method::GET, "/keys", None).await.unwrap();
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{token}");
    }
    let mut wire = Wire::connect(gateway.admin).await;
    for fields in [
        "",
        "Authorization: Basic operator-s3cret\r\n",
        "Authorization: Bearer operator-s3cret\r\nAuthorization: Bearer x\r\n",
    ] {
        wire.send(format!("GET /consumers HTTP/1.1\r\nHost: a\r\n{fields}\r\n")).await;
        let (head, body) = wire.message().await;
        assert_eq!(status_of(&head), (401, Some("Bearer"), Some("application/problem+json")), "{body}");
    }
    // What is not managed needs none.
    wire.get("/livez").await;
    assert_eq!(wire.status().await, 200);
}

fn status_of(head: &str) -> (u16, Option<&str>, Option<&str>) {
    (status(head), field(head, "www-authenticate"), field(head, "content-type"))
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_and_not_repeated() {
    let directory = Directory::new();
    let gateway = guarded(directory.path(), 1).await;
    let digest = format!("sha256:{}", "0".repeat(64));
    for (method, path, body, expected) in [
        (Method::POST, "/keys", json!({ "consumer": "nobody" }), 404),
        (Method::POST, "/keys", json!({ "consumer": "a/b" }), 422),
        (Method::POST, "/keys", json!({ "consumer": "written", "admin": "tgk_s3cret" }), 422),
        (Method::POST, "/keys", json!({ "consumer": "written", "expires": "2020-01-01" }), 422),
        (Method::POST, "/keys", json!({ "consumer": "written", "expires": "soon" }), 422),
        (Method::POST, "/keys", json!({ "consumer": "written", "prefix": "Tgk" }), 422),
        (Method::POST, "/keys", json!({ "consumer": "written", "digest": "tgk_s3cret" }), 422),
        (Method::POST, "/keys", json!({ "consumer": "written", "digest": digest }), 201),
        (Method::POST, "/keys", json!("tgk_s3cret"), 422),
        (Method::POST, "/consumers", json!({ "id": "written" }), 409),
        (Method::POST, "/consumers", json!({ "id": "a b" }), 422),
        (Method::POST, "/consumers", json!({ "id": "x", "metadata": { "n": "v".repeat(513) } }), 422),
        (Method::POST, "/consumers", json!({ "id": "x".repeat(300_000) }), 413),
        (Method::PUT, "/consumers", json!({}), 405),
        (Method::POST, "/consumers/a/b", json!({}), 404),
        (Method::PATCH, "/keys/../../etc", json!({}), 404),
        (Method::PATCH, "/keys/xyzxyz", json!({ "disabled": true }), 422),
        (Method::POST, "/revocations", json!({ "authenticator": "nobody", "jti": "1" }), 404),
        (Method::POST, "/revocations", json!({ "authenticator": "partners", "jti": "" }), 422),
        (Method::POST, "/revocations", json!({ "authenticator": "partners", "jti": "1" }), 201),
    ] {
        let (status, said) = gateway.ask(method.clone(), path, Some(body)).await;
        assert_eq!(status, expected, "{method} {path}: {said}");
        assert!(!said.to_string().contains("s3cret"), "{said}");
        assert!(status < 400 || said["status"] == expected, "{said}");
    }
    let mut wire = Wire::connect(gateway.admin).await;
    wire.send(format!(
        "POST /keys HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {TOKEN}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 2\r\n\r\n{{}}"
    ))
    .await;
    assert_eq!(wire.status().await, 415);
    let place = tollgate::auth::consumer::record::revoked_place("partners", "1");
    let now = native_runner::host::store::now();
    assert!(gateway.server.store().unwrap().get("default", &place, now).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_writes_beside_a_running_server() {
    let directory = Directory::new();
    let gateway = guarded(directory.path(), 2).await;
    let store = directory.path().join("store.redb");
    let store = store.to_str().unwrap();
    let admin = format!("http://{}", gateway.admin);
    for place in [["--store", store], ["--admin", &admin]] {
        let created = run(&[
            &["create", "--consumer", "acme", "--group", "eu", "--label", "laptop", "--expires", "90d"],
            &place[..],
        ]);
        let key = text(&created.stdout);
        let key = key.strip_suffix('\n').unwrap();
        assert!(key.starts_with("tgk_") && key.len() == 53, "{created:?}");
        assert!(!text(&created.stderr).contains(key), "{created:?}");
        assert_eq!(gateway.try_key(key).await, 200);
        let listed = text(&run(&[&["list"], &place[..]]).stdout);
        assert!(
            listed.contains("acme") && listed.contains("laptop  live") && !listed.contains(key),
            "{listed}"
        );
        let listed = run(&[&["list", "--json", "--consumer", "acme"], &place[..]]);
        let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
        let id = listed[0]["id"].as_str().unwrap();
        assert_eq!((listed.as_array().unwrap().len(), id.len()), (1, 12), "{listed}");
        let none = run(&[&["list", "--json", "--consumer", "other"], &place[..]]);
        assert_eq!(text(&none.stdout), "[]\n");
        let revoked = run(&[&["revoke", id], &place[..]]);
        assert!(revoked.status.success() && revoked.stdout.is_empty(), "{revoked:?}");
        assert_eq!(gateway.try_key(key).await, 401);
        assert!(!run(&[&["revoke", id], &place[..]]).status.success());
    }
}

#[test]
fn keys_are_printed_for_places_that_cannot_be_written_to() {
    let created = run(&[&["create", "--consumer", "acme", "--prefix", "acme_live", "--print"]]);
    let (key, said) = (text(&created.stdout), text(&created.stderr));
    let digest = tollgate::auth::digest::Digest::of(key.trim_end().as_bytes()).hex();
    assert!(key.starts_with("acme_live_"), "{created:?}");
    assert!(
        said.contains("[consumers.acme]\n") && said.contains(&format!("digest = \"sha256:{digest}\"")),
        "{said}"
    );
    let created = run(&[&["create", "--consumer", "acme", "--spin"]]);
    let digest = tollgate::auth::digest::Digest::of(text(&created.stdout).trim_end().as_bytes()).hex();
    assert!(text(&created.stderr).contains(&format!("--key-value 'tollgate/key/{digest}=1:")), "{created:?}");
}

fn run(arguments: &[&[&str]]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tollgate"))
        .arg("keys")
        .args(arguments.concat())
        .env("TOLLGATE_ADMIN_TOKEN", TOKEN)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}
