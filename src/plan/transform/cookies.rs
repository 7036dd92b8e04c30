//! Changes to cookies, ready to be made.

use std::collections::BTreeMap;

use super::super::compile::{Context, Pointer};
use super::super::scalar::is_token;
use super::{Around, Asks};
use crate::config::{CookieChange as Written, CookieEdits, CookieSite, NewCookie, SetCookieEdits};
use crate::expression::{Known, Template};
use crate::transform::cookies::{Changes, is_value};
use crate::transform::{Attributes, CookieChange, SetCookieChange};

impl Context<'_> {
    /// What becomes of the cookies of requests.
    pub(super) fn cookies_of(
        &mut self,
        at: &Pointer,
        written: Option<&CookieEdits>,
        around: Around<'_>,
        known: &Known<'_>,
        asks: &mut Asks,
    ) -> CookieChange {
        let Some(written) = written else { return CookieChange::default() };
        let remove = self.cookie_names(&at.key("remove"), &written.remove);
        let mut set = Vec::new();
        for (name, text) in &written.set {
            let at = at.key("set").key(name);
            self.cookie_name(&at, name);
            let template = self.cookie_value(&at, text, around, known, asks);
            set.extend(template.map(|template| (name.as_str().into(), template)));
        }
        CookieChange { remove, set: set.into() }
    }

    /// What becomes of the cookies that an answer has clients keep.
    pub(super) fn set_cookies_of(
        &mut self,
        at: &Pointer,
        written: Option<&SetCookieEdits>,
        around: Around<'_>,
        known: &Known<'_>,
        asks: &mut Asks,
    ) -> SetCookieChange {
        let Some(written) = written else { return SetCookieChange::default() };
        let remove = self.cookie_names(&at.key("remove"), &written.remove);
        let (change, others) = self.changed_cookies(&at.key("change"), &written.change);
        let mut set = Vec::new();
        for (name, cookie) in &written.set {
            let at = at.key("set").key(name);
            self.cookie_name(&at, name);
            let template = self.cookie_value(&at.key("value"), &cookie.value, around, known, asks);
            let attributes = self.new_cookie(&at, cookie);
            set.extend(template.map(|template| (name.as_str().into(), template, attributes.text().into())));
        }
        SetCookieChange { remove, change, others, set: set.into() }
    }

    fn changed_cookies(
        &mut self,
        at: &Pointer,
        written: &BTreeMap<String, Written>,
    ) -> (Changes, Option<Attributes>) {
        let mut change = Vec::new();
        let mut others = None;
        for (name, written) in written {
            let at = at.key(name);
            if *written == Written::default() {
                self.error(&at, "nothing of this cookie is changed");
            }
            let attributes = Attributes {
                domain: written.domain.as_deref().map(Into::into),
                path: written.path.as_deref().map(Into::into),
                secure: written.secure,
                http_only: written.http_only,
                same_site: written.same_site.map(site),
                max_age: None,
            };
            self.attributes(&at, &attributes);
            if name == "*" {
                others = Some(attributes);
            } else {
                self.cookie_name(&at, name);
                change.push((name.as_str().into(), attributes));
            }
        }
        (change.into(), others)
    }

    fn new_cookie(&mut self, at: &Pointer, written: &NewCookie) -> Attributes {
        let max_age = written.max_age.as_ref();
        let attributes = Attributes {
            domain: written.domain.as_deref().map(Into::into),
            path: Some(written.path.as_deref().unwrap_or("/").into()),
            secure: Some(written.secure.unwrap_or(true)),
            http_only: Some(written.http_only.unwrap_or(true)),
            same_site: Some(site(written.same_site.unwrap_or(CookieSite::Lax))),
            max_age: max_age.and_then(|text| self.duration(&at.key("max_age"), text)),
        };
        self.attributes(at, &attributes);
        if attributes.same_site == Some("None") && attributes.secure == Some(false) {
            self.error(&at.key("same_site"), "browsers keep no cookie with SameSite=None that is not secure")
                .help("write secure = true");
        }
        attributes
    }

    /// RFC 6265 section 4.1.1: what ends an attribute is in none.
    fn attributes(&mut self, at: &Pointer, attributes: &Attributes) {
        for (key, text) in [("domain", &attributes.domain), ("path", &attributes.path)] {
            let Some(text) = text else { continue };
            let fits = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b';');
            if !fits || (key == "path" && !text.is_empty() && !text.starts_with('/')) {
                self.error(&at.key(key), format!("{text:?} cannot be the {key} of a cookie"));
            }
        }
    }

    fn cookie_value(
        &mut self,
        at: &Pointer,
        text: &str,
        around: Around<'_>,
        known: &Known<'_>,
        asks: &mut Asks,
    ) -> Option<Template> {
        let template = self.text(at, Some(text), around, known, asks)?;
        if !template.texts().all(|text| is_value(text.trim_matches('"'))) {
            self.error(at, "no cookie has such a value").help(
                "letters, digits and signs but spaces, quotation marks, commas, semicolons and backslashes",
            );
        }
        Some(template)
    }

    fn cookie_names(&mut self, at: &Pointer, names: &[String]) -> Box<[Box<str>]> {
        for (name, at) in names.iter().zip(at.indices()) {
            self.cookie_name(&at, name);
        }
        names.iter().map(|name| name.as_str().into()).collect()
    }

    fn cookie_name(&mut self, at: &Pointer, name: &str) {
        if !is_token(name) {
            self.error(at, format!("\"{name}\" cannot be the name of a cookie"));
        }
    }
}

fn site(written: CookieSite) -> &'static str {
    match written {
        CookieSite::Strict => "Strict",
        CookieSite::Lax => "Lax",
        CookieSite::None => "None",
    }
}
