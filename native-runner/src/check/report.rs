//! Diagnostics for people and for programs.

use serde_json::{Value, json};
use tollgate::diagnostic::{Diagnostic, Place, Severity};

use super::{Checked, summary};
use crate::paint::Paint;
use crate::wording::count;

/// Each diagnostic as a block of its own.
pub fn text(diagnostics: &[Diagnostic], paint: Paint) -> String {
    diagnostics.iter().map(|diagnostic| format!("{}\n\n", painted(diagnostic, paint))).collect()
}

fn painted(diagnostic: &Diagnostic, paint: Paint) -> String {
    let text = diagnostic.to_string();
    let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
    let (severity, message) = first.split_once(": ").unwrap_or((first, ""));
    let severity = match diagnostic.severity {
        Severity::Error => paint.bad(severity),
        Severity::Warning => paint.doubtful(severity),
    };
    format!("{severity}: {}\n{rest}", paint.strong(message))
}

/// `2 errors, 1 warning`, and whether warnings are errors too.
pub fn totals(diagnostics: &[Diagnostic], denied: bool) -> String {
    let errors = diagnostics.iter().filter(|found| found.severity == Severity::Error).count();
    let warnings = diagnostics.len() - errors;
    let denied = if denied && warnings > 0 { " (--deny-warnings)" } else { "" };
    format!("{}, {}{denied}\n", count(errors, "error"), count(warnings, "warning"))
}

/// Everything in one object.
pub fn json(checked: &Checked, ok: bool) -> Value {
    json!({
        "ok": ok,
        "checked_for": checked.places,
        "diagnostics": checked.diagnostics.iter().map(diagnostic).collect::<Vec<_>>(),
        "summary": checked.plan().map(|plan| summary::json(plan, checked)),
    })
}

fn diagnostic(found: &Diagnostic) -> Value {
    let related = found.related.iter().map(|(place, role)| {
        let mut value = json_place(place);
        value["role"] = json!(role);
        value
    });
    let mut value = json_place(&found.place);
    value["severity"] = json!(found.severity);
    value["message"] = json!(found.message);
    value["help"] = json!(found.help);
    value["related"] = related.collect();
    value
}

fn json_place(place: &Place) -> Value {
    let (line, column) = place.position.unzip();
    json!({ "file": place.file, "line": line, "column": column, "pointer": place.pointer })
}
