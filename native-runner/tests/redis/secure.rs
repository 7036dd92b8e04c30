//! A Redis that wants to know who asks, and whom one wants to be sure of.

use native_runner::host::store::now;
use native_runner::host::{Redis as Store, Variables};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use std::sync::Arc;
use tollgate::plan::RedisPlan;

use crate::fixture::{PASSWORD, ask, hourly, plan, store};
use crate::redis::{Redis, free_port, is_there};
use crate::support::gateway::Directory;

async fn counts(store: &Store) -> Result<(), String> {
    let limit = hourly(5);
    store.count(&mut [ask(&limit, 1)], now()).await.map_err(|error| error.cause)
}

#[tokio::test]
async fn with_a_password() {
    if !is_there() {
        return;
    }
    let redis = Redis::with(&["--requirepass", PASSWORD]);
    let without = plan(&redis);
    let failed = counts(&store(&without)).await.unwrap_err();
    assert!(failed.to_lowercase().contains("auth"), "{failed}");
    let with = RedisPlan { password: Some("redis_password".into()), database: 3, ..without.clone() };
    counts(&store(&with)).await.unwrap();
    assert!(redis.cli(&["-a", PASSWORD, "info", "keyspace"]).contains("db3:keys=1"));
    let unknown = RedisPlan { password: Some("no_such_variable".into()), ..without.clone() };
    let failed = counts(&store(&unknown)).await.unwrap_err();
    assert!(failed.contains("no_such_variable"), "{failed}");
    redis.cli(&[
        "-a",
        PASSWORD,
        "acl",
        "setuser",
        "gate",
        "on",
        &format!(">{PASSWORD}"),
        "~tollgate:*",
        "+@all",
    ]);
    let user = RedisPlan { username: Some("gate".into()), ..with.clone() };
    counts(&store(&user)).await.unwrap();
    let elsewhere = RedisPlan { prefix: "other:".into(), ..user };
    assert!(counts(&store(&elsewhere)).await.is_err());
    let nobody = RedisPlan { username: Some("nobody".into()), ..with };
    let failed = counts(&store(&nobody)).await.unwrap_err();
    assert!(failed.to_lowercase().contains("pass") && !failed.contains(PASSWORD), "{failed}");
}

#[tokio::test]
async fn with_certificates() {
    if !is_there() {
        return;
    }
    let directory = Directory::new();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    directory.write("ca.pem", &params.self_signed(&key).unwrap().pem());
    let issuer = Issuer::new(params, key);
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    directory.write("redis.pem", &certificate.signed_by(&key, &issuer).unwrap().pem());
    directory.write("redis.key", &key.serialize_pem());
    let file = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let port = free_port();
    let redis = Redis::with(&[
        "--tls-port",
        &port.to_string(),
        "--tls-cert-file",
        &file("redis.pem"),
        "--tls-key-file",
        &file("redis.key"),
        "--tls-ca-cert-file",
        &file("ca.pem"),
        "--tls-auth-clients",
        "no",
    ]);
    let open = |plan: &RedisPlan| Store::new(plan, directory.path(), Arc::new(Variables::default()));
    let trusted =
        RedisPlan { secure: true, host: "localhost".into(), port, ca: Some("ca.pem".into()), ..plan(&redis) };
    counts(&open(&trusted).unwrap()).await.unwrap();
    let another_name = RedisPlan { host: "127.0.0.1".into(), ..trusted.clone() };
    assert!(counts(&open(&another_name).unwrap()).await.is_err());
    let platform = RedisPlan { ca: None, ..trusted.clone() };
    assert!(counts(&open(&platform).unwrap()).await.is_err());
    let not_spoken = RedisPlan { port: redis.port(), ..trusted.clone() };
    assert!(counts(&open(&not_spoken).unwrap()).await.is_err());
    let missing = open(&RedisPlan { ca: Some("no-such.pem".into()), ..trusted });
    assert!(format!("{:#}", missing.unwrap_err()).contains("no-such.pem"));
}
