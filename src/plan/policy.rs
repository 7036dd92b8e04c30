//! Settings that stand in `defaults` and in a route alike, put together and parsed.

use std::time::Duration;

use http::header::HeaderName;

use super::compile::{Context, Pointer};
use super::template::ValueTemplate;
use super::{HeaderEdit, Patience, scalar};
use crate::config::{
    BodyLimits, DurationText, HeaderEdits, HeaderPolicy, OneOrMany, Paths, Rule, SizeText, Timeouts,
};
use crate::route::path::Ambiguities;

/// A setting in two places, the nearer one first; each with where it was written.
pub(super) type Layers<'a, T> = [(Pointer, Option<&'a T>); 2];

impl Context<'_> {
    pub(super) fn patience(&mut self, layers: &Layers<'_, Timeouts>) -> Patience {
        let request = self.layered(layers, "request", |timeouts| timeouts.request.as_ref());
        let connect = self.layered(layers, "connect", |timeouts| timeouts.connect.as_ref());
        let first_byte = self.layered(layers, "first_byte", |timeouts| timeouts.first_byte.as_ref());
        let idle = self.layered(layers, "idle", |timeouts| timeouts.idle.as_ref());
        let default = Patience::default();
        Patience {
            request: request.map_or(default.request, |(_, value)| value),
            connect: self.never_off("connect", connect, default.connect),
            first_byte: self.never_off("first_byte", first_byte, default.first_byte),
            idle: idle.map_or(default.idle, |(_, value)| value),
        }
    }

    /// `None`: written nowhere. `Some((_, None))`: off there.
    fn layered<'l>(
        &mut self,
        layers: &'l Layers<'_, Timeouts>,
        key: &str,
        get: impl Fn(&Timeouts) -> Option<&DurationText>,
    ) -> Option<(&'l Pointer, Option<Duration>)> {
        let (at, text) = layers.iter().find_map(|(at, layer)| Some((at, get((*layer)?)?)))?;
        Some((at, self.duration(&at.key(key), text)))
    }

    fn never_off(
        &mut self,
        key: &str,
        value: Option<(&Pointer, Option<Duration>)>,
        default: Duration,
    ) -> Duration {
        match value {
            None => default,
            Some((_, Some(duration))) => duration,
            Some((at, None)) => {
                self.error(&at.key(key), format!("{key} cannot be \"off\"")).help(
                    "an upstream that never answers would hold the request for ever; choose a span of time",
                );
                default
            }
        }
    }

    /// Reads a span of time; `None` for `"off"` and, reported, for a mistake.
    pub(super) fn duration(&mut self, at: &Pointer, text: &DurationText) -> Option<Duration> {
        if text.0 == "off" {
            return None;
        }
        let parsed = scalar::duration(&text.0).filter(|duration| !duration.is_zero());
        if parsed.is_none() {
            self.error(at, format!("\"{}\" is not a span of time", text.0))
                .help("a whole number above 0 and ms, s, m, h or d, such as \"1500ms\"");
        }
        // A reported mistake makes no plan, so what stands in for it is never used.
        Some(parsed.unwrap_or(Duration::from_secs(1)))
    }

    pub(super) fn duration_or(
        &mut self,
        at: &Pointer,
        text: Option<&DurationText>,
        default: Duration,
    ) -> Duration {
        let Some(text) = text else { return default };
        self.duration(at, text).unwrap_or_else(|| {
            self.error(at, "this cannot be \"off\"");
            default
        })
    }

    /// Reads a size in bytes; `u64::MAX` for `"off"`.
    pub(super) fn size(&mut self, at: &Pointer, text: &SizeText) -> u64 {
        if text.0 == "off" {
            return u64::MAX;
        }
        scalar::size(&text.0).unwrap_or_else(|| {
            self.error(at, format!("\"{}\" is not a size", text.0))
                .help("a whole number and B, KiB, MiB, GiB, kB, MB or GB, such as \"2MiB\"");
            0
        })
    }

    pub(super) fn bytes_or(&mut self, at: &Pointer, text: Option<&SizeText>, default: usize) -> usize {
        text.map_or(default, |text| usize::try_from(self.size(at, text)).unwrap_or(usize::MAX))
    }

    pub(super) fn body_limit(&mut self, layers: &Layers<'_, BodyLimits>) -> u64 {
        let written = layers.iter().find_map(|(at, layer)| Some((at, layer.as_ref()?.body.as_ref()?)));
        written.map_or(10 << 20, |(at, text)| self.size(&at.key("body"), text))
    }

    /// The edits of `written`, in the order in which they are made.
    pub(super) fn edits(&mut self, at: &Pointer, written: Option<&HeaderEdits>) -> Vec<HeaderEdit> {
        let Some(written) = written else { return Vec::new() };
        let mut edits = Vec::new();
        for (name, at) in written.remove.iter().zip(at.key("remove").indices()) {
            edits.extend(self.editable(&at, name).map(HeaderEdit::Remove));
        }
        for (key, table) in [("set", &written.set), ("add", &written.add)] {
            for (name, values) in table {
                let at = at.key(key).key(name);
                let values = self.values(&at, values);
                edits.extend(self.editable(&at, name).map(|name| match key {
                    "set" => HeaderEdit::Set(name, values),
                    _ => HeaderEdit::Add(name, values),
                }));
            }
        }
        edits
    }

    /// What the upstream and the client get.
    pub(super) fn both_edits(
        &mut self,
        layers: &Layers<'_, HeaderPolicy>,
    ) -> (Vec<HeaderEdit>, Vec<HeaderEdit>) {
        let request = self.layered_edits(layers, "request", |edits| edits.request.as_ref());
        (request, self.layered_edits(layers, "response", |edits| edits.response.as_ref()))
    }

    pub(super) fn layered_edits(
        &mut self,
        layers: &Layers<'_, HeaderPolicy>,
        key: &str,
        get: impl Fn(&HeaderPolicy) -> Option<&HeaderEdits>,
    ) -> Vec<HeaderEdit> {
        // The defaults first, so that a route has the last word.
        let mut edits = Vec::new();
        for (at, layer) in layers.iter().rev() {
            edits.extend(self.edits(&at.key(key), layer.and_then(&get)));
        }
        for edit in &edits {
            if let HeaderEdit::Set(_, values) | HeaderEdit::Add(_, values) = edit {
                let names = values.iter().flat_map(ValueTemplate::variables);
                self.variables.extend(names.map(Into::into));
            }
        }
        edits
    }

    fn values(&mut self, at: &Pointer, values: &OneOrMany) -> Vec<ValueTemplate> {
        let mut templates = Vec::new();
        for text in values.as_slice() {
            match ValueTemplate::parse(text) {
                Ok(template) => templates.push(template),
                Err(message) => drop(self.error(at, message)),
            }
        }
        templates
    }

    /// The name of a field that may be changed; others are reported.
    pub(super) fn editable(&mut self, at: &Pointer, name: &str) -> Option<HeaderName> {
        /// What frames a message, belongs to one connection, or is the host's to write.
        const FIXED: [&str; 11] = [
            "connection",
            "content-length",
            "host",
            "http2-settings",
            "keep-alive",
            "proxy-connection",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
            "cdn-loop",
        ];
        let header = self.header_name(at, name)?;
        if FIXED.contains(&header.as_str()) {
            self.error(at, format!("{name} cannot be changed"))
                .help("it frames the message or belongs to one connection, and the gateway writes it itself");
            return None;
        }
        Some(header)
    }

    pub(super) fn header_name(&mut self, at: &Pointer, name: &str) -> Option<HeaderName> {
        let parsed = HeaderName::try_from(name).ok();
        if parsed.is_none() {
            self.error(at, format!("\"{name}\" cannot be the name of a header field"));
        }
        parsed
    }
}

