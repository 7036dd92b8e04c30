//! What was expected against what was seen.

use std::collections::BTreeMap;
use std::fmt::Display;

use bytes::Bytes;
use http::HeaderMap;

use super::case::expect::{Answer, Asked, Lines, Pattern};
use super::case::{Size, Step};
use super::names::Names;
use super::seen::{Got, Seen};
use super::upstream::Received;
use crate::problem::Problem;

mod content;
mod decoded;

/// One thing that is not as expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What it is about: `status`, `header content-type`…
    pub what: String,
    /// What the case says.
    pub expected: String,
    /// What there was.
    pub got: String,
}

/// Everything about a step that is not as expected.
pub fn compare(step: &Step, seen: &Seen, names: &Names) -> Vec<Difference> {
    let mut comparison = Comparison { names, about: String::new(), differences: Vec::new() };
    comparison.answer(&step.expect, seen);
    let mut differences = comparison.differences;
    differences.extend(compare_upstream(step, seen, names));
    differences
}

/// Everything about what upstreams received that is not as expected.
pub fn compare_upstream(step: &Step, seen: &Seen, names: &Names) -> Vec<Difference> {
    let mut comparison = Comparison { names, about: String::new(), differences: Vec::new() };
    if let Some(asked) = &step.upstream {
        comparison.upstream(asked, &seen.received);
    }
    comparison.differences
}

struct Comparison<'a> {
    names: &'a Names,
    /// Whose message it is, in front of what is different.
    about: String,
    differences: Vec<Difference>,
}

const NOTHING: &str = "(nothing)";

// === impl Comparison ===

