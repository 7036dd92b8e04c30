//! Whether a request is signed as the policy asks (RFC 9421 section 3.2).

use sha2::{Digest as _, Sha256};

use super::fields::Labelled;
use super::policy::covers_content;
use super::{Key, Message, Policy, Rejection, Signature, signature_base, signatures};

/// A signature that says of itself all that the policy asks, and is not verified yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    signature: Signature,
    keyid: String,
    end: Option<i64>,
}

/// A signature that is right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// Its name in the request.
    pub label: String,
    /// The identifier of the key it was made with.
    pub keyid: String,
    /// The identifiers of the components that it covers, in its order, as they stand in `Signature-Input`.
    pub covered: Vec<String>,
    /// Whether it covers `Content-Digest`: then the content must be compared with that before it is used.
    pub covers_content: bool,
    /// When it was made, in Unix seconds, if it says so.
    pub created: Option<i64>,
    /// When it ends by its own word, in Unix seconds, if it says so.
    pub expires: Option<i64>,
    /// What to remember so that it is accepted once, if it has a `nonce`.
    pub replay: Option<Replay>,
}

/// What to remember of a signature with a `nonce`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replay {
    /// Tells this nonce of this key from all others.
    pub digest: [u8; 32],
    /// Tells the key from most others: nonces of one do not crowd out those of another.
    pub key: u64,
    /// When it need not be remembered any more, in Unix seconds: the policy refuses it then whatever it is. Nothing, if
    /// it does not end.
    pub until: Option<i64>,
}

/// The signatures of a request that are worth verifying, in their order; at least one. Why the first is not, if none
/// is. `now` is in Unix seconds.
pub fn candidates(policy: &Policy, message: &Message<'_>, now: i64) -> Result<Vec<Candidate>, Rejection> {
    let mut why = None;
    let mut candidates = Vec::new();
    for signature in labelled(policy, signatures(message.headers)?)? {
        match signature.and_then(|signature| Candidate::new(policy, message, signature, now)) {
            Ok(candidate) => candidates.push(candidate),
            Err(rejection) => {
                why.get_or_insert(rejection);
            }
        }
    }
    match why {
        Some(why) if candidates.is_empty() => Err(why),
        _ => Ok(candidates),
    }
}

/// Those with the label that the policy asks for.
fn labelled(
    policy: &Policy,
    signatures: Vec<Labelled>,
) -> Result<Vec<Result<Signature, Rejection>>, Rejection> {
    let wanted = policy.label.as_deref();
    let all = signatures.into_iter().filter(|(label, _)| wanted.is_none_or(|wanted| label == wanted));
    let all: Vec<_> = all.map(|(_, signature)| signature).collect();
    if all.is_empty() { Err(Rejection::NoSuchLabel) } else { Ok(all) }
}

/// Whether the request is signed as the policy asks, with one of `keys`: the first signature that is. Why the first
/// that was worth verifying is not, if none is. `now` is in Unix seconds.
pub fn judge<'k>(
    policy: &Policy,
    message: &Message<'_>,
    keys: impl Fn(&str) -> Option<&'k Key>,
    now: i64,
) -> Result<Judged, Rejection> {
    let mut why = None;
    for candidate in candidates(policy, message, now)? {
        let judged = match keys(candidate.keyid()) {
            Some(key) => candidate.verify(message, key),
            None => Err(Rejection::UnknownKey),
        };
        match judged {
            Ok(judged) => return Ok(judged),
            Err(rejection) => {
                why.get_or_insert(rejection);
            }
        }
    }
    Err(why.unwrap_or(Rejection::Absent))
}

// === impl Candidate ===

impl Candidate {
    fn new(
        policy: &Policy,
        message: &Message<'_>,
        signature: Signature,
        now: i64,
    ) -> Result<Self, Rejection> {
        policy.accepts(&signature, message.has_content, now)?;
        let keyid = signature.keyid.clone().ok_or(Rejection::Missing("keyid"))?;
        let end = policy.end(&signature);
        Ok(Self { signature, keyid, end })
    }

    /// The identifier of the key that it says it was made with.
    pub fn keyid(&self) -> &str {
        &self.keyid
    }

