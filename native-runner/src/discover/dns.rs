//! DNS as a source of targets: addresses of a name, or services (RFC 2782), asked for again when they are no longer good.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream;
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::rdata::SRV;
use hickory_resolver::proto::rr::{RData, RecordType};
use tokio::time::{Instant, sleep_until, timeout};
use tollgate::discovery::{Dns, Fault, Found, News, Source, Watch};

use crate::host::NativeHost;

/// How many targets of services are resolved at the same time.
const TOGETHER: usize = 16;

/// The most records of services that are looked at: more fit no message that is worth believing.
const MOST_SERVICES: usize = 1_000;

/// How long it is believed at most that there is nothing (RFC 2308 section 5 has hours; what vanished by mistake is wanted back
/// sooner).
const LONGEST_NOTHING: Duration = Duration::from_secs(30);

/// A watch of a name.
pub struct Watcher {
    dns: Arc<Dns>,
    /// An answer is good for at least this long.
    shortest: Duration,
    timeout: Duration,
    resolver: Option<TokioResolver>,
    /// When the answer is no longer good.
    due: Option<Instant>,
}

/// What an answer says, and for how long.
struct Answer<T> {
    records: Vec<T>,
    good: Duration,
}

// === impl Watcher ===

impl Watcher {
    /// A watch of `dns`, as `source` says.
    pub fn new(dns: &Arc<Dns>, source: &Source) -> Self {
        let (shortest, timeout) = (source.interval, source.timeout);
        Self { dns: Arc::clone(dns), shortest, timeout, resolver: None, due: None }
    }

    async fn look(&self, resolver: &TokioResolver) -> Result<Answer<Found>, Fault> {
        if self.dns.services { self.services(resolver).await } else { self.plain(resolver).await }
    }

    /// The addresses of the name, each of which is a target.
    async fn plain(&self, resolver: &TokioResolver) -> Result<Answer<Found>, Fault> {
        let answer = self.addresses(resolver, &self.dns.name).await?;
        let records = answer.records.iter().map(|address| Found::at(address.to_string(), None)).collect();
        Ok(Answer { records, good: answer.good })
    }

    /// The services of the name, and the addresses that they are at.
    async fn services(&self, resolver: &TokioResolver) -> Result<Answer<Found>, Fault> {
        let mut services = ask(resolver, &self.dns.name, RecordType::SRV, |data| match data {
            RData::SRV(service) => Some(service.clone()),
            _ => None,
        })
        .await?;
        if services.records.len() > MOST_SERVICES {
            return Err(Fault::new(format!("{} has more than {MOST_SERVICES} services", self.dns.name)));
        }
        // RFC 2782: a target of "." says that the service is not to be had.
        services.records.retain(|service| !service.target.is_root());
        let tiers = tiers(&services.records);
        let name = |service: &SRV| service.target.to_ascii().to_ascii_lowercase();
        let names: Vec<String> = services.records.iter().map(name).collect();
        let asked: Vec<_> = names.iter().map(|name| self.addresses(resolver, name)).collect();
        let answers: Vec<_> = stream::iter(asked).buffered(TOGETHER).collect().await;
        let (mut found, mut good) = (Vec::new(), services.good);
        for ((service, name), answer) in services.records.iter().zip(&names).zip(answers) {
            let answer = answer?;
            good = good.min(answer.good);
            found.extend(instances(service, name, &answer.records, &tiers));
        }
        Ok(Answer { records: found, good })
    }

    /// The addresses of a name. Where one of the two kinds cannot be had, that may be half of them: it is a fault.
    async fn addresses(&self, resolver: &TokioResolver, name: &str) -> Result<Answer<IpAddr>, Fault> {
        let mut all = Answer { records: Vec::new(), good: Duration::MAX };
        for (wanted, kind) in [(self.dns.ipv4, RecordType::A), (self.dns.ipv6, RecordType::AAAA)] {
            if !wanted {
                continue;
            }
            let answer = ask(resolver, name, kind, |data| match data {
                RData::A(a) => Some(IpAddr::V4(a.0)),
                RData::AAAA(aaaa) => Some(IpAddr::V6(aaaa.0)),
                _ => None,
            })
            .await?;
            // That there is nothing of one kind says nothing about the other.
            if !answer.records.is_empty() || all.records.is_empty() {
                let good = if all.records.is_empty() { answer.good } else { all.good.min(answer.good) };
                all.good = good;
                all.records.extend(answer.records);
            }
        }
        Ok(all)
    }
}

impl Watch<NativeHost> for Watcher {
    async fn next(&mut self, _: &NativeHost) -> Result<News, Fault> {
        if let Some(due) = self.due.take() {
            sleep_until(due).await;
        }
        // After a fault with a new one: the system's servers may have changed.
        let resolver = match self.resolver.take() {
            Some(resolver) => resolver,
            None => resolver(&self.dns)?,
        };
        let answer = timeout(self.timeout, self.look(&resolver)).await;
        let answer = answer.map_err(|_| Fault::new("no answer in time"))??;
        self.resolver = Some(resolver);
        let longest = if answer.records.is_empty() { LONGEST_NOTHING } else { self.dns.longest };
        self.due = Some(Instant::now() + answer.good.min(longest).max(self.shortest));
        Ok(News::Found(answer.records))
    }
}

