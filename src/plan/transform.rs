//! Transformations, ready to be done.

use std::collections::{BTreeMap, BTreeSet};

use http::header::{ACCEPT, HeaderName};
use sha2::{Digest as _, Sha256};

use super::compile::{Context, Pointer};
use crate::config;
use crate::config::{TextEdits, TransformRequest, TransformResponse};
use crate::expression::{Encode, Expression, Kind, Known, Template, Variable};
use crate::mapping::Mark;
use crate::route::pattern::Pattern;
use crate::transform::request::is_method;
use crate::transform::{
    ContentChange, FieldChange, ParameterChange, RequestChange, ResponseChange, Tags, Transform, Vary, Work,
};

mod body;
mod cookies;
mod status;

/// The most changes of one kind: each is calculated for every request.
const MOST_EDITS: usize = 64;

/// What a transformation stands in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Around<'a> {
    /// The route, as it is written.
    pub(super) route: &'a config::Route,
    /// The route's path.
    pub(super) pattern: Option<&'a Pattern>,
}

/// What expressions of a transformation ask for.
#[derive(Debug, Default)]
pub(super) struct Asks {
    variables: BTreeSet<Variable>,
    /// Header fields of requests, by name.
    fields: BTreeSet<Box<str>>,
    /// Header fields that are not named.
    all_fields: bool,
}

