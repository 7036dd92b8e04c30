//! How the gateway shows an authorisation server who it is (RFC 6749 section 2.3.1).

use http::HeaderValue;

use crate::ask::client_secret;
use crate::host::Variables;

/// A client with a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Its identifier at the server.
    pub id: Box<str>,
    /// The variable that holds its secret.
    pub secret: Box<str>,
    /// Where the secret stands.
    pub shown: Shown,
}

/// Where a client's secret stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// In `Authorization`.
    Basic,
    /// In the form.
    Post,
}

// === impl Client ===

impl Client {
    /// Puts the secret where it belongs: in `form`, or in the value of `Authorization` that is given back. The error is
    /// for the operator.
    pub async fn authenticate<H: Variables>(
        &self,
        host: &H,
        form: &mut String,
    ) -> Result<Option<HeaderValue>, String> {
        let secret = match host.variable(&self.secret).await {
            Ok(Some(secret)) => secret,
            Ok(None) => return Err(format!("the variable {} is not set", self.secret)),
            Err(error) => {
                return Err(format!("the variable {} cannot be read: {}", self.secret, error.cause));
            }
        };
        match self.shown {
            Shown::Basic => match client_secret::basic(&self.id, &secret) {
                Some(value) => Ok(Some(value)),
                None => Err("the client's secret cannot be sent".to_owned()),
            },
            Shown::Post => {
                let mut written = url::form_urlencoded::Serializer::for_suffix(std::mem::take(form), 0);
                written.append_pair("client_id", &self.id).append_pair("client_secret", secret.expose());
                *form = written.finish();
                Ok(None)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;
    use crate::sim::SimHost;

    fn shown(shown: Shown) -> (Result<Option<HeaderValue>, String>, String) {
        let host = SimHost::new(1);
        host.set_variable("secret", "p&ss:w=rd");
        let client = Client { id: "a:b".into(), secret: "secret".into(), shown };
        let mut form = "token=t".to_owned();
        (host.run(client.authenticate(&host, &mut form)).unwrap(), form)
    }

    #[test]
    fn in_the_field_or_in_the_form() {
        let (value, form) = shown(Shown::Basic);
        let value = value.unwrap().unwrap();
        assert!(value.is_sensitive());
        let decoded = STANDARD.decode(&value.as_bytes()["Basic ".len()..]).unwrap();
        assert_eq!((decoded.as_slice(), &*form), (&b"a%3Ab:p%26ss%3Aw%3Drd"[..], "token=t"));
        let (value, form) = shown(Shown::Post);
        assert_eq!((value, &*form), (Ok(None), "token=t&client_id=a%3Ab&client_secret=p%26ss%3Aw%3Drd"));
    }

    #[test]
    fn a_secret_that_is_not_there_is_told() {
        let client = Client { id: "a".into(), secret: "secret".into(), shown: Shown::Basic };
        let host = SimHost::new(1);
        let got = host.run(client.authenticate(&host, &mut String::new())).unwrap();
        assert_eq!(got, Err("the variable secret is not set".to_owned()));
    }
}
