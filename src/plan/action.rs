//! What routes do, ready to be done.

use http::StatusCode;
use http::header::HeaderValue;

use super::compile::{Context, Pointer};
use super::route::host_pattern;
use super::{Action, PathRewrite, PathTemplate, Proxy, QueryRewrite, Redirect, Respond};
use crate::config;
use crate::route::pattern::Pattern;
use crate::route::table::HostPattern;

impl Context<'_> {
    /// What a route does.
    pub(super) fn action(
        &mut self,
        at: &Pointer,
        written: &config::Route,
        pattern: &Pattern,
    ) -> Option<Action> {
        let proxies = written.upstream.is_some() || written.split.is_some();
        let with_upstream = [
            ("rewrite", written.rewrite.is_some()),
            ("fallback", written.fallback.is_some()),
            ("mirror", written.mirror.is_some()),
        ];
        for (key, _) in with_upstream.into_iter().filter(|(_, is_written)| *is_written && !proxies) {
            self.error(&at.key(key), format!("{key} is for routes with an upstream"));
        }
        let others = proxies || written.redirect.is_some() || written.respond.is_some();
        match (&written.compose, &written.batch) {
            (None, None) => {}
            (Some(compose), None) if !others => return self.composed(at, written, compose, pattern),
            (None, Some(batch)) if !others => {
                let methods = written.matches.as_ref().map_or(&[][..], |matches| &matches.methods);
                return self.batch(&at.key("batch"), batch, methods);
            }
            _ => return self.not_one(at),
        }
        match (&written.upstream, &written.redirect, &written.respond) {
            (_, None, None) if proxies => self.proxy(at, written, pattern).map(Box::new).map(Action::Proxy),
            (None, Some(redirect), None) => {
                self.redirect(&at.key("redirect"), redirect, pattern).map(Action::Redirect)
            }
            (None, None, Some(respond)) => self.respond(&at.key("respond"), respond).map(Action::Respond),
            (None, None, None) => {
                self.error(at, "the route does nothing")
                    .help("give it one of upstream, compose, redirect, respond and batch");
                None
            }
            _ => self.not_one(at),
        }
    }

    fn not_one(&mut self, at: &Pointer) -> Option<Action> {
        self.error(at, "a route has exactly one of upstream, compose, redirect, respond and batch");
        None
    }

    fn proxy(&mut self, at: &Pointer, written: &config::Route, pattern: &Pattern) -> Option<Proxy> {
        let (upstream, split) = match (&written.upstream, &written.split) {
            (Some(name), None) => (self.upstream_index(&at.key("upstream"), name), None),
            (None, Some(split)) => self.split(&at.key("split"), &written.id, split, pattern).unzip(),
            _ => {
                self.error(at, "a route has either upstream or split");
                return None;
            }
        };
        let first: Vec<usize> = match &split {
            Some(split) => split.upstreams().collect(),
            None => upstream.into_iter().collect(),
        };
        let at_fallback = at.key("fallback");
        let fallback = written.fallback.as_ref().and_then(|it| self.fallback(&at_fallback, it, &first));
        let mirror =
            written.mirror.as_ref().and_then(|it| self.mirror(&at.key("mirror"), &written.id, it, &first));
        let at = at.key("rewrite");
        let none = config::Rewrite::default();
        let rewrite = written.rewrite.as_ref().unwrap_or(&none);
        let path = self.path_rewrite(&at, rewrite.path.as_deref(), rewrite.prefix.as_deref(), pattern);
        let mut query = QueryRewrite::default();
        if let Some(edits) = &rewrite.query {
            let at = at.key("query");
            query.remove = edits.remove.iter().map(|name| name.as_str().into()).collect();
            for (key, table, into) in
                [("set", &edits.set, &mut query.set), ("add", &edits.add, &mut query.add)]
            {
                for (name, text) in table {
                    let template = PathTemplate::parse(text, pattern);
                    let template = self.readable(&at.key(key).key(name), template);
                    into.extend(template.map(|template| (name.as_str().into(), template)));
                }
            }
        }
        Some(Proxy { upstream: upstream?, split, fallback, mirror, path: path?, query })
    }

    fn path_rewrite(
        &mut self,
        at: &Pointer,
        path: Option<&str>,
        prefix: Option<&str>,
        pattern: &Pattern,
    ) -> Option<PathRewrite> {
        match (path, prefix) {
            (None, None) => Some(PathRewrite::Keep),
            (Some(_), Some(_)) => {
                self.error(at, "either path or prefix is replaced, not both");
                None
            }
            (Some(path), None) => {
                let template = PathTemplate::parse(path, pattern);
                let template = self.readable(&at.key("path"), template)?;
                self.is_path(&at.key("path"), path).then_some(PathRewrite::Whole(template))
            }
            (None, Some(prefix)) if !pattern.is_prefix() => {
                self.error(&at.key("prefix"), format!("there is no prefix to replace by \"{prefix}\""))
                    .help("the route matches a whole path: use path here, or prefix in match");
                None
            }
            (None, Some(prefix)) => {
                self.is_path(&at.key("prefix"), prefix).then(|| PathRewrite::Prefix(prefix.into()))
            }
        }
    }

    fn is_path(&mut self, at: &Pointer, text: &str) -> bool {
        let visible = text.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#\"<>\\^`|".contains(&byte));
        if visible && text.starts_with('/') {
            return true;
        }
        self.error(at, format!("{text:?} cannot be a path")).help(
            "it begins with a slash, has no query, and other characters than ASCII's are percent-encoded",
        );
        false
    }

    fn redirect(&mut self, at: &Pointer, written: &config::Redirect, pattern: &Pattern) -> Option<Redirect> {
        let path = self.path_rewrite(at, written.path.as_deref(), written.prefix.as_deref(), pattern);
        let scheme = match written.scheme.as_deref() {
            None => None,
            Some("http") => Some("http"),
            Some("https") => Some("https"),
            Some(other) => {
                self.error(&at.key("scheme"), format!("\"{other}\" is neither http nor https"));
                None
            }
        };
        if let Some(host) = &written.host
            && !matches!(host_pattern(host), Some(HostPattern::Exact(_)))
        {
            self.error(&at.key("host"), format!("\"{host}\" is not a host name"));
        }
        let status = written.status.unwrap_or(302);
        if ![301, 302, 303, 307, 308].contains(&status) {
            self.error(&at.key("status"), format!("a redirect cannot have the status {status}"))
                .help("301, 302, 303, 307 or 308");
        }
        let nothing = *written == config::Redirect { status: written.status, ..config::Redirect::default() };
        if nothing {
            self.error(at, "the redirect leads to where the request came from");
        }
        let status = StatusCode::from_u16(status).ok()?;
        let host = written.host.as_deref().map(Into::into);
        Some(Redirect { scheme, host, port: written.port, path: path?, status })
    }

    fn respond(&mut self, at: &Pointer, written: &config::Respond) -> Option<Respond> {
        let status = written.status.unwrap_or(200);
        let body = written.body.clone().unwrap_or_default();
        if !(200..=599).contains(&status) {
            self.error(&at.key("status"), format!("{status} cannot be answered"))
                .help("a status is 200 to 599");
        }
        // RFC 9110 sections 15.3.5, 15.3.6 and 15.4.5.
        if matches!(status, 204 | 205 | 304) && !body.is_empty() {
            self.error(&at.key("body"), format!("an answer with the status {status} has no body"));
        }
        let content_type = written.content_type.as_deref().unwrap_or("text/plain; charset=utf-8");
        let Ok(content_type) = HeaderValue::from_str(content_type) else {
            self.error(&at.key("content_type"), "this cannot be a media type");
            return None;
        };
        Some(Respond {
            status: StatusCode::from_u16(status).ok()?,
            content_type: (!body.is_empty() || written.content_type.is_some()).then_some(content_type),
            body: body.into(),
        })
    }
}