impl Context<'_> {
    /// What becomes of requests and answers of a route.
    pub(super) fn route_transform(
        &mut self,
        at: &Pointer,
        route: &config::Route,
        pattern: Option<&Pattern>,
    ) -> Option<Box<Transform>> {
        let written = route.transform.as_ref()?;
        self.transform(&at.key("transform"), written, Around { route, pattern }).map(Box::new)
    }

    fn transform(
        &mut self,
        at: &Pointer,
        written: &config::Transform,
        around: Around<'_>,
    ) -> Option<Transform> {
        let composed = around.route.compose.is_some();
        if around.route.upstream.is_none() && around.route.split.is_none() && !composed {
            self.error(at, "only routes with an upstream, and composed ones, have anything to transform")
                .help("remove transform");
            return None;
        }
        if *written == config::Transform::default() {
            self.error(at, "this transformation changes nothing").help("write request or response");
        }
        if let (true, Some(_)) = (composed, &written.request) {
            self.error(&at.key("request"), "a composed route sends no request of its own")
                .help("say in its steps what they ask for");
        }
        let mut asks = Asks::default();
        let request = written.request.as_ref();
        let request =
            request.and_then(|it| self.transform_request(&at.key("request"), it, around, &mut asks));
        let response = written.response.as_ref();
        let response =
            response.and_then(|it| self.transform_response(&at.key("response"), it, around, &mut asks));
        let vary = asks.vary(response.as_ref());
        let response = response.map(|change| ResponseChange { vary: vary.clone(), ..change });
        Some(Transform { request, response, vary, reads: asks.variables.into_iter().collect() })
    }

    fn transform_request(
        &mut self,
        at: &Pointer,
        written: &TransformRequest,
        around: Around<'_>,
        asks: &mut Asks,
    ) -> Option<RequestChange> {
        let known = Known { content: true, ..Known::default() };
        let nothing =
            *written == TransformRequest { when: written.when.clone(), ..TransformRequest::default() };
        if nothing {
            self.error(at, "nothing of requests is changed")
                .help("write method, path, query, headers or body");
        }
        let rewrite = around.route.rewrite.as_ref();
        if written.path.is_some() && rewrite.is_some_and(|it| it.path.is_some() || it.prefix.is_some()) {
            self.error(&at.key("path"), "the path is rewritten twice").help("remove it here, or in rewrite");
        }
        let mut own = Asks::default();
        let when = self.transform_when(&at.key("when"), written.when.as_deref(), &known, &mut own);
        let method = self.text(&at.key("method"), written.method.as_deref(), around, &known, &mut own);
        if let Some(fixed) = method.as_ref().and_then(Template::fixed)
            && (is_method(fixed).is_none() || fixed.bytes().any(|byte| byte.is_ascii_lowercase()))
        {
            self.error(&at.key("method"), format!("\"{fixed}\" is no method that a request can get"))
                .help("such as \"POST\"; methods are case-sensitive");
        }
        let path = written
            .path
            .as_deref()
            .and_then(|text| self.template(&at.key("path"), text, around.pattern, &known, Encode::Path));
        path.iter().for_each(|path| own.template(path));
        let query = self.parameters_of(&at.key("query"), written.query.as_ref(), around, &known, &mut own);
        let fields = self.fields_of(&at.key("headers"), written.headers.as_ref(), around, &known, &mut own);
        let cookies = written.cookies.as_ref();
        let cookies = self.cookies_of(&at.key("cookies"), cookies, around, &known, &mut own);
        let body = written.body.as_ref();
        let content = body.and_then(|body| self.transform_body(&at.key("body"), body, &known, false));
        content.iter().for_each(|content| own.content(content));
        let looked_at = own.variables.contains(&Variable::Content);
        let reader = self.reader(&at.key("body"), body, content.as_ref(), looked_at);
        asks.join(own);
        let request = RequestChange { when: when?, method, path, query, fields, cookies, reader, content };
        Some(request)
    }

    fn transform_response(
        &mut self,
        at: &Pointer,
        written: &TransformResponse,
        around: Around<'_>,
        asks: &mut Asks,
    ) -> Option<ResponseChange> {
        let steps = around.route.compose.iter().flat_map(|compose| &compose.steps);
        let steps: Vec<_> = steps.map(|step| &*step.name).collect();
        let known = Known { answer: true, answer_content: true, steps: &steps, ..Known::default() };
        self.answer_is_changed(at, written, around);
        let mut own = Asks::default();
        let when = self.transform_when(&at.key("when"), written.when.as_deref(), &known, &mut own);
        // What shapes the content, by which entity tags are judged.
        let mut shaping = Asks::default();
        let body = written.body.as_ref();
        let content = body.and_then(|body| self.transform_body(&at.key("body"), body, &known, true));
        let formats = self.formats(&at.key("formats"), &written.formats);
        let content = content.or_else(|| (!formats.is_empty()).then(ContentChange::default));
        content.iter().for_each(|content| shaping.content(content));
        own.join_of(&shaping);
        let errors = self.errors_of(&at.key("errors"), written.errors.as_ref(), &known, &mut own);
        let fields = self.fields_of(&at.key("headers"), written.headers.as_ref(), around, &known, &mut own);
        let cookies = written.cookies.as_ref();
        let cookies = self.set_cookies_of(&at.key("cookies"), cookies, around, &known, &mut own);
        let status = self.statuses_of(&at.key("status"), &written.status);
        let looked_at = own.variables.contains(&Variable::AnswerContent);
        let reader = self.reader(&at.key("body"), body, content.as_ref(), looked_at);
        if let Some(Some(when)) = &when {
            shaping.expression(when);
        }
        let tags = tags(written, content.is_some(), &shaping);
        let about_request = own.is_about_request();
        asks.join(own);
        Some(ResponseChange {
            when: when?,
            status,
            fields,
            cookies,
            reader,
            content,
            errors: errors?,
            formats,
            tags,
            vary: Vary::Names(Box::default()),
            about_request,
        })
    }

    /// Mistakes in how the parts of what becomes of answers go together.
    fn answer_is_changed(&mut self, at: &Pointer, written: &TransformResponse, around: Around<'_>) {
        let nothing =
            *written == TransformResponse { when: written.when.clone(), ..TransformResponse::default() };
        if nothing {
            self.error(at, "nothing of answers is changed")
                .help("write status, headers, body, errors or formats");
        }
        if written.formats.is_empty() {
            return;
        }
        let at = at.key("formats");
        if written.when.is_some() {
            self.error(&at, "whether there is a choice of formats must be known before there is an answer")
                .help("remove when");
        }
        let body = written.body.as_ref();
        if body.is_some_and(|body| body.to.is_some() || body.template.is_some() || body.media_type.is_some())
        {
            self.error(&at, "the client chooses the format, so that the body cannot have one of its own")
                .help("remove to, media_type and template from the body");
        }
        let mapped = around.route.mapping.as_ref();
        if mapped.is_some_and(|it| !it.response.is_empty() || !it.both.is_empty()) {
            self.error(&at, "a mapping changes answers afterwards, and can do that to JSON alone")
                .help("say in body what becomes of the content");
        }
    }

    /// A condition; `None` for one with a mistake.
    fn transform_when(
        &mut self,
        at: &Pointer,
        written: Option<&str>,
        known: &Known<'_>,
        asks: &mut Asks,
    ) -> Option<Option<std::sync::Arc<Expression>>> {
        let Some(source) = written else { return Some(None) };
        let when = self.expression_with(at, source, Kind::Bool, known)?;
        asks.expression(&when);
        Some(Some(when))
    }

    /// Text with holes.
    fn text(
        &mut self,
        at: &Pointer,
        text: Option<&str>,
        around: Around<'_>,
        known: &Known<'_>,
        asks: &mut Asks,
    ) -> Option<Template> {
        let template = self.template(at, text?, around.pattern, known, Encode::Plain)?;
        asks.template(&template);
        Some(template)
    }

    fn parameters_of(
        &mut self,
        at: &Pointer,
        written: Option<&TextEdits>,
        around: Around<'_>,
        known: &Known<'_>,
        asks: &mut Asks,
    ) -> ParameterChange {
        let Some(written) = written else { return ParameterChange::default() };
        self.few_enough(at, written);
        let mut filled = |key: &str, table: &BTreeMap<String, String>| {
            let at = at.key(key);
            let filled = table.iter().filter_map(|(name, text)| {
                let template = self.text(&at.key(name), Some(text), around, known, asks)?;
                Some((name.as_str().into(), template))
            });
            filled.collect()
        };
        let (set, add) = (filled("set", &written.set), filled("add", &written.add));
        let remove = written.remove.iter().map(|name| name.as_str().into()).collect();
        ParameterChange { remove, set, add }
    }

    fn fields_of(
        &mut self,
        at: &Pointer,
        written: Option<&TextEdits>,
        around: Around<'_>,
        known: &Known<'_>,
        asks: &mut Asks,
    ) -> FieldChange {
        let Some(written) = written else { return FieldChange::default() };
        self.few_enough(at, written);
        let remove = at.key("remove");
        let removed = written.remove.iter().zip(remove.indices());
        let remove = removed.filter_map(|(name, at)| self.editable(&at, name)).collect();
        let mut filled = |key: &str, table: &BTreeMap<String, String>| {
            let at = at.key(key);
            let filled = table.iter().filter_map(|(name, text)| {
                let at = at.key(name);
                let template = self.text(&at, Some(text), around, known, asks);
                // RFC 9110 section 5.5.
                let written = template.iter().flat_map(Template::texts);
                if written.flat_map(str::bytes).any(|byte| byte.is_ascii_control() && byte != b'\t') {
                    self.error(&at, "no header field has control characters in it");
                }
                self.editable(&at, name).zip(template)
            });
            filled.collect()
        };
        let (set, add) = (filled("set", &written.set), filled("add", &written.add));
        FieldChange { remove, set, add }
    }

    fn few_enough(&mut self, at: &Pointer, written: &TextEdits) {
        if written.remove.len() + written.set.len() + written.add.len() > MOST_EDITS {
            self.error(at, format!("there are more than {MOST_EDITS} changes"))
                .help("each is made for every request");
        }
    }
}

