//! Templates that an author might have written, filled with what an upstream might have answered: a line of one, and then the
//! other.

use http::{HeaderMap, StatusCode};
use tollgate::expression::{AnswerFacts, Beyond, Encode, Facts, Known, Template};
use tollgate::json::{Limits, Node, parse};
use tollgate::transform::page::{Escape, Page};

const KNOWN: Known<'static> =
    Known { content: false, answer: true, answer_content: true, steps: &[], item: false, items: false };

/// What a page may come to, in bytes.
const MOST: usize = 10_000;

/// Text with holes: what fills a path stays within it, whatever the value is.
pub fn holes(bytes: &[u8]) {
    let Some((source, document)) = both(bytes) else { return };
    let Ok(template) = Template::read(source, None, &KNOWN) else { return };
    with(&document, |facts| {
        let _ = template.fill(facts, Encode::Plain);
        if let Ok(query) = template.fill(facts, Encode::Query) {
            assert!(!query.contains(['&', '#', '=', '+', ' ']), "{query}");
        }
        if let Ok(path) = template.fill(facts, Encode::Path) {
            assert!(!path.contains(['?', '#', ' ']) && !path.chars().any(char::is_control), "{path}");
            if template.fixed().is_none() && !source.contains("..") && !source.contains("/.") {
                assert!(!path.split('/').any(|segment| segment == ".."), "{path}");
            }
        }
    });
}

/// Whole pages: what comes of one is text no longer than it may be, and in JSON it is read again.
pub fn pages(bytes: &[u8]) {
    let Some((source, document)) = both(bytes) else { return };
    for escape in [Escape::Json, Escape::Markup] {
        let Ok(page) = Page::read(source, escape, &KNOWN) else { continue };
        with(&document, |facts| {
            if let Ok(text) = page.write(facts, 1_000, MOST) {
                assert!(text.len() <= MOST && std::str::from_utf8(&text).is_ok());
            }
        });
    }
}

fn with(document: &Node<'_>, see: impl FnOnce(&Facts<'_>)) {
    let headers = HeaderMap::new();
    let answer = AnswerFacts { status: StatusCode::OK, headers: &headers, content: Some(document) };
    let beyond = Beyond { answer: Some(answer), ..Beyond::default() };
    see(&Facts { host: "", beyond, ..Facts::example(&headers) });
}

fn both(bytes: &[u8]) -> Option<(&str, Node<'_>)> {
    let at = bytes.iter().position(|byte| *byte == b'\n')?;
    Some((std::str::from_utf8(&bytes[..at]).ok()?, parse(&bytes[at + 1..], &Limits::of(10_000)).ok()?))
}

pub fn seeds() -> Vec<Vec<u8>> {
    let document = r#"{"a":"x/../y?#\r\n","b":[1.10,{"c":"<&\"'>"},null],"d":"..","e":12345678901234567890}"#;
    [
        "/users/{response.body.a}/{response.body.b[0]}",
        "/{response.body.d}{response.body.?x.orValue('.')}",
        "{{{response.body.e}}} {response.body.b.map(i, string(i)).join(', ')}",
        "{{ response.body.a }}{% for i in response.body.b %}[{{ i }}]{% endfor %}",
        "{% if response.body.d == '..' %}{{ response.body.e }}{% else %}{{ response.body | tojson }}{% endif %}",
        "{% set x = response.body.b %}{{ x | length }}{{ x[1].c | upper }}",
    ]
    .map(|source| format!("{source}\n{document}").into_bytes())
    .into()
}
