//! Why a signature is not accepted.

use std::fmt;

/// Why a signature is not accepted: for the operator. The client learns no more than that it is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rejection {
    /// There is neither `Signature-Input` nor `Signature`.
    Absent,
    /// The two fields are larger than is read.
    TooLarge,
    /// There are more signatures than are looked at.
    TooManySignatures,
    /// A signature covers more components than are looked at.
    TooManyComponents,
    /// The field of this name is not what RFC 9421 section 4 says.
    Malformed(&'static str),
    /// RFC 9421 section 4: a label stands in one of the two fields and not in the other.
    Unpaired,
    /// No signature has the label that is asked for.
    NoSuchLabel,
    /// This covered component cannot be used.
    Component {
        /// As it stands in `Signature-Input`.
        identifier: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// What is covered is larger than is looked at.
    BaseTooLarge,
    /// This component must be covered, and is not.
    Uncovered(String),
    /// The signature parameter of this name is missing.
    Missing(&'static str),
    /// The signature parameter of this name is not of its type.
    Parameter(&'static str),
    /// `tag` is not the one that is asked for.
    Tag,
    /// `created` is longer ago than is accepted.
    TooOld,
    /// `created` is in the future.
    Future,
    /// `expires` has passed.
    Expired,
    /// No key has this identifier.
    UnknownKey,
    /// `alg` is not the key's algorithm.
    Algorithm,
    /// The signature is not one of the key over this request.
    Wrong,
}

// === impl Rejection ===

impl fmt::Display for Rejection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => formatter.write_str("the request is not signed"),
            Self::TooLarge => formatter.write_str("Signature-Input and Signature are too large"),
            Self::TooManySignatures => formatter.write_str("there are too many signatures"),
            Self::TooManyComponents => formatter.write_str("the signature covers too many components"),
            Self::Malformed(field) => write!(formatter, "{field} is malformed"),
            Self::Unpaired => {
                formatter.write_str("Signature-Input and Signature do not have the same labels")
            }
            Self::NoSuchLabel => formatter.write_str("no signature has the label that is asked for"),
            Self::Component { identifier, why } => write!(formatter, "component {identifier}: {why}"),
            Self::BaseTooLarge => formatter.write_str("what the signature covers is too large"),
            Self::Uncovered(component) => write!(formatter, "the signature does not cover {component}"),
            Self::Missing(name) => write!(formatter, "the signature has no {name}"),
            Self::Parameter(name) => write!(formatter, "the signature's {name} is not of its type"),
            Self::Tag => formatter.write_str("the signature's tag is not the one that is asked for"),
            Self::TooOld => formatter.write_str("the signature is too old"),
            Self::Future => formatter.write_str("the signature was made in the future"),
            Self::Expired => formatter.write_str("the signature has expired"),
            Self::UnknownKey => formatter.write_str("no key has the signature's keyid"),
            Self::Algorithm => formatter.write_str("the signature's alg is not the key's"),
            Self::Wrong => formatter.write_str("the signature is wrong"),
        }
    }
}

impl std::error::Error for Rejection {}
