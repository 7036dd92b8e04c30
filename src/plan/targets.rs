//! Targets of an upstream, ready to be asked.

use url::Url;

use super::Target;
use super::compile::{Context, Pointer};
use super::scalar::is_token;
use super::upstream::key_of;
use crate::balance::{Balance, Member, Set};
use crate::config::balance::Target as Written;
use crate::config::{self, Protocol, TargetSetting};
use crate::diagnostic::Diagnostic;

/// The greatest weight of a target: sums of all weights fit 32 bits by far.
const MOST_WEIGHT: u32 = 65_535;

/// How many targets may be written for an upstream, and discovered: a reading of all of them for one request takes no longer
/// than the exchange itself.
pub(crate) const MOST_TARGETS: usize = 10_000;

/// What all targets of an upstream have in common.
pub(super) struct Common {
    /// Scheme, protocol and TLS, at the place of the first url that is written.
    pub(super) target: Target,
    /// What goes before every request's path.
    pub(super) base: Box<str>,
}

impl Context<'_> {
    /// The targets that are written, and what they have in common.
    pub(super) fn targets(
        &mut self,
        at: &Pointer,
        written: &config::Upstream,
        balance: &Balance,
    ) -> Option<(Common, Set)> {
        if written.url.is_none() && written.targets.is_empty() {
            self.error(at, "the upstream is nowhere").help("give it a url, or targets");
            return None;
        }
        if written.url.is_some() && !written.targets.is_empty() && written.discovery.is_none() {
            self.error(&at.key("url"), "an upstream has either url or targets")
                .help("make the url one of targets");
        }
        if written.targets.len() > MOST_TARGETS {
            self.error(&at.key("targets"), format!("at most {MOST_TARGETS} targets can be written"));
        }
        let mut common = match &written.url {
            Some(url) => {
                let url = self.upstream_url(&at.key("url"), url)?;
                Some(common(&url, written)?)
            }
            None => None,
        };
        let mut members = Vec::new();
        for (target, at) in written.targets.iter().zip(at.key("targets").indices()) {
            members.push(self.member(&at, target, written, &mut common)?);
        }
        let common = common?;
        if written.targets.is_empty() && written.discovery.is_none() {
            members.push(Member::alone(common.target.clone()));
        }
        let names = members.iter().map(|member| member.name.clone());
        if let Some(twice) = first_twice(names) {
            self.error(&at.key("targets"), format!("two targets have the name \"{twice}\""));
        }
        self.someone_is_asked(at, written, &members);
        Some((common, Set::new(members, balance)))
    }

    /// Weights and zones that leave nobody to be asked, or make no difference, are mistakes.
    fn someone_is_asked(&mut self, at: &Pointer, written: &config::Upstream, members: &[Member]) {
        if written.discovery.is_some() {
            return;
        }
        if members.iter().all(|member| member.weight == 0) {
            self.error(&at.key("targets"), "all targets have the weight 0: none would be asked")
                .help("a weight of 0 is for a target that is to be taken away");
        }
        let zone = written.balance.as_ref().and_then(|balance| balance.zone.as_deref());
        if let Some(zone) = zone
            && !members.iter().any(|member| member.zone.as_deref() == Some(zone))
        {
            let message = format!("no target has the zone \"{zone}\": it makes no difference");
            self.report(Diagnostic::warning((&at.key("balance").key("zone")).into(), message))
                .help("give targets that run there the same zone");
        }
    }

    fn member(
        &mut self,
        at: &Pointer,
        target: &TargetSetting,
        upstream: &config::Upstream,
        common: &mut Option<Common>,
    ) -> Option<Member> {
        let (at_url, table) = match target {
            TargetSetting::Url(url) => (at.clone(), Written { url: url.clone(), ..Written::default() }),
            TargetSetting::Table(table) => (at.key("url"), table.clone()),
        };
        let url = self.upstream_url(&at_url, &table.url)?;
        let own = self::common(&url, upstream)?;
        let first =
            common.get_or_insert_with(|| Common { target: own.target.clone(), base: own.base.clone() });
        if first.base != own.base || first.target.secure != own.target.secure {
            self.error(&at_url, "all targets of an upstream have the scheme and the path in common")
                .help("make two upstreams of it, and a split between them");
        }
        let name = table.name.unwrap_or_else(|| own.target.authority.to_string());
        if !name.split(':').all(|part| part.is_empty() || is_token(part.trim_matches(['[', ']'])))
            || name.is_empty()
        {
            self.error(&at.key("name"), format!("\"{name}\" cannot be the name of a target"))
                .help("letters, digits, and any of . _ - :");
        }
        let weight = table.weight.unwrap_or(1);
        if weight > MOST_WEIGHT {
            self.error(&at.key("weight"), format!("a weight is at most {MOST_WEIGHT}"));
        }
        Some(Member {
            name: name.into(),
            target: own.target,
            weight,
            priority: table.priority.unwrap_or(0),
            zone: table.zone.map(Into::into),
        })
    }
}

/// What `url` says of all targets.
fn common(url: &Url, written: &config::Upstream) -> Option<Common> {
    let mut target = Target::of(url)?;
    let tls = written.tls.clone().unwrap_or_default();
    target.protocol = written.protocol.unwrap_or(Protocol::Auto);
    target.ca = tls.ca.map(Into::into);
    target.server_name = tls.server_name.map(Into::into);
    target.most_connections = written.admission.as_ref().and_then(|admission| admission.connections);
    target.key = key_of(&target);
    Some(Common { target, base: url.path().trim_end_matches('/').into() })
}

fn first_twice(names: impl Iterator<Item = Box<str>>) -> Option<Box<str>> {
    let mut seen = std::collections::BTreeSet::new();
    names.into_iter().find(|name| !seen.insert(name.clone()))
}

// === impl Member ===

impl Member {
    /// The only target of an upstream.
    pub(super) fn alone(target: Target) -> Self {
        Self { name: target.authority.as_str().into(), target, weight: 1, priority: 0, zone: None }
    }
}