impl Comparison<'_> {
    fn differ(&mut self, what: impl Display, expected: impl Into<String>, got: impl Into<String>) {
        let what = format!("{}{what}", self.about);
        self.differences.push(Difference { what, expected: expected.into(), got: got.into() });
    }

    fn same(&mut self, what: impl Display, expected: &str, got: &str) {
        if expected != got {
            self.differ(what, expected, got);
        }
    }

    fn answer(&mut self, expect: &Answer, seen: &Seen) {
        let Some(got) = &seen.answer else {
            if !expect.gone {
                self.differ("answer", "an answer", seen.cause.as_deref().unwrap_or("none"));
            }
            return self.log(expect, seen);
        };
        if expect.gone {
            self.differ(
                "answer",
                "none: the client goes away",
                format!("an answer with status {}", got.status),
            );
        }
        if let Some(status) = expect.status {
            self.same("status", &status.to_string(), &got.status.to_string());
        }
        if let Some(slug) = &expect.problem {
            self.problem(slug, expect.status, got);
        }
        self.fields("header", &expect.headers, &expect.absent, &got.headers);
        let content = self.decoded(expect.decoded.as_ref(), &got.headers, &got.body);
        self.content(expect.body.as_ref(), expect.json.as_ref(), expect.size, &content);
        self.fields("trailer", &expect.trailers, &[], &got.trailers);
        let end = |cause: &Option<String>| match cause {
            Some(cause) => format!("broken off: {cause}"),
            None => "clean".to_owned(),
        };
        if expect.broken != got.broken.is_some() {
            self.differ(
                "end of the transfer",
                if expect.broken { "broken off" } else { "clean" },
                end(&got.broken),
            );
        }
        if let (Some(expected), Some(elapsed)) = (expect.elapsed, seen.elapsed) {
            self.same("elapsed", &format!("{:?}", expected.0), &format!("{elapsed:?}"));
        }
        self.arrivals(expect, got, seen.elapsed.is_some());
        self.log(expect, seen);
    }

    /// The gateway's own problems look alike: RFC 9457.
    fn problem(&mut self, slug: &str, status: Option<u16>, got: &Got) {
        let Some(problem) = Problem::ALL.iter().find(|problem| problem.spec().slug == slug) else {
            return self.differ("problem", slug, "the catalogue has no such problem");
        };
        let title = problem.type_uri();
        // A route may state another than the catalogue's.
        let status = status.unwrap_or(problem.spec().status.as_u16()).to_string();
        let got_json: serde_json::Value = serde_json::from_slice(&got.body).unwrap_or_default();
        let got_type = got_json["type"].as_str().map_or_else(|| content::text(&got.body), str::to_owned);
        self.same("status", &status, &got.status.to_string());
        self.same("content-type", "application/problem+json", &first(&got.headers, "content-type"));
        // The answer to HEAD has no content.
        if !got.body.is_empty() {
            self.same("problem", &title, &got_type);
            self.same("problem status", &status, &got_json["status"].to_string());
        }
    }

    fn log(&mut self, expect: &Answer, seen: &Seen) {
        let Some(line) = &seen.log else { return };
        for (name, expected) in &expect.log {
            let expected = match expected.as_str() {
                Some(text) => serde_json::Value::from(self.names.fill(text)),
                None => expected.clone(),
            };
            self.same(format_args!("access log {name}"), &expected.to_string(), &line[name].to_string());
        }
    }

    fn arrivals(&mut self, expect: &Answer, got: &Got, exact: bool) {
        if expect.arrives.is_empty() {
            return;
        }
        let pieces = decoded::pieces(expect.decoded.as_ref(), &got.pieces);
        if exact {
            let line = |at: &dyn std::fmt::Debug, data: &str| format!("{at:?} {data:?}\n");
            let expected: String = expect.arrives.iter().map(|one| line(&one.at.0, &one.data)).collect();
            let got: String = pieces.iter().map(|(at, data)| line(at, &content::text(data))).collect();
            return self.same("arrivals", &expected, &got);
        }
        // What is due at some moment has come before the next thing is due, and not before its own time.
        let mut due = String::new();
        for (at, arrival) in expect.arrives.iter().enumerate() {
            let before = arrival.at.0;
            let come = |until: std::time::Duration| -> String {
                pieces.iter().filter(|(at, _)| *at < until).map(|(_, data)| content::text(data)).collect()
            };
            let early = come(before);
            if early.len() > due.len() {
                self.differ(format_args!("arrived before {before:?}"), due.clone(), early);
            }
            due.push_str(&arrival.data);
            let next = expect.arrives.get(at + 1).map_or(std::time::Duration::MAX, |next| next.at.0);
            if next > before {
                self.same(format_args!("arrived before {next:?}"), &due.clone(), &come(next));
            }
        }
    }

    fn upstream(&mut self, expected: &[Asked], received: &[Received]) {
        if expected.len() != received.len() {
            let list: Vec<_> =
                received.iter().map(|one| format!("{} {} at {}", one.method, one.target, one.to)).collect();
            let got = if list.is_empty() { "none".to_owned() } else { list.join("\n") };
            return self.differ("requests to upstreams", expected.len().to_string(), got);
        }
        for (at, (asked, got)) in expected.iter().zip(received).enumerate() {
            self.about = format!("upstream request {}: ", at + 1);
            self.asked(asked, got);
        }
    }

    fn asked(&mut self, asked: &Asked, got: &Received) {
        if let Some(to) = &asked.to {
            self.same("to", to, &got.to);
        }
        if let Some(method) = &asked.method {
            self.same("method", method, got.method.as_str());
        }
        if let Some(target) = &asked.target {
            self.matches("target", target, &got.target);
        }
        self.fields("header", &asked.headers, &asked.absent, &got.headers);
        let content = self.decoded(asked.decoded.as_ref(), &got.headers, &got.body);
        self.content(asked.body.as_ref(), asked.json.as_ref(), asked.size, &content);
        self.fields("trailer", &asked.trailers, &[], &got.trailers);
        let end = |complete: bool| if complete { "clean" } else { "broken off" };
        self.same("end of the body", end(!asked.broken), end(got.complete));
    }

    fn fields(&mut self, kind: &str, expected: &BTreeMap<String, Lines>, absent: &[String], got: &HeaderMap) {
        for (name, Lines(patterns)) in expected {
            let lines: Vec<_> =
                got.get_all(name.as_str()).iter().map(|value| content::text(value.as_bytes())).collect();
            let fits = match patterns.as_slice() {
                [Pattern::Present(false)] => lines.is_empty(),
                patterns => {
                    patterns.len() == lines.len()
                        && patterns.iter().zip(&lines).all(|(pattern, line)| self.fits(pattern, line))
                }
            };
            if !fits {
                let expected: Vec<_> = patterns.iter().map(|pattern| self.show(pattern)).collect();
                self.differ(format_args!("{kind} {name}"), expected.join("\n"), joined(&lines));
            }
        }
        for name in absent {
            let lines: Vec<_> =
                got.get_all(name.as_str()).iter().map(|value| content::text(value.as_bytes())).collect();
            if !lines.is_empty() {
                self.differ(format_args!("{kind} {name}"), NOTHING, joined(&lines));
            }
        }
    }

    fn content(
        &mut self,
        body: Option<&Pattern>,
        json: Option<&serde_json::Value>,
        size: Option<Size>,
        got: &Bytes,
    ) {
        if let Some(pattern) = body {
            self.matches("body", pattern, &content::text(got));
        }
        if let Some(Size(size)) = size {
            self.same("size of the body", &format!("{size} bytes"), &format!("{} bytes", got.len()));
        }
        if let Some(expected) = json {
            match serde_json::from_slice(got) {
                Ok(found) if content::holds(expected, &found) => {}
                Ok(found) => self.differ("body", content::pretty(expected), content::pretty(&found)),
                Err(_) => self.differ("body", content::pretty(expected), content::text(got)),
            }
        }
    }

    fn matches(&mut self, what: &str, pattern: &Pattern, got: &str) {
        if !self.fits(pattern, got) {
            let expected = self.show(pattern);
            self.differ(what, expected, got);
        }
    }

    fn fits(&self, pattern: &Pattern, got: &str) -> bool {
        match pattern {
            Pattern::Exact(text) => self.names.fill(text) == got,
            Pattern::Contains(text) => got.contains(&self.names.fill(text)),
            Pattern::Lacks(text) => !got.contains(&self.names.fill(text)),
            Pattern::Present(there) => *there,
            Pattern::Regex(text) => {
                let filled = self.names.fill_with(text, regex_lite::escape);
                regex_lite::Regex::new(&filled).is_ok_and(|regex| regex.is_match(got))
            }
        }
    }

    fn show(&self, pattern: &Pattern) -> String {
        match pattern {
            Pattern::Exact(text) => self.names.fill(text),
            Pattern::Contains(text) => format!("…{}…", self.names.fill(text)),
            Pattern::Lacks(text) => format!("anything without {}", self.names.fill(text)),
            Pattern::Regex(text) => format!("a match for {text}"),
            Pattern::Present(true) => "(anything)".to_owned(),
            Pattern::Present(false) => NOTHING.to_owned(),
        }
    }
}

