//! Registries as sources: Consul, Kubernetes, Eureka, and the gateway's own.

use std::sync::Arc;
use std::time::Duration;

use http::uri::PathAndQuery;

use super::Written;
use crate::config::OneOrMany;
use crate::config::discovery::{
    Consul as WrittenConsul, Eureka as WrittenEureka, Kubernetes as WrittenKubernetes,
    Registered as WrittenRegistered,
};
use crate::discovery::consul::{Consul, Service};
use crate::discovery::eureka::{self, Eureka};
use crate::discovery::kubernetes::{self, Kubernetes, Port};
use crate::discovery::registry::Registered;
use crate::discovery::registry::document::is_name;
use crate::discovery::{Kind, registry};
use crate::plan::Endpoint;
use crate::plan::compile::{Context, Pointer};
use crate::plan::upstream::key_of;

/// How long Consul may hold a question where the author does not say: less than the minute after which many a proxy ends what
/// is silent.
const USUAL_WAIT: Duration = Duration::from_secs(55);

/// How long Consul can: "This is limited to 10 minutes" (developer.hashicorp.com/consul/api-docs/features/blocking).
const LONGEST_WAIT: Duration = Duration::from_secs(600);

/// How often Consul is asked where it does not hold questions.
const CONSUL_INTERVAL: Duration = Duration::from_secs(10);

/// How often a component asks Kubernetes; whoever lives on watches.
const KUBERNETES_INTERVAL: Duration = Duration::from_secs(30);

/// How often Eureka is asked: as often as its own clients do (`eureka.client.registryFetchIntervalSeconds`).
const EUREKA_INTERVAL: Duration = Duration::from_secs(30);

/// How often the document of a service is read.
const REGISTRY_INTERVAL: Duration = Duration::from_secs(1);

/// The most servers of Eureka.
const MOST_SERVERS: usize = 16;

/// Where the API of Kubernetes is for pods, by the name that its certificate has.
const KUBERNETES: &str = "https://kubernetes.default.svc";

/// Where pods find whom to trust about it (kubernetes.io/docs/tasks/run-application/access-api-from-pod).
const KUBERNETES_CA: &str = "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt";

impl Context<'_> {
    pub(super) fn consul(&mut self, at: &Pointer, written: &WrittenConsul) -> Option<Written> {
        let endpoint = self.endpoint(&at.key("url"), &written.url, "consul");
        self.has_no_query(&at.key("url"), endpoint.as_ref());
        self.is_not_empty(&at.key("service"), &written.service);
        let tags = written.tags.as_ref().map(OneOrMany::as_slice).unwrap_or_default();
        let token = self.registry_token(at, written.token.as_deref());
        let wait = self.duration_or(&at.key("wait"), written.wait.as_ref(), USUAL_WAIT);
        if !(Duration::from_secs(1)..=LONGEST_WAIT).contains(&wait) {
            self.error(
                &at.key("wait"),
                "Consul holds a question for a second at least, and for ten minutes at most",
            )
            .help("choose a span from \"1s\" to \"10m\"");
        }
        let warnings = written.warnings.unwrap_or(false);
        let datacenter = written.datacenter.as_deref();
        let service = Service { name: &written.service, tags, datacenter, warnings };
        let endpoint = endpoint?;
        let question = service.question(endpoint.path.path()).into();
        let consul = Consul { endpoint, question, token: token?, warnings, wait };
        Some((Kind::Consul(Arc::new(consul)), CONSUL_INTERVAL))
    }

    pub(super) fn kubernetes(&mut self, at: &Pointer, written: &WrittenKubernetes) -> Option<Written> {
        let url = written.url.as_deref().unwrap_or(KUBERNETES);
        let endpoint = self.endpoint(&at.key("url"), url, "kubernetes");
        self.has_no_query(&at.key("url"), endpoint.as_ref());
        let namespace = written.namespace.as_deref().unwrap_or("default");
        for (key, name) in [("service", written.service.as_str()), ("namespace", namespace)] {
            if !is_name(name) {
                self.error(&at.key(key), format!("\"{name}\" cannot be a name in Kubernetes"))
                    .help("letters, digits and -, such as \"orders\"");
            }
        }
        let token = self.registry_token(at, written.token.as_deref());
        if written.ca.is_some() && !self.abilities.chooses_tls {
            let host = self.abilities.name;
            self.error(&at.key("ca"), format!("{host} cannot choose whom it trusts"))
                .help("its host does: give the host the certificates");
        }
        let usual = (written.url.is_none() && self.abilities.chooses_tls).then_some(KUBERNETES_CA);
        let mut endpoint = endpoint?;
        endpoint.target.ca = written.ca.as_deref().or(usual).map(Into::into);
        endpoint.target.key = key_of(&endpoint.target);
        let port = written.port.as_deref().map_or(Port::Only, |name| Port::Named(name.into()));
        let slices = kubernetes::slices(endpoint.path.path(), namespace, &written.service).into();
        let kubernetes = Kubernetes { endpoint, slices, port, token: token? };
        Some((Kind::Kubernetes(Arc::new(kubernetes)), KUBERNETES_INTERVAL))
    }

    pub(super) fn eureka(&mut self, at: &Pointer, written: &WrittenEureka, secure: bool) -> Option<Written> {
        self.is_not_empty(&at.key("application"), &written.application);
        let mut servers = Vec::new();
        let mut questions: Vec<PathAndQuery> = Vec::new();
        for (text, at) in written.urls.iter().zip(at.key("urls").indices()) {
            let server = self.endpoint(&at, text, "eureka");
            self.has_no_query(&at, server.as_ref());
            let server = server?;
            questions.push(eureka::question(server.path.path(), &written.application).parse().ok()?);
            servers.push(server);
        }
        if servers.is_empty() || servers.len() > MOST_SERVERS {
            self.error(&at.key("urls"), format!("Eureka has from 1 to {MOST_SERVERS} addresses"))
                .help("such as [\"http://eureka.internal:8761/eureka\"]");
        }
        let by_name = written.by_name.unwrap_or(false);
        let eureka = Eureka { servers: servers.into(), questions: questions.into(), secure, by_name };
        Some((Kind::Eureka(Arc::new(eureka)), EUREKA_INTERVAL))
    }

    pub(super) fn own_registry(&mut self, at: &Pointer, written: &WrittenRegistered) -> Option<Written> {
        if !is_name(&written.service) {
            self.not_a_service(&at.key("service"), &written.service);
        }
        let Some(registry::Registry { store, timeout, .. }) = &self.registry else {
            if !self.has_registry {
                self.error(at, "there is no registry")
                    .help("add [registry], which says who may register what");
            }
            return None;
        };
        let registered =
            Registered { store: store.clone(), service: written.service.as_str().into(), timeout: *timeout };
        Some((Kind::Registry(Arc::new(registered)), REGISTRY_INTERVAL))
    }

    /// The variable with a token, where one is written; `None` where that is a mistake.
    fn registry_token(&mut self, at: &Pointer, written: Option<&str>) -> Option<Option<Box<str>>> {
        match written {
            Some(token) => self.secret(&at.key("token"), token).map(Some),
            None => Some(None),
        }
    }

    fn has_no_query(&mut self, at: &Pointer, endpoint: Option<&Endpoint>) {
        if endpoint.is_some_and(|endpoint| endpoint.path.query().is_some()) {
            self.error(at, "the address of a registry has no query");
        }
    }

    fn is_not_empty(&mut self, at: &Pointer, name: &str) {
        if name.is_empty() {
            self.error(at, "an empty name is everything, or nothing").help("say which service is meant");
        }
    }
}
