//! Plans and limits that change while the server runs, and quotas that outlive it.

use std::sync::Arc;

use http::Method;
use rustix::process::Signal;
use serde_json::{Value, json};
use tollgate::plan::Abilities;

use crate::managed::{Operated, start, with_key};
use crate::process::Program;
use crate::support::Wire;
use crate::support::gateway::Directory;

const OPERATED: &str = "admin_token = \"${admin_token}\"";

/// Two plans, and a fixed answer that only keys open. An hour is longer than any test; in its last moments a window may
/// end, so that the windows are days.
fn planned(most: u64) -> String {
    format!(
        "[store]\nfile = \"store.redb\"\n[auth.partners.api_key]\nstore = true\n\
         [consumers.written]\nplan = \"small\"\n\
         [plans.small]\nrate_limits = \"small\"\n[plans.big]\nrate_limits = \"big\"\n\
         [rate_limits]\n\
         small = {{ window = {{ limit = {most}, per = \"30d\" }}, key = \"consumer\" }}\n\
         big = {{ window = {{ limit = 1000, per = \"30d\" }}, key = \"consumer\" }}\n\
         tried = {{ window = {{ limit = 1, per = \"30d\" }}, key = \"consumer\", shadow = true }}\n\
         by-address = {{ window = {{ limit = 1000, per = \"30d\" }}, key = \"address\" }}\n\
         [[routes]]\nauth = \"partners\"\nid = \"all\"\nrate_limits = [\"tried\", \"by-address\"]\n\
         respond = {{ status = 200, body = \"in\" }}\n"
    )
}

async fn clients(gateway: &Operated) -> Vec<Wire> {
    let mut clients = Vec::new();
    for _ in 0..12 {
        clients.push(Wire::connect(gateway.address).await);
    }
    clients
}

/// Puts a consumer on a plan.
async fn put(gateway: &Operated, plan: &str) {
    let body = json!({ "id": "acme", "plan": plan });
    let (status, said) = gateway.ask(Method::POST, "/consumers", Some(body)).await;
    assert!(status == 200 || status == 201, "{said}");
}

