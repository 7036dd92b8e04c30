//! Schemas, ready to judge.

use jsonschema::{PatternOptions, Registry, Resource, Validator};
use serde_json::Value;

use super::nodes::{Nodes, Seen, Work, of_document};
use super::words;
use crate::json::Node;
use crate::problem::Violation;

pub use jsonschema::Draft;

/// How much of a pattern is taken, compiled, in bytes: what patterns in real schemas come to, many times over. Larger ones
/// repeat something thousands of times.
const PATTERN: usize = 1 << 20;

/// What a pattern may keep for itself while it is matched, in bytes; when it is full, it is thrown away.
const PATTERN_CACHE: usize = 256 << 10;

/// Looks at values for each value that content has, see [`nodes`](super::nodes): schemas with a hundred keywords that apply
/// to one value are not known.
const LOOKS: usize = 256;

/// Looks at values that every judgement has, however small its content, and that none exceeds: some 0.1 s.
const FEW_LOOKS: usize = 1 << 14;
const MOST_LOOKS: usize = 1 << 22;

/// A schema.
///
/// The library has tables by names with seeds of chance (`ahash`), made when the plan is. In a component they are in the
/// memory that is frozen, so that every instance has the same. That does no harm: tables that live as long as the plan have
/// names of the author's in them, and tables that are made for one request have at most as many as
/// [`Bounds`](crate::json::Bounds) and `Work` allow. It also means that a module frozen twice differs in these seeds.
pub struct Schema {
    validator: Validator<Nodes>,
}

/// Documents that schemas are part of, by their addresses.
#[derive(Debug)]
pub struct Sources {
    registry: Registry<'static>,
}

/// Why something is no schema.
#[derive(Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Where in it: a JSON Pointer.
    pub pointer: String,
    /// Why.
    pub message: String,
    /// What helps.
    pub help: Option<&'static str>,
}

/// Why documents do not fit together.
#[derive(Debug, PartialEq, Eq)]
pub enum Disunion {
    /// One refers to another that there is not.
    Unknown(String),
    /// Something else.
    Other(String),
}

/// What content is, judged by a schema.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As the schema says.
    Valid,
    /// Not so.
    Invalid(Vec<Violation>),
}

// === impl Sources ===

impl Sources {
    /// Puts documents together: each with its address, and the draft that it is read by where it names none itself. Nothing
    /// is fetched.
    pub fn new(documents: Vec<(String, Value, Draft)>) -> Result<Self, Disunion> {
        let mut builder = Registry::new();
        for (address, document, draft) in documents {
            let resource: Resource = draft.detect(&document).create_resource(document);
            builder = builder.add(&address, resource).map_err(disunion)?;
        }
        Ok(Self { registry: builder.prepare().map_err(disunion)? })
    }

    /// Makes a schema. `base`: the address of the document it stands in, which its references begin at.
    pub fn schema(
        &self,
        schema: &Value,
        base: &str,
        draft: Draft,
        formats: Option<bool>,
    ) -> Result<Schema, Vec<Mistake>> {
        let patterns = PatternOptions::regex().size_limit(PATTERN).dfa_size_limit(PATTERN_CACHE);
        let mut options = jsonschema::options_for::<Nodes>()
            .with_draft(draft.detect(schema))
            .with_base_uri(base)
            .with_registry(&self.registry)
            .with_pattern_options(patterns)
            .offline();
        if let Some(formats) = formats {
            options = options.should_validate_formats(formats);
        }
        match options.build(schema) {
            Ok(validator) => Ok(Schema { validator }),
            // The library stops at the first mistake.
            Err(error) => match Self::ill_formed(schema, draft) {
                mistakes if mistakes.is_empty() => Err(vec![words::of_schema(&error)]),
                mistakes => Err(mistakes),
            },
        }
    }

    /// What the schema of schemas has to say of one, whatever its references lead to.
    pub fn ill_formed(schema: &Value, draft: Draft) -> Vec<Mistake> {
        let validator = match draft.detect(schema) {
            Draft::Draft7 => jsonschema::draft7::meta::validator(),
            _ => jsonschema::draft202012::meta::validator(),
        };
        validator.iter_errors(schema).take(8).map(|error| words::of_schema(&error)).collect()
    }

    /// The value that `reference` names, from within the document at `base`, and the address of the document it is in.
    pub fn resolve(&self, base: &str, reference: &str) -> Option<(&Value, String)> {
        let resolver = self.registry.resolver(jsonschema::uri::from_str(base).ok()?);
        let resolved = resolver.lookup(reference).ok()?;
        Some((resolved.contents(), resolved.resolver().base_uri().to_string()))
    }
}

fn disunion(error: jsonschema::ReferencingError) -> Disunion {
    match error {
        jsonschema::ReferencingError::Unretrievable { uri, .. } => Disunion::Unknown(uri),
        other => Disunion::Other(other.to_string()),
    }
}

// === impl Schema ===

impl Schema {
    /// Judges a value.
    pub fn judge(&self, node: &Node<'_>) -> Verdict {
        let looks = (node.values() * LOOKS).clamp(FEW_LOOKS, MOST_LOOKS);
        let work = Work::of(u32::try_from(looks).unwrap_or(u32::MAX));
        if self.validator.is_valid(Seen::new(node, &work)) && !work.is_spent() {
            return Verdict::Valid;
        }
        if work.is_spent() {
            let detail = "takes more work to judge than any content may";
            return Verdict::Invalid(vec![Violation::in_content("", detail)]);
        }
        let work = Work::of(u32::try_from(looks).unwrap_or(u32::MAX));
        let errors = self.validator.iter_errors(Seen::new(node, &work));
        let mut found: Vec<_> = errors.flat_map(|error| words::of_content(&error)).collect();
        if work.is_spent() || found.is_empty() {
            // What was looked at last was taken for empty.
            found = vec![Violation::in_content("", "does not match its schema in too many ways to list")];
        }
        Verdict::Invalid(found)
    }
}

impl std::fmt::Debug for Schema {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Schema").field("draft", &self.validator.draft()).finish_non_exhaustive()
    }
}

/// A document of the author's, as schemas are read.
pub fn document(node: &Node<'_>) -> Value {
    of_document(node)
}
