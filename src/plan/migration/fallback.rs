//! Fallbacks, ready to be followed.

use super::super::compile::{Context, Pointer};
use super::BODY;
use crate::config;
use crate::migration::Fallback;

/// What a service answers that has nothing to do with a request: RFC 9110 sections 15.5.5 and 15.6.2.
const USUAL: [u16; 2] = [404, 501];

impl Context<'_> {
    /// Which upstream is asked where one of `first` has nothing.
    pub(in crate::plan) fn fallback(
        &mut self,
        at: &Pointer,
        written: &config::Fallback,
        first: &[usize],
    ) -> Option<Fallback> {
        let upstream = self.another(&at.key("to"), &written.to, first);
        let on_failure = written.on_failure.unwrap_or(false);
        let mut on: Vec<u16> = written.on.clone().unwrap_or_else(|| USUAL.to_vec());
        for (status, at) in on.iter().zip(at.key("on").indices()) {
            if !(400..=599).contains(status) {
                self.error(&at, format!("an answer with the status {status} is one")).help("400 to 599");
            }
        }
        if on.is_empty() && !on_failure {
            self.error(&at.key("on"), "it would never be asked").help("such as [404, 501]");
        }
        on.sort_unstable();
        on.dedup();
        let methods = self.methods_of(&at.key("methods"), written.methods.as_ref());
        let body = self.kept_content(&at.key("body"), written.body.as_ref(), BODY);
        Some(Fallback { upstream: upstream?, on: on.into(), on_failure, methods, body })
    }
}
