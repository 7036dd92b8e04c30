//! A Redis that is gone, comes back, stands still, or is asked by people who do not wait.

use std::time::Duration;

use native_runner::host::store::now;
use tokio::time::{Instant, sleep, timeout};

use crate::fixture::{ask, hourly, plan, plan_at, store, until_it_counts};
use crate::redis::{Redis, free_port, is_there};
use crate::support::within;

/// How soon counting works again: about a second, and more on a machine with much to do.
const SOON: Duration = Duration::from_secs(5);

#[tokio::test]
async fn a_server_that_was_killed_counts_again_when_it_is_back() {
    if !is_there() {
        return;
    }
    let mut redis = Redis::lasting();
    let (store, limit) = (store(&plan(&redis)), hourly(1_000_000));
    until_it_counts(&store, &limit).await;
    for _ in 0..3 {
        redis.kill();
        let failed = store.count(&mut [ask(&limit, 1)], now()).await.unwrap_err();
        assert!(failed.cause.starts_with(&format!("{}: ", redis.url())), "{}", failed.cause);
        // Whoever asks while it is away is told so at once, and not after a time-out.
        let since = Instant::now();
        for _ in 0..100 {
            assert!(store.count(&mut [ask(&limit, 1)], now()).await.is_err());
        }
        assert!(since.elapsed() < SOON, "{:?}", since.elapsed());
        redis.start_again();
        let after = until_it_counts(&store, &limit).await;
        println!("counts again {after:?} after the server does");
        assert!(after < SOON, "{after:?}");
    }
}

#[tokio::test]
async fn a_server_that_stood_still_counts_again_when_it_goes_on() {
    if !is_there() {
        return;
    }
    let redis = Redis::start();
    let (store, limit) = (store(&plan(&redis)), hourly(1_000_000));
    until_it_counts(&store, &limit).await;
    for still in [200, 1_500, 3_000].map(Duration::from_millis) {
        redis.pause();
        let since = Instant::now();
        while since.elapsed() < still {
            let (mut asks, patience) = ([ask(&limit, 1)], Duration::from_millis(20));
            let counted = timeout(patience, store.count(&mut asks, now())).await;
            assert!(!matches!(counted, Ok(Ok(()))));
        }
        redis.resume();
        let after = until_it_counts(&store, &limit).await;
        println!("counts again {after:?} after {still:?}");
        assert!(after < SOON, "{after:?}");
    }
}

#[tokio::test]
async fn what_nobody_waits_for_any_more_is_nobody_elses_answer() {
    if !is_there() {
        return;
    }
    let redis = Redis::start();
    let store = store(&plan(&redis));
    for number in 0..50 {
        store.set(&format!("key-{number}"), format!("value-{number}").as_bytes(), None).await.unwrap();
    }
    let mut given_up = 0;
    for round in 0..40_u64 {
        if round % 4 == 0 {
            redis.pause();
        }
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..50 {
            let store = store.clone();
            // Some are given up before they are sent, some after, some not at all.
            let patience = Duration::from_micros(number * 97 + round * 13);
            tasks
                .spawn(async move { (number, timeout(patience, store.get(&format!("key-{number}"))).await) });
        }
        while let Some(done) = tasks.join_next().await {
            match done.unwrap() {
                (number, Ok(found)) => {
                    assert_eq!(found.unwrap().unwrap(), format!("value-{number}").as_bytes());
                }
                _ => given_up += 1,
            }
        }
        redis.resume();
    }
    assert!(given_up > 0);
    for number in 0..50 {
        let found = within("an answer", store.get(&format!("key-{number}"))).await.unwrap().unwrap();
        assert_eq!(found, format!("value-{number}").as_bytes());
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_not_asked_all_the_time() {
    let port = free_port();
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    let attempts = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = std::sync::Arc::clone(&attempts);
    // Takes connections, and ends them at once.
    tokio::spawn(async move {
        loop {
            drop(listener.accept().await.unwrap());
            counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
    });
    let (store, limit) = (store(&plan_at(port)), hourly(1));
    let since = Instant::now();
    while since.elapsed() < Duration::from_secs(1) {
        let mut asks = (0..20).map(|_| [ask(&limit, 1)]).collect::<Vec<_>>();
        let counts = asks.iter_mut().map(|ask| store.count(ask, now()));
        assert!(futures_util::future::join_all(counts).await.iter().all(Result::is_err));
        sleep(Duration::from_millis(1)).await;
    }
    let attempts = attempts.load(std::sync::atomic::Ordering::Relaxed);
    // 50, 100, 200, 400, 500, 500 ms apart.
    assert!((2..=10).contains(&attempts), "{attempts} attempts");
}

#[tokio::test]
async fn a_server_that_answers_nonsense_is_an_error_and_nothing_worse() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let limit = hourly(5);
    let nonsense: [&[u8]; 9] = [
        b"*5\r\n:1\r\n:1\r\n:99\r\n:0\r\n:0\r\n",
        b"*5\r\n:1\r\n:7\r\n:4\r\n:0\r\n:0\r\n",
        b"*5\r\n:-1\r\n:1\r\n:4\r\n:0\r\n:0\r\n",
        b"*4\r\n:1\r\n:1\r\n:4\r\n:0\r\n",
        b"*10\r\n:1\r\n:1\r\n:4\r\n:0\r\n:0\r\n:1\r\n:1\r\n:4\r\n:0\r\n:0\r\n",
        b"+OK\r\n",
        b"$-1\r\n",
        b"-ERR no\r\n",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
    ];
    for reply in nonsense {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut read = [0; 65_536];
            let mut greeted = false;
            loop {
                let length = stream.read(&mut read).await.unwrap_or_default();
                if length == 0 {
                    return;
                }
                if greeted {
                    stream.write_all(reply).await.unwrap();
                } else {
                    // Twice: the client says which library it is.
                    let commands = read[..length].iter().filter(|byte| **byte == b'*').count();
                    stream.write_all("+OK\r\n".repeat(commands).as_bytes()).await.unwrap();
                    greeted = true;
                }
            }
        });
        let store = store(&plan_at(port));
        let counted = within("an answer", store.count(&mut [ask(&limit, 1)], now())).await;
        assert!(counted.is_err(), "{:?}", String::from_utf8_lossy(reply));
    }
}
