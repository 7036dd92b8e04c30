//! A signature over the request (RFC 9421), with a key of a consumer.

use super::super::compile::{Context, Pointer};
use crate::auth::signature::Signatures;
use crate::config::auth::signature as config;

impl Context<'_> {
    pub(super) fn signature(&mut self, _: &Pointer, _: &config::Signature) -> Option<Signatures> {
        Some(Signatures {})
    }
}
