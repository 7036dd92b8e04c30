//! How several answers become one.

use serde::{Deserialize, Serialize};

/// How the answers of steps become one document. They are put in one after the other, in the order in which the steps are
/// written, whichever arrives first; members stand in the order in which they were first seen.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Merge {
    /// What becomes of two objects at one place. Default: `"shallow"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub objects: Option<MergeObjects>,
    /// What stays where two values cannot be put together: two members of one name that are not both objects (deep) or both
    /// arrays (joined), or something that is no object on the way to a place. It must be written where two steps can meet.
    /// Default: `"error"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collision: Option<MergeCollision>,
    /// What becomes of two arrays at one place, or in two members of one name. Default: `"replace"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arrays: Option<MergeArrays>,
}

/// What becomes of two objects at one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum MergeObjects {
    /// The members of one stand beside those of the other; a member that both have is a collision.
    Shallow,
    /// They are put together at every depth.
    Deep,
}

/// What stays where two values cannot be put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum MergeCollision {
    /// Neither: the request is answered 502, even where both are the same.
    Error,
    /// That of the step that is written first.
    First,
    /// That of the step that is written last, in the place of the first.
    Last,
}

/// What becomes of two arrays: a word, or a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum MergeArrays {
    /// A word.
    Word(MergeArraysWord),
    /// Their elements are put together by what they have in a member.
    By(MergeArraysBy),
}

/// A word for what becomes of two arrays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum MergeArraysWord {
    /// They are values like others: `collision` says which stays.
    Replace,
    /// The elements of the second stand behind those of the first.
    Concat,
}

/// Elements that are objects with the same text, number or truth value in a member become one, as `objects` and `collision`
/// say. Where several elements of an array have the same, the first of one array meets the first of the other, the second the
/// second. What meets none stays: elements of the first array where they are, those of the second behind them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "author", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MergeArraysBy {
    /// The name of the member: `"id"`.
    pub by: String,
}
