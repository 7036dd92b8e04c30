//! A bearer token that its issuer is asked about (RFC 7662).

use super::super::compile::{Context, Pointer};
use crate::auth::introspection::Introspection;
use crate::config::auth::introspection as config;

impl Context<'_> {
    pub(super) fn introspection(&mut self, _: &Pointer, _: &config::Introspection) -> Option<Introspection> {
        Some(Introspection {})
    }
}
