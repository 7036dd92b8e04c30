//! What tells answers apart, and names of what the upstream gets.

use http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, FORWARDED, HOST, HeaderName, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH,
    IF_RANGE, IF_UNMODIFIED_SINCE, PRAGMA, RANGE, VIA,
};

use super::super::compile::{Context, Pointer};
use super::super::scalar::is_token;
use super::Ready;
use super::settings::Settings;
use crate::auth::claims::ClaimPath;
use crate::cache::policy::{KeyParts, Parameters};
use crate::config::CacheQuery;
use crate::forward::fields::{X_FORWARDED_FOR, X_FORWARDED_HOST, X_FORWARDED_PROTO};

/// How many names a list may have: each is looked for in every request.
const MOST_NAMES: usize = 64;

/// What the cache decides about by itself (RFC 9111 section 5.2, RFC 9110 sections 13 and 14).
const OF_THE_CACHE: [HeaderName; 8] =
    [CACHE_CONTROL, PRAGMA, RANGE, IF_RANGE, IF_MATCH, IF_NONE_MATCH, IF_MODIFIED_SINCE, IF_UNMODIFIED_SINCE];

/// What frames a message or belongs to one connection (RFC 9110 section 7.6.1).
const OF_THE_CONNECTION: [&str; 9] = [
    "connection",
    "http2-settings",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "expect",
];

/// What the gateway writes into every request to an upstream, whatever the client sent.
const OF_THE_GATEWAY: [&str; 4] = ["cdn-loop", "x-request-id", "traceparent", "tracestate"];

