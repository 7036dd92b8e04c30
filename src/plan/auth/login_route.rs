//! The routes that a login has of its own: nobody writes them, and everybody may use them.

use http::Method;
use url::Url;

use super::super::compile::{Context, Pointer};
use super::super::{Action, LoginRoute, LoginStep, Route};
use crate::auth::login::Login;
use crate::auth::{Kind, Plan};
use crate::config::Document;
use crate::route::condition::Methods;
use crate::route::pattern::Pattern;
use crate::route::table::HostPattern;

impl Context<'_> {
    /// The callback and the logout of every login.
    pub(in super::super) fn login_routes(
        &mut self,
        documents: &[(String, Document)],
        plan: &Plan,
    ) -> Vec<Route> {
        let mut routes = Vec::new();
        for (authenticator, known) in plan.authenticators.iter().enumerate() {
            let Kind::Login(login) = &known.kind else { continue };
            let written = |(_, document): &&(String, Document)| document.auth.contains_key(&*known.name);
            let Some((file, _)) = documents.iter().find(written) else { continue };
            let at = Pointer::root(file).key("auth").key(&known.name).key("login");
            for step in [LoginStep::Callback, LoginStep::Logout] {
                routes.extend(route(&at, login, LoginRoute { authenticator, step }));
            }
        }
        routes
    }
}

/// The host is the origin's, because a route with a host goes before one without, whatever their paths.
fn route(at: &Pointer, login: &Login, own: LoginRoute) -> Option<Route> {
    let (last, path, listed) = match own.step {
        LoginStep::Callback => ("callback", &login.callback, vec![Method::GET]),
        LoginStep::Logout => ("logout", &login.logout, vec![Method::GET, Method::HEAD, Method::POST]),
    };
    let host = Url::parse(&login.origin).ok()?.host_str()?.to_ascii_lowercase();
    let id = format!("auth/{}/{last}", login.name);
    let origin = (at.file().into(), at.path().into());
    let route = Route::of_the_gateway(&id, origin, Pattern::path(path).ok()?, Action::Login(own));
    let methods = Methods { listed, head_through_get: false };
    Some(Route { hosts: vec![HostPattern::Exact(host.into())], methods, ..route })
}
