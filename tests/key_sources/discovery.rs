//! Issuers that say where their keys are.

use serde_json::{Value, json};
use tollgate::auth::discovery::{self, Kind};
use tollgate::auth::key_source::{Place, Provider, metadata};
use tollgate::auth::origin::Origins;
use tollgate::sim::upstream::Replies;
use url::Url;

use super::world::{LIFE, World, endpoint, just, jwks, ok};

fn provider(issuer: &str) -> Provider {
    let url = Url::parse(issuer).unwrap();
    let document = endpoint(&format!("http://id.test{}", discovery::location(&url, Kind::OpenId)));
    let keys = endpoint("http://keys.test/").target;
    let origins = Origins::new(document.target.clone(), [keys]);
    Provider { issuer: issuer.into(), document, origins, life: LIFE, id: [9; 32] }
}

fn discovered(document: &Value) -> World {
    let world = World::of(Place::Provider(provider("http://id.test")));
    world.serve(ok(document));
    world.host.set_upstream("keys.test", "keys", Replies::new(vec![ok(&jwks(&["a"]))]));
    world
}

#[test]
fn an_issuer_says_where_its_keys_are() {
    let world = discovered(&json!({"issuer": "http://id.test", "jwks_uri": "http://keys.test/v3/certs"}));
    world.run(async {
        assert_eq!(world.names().await, just(&["a"]));
        assert_eq!(world.names().await, just(&["a"]));
        let received = world.host.take_received();
        let asked: Vec<_> = received.iter().map(|it| format!("{} {}", it.to, it.target)).collect();
        assert_eq!(asked, ["id /.well-known/openid-configuration", "keys /v3/certs"]);
        // Both are fetched again in time.
        world.upkeep(820).await;
        assert_eq!(world.fetches(), 2);
        let Place::Provider(provider) = &world.source.place else { unreachable!() };
        assert!(metadata(&world.host, None, provider).await.is_ok());
        assert_eq!(world.fetches(), 0);
    });
}

#[test]
fn an_issuer_speaks_for_itself_only() {
    for (document, cause) in [
        (json!({"issuer": "http://id.test/", "jwks_uri": "http://keys.test/k"}), "another issuer"),
        (json!({"issuer": "http://id.test", "jwks_uri": "http://127.0.0.1/k"}), "its origin is not"),
        (json!({"issuer": "http://id.test"}), "has no jwks_uri"),
        (json!({"jwks_uri": "http://keys.test/k"}), "missing field"),
    ] {
        let world = discovered(&document);
        world.run(async {
            let told = world.names().await.unwrap_err().cause;
            assert!(told.contains(cause), "{told}");
            assert!(world.host.take_received().iter().all(|received| received.to == "id"));
        });
    }
}
