//! Operations on the form of a JSON document.

use serde::{Deserialize, Serialize};

use super::mapping::{DefaultMember, MapValues, MoveValue, RenameMember, Scalar};
use super::text::OneOrMany;

/// One operation on a JSON document: exactly one of these keys. Operations are done in the order in which they are written;
/// what none of them names stays as it was, digit for digit. Places are written `customer.name`, with `[*]` for each
/// element of an array (`items[*].price`), `[0]` for one of them, and `["any name"]` for names with one of `.`, `[`, `]`,
/// `"` or a space in them; or as JSON Pointers (`/customer/name`); `"."` is the whole document where a key says so. Where
/// nothing stands at a place, an operation does nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ShapeStep {
    /// Keeps these places, and nothing else: `["id", "items[*].price"]`. Members stay in the order of the document. Objects
    /// and arrays on the way to a place stay, even empty; anything else in their place goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pick: Option<OneOrMany>,
    /// Takes away what stands there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drop: Option<OneOrMany>,
    /// Gives a member of an object another name, in its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rename: Option<RenameMember>,
    /// Puts a value somewhere else.
    #[serde(rename = "move", skip_serializing_if = "Option::is_none")]
    pub moves: Option<MoveValue>,
    /// Adds a member to objects that have none of its name. `null` is a value: it stays.
    #[serde(rename = "default", skip_serializing_if = "Option::is_none")]
    pub add: Option<DefaultMember>,
    /// Puts other values in place of some.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<MapValues>,
    /// Puts a computed value somewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set: Option<SetValue>,
    /// Puts what is within a value in its place: the members of an object among those of its parent, where the object
    /// stood; members of the same name give way. In an array (`"."` for the whole document), elements that are arrays give
    /// way to their own elements. Anything else stays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flatten: Option<FlattenSetting>,
    /// Puts members of an object into a new one, in the place of the first of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<GroupMembers>,
    /// Puts a value into an object of one member: `"data"` for the whole document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wrap: Option<WrapSetting>,
    /// Puts a value in the place of the whole document: `"data.items"`. With `[*]`, in the place of the element:
    /// `"edges[*].node"`. Elements without it stay as they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unwrap: Option<String>,
    /// Joins lists into one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concat: Option<ConcatLists>,
    /// Makes a list of values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collect: Option<CollectValues>,
    /// Operations of JSON Patch (RFC 6902): as JSON text, or as a list of tables. Unlike the other operations, these fail
    /// where there is no such place, and `test` where something else stands there: then there is no answer but an error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patch: Option<PatchSetting>,
    /// Changes as a document of the same form, as JSON text: JSON Merge Patch (RFC 7396, before that RFC 7386). Members
    /// that are `null` in it are taken away, objects are changed member by member, anything else is replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merge: Option<String>,
}

/// A computed value. Objects that are missing on the way are made; where something that is no object is in the way, nothing
/// is computed. A value that cannot be computed, such as one of a member that is not there, is an error of the answer: write
/// `has(item.price) ? item.price : 0`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SetValue {
    /// Where it goes: `"total"`, `"items[*].total"`, `"tags[*]"`. What stands there gives way.
    pub at: String,
    /// What, in CEL. `item` is the element that the last `[*]` of `at` stands for, and `index` its place from 0; without
    /// `[*]`, `item` is the whole document, as it is by now: `"size(item.items)"`.
    pub value: String,
}

/// What is within a value, in its place: a place, or a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum FlattenSetting {
    /// A place: `"address"`, `"items[*].price"`, `"."`.
    At(String),
    /// A place, and what stands in front of names.
    Table(FlattenTable),
}

/// What is within a value, in its place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FlattenTable {
    /// Where it is.
    pub at: String,
    /// What is put in front of the names of members: `"address_"`. At most 64 bytes. Default: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
}

/// Members of an object in a new one. They keep their order; nothing happens where there is none of them. An object that has
/// the new name already gets them behind its own members, of which those of the same names give way; anything else that has
/// it stays, and nothing happens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct GroupMembers {
    /// The object that they are in: `"items[*]"`. Default: the whole document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// Their names: `["street", "city"]`.
    pub members: Vec<String>,
    /// The name of the new object.
    pub into: String,
}

/// A value in an object of one member: a name, or a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum WrapSetting {
    /// The name of the member that the whole document becomes.
    Into(String),
    /// A value within the document.
    Table(WrapTable),
}

/// A value in an object of one member.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct WrapTable {
    /// Where it is: `"items[*]"`; `"."` for the whole document.
    pub at: String,
    /// The name of the member that it becomes.
    pub into: String,
}

/// Lists that become one. They are taken away from where they were; what is no list stays there. Nothing happens where there
/// is none, or where something that is no object is in the way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ConcatLists {
    /// Where they are, in the order in which they are joined: `["new", "old"]`, `"groups[*].items"`.
    pub from: OneOrMany,
    /// Where the list goes: names only. What stands there gives way; objects that are missing on the way are made. Default:
    /// it becomes the whole document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// Values that become a list. They are taken away from where they were. Nothing happens where there is none, or where
/// something that is no object is in the way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CollectValues {
    /// Where they are, in the order in which they become elements: `"items[*].id"`, `["owner", "editor"]`.
    pub from: OneOrMany,
    /// Where the list goes: names only. What stands there gives way; objects that are missing on the way are made. Default:
    /// it becomes the whole document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// A JSON Patch: JSON text, or a list of tables.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum PatchSetting {
    /// JSON text: `'[{"op": "add", "path": "/tags/-", "value": "new"}]'`.
    Text(String),
    /// Operations.
    List(Vec<PatchOperation>),
}

/// One operation of a JSON Patch (RFC 6902 section 4).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PatchOperation {
    /// What is done.
    pub op: PatchWord,
    /// Where, as a JSON Pointer: `"/items/0"`, `"/tags/-"` for behind the last element, `""` for the whole document.
    pub path: String,
    /// For `move` and `copy`: from where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// For `add`, `replace` and `test`: text, a whole number, `true` or `false`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Scalar>,
    /// The same as JSON, instead of `value`: `'{"amount": 1.10}'`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json: Option<String>,
}

/// What an operation of a JSON Patch does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum PatchWord {
    /// Puts a value there: in front of an element, or in place of a member.
    Add,
    /// Takes away what stands there.
    Remove,
    /// Puts a value in place of what stands there.
    Replace,
    /// Takes away what stands at `from`, and adds it there.
    Move,
    /// Adds what stands at `from` there.
    Copy,
    /// Fails unless this stands there, numbers by their value.
    Test,
}
