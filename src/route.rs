//! Which route a request belongs to. Pure: a function of the plan and the request's head.

use std::borrow::Cow;

use http::header::HeaderValue;
use http::{HeaderMap, Method};

pub mod ambiguity;
pub mod condition;
pub mod host;
mod index;
pub mod order;
pub mod path;
pub mod pattern;
mod segment;
pub mod table;
mod versioned;

use crate::plan::{Plan, Route};
use crate::version::asked::Choice;
use crate::version::{Condition, Negotiated};
use versioned::Versioned;

/// What routes look at.
#[derive(Debug, Clone, Copy)]
pub struct Query<'a> {
    /// Host name in lower case, without port.
    pub host: &'a str,
    /// Normalised path.
    pub path: &'a str,
    /// Raw query, without the question mark.
    pub query: Option<&'a str>,
    /// Method.
    pub method: &'a Method,
    /// Header fields.
    pub headers: &'a HeaderMap,
    /// When it came, in seconds since 1970.
    pub now: u64,
    /// Whether it is a preflight, asked as the request that it is about: without that one's fields.
    pub preflight: bool,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// The index of the route.
    Route(usize),
    /// Routes match but for the method; these are their methods, as in `Allow`.
    Method(Allowed),
    /// Nothing.
    Nothing,
}

/// The methods that would be taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allowed(Vec<Method>);

/// Why a route does not take a request.
#[derive(Debug, Clone, Copy)]
pub enum Miss<'a> {
    /// Another host.
    Host,
    /// Another path.
    Path,
    /// A header condition does not hold.
    Header(&'a condition::HeaderCondition),
    /// A query condition does not hold.
    Query(&'a condition::QueryCondition),
    /// Another version of an API.
    Version(&'a Condition),
    /// Another method.
    Method,
}

// === impl Plan ===

impl Plan {
    /// The route that a request belongs to.
    ///
    /// `HEAD` goes through `GET` (RFC 9110 section 9.3.2) only where no route lists it that nothing but the order in
    /// the files puts behind the one that lists `GET`.
    pub fn find(&self, request: &Query<'_>) -> Found {
        self.search(request).0
    }

    /// The same, with what became of the question for a version.
    pub fn search(&self, request: &Query<'_>) -> (Found, Negotiated) {
        let mut allowed = None::<Allowed>;
        let mut through_get = None;
        let mut versioned = Versioned::default();
        for candidate in self.table.candidates(request.host, request.path) {
            if through_get.is_some() && !candidate.tied {
                break;
            }
            let index = candidate.route as usize;
            let route = &self.routes[index];
            if candidate.verify && !route.pattern.matches(request.path) {
                continue;
            }
            let holds = |condition: &Condition| versioned.holds(route, condition, request);
            match route.miss_after_path(request, holds) {
                None if route.methods.takes_through_get(request.method) => {
                    _ = through_get.get_or_insert_with(|| (index, versioned.of(route)))
                }
                None => return (Found::Route(index), versioned.of(route)),
                Some(Miss::Method) => allowed.get_or_insert_default().add(&route.methods),
                Some(_) => {}
            }
        }
        match (through_get, allowed) {
            (Some((index, negotiated)), _) => (Found::Route(index), negotiated),
            // Where a version that is taken has the address, that it does not have the method is the answer.
            (None, Some(allowed)) => {
                let negotiated = Negotiated { refused: None, ..versioned.of_none() };
                (Found::Method(allowed), Negotiated { version: None, ..negotiated })
            }
            (None, None) => (Found::Nothing, versioned.of_none()),
        }
    }
}

// === impl Route ===

impl Route {
    /// Why the route would not take `request`, whatever other routes there are; `None` where it would.
    pub fn miss(&self, request: &Query<'_>) -> Option<Miss<'_>> {
        if !self.hosts.is_empty() && !self.hosts.iter().any(|host| host.matches(request.host)) {
            return Some(Miss::Host);
        }
        if !self.pattern.matches(request.path) {
            return Some(Miss::Path);
        }
        let holds = |condition: &Condition| {
            let captured = condition.captured(&self.pattern, request.path);
            match condition.choose(request, captured) {
                Choice::Version { index, .. } => condition.serves.contains(index),
                Choice::Any => true,
                Choice::Elsewhere | Choice::Refused(_) => false,
            }
        };
        self.miss_after_path(request, holds)
    }

    /// The method comes last, so that 405 is answered only where it alone is wrong; `holds` is asked about versions, if at
    /// all, only where nothing else but the method may be wrong.
    fn miss_after_path(
        &self,
        request: &Query<'_>,
        mut holds: impl FnMut(&Condition) -> bool,
    ) -> Option<Miss<'_>> {
        if let Some(condition) = self.headers.iter().find(|condition| !condition.holds(request.headers)) {
            return Some(Miss::Header(condition));
        }
        if let Some(condition) = self.query.iter().find(|condition| !condition.holds(request.query)) {
            return Some(Miss::Query(condition));
        }
        if let Some(condition) = self.version.as_ref().filter(|condition| !holds(condition)) {
            return Some(Miss::Version(condition));
        }
        (!self.methods.contains(request.method)).then_some(Miss::Method)
    }
}

// === impl Allowed ===

impl Allowed {
    fn add(&mut self, methods: &condition::Methods) {
        let listed = if methods.is_any() { condition::ANY.as_slice() } else { &methods.listed };
        for method in listed {
            if !self.0.contains(method) {
                self.0.push(method.clone());
            }
        }
        if methods.head_through_get && !self.0.contains(&Method::HEAD) {
            self.0.push(Method::HEAD);
        }
    }

    /// The value of `Allow`: sorted, and with `OPTIONS`, which the gateway itself answers.
    pub fn header(&self) -> HeaderValue {
        let mut names: Vec<_> = self.0.iter().map(Method::as_str).chain(["OPTIONS"]).collect();
        names.sort_unstable();
        names.dedup();
        // Methods are tokens (RFC 9110 section 9.1), so the list is always a valid value.
        HeaderValue::try_from(names.join(", ")).unwrap_or(HeaderValue::from_static(""))
    }
}

/// Lower-case letters only where there are others: nearly every host arrives in lower case.
pub fn lowercase(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}
