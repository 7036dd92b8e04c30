//! The keywords of schemas: OpenAPI 3.0.4 section 4.7.24, and JSON Schema 2020-12, which 3.1 has.

use super::document::Dialect;
use crate::json::Node;

/// What a keyword holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keyword {
    /// A schema, or `true` or `false`.
    Schema,
    /// A list of schemas.
    Schemas,
    /// Schemas by names.
    Named,
    /// A value that judges, and what it must be.
    Value(Form),
    /// A value that says in which direction a member goes.
    Direction,
    /// 3.0's word for `null`.
    Nullable,
    /// Something for people, or for those who make programs.
    Documentation,
    /// Schemas that are there to be referred to.
    Definitions,
    /// Nothing that judges, and why.
    Left(&'static str),
}

/// What a value must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Types,
    List,
    Texts,
    Any,
    Number,
    /// A number, or in 3.0 whether the bound beside it is excluded.
    Bound,
    Positive,
    Count,
    Flag,
    Text,
    Pattern,
    TextsByName,
}

/// The types of values.
pub(super) const TYPES: [&str; 7] = ["null", "boolean", "object", "array", "number", "string", "integer"];

const BY_PLACE: &str = "schemas are referred to by their places only";
const ENCODED: &str = "what is encoded in texts is not judged";

// === impl Keyword ===

impl Keyword {
    /// What stands under a name in a schema.
    pub(super) fn of(name: &str, dialect: Dialect) -> Self {
        use Keyword::{Direction, Documentation, Left, Named, Nullable, Schema, Schemas, Value};
        match name {
            "not" | "additionalProperties" | "items" => Schema,
            "allOf" | "anyOf" | "oneOf" => Schemas,
            "properties" => Named,
            "type" => Value(Form::Types),
            "enum" => Value(Form::List),
            "multipleOf" => Value(Form::Positive),
            "maximum" | "minimum" => Value(Form::Number),
            "exclusiveMaximum" | "exclusiveMinimum" => Value(Form::Bound),
            "maxLength" | "minLength" | "maxItems" | "minItems" | "maxProperties" | "minProperties" => {
                Value(Form::Count)
            }
            "uniqueItems" => Value(Form::Flag),
            "pattern" => Value(Form::Pattern),
            "required" => Value(Form::Texts),
            "format" => Value(Form::Text),
            "readOnly" | "writeOnly" => Direction,
            "title" | "description" | "default" | "example" | "externalDocs" | "xml" | "deprecated" => {
                Documentation
            }
            "discriminator" => Left("the alternatives are tried in turn instead"),
            "nullable" if dialect == Dialect::V30 => Nullable,
            _ if name.starts_with("x-") => Left("an extension of the document's maker"),
            _ if dialect == Dialect::V31 => Self::of_2020(name),
            _ => Left("OpenAPI has no such key here"),
        }
    }

    /// What 2020-12 has besides.
    fn of_2020(name: &str) -> Self {
        use Keyword::{Definitions, Documentation, Left, Named, Schema, Schemas, Value};
        match name {
            "if"
            | "then"
            | "else"
            | "contains"
            | "propertyNames"
            | "unevaluatedItems"
            | "unevaluatedProperties" => Schema,
            "prefixItems" => Schemas,
            "patternProperties" | "dependentSchemas" => Named,
            "const" => Value(Form::Any),
            "maxContains" | "minContains" => Value(Form::Count),
            "dependentRequired" => Value(Form::TextsByName),
            "examples" | "$comment" => Documentation,
            "$defs" | "definitions" => Definitions,
            "$id" | "$anchor" | "$dynamicAnchor" | "$dynamicRef" | "$schema" | "$vocabulary" => {
                Left(BY_PLACE)
            }
            "contentEncoding" | "contentMediaType" | "contentSchema" => Left(ENCODED),
            _ => Left("JSON Schema has no such keyword"),
        }
    }
}

// === impl Form ===

impl Form {
    /// Whether `node` is such a value.
    pub(super) fn fits(self, node: &Node<'_>) -> bool {
        let number = |node: &Node<'_>| match node {
            Node::Number(number) => number.as_str().parse::<f64>().ok(),
            _ => None,
        };
        let texts = |node: &Node<'_>| match node {
            Node::Array(elements) => {
                let each = elements.iter().enumerate();
                each.clone().all(|(at, it)| it.text().is_some() && !elements[..at].contains(it))
            }
            _ => false,
        };
        let is_type = |node: &Node<'_>| node.text().is_some_and(|name| TYPES.contains(&name));
        match self {
            Self::Types => match node {
                Node::Array(elements) => texts(node) && !elements.is_empty() && elements.iter().all(is_type),
                node => is_type(node),
            },
            Self::List => matches!(node, Node::Array(elements) if !elements.is_empty()),
            Self::Texts => texts(node),
            Self::Any => true,
            Self::Number => number(node).is_some(),
            Self::Bound => number(node).is_some() || matches!(node, Node::Bool(_)),
            Self::Positive => number(node).is_some_and(|number| number > 0.0),
            Self::Count => matches!(node, Node::Number(number) if number.as_str().parse::<u32>().is_ok()),
            Self::Flag => matches!(node, Node::Bool(_)),
            Self::Text | Self::Pattern => node.text().is_some(),
            Self::TextsByName => node.object().is_some_and(|members| members.iter().all(|(_, it)| texts(it))),
        }
    }
}