/// Whoever asks the servers that are written, or the system's. It keeps nothing: when to ask again is decided here.
fn resolver(dns: &Dns) -> Result<TokioResolver, Fault> {
    let failed = |error: NetError| Fault::new(format!("DNS cannot be asked: {error}"));
    let mut builder = match &*dns.nameservers {
        [] => TokioResolver::builder_tokio().map_err(failed)?,
        servers => {
            let server = |address: &std::net::SocketAddr| {
                let mut server = NameServerConfig::udp_and_tcp(address.ip());
                server.connections.iter_mut().for_each(|it| it.port = address.port());
                server
            };
            let config = ResolverConfig::from_parts(None, Vec::new(), servers.iter().map(server).collect());
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        }
    };
    builder.options_mut().cache_size = 0;
    builder.build().map_err(failed)
}

/// What there is of one kind at a name. That there is nothing is an answer too; that nobody knows is a fault.
async fn ask<T>(
    resolver: &TokioResolver,
    name: &str,
    kind: RecordType,
    read: impl Fn(&RData) -> Option<T>,
) -> Result<Answer<T>, Fault> {
    match resolver.lookup(name, kind).await {
        Ok(lookup) => {
            let answers = lookup.answers();
            // Also those of the aliases in between.
            let good = answers.iter().map(|record| record.ttl).min().unwrap_or_default();
            let records = answers.iter().filter_map(|record| read(&record.data)).collect();
            Ok(Answer { records, good: Duration::from_secs(good.into()) })
        }
        Err(NetError::Dns(DnsError::NoRecordsFound(none)))
            if matches!(none.response_code, ResponseCode::NoError | ResponseCode::NXDomain) =>
        {
            // RFC 2308 section 5: what comes without a time to live is not kept.
            let good = none.negative_ttl.map_or(Duration::ZERO, |ttl| Duration::from_secs(ttl.into()));
            Ok(Answer { records: Vec::new(), good })
        }
        Err(error) => Err(Fault::new(format!("{name} {kind}: {error}"))),
    }
}

/// The priorities that there are, in order: the place of one is its tier.
fn tiers(services: &[SRV]) -> Vec<u16> {
    let mut tiers: Vec<u16> = services.iter().map(|service| service.priority).collect();
    tiers.sort_unstable();
    tiers.dedup();
    tiers
}

/// The targets that a service at these addresses is. One at a single address is named by its own name, and keeps it when the
/// address changes; the weight of one at several is shared between them.
fn instances<'a>(
    service: &'a SRV,
    name: &str,
    addresses: &'a [IpAddr],
    tiers: &[u16],
) -> impl Iterator<Item = Found> + use<'a> {
    let tier = tiers.iter().position(|tier| *tier == service.priority).unwrap_or_default();
    let count = u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1);
    let own = format!("{}:{}", name.trim_end_matches('.'), service.port);
    addresses.iter().map(move |address| Found {
        name: if count == 1 { own.clone() } else { format!("{own}#{address}") },
        host: address.to_string(),
        port: Some(service.port),
        // RFC 2782: a weight of 0 is a very small chance, and none only where there are others.
        weight: (u32::from(service.weight) / count).max(1),
        priority: u32::try_from(tier).unwrap_or(u32::MAX),
        zone: None,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use hickory_resolver::proto::rr::Name;

    use super::*;

    #[test]
    fn services_become_targets() {
        let service =
            |priority, weight, port| SRV::new(priority, weight, port, Name::from_ascii("a.test.").unwrap());
        let services = [service(20, 0, 80), service(10, 60, 81), service(20, 5, 82)];
        assert_eq!(tiers(&services), [10, 20]);
        let one = ["10.0.0.1".parse().unwrap()];
        let found: Vec<_> = instances(&services[0], "a.test.", &one, &tiers(&services)).collect();
        let [first] = &found[..] else { unreachable!("one address is one target") };
        assert_eq!(
            (first.name.as_str(), first.port, first.weight, first.priority),
            ("a.test:80", Some(80), 1, 1)
        );
        let two = ["10.0.0.1".parse().unwrap(), "fd00::1".parse().unwrap()];
        let found: Vec<_> = instances(&services[1], "a.test.", &two, &tiers(&services)).collect();
        let names: Vec<_> =
            found.iter().map(|found| (found.name.as_str(), found.weight, found.priority)).collect();
        assert_eq!(names, [("a.test:81#10.0.0.1", 30, 0), ("a.test:81#fd00::1", 30, 0)]);
        assert_eq!(found[1].host, "fd00::1");
    }
}
