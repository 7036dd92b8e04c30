//! What happens to guests that misbehave or are too many.

use crate::support::{assert_answer, get, options, serve};
use native_runner::wasm_host::Options;
use std::time::Duration;
use tokio::time::{Instant, sleep};

#[tokio::test]
async fn a_trap_is_an_internal_error_and_no_more() {
    let to = serve(options()).await;
    assert_answer(&get(to, "/trap").await, 500, "the component failed\n");
    assert_answer(&get(to, "/").await, 200, "probe\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_busy_guest_is_ended_and_holds_nobody_up() {
    let to = serve(Options { compute: Duration::from_millis(400), ..options() }).await;
    let start = Instant::now();
    let busy = tokio::spawn(async move { get(to, "/spin").await });
    sleep(Duration::from_millis(20)).await;
    assert_answer(&get(to, "/").await, 200, "probe\n");
    assert!(start.elapsed() < Duration::from_millis(400), "{:?}", start.elapsed());
    assert_answer(&busy.await.expect("answered"), 500, "the component failed\n");
}

#[tokio::test]
async fn waiting_is_not_computing() {
    let to = serve(Options { compute: Duration::from_millis(300), ..options() }).await;
    let answer = get(to, "/stream?count=12").await;
    assert!(answer.ends_with("chunk 11\n\r\n0\r\n\r\n"), "{answer}");
}

#[tokio::test]
async fn beyond_the_instances_there_is_a_503() {
    let to = serve(Options { instances: 1, ..options() }).await;
    let first = tokio::spawn(async move { get(to, "/stream?count=6").await });
    sleep(Duration::from_millis(100)).await;
    let refused = get(to, "/").await;
    assert_answer(&refused, 503, "all instances are busy\n");
    assert!(refused.contains("retry-after: 1\r\n"), "{refused}");
    assert!(first.await.expect("answered").ends_with("0\r\n\r\n"));
    sleep(Duration::from_millis(50)).await;
    assert_answer(&get(to, "/").await, 200, "probe\n");
}

#[tokio::test]
async fn many_instances_one_after_another() {
    let to = serve(Options { instances: 2, ..options() }).await;
    for _ in 0..50 {
        assert_answer(&get(to, "/").await, 200, "probe\n");
    }
}
