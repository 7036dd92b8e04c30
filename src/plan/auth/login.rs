//! A browser's session, begun by logging in with OpenID Connect.

use super::super::compile::{Context, Pointer};
use crate::auth::login::Login;
use crate::config::auth::login as config;

impl Context<'_> {
    pub(super) fn login(&mut self, _: &Pointer, _: &config::Login) -> Option<Login> {
        Some(Login {})
    }
}