    /// Whether it was made with `key`, over this request. The key says how: RFC 9421 section 3.2, step 6.
    pub fn verify(&self, message: &Message<'_>, key: &Key) -> Result<Judged, Rejection> {
        let signature = &self.signature;
        if signature.alg.as_deref().is_some_and(|alg| alg != key.algorithm().as_str()) {
            return Err(Rejection::Algorithm);
        }
        let base = signature_base(message, signature)?;
        if !key.verifies(base.as_bytes(), &signature.bytes) {
            return Err(Rejection::Wrong);
        }
        Ok(Judged {
            label: signature.label.clone(),
            keyid: self.keyid.clone(),
            covered: signature.covered.iter().map(|one| one.identifier().to_owned()).collect(),
            covers_content: covers_content(&signature.covered),
            created: signature.created,
            expires: signature.expires,
            replay: signature.nonce.as_ref().map(|nonce| Replay::new(&self.keyid, nonce, self.end)),
        })
    }
}

// === impl Replay ===

impl Replay {
    /// The length before the identifier keeps `ab` + `c` from `a` + `bc`.
    fn new(keyid: &str, nonce: &str, until: Option<i64>) -> Self {
        let mut digest = Sha256::new();
        digest.update((keyid.len() as u64).to_be_bytes());
        digest.update(keyid);
        digest.update(nonce);
        let key = Sha256::digest(keyid);
        let key = key.iter().take(8).fold(0, |key, byte| key << 8 | u64::from(*byte));
        Self { digest: digest.finalize().into(), key, until }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::time::Duration;

    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use ed25519_dalek::{Signer, SigningKey};
    use http::uri::PathAndQuery;
    use http::{HeaderMap, HeaderValue, Method};

    use super::super::{Algorithm, Derived, Required};
    use super::*;

    /// RFC 9421 appendix B.1.4 and B.1.5.
    const PUBLIC: &str = "MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=";
    const PRIVATE: &str = "n4Ni+HpISpVObnQMW0wOhCKROaIKqKtW/2ZYb2p9KcU=";
    const SECRET: &str =
        "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==";
    const CREATED: i64 = 1_618_884_473;

    fn ed25519() -> Key {
        Key::ed25519(PUBLIC).unwrap()
    }

    fn hmac() -> Key {
        Key::hmac_sha256(&STANDARD.decode(SECRET).unwrap()).unwrap()
    }

    fn anything() -> Policy {
        Policy { required: Box::new([]), content_digest: false, max_age: None, ..Policy::default() }
    }

    struct Sent {
        method: Method,
        target: PathAndQuery,
        authority: &'static str,
        headers: HeaderMap,
    }

    impl Sent {
        fn new(
            method: Method,
            target: &str,
            authority: &'static str,
            headers: &[(&'static str, &str)],
        ) -> Self {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.append(*name, HeaderValue::from_str(value).unwrap());
            }
            Self { method, target: target.parse().unwrap(), authority, headers: map }
        }

        /// RFC 9421 appendix B.2's test-request.
        fn test_request() -> Self {
            let digest = "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:";
            let headers = [
                ("host", "example.com"),
                ("date", "Tue, 20 Apr 2021 02:07:55 GMT"),
                ("content-type", "application/json"),
                ("content-digest", digest),
                ("content-length", "18"),
            ];
            Self::new(Method::POST, "/foo?param=Value&Pet=dog", "example.com", &headers)
        }

        fn with(mut self, input: &str, signature: &str) -> Self {
            self.headers.append("signature-input", HeaderValue::from_str(input).unwrap());
            self.headers.append("signature", HeaderValue::from_str(signature).unwrap());
            self
        }

        /// Signed with the RFC's Ed25519 key.
        fn signed(self, label: &str, params: &str) -> Self {
            let key = SigningKey::from_bytes(&STANDARD.decode(PRIVATE).unwrap().try_into().unwrap());
            let unsigned = Self { headers: self.headers.clone(), target: self.target.clone(), ..self };
            let unsigned = unsigned.with(&format!("{label}={params}"), &format!("{label}=:AQ==:"));
            let base = unsigned.base(label);
            let signature = STANDARD.encode(key.sign(base.as_bytes()).to_bytes());
            Self { headers: self.headers, ..unsigned }
                .with(&format!("{label}={params}"), &format!("{label}=:{signature}:"))
        }

        fn message(&self) -> Message<'_> {
            Message {
                method: &self.method,
                scheme: "https",
                authority: self.authority,
                target: &self.target,
                headers: &self.headers,
                has_content: true,
            }
        }

        fn base(&self, label: &str) -> String {
            let mut all = signatures(&self.headers).unwrap();
            let at = all.iter().position(|one| one.0 == label).unwrap();
            signature_base(&self.message(), &all.remove(at).1.unwrap()).unwrap()
        }

        fn judged(&self, policy: &Policy, now: i64) -> Result<Judged, Rejection> {
            let keys = [("test-key-ed25519", ed25519()), ("test-shared-secret", hmac())];
            let find = |id: &str| keys.iter().find(|(own, _)| *own == id).map(|(_, key)| key);
            judge(policy, &self.message(), find, now)
        }
    }

    #[test]
    fn appendix_b_2_5() {
        let params =
            "(\"date\" \"@authority\" \"content-type\");created=1618884473;keyid=\"test-shared-secret\"";
        let sent = Sent::test_request()
            .with(&format!("sig-b25={params}"), "sig-b25=:pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=:");
        assert_eq!(
            sent.base("sig-b25"),
            format!(
                "\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n\"@authority\": example.com\n\
                 \"content-type\": application/json\n\"@signature-params\": {params}"
            )
        );
        let judged = sent.judged(&anything(), CREATED).unwrap();
        assert_eq!(judged.keyid, "test-shared-secret");
        assert_eq!(judged.covered, ["\"date\"", "\"@authority\"", "\"content-type\""]);
        assert_eq!((judged.created, judged.expires), (Some(CREATED), None));
        assert_eq!((judged.covers_content, judged.replay), (false, None));
    }

    #[test]
    fn appendix_b_2_6() {
        let params = "(\"date\" \"@method\" \"@path\" \"@authority\" \"content-type\" \"content-length\")\
                      ;created=1618884473;keyid=\"test-key-ed25519\"";
        let signature =
            "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==";
        let sent = Sent::test_request().with(&format!("sig-b26={params}"), &format!("sig-b26=:{signature}:"));
        assert_eq!(
            sent.base("sig-b26"),
            format!(
                "\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n\"@method\": POST\n\"@path\": /foo\n\
                 \"@authority\": example.com\n\"content-type\": application/json\n\"content-length\": 18\n\
                 \"@signature-params\": {params}"
            )
        );
        assert_eq!(sent.judged(&anything(), CREATED).unwrap().label, "sig-b26");
        // The algorithm is deterministic: signing here gives the RFC's own bytes.
        let own = Sent::test_request().signed("sig-b26", params);
        assert_eq!(own.headers["signature"], format!("sig-b26=:{signature}:"));
    }

    /// The request of appendix B.4, which a hop may send on in any of these shapes.
    #[test]
    fn appendix_b_4() {
        let params =
            "(\"@method\" \"@path\" \"@authority\" \"accept\");created=1618884473;keyid=\"test-key-ed25519\"";
        let signature =
            "ZT1kooQsEHpZ0I1IjCqtQppOmIqlJPeo7DHR3SoMn0s5JZ1eRGS0A+vyYP9t/LXlh5QMFFQ6cpLt2m0pmj3NDA==";
        let sent = |method: Method, target: &str, authority, headers: &[(&'static str, &str)]| {
            Sent::new(method, target, authority, headers)
                .with(&format!("transform={params}"), &format!("transform=:{signature}:"))
                .judged(&anything(), CREATED)
                .map(|judged| judged.label)
        };
        let target = "/demo?name1=Value1&Name2=value2";
        let accept = [("accept", "application/json"), ("accept", "*/*")];
        for (target, authority, headers) in [
            (target, "example.org", &accept[..]),
            ("/demo?name1=Value1&Name2=value2&param=added", "example.org", &accept[..]),
            (target, "EXAMPLE.org:443", &[("accept-language", "en-US"), accept[0], accept[1]]),
            (target, "example.org", &[("accept", "  application/json, */*")]),
        ] {
            assert_eq!(sent(Method::GET, target, authority, headers).as_deref(), Ok("transform"));
        }
        let wrong = Err(Rejection::Wrong);
        assert_eq!(sent(Method::POST, target, "example.org", &accept), wrong);
        assert_eq!(sent(Method::GET, target, "example.com", &accept), wrong);
        assert_eq!(sent(Method::GET, "/Demo", "example.org", &accept), wrong);
        assert_eq!(sent(Method::GET, target, "example.org", &[accept[1], accept[0]]), wrong);
    }

    #[test]
    fn the_policy_comes_first() {
        let params =
            "(\"@method\" \"@target-uri\" \"content-digest\");created=1618884473;keyid=\"test-key-ed25519\"";
        let sent = Sent::test_request().signed("a", params);
        let policy = Policy::default();
        assert!(sent.judged(&policy, CREATED).unwrap().covers_content);
        assert_eq!(sent.judged(&policy, CREATED + 360).unwrap().label, "a");
        assert_eq!(sent.judged(&policy, CREATED + 361), Err(Rejection::TooOld));
        assert_eq!(sent.judged(&policy, CREATED - 61), Err(Rejection::Future));
        let required = Box::new([Required::Derived(Derived::Method), Required::Field(http::header::DATE)]);
        let dated = Policy { required, ..policy };
        assert_eq!(sent.judged(&dated, CREATED), Err(Rejection::Uncovered("date".to_owned())));
    }

    #[test]
    fn a_key_has_one_algorithm() {
        let judged = |params: &str| Sent::test_request().signed("a", params).judged(&anything(), CREATED);
        assert!(judged("();keyid=\"test-key-ed25519\";alg=\"ed25519\"").is_ok());
        let other = Err(Rejection::Algorithm);
        assert_eq!(judged("();keyid=\"test-key-ed25519\";alg=\"hmac-sha256\""), other);
        assert_eq!(judged("();keyid=\"test-key-ed25519\";alg=\"none\""), other);
        assert_eq!(judged("();keyid=\"test-shared-secret\";alg=\"ed25519\""), other);
        assert_eq!(judged("();keyid=\"test-shared-secret\""), Err(Rejection::Wrong));
        assert_eq!(judged("();keyid=\"other\""), Err(Rejection::UnknownKey));
        assert_eq!(judged("()"), Err(Rejection::Missing("keyid")));
        assert_eq!(ed25519().algorithm(), Algorithm::Ed25519);
    }

    /// The public key is no secret: an HMAC made with its bytes is worth nothing.
    #[test]
    fn a_public_key_is_not_a_shared_secret() {
        use hmac::Mac as _;
        let sent = |signature: &str| {
            Sent::test_request().with("a=();keyid=\"test-key-ed25519\"", &format!("a=:{signature}:"))
        };
        let base = sent("AQ==").base("a");
        let spki = STANDARD.decode(PUBLIC).unwrap();
        for bytes in [&spki[..], &spki[12..], PUBLIC.as_bytes()] {
            let forged = hmac::Hmac::<Sha256>::new_from_slice(bytes).unwrap().chain_update(&base).finalize();
            let forged = STANDARD.encode(forged.into_bytes());
            assert_eq!(sent(&forged).judged(&anything(), CREATED), Err(Rejection::Wrong));
        }
    }

    #[test]
    fn which_of_several() {
        let right = "(\"@method\");keyid=\"test-key-ed25519\"";
        let two = || {
            Sent::test_request().with("proxy=();keyid=\"unknown\"", "proxy=:AQ==:").signed("client", right)
        };
        let label = |policy: &Policy| two().judged(policy, CREATED).map(|judged| judged.label);
        assert_eq!(label(&anything()).as_deref(), Ok("client"));
        let labelled = |name: &str| Policy { label: Some(name.into()), ..anything() };
        assert_eq!(label(&labelled("client")).as_deref(), Ok("client"));
        assert_eq!(label(&labelled("proxy")), Err(Rejection::UnknownKey));
        assert_eq!(label(&labelled("other")), Err(Rejection::NoSuchLabel));
        let required = Box::new([Required::Derived(Derived::Path)]);
        let unfit = Policy { required, ..anything() };
        assert_eq!(label(&unfit), Err(Rejection::Uncovered("@path".to_owned())));
    }

    #[test]
    fn what_to_remember_of_a_nonce() {
        let replay = |params: &str, policy: &Policy| {
            Sent::test_request().signed("a", params).judged(policy, CREATED).unwrap().replay
        };
        let limited = Policy { max_age: Some(Duration::from_secs(300)), ..anything() };
        let nonce = "();created=1618884473;keyid=\"test-key-ed25519\";nonce=\"n\"";
        let one = replay(nonce, &limited).unwrap();
        assert_eq!(one.until, Some(CREATED + 360));
        assert_eq!(
            replay(&format!("{nonce};expires=1618884500"), &limited).unwrap().until,
            Some(1_618_884_560)
        );
        assert_eq!(
            replay(&format!("{nonce};expires=1618884500"), &anything()).unwrap().until,
            Some(1_618_884_560)
        );
        assert_eq!(replay(nonce, &anything()).unwrap().until, None);
        assert_eq!(replay(nonce, &anything()).unwrap().digest, one.digest);
        let other = "();created=1618884473;keyid=\"test-key-ed25519\";nonce=\"m\"";
        assert_ne!(replay(other, &limited).unwrap().digest, one.digest);
        assert_ne!(Replay::new("ab", "c", None).digest, Replay::new("a", "bc", None).digest);
        assert_eq!(replay("();created=1618884473;keyid=\"test-key-ed25519\"", &limited), None);
    }
}
