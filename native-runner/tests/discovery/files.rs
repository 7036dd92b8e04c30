//! A file of targets that changes, also by halves; what is found there is called, and published.

use native_runner::host::store::now;
use serde_json::Value;

use crate::support::gateway::{Directory, Gateway};
use crate::support::{eventually, within};
use crate::{found, set, source, state, targets, three, who_answers};

const ROUTE: &str = "[[routes]]\nid = \"all\"\nauth = \"public\"\nupstream = \"up\"\n";

fn upstream(file: &str) -> String {
    format!(
        "[upstreams.up]\nurl = \"http://up.test\"\n\
         discovery = {{ file = \"{file}\", allow = [\"127.0.0.1\"] }}\n{ROUTE}"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_changes_is_followed_and_half_of_one_is_not() {
    let [one, two, three] = three().await;
    let directory = Directory::new();
    let targets_in = directory.path().join("targets");
    std::fs::create_dir_all(&targets_in).unwrap();
    let write = |text: String| std::fs::write(targets_in.join("up.json"), text).unwrap();
    write(format!("[\"{}\", {{ \"address\": \"{}\", \"name\": \"two\" }}]", one.address, two.address));
    let gateway = Gateway::with(directory, 2, "", &upstream("targets/up.json"));
    let first = one.address.to_string();
    found(&gateway, [&first, "two"]).await;
    assert_eq!(who_answers(&gateway, 40).await, set(["a", "b"]));
    write(format!("[\"{}\", {{ \"addr", three.address));
    state(&gateway, "stale").await;
    assert_eq!(targets(&gateway), set([&first, "two"]));
    write(format!("[\"{}\", \"169.254.169.254:80\"]", three.address));
    found(&gateway, [&three.address.to_string()]).await;
    assert_eq!(who_answers(&gateway, 5).await, set(["c"]));
    assert_eq!(source(&gateway)["refused"], 1);
    std::fs::remove_file(targets_in.join("up.json")).unwrap();
    state(&gateway, "stale").await;
    assert_eq!(who_answers(&gateway, 5).await, set(["c"]));
    let metrics = gateway.server.snapshot().expose().unwrap();
    assert!(metrics.contains("tollgate_discovery_stale{upstream=\"up\",source=\"file\"} 1"), "{metrics}");
    assert!(
        metrics.contains("tollgate_discovery_refused_targets{upstream=\"up\",source=\"file\"} 1"),
        "{metrics}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_configuration_stops_what_is_not_in_it_and_goes_on_with_the_rest() {
    let directory = Directory::new();
    std::fs::create_dir_all(directory.path().join("targets")).unwrap();
    std::fs::write(directory.path().join("targets/up.yaml"), "- 127.0.0.1:1\n").unwrap();
    std::fs::write(directory.path().join("targets/up.toml"), "targets = [\"127.0.0.1:2\"]\n").unwrap();
    let gateway = Gateway::with(directory, 1, "", &upstream("targets/up.yaml"));
    found(&gateway, ["127.0.0.1:1"]).await;
    let answers = source(&gateway)["answers"].as_u64().unwrap();
    let install = |text: &str| {
        gateway.directory.write("gateway.toml", &crate::support::gateway::text("", text));
        let loaded = native_runner::load::load(gateway.directory.path(), &tollgate::plan::Abilities::NATIVE);
        gateway.server.install(std::sync::Arc::new(loaded.unwrap().plan)).unwrap();
    };
    // The same source goes on, and what it found stays meanwhile.
    install(&format!("{}limits = {{ body = \"1KiB\" }}\n", upstream("targets/up.yaml")));
    assert_eq!(targets(&gateway), set(["127.0.0.1:1"]));
    eventually("it is looked at again", || source(&gateway)["answers"].as_u64().unwrap() > answers).await;
    assert_eq!(source(&gateway)["changes"], 1);
    // Another takes its place.
    install(&upstream("targets/up.toml"));
    found(&gateway, ["127.0.0.1:2"]).await;
    // And without one, only what is written.
    install(&format!("[upstreams.up]\nurl = \"http://127.0.0.1:3\"\n{ROUTE}"));
    tokio::time::sleep(std::time::Duration::from_millis(2_500)).await;
    assert!(source(&gateway).is_null());
    assert_eq!(who_answers(&gateway, 1).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_found_is_published() {
    let directory = Directory::new();
    std::fs::create_dir_all(directory.path().join("targets")).unwrap();
    let file = directory.path().join("targets/up.yaml");
    std::fs::write(&file, "- 127.0.0.1:1\n- {address: 127.0.0.1:2, weight: 5}\n").unwrap();
    let gateway =
        Gateway::with(directory, 1, "", &format!("[store]\n[live]\n{}", upstream("targets/up.yaml")));
    let document = published(&gateway, 1).await;
    assert_eq!(document["endpoints"]["up"]["source"], "file");
    assert_eq!(
        document["endpoints"]["up"]["targets"][1],
        serde_json::json!({ "host": "127.0.0.1", "port": 2, "weight": 5 })
    );
    std::fs::write(&file, "- 127.0.0.1:7\n").unwrap();
    assert_eq!(published(&gateway, 2).await["endpoints"]["up"]["targets"][0]["port"], 7);
}

/// The live document, when it speaks of the upstream as it was changed so many times.
async fn published(gateway: &Gateway, serial: u64) -> Value {
    let store = gateway.server.store().unwrap();
    within("publishing", async {
        loop {
            let entries = store.list("default", "tollgate/live", None, 9, now()).await.unwrap_or_default();
            let document =
                entries.first().and_then(|entry| serde_json::from_slice::<Value>(&entry.value).ok());
            match document {
                Some(document) if document["endpoints"]["up"]["serial"] == serial => return document,
                _ => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
            }
        }
    })
    .await
}
