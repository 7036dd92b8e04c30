//! What an old version of an API says in the words of a newer one.

/// How the JSON of requests and answers becomes another.
#[derive(Debug, Clone)]
pub struct Mapping {}
