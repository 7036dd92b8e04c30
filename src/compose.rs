//! One answer made of several: what is asked, when, and what becomes of it.
//!
//! Each step is asked by a route of its own, which no client reaches ([`crate::plan::Route::internal`]): all that routes with an
//! upstream can do holds for steps.

/// How one answer is made of several.
#[derive(Debug)]
pub struct Compose {
    /// What is asked, in the order in which it is written.
    pub steps: Box<[Step]>,
    /// How many requests to upstreams one request may have under way at once.
    pub at_once: usize,
}

/// One request to an upstream, or one for each element of a list.
#[derive(Debug)]
pub struct Step {
    /// Its name.
    pub name: Box<str>,
    /// The index of the route that asks for it.
    pub route: usize,
}
