//! Laws of HTTP Message Signatures: nothing that a client sends makes them panic, and nothing that is covered can be
//! changed.

#![allow(clippy::unwrap_used)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer, SigningKey};
use hmac::{Hmac, Mac};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};
use sha2::Sha256;
use tollgate::auth::signature::content_digest::ContentDigest;
use tollgate::auth::signature::{Judged, Key, Message, Policy, Rejection, judge, signature_base, signatures};

/// A moment that every time in here is near.
const NOW: i64 = 1_600_000_000;

/// What a signature covers is made of these; some are not there, or twice, or cannot be used.
const COMPONENTS: &[&str] = &[
    "\"@method\"",
    "\"@target-uri\"",
    "\"@authority\"",
    "\"@scheme\"",
    "\"@request-target\"",
    "\"@path\"",
    "\"@query\"",
    "\"@query-param\";name=\"a\"",
    "\"x-one\"",
    "\"x-two\";bs",
    "\"x-two\"",
    "\"x-dict\";key=\"a\"",
    "\"priority\";sf",
    "\"content-digest\"",
];

#[derive(Debug, Clone, PartialEq)]
struct Sent {
    method: Method,
    scheme: String,
    authority: String,
    target: String,
    headers: Vec<(String, String)>,
    content: bool,
}

// === impl Sent ===

impl Sent {
    fn judged(&self, policy: &Policy) -> Result<Judged, Rejection> {
        let (public, secret) = (public(), secret());
        let find = |id: &str| match id {
            "public" => Some(&public),
            "secret" => Some(&secret),
            _ => None,
        };
        self.with_message(|message| judge(policy, message, find, NOW))
    }

