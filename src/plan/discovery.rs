//! Where targets are found, ready to be asked.

use std::time::Duration;

use super::Target;
use super::compile::{Context, Pointer};
use super::store::DEFAULT;
use crate::balance::Balance;
use crate::config;
use crate::discovery::allow::{Allow, Allowed};
use crate::discovery::cached::Cached;
use crate::discovery::{Kind, Source};

mod etcd;
mod local;
mod registries;

/// How long one question to a source may take.
const USUAL_TIMEOUT: Duration = Duration::from_secs(5);

/// After how long a component asks a source again.
const USUAL_TTL: Duration = Duration::from_secs(30);

/// The shortest and the longest time between two questions to a source that cannot say when something changes.
const INTERVALS: std::ops::RangeInclusive<Duration> =
    Duration::from_secs(1)..=Duration::from_secs(24 * 60 * 60);

/// A source, and how often it is asked where the author says nothing.
type Written = (Kind, Duration);

impl Context<'_> {
    /// Where an upstream's targets are found; `template` is what they have in common.
    pub(super) fn discovery(
        &mut self,
        at: &Pointer,
        written: &config::Discovery,
        (template, balance): (&Target, &Balance),
    ) -> Option<Source> {
        let before = (self.called.clone(), self.variables.clone());
        let kind = self.source_of_targets(at, written, template);
        let asks = self.abilities.remembers || written.cache.is_some();
        if !asks {
            // Nobody asks the source from here: what is found is read from the live document.
            (self.called, self.variables) = before;
        }
        let allow = self.allowed(&at.key("allow"), &written.allow, template);
        let timeout = self.timeout(&at.key("timeout"), written.timeout.as_ref(), USUAL_TIMEOUT);
        let (kind, usual) = kind?;
        self.check_source(at, written, &kind);
        let interval = self.duration_or(&at.key("interval"), written.interval.as_ref(), usual);
        if !INTERVALS.contains(&interval) {
            self.error(
                &at.key("interval"),
                "a source is asked at most once a second, and at least once a day",
            )
            .help("choose a span from \"1s\" to \"24h\"");
        }
        let cached = match &written.cache {
            Some(cache) if !self.abilities.remembers => Some(self.cached(&at.key("cache"), cache)?),
            _ => None,
        };
        Some(Source {
            kind,
            balance: balance.clone(),
            cached,
            allow,
            allow_empty: written.allow_empty.unwrap_or(false),
            interval,
            timeout,
            named_by_url: self.abilities.chooses_host,
        })
    }

    /// The one source that is written.
    fn source_of_targets(
        &mut self,
        at: &Pointer,
        written: &config::Discovery,
        template: &Target,
    ) -> Option<Written> {
        let given = [
            ("dns", written.dns.is_some()),
            ("file", written.file.is_some()),
            ("etcd", written.etcd.is_some()),
            ("consul", written.consul.is_some()),
            ("kubernetes", written.kubernetes.is_some()),
            ("eureka", written.eureka.is_some()),
            ("registry", written.registry.is_some()),
        ];
        let names = given.map(|(name, _)| name).join(", ");
        let mut given = given.iter().filter(|(_, given)| *given).map(|(name, _)| name);
        if given.next().is_none() {
            self.error(at, "a discovery has exactly one source").help(format!("give it one of {names}"));
            return None;
        }
        if let Some(second) = given.next() {
            self.error(&at.key(second), "a discovery has exactly one source")
                .help("make two upstreams of it, and a split between them");
            return None;
        }
        if let Some(dns) = &written.dns {
            return self.dns(&at.key("dns"), dns);
        }
        if let Some(file) = &written.file {
            return self.target_file(&at.key("file"), file);
        }
        if let Some(consul) = &written.consul {
            return self.consul(&at.key("consul"), consul);
        }
        if let Some(kubernetes) = &written.kubernetes {
            return self.kubernetes(&at.key("kubernetes"), kubernetes);
        }
        if let Some(eureka) = &written.eureka {
            return self.eureka(&at.key("eureka"), eureka, template.secure);
        }
        if let Some(registered) = &written.registry {
            return self.own_registry(&at.key("registry"), registered);
        }
        self.etcd(&at.key("etcd"), written.etcd.as_ref()?)
    }

    /// Refuses what the host cannot do.
    fn check_source(&mut self, at: &Pointer, written: &config::Discovery, kind: &Kind) {
        let host = self.abilities.name;
        if self.abilities.remembers {
            return;
        }
        let here = matches!(kind, Kind::Dns(_) | Kind::File(_));
        if matches!(kind, Kind::Registry(_)) {
            if written.cache.is_some() {
                self.error(
                    &at.key("cache"),
                    format!("{host} reads the registry itself, once for each request"),
                )
                .help("leave cache out: the registry is in the store already");
            }
        } else if written.cache.is_some() && here {
            self.error(&at.key("cache"), format!("{host} cannot ask {} itself", kind.name()))
                .help("leave cache out, and add [live]: a native runner publishes there what it finds");
        } else if written.cache.is_none() && !self.has_live {
            let help = match here {
                true => "add [live], where a native runner publishes what it finds, or write targets instead",
                false => {
                    "add cache, so that it asks the source itself, or [live], where a native runner publishes what it finds"
                }
            };
            self.error(at, format!("{host} cannot follow {}", kind.name())).help(help);
        }
        if written.allow.is_empty() {
            self.error(at, format!("{host} connects only to hosts that its manifest allows"))
                .help("say in allow which targets may be found: [\"*.orders.internal:8080\"]");
        }
    }

    fn cached(&mut self, at: &Pointer, written: &config::DiscoveryCache) -> Option<Cached> {
        let ttl = self.duration_or(&at.key("ttl"), written.ttl.as_ref(), USUAL_TTL);
        if !INTERVALS.contains(&ttl) {
            self.error(&at.key("ttl"), "a source is asked at most once a second, and at least once a day")
                .help("choose a span from \"1s\" to \"24h\"");
        }
        let (at, name) = match &written.store {
            Some(name) => (at.key("store"), name.as_str()),
            None => (at.clone(), DEFAULT),
        };
        let store = self.store_of_live(&at, name)?;
        Some(Cached { store, ttl })
    }

    fn allowed(&mut self, at: &Pointer, written: &[String], template: &Target) -> Allow {
        let mut allowed = Vec::with_capacity(written.len());
        for (text, at) in written.iter().zip(at.indices()) {
            let Some(one) = Allowed::parse(text) else {
                self.error(&at, format!("\"{text}\" is not a host")).help(
                    "[scheme://]host[:port]: \"*.orders.internal:8080\", \"10.0.0.0/8\", \"http://[fd00::]/8:8080\"",
                );
                continue;
            };
            if one.secure.is_some_and(|secure| secure != template.secure) {
                self.error(&at, "no target of this upstream has that scheme")
                    .help("its url says http or https for all");
            }
            if !self.abilities.remembers {
                self.called.insert(one.address(template.secure).into(), "targets that are found".into());
            }
            allowed.push(one);
        }
        Allow(allowed.into())
    }
}
