//! Probes, ready to be made.

use std::time::Duration;

use http::header::HeaderValue;
use http::uri::PathAndQuery;
use http::{HeaderMap, Method};

use super::super::compile::{Context, Pointer};
use crate::config::health::{HttpProbe, HttpProbeTable, Initially, Probing};
use crate::forward::hop::strip_hop_by_hop;
use crate::health::Probe;
use crate::health::probe::grpc::LONGEST_SERVICE;
use crate::health::probe::{HttpCheck, Kind};

/// How often a target is asked at most: more often is load, and nothing that fails is noticed sooner by anybody.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(100);

/// How many probes in a row may have to agree.
const MOST_THRESHOLD: u32 = 1_000;

/// The longest text that a body may have to have in it, in bytes.
const LONGEST_TEXT: usize = 1_024;

impl Context<'_> {
    pub(super) fn probe(&mut self, at: &Pointer, written: &Probing) -> Option<Probe> {
        let tcp = written.tcp.unwrap_or(false);
        let kinds = [written.http.is_some(), written.grpc.is_some(), tcp];
        if kinds.iter().filter(|there| **there).count() != 1 {
            self.error(at, "a probe is exactly one of http, grpc and tcp")
                .help("such as http = \"/health\", grpc = {} or tcp = true");
            return None;
        }
        let kind = match (&written.http, &written.grpc) {
            (Some(http), _) => Kind::Http(self.http_check(&at.key("http"), http)?),
            (_, Some(grpc)) => {
                let service = grpc.service.clone().unwrap_or_default();
                if service.len() > LONGEST_SERVICE {
                    self.error(
                        &at.key("grpc").key("service"),
                        format!("the name of a service has at most {LONGEST_SERVICE} bytes"),
                    );
                }
                Kind::Grpc(service.into())
            }
            _ => Kind::Tcp,
        };
        let interval =
            self.health_span(&at.key("interval"), written.interval.as_ref(), Duration::from_secs(10));
        if interval < SHORTEST_INTERVAL {
            self.error(&at.key("interval"), "a target is asked every 100ms at most");
        }
        let timeout = Duration::from_secs(2).min(interval);
        let timeout = self.health_span(&at.key("timeout"), written.timeout.as_ref(), timeout);
        if timeout > interval {
            self.error(&at.key("timeout"), "a probe ends before the next one begins")
                .help("make interval longer, or timeout shorter");
        }
        if written.port == Some(0) {
            self.error(&at.key("port"), "a port is 1 to 65535");
        }
        Some(Probe {
            kind,
            port: written.port,
            interval,
            jitter: self
                .health_number(&at.key("jitter_percent"), written.jitter_percent, 0..=100)
                .unwrap_or(10),
            timeout,
            healthy: self.health_count(&at.key("healthy"), written.healthy, MOST_THRESHOLD).unwrap_or(2),
            unhealthy: self
                .health_count(&at.key("unhealthy"), written.unhealthy, MOST_THRESHOLD)
                .unwrap_or(3),
            initially_fit: written.initially != Some(Initially::Unfit),
        })
    }

    fn http_check(&mut self, at: &Pointer, written: &HttpProbe) -> Option<HttpCheck> {
        let (at_path, table) = match written {
            HttpProbe::Path(path) => {
                (at.clone(), &HttpProbeTable { path: path.clone(), ..HttpProbeTable::default() })
            }
            HttpProbe::Table(table) => (at.key("path"), table),
        };
        let path = table.path.starts_with('/').then(|| table.path.parse::<PathAndQuery>().ok()).flatten();
        if path.is_none() {
            self.error(&at_path, format!("\"{}\" is not a path", table.path)).help("such as \"/health\"");
        }
        let method = match table.method.as_deref().unwrap_or("GET").parse::<Method>() {
            Ok(method) if method != Method::CONNECT => Some(method),
            _ => {
                self.error(&at.key("method"), "nobody is asked how they are by this method")
                    .help("such as \"HEAD\"");
                None
            }
        };
        let statuses = match &table.status {
            None => vec![(200, 299)],
            Some(written) => {
                let at = at.key("status");
                written.as_slice().iter().filter_map(|text| self.probe_statuses(&at, text)).collect()
            }
        };
        let contains = table.body_contains.as_deref();
        if contains.is_some_and(|text| text.is_empty() || text.len() > LONGEST_TEXT) {
            self.error(&at.key("body_contains"), format!("this text has 1 to {LONGEST_TEXT} bytes"));
        }
        Some(HttpCheck {
            headers: self.probe_headers(&at.key("headers"), table),
            method: method?,
            path: path?,
            statuses: statuses.into(),
            contains: contains.map(Into::into),
        })
    }

    fn probe_headers(&mut self, at: &Pointer, table: &HttpProbeTable) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in &table.headers {
            let at = at.key(name);
            let Some(name) = self.header_name(&at, name) else { continue };
            match HeaderValue::from_str(value) {
                Ok(value) => drop(headers.insert(name, value)),
                Err(_) => self.error(&at, "this cannot be the value of a header field").help("visible ASCII"),
            }
        }
        let written = headers.len();
        strip_hop_by_hop(&mut headers);
        headers.remove(http::header::CONTENT_LENGTH);
        if headers.len() != written {
            self.error(at, "fields that frame a message or are about a connection are the gateway's own");
        }
        headers
    }

    /// `"200"` or `"200-299"`.
    fn probe_statuses(&mut self, at: &Pointer, text: &str) -> Option<(u16, u16)> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let number = |text: &str| text.parse::<u16>().ok().filter(|status| (200..=599).contains(status));
        let range = number(first).zip(number(last)).filter(|(first, last)| first <= last);
        if range.is_none() {
            self.error(at, format!("\"{text}\" is neither a status nor a range of statuses"))
                .help("such as \"204\" or \"200-399\"; statuses are 200 to 599");
        }
        range
    }
}
