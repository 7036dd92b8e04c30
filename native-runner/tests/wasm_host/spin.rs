//! Spin's interfaces and the guest's surroundings.

use crate::redis::Redis;
use crate::support::{assert_answer, get, options, serve, upstream};
use native_runner::wasm_host::Options;
use native_runner::wasm_host::key_value::{KeyValue, Memory};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tollgate::host::values::SWAP;

#[tokio::test]
async fn key_value() {
    let memory: Arc<dyn KeyValue> = Arc::new(Memory::default());
    let stores = BTreeMap::from([(String::from("default"), Arc::clone(&memory))]);
    let to = serve(Options { stores, ..options() }).await;
    assert_answer(&get(to, "/kv?do=get&key=a").await, 404, "");
    assert_answer(&get(to, "/kv?do=set&key=a&value=1").await, 200, "Ok(())");
    assert_answer(&get(to, "/kv?do=set&key=b&value=2").await, 200, "Ok(())");
    assert_answer(&get(to, "/kv?do=get&key=a").await, 200, "1");
    assert_answer(&get(to, "/kv?do=exists&key=a").await, 200, "true");
    assert_answer(&get(to, "/kv?do=list").await, 200, "a,b");
    assert_answer(&get(to, "/kv?do=delete&key=a").await, 200, "Ok(())");
    assert_answer(&get(to, "/kv?do=exists&key=a").await, 200, "false");
    assert_answer(&get(to, "/kv?do=get&key=a&store=other").await, 403, "Error::AccessDenied");
    assert_eq!(memory.get("b"), Ok(Some(b"2".to_vec())));
}

#[tokio::test]
async fn variables_and_environment() {
    let variables = |name: &str| (name == "api_key").then(|| String::from("s3cret"));
    let environment = vec![(String::from("REGION"), String::from("north"))];
    let to = serve(Options { variables: Arc::new(variables), environment, ..options() }).await;
    assert_answer(&get(to, "/variable?name=api_key").await, 200, "s3cret");
    assert_answer(
        &get(to, "/variable?name=other").await,
        404,
        "Error::Undefined(\"no variable named \\\"other\\\"\")",
    );
    assert_answer(&get(to, "/variable?name=API-KEY").await, 404, "Error::InvalidName(\"API-KEY\")");
    assert_answer(&get(to, "/env?name=REGION").await, 200, "north");
    assert_answer(&get(to, "/env?name=HOME").await, 200, "");
}

#[tokio::test]
async fn directories_can_be_read() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("a.txt"), "mounted").expect("written");
    let directories = vec![(directory.path().to_owned(), String::from("/files"))];
    let to = serve(Options { directories, ..options() }).await;
    assert_answer(&get(to, "/file?path=/files/a.txt").await, 200, "mounted");
    assert!(get(to, "/file?path=/files/../../etc/passwd").await.contains("os error"));
}

#[tokio::test]
async fn redis() {
    let command = b"*4\r\n$4\r\nEVAL\r\n$8\r\nreturn 1\r\n$1\r\n0\r\n$1\r\nx\r\n";
    let (server, _) = upstream(move |mut stream| async move {
        let mut seen = vec![0; command.len()];
        stream.read_exact(&mut seen).await.expect("a command");
        assert_eq!(String::from_utf8_lossy(&seen), String::from_utf8_lossy(command));
        stream.write_all(b"*3\r\n:7\r\n$2\r\nok\r\n*1\r\n$-1\r\n").await.expect("sent");
    })
    .await;
    let allowed = Some(vec![format!("redis://{server}")]);
    let to = serve(Options { allowed_outbound_hosts: allowed, ..options() }).await;
    let path = format!("/redis?address=redis://{server}&command=EVAL&arguments=return%201,0,x");
    let expected = "Ok([RedisResult::Int64(7), RedisResult::Binary([111, 107]), RedisResult::Nil])";
    assert_answer(&get(to, &path).await, 200, expected);
    assert_answer(&get(to, "/redis?address=nonsense").await, 502, "Error::InvalidAddress");
    assert!(get(to, "/redis?address=redis://127.0.0.1:1").await.contains("allowed outbound hosts"));
}

/// What the component sends for values that end and for values that are swapped, to a real server.
#[tokio::test]
async fn values_in_redis() {
    if !crate::redis::is_there() {
        return;
    }
    let server = Redis::start();
    let allowed = Some(vec![server.url()]);
    let to = serve(Options { allowed_outbound_hosts: allowed, ..options() }).await;
    let ask = async |command: &str, arguments: &str| {
        let path = format!("/redis?address={}&command={command}&arguments={arguments}", server.url());
        get(to, &path).await
    };
    assert_answer(&ask("SET", "k,a,PX,600000").await, 200, "Ok([RedisResult::Status(\"OK\")])");
    let lives: u64 = server.cli(&["pttl", "k"]).parse().unwrap();
    assert!((500_000..=600_000).contains(&lives), "{lives}");
    let swap = format!("{},1,k,=,a,b,900000", SWAP.digest);
    // In whose words the component knows that it must send the whole script.
    let unknown = ask("EVALSHA", &swap).await;
    assert!(unknown.to_ascii_lowercase().contains("noscript"), "{unknown}");
    server.cli(&["script", "load", SWAP.text]);
    assert_answer(&ask("EVALSHA", &swap).await, 200, "Ok([RedisResult::Int64(1)])");
    assert_answer(&ask("EVALSHA", &swap).await, 200, "Ok([RedisResult::Int64(0)])");
    assert_eq!(server.cli(&["get", "k"]), "b");
    let lives: u64 = server.cli(&["pttl", "k"]).parse().unwrap();
    assert!((800_000..=900_000).contains(&lives), "{lives}");
}
