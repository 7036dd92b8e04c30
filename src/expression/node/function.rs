//! What is called by its name: CEL's own functions, and those of its standard extensions (cel-go's `strings`, `lists`,
//! `math` and `encoders`).

use crate::expression::value::Kind;

/// What is called by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::expression) enum Function {
    Size,
    Contains,
    StartsWith,
    EndsWith,
    LowerAscii,
    UpperAscii,
    Text,
    Int,
    Uint,
    Double,
    Timestamp,
    Duration,
    CharAt,
    IndexOf,
    LastIndexOf,
    Join,
    Replace,
    Split,
    Substring,
    Trim,
    Reverse,
    Slice,
    Flatten,
    Distinct,
    Sort,
    Range,
    Ceil,
    Floor,
    Round,
    Trunc,
    Abs,
    Sign,
    Greatest,
    Least,
    Encode,
    Decode,
}

/// How a function is called, and with what.
#[derive(Debug)]
pub(in crate::expression) struct Signature {
    pub(in crate::expression) function: Function,
    pub(in crate::expression) name: &'static str,
    pub(in crate::expression) style: Style,
    /// The kinds that each of its arguments can have, that before the point first.
    pub(in crate::expression) takes: &'static [&'static [Kind]],
    /// How many of them there are at least.
    pub(in crate::expression) least: usize,
    pub(in crate::expression) gives: Kind,
    /// As it is called.
    pub(in crate::expression) usage: &'static str,
    /// What it comes to, for the reference.
    pub(in crate::expression) meaning: &'static str,
}

/// How a function is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::expression) enum Style {
    /// `f(x)`.
    Global,
    /// `f(x, y, …)` with any number of arguments, all of the first kinds.
    Many,
    /// `x.f(…)`.
    Member,
    /// `f(x)` or `x.f()`.
    Either,
}

/// The first parts of names with a point in them.
pub(in crate::expression) const SPACES: &[&str] = &["math", "lists", "base64", "optional"];

const TEXT: &[Kind] = &[Kind::Text];
const WHOLE: &[Kind] = &[Kind::Int];
const LIST: &[Kind] = &[Kind::List];
const NUMBER: &[Kind] = &[Kind::Int, Kind::Uint, Kind::Double];
const DOUBLE: &[Kind] = &[Kind::Double];
const READ: &[Kind] = &[Kind::Text, Kind::Int, Kind::Uint, Kind::Double];

macro_rules! functions {
    ($(#[doc = $doc:literal] $function:ident = $name:literal, $style:ident, $takes:expr, $least:literal, $gives:ident, $usage:literal;)+) => {
        /// Every function.
        const SIGNATURES: &[Signature] = &[$(Signature {
            function: Function::$function,
            name: $name,
            style: Style::$style,
            takes: $takes,
            least: $least,
            gives: Kind::$gives,
            usage: $usage,
            meaning: $doc,
        }),+];

        impl Function {
            /// As an author writes it.
            pub(in crate::expression) const fn name(self) -> &'static str {
                match self { $(Self::$function => $name,)+ }
            }
        }
    };
}

