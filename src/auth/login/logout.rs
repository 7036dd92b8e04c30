//! Logout: `POST` from a page of our own ends the session at once, and so does a link that the person follows there.
//! What comes from elsewhere, where a page of another site may stand behind it, is answered with a page that asks.

use http::{HeaderMap, Method};

use super::browser;
use super::pending::with_query;
use super::policy::Login;
use super::provider::Provider;
use super::session::Session;

/// What a request to the logout path does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Logout {
    /// The session ends.
    Now,
    /// The person is asked.
    Ask,
    /// A page of another origin sent it: refused.
    Forbidden,
    /// The path takes no such method.
    Method,
}

/// The page that asks. It posts to where it is; there is no script and nothing foreign in it.
pub const PAGE: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
    <meta name=\"viewport\" content=\"width=device-width\"><title>Log out</title>\
    <form method=\"post\"><p>Do you want to log out?</p><p><button>Log out</button></p></form></html>";

/// The page's `Content-Security-Policy`. There is no `form-action`: browsers apply it to the redirect to the provider.
pub const PAGE_POLICY: &str = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'";

/// What the request does, by its method and where it came from.
pub fn decide(login: &Login, method: &Method, headers: &HeaderMap) -> Logout {
    match *method {
        Method::POST if browser::may_change(method, headers, &login.origin) => Logout::Now,
        Method::POST => Logout::Forbidden,
        Method::GET if browser::is_own_visit(headers) => Logout::Now,
        Method::GET | Method::HEAD => Logout::Ask,
        _ => Logout::Method,
    }
}

/// Where the browser goes after its session has ended: to the provider, if it has a logout (OpenID Connect
/// RP-Initiated Logout 1.0 section 2), which sends it on to `after_logout`; else there at once.
pub fn location(login: &Login, provider: Option<&Provider>, session: Option<&Session>) -> String {
    let after = format!("{}{}", login.origin, login.after_logout);
    let Some(endpoint) = provider.and_then(|provider| provider.end_session.as_deref()) else {
        return after;
    };
    let mut parameters = vec![("client_id", &*login.client_id), ("post_logout_redirect_uri", &*after)];
    if let Some(id_token) = session.and_then(|session| session.id_token.as_deref()) {
        parameters.push(("id_token_hint", id_token));
    }
    with_query(endpoint, &parameters)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use http::header::{HeaderName, HeaderValue};

    use super::super::policy::tests::login;
    use super::super::provider::tests::provider;
    use super::*;

    #[test]
    fn who_may_log_out_how() {
        let navigate = ("sec-fetch-mode", "navigate");
        for (method, fields, expected) in [
            (Method::POST, &[("origin", "https://app.example")][..], Logout::Now),
            (Method::POST, &[("sec-fetch-site", "same-origin")], Logout::Now),
            (Method::POST, &[("sec-fetch-site", "cross-site")], Logout::Forbidden),
            (Method::POST, &[("origin", "https://evil.example")], Logout::Forbidden),
            (Method::POST, &[], Logout::Forbidden),
            (Method::GET, &[navigate, ("sec-fetch-site", "same-origin")], Logout::Now),
            (Method::GET, &[navigate, ("sec-fetch-site", "none")], Logout::Now),
            (Method::GET, &[navigate, ("sec-fetch-site", "cross-site")], Logout::Ask),
            (Method::GET, &[("sec-fetch-mode", "no-cors"), ("sec-fetch-site", "same-origin")], Logout::Ask),
            (Method::GET, &[], Logout::Ask),
            (Method::HEAD, &[navigate, ("sec-fetch-site", "none")], Logout::Ask),
            (Method::DELETE, &[], Logout::Method),
        ] {
            let field = |(name, value): &(&'static str, &'static str)| {
                (HeaderName::from_static(name), HeaderValue::from_static(value))
            };
            let headers: HeaderMap = fields.iter().map(field).collect();
            assert_eq!(decide(&login(), &method, &headers), expected, "{method} {fields:?}");
        }
    }

    #[test]
    fn where_the_browser_goes() {
        let session: Session = serde_json::from_str(r#"{"c":{},"b":0,"u":0,"i":"i.j.k"}"#).unwrap();
        let there =
            "https://id.example/end?a=b&client_id=app&post_logout_redirect_uri=https%3A%2F%2Fapp.example%2F";
        assert_eq!(location(&login(), Some(&provider()), None), there);
        assert_eq!(
            location(&login(), Some(&provider()), Some(&session)),
            format!("{there}&id_token_hint=i.j.k")
        );
        let none = Provider { end_session: None, ..provider() };
        assert_eq!(location(&login(), Some(&none), Some(&session)), "https://app.example/");
        assert_eq!(location(&login(), None, None), "https://app.example/");
    }
}
