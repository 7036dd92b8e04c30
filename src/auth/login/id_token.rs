//! The claims of an ID token: OpenID Connect Core section 3.1.3.7. The signature is judged elsewhere, before.

use std::time::Duration;

use serde_json::{Map, Value};

use super::policy::Login;
use crate::host::UnixMillis;

/// OpenID Connect Core section 2: `sub` is at most 255 characters.
const SUBJECT_MOST: usize = 255;

/// What the claims must say.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The provider's issuer.
    pub issuer: &'a str,
    /// The nonce of the login; none for a token that came by a refresh.
    pub nonce: Option<&'a str>,
    /// Civil time.
    pub now: UnixMillis,
}

/// The subject, where the claims are those of a token for this client and this login. Else what is wrong, for the
/// operator; it holds nothing of the token.
pub fn check<'a>(
    login: &Login,
    claims: &'a Map<String, Value>,
    expected: &Expected<'_>,
) -> Result<&'a str, &'static str> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    // Point 2.
    if text("iss") != Some(expected.issuer) {
        return Err("the ID token is another issuer's");
    }
    // Point 3.
    audience(login, claims.get("aud"))?;
    // Points 4 and 5 as of errata set 2: where there is one, it is us.
    if claims.contains_key("azp") && text("azp") != Some(&login.client_id) {
        return Err("the ID token was issued to another party (azp)");
    }
    times(claims, login.skew, expected.now)?;
    // Point 11. A token that came by a refresh need not have it (section 12.2).
    if expected.nonce.is_some_and(|nonce| text("nonce") != Some(nonce)) {
        return Err("the ID token is another login's (nonce)");
    }
    match text("sub") {
        Some(subject) if (1..=SUBJECT_MOST).contains(&subject.len()) => Ok(subject),
        _ => Err("the ID token has no subject"),
    }
}

fn audience(login: &Login, audience: Option<&Value>) -> Result<(), &'static str> {
    let all = match audience {
        Some(Value::Array(all)) => all.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    let is_us = |it: &Value| it.as_str() == Some(&login.client_id);
    let is_trusted = |it: &Value| login.trusted_audiences.iter().any(|trusted| it.as_str() == Some(trusted));
    if !all.iter().any(is_us) {
        return Err("the ID token is for another client (aud)");
    }
    match all.iter().all(|it| is_us(it) || is_trusted(it)) {
        true => Ok(()),
        false => Err("the ID token is also for audiences that are not trusted (aud)"),
    }
}

fn times(claims: &Map<String, Value>, skew: Duration, now: UnixMillis) -> Result<(), &'static str> {
    let now = now.0 as f64 / 1_000.0;
    let skew = skew.as_secs_f64();
    // RFC 7519 section 2, NumericDate: seconds, maybe with a fraction.
    let time = |name: &str| claims.get(name).and_then(Value::as_f64);
    match time("exp") {
        Some(end) if end + skew > now => {}
        Some(_) => return Err("the ID token is over"),
        None => return Err("the ID token has no end"),
    }
    match time("iat") {
        Some(issued) if issued <= now + skew => {}
        Some(_) => return Err("the ID token is from the future"),
        None => return Err("the ID token does not say when it was issued"),
    }
    match claims.contains_key("nbf") && !time("nbf").is_some_and(|start| start <= now + skew) {
        true => Err("the ID token is not valid yet"),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::super::policy::tests::login;
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_700_000_000_500);

    /// A good token's claims, with members replaced, or taken away by null.
    fn judge(change: Value) -> Result<String, &'static str> {
        let mut claims = json!({
            "iss": "https://id.example", "aud": "app", "sub": "ada", "nonce": "n",
            "exp": 1_700_000_300, "iat": 1_700_000_000,
        });
        for (name, value) in change.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let mut claims = claims.as_object().unwrap().clone();
        claims.retain(|_, value| !value.is_null());
        let expected = Expected { issuer: "https://id.example", nonce: Some("n"), now: NOW };
        let login = Login { trusted_audiences: vec!["project".into()], ..login() };
        check(&login, &claims, &expected).map(str::to_owned)
    }

    #[test]
    fn the_truth_table() {
        for change in [
            json!({}),
            json!({"aud": ["app"]}),
            json!({"aud": ["project", "app"]}),
            json!({"azp": "app"}),
            json!({"exp": 1_699_999_941}),
            json!({"iat": 1_700_000_060.25}),
            json!({"nbf": 1_700_000_060}),
        ] {
            assert_eq!(judge(change.clone()), Ok("ada".to_owned()), "{change}");
        }
        for (change, wrong) in [
            (json!({"iss": null}), "issuer"),
            (json!({"iss": "https://id.example/"}), "issuer"),
            (json!({"iss": ["https://id.example"]}), "issuer"),
            (json!({"aud": null}), "another client"),
            (json!({"aud": "other"}), "another client"),
            (json!({"aud": []}), "another client"),
            (json!({"aud": ["project"]}), "another client"),
            (json!({"aud": {"app": "app"}}), "another client"),
            (json!({"aud": ["app", "other"]}), "not trusted"),
            (json!({"aud": ["app", 7]}), "not trusted"),
            (json!({"azp": "other"}), "azp"),
            (json!({"azp": 7}), "azp"),
            (json!({"exp": null}), "no end"),
            (json!({"exp": "1900000000"}), "no end"),
            (json!({"exp": 1_699_999_940}), "over"),
            (json!({"iat": null}), "issued"),
            (json!({"iat": 1_700_000_061}), "future"),
            (json!({"nbf": 1_700_000_061}), "not valid yet"),
            (json!({"nbf": "x"}), "not valid yet"),
            (json!({"nonce": null}), "nonce"),
            (json!({"nonce": "N"}), "nonce"),
            (json!({"nonce": ["n"]}), "nonce"),
            (json!({"sub": null}), "subject"),
            (json!({"sub": ""}), "subject"),
            (json!({"sub": 7}), "subject"),
            (json!({"sub": "x".repeat(256)}), "subject"),
        ] {
            let judged = judge(change.clone()).unwrap_err();
            assert!(judged.contains(wrong), "{change}: {judged}");
        }
    }
}
