//! The native gateway as what a server answers with.

use std::path::Path;
use std::sync::Arc;

use arc_swap::ArcSwap;
use http::request::Parts;
use http::{Request, Response};
use hyper::body::Incoming;
use tollgate::gateway::{Gateway, Peer};
use tollgate::plan::Plan;
use tollgate::problem::Failure;
use tollgate::reply::ReplyBody;

use super::{Answer, probing};
use crate::discover::Following;
use crate::host::{NativeBody, NativeHost};

/// One worker's gateway: the plan in force, and a host of its own.
#[derive(Debug)]
pub struct Native {
    current: ArcSwap<Gateway<NativeHost>>,
    host: NativeHost,
    /// What is done that no request asks for; `None` where nothing is.
    following: Option<Following>,
}

// === impl Native ===

impl Native {
    /// `plan` in force on `host`; `upkeep`: whether it does what no request asks for, and the directory that files of targets
    /// are relative to.
    pub fn new(plan: Arc<Plan>, host: NativeHost, upkeep: Option<&Path>) -> Self {
        let following = upkeep.map(|directory| Following::new(host.clone(), directory.to_owned()));
        Self { current: ArcSwap::from_pointee(Gateway::new(plan, host.clone())), host, following }
    }

    /// Puts another plan in force. Requests in flight finish under the plan they began with.
    pub fn install(&self, plan: Arc<Plan>) {
        self.current.store(Arc::new(Gateway::new(plan, self.host.clone())));
    }

    /// The worker's host.
    pub fn host(&self) -> &NativeHost {
        &self.host
    }
}

impl Answer for Native {
    type Body = ReplyBody<NativeHost>;

    async fn handle(self: &Arc<Self>, request: Request<Incoming>, peer: Peer) -> Response<Self::Body> {
        let gateway = self.current.load_full();
        gateway.handle(request.map(NativeBody::inbound), peer).await
    }

    fn refuse(&self, failure: &Failure, head: &Parts, peer: Peer) -> Response<Self::Body> {
        self.current.load().refuse(failure, head, peer)
    }

    async fn tend(self: &Arc<Self>) {
        if let Some(following) = &self.following {
            let gateway = self.current.load_full();
            following.adjust(gateway.plan());
            gateway.tick().await;
        }
    }

    async fn watch(self: &Arc<Self>) {
        if self.following.is_some() {
            probing::probe(|| self.current.load_full()).await;
        }
    }

    fn leaves_request_unread(&self, body: &Self::Body) -> bool {
        body.leaves_request_unread()
    }
}