impl Context<'_> {
    /// All but whether the key has the caller, which depends on what the upstream is told.
    pub(super) fn key_parts(&mut self, settings: &Settings<'_>, ready: Option<Ready<'_>>) -> KeyParts {
        let query = settings.find_key("query", |key| key.query.as_ref());
        let query = query.map(|(at, written)| self.parameters(&at, written)).unwrap_or_default();
        let headers = settings.find_key("headers", |key| key.headers.as_ref());
        let mut headers = headers.map(|(at, names)| self.cache_fields(&at, names)).unwrap_or_default();
        headers.sort_by(|a, b| a.as_str().cmp(b.as_str()));
        let cookies = settings.find_key("cookies", |key| key.cookies.as_ref());
        let cookies = cookies.map(|(at, names)| self.cookies(&at, names)).unwrap_or_default();
        let claims = settings.find_key("claims", |key| key.claims.as_ref());
        let claims =
            claims.map(|(at, paths)| self.claims_of_key(&at, paths, settings, ready)).unwrap_or_default();
        let consumer = settings.find_key("consumer", |key| key.consumer.as_ref());
        let consumer = consumer.is_some_and(|(at, on)| *on && self.callers_are_known(&at, settings, ready));
        KeyParts { query, headers, cookies, claims, consumer, caller: false }
    }

    fn parameters(&mut self, at: &Pointer, written: &CacheQuery) -> Parameters {
        if written.only.is_some() && !written.ignore.is_empty() {
            self.error(&at.key("ignore"), "what is not in only is ignored anyway").help("remove one of them");
        }
        if let Some(only) = &written.only {
            let at = at.key("only");
            for (name, at) in only.iter().zip(at.indices()).filter(|(name, _)| name.ends_with('*')) {
                self.error(&at, format!("\"{name}\" is no whole name of a parameter"))
                    .help("only lists whole names; ignore takes beginnings, such as \"utm_*\"");
            }
            return Parameters::Only(self.sorted(&at, only));
        }
        if written.ignore.is_empty() {
            return Parameters::All;
        }
        let at = at.key("ignore");
        let (mut names, mut prefixes) = (Vec::new(), Vec::new());
        for text in self.sorted(&at, &written.ignore) {
            match text.strip_suffix('*') {
                Some("") => self.error(&at, "\"*\" is every parameter").help("write only = []"),
                Some(prefix) => prefixes.push(prefix.into()),
                None => names.push(text),
            }
        }
        Parameters::Ignore { names, prefixes }
    }

    fn cookies(&mut self, at: &Pointer, names: &[String]) -> Vec<Box<str>> {
        for (name, at) in names.iter().zip(at.indices()) {
            // RFC 6265 section 4.1.1: the name of a cookie is a token.
            if !name.is_empty() && !is_token(name) {
                self.error(&at, format!("\"{name}\" cannot be the name of a cookie"));
            }
        }
        self.sorted(at, names)
    }

    fn claims_of_key(
        &mut self,
        at: &Pointer,
        paths: &[String],
        settings: &Settings<'_>,
        ready: Option<Ready<'_>>,
    ) -> Vec<ClaimPath> {
        self.sorted(at, paths);
        let mut claims = Vec::new();
        for (path, at) in paths.iter().zip(at.indices()) {
            match ClaimPath::parse(path) {
                Ok(path) => claims.push(path),
                Err(why) => self.error(&at, why).help("such as \"tenant\""),
            }
        }
        claims.sort_by(|a, b| a.as_str().cmp(b.as_str()));
        if claims.is_empty() || !self.callers_are_known(at, settings, ready) {
            return Vec::new();
        }
        if ready.is_some_and(|ready| !ready.callers_have_claims()) {
            self.error(
                at,
                "no way in of this route knows any claims: there is nothing to tell answers apart by",
            )
            .help("claims are known of tokens and sessions; consumer = true tells consumers apart");
        }
        claims
    }

    /// Whether anybody is asked who they are. Only what the route itself says is a mistake: defaults are for all routes,
    /// also for those that let everybody in.
    pub(super) fn callers_are_known(
        &mut self,
        at: &Pointer,
        settings: &Settings<'_>,
        ready: Option<Ready<'_>>,
    ) -> bool {
        let nobody = ready.is_some_and(|ready| ready.ways_in().next().is_none());
        if nobody && settings.is_own(at) {
            self.error(at, "nobody is asked who they are here: answers cannot be told apart by it")
                .help("give the route auth with a way in, or remove this");
        }
        !nobody
    }

    /// Names of request fields that may be told apart by or passed on; others are reported.
    pub(super) fn cache_fields(&mut self, at: &Pointer, names: &[String]) -> Vec<HeaderName> {
        self.not_too_many(at, names.len());
        let mut fields = Vec::new();
        for (name, at) in names.iter().zip(at.indices()) {
            let Some(field) = self.cache_field(&at, name) else { continue };
            if fields.contains(&field) {
                self.error(&at, format!("\"{name}\" is named twice"));
            } else {
                fields.push(field);
            }
        }
        fields
    }

    /// The name of a request field that may be told apart by or passed on; others are reported.
    pub(super) fn cache_field(&mut self, at: &Pointer, name: &str) -> Option<HeaderName> {
        let field = self.header_name(at, name)?;
        if let Some((why, help)) = refused(&field) {
            self.error(at, format!("{name} {why}")).help(help);
            return None;
        }
        Some(field)
    }

    /// Names in order; empty ones and repeated ones are reported.
    fn sorted(&mut self, at: &Pointer, names: &[String]) -> Vec<Box<str>> {
        self.not_too_many(at, names.len());
        let mut sorted: Vec<Box<str>> = Vec::new();
        for (name, at) in names.iter().zip(at.indices()) {
            if name.is_empty() {
                self.error(&at, "a name is not empty");
            } else if sorted.iter().any(|known| **known == **name) {
                self.error(&at, format!("\"{name}\" is named twice"));
            } else {
                sorted.push(name.as_str().into());
            }
        }
        sorted.sort();
        sorted
    }

    fn not_too_many(&mut self, at: &Pointer, count: usize) {
        if count > MOST_NAMES {
            self.error(at, format!("{count} names are too many"))
                .help(format!("at most {MOST_NAMES}: each is looked for in every request"));
        }
    }
}

/// Why a field cannot be told apart by or passed on by its name, and what to do.
fn refused(name: &HeaderName) -> Option<(&'static str, &'static str)> {
    if OF_THE_CACHE.contains(name) {
        return Some(("is the cache's own: it decides what the upstream gets of it", "remove it"));
    }
    if OF_THE_CONNECTION.contains(&name.as_str()) || *name == CONTENT_LENGTH {
        return Some(("frames the message or belongs to one connection", "remove it"));
    }
    if *name == HOST {
        return Some(("is always told apart by", "remove it"));
    }
    if [X_FORWARDED_HOST, X_FORWARDED_PROTO].contains(name) {
        return Some(("is written by the gateway, and told apart by as host and scheme", "remove it"));
    }
    if [FORWARDED, X_FORWARDED_FOR].contains(name) {
        return Some((
            "says the client's address, and would give every client answers of its own",
            "write unkeyed = [\"address\"] where the upstream needs it and its answers do not depend on it",
        ));
    }
    if OF_THE_GATEWAY.contains(&name.as_str()) || *name == VIA {
        return Some(("is written by the gateway into every request", "remove it"));
    }
    None
}
