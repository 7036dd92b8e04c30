//! A key that belongs to a consumer.

use super::super::compile::{Context, Pointer};
use crate::auth::api_key::ApiKeys;
use crate::config::auth::api_key as config;

impl Context<'_> {
    pub(super) fn api_key(&mut self, _: &Pointer, _: &config::ApiKey) -> Option<ApiKeys> {
        Some(ApiKeys {})
    }
}
