//! Security headers, ready to be written: both layers put together, every mistake said.

use http::header::{
    CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};

use super::compile::{Context, Pointer};
use super::policy::Layers;
use crate::config::{
    DurationText, Frame, FrameSetting, Hsts, HstsSetting, Referrer, ReferrerSetting, SecurityHeaders,
    SecurityHeadersSetting, TextSetting,
};
use crate::security_headers;

const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");

/// What the list that browsers are shipped with asks for, in seconds: a year (hstspreload.org, "Submission
/// requirements").
const PRELOAD_AGE: u64 = 31_536_000;

impl Context<'_> {
    /// The fields of a route; none of them where there are none.
    pub(super) fn security_headers(
        &mut self,
        layers: &Layers<'_, SecurityHeadersSetting>,
    ) -> Option<security_headers::SecurityHeaders> {
        let tables = tables(layers)?;
        let hsts = match find(&tables, |table| table.hsts.as_ref()) {
            Some((_, HstsSetting::Switch(false))) => None,
            None | Some((_, HstsSetting::Switch(true))) => Some(HeaderValue::from_static("max-age=31536000")),
            Some((at, HstsSetting::Table(hsts))) => self.hsts(&at.key("hsts"), hsts),
        };
        let mut always = Vec::new();
        if find(&tables, |table| table.nosniff.as_ref()).is_none_or(|(_, on)| *on) {
            always.push((X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")));
        }
        let frame = match find(&tables, |table| table.frame.as_ref()) {
            Some((_, FrameSetting::Switch(false))) => None,
            None | Some((_, FrameSetting::Switch(true))) => Some(Frame::Deny),
            Some((_, FrameSetting::Word(frame))) => Some(*frame),
        };
        always.extend(frame.map(|frame| (X_FRAME_OPTIONS, HeaderValue::from_static(frame_options(frame)))));
        let referrer = match find(&tables, |table| table.referrer.as_ref()) {
            Some((_, ReferrerSetting::Switch(false))) => None,
            None | Some((_, ReferrerSetting::Switch(true))) => Some(Referrer::NoReferrer),
            Some((_, ReferrerSetting::Word(referrer))) => Some(*referrer),
        };
        always
            .extend(referrer.map(|word| (REFERRER_POLICY, HeaderValue::from_static(referrer_policy(word)))));
        let csp = match find(&tables, |table| table.csp.as_ref()) {
            Some((_, TextSetting::Switch(false))) => None,
            None | Some((_, TextSetting::Switch(true))) => Some(HeaderValue::from_static(default_csp(frame))),
            Some((at, TextSetting::Text(text))) => self.field_text(&at.key("csp"), text),
        };
        always.extend(csp.map(|value| (CONTENT_SECURITY_POLICY, value)));
        let permissions = self.permissions(&tables);
        always.extend(permissions.map(|value| (PERMISSIONS_POLICY, value)));
        Some(security_headers::SecurityHeaders { hsts, always })
    }

    fn permissions(&mut self, tables: &Tables<'_>) -> Option<HeaderValue> {
        match find(tables, |table| table.permissions.as_ref())? {
            (_, TextSetting::Switch(false)) => None,
            (at, TextSetting::Switch(true)) => {
                self.error(&at.key("permissions"), "permissions has no value of its own")
                    .help("write one, such as \"camera=(), microphone=(), geolocation=()\"");
                None
            }
            (at, TextSetting::Text(text)) => self.field_text(&at.key("permissions"), text),
        }
    }

    /// RFC 6797 section 6.1.
    fn hsts(&mut self, at: &Pointer, written: &Hsts) -> Option<HeaderValue> {
        let age = match &written.max_age {
            Some(text) => self.whole_seconds(&at.key("max_age"), text),
            None => PRELOAD_AGE,
        };
        let subdomains = written.include_subdomains.unwrap_or(false);
        let preload = written.preload.unwrap_or(false);
        if preload && age < PRELOAD_AGE {
            self.error(&at.key("preload"), "preload needs a max_age of a year or more")
                .help("write max_age = \"365d\" or more, or leave preload out");
        }
        if preload && !subdomains {
            self.error(&at.key("preload"), "preload needs include_subdomains").help(
                "write include_subdomains = true if every host below this one has TLS, or leave preload out",
            );
        }
        let subdomains = if subdomains { "; includeSubDomains" } else { "" };
        let preload = if preload { "; preload" } else { "" };
        HeaderValue::try_from(format!("max-age={age}{subdomains}{preload}")).ok()
    }

    /// Text for a field's value as it is; both policies are ASCII (CSP 3, section 2.2; RFC 9651 section 3).
    fn field_text(&mut self, at: &Pointer, text: &str) -> Option<HeaderValue> {
        let visible = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
        if text.trim().is_empty() {
            self.error(at, "an empty policy says nothing").help("write false for no such field");
            return None;
        }
        if !text.bytes().all(visible) {
            self.error(at, "a policy is one line of ASCII's visible characters")
                .help("put line breaks elsewhere, and write names of hosts in ASCII");
            return None;
        }
        HeaderValue::from_str(text.trim()).ok()
    }

    /// Reads a span of whole seconds; 0 for `"off"`.
    pub(super) fn whole_seconds(&mut self, at: &Pointer, text: &DurationText) -> u64 {
        let Some(span) = self.duration(at, text) else { return 0 };
        if span.subsec_nanos() != 0 {
            self.error(at, format!("\"{}\" is not whole seconds", text.0))
                .help("the field's value is a number of seconds");
        }
        span.as_secs()
    }
}

/// The tables that hold for a route, the nearer first; empty for what is so by default.
type Tables<'a> = Vec<(&'a Pointer, &'a SecurityHeaders)>;

/// `None` where there are to be none.
fn tables<'a>(layers: &'a Layers<'_, SecurityHeadersSetting>) -> Option<Tables<'a>> {
    let mut tables = Vec::new();
    for (at, layer) in layers {
        match layer {
            Some(SecurityHeadersSetting::Table(table)) => tables.push((at, table)),
            // Nothing that is further away counts.
            Some(SecurityHeadersSetting::Switch(true)) => return Some(tables),
            Some(SecurityHeadersSetting::Switch(false)) => break,
            None => {}
        }
    }
    (!tables.is_empty()).then_some(tables)
}

fn find<'a, T>(
    tables: &Tables<'a>,
    get: impl Fn(&'a SecurityHeaders) -> Option<&'a T>,
) -> Option<(&'a Pointer, &'a T)> {
    tables.iter().find_map(|(at, table)| Some((*at, get(table)?)))
}

/// RFC 7034 section 2.1.
const fn frame_options(frame: Frame) -> &'static str {
    match frame {
        Frame::Deny => "DENY",
        Frame::SameOrigin => "SAMEORIGIN",
    }
}

/// A browser that knows `frame-ancestors` looks at nothing else (CSP 3, section 6.4.2), so both say the same.
const fn default_csp(frame: Option<Frame>) -> &'static str {
    match frame {
        Some(Frame::Deny) => "default-src 'none'; frame-ancestors 'none'",
        Some(Frame::SameOrigin) => "default-src 'none'; frame-ancestors 'self'",
        None => "default-src 'none'",
    }
}

const fn referrer_policy(referrer: Referrer) -> &'static str {
    match referrer {
        Referrer::NoReferrer => "no-referrer",
        Referrer::NoReferrerWhenDowngrade => "no-referrer-when-downgrade",
        Referrer::Origin => "origin",
        Referrer::OriginWhenCrossOrigin => "origin-when-cross-origin",
        Referrer::SameOrigin => "same-origin",
        Referrer::StrictOrigin => "strict-origin",
        Referrer::StrictOriginWhenCrossOrigin => "strict-origin-when-cross-origin",
        Referrer::UnsafeUrl => "unsafe-url",
    }
}
