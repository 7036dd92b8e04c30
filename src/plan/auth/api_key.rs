//! A key that belongs to a consumer.

use http::HeaderName;
use http::header::{AUTHORIZATION, COOKIE};

use super::super::compile::{Context, Pointer};
use super::super::scalar::is_token;
use crate::auth::api_key::ApiKeys;
use crate::auth::api_key::form::{DEFAULT_PREFIX, Form, PREFIX_LENGTH, is_prefix};
use crate::auth::presented::Place;
use crate::config::auth::api_key as config;

/// Where keys stand when nothing is said.
const DEFAULT_HEADER: HeaderName = HeaderName::from_static("x-api-key");

impl Context<'_> {
    pub(super) fn api_key(&mut self, at: &Pointer, written: &config::ApiKey) -> Option<ApiKeys> {
        let mut places = self.places(at, written)?;
        if places.is_empty() {
            places.push(Place::Header(DEFAULT_HEADER));
        }
        let form = self.key_form(at, written)?;
        let stored = written.store.unwrap_or(false);
        if stored && !self.has_store {
            self.error(&at.key("store"), "there is no key-value store").help("add [store]");
        }
        Some(ApiKeys { places, form, stored, forward: written.forward.unwrap_or(false) })
    }

    fn places(&mut self, at: &Pointer, written: &config::ApiKey) -> Option<Vec<Place>> {
        let mut places = Vec::new();
        let before = self.diagnostics.len();
        if let Some(header) = &written.header {
            places.extend(self.key_header(&at.key("header"), header).map(Place::Header));
        }
        if let Some(scheme) = &written.authorization {
            if is_token(scheme) && !scheme.eq_ignore_ascii_case("basic") {
                places.push(Place::Authorization(scheme.as_str().into()));
            } else {
                self.error(&at.key("authorization"), format!("\"{scheme}\" cannot be a scheme for keys"))
                    .help("one word, such as \"ApiKey\" or \"Bearer\"; Basic is for names and passwords");
            }
        }
        if let Some(name) = &written.query {
            if name.is_empty() {
                self.error(&at.key("query"), "a parameter of the query has a name");
            }
            places.push(Place::Query(name.as_str().into()));
        }
        if let Some(name) = &written.cookie {
            // RFC 6265 section 4.1.1: the name of a cookie is a token.
            if !is_token(name) {
                self.error(&at.key("cookie"), format!("\"{name}\" cannot be the name of a cookie"))
                    .help("letters, digits, and any of ! # $ % & ' * + - . ^ _ ` | ~");
            }
            places.push(Place::Cookie(name.as_str().into()));
        }
        (self.diagnostics.len() == before).then_some(places)
    }

    fn key_header(&mut self, at: &Pointer, header: &str) -> Option<HeaderName> {
        let Ok(name) = header.parse::<HeaderName>() else {
            self.error(at, format!("\"{header}\" cannot name a header field"));
            return None;
        };
        let instead = match &name {
            it if it == AUTHORIZATION => "authorization = \"ApiKey\", or another scheme",
            it if it == COOKIE => "cookie = \"NAME\"",
            _ => return Some(name),
        };
        self.error(at, format!("{name} holds more than a key")).help(format!("write {instead}"));
        None
    }

    fn key_form(&mut self, at: &Pointer, written: &config::ApiKey) -> Option<Form> {
        let any = written.format == Some(config::KeyFormat::Any);
        match &written.prefix {
            Some(_) if any => {
                self.error(&at.key("prefix"), "keys of any format have no prefix")
                    .help("remove prefix, or format");
                None
            }
            None if any => Some(Form::Any),
            None => Some(Form::Prefixed(DEFAULT_PREFIX.into())),
            Some(prefix) if is_prefix(prefix) => Some(Form::Prefixed(prefix.as_str().into())),
            Some(prefix) => {
                self.error(&at.key("prefix"), format!("\"{prefix}\" cannot be what keys begin with")).help(
                    format!(
                        "lower-case letters and digits, a letter first, with _ between words: \"acme_live\"; \
                         {PREFIX_LENGTH} characters at most"
                    ),
                );
                None
            }
        }
    }
}
