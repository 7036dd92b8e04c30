//! Idempotency keys, ready to be looked for.

use std::time::Duration;

use http::Method;

use super::compile::{Context, Pointer};
use super::store::DEFAULT;
use crate::cache::policy::LARGEST_IN_STORE;
use crate::config;
use crate::config::idempotency::OnIdempotencyFailure;
use crate::idempotency::Idempotency;

/// How much content of one request is collected at most.
const MOST_CONTENT: u64 = 16 << 20;

/// How long answers can be kept: a client that tries again after a month does not try again.
const TTL: std::ops::RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(31 * 86_400);

impl Context<'_> {
    /// What becomes of requests with an `Idempotency-Key`.
    pub(super) fn idempotency(&mut self, at: &Pointer, written: &config::Idempotency) -> Option<Idempotency> {
        let (at_store, name) = match &written.store {
            Some(name) => (at.key("store"), name.as_str()),
            None => (at.clone(), DEFAULT),
        };
        let store = self.store_of_answers(&at_store, name);
        let remembers = self.abilities.remembers;
        let platform =
            store.and_then(|index| self.stores_of_answers().get(index).map(|plan| plan.redis.is_none()));
        if platform == Some(true) && !remembers {
            let host = self.abilities.name;
            self.error(
                &at_store,
                format!("the platform's store of {host} forgets nothing, and lets two do one request"),
            )
            .help("keep answers in Redis: redis in the store's table");
        }
        let ttl = self.duration_or(&at.key("ttl"), written.ttl.as_ref(), Duration::from_secs(86_400));
        if !TTL.contains(&ttl) {
            self.error(&at.key("ttl"), "an answer is kept for 1 second to 31 days");
        }
        let methods = self.once_methods(&at.key("methods"), written.methods.as_deref());
        let largest = written.body.as_ref().map_or(256 << 10, |text| self.size(&at.key("body"), text));
        if largest > LARGEST_IN_STORE {
            self.error(&at.key("body"), "that is more than a value in a store may have")
                .help("at most \"1000KiB\"");
        }
        let content = written.content.as_ref().map_or(1 << 20, |text| self.size(&at.key("content"), text));
        if content > MOST_CONTENT {
            self.error(&at.key("content"), "at most 16 MiB of a request are collected");
        }
        Some(Idempotency {
            store: store?,
            ttl,
            required: written.required.unwrap_or(false),
            methods,
            largest,
            content,
            refuses: written.on_store_failure != Some(OnIdempotencyFailure::Proceed),
        })
    }

    fn once_methods(&mut self, at: &Pointer, written: Option<&[String]>) -> Box<[Method]> {
        let Some(written) = written else { return [Method::POST, Method::PATCH].into() };
        if written.is_empty() {
            self.error(at, "with no method, no request is done once");
        }
        let mut methods = Vec::new();
        for (text, at) in written.iter().zip(at.indices()) {
            match Method::from_bytes(text.as_bytes()) {
                Ok(method) if method.is_safe() => self
                    .error(&at, format!("{text} changes nothing: it can be sent as often as one likes"))
                    .help("keep answers to it with cache"),
                Ok(method) if *text == text.to_ascii_uppercase() => methods.push(method),
                _ => self.error(&at, format!("\"{text}\" is not a method")).help("such as \"POST\""),
            }
        }
        methods.into()
    }
}