/// A setting in a route and in the defaults.
pub(super) fn layers<'a, T>(
    at: &Pointer,
    at_defaults: &Pointer,
    key: &str,
    route: &'a Option<T>,
    defaults: &'a Option<T>,
) -> Layers<'a, T> {
    [(at.key(key), route.as_ref()), (at_defaults.key(key), defaults.as_ref())]
}

/// The ambiguities that are allowed.
pub(super) fn tolerated(layers: &[Option<&Paths>; 2]) -> Ambiguities {
    type Setting = (fn(&Paths) -> Option<Rule>, Ambiguities);
    const SETTINGS: [Setting; 7] = [
        (|paths| paths.encoded_slash, Ambiguities::ENCODED_SLASH),
        (|paths| paths.backslash, Ambiguities::BACKSLASH),
        (|paths| paths.control, Ambiguities::CONTROL),
        (|paths| paths.dot_segments, Ambiguities::DOT_SEGMENTS),
        (|paths| paths.encoded_dot, Ambiguities::ENCODED_DOT),
        (|paths| paths.empty_segments, Ambiguities::EMPTY_SEGMENTS),
        (|paths| paths.invalid_encoding, Ambiguities::INVALID_ENCODING),
    ];
    SETTINGS
        .iter()
        .filter(|(get, _)| layers.iter().find_map(|layer| get((*layer)?)) == Some(Rule::Allow))
        .fold(Ambiguities::default(), |all, (_, one)| all.union(*one))
}
