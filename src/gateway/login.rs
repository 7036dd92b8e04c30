//! The routes that a login has of its own.

use http::Response;

use super::{Gateway, Incoming};
use crate::auth::Kind;
use crate::auth::login::finish::{Visit, finish, leave};
use crate::body::Body;
use crate::deadline::Deadline;
use crate::host::Host;
use crate::plan::{LoginRoute, LoginStep};
use crate::problem::{Failure, Problem};

impl<H: Host> Gateway<H> {
    /// The end of a login, or the logout.
    pub(super) async fn login(
        &self,
        route: &LoginRoute,
        incoming: &Incoming<'_>,
        deadline: Deadline,
    ) -> Result<Response<Body<H::Stream>>, Failure> {
        let Kind::Login(login) = &self.plan.auth.authenticators[route.authenticator].kind else {
            // The plan makes no such route.
            return Err(Problem::Internal.into());
        };
        let visit = Visit {
            head: &incoming.head,
            now: incoming.record.started,
            deadline,
            store: self.plan.auth.store.as_ref(),
        };
        let response = match route.step {
            LoginStep::Callback => finish(&self.host, login, &visit).await?,
            LoginStep::Logout => leave(&self.host, login, &visit).await?,
        };
        Ok(response.map(|content| if content.is_empty() { Body::Empty } else { Body::Full(content) }))
    }
}
