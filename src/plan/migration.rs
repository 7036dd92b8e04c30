//! Splits, fallbacks and mirrors, ready to be followed.

use http::Method;

use super::Proxy;
use super::compile::{Context, Pointer};
use crate::config::SizeText;
use crate::migration::Share;

mod fallback;
mod mirror;
mod split;

/// How much content is kept for another upstream, unless the author says: what fits the first flight of a connection.
const BODY: u64 = 64 << 10;
/// The most that may be kept of each request in flight.
const MOST_BODY: u64 = 16 << 20;

impl Context<'_> {
    /// Methods as they are written; those that no request has are reported.
    fn methods_of(&mut self, at: &Pointer, written: Option<&Vec<String>>) -> Option<Vec<Method>> {
        let written = written?;
        if written.is_empty() {
            self.error(at, "no methods: it would never be asked").help("name some, or remove the key");
        }
        let mut methods = Vec::new();
        for (text, at) in written.iter().zip(at.indices()) {
            match Method::from_bytes(text.as_bytes()) {
                Ok(method) if *text == text.to_ascii_uppercase() && method != Method::CONNECT => {
                    methods.push(method);
                }
                _ => {
                    self.error(&at, format!("no request has the method \"{text}\"")).help("such as \"GET\"");
                }
            }
        }
        Some(methods)
    }

    /// How much content is kept, in bytes.
    fn kept_content(&mut self, at: &Pointer, written: Option<&SizeText>, usual: u64) -> u64 {
        let Some(text) = written else { return usual };
        let bytes = self.size(at, text);
        if bytes > MOST_BODY {
            self.error(at, "that much would be kept of each request").help("at most \"16MiB\"");
        }
        bytes
    }

    /// A share of requests.
    fn share_of(&mut self, at: &Pointer, written: Option<&String>) -> Share {
        let Some(text) = written else { return Share::ALL };
        Share::parse(text).unwrap_or_else(|| {
            self.error(at, format!("\"{text}\" is not a share of requests"))
                .help("more than \"0%\" and at most \"100%\", such as \"10%\" or \"0.5%\"");
            Share::ALL
        })
    }

    /// An upstream that is asked beside the first, which must not be itself.
    fn another(&mut self, at: &Pointer, name: &str, first: &[usize]) -> Option<usize> {
        let index = self.upstream_index(at, name)?;
        if first.iter().all(|first| *first == index) {
            self.error(at, format!("\"{name}\" is asked first already")).help("name another upstream");
        }
        Some(index)
    }
}

// === impl Proxy ===

impl Proxy {
    /// The indices of all upstreams whose answers clients of the route may get, each once.
    pub fn upstreams(&self) -> Vec<usize> {
        let of_split = self.split.iter().flat_map(|split| split.upstreams());
        let fallback = self.fallback.iter().map(|fallback| fallback.upstream);
        let mut all: Vec<_> = std::iter::once(self.upstream).chain(of_split).chain(fallback).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The same with those that get requests of the route, and answer nobody.
    pub fn all_upstreams(&self) -> Vec<usize> {
        let mut all = self.upstreams();
        all.extend(self.mirror.iter().map(|mirror| mirror.upstream));
        all.sort_unstable();
        all.dedup();
        all
    }
}