    fn with_message<T>(&self, then: impl FnOnce(&Message<'_>) -> T) -> T {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let name: HeaderName = name.parse().unwrap();
            headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        then(&Message {
            method: &self.method,
            scheme: &self.scheme,
            authority: &self.authority,
            target: &self.target.parse::<PathAndQuery>().unwrap(),
            headers: &headers,
            has_content: self.content,
        })
    }

    /// The base of the only signature.
    fn base(&self) -> Result<String, Rejection> {
        self.with_message(|message| {
            let signature = signatures(message.headers)?.remove(0).1?;
            signature_base(message, &signature)
        })
    }

    /// With `Signature-Input`, and the signature that belongs to it.
    fn signed(mut self, params: &str, with_secret: bool) -> Result<Self, Rejection> {
        self.headers.push(("signature-input".to_owned(), format!("sig={params}")));
        let mut unsigned = self.clone();
        unsigned.headers.push(("signature".to_owned(), "sig=:AQ==:".to_owned()));
        let base = unsigned.base()?;
        let bytes = if with_secret {
            Hmac::<Sha256>::new_from_slice(&[7; 32])
                .unwrap()
                .chain_update(base)
                .finalize()
                .into_bytes()
                .to_vec()
        } else {
            SigningKey::from_bytes(&[9; 32]).sign(base.as_bytes()).to_bytes().to_vec()
        };
        self.headers.push(("signature".to_owned(), format!("sig=:{}:", STANDARD.encode(bytes))));
        Ok(self)
    }
}

fn public() -> Key {
    Key::ed25519(&STANDARD.encode(SigningKey::from_bytes(&[9; 32]).verifying_key().as_bytes())).unwrap()
}

fn secret() -> Key {
    Key::hmac_sha256(&[7; 32]).unwrap()
}

fn anything() -> Policy {
    Policy { required: Box::new([]), content_digest: false, max_age: None, ..Policy::default() }
}

fn requests() -> impl Strategy<Value = Sent> {
    let names = ["x-one", "x-two", "x-dict", "priority", "content-digest", "date"];
    let values = prop_oneof![
        "[ -~]{0,12}".prop_map(|value| value.trim().to_owned()),
        select(vec!["a=1", "a=1, b=(1 2)", "u=1;i, x", "sha-256=:AQ==:"]).prop_map(str::to_owned),
    ];
    let headers = vec((select(names.to_vec()).prop_map(str::to_owned), values), 0..6);
    let method = select(vec![Method::GET, Method::POST, Method::PUT]);
    let authority = select(vec!["a.test", "A.test:8080", "b.test:443", "[::1]"]);
    let target = "/[a-c/%]{0,4}([?][ab=&+]{0,8})?";
    (method, select(vec!["http", "https"]), authority, target, headers, any::<bool>()).prop_map(
        |(method, scheme, authority, target, headers, content)| Sent {
            method,
            scheme: scheme.to_owned(),
            authority: authority.to_owned(),
            target,
            headers,
            content,
        },
    )
}

/// Requests that are signed and accepted.
fn signed() -> impl Strategy<Value = Sent> {
    let covered = subsequence(COMPONENTS, 1..8).prop_shuffle();
    (requests(), covered, any::<bool>(), 0..2_i64).prop_filter_map(
        "what is covered is there",
        |(sent, covered, with_secret, late)| {
            let id = if with_secret { "secret" } else { "public" };
            let params = format!("({});created={};keyid=\"{id}\"", covered.join(" "), NOW - late);
            sent.signed(&params, with_secret).ok()
        },
    )
}

/// Text that looks like the fields of a signature.
fn fields() -> impl Strategy<Value = String> {
    let pieces = select(vec![
        "a=",
        "b=",
        "(",
        ")",
        ";",
        ",",
        " ",
        "\"",
        ":",
        "=",
        "?1",
        "@1",
        "%\"x\"",
        "AQ==",
        "1.5",
        "-1",
        "\"@method\"",
        "\"@path\"",
        "\"@query-param\"",
        "\"date\"",
        "name=\"a\"",
        "sf",
        "bs",
        "key=\"a\"",
        "req",
        "tr",
        "created=1600000000",
        "expires=1",
        "keyid=\"public\"",
        "keyid=\"secret\"",
        "alg=\"ed25519\"",
        "nonce=\"n\"",
        "sig=()",
        "sig=:AQ==:",
        "\u{e9}",
        "\t",
    ]);
    prop_oneof![vec(pieces, 0..24).prop_map(|pieces| pieces.concat()), "[ -~\t]{0,64}", "\\PC{0,32}"]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// The fuzz target of the parsers: whatever the fields are, there is an answer.
    #[test]
    fn nothing_makes_it_panic(
        sent in requests(),
        input in fields(),
        signature in fields(),
        digest in fields(),
        key in fields(),
    ) {
        let mut sent = sent;
        for (name, value) in [("signature-input", &input), ("signature", &signature), ("content-digest", &digest)] {
            if HeaderValue::from_bytes(value.as_bytes()).is_ok() {
                sent.headers.push((name.to_owned(), value.clone()));
            }
        }
        let judged = sent.judged(&anything());
        prop_assert!(judged.is_err(), "nobody signed {sent:?}");
        let _ = sent.judged(&Policy::default());
        let _ = sent.with_message(|message| ContentDigest::of(message.headers).map(|digest| digest.verify(b"")));
        let _ = Key::ed25519(&key);
    }

    /// What is read is what is signed: the parameters are written as they are read, however often.
    #[test]
    fn parameters_are_written_as_they_are_read(input in fields()) {
        let read = |input: &str| {
            let mut headers = HeaderMap::new();
            headers.append("signature-input", HeaderValue::from_bytes(input.as_bytes()).ok()?);
            headers.append("signature", HeaderValue::from_static("sig=:AQ==:"));
            signatures(&headers).ok()?.remove(0).1.ok()
        };
        if let Some(first) = read(&format!("sig=({input})")).or_else(|| read(&format!("sig=(){input}"))) {
            let second = read(&format!("sig={}", first.params));
            prop_assert_eq!(Some(first), second);
        }
    }

    /// A valid signature is accepted, and after one change to the request it is accepted only where its base is still
    /// the same: what is covered has not changed.
    #[test]
    fn what_is_covered_cannot_be_changed(sent in signed(), other in requests(), what in 0..7, at in any::<Index>()) {
        prop_assert!(sent.judged(&anything()).is_ok(), "{sent:?}");
        let mut changed = sent.clone();
        match what {
            0 => changed.method = other.method,
            1 => changed.scheme = other.scheme,
            2 => changed.authority = other.authority,
            3 => changed.target = other.target,
            4 => changed.headers.splice(0..0, other.headers).for_each(drop),
            5 => drop(changed.headers.remove(at.index(changed.headers.len()))),
            _ => {
                let index = at.index(changed.headers.len());
                changed.headers[index].1 = other.headers.first().map(|it| it.1.clone()).unwrap_or_default();
            }
        }
        match changed.judged(&anything()) {
            Ok(_) => prop_assert_eq!(sent.base(), changed.base(), "{:?}", changed),
            Err(_) => prop_assert_ne!(sent.base(), changed.base(), "{:?}", changed),
        }
    }

    /// One bit of the signature, or one character of what it says of itself, and it is not accepted.
    #[test]
    fn a_signature_cannot_be_changed(sent in signed(), at in any::<Index>(), bit in 0..8, to in b' '..=b'~') {
        let find = |name: &str| sent.headers.iter().position(|field| field.0 == name).unwrap();
        let mut flipped = sent.clone();
        let value = &mut flipped.headers[find("signature")].1;
        let mut bytes = STANDARD.decode(&value["sig=:".len()..value.len() - 1]).unwrap();
        let index = at.index(bytes.len());
        bytes[index] ^= 1_u8 << bit;
        *value = format!("sig=:{}:", STANDARD.encode(bytes));
        prop_assert!(flipped.judged(&anything()).is_err(), "{flipped:?}");

        let mut edited = sent.clone();
        let value = &mut edited.headers[find("signature-input")].1;
        let mut bytes = value.clone().into_bytes();
        let index = at.index(bytes.len());
        bytes[index] = to;
        *value = String::from_utf8(bytes).unwrap();
        // White space that another serialisation has, and nothing else, may differ.
        if edited.base() != sent.base() {
            prop_assert!(edited.judged(&anything()).is_err(), "{edited:?}");
        }
    }

    /// What must be covered is.
    #[test]
    fn what_must_be_covered_is(sent in signed()) {
        let policy = Policy { max_age: None, ..Policy::default() };
        if let Ok(judged) = sent.judged(&policy) {
            let covers = |name: &str| judged.covered.iter().any(|it| it == &format!("\"{name}\""));
            let path = covers("@request-target") || (covers("@path") && covers("@query"));
            prop_assert!(covers("@method"));
            prop_assert!(covers("@target-uri") || (covers("@authority") && path));
            prop_assert!(!sent.content || judged.covers_content);
        }
    }
}
