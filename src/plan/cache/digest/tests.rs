//! Digests change when answers could.

#![allow(clippy::unwrap_used)]

use crate::config::Document;
use crate::plan::{Abilities, Plan};

const BASE: &str = r#"
[telemetry]
name = "gate"
[clients]
trusted_proxies = ["10.0.0.0/8"]
[caching]
memory = "64MiB"
[issuer]
name = "me"
keys = ["${identity_key}"]
[defaults]
headers = { response = { set = { x-by = "gate" } } }
cache = { stale_if_error = "1h" }
[upstreams.a]
url = "http://a.test/base"
credentials = { basic = { user = "gate", password = "${password}" } }
[upstreams.b]
url = "http://b.test"
[auth.keys.api_key]
header = "x-api-key"
[auth.guard.external]
url = "http://guard.test"
to_upstream = ["x-plan"]
[consumers.acme]
metadata = { tier = "gold" }
keys = [{ digest = "sha256:fcbf618cc2ba56fad200739caed0033aeb59219db31c1b3adb20e7231a9a16a9" }]
[rate_limits.floods]
rate = "10/s"
[[routes]]
id = "kept"
match = { prefix = "/kept", methods = ["GET"] }
auth = { any = "keys", external = "guard" }
upstream = "a"
identity = { token = {}, headers = { x-tier = { metadata = "tier" } } }
rewrite = { prefix = "/a" }
headers = { request = { set = { x-one = "1" } } }
timeouts = { request = "10s" }
cache = { default_lifetime = "1m" }
[[routes]]
id = "other"
match = { prefix = "/other" }
auth = "public"
upstream = "b"
rate_limits = "floods"
"#;

/// The digests of both routes.
fn digests(text: &str) -> [[u8; 16]; 2] {
    let document: Document = toml::from_str(text).unwrap();
    let (plan, _) = Plan::compile(&[("gateway.toml".to_owned(), document)], &Abilities::NATIVE).unwrap();
    [0, 1].map(|index| plan.routes[index].cache.as_ref().unwrap().digest)
}

fn changed(from: &str, to: &str) -> [[u8; 16]; 2] {
    assert_eq!(BASE.matches(from).count(), 1, "{from}");
    digests(&BASE.replace(from, to))
}

#[test]
fn the_same_configuration_has_the_same_digests() {
    assert_eq!(digests(BASE), digests(BASE));
    let [kept, other] = digests(BASE);
    assert_ne!(kept, other);
}

#[test]
fn whatever_could_change_an_answer_changes_the_digest() {
    let [before, _] = digests(BASE);
    for (from, to) in [
        ("name = \"gate\"", "name = \"door\""),
        ("name = \"me\"", "name = \"you\""),
        ("x-by = \"gate\"", "x-by = \"door\""),
        ("stale_if_error = \"1h\"", "stale_if_error = \"2h\""),
        ("http://a.test/base", "http://a.test/other"),
        ("user = \"gate\"", "user = \"door\""),
        ("\"${password}\"", "\"${other}\""),
        ("header = \"x-api-key\"", "header = \"x-key\""),
        ("to_upstream = [\"x-plan\"]", "to_upstream = [\"x-plan\", \"x-role\"]"),
        ("tier = \"gold\"", "tier = \"silver\""),
        ("id = \"kept\"", "id = \"still-kept\""),
        ("prefix = \"/kept\"", "prefix = \"/keep\""),
        ("methods = [\"GET\"]", "methods = [\"GET\", \"POST\"]"),
        ("{ any = \"keys\", external = \"guard\" }", "\"keys\""),
        ("upstream = \"a\"", "upstream = \"b\""),
        ("token = {}", "token = { audience = \"x\" }"),
        ("{ metadata = \"tier\" }", "\"consumer\""),
        ("prefix = \"/a\"", "prefix = \"/b\""),
        ("x-one = \"1\"", "x-one = \"2\""),
        ("default_lifetime = \"1m\"", "default_lifetime = \"2m\""),
        ("default_lifetime = \"1m\"", "default_lifetime = \"1m\", key = { headers = [\"x-a\"] }"),
        ("rewrite = { prefix = \"/a\" }", "paths = { encoded_slash = \"allow\" }"),
    ] {
        assert_ne!(changed(from, to)[0], before, "{from} -> {to}");
    }
}

#[test]
fn whatever_could_not_keeps_it() {
    let before = digests(BASE);
    for (from, to) in [
        ("10.0.0.0/8", "10.0.0.0/9"),
        ("memory = \"64MiB\"", "memory = \"65MiB\""),
        ("request = \"10s\"", "request = \"11s\""),
        ("rate = \"10/s\"", "rate = \"11/s\""),
        ("rate_limits = \"floods\"", "rate_limits = []"),
        ("fcbf618c", "fcbf618d"),
        ("[defaults]", "[defaults]\nsecurity_headers = {}"),
        ("[defaults]", "[defaults]\ncompression = true"),
    ] {
        assert_eq!(changed(from, to), before, "{from} -> {to}");
    }
}

#[test]
fn what_is_about_one_route_leaves_others_alone() {
    let [_, before] = digests(BASE);
    for (from, to) in [
        ("http://a.test/base", "http://a.test/other"),
        ("tier = \"gold\"", "tier = \"silver\""),
        ("name = \"me\"", "name = \"you\""),
        ("header = \"x-api-key\"", "header = \"x-key\""),
        ("default_lifetime = \"1m\"", "default_lifetime = \"2m\""),
    ] {
        assert_eq!(changed(from, to)[1], before, "{from} -> {to}");
    }
}
