//! What is to be purged.

use super::Tag;

/// What is to be purged, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Which answers.
    pub what: What,
    /// They are not gone but stale: they may be validated, and given where the upstream fails.
    pub soft: bool,
}

/// Which answers. Hosts are names without ports; schemes and ports make no difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// All.
    All,
    /// Those whose path, as it came, begins so; by bytes, not by segments: `/a` is about `/abc` too.
    Prefix {
        /// The host; `None` for any.
        host: Option<Box<str>>,
        /// The beginning of the path, with its first slash.
        path: Box<str>,
    },
    /// Those of an address.
    Address {
        /// The host.
        host: Box<str>,
        /// The path, as clients send it.
        path: Box<str>,
        /// The query.
        query: Query,
    },
    /// Those that have one of these tags.
    Tags(Vec<Tag>),
}

/// Which queries of an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Query {
    /// Any, and none.
    Any,
    /// One of these, each as it counts for some route; `None` for none.
    OneOf(Vec<Option<Box<str>>>),
}
