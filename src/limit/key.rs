//! Whose permits are counted.

use std::sync::Arc;

use http::header::HeaderName;

use crate::expression::Expression;

/// What a count is found by: the first 16 bytes of SHA-256 over the limit's name and the values of its parts, so that no
/// store knows who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Key(pub [u8; 16]);

/// A part of a key. Where a request does not have it, its client's address stands in.
#[derive(Debug, Clone)]
pub enum KeyPart {
    /// The consumer.
    Consumer,
    /// Who calls in the words of the way in, with the way in.
    Subject,
    /// The credential itself.
    Credential,
    /// The client's address, so many bits of it.
    Address {
        /// Bits of an IPv4 address.
        ipv4: u8,
        /// Bits of an IPv6 address.
        ipv6: u8,
    },
    /// The route.
    Route,
    /// The host that was asked for.
    Host,
    /// All requests together.
    Everybody,
    /// A claim of the caller's token.
    Claim(Box<str>),
    /// A header field.
    Header(HeaderName),
    /// A cookie.
    Cookie(Box<str>),
    /// The value of an expression.
    Expression(Arc<Expression>),
}

// === impl KeyPart ===

impl KeyPart {
    /// Whether it says something of who calls.
    pub fn is_about_the_caller(&self) -> bool {
        match self {
            Self::Consumer | Self::Subject | Self::Credential | Self::Claim(_) => true,
            Self::Expression(expression) => {
                expression.reads().iter().any(|variable| variable.is_about_the_caller())
            }
            _ => false,
        }
    }
}

/// Stand-in.
pub fn of(_: &super::Limit, _: &crate::auth::Asking<'_>, _: Option<&crate::auth::Caller>) -> Key {
    Key::default()
}
