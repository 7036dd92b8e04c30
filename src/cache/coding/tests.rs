//! Which variant a client gets, by table and on random input.

#![allow(clippy::unwrap_used)]

use http::HeaderValue;
use http::header::{ACCEPT_ENCODING, HeaderName};

use super::Coding::{Brotli, Deflate, Gzip, Identity, Other, Zstd};
use super::*;
use crate::coding::accept::MOST;

fn fields(name: HeaderName, values: &[&str]) -> HeaderMap {
    values.iter().map(|value| (name.clone(), HeaderValue::from_str(value).unwrap())).collect()
}

fn accept(values: &[&str]) -> HeaderMap {
    fields(ACCEPT_ENCODING, values)
}

#[test]
fn codings_of_answers() {
    for (values, coding) in [
        (&[][..], Identity),
        (&["gzip"], Gzip),
        (&["X-GZip"], Gzip),
        (&["br"], Brotli),
        (&["zstd"], Zstd),
        (&["deflate"], Deflate),
        (&["identity"], Identity),
        (&[""], Identity),
        (&[" , gzip,"], Gzip),
        (&["identity, br"], Brotli),
        (&["compress"], Other),
        (&["gzip, gzip"], Other),
        (&["gzip", "br"], Other),
        (&["gzip;q=1"], Other),
    ] {
        assert_eq!(of(&fields(CONTENT_ENCODING, values)), coding, "{values:?}");
    }
    let mut odd = HeaderMap::new();
    odd.insert(CONTENT_ENCODING, HeaderValue::from_bytes(b"gz\xff").unwrap());
    assert_eq!(of(&odd), Other);
}

#[test]
fn who_offers_codings() {
    for (values, offered) in [
        (&[][..], false),
        (&[""], false),
        (&["identity"], false),
        (&["gzip;q=0"], false),
        (&["*;q=0"], false),
        (&["gzip;q=0, *;q=0.001"], true),
        (&["gzip"], true),
        (&["*"], true),
        (&["compress"], true),
        (&["identity", "br;q=0.1"], true),
        (&["gzip;q=2"], false),
    ] {
        assert_eq!(offers(&accept(values)), offered, "{values:?}");
    }
}

#[test]
fn the_best_of_those_kept() {
    let all = [(Identity, true), (Gzip, true), (Brotli, true), (Zstd, true), (Deflate, true), (Other, true)];
    for (values, kept, chosen) in [
        // As every browser says it: of equals the smallest.
        (&["gzip, deflate, br, zstd"][..], &all[..], Some(Brotli)),
        (&["gzip, deflate, br, zstd"], &all[..2], Some(Gzip)),
        (&["br;q=0.5, gzip;q=0.8"], &all, Some(Gzip)),
        (&["br;q=0.5", "gzip;q=0.501"], &all, Some(Gzip)),
        (&["x-gzip"], &all, Some(Gzip)),
        (&["GZIP ; Q=0.5"], &all, Some(Gzip)),
        (&["deflate"], &all[..3], Some(Identity)),
        // `*` is whatever is not named.
        (&["*"], &all, Some(Brotli)),
        (&["br;q=0, *"], &all, Some(Zstd)),
        (&["gzip;q=0.1, *;q=0"], &all, Some(Gzip)),
        (&["gzip;q=0.1, *;q=0"], &all[..1], None),
        // Identity is good enough, unless the client says that it is not.
        (&["gzip"], &all[..1], Some(Identity)),
        (&["gzip, identity;q=0"], &all[..1], None),
        (&["gzip;q=0.1, identity;q=0.9"], &all, Some(Identity)),
        (&["identity, gzip"], &all, Some(Gzip)),
        (&["", "identity;q=0"], &all, None),
        // Nothing offered.
        (&[""], &all, Some(Identity)),
        (&["identity"], &all, Some(Identity)),
        (&["gzip;q=0"], &all, Some(Identity)),
        // Others are never negotiated.
        (&["compress"], &all[5..], None),
        (&["*"], &all[5..], None),
        // Weights that are none.
        (&["br;q=1.5, gzip"], &all, Some(Gzip)),
        (&["br;q=0.1234, gzip;level=9"], &all, Some(Identity)),
        (&["br"], &[], None),
    ] {
        let index = best(&accept(values), kept);
        assert_eq!(index.map(|index| kept[index].0), chosen, "{values:?} of {kept:?}");
    }
}

