//! Expressions in CEL, wherever they are written.

use std::sync::Arc;

use super::compile::{Context, Pointer};
use crate::expression::{Encode, Expression, Kind, Known, Mistake, Template};
use crate::route::pattern::Pattern;

impl Context<'_> {
    /// An expression over a request's head and who sent it, whose value can be of a kind; every mistake in it is reported.
    pub(super) fn expression(&mut self, at: &Pointer, source: &str, kind: Kind) -> Option<Arc<Expression>> {
        self.expression_with(at, source, kind, &Known::default())
    }

    /// The same, where more is known.
    pub(super) fn expression_with(
        &mut self,
        at: &Pointer,
        source: &str,
        kind: Kind,
        known: &Known<'_>,
    ) -> Option<Arc<Expression>> {
        match Expression::compile_with(source, kind, known) {
            Ok(expression) => Some(Arc::new(expression)),
            Err(mistakes) => {
                self.mistakes(at, mistakes);
                None
            }
        }
    }

    /// Text with holes, which captures of `pattern` and expressions over what is `known` fill; every mistake in it is
    /// reported. A path begins with a slash, and has no query.
    pub(super) fn template(
        &mut self,
        at: &Pointer,
        text: &str,
        pattern: Option<&Pattern>,
        known: &Known<'_>,
        encode: Encode,
    ) -> Option<Template> {
        let template = match Template::read(text, pattern, known) {
            Ok(template) => template,
            Err(mistakes) => {
                self.mistakes(at, mistakes);
                return None;
            }
        };
        if encode == Encode::Path {
            if !template.start().starts_with('/') {
                self.error(at, "a path begins with a slash").help("such as \"/users/{id}\"");
                return None;
            }
            if let Some(sign) =
                template.texts().find_map(|text| text.chars().find(|sign| "?#".contains(*sign)))
            {
                self.error(at, format!("a path has no `{sign}` in it"))
                    .help("parameters are written in `query`; a plain `?` is %3F");
                return None;
            }
        }
        Some(template)
    }

    pub(super) fn mistakes(&mut self, at: &Pointer, mistakes: Vec<Mistake>) {
        for mistake in mistakes {
            let reported = self.error(at, mistake.message);
            if let Some(help) = mistake.help {
                reported.help(help);
            }
        }
    }
}

/// What a path captures, where `name` is not among it.
pub(super) fn not_captured(pattern: &Pattern, name: &str) -> Option<String> {
    if pattern.captures().any(|captured| captured == name) {
        return None;
    }
    let captures: Vec<_> = pattern.captures().map(|name| format!("{{{name}}}")).collect();
    Some(match captures.as_slice() {
        [] => "it captures nothing".to_owned(),
        all => format!("it captures {}", all.join(", ")),
    })
}
