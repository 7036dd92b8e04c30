//! Tokens that stand in RFCs: RFC 7515 appendix A, RFC 8037 appendix A.

#![allow(clippy::unwrap_used)]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use tollgate::auth::claims::Claims;
use tollgate::auth::jwt::{Algorithm, Key, KeySet, Origin, Policy, Rejection, Token, judge};
use tollgate::host::UnixMillis;

/// Its payload is `{"iss":"joe", "exp":1300819380, …}`, with line breaks in it.
const JOE: &str =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

#[track_caller]
fn rfc_example(keys: &KeySet, header: &str, signature: &str) {
    let policy = Policy::new("joe", Algorithm::ALL.into_iter().collect());
    let text = format!("{header}.{JOE}.{signature}");
    let before = UnixMillis(1_300_819_379_000);
    let judged = judge(&policy, keys, &text, before).unwrap();
    assert_eq!(judged.claims["http://example.com/is_root"], true);
    let other = format!("{header}.{}.{signature}", JOE.replacen('Q', "R", 1));
    assert!(judge(&policy, keys, &other, before).is_err());
    let late = judge(&policy, keys, &text, UnixMillis(1_300_819_440_000));
    assert_eq!(late, Err(Rejection::Invalid("the token has expired".into())));
}

#[test]
fn appendix_a_1_hs256() {
    let jwk = json!({"kty": "oct",
        "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"});
    let key = Key::from_jwk(jwk.as_object().unwrap(), Origin::Secret).unwrap();
    rfc_example(
        &KeySet::new(vec![key]),
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9",
        "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    );
}

#[test]
fn appendix_a_2_rs256() {
    let jwk = json!({"kty": "RSA", "e": "AQAB",
        "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-\
              yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-\
              KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9\
              iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"});
    let key = Key::from_jwk(jwk.as_object().unwrap(), Origin::Public).unwrap();
    rfc_example(
        &KeySet::new(vec![key]),
        "eyJhbGciOiJSUzI1NiJ9",
        "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9\
         CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383Lc\
         OLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWyw\
         lVmtVrBp0igcN_IoypGlUPQGe77Rw",
    );
}

#[test]
fn appendix_a_3_es256() {
    let jwk = json!({"kty": "EC", "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"});
    let key = Key::from_jwk(jwk.as_object().unwrap(), Origin::Public).unwrap();
    rfc_example(
        &KeySet::new(vec![key]),
        "eyJhbGciOiJFUzI1NiJ9",
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
    );
}

/// What is signed there is no token, so that only the signature can be verified.
#[test]
fn rfc_8037_appendix_a_4() {
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
    let key = Key::from_jwk(jwk.as_object().unwrap(), Origin::Public).unwrap();
    let signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    let example = Token {
        algorithm: Some(Algorithm::EdDSA),
        key_id: None,
        typ: None,
        claims: Claims::new(),
        signed: "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
        signature: URL_SAFE_NO_PAD.decode(signature).unwrap(),
    };
    assert!(key.has_signed(&example));
    assert!(!key.has_signed(&Token { signed: &example.signed[1..], ..example.clone() }));
    assert!(!key.has_signed(&Token { algorithm: Some(Algorithm::ES256), ..example.clone() }));
}
