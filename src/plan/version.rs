//! APIs that have versions, ready to be chosen from.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use http::header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue};

use super::compile::{Context, Pointer};
use super::scalar::{is_token, nearest};
use crate::config::{self, Document, VersionMatching, VersionNames, VersionWay};
use crate::version::{Api, Kind, MOST_VERSIONS, Matching, Number, Unasked, Vendor, Version, Way};

mod life;
mod route;
pub(super) mod witness;

/// APIs that are written, by name, with their indices in the plan; `None` for one with a mistake.
pub(super) type Written = BTreeMap<Box<str>, Option<(usize, Arc<Api>)>>;

impl Context<'_> {
    /// Every API, in the order of their names; routes find them in `self.apis`.
    pub(super) fn apis(&mut self, documents: &[(String, Document)]) -> Vec<Arc<Api>> {
        let mut apis: Vec<Arc<Api>> = Vec::new();
        let mut written = BTreeMap::new();
        for (file, document) in documents {
            let at = Pointer::root(file).key("apis");
            written.extend(document.apis.iter().map(|(name, api)| (name, (at.key(name), api))));
        }
        for (name, (at, api)) in written {
            let api = self.api(&at, name, api).map(Arc::new);
            let ready = api.map(|api| {
                apis.push(Arc::clone(&api));
                (apis.len() - 1, api)
            });
            self.apis.insert(name.as_str().into(), ready);
        }
        apis
    }

    fn api(&mut self, at: &Pointer, name: &str, written: &config::Api) -> Option<Api> {
        if !is_token(name) {
            self.error(at, format!("\"{name}\" cannot be the name of an API"))
                .help("letters, digits, and any of . _ -");
        }
        let before = self.diagnostics.len();
        let kind = match written.names.unwrap_or(VersionNames::Integer) {
            VersionNames::Integer => Kind::Integer,
            VersionNames::Date => Kind::Date,
            VersionNames::Semver => Kind::Semver,
        };
        let matching = self.matching(&at.key("matching"), kind, written.matching);
        let ways = self.ways(&at.key("ask"), &written.ask);
        let numbers = self.numbers(&at.key("versions"), kind, written);
        let lives = self.lives(&at.key("versions"), written, kind, &numbers);
        let versions = numbers.iter().zip(lives).map(|((number, _), life)| {
            let name = kind.name(*number).to_string();
            Version { number: *number, value: value(&name), name: name.into(), life }
        });
        let versions: Vec<_> = versions.collect();
        let default = self.unasked(&at.key("default"), written.default.as_deref(), kind, &versions);
        let tell = written.tell.as_ref();
        let tell = tell.and_then(|tell| self.header_name(&at.key("tell").key("header"), &tell.header));
        let looks_at = looks_at(&ways);
        let name = name.into();
        (self.diagnostics.len() == before).then_some(Api {
            name,
            kind,
            ways,
            matching,
            default,
            versions,
            tell,
            looks_at,
        })
    }

    fn matching(&mut self, at: &Pointer, kind: Kind, written: Option<VersionMatching>) -> Matching {
        match (written, kind) {
            (Some(VersionMatching::NotAfter), Kind::Integer | Kind::Semver) => {
                self.error(at, "only dates can be not after another").help("\"exact\" or \"ranges\"");
                Matching::Exact
            }
            (Some(VersionMatching::NotAfter), Kind::Date) | (None, Kind::Date) => Matching::NotAfter,
            (Some(VersionMatching::Ranges), _) | (None, Kind::Semver) => Matching::Ranges,
            (Some(VersionMatching::Exact), _) | (None, Kind::Integer) => Matching::Exact,
        }
    }

    fn ways(&mut self, at: &Pointer, written: &[VersionWay]) -> Vec<Way> {
        let mut ways: Vec<Way> = Vec::new();
        if written.is_empty() {
            self.error(&at.parent(), "nothing says how a version is asked for")
                .help("such as ask = [{ header = \"X-API-Version\" }]");
        }
        for (written, at) in written.iter().zip(at.indices()) {
            match self.way(&at, written) {
                Some(way) if ways.contains(&way) => {
                    self.error(&at, "this way of asking stands twice").help("remove one");
                }
                way => ways.extend(way),
            }
        }
        if ways.iter().filter(|way| matches!(way, Way::Path(_))).count() > 1 {
            self.error(at, "a path names one version").help("keep one way with path");
        }
        if ways.iter().filter(|way| matches!(way, Way::Vendor(_))).count() > 1 {
            self.error(at, "an API has one vendor").help("keep one way with vendor");
        }
        ways
    }

    fn way(&mut self, at: &Pointer, written: &VersionWay) -> Option<Way> {
        let VersionWay { path, header, query, media_type, vendor, content_type, host } = written;
        let keys = [path, header, query, media_type, vendor, host];
        if keys.iter().filter(|key| key.is_some()).count() != 1 {
            self.error(
                at,
                "a way of asking has exactly one of path, header, query, media_type, vendor and host",
            );
            return None;
        }
        if content_type.is_some() && vendor.is_none() {
            self.error(&at.key("content_type"), "only a vendor's media type can be that of an answer")
                .help("it stands beside vendor");
        }
        let is_name = |name: &str| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        if let Some(name) = path {
            if !is_name(name) {
                self.error(&at.key("path"), format!("\"{name}\" is not what a pattern captures"))
                    .help("the name without braces: \"version\" for \"/{version}/orders\"");
            }
            return Some(Way::Path(name.as_str().into()));
        }
        if let Some(name) = header {
            return self.header_name(&at.key("header"), name).map(Way::Header);
        }
        if let Some(name) = query {
            return Some(Way::Query(name.as_str().into()));
        }
        if let Some(name) = media_type {
            // RFC 9110 section 12.5.1: in Accept, "q" is the weight.
            if !is_token(name) || name.eq_ignore_ascii_case("q") {
                self.error(
                    &at.key("media_type"),
                    format!("\"{name}\" cannot be a parameter of a media type"),
                )
                .help("such as \"version\"");
            }
            return Some(Way::Parameter(name.to_ascii_lowercase().into()));
        }
        if let Some(name) = vendor {
            let valid = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
            if name.is_empty() || name.len() > 64 || !name.bytes().all(valid) {
                self.error(
                    &at.key("vendor"),
                    format!("\"{name}\" cannot be the vendor's part of a media type"),
                )
                .help("\"acme.orders\" for \"application/vnd.acme.orders.v2+json\"");
            }
            return Some(Way::Vendor(Vendor::new(name, content_type.unwrap_or(false))));
        }
        host.as_deref().and_then(|text| self.host_way(&at.key("host"), text))
    }

    fn host_way(&mut self, at: &Pointer, text: &str) -> Option<Way> {
        let lower = text.to_ascii_lowercase();
        let valid =
            |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        let around = lower.split_once('{').and_then(|(before, rest)| {
            let (name, after) = rest.split_once('}')?;
            (!name.is_empty() && valid(name)).then_some((before, after))
        });
        let around = around.filter(|(before, after)| valid(before) && valid(after) && !after.is_empty());
        let split = around.map(|(before, after)| Way::Host(before.into(), after.into()));
        if split.is_none() {
            self.error(at, format!("\"{text}\" is not a host name with a version in it"))
                .help("such as \"v{version}.api.example.com\"");
        }
        split
    }

    /// Every version that can be read, the oldest first, with its name as it is written.
    fn numbers<'w>(&mut self, at: &Pointer, kind: Kind, written: &'w config::Api) -> Vec<(Number, &'w str)> {
        let mut numbers: Vec<(Number, &str)> = Vec::new();
        for name in written.versions.keys() {
            let Some(number) = kind.read(name) else {
                self.error(&at.key(name), format!("\"{name}\" is not the name of a version"))
                    .help(format!("here, versions are called by {kind}: names says so"));
                continue;
            };
            if let Some((_, other)) = numbers.iter().find(|(known, _)| *known == number) {
                self.error(&at.key(name), format!("\"{name}\" and \"{other}\" are the same version"));
                continue;
            }
            numbers.push((number, name));
        }
        if written.versions.is_empty() {
            self.error(&at.parent(), "an API has at least one version")
                .help("such as [apis.orders.versions.\"1\"], which may be empty");
        }
        if numbers.len() > MOST_VERSIONS {
            self.error(at, format!("an API has at most {MOST_VERSIONS} versions"));
            numbers.truncate(MOST_VERSIONS);
        }
        numbers.sort_unstable();
        numbers
    }

    fn unasked(&mut self, at: &Pointer, written: Option<&str>, kind: Kind, versions: &[Version]) -> Unasked {
        match written {
            None | Some("required") => Unasked::Required,
            Some("latest") => Unasked::Latest,
            Some("oldest") => Unasked::Oldest,
            Some(name) => {
                let number = kind.read(name);
                let found = versions.iter().position(|version| Some(version.number) == number);
                if found.is_none() {
                    let known = versions.iter().map(|version| &*version.name);
                    let near = nearest(name, known.chain(["latest", "oldest", "required"]));
                    self.error(at, format!("there is no version \"{name}\"")).help(match near {
                        Some(near) => format!("did you mean \"{near}\"?"),
                        None => "\"latest\", \"oldest\", \"required\", or one of the versions".to_owned(),
                    });
                }
                found.map_or(Unasked::Required, Unasked::This)
            }
        }
    }
}

/// The fields that requests are looked at for, each once.
fn looks_at(ways: &[Way]) -> Vec<HeaderName> {
    let mut fields = BTreeSet::new();
    for way in ways {
        match way {
            Way::Header(name) => drop(fields.insert(name.as_str().to_owned())),
            Way::Parameter(_) | Way::Vendor(_) => {
                fields.extend([ACCEPT, CONTENT_TYPE].map(|name| name.as_str().to_owned()));
            }
            Way::Path(_) | Way::Query(_) | Way::Host(..) => {}
        }
    }
    fields.into_iter().filter_map(|name| HeaderName::try_from(name).ok()).collect()
}

/// Names of versions are digits, dots and dashes.
fn value(name: &str) -> HeaderValue {
    HeaderValue::from_str(name).unwrap_or(HeaderValue::from_static(""))
}