fn limit<'a>(said: &'a Value, name: &str) -> &'a Value {
    let limits = said["limits"].as_array().unwrap();
    limits.iter().find(|limit| limit["name"] == name).unwrap_or_else(|| panic!("{name} is not in {said}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_plan_counts_for_the_next_request_on_every_worker() {
    let directory = Directory::new();
    let gateway = start(directory.path(), 4, OPERATED, &planned(3)).await;
    put(&gateway, "small").await;
    let (_, key) = gateway.key("acme").await;
    let mut clients = clients(&gateway).await;
    for client in &mut clients[..3] {
        assert_eq!(with_key(client, &key).await, 200);
    }
    for client in &mut clients {
        assert_eq!(with_key(client, &key).await, 429);
    }
    put(&gateway, "big").await;
    for client in &mut clients {
        assert_eq!(with_key(client, &key).await, 200);
    }
    let (status, said) = gateway.ask(Method::GET, "/consumers/acme/usage", None).await;
    assert_eq!((status, &said["plan"]), (200, &json!("big")), "{said}");
    assert_eq!(limit(&said, "big")["remaining"], 988, "{said}");
    // What was used under the other plan is not forgotten.
    put(&gateway, "small").await;
    for client in &mut clients {
        assert_eq!(with_key(client, &key).await, 429);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_that_is_changed_keeps_what_was_used() {
    let directory = Directory::new();
    let gateway = start(directory.path(), 4, OPERATED, &planned(5)).await;
    put(&gateway, "small").await;
    let (_, key) = gateway.key("acme").await;
    let mut clients = clients(&gateway).await;
    for client in &mut clients[..4] {
        assert_eq!(with_key(client, &key).await, 200);
    }
    let install = |most| {
        directory.write("gateway.toml", &format!("[server]\nlisten = \"127.0.0.1:0\"\n{}", planned(most)));
        let loaded = native_runner::load::load(directory.path(), &Abilities::NATIVE);
        let plan = loaded.map_err(|found| native_runner::load::report(&found)).unwrap().plan;
        gateway.server.install(Arc::new(plan)).unwrap();
    };
    install(6);
    assert_eq!(with_key(&mut clients[0], &key).await, 200);
    assert_eq!(with_key(&mut clients[1], &key).await, 200);
    for client in &mut clients {
        assert_eq!(with_key(client, &key).await, 429);
    }
    install(2);
    assert_eq!(with_key(&mut clients[0], &key).await, 429);
    install(7);
    assert_eq!(with_key(&mut clients[0], &key).await, 200);
    assert_eq!(with_key(&mut clients[1], &key).await, 429);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_sees_what_is_left_and_gives_it_back() {
    let directory = Directory::new();
    let gateway = start(directory.path(), 2, OPERATED, &planned(3)).await;
    let (_, key) = gateway.key("written").await;
    let mut client = Wire::connect(gateway.address).await;
    for expected in [200, 200, 200, 429] {
        assert_eq!(with_key(&mut client, &key).await, expected);
    }
    let usage = "/consumers/written/usage";
    let (status, said) = gateway.ask(Method::GET, usage, None).await;
    assert_eq!(
        (status, &said["consumer"], &said["plan"]),
        (200, &json!("written"), &json!("small")),
        "{said}"
    );
    assert_eq!(limit(&said, "small")["remaining"], 0, "{said}");
    // Whose permits of this one they are, only a request tells; and what is tried is the operator's to see.
    assert_eq!(limit(&said, "by-address").get("remaining"), None, "{said}");
    assert_eq!(
        (&limit(&said, "tried")["shadow"], &limit(&said, "tried")["remaining"]),
        (&json!(true), &json!(0))
    );
    let (status, said) = gateway.ask(Method::DELETE, usage, None).await;
    assert_eq!((status, &limit(&said, "small")["remaining"]), (200, &json!(3)), "{said}");
    for expected in [200, 200, 200, 429] {
        assert_eq!(with_key(&mut client, &key).await, expected);
    }
    for (method, path, expected) in [
        (Method::GET, "/consumers/nobody/usage", 404),
        (Method::DELETE, "/consumers/a%2Fb/usage", 404),
        (Method::POST, usage, 405),
    ] {
        let (status, said) = gateway.ask(method, path, Some(json!({}))).await;
        assert_eq!(status, expected, "{path}: {said}");
    }
    let mut wire = Wire::connect(gateway.admin).await;
    wire.send(format!("DELETE {usage} HTTP/1.1\r\nHost: a\r\n\r\n")).await;
    assert_eq!(wire.status().await, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quota_survives_a_sudden_end() {
    let directory = Directory::new();
    directory.write(
        "gateway.toml",
        "[server]\nlisten = \"127.0.0.1:0\"\n[store]\nfile = \"store.redb\"\n\
         [rate_limits.monthly]\nquota = { limit = 5, per = \"month\" }\nkey = \"everybody\"\nstore = \"default\"\n\
         [[routes]]\nauth = \"public\"\nid = \"all\"\nrate_limits = \"monthly\"\nrespond = { body = \"in\" }\n",
    );
    let mut program = Program::start(&directory);
    let mut client = Wire::connect(program.address("listening on http://")).await;
    for _ in 0..3 {
        client.get("/").await;
        assert_eq!(client.status().await, 200);
    }
    // No chance to put anything in order.
    program.signal(Signal::KILL);
    program.child.wait().unwrap();
    let program = Program::start(&directory);
    let mut client = Wire::connect(program.address("listening on http://")).await;
    for expected in [200, 200, 429] {
        client.get("/").await;
        assert_eq!(client.status().await, expected);
    }
}
