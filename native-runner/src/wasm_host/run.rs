//! One request through one guest.

use crate::wasm_host::WasmHost;
use crate::wasm_host::meter::{Exhausted, Metered};
use crate::wasm_host::spin_headers;
use crate::wasm_host::state::State;
use bytes::Bytes;
use http::uri::Scheme;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body::Body;
use http_body_util::{BodyExt, Either, Full};
use std::net::SocketAddr;
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use wasmtime::Store;
use wasmtime::component::Resource;
use wasmtime_wasi_http::p2::bindings::ProxyPre;
use wasmtime_wasi_http::p2::bindings::http::types::{ErrorCode, Scheme as WasiScheme};
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;
use wasmtime_wasi_http::p2::types::{HostIncomingRequest, HostResponseOutparam};
use wasmtime_wasi_http::{Error, WasiHttpView};

/// Any error of a body.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The body of an answer: the guest's stream, or a short text of ours. Its error is a [`BoxError`].
pub type Reply = Either<HyperOutgoingBody, Full<Bytes>>;

/// How long a client is asked to wait when all instances are taken: the slots turn over within milliseconds.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

type Answer = Result<Response<HyperOutgoingBody>, ErrorCode>;

/// A guest that is about to be run.
struct Guest {
    store: Store<State>,
    request: Resource<HostIncomingRequest>,
    out: Resource<HostResponseOutparam>,
}

/// The answer to a request that has a `slot`; it never fails.
pub async fn run<B>(
    host: &WasmHost,
    slot: OwnedSemaphorePermit,
    request: Request<B>,
    scheme: &Scheme,
    client: SocketAddr,
) -> Response<Reply>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let (mut head, body) = request.into_parts();
    if spin_headers::authority(&head).is_none() {
        return text(StatusCode::BAD_REQUEST, "the request names no host\n");
    }
    spin_headers::append(&mut head, scheme, client);
    let (sender, receiver) = oneshot::channel();
    match prepare(host, slot, Request::from_parts(head, body), scheme, sender) {
        Ok(guest) => drive(host, guest, receiver).await,
        Err(error) => failed(&format!("{error:#}")),
    }
}

/// All instances are taken.
pub fn overloaded() -> Response<Reply> {
    let mut response = text(StatusCode::SERVICE_UNAVAILABLE, "all instances are busy\n");
    response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER);
    response
}

fn prepare<B>(
    host: &WasmHost,
    slot: OwnedSemaphorePermit,
    request: Request<B>,
    scheme: &Scheme,
    sender: oneshot::Sender<Answer>,
) -> wasmtime::Result<Guest>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let state = State::new(&host.options, &host.outbound, slot)?;
    let mut store = Store::new(host.component.engine(), state);
    store.set_epoch_deadline(1);
    store.epoch_deadline_async_yield_and_update(1);
    let scheme = if *scheme == Scheme::HTTPS { WasiScheme::Https } else { WasiScheme::Http };
    let request = request.map(|body| body.map_err(|error| inbound_error(error.into())));
    let request = store.data_mut().http().new_incoming_request(scheme, request)?;
    let out = store.data_mut().http().new_response_outparam(sender)?;
    Ok(Guest { store, request, out })
}

/// Runs the guest in a task of its own, because it may go on after its answer, and waits for the answer only.
async fn drive(host: &WasmHost, guest: Guest, receiver: oneshot::Receiver<Answer>) -> Response<Reply> {
    let run = Metered::new(guest.handle(host.component.clone()), host.options.compute);
    tokio::spawn(async move {
        match run.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!("the guest ended early: {error:?}"),
            Err(Exhausted) => tracing::error!("the guest was ended: it used up its time on a core"),
        }
    });
    match receiver.await {
        Ok(Ok(response)) => response.map(Either::Left),
        Ok(Err(code)) => failed(&format!("the guest answered with the error {code:?}")),
        // The guest is gone, and the sender with it.
        Err(_) => failed("the guest gave no answer"),
    }
}

/// A failure of the guest or of this host: the reason is for the operator only.
fn failed(why: &str) -> Response<Reply> {
    tracing::error!("{why}");
    text(StatusCode::INTERNAL_SERVER_ERROR, "the component failed\n")
}

fn text(status: StatusCode, text: &'static str) -> Response<Reply> {
    let mut response = Response::new(Either::Right(Full::from(text)));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}

/// A request body that broke off, as the guest may be told.
fn inbound_error(error: BoxError) -> Error {
    match error.downcast::<hyper::Error>() {
        Ok(error) if error.is_timeout() => Error::ConnectionReadTimeout,
        Ok(_) => Error::ConnectionTerminated,
        Err(error) => Error::InternalError(Some(error.to_string())),
    }
}

// === impl Guest ===

impl Guest {
    async fn handle(mut self, component: ProxyPre<State>) -> wasmtime::Result<()> {
        let proxy = component.instantiate_async(&mut self.store).await?;
        proxy.wasi_http_incoming_handler().call_handle(&mut self.store, self.request, self.out).await
    }
}
