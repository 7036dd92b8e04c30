//! The server itself, with a Redis for a store.

use std::process::Command;
use std::sync::Arc;

use native_runner::keys::{NewKey, Register};
use native_runner::serve::reload;
use tollgate::auth::consumer::Consumer;
use tollgate::host::UnixMillis;

use crate::redis::{Redis, is_there};
use crate::support::gateway::{Directory, text};
use crate::support::{Gateway, Wire};

const GUARDED: &str = "[auth.partners.api_key]\nstore = true\n\
     [[routes]]\nauth = \"partners\"\nid = \"all\"\nrespond = { status = 200, body = \"in\" }\n";

fn now() -> UnixMillis {
    native_runner::host::store::now()
}

async fn with_key(gateway: &Gateway, key: &str) -> u16 {
    let mut wire: Wire = gateway.connect().await;
    wire.send(format!("GET / HTTP/1.1\r\nHost: a\r\nX-API-Key: {key}\r\n\r\n")).await;
    wire.status().await
}

#[tokio::test]
async fn keys_in_redis_count_at_once_on_every_server() {
    if !is_there() {
        return;
    }
    let redis = Redis::start();
    let rest = format!("[store]\nredis = \"{}\"\n{GUARDED}", redis.url());
    let servers = [Gateway::start("", &rest), Gateway::start("", &rest)];
    let register = Register::new((*servers[0].server.store().unwrap()).clone(), "default");
    let consumer = Consumer { id: "acme".into(), ..Consumer::default() };
    assert!(!register.put_consumer(&consumer, now()).await.unwrap());
    let new = NewKey { consumer: "acme".to_owned(), ..NewKey::default() };
    let (secret, key) = new.make("tgk", now()).unwrap();
    register.put_key(&key, false, now()).await.unwrap();
    let name = key.digest.name();
    assert_eq!(register.key(&name, now()).await.unwrap(), key);
    for server in &servers {
        assert_eq!(with_key(server, secret.expose()).await, 200);
        assert_eq!(with_key(server, "tgk_no").await, 401);
    }
    register.change_key(&name, now(), |key| key.disabled = true).await.unwrap();
    for server in &servers {
        assert_eq!(with_key(server, secret.expose()).await, 401);
    }
    assert_eq!(register.remove_consumer("acme", now()).await.unwrap(), 1);
    assert_eq!(redis.cli(&["dbsize"]), "0");

    // The command finds the store where the configuration says.
    let directory = servers[0].directory.path();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tollgate"));
        let output = command.arg("keys").args(arguments).arg("--store").arg(directory).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let secret = run(&["create", "--consumer", "acme"]);
    assert_eq!(with_key(&servers[1], secret.trim()).await, 200);
    assert!(run(&["list"]).contains("acme"));
}

#[tokio::test]
async fn a_new_store_is_opened_when_the_configuration_changes() {
    if !is_there() {
        return;
    }
    let redis = Redis::start();
    let directory = Directory::new();
    let gateway = Gateway::with(directory, 2, "", &format!("[store]\nfile = \"one.redb\"\n{GUARDED}"));
    let key_in = async |server: &Gateway| {
        let register = Register::new((*server.server.store().unwrap()).clone(), "default");
        let new = NewKey { consumer: "acme".to_owned(), ..NewKey::default() };
        let (secret, key) = new.make("tgk", now()).unwrap();
        let consumer = Consumer { id: "acme".into(), ..Consumer::default() };
        register.put_consumer(&consumer, now()).await.unwrap();
        register.put_key(&key, false, now()).await.unwrap();
        secret
    };
    let change = |store: &str| {
        gateway.directory.write("gateway.toml", &text("", &format!("[store]\n{store}\n{GUARDED}")));
        reload::reload(&gateway.server, gateway.directory.path(), |_| ());
    };
    let first = key_in(&gateway).await;
    assert_eq!(with_key(&gateway, first.expose()).await, 200);

    change(&format!("redis = \"{}\"", redis.url()));
    assert_eq!(with_key(&gateway, first.expose()).await, 401);
    let second = key_in(&gateway).await;
    assert_eq!(with_key(&gateway, second.expose()).await, 200);

    // What cannot be opened is not taken.
    std::fs::write(gateway.directory.path().join("bad.redb"), "no store").unwrap();
    let before = gateway.server.plan();
    change("file = \"bad.redb\"");
    assert!(Arc::ptr_eq(&before, &gateway.server.plan()));
    assert_eq!(with_key(&gateway, second.expose()).await, 200);

    change("file = \"one.redb\"");
    assert_eq!(with_key(&gateway, first.expose()).await, 200);
    assert_eq!(with_key(&gateway, second.expose()).await, 401);
}
