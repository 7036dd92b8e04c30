//! The component shell: the gateway as a guest of Spin, `wasmtime serve` and every other host of `wasi:http` 0.2.
//!
//! A host makes a fresh instance for every request, so what an instance does before the request is paid each time.
//! There is nothing to do: the plan was compiled at build time and is part of the memory image ([`frozen`]).
//!
//! | file | idea |
//! |---|---|
//! | `frozen`, `heap` | the plan in the memory image, and room beside it |
//! | `executor` | futures over pollables |
//! | `request` | a client's request, and who sent it |
//! | `fields` | header fields in and out |
//! | `incoming` | a body that arrives |
//! | `outgoing` | a body that leaves, and the fast way from one to the other |
//! | `answer` | the answer to the client |
//! | `client`, `send_error` | exchanges with upstreams |
//! | `host`, `variables`, `key_value`, `redis` | the rest of the seam |
//!
//! What `wasi:http` 0.2 does not let a guest do or know:
//!
//! - The fields `Connection`, `Host`, `Transfer-Encoding` and the like belong to the host, which takes them away before
//!   the gateway sees the request: fields that `Connection` names cannot be known, hence not be removed.
//! - The version of HTTP is not told: it is taken for 1.1.
//! - The client's address is told by Spin only, in a field ([`request`]); elsewhere it is `0.0.0.0`.
//! - That a client has gone is noticed when the next piece of the answer is written, not before.

mod answer;
mod client;
mod executor;
mod fields;
mod frozen;
mod heap;
mod host;
mod incoming;
mod key_value;
mod outgoing;
mod redis;
mod request;
mod send_error;
mod variables;

use std::time::Duration;

use wasip2::http::types::{IncomingRequest, ResponseOutparam};

use crate::gateway::Gateway;
use crate::problem::{Failure, Problem};
use host::ComponentHost;
use request::Asked;

/// How long a request's body may go on after the answer is complete: an upstream may answer early and read on.
const AFTERWARDS: Duration = Duration::from_secs(30);

/// What the host calls.
struct Shell;

wasip2::http::proxy::export!(Shell with_types_in wasip2);

impl wasip2::exports::http::incoming_handler::Guest for Shell {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        executor::run(serve(request, out));
    }
}

async fn serve(request: IncomingRequest, out: ResponseOutparam) {
    let plan = match frozen::plan() {
        Ok(Some(plan)) => plan,
        Ok(None) => {
            return misconfigured(
                "this module has no configuration: `tollgate build` freezes one into it",
                out,
            );
        }
        Err(mistakes) => return misconfigured(&mistakes.join("\n"), out),
    };
    let gateway = Gateway::new(plan, ComponentHost);
    let reply = match request::read(request) {
        Asked::Request(request, peer) => gateway.handle(*request, peer).await,
        Asked::Refused(failure, head, peer) => gateway.refuse(&failure, &head, peer),
    };
    if answer::send(out, reply).await.is_ok() {
        executor::settle(AFTERWARDS).await;
    }
    host::settle(true).await;
}

/// Tells the operator why, and the client only that it is so.
fn misconfigured(why: &str, out: ResponseOutparam) {
    host::complain(why);
    answer::send_whole(out, Failure::from(Problem::Misconfigured).respond("tollgate", None));
}
