//! Other notations than JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What stands for what in XML. Paths are names from the root element on, as they are in the JSON, without anything for
/// elements of arrays: `"order.item.price"`, `"order.@id"`; `*` is any one name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Xml {
    /// The name of the root element. With one, the JSON is what is in that element, and XML with another root element is
    /// refused; without, the JSON is an object with one member, which has that name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root: Option<String>,
    /// What becomes of prefixes when XML is read. Default: `"keep"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespaces: Option<XmlNamespaces>,
    /// The default namespace of the root element in what is written: `xmlns="…"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Namespaces by prefix that the root element declares in what is written: `{ p = "urn:example:prices" }`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub prefixes: BTreeMap<String, String>,
    /// What names of members begin with that are attributes. Default: `"@"`. Empty: attributes are read as members like
    /// any other, and none are written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attributes: Option<String>,
    /// The name of the member that has the text of an element with attributes or other elements. Default: `"#text"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Paths of elements that are always arrays, even where there is one of them: `["order.item"]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub arrays: Vec<String>,
    /// Elements that are arrays, by path, each with the name of the elements in them: `{ "order.lines" = "line" }`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub lists: BTreeMap<String, String>,
    /// The name of elements for what has no name of its own: arrays within arrays, or as a whole. Default: `"item"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// Paths of elements and attributes that are numbers; everything else is text, and `007` stays `"007"`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub numbers: Vec<String>,
    /// Paths of elements and attributes that are `true` or `false`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub booleans: Vec<String>,
    /// What `null` is written as. Default: `"nil"`. `xsi:nil="true"` is always read as `null`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nulls: Option<XmlNulls>,
    /// What becomes of text beside elements when XML is read. Default: `"refuse"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mixed: Option<XmlMixed>,
    /// What becomes of names that no element can have. Default: `"refuse"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub names: Option<XmlNames>,
    /// Whether white space around text goes when XML is read. Default: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trim: Option<bool>,
    /// An envelope around it, of SOAP 1.1 or 1.2; what is read is the element in its body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub soap: Option<SoapVersion>,
    /// What a SOAP message is for, a URI: `SOAPAction`, or `action` in `Content-Type`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
}

/// What becomes of prefixes when XML is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum XmlNamespaces {
    /// They stay in names, and declarations are attributes: `"@xmlns:p"`.
    Keep,
    /// They go, and so do declarations.
    Strip,
}

/// What `null` is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum XmlNulls {
    /// An element with `xsi:nil="true"`.
    Nil,
    /// An empty element.
    Empty,
    /// Nothing, where it is a member; an empty element in an array.
    Omit,
}

/// What becomes of text beside elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum XmlMixed {
    /// The document is refused.
    Refuse,
    /// All text of the element becomes one, in order; where it stood between the elements is lost.
    Join,
}

/// What becomes of names that no element can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum XmlNames {
    /// The document is refused.
    Refuse,
    /// Their characters are written `_x0020_`, and such names are read as what they were.
    Escape,
}

/// Which SOAP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
pub enum SoapVersion {
    /// SOAP 1.1: `text/xml` and `SOAPAction`.
    #[serde(rename = "1.1")]
    V11,
    /// SOAP 1.2: `application/soap+xml`.
    #[serde(rename = "1.2")]
    V12,
}

/// How CSV is written: a line of names, then one for each object of an array.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Csv {
    /// The columns, in order: places in each object, `["id", "customer.name", { at = "total.amount", name = "amount" }]`.
    /// Default: all members of all objects, in the order in which they are seen first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<CsvColumn>,
    /// Whether the first line has the names of columns. Default: true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<bool>,
    /// What becomes of arrays and objects in a column. Default: `"json"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nested: Option<CsvNested>,
    /// Whether text that a spreadsheet would take for a formula, beginning with one of `=`, `+`, `-`, `@`, a tab or a line
    /// end, gets an apostrophe in front of it. Numbers never do. Default: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub escape_formulas: Option<bool>,
}

/// A column: a place, which is its name as well, or both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum CsvColumn {
    /// A place: `"customer.name"`.
    Place(String),
    /// A place and a name.
    Named(CsvNamedColumn),
}

/// A column that is not called as its place is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CsvNamedColumn {
    /// Where its values are in each object.
    pub at: String,
    /// What it is called.
    pub name: String,
}

/// What becomes of arrays and objects in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum CsvNested {
    /// They are written as JSON.
    Json,
    /// The document is refused.
    Refuse,
}

/// How forms are read and written. All values that are read are text; names that repeat are arrays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Form {
    /// Whether brackets in names are places: `a[b]=1` is a member of a member, `a[]=1` an element of an array, and
    /// `a[0][b]=1` a member of one. Default: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brackets: Option<bool>,
    /// Names that are always arrays, even where they stand once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub arrays: Vec<String>,
}
