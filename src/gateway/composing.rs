//! Making one answer of several.

use http::Response;

use super::{Gateway, Incoming};
use crate::body::Body;
use crate::compose::Compose;
use crate::deadline::Deadline;
use crate::host::Host;
use crate::plan::Route;
use crate::problem::{Failure, Problem};

impl<H: Host> Gateway<H> {
    /// The answer that is made of the steps' of a composed route.
    pub(super) async fn compose(
        &self,
        _route: &Route,
        _compose: &Compose,
        _incoming: &mut Incoming<'_>,
        _body: Body<H::Stream>,
        _deadline: Deadline,
    ) -> Result<Response<Body<H::Stream>>, Failure> {
        Err(Problem::NotImplemented.into())
    }
}