fn first(headers: &HeaderMap, name: &str) -> String {
    headers.get(name).map_or_else(|| NOTHING.to_owned(), |value| content::text(value.as_bytes()))
}

fn joined(lines: &[String]) -> String {
    if lines.is_empty() { NOTHING.to_owned() } else { lines.join("\n") }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use http::HeaderValue;
    use serde_json::json;

    use super::*;

    fn differences(step: serde_json::Value, got: Got) -> Vec<String> {
        let mut step = step;
        step["request"] = json!("GET /");
        let step: Step = serde_json::from_value(step).unwrap();
        let seen = Seen { answer: Some(got), ..Seen::default() };
        compare(&step, &seen, &Names::default()).into_iter().map(|one| one.what).collect()
    }

    fn got(headers: &[(&'static str, &'static str)], body: &'static str) -> Got {
        let mut got = Got { status: 200, body: body.into(), ..Got::default() };
        for (name, value) in headers {
            got.headers.append(*name, HeaderValue::from_static(value));
        }
        got
    }

    #[test]
    fn repeated_fields_are_compared_in_order_and_number() {
        let cookies = || got(&[("set-cookie", "a=1"), ("set-cookie", "b=2")], "");
        let none: [&str; 0] = [];
        let step = |lines: serde_json::Value| json!({"expect": {"headers": {"Set-Cookie": lines}}});
        assert_eq!(differences(step(json!(["a=1", "b=2"])), cookies()), none);
        assert_eq!(differences(step(json!(["a=1", {"present": true}])), cookies()), none);
        for wrong in
            [json!(["b=2", "a=1"]), json!("a=1"), json!({"present": false}), json!(["a=1", "b=2", "c=3"])]
        {
            assert_eq!(differences(step(wrong.clone()), cookies()), ["header Set-Cookie"], "{wrong}");
        }
        assert_eq!(
            differences(json!({"expect": {"absent": ["set-cookie"]}}), cookies()),
            ["header set-cookie"]
        );
    }

    #[test]
    fn patterns() {
        let body =
            |pattern: serde_json::Value| differences(json!({"expect": {"body": pattern}}), got(&[], "hello"));
        for right in
            [json!("hello"), json!({"regex": "l+"}), json!({"contains": "ell"}), json!({"lacks": "x"})]
        {
            assert!(body(right.clone()).is_empty(), "{right}");
        }
        for wrong in [json!("hell"), json!({"regex": "^l"}), json!({"contains": "x"}), json!({"lacks": "e"})]
        {
            assert_eq!(body(wrong.clone()), ["body"], "{wrong}");
        }
    }

    #[test]
    fn a_broken_transfer_is_never_overlooked() {
        let broken = Got { broken: Some("reset".to_owned()), ..got(&[], "") };
        assert_eq!(differences(json!({}), broken.clone()), ["end of the transfer"]);
        assert!(differences(json!({"expect": {"broken": true}}), broken).is_empty());
        assert_eq!(differences(json!({"expect": {"broken": true}}), got(&[], "")), ["end of the transfer"]);
    }

    #[test]
    fn no_request_to_an_upstream_is_one_way_to_be_wrong() {
        let none: [&str; 0] = [];
        assert_eq!(differences(json!({"upstream": []}), got(&[], "")), none);
        assert_eq!(differences(json!({"upstream": [{}]}), got(&[], "")), ["requests to upstreams"]);
    }
}