#[test]
fn no_coding_where_nobody_had_the_choice() {
    // The upstream might have used one for this client.
    assert_eq!(best(&accept(&["gzip"]), &[(Identity, false)]), None);
    assert_eq!(best(&accept(&["gzip"]), &[(Identity, false), (Gzip, true)]), Some(1));
    assert_eq!(best(&accept(&["gzip"]), &[(Identity, true)]), Some(0));
    // Who takes none is given it in any case.
    for values in [&[][..], &["identity"], &[""]] {
        assert_eq!(best(&accept(values), &[(Identity, false)]), Some(0));
        assert_eq!(best(&accept(values), &[(Identity, true)]), Some(0));
    }
}

#[test]
fn who_says_nothing() {
    let nothing = HeaderMap::new();
    assert_eq!(best(&nothing, &[(Gzip, true), (Identity, true)]), Some(1));
    // Others asked for it: whether this one understands it is not known.
    assert_eq!(best(&nothing, &[(Gzip, true)]), None);
    // The upstream uses it for everybody.
    assert_eq!(best(&nothing, &[(Gzip, false)]), Some(0));
    assert_eq!(best(&nothing, &[(Gzip, false), (Identity, false)]), Some(1));
}

#[test]
fn members_beyond_the_bound_are_not_read() {
    let many = format!("{}gzip", "compress;q=0,".repeat(MOST));
    assert!(!offers(&accept(&[&many])));
    let fewer = format!("{}gzip", "compress;q=0,".repeat(MOST - 1));
    assert!(offers(&accept(&[&fewer])));
}

#[cfg(not(target_family = "wasm"))]
mod properties {
    use proptest::prelude::*;

    use super::*;

    fn coding() -> impl Strategy<Value = Coding> {
        prop::sample::select(vec![Identity, Gzip, Brotli, Zstd, Deflate, Other])
    }

    proptest! {
        /// What is chosen was not refused by name, was not refused with `*`, and is never of a kind that is not negotiated.
        #[test]
        fn nothing_refused_is_chosen(
            members in prop::collection::vec(("(gzip|br|zstd|deflate|identity|\\*|x)", 0..4_u8), 0..6),
            kept in prop::collection::vec((coding(), any::<bool>()), 0..5),
        ) {
            // Each name once, so that there is no doubt about what is meant.
            let mut seen = std::collections::BTreeMap::new();
            for (name, weight) in members {
                seen.entry(name).or_insert(weight);
            }
            let text: Vec<_> = seen.iter().map(|(name, weight)| format!("{name};q=0.{weight}")).collect();
            let headers = accept(&[&text.join(", ")]);
            if let Some(index) = best(&headers, &kept) {
                let (coding, offered) = kept[index];
                let name = match coding {
                    Identity => "identity",
                    Gzip => "gzip",
                    Brotli => "br",
                    Zstd => "zstd",
                    Deflate => "deflate",
                    Other => "",
                };
                prop_assert_ne!(coding, Other);
                let said = seen.get(name).or(seen.get("*")).copied();
                prop_assert!(said.map_or(coding == Identity, |weight| weight > 0));
                prop_assert!(coding != Identity || offered || !offers(&headers));
            }
        }

        #[test]
        fn no_text_panics(bytes in prop::collection::vec(any::<u8>(), 0..60), offered: bool) {
            let bytes: Vec<u8> = bytes.into_iter().filter(|byte| *byte >= 32 && *byte != 127).collect();
            let value = HeaderValue::from_bytes(&bytes).unwrap();
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, value.clone());
            headers.insert(CONTENT_ENCODING, value);
            let _ = of(&headers);
            let _ = best(&headers, &[(Identity, offered), (Gzip, true)]);
        }
    }
}
