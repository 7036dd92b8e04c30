//! The server that the tests start is one that can be ended, paused, and started again.

#![allow(clippy::disallowed_methods, reason = "a test's own thread may sleep")]

use std::time::Duration;

use crate::redis::{Redis, is_there};

#[test]
fn a_server_keeps_what_it_is_to_keep() {
    if !is_there() {
        return;
    }
    let mut lasting = Redis::lasting();
    assert_eq!(lasting.cli(&["set", "a", "1"]), "OK");
    lasting.kill();
    lasting.start_again();
    assert_eq!(lasting.cli(&["get", "a"]), "1");
    lasting.stop();
    lasting.start_again();
    assert_eq!(lasting.cli(&["get", "a"]), "1");
    let mut forgetful = Redis::start();
    assert_ne!(forgetful.port(), lasting.port());
    assert_eq!(forgetful.cli(&["set", "a", "1"]), "OK");
    forgetful.kill();
    forgetful.start_again();
    assert_eq!(forgetful.cli(&["get", "a"]), "");
}

#[test]
fn a_paused_server_answers_when_it_goes_on() {
    if !is_there() {
        return;
    }
    let redis = Redis::start();
    redis.pause();
    std::thread::scope(|scope| {
        let asked = scope.spawn(|| redis.cli(&["ping"]));
        std::thread::sleep(Duration::from_millis(100));
        assert!(!asked.is_finished());
        redis.resume();
        assert_eq!(asked.join().unwrap(), "PONG");
    });
}
