//! A name and a password (RFC 7617), which belong to a consumer.

use super::super::compile::{Context, Pointer};
use crate::auth::basic::Basic;
use crate::config::auth::basic as config;

impl Context<'_> {
    pub(super) fn basic(&mut self, _: &Pointer, _: &config::Basic) -> Option<Basic> {
        Some(Basic {})
    }
}
