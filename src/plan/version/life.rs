//! The lives of versions: whether their dates are in order, and what answers say of them.

use http::HeaderValue;
use http::header::{HeaderName, LINK};

use super::super::compile::{Context, Pointer};
use super::super::scalar::nearest;
use crate::config::consumer::MomentText;
use crate::config::{self, ApiVersion};
use crate::version::life::{self, Brownout, DEPRECATION, Life, SUNSET};
use crate::version::{Kind, Number};

/// The moments of a life, in their order, with what they are called.
type Moments = [(&'static str, Option<u64>); 4];

impl Context<'_> {
    /// The lives of the versions of `numbers`, in that order.
    pub(super) fn lives(
        &mut self,
        at: &Pointer,
        written: &config::Api,
        kind: Kind,
        numbers: &[(Number, &str)],
    ) -> Vec<Life> {
        let mut lives = Vec::new();
        for (_, name) in numbers {
            let Some(version) = written.versions.get(*name) else { continue };
            lives.push(self.life_of(&at.key(name), version, kind, numbers));
        }
        for (index, (_, name)) in numbers.iter().enumerate() {
            self.successors(&at.key(name).key("successor"), index, &lives, numbers);
        }
        lives
    }

    fn life_of(
        &mut self,
        at: &Pointer,
        written: &ApiVersion,
        kind: Kind,
        numbers: &[(Number, &str)],
    ) -> Life {
        let mut moment =
            |key: &'static str, text: &Option<MomentText>| (key, self.moment(&at.key(key), text.as_ref()));
        let moments: Moments = [
            moment("introduced", &written.introduced),
            moment("deprecated", &written.deprecated),
            moment("sunset", &written.sunset),
            moment("retired", &written.retired),
        ];
        self.in_order(at, &moments);
        let [(_, introduced), (_, deprecated), (_, sunset), (_, retired)] = moments;
        let brownouts = self.brownouts(&at.key("brownouts"), written, deprecated, retired);
        let successor = written.successor.as_deref();
        let successor = successor.and_then(|name| self.successor(&at.key("successor"), name, kind, numbers));
        let fields = self.life_fields(&at.key("links"), written, deprecated, sunset);
        Life { introduced, deprecated, sunset, retired, brownouts, successor, fields }
    }

    fn in_order(&mut self, at: &Pointer, moments: &Moments) {
        for (place, (later, end)) in moments.iter().enumerate() {
            for (earlier, begin) in &moments[..place] {
                let (Some(begin), Some(end)) = (begin, end) else { continue };
                if end >= begin {
                    continue;
                }
                let help = match (*earlier, *later) {
                    ("deprecated", "sunset") => {
                        "Sunset must not be earlier than Deprecation (RFC 9745 section 4)"
                    }
                    _ => "a version is introduced, deprecated, past its sunset and retired, in this order",
                };
                self.error(&at.key(later), format!("{later} is before {earlier}")).help(help);
            }
        }
    }

    fn brownouts(
        &mut self,
        at: &Pointer,
        written: &ApiVersion,
        deprecated: Option<u64>,
        retired: Option<u64>,
    ) -> Vec<Brownout> {
        let mut brownouts: Vec<Brownout> = Vec::new();
        for (written, at) in written.brownouts.iter().zip(at.indices()) {
            let Some(brownout) = self.brownout(&at, written) else { continue };
            if deprecated.is_none_or(|deprecated| brownout.from < deprecated) {
                self.error(&at, "a brownout is for a version that is deprecated already")
                    .help("let it begin at or after deprecated");
            }
            if retired.is_some_and(|retired| brownout.to > retired) {
                self.error(&at, "a brownout ends before the version is retired")
                    .help("from then on the version is gone anyway");
            }
            let meets = |other: &Brownout| brownout.from < other.to && other.from < brownout.to;
            if brownouts.iter().any(meets) {
                self.error(&at, "two brownouts are at the same time");
            }
            brownouts.push(brownout);
        }
        brownouts
    }

    fn brownout(&mut self, at: &Pointer, written: &config::Brownout) -> Option<Brownout> {
        let from = self.moment(&at.key("from"), written.from.as_ref());
        let to = match (&written.from, &written.to, &written.lasts) {
            (Some(_), Some(_), None) => self.moment(&at.key("to"), written.to.as_ref())?,
            (Some(_), None, Some(lasts)) => from?.saturating_add(self.whole_seconds(&at.key("for"), lasts)),
            _ => {
                self.error(at, "a brownout has from, and either to or for");
                return None;
            }
        };
        let from = from?;
        if to <= from {
            self.error(at, "the brownout is over before it begins");
        }
        let share = match written.share.as_deref() {
            None => 100,
            Some(text) => self.share(&at.key("share"), text)?,
        };
        let gone = match written.status {
            None | Some(410) => true,
            Some(503) => false,
            Some(status) => {
                self.error(&at.key("status"), format!("a brownout is not told by {status}"))
                    .help("410: it is gone; or 503: it is not available");
                return None;
            }
        };
        Some(Brownout { from, to, share, gone })
    }

    fn share(&mut self, at: &Pointer, text: &str) -> Option<u8> {
        let number = text.strip_suffix('%').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        let share = number.and_then(|digits| digits.parse().ok()).filter(|share| (1..=100).contains(share));
        if share.is_none() {
            self.error(at, format!("\"{text}\" is not a share")).help("\"1%\" to \"100%\", in whole numbers");
        }
        share
    }

    fn successor(
        &mut self,
        at: &Pointer,
        name: &str,
        kind: Kind,
        numbers: &[(Number, &str)],
    ) -> Option<usize> {
        let number = kind.read(name);
        let found = numbers.iter().position(|(known, _)| Some(*known) == number);
        if found.is_none() {
            let help = match nearest(name, numbers.iter().map(|(_, name)| *name)) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => "it is one of the API's versions".to_owned(),
            };
            self.error(at, format!("there is no version \"{name}\"")).help(help);
        }
        found
    }

    /// Whoever follows from one version to the next comes to one that is there longer.
    fn successors(&mut self, at: &Pointer, index: usize, lives: &[Life], numbers: &[(Number, &str)]) {
        let next = |index: usize| lives.get(index)?.successor;
        let Some(successor) = next(index) else { return };
        let mut followed = Some(successor);
        for _ in 0..numbers.len() {
            if followed == Some(index) {
                self.error(at, "the versions that come after this one lead back to it");
                return;
            }
            followed = followed.and_then(next);
        }
        let (Some(life), Some(after)) = (lives.get(index), lives.get(successor)) else { return };
        let earlier = after.retired.is_some_and(|after| life.retired.is_none_or(|retired| after <= retired));
        if earlier {
            let name = numbers.get(successor).map_or("", |(_, name)| *name);
            self.error(at, format!("version \"{name}\" is retired before this one, or with it"))
                .help("name one that is there longer");
        }
    }

    fn life_fields(
        &mut self,
        at: &Pointer,
        written: &ApiVersion,
        deprecated: Option<u64>,
        sunset: Option<u64>,
    ) -> Vec<(HeaderName, HeaderValue)> {
        let links = written.links.clone().unwrap_or_default();
        // RFC 9745 section 3 and RFC 8594 section 6: these are pages for people, and both show them with this type.
        let page = Some("text/html");
        let mut link = |key: &str, relation: &str, target: &Option<String>, media: Option<&str>| {
            let target = target.as_deref()?;
            if !is_target(target) {
                self.error(&at.key(key), format!("\"{target}\" cannot be linked to")).help(
                    "an address such as \"https://example.com/changes\", or a path such as \"/v2/orders\"",
                );
                return None;
            }
            life::link(target, relation, media)
        };
        let links = [
            link("deprecation", "deprecation", &links.deprecation, page),
            link("sunset", "sunset", &links.sunset, page),
            link("successor", "successor-version", &links.successor, None),
        ];
        let dates =
            [(DEPRECATION, deprecated.and_then(life::deprecation)), (SUNSET, sunset.and_then(life::sunset))];
        let all = dates.into_iter().chain(links.map(|link| (LINK, link)));
        all.filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

/// Whether it can stand between `<` and `>` in `Link` (RFC 8288 section 3), and leads somewhere.
fn is_target(text: &str) -> bool {
    let leads = text.starts_with("https://") || text.starts_with("http://") || text.starts_with('/');
    leads && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>\"\\^`{|}".contains(&byte))
}
