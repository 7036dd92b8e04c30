//! Several requests of a client in one.

use serde::{Deserialize, Serialize};

use super::text::SizeText;

/// Takes several requests in one `POST`, as the JSON of OData 4.01 and Microsoft Graph has it:
/// `{"requests": [{"id": "1", "method": "GET", "url": "/users/7"}]}`, and answers with `{"responses": [{"id": "1", "status": 200,
/// "headers": {…}, "body": …}]}`, in the same order.
///
/// Each goes through the whole gateway as if it had come by itself: it finds its route, its caller is authenticated there, and
/// limits count it. It has the header fields of the batch but for those about content, conditions and ranges.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Batch {
    /// How many requests one batch may have, 1 to 100. Default: 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most: Option<u32>,
    /// How many of them are under way at once. Default: 4.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_once: Option<u32>,
    /// The largest batch. Default: 256 KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<SizeText>,
    /// The largest answer to one of the requests; one that is larger is a 502 in its place. Default: 1 MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<SizeText>,
    /// Header fields that each request may have of its own, beside `accept`, `accept-language`, `content-type`, `if-match`,
    /// `if-none-match`, `if-modified-since`, `if-unmodified-since`, `idempotency-key` and `prefer`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<String>,
}
