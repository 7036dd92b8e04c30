//! The registry over HTTP: instances register themselves, are taken out and are listed.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use http::request::Parts;
use http::{Method, Response, StatusCode};
use serde_json::{Value, json};

use super::{Gateway, Incoming};
use crate::body::{self, Body, BodyError};
use crate::deadline::Deadline;
use crate::discovery::registry::document::{Document, Instance, MOST, Put, is_name, millis};
use crate::discovery::registry::registration::{self, Refused};
use crate::discovery::registry::{LONGEST_NAME, Part, Registry, Service, keeping};
use crate::host::{Host, StoreError, UnixMillis};
use crate::plan::Route;
use crate::problem::{Failure, Problem};

/// The largest registration in bytes: a host of 253 bytes and a zone of 63, generously.
const LARGEST: u64 = 4 << 10;

impl<H: Host> Gateway<H> {
    /// Does what the request asks of the registry.
    pub(super) async fn registry(
        &self,
        route: &Route,
        part: Part,
        incoming: &Incoming<'_>,
        body: Body<H::Stream>,
        deadline: Deadline,
    ) -> Result<Response<Body<H::Stream>>, Failure> {
        let Some(registry) = self.plan.registry.as_deref() else {
            // The plan makes no such route.
            return Err(Problem::Internal.into());
        };
        let captured = route.pattern.capture(&incoming.normal.path).unwrap_or_default();
        let mut names = captured.into_iter();
        if part == Part::Services {
            return self.services(registry, deadline).await;
        }
        let service = names.next().and_then(|name| registry.service(name));
        let service = service.ok_or_else(|| {
            Failure::from(Problem::NoRoute).detail("there is no such service in the registry")
        })?;
        let Some(name) = names.next() else { return self.instances(registry, service, deadline).await };
        if !is_name(name) {
            return Err(invalid(format!(
                "the name of an instance has 1 to {LONGEST_NAME} letters, digits, and any of . _ -"
            )));
        }
        is_its_own(registry, service, incoming)?;
        if incoming.head.method == Method::DELETE {
            let removed = keeping::remove(&self.host, registry, service, name, deadline).await;
            removed.map_err(unavailable)?;
            return Ok(no_content());
        }
        let json = self.registration(&incoming.head, body, deadline).await?;
        let instance = registration::read(&json, registry, service, name, self.host.unix());
        let instance = instance.map_err(|refused| match refused {
            Refused::Wrong(why) => invalid(why),
            // Why is the operator's affair: what may be reached from here is not for everybody to find out.
            Refused::Forbidden(why) => {
                Failure::from(Problem::Forbidden).detail("nobody may register that address").cause(why)
            }
        })?;
        let put = keeping::register(&self.host, registry, service, &instance, deadline).await;
        match put.map_err(unavailable)? {
            Put::New => Ok(answer(StatusCode::CREATED, &shown(&instance, self.host.unix()))),
            Put::Renewed => Ok(no_content()),
            Put::Full => Err(Failure::from(Problem::RegistryFull)
                .detail(format!("the service has {} instances", registry.most.min(MOST)))),
        }
    }

    /// JSON, said to be JSON, as of everything that changes something.
    async fn registration(
        &self,
        head: &Parts,
        body: Body<H::Stream>,
        deadline: Deadline,
    ) -> Result<Bytes, Failure> {
        let said = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !said.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
            return Err(Failure::from(Problem::UnsupportedMediaType)
                .detail("an instance is application/json, and Content-Type says so"));
        }
        body::collect(&self.host, body, LARGEST, deadline).await.map_err(|error| match error {
            BodyError::TooLarge => Failure::from(Problem::BodyTooLarge)
                .detail(format!("a registration has {LARGEST} bytes at most")),
            BodyError::Deadline => Problem::RequestTimeout.into(),
            _ => invalid("the registration broke off"),
        })
    }

    /// All services, with how many instances each has.
    async fn services(
        &self,
        registry: &Registry,
        deadline: Deadline,
    ) -> Result<Response<Body<H::Stream>>, Failure> {
        let mut services = Vec::with_capacity(registry.services.len());
        for service in &registry.services {
            let document = self.registered(registry, service, deadline).await?;
            let count = document.live(self.host.unix()).count();
            services.push(json!({"service": service.name, "instances": count}));
        }
        Ok(answer(StatusCode::OK, &json!({"services": services})))
    }

    /// The instances of one service.
    async fn instances(
        &self,
        registry: &Registry,
        service: &Service,
        deadline: Deadline,
    ) -> Result<Response<Body<H::Stream>>, Failure> {
        let document = self.registered(registry, service, deadline).await?;
        let now = self.host.unix();
        let instances: Vec<Value> = document.live(now).map(|instance| shown(instance, now)).collect();
        Ok(answer(StatusCode::OK, &json!({"service": service.name, "instances": instances})))
    }

    async fn registered(
        &self,
        registry: &Registry,
        service: &Service,
        deadline: Deadline,
    ) -> Result<Document, Failure> {
        let document =
            keeping::read(&self.host, &registry.store, &service.name, registry.timeout, deadline).await;
        document.map_err(unavailable)
    }
}

/// Where consumers register only the service of their own name: whether that is so.
fn is_its_own(registry: &Registry, service: &Service, incoming: &Incoming<'_>) -> Result<(), Failure> {
    let consumer = incoming.admitted.caller.as_ref().and_then(|caller| caller.consumer.as_ref());
    let own = consumer.is_some_and(|consumer| consumer.id == service.name);
    if !registry.own_name_only || own {
        return Ok(());
    }
    Err(Failure::from(Problem::Forbidden).detail("a consumer registers the service of its own name only"))
}

fn shown(instance: &Instance, now: UnixMillis) -> Value {
    let host = &instance.host;
    let address = match host.contains(':') {
        true => format!("[{host}]:{}", instance.port),
        false => format!("{host}:{}", instance.port),
    };
    // Rounded down, so that nobody relies on the rest; nothing once only the skew of clocks keeps it.
    let expires = instance.until.saturating_sub(now.0) / millis(std::time::Duration::from_secs(1));
    let mut shown = json!({
        "instance": instance.name, "address": address, "weight": instance.weight, "expires_in": expires
    });
    if let Some(zone) = &instance.zone {
        shown["zone"] = json!(zone);
    }
    shown
}

fn invalid(detail: impl Into<String>) -> Failure {
    Failure::from(Problem::InvalidRegistration).detail(detail)
}

fn unavailable(error: StoreError) -> Failure {
    Failure::from(Problem::RegistryUnavailable).cause(error.cause)
}

fn answer<S>(status: StatusCode, content: &Value) -> Response<Body<S>> {
    let mut response = Response::new(Body::Full(Bytes::from(content.to_string())));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn no_content<S>() -> Response<Body<S>> {
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