/// What entity tags are true of changed content.
fn tags(written: &TransformResponse, changed: bool, shaping: &Asks) -> Tags {
    if !changed {
        return Tags::Same;
    }
    if !shaping.is_about_address() {
        return Tags::None;
    }
    let text = serde_json::to_vec(written).unwrap_or_default();
    // A tag for each format: RFC 9110 section 8.8.3.3.
    let mark = |at: usize| {
        Mark::new(&Sha256::new().chain_update(&text).chain_update((at as u64).to_be_bytes()).finalize())
    };
    Tags::Marked((0..written.formats.len().max(1)).map(mark).collect())
}

// === impl Asks ===

impl Asks {
    fn expression(&mut self, expression: &Expression) {
        self.variables.extend(expression.reads());
        self.fields.extend(expression.fields().iter().cloned());
        self.all_fields |= expression.reads_any_field();
    }

    fn template(&mut self, template: &Template) {
        self.variables.extend(template.reads());
        template.expressions().for_each(|expression| self.expression(expression));
    }

    fn content(&mut self, content: &ContentChange) {
        match &content.work {
            Work::Keep => {}
            Work::Shape(shape) => shape.expressions().for_each(|expression| self.expression(expression)),
            Work::Value(value) => self.expression(value),
            Work::Page(page) => page.expressions().for_each(|expression| self.expression(expression)),
        }
    }

    fn join(&mut self, mut other: Self) {
        self.variables.append(&mut other.variables);
        self.fields.append(&mut other.fields);
        self.all_fields |= other.all_fields;
    }

    fn join_of(&mut self, other: &Self) {
        self.variables.extend(&other.variables);
        self.fields.extend(other.fields.iter().cloned());
        self.all_fields |= other.all_fields;
    }

    /// Whether it is about a request at all.
    fn is_about_request(&self) -> bool {
        let answer =
            [Variable::AnswerStatus, Variable::AnswerHeaders, Variable::AnswerContent, Variable::Steps];
        self.variables.iter().any(|variable| !answer.contains(variable))
    }

    /// Whether all that is asked for is the same for two requests with the same address and the same answer.
    fn is_about_address(&self) -> bool {
        use Variable::{AnswerContent, AnswerStatus, Host, Method, Params, Path, Query, Scheme};
        let address = [AnswerContent, AnswerStatus, Host, Method, Params, Path, Query, Scheme];
        self.variables.iter().all(|variable| address.contains(variable))
    }

    fn vary(&self, response: Option<&ResponseChange>) -> Vary {
        if self.all_fields {
            return Vary::All;
        }
        let mut names: Vec<_> =
            self.fields.iter().filter_map(|name| HeaderName::from_bytes(name.as_bytes()).ok()).collect();
        if response.is_some_and(|change| !change.formats.is_empty()) {
            names.push(ACCEPT);
        }
        names.sort_by(|one, other| one.as_str().cmp(other.as_str()));
        names.dedup();
        Vary::Names(names.into())
    }
}