functions! {
    /// How many characters, elements or keys there are.
    Size = "size", Either, &[&[Kind::Text, Kind::List, Kind::Map]], 1, Int, "size(value)";
    /// Whether a text is within another.
    Contains = "contains", Member, &[TEXT, TEXT], 2, Bool, "text.contains(\"part\")";
    /// Whether a text begins with another.
    StartsWith = "startsWith", Member, &[TEXT, TEXT], 2, Bool, "text.startsWith(\"part\")";
    /// Whether a text ends with another.
    EndsWith = "endsWith", Member, &[TEXT, TEXT], 2, Bool, "text.endsWith(\"part\")";
    /// `A` to `Z` in lower case.
    LowerAscii = "lowerAscii", Member, &[TEXT], 1, Text, "text.lowerAscii()";
    /// `a` to `z` in upper case.
    UpperAscii = "upperAscii", Member, &[TEXT], 1, Text, "text.upperAscii()";
    /// As text: numbers as they are written, times as RFC 3339 has them, spans in seconds.
    Text = "string", Global,
        &[&[Kind::Text, Kind::Bool, Kind::Int, Kind::Uint, Kind::Double, Kind::Timestamp, Kind::Duration]], 1, Text,
        "string(value)";
    /// A whole number, read from text or cut off; of a time, seconds since 1970.
    Int = "int", Global, &[&[Kind::Text, Kind::Timestamp, Kind::Int, Kind::Uint, Kind::Double]], 1, Int, "int(value)";
    /// A whole number that is not negative.
    Uint = "uint", Global, &[READ], 1, Uint, "uint(value)";
    /// A number that can be calculated with.
    Double = "double", Global, &[READ], 1, Double, "double(value)";
    /// A moment, from RFC 3339 or seconds since 1970.
    Timestamp = "timestamp", Global, &[&[Kind::Text, Kind::Int, Kind::Timestamp]], 1, Timestamp, "timestamp(value)";
    /// A span of time, such as `1h30m`.
    Duration = "duration", Global, &[&[Kind::Text, Kind::Duration]], 1, Duration, "duration(value)";
    /// The character at a place, from 0; at the end, nothing.
    CharAt = "charAt", Member, &[TEXT, WHOLE], 2, Text, "text.charAt(0)";
    /// Where a text first stands within another, from 0, or from a place on; -1 for nowhere.
    IndexOf = "indexOf", Member, &[TEXT, TEXT, WHOLE], 2, Int, "text.indexOf(\"part\")";
    /// Where it last stands, or up to a place; -1 for nowhere.
    LastIndexOf = "lastIndexOf", Member, &[TEXT, TEXT, WHOLE], 2, Int, "text.lastIndexOf(\"part\")";
    /// The texts of a list as one, with another between them.
    Join = "join", Member, &[LIST, TEXT], 1, Text, "list.join(\", \")";
    /// Every text within another replaced by a third, or only so many.
    Replace = "replace", Member, &[TEXT, TEXT, TEXT, WHOLE], 3, Text, "text.replace(\"old\", \"new\")";
    /// The parts of a text around another, or at most so many.
    Split = "split", Member, &[TEXT, TEXT, WHOLE], 2, List, "text.split(\",\")";
    /// What stands from one place, up to another.
    Substring = "substring", Member, &[TEXT, WHOLE, WHOLE], 2, Text, "text.substring(0, 2)";
    /// Without white space around it.
    Trim = "trim", Member, &[TEXT], 1, Text, "text.trim()";
    /// The other way round: a list, or a text.
    Reverse = "reverse", Member, &[&[Kind::Text, Kind::List]], 1, Any, "list.reverse()";
    /// The elements from one place up to another.
    Slice = "slice", Member, &[LIST, WHOLE, WHOLE], 3, List, "list.slice(0, 2)";
    /// With the elements of lists in it in their places, one level deep, or so many.
    Flatten = "flatten", Member, &[LIST, WHOLE], 1, List, "list.flatten()";
    /// The first of those that are equal.
    Distinct = "distinct", Member, &[LIST], 1, List, "list.distinct()";
    /// In ascending order: all numbers, all texts, or all times. `list.sortBy(item, item.key)` sorts by what it is told.
    Sort = "sort", Member, &[LIST], 1, List, "list.sort()";
    /// The numbers from 0 up to this, at most 1,000.
    Range = "lists.range", Global, &[WHOLE], 1, List, "lists.range(3)";
    /// The next whole number, upwards.
    Ceil = "math.ceil", Global, &[DOUBLE], 1, Double, "math.ceil(1.5)";
    /// The next whole number, downwards.
    Floor = "math.floor", Global, &[DOUBLE], 1, Double, "math.floor(1.5)";
    /// The nearest whole number, of two the one further from zero.
    Round = "math.round", Global, &[DOUBLE], 1, Double, "math.round(1.5)";
    /// The next whole number, towards zero.
    Trunc = "math.trunc", Global, &[DOUBLE], 1, Double, "math.trunc(1.5)";
    /// Without its sign.
    Abs = "math.abs", Global, &[NUMBER], 1, Any, "math.abs(-1)";
    /// -1, 0 or 1.
    Sign = "math.sign", Global, &[NUMBER], 1, Any, "math.sign(-1)";
    /// The greatest of numbers, as it was written.
    Greatest = "math.greatest", Many, &[&[Kind::Int, Kind::Uint, Kind::Double, Kind::List]], 1, Any,
        "math.greatest(1, 2) or math.greatest(list)";
    /// The least of numbers, as it was written.
    Least = "math.least", Many, &[&[Kind::Int, Kind::Uint, Kind::Double, Kind::List]], 1, Any,
        "math.least(1, 2) or math.least(list)";
    /// The bytes of a text in base64.
    Encode = "base64.encode", Global, &[TEXT], 1, Text, "base64.encode(text)";
    /// The text that base64 stands for; what is no UTF-8 is refused.
    Decode = "base64.decode", Global, &[TEXT], 1, Text, "base64.decode(text)";
}

// === impl Signature ===

impl Signature {
    /// Every function.
    pub(in crate::expression) const ALL: &'static [Self] = SIGNATURES;

    /// The function of a name.
    pub(in crate::expression) fn named(name: &str) -> Option<&'static Self> {
        SIGNATURES.iter().find(|signature| signature.name == name)
    }

    /// Whether it can be called with so many arguments, and with one before the point or without.
    pub(in crate::expression) fn fits(&self, target: bool, arguments: usize) -> bool {
        let style = match self.style {
            Style::Global | Style::Many => !target,
            Style::Member => target,
            Style::Either => true,
        };
        let most = if self.style == Style::Many { usize::MAX } else { self.takes.len() };
        style && (self.least..=most).contains(&(usize::from(target) + arguments))
    }

    /// Whether it can have a value of a kind in this place.
    pub(in crate::expression) fn takes(&self, place: usize, kind: Kind) -> bool {
        let kinds = self.takes.get(place).or(self.takes.last());
        kind == Kind::Any || kinds.is_some_and(|kinds| kinds.contains(&kind))
    }
}
