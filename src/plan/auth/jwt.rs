//! A JSON Web Token of one issuer, as bearer token.

use super::super::compile::{Context, Pointer};
use crate::auth::jwt::Jwt;
use crate::config::auth::jwt as config;

impl Context<'_> {
    pub(super) fn jwt(&mut self, _: &Pointer, _: &config::Jwt) -> Option<Jwt> {
        Some(Jwt {})
    }
}
