//! A client's certificate.

use super::super::compile::{Context, Pointer};
use crate::auth::certificate::Certificates;
use crate::config::auth::certificate as config;

impl Context<'_> {
    pub(super) fn certificate(&mut self, _: &Pointer, _: &config::Certificate) -> Option<Certificates> {
        Some(Certificates {})
    }
}
