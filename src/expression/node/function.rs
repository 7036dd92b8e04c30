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
    ($($function:ident = $name:literal, $style:ident, $takes:expr, $least:literal, $gives:ident, $usage:literal;)+) => {
        /// Every function.
        const SIGNATURES: &[Signature] = &[$(Signature {
            function: Function::$function,
            name: $name,
            style: Style::$style,
            takes: $takes,
            least: $least,
            gives: Kind::$gives,
            usage: $usage,
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
    Size = "size", Either, &[&[Kind::Text, Kind::List, Kind::Map]], 1, Int, "size(value)";
    Contains = "contains", Member, &[TEXT, TEXT], 2, Bool, "text.contains(\"part\")";
    StartsWith = "startsWith", Member, &[TEXT, TEXT], 2, Bool, "text.startsWith(\"part\")";
    EndsWith = "endsWith", Member, &[TEXT, TEXT], 2, Bool, "text.endsWith(\"part\")";
    LowerAscii = "lowerAscii", Member, &[TEXT], 1, Text, "text.lowerAscii()";
    UpperAscii = "upperAscii", Member, &[TEXT], 1, Text, "text.upperAscii()";
    Text = "string", Global,
        &[&[Kind::Text, Kind::Bool, Kind::Int, Kind::Uint, Kind::Double, Kind::Timestamp, Kind::Duration]], 1, Text,
        "string(value)";
    Int = "int", Global, &[&[Kind::Text, Kind::Timestamp, Kind::Int, Kind::Uint, Kind::Double]], 1, Int, "int(value)";
    Uint = "uint", Global, &[READ], 1, Uint, "uint(value)";
    Double = "double", Global, &[READ], 1, Double, "double(value)";
    Timestamp = "timestamp", Global, &[&[Kind::Text, Kind::Int, Kind::Timestamp]], 1, Timestamp, "timestamp(value)";
    Duration = "duration", Global, &[&[Kind::Text, Kind::Duration]], 1, Duration, "duration(value)";
    CharAt = "charAt", Member, &[TEXT, WHOLE], 2, Text, "text.charAt(0)";
    IndexOf = "indexOf", Member, &[TEXT, TEXT, WHOLE], 2, Int, "text.indexOf(\"part\")";
    LastIndexOf = "lastIndexOf", Member, &[TEXT, TEXT, WHOLE], 2, Int, "text.lastIndexOf(\"part\")";
    Join = "join", Member, &[LIST, TEXT], 1, Text, "list.join(\", \")";
    Replace = "replace", Member, &[TEXT, TEXT, TEXT, WHOLE], 3, Text, "text.replace(\"old\", \"new\")";
    Split = "split", Member, &[TEXT, TEXT, WHOLE], 2, List, "text.split(\",\")";
    Substring = "substring", Member, &[TEXT, WHOLE, WHOLE], 2, Text, "text.substring(0, 2)";
    Trim = "trim", Member, &[TEXT], 1, Text, "text.trim()";
    Reverse = "reverse", Member, &[&[Kind::Text, Kind::List]], 1, Any, "list.reverse()";
    Slice = "slice", Member, &[LIST, WHOLE, WHOLE], 3, List, "list.slice(0, 2)";
    Flatten = "flatten", Member, &[LIST, WHOLE], 1, List, "list.flatten()";
    Distinct = "distinct", Member, &[LIST], 1, List, "list.distinct()";
    Sort = "sort", Member, &[LIST], 1, List, "list.sort()";
    Range = "lists.range", Global, &[WHOLE], 1, List, "lists.range(3)";
    Ceil = "math.ceil", Global, &[DOUBLE], 1, Double, "math.ceil(1.5)";
    Floor = "math.floor", Global, &[DOUBLE], 1, Double, "math.floor(1.5)";
    Round = "math.round", Global, &[DOUBLE], 1, Double, "math.round(1.5)";
    Trunc = "math.trunc", Global, &[DOUBLE], 1, Double, "math.trunc(1.5)";
    Abs = "math.abs", Global, &[NUMBER], 1, Any, "math.abs(-1)";
    Sign = "math.sign", Global, &[NUMBER], 1, Any, "math.sign(-1)";
    Greatest = "math.greatest", Many, &[&[Kind::Int, Kind::Uint, Kind::Double, Kind::List]], 1, Any,
        "math.greatest(1, 2) or math.greatest(list)";
    Least = "math.least", Many, &[&[Kind::Int, Kind::Uint, Kind::Double, Kind::List]], 1, Any,
        "math.least(1, 2) or math.least(list)";
    Encode = "base64.encode", Global, &[TEXT], 1, Text, "base64.encode(text)";
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
