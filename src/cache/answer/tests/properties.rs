//! What holds of answers whatever is asked.

use proptest::prelude::*;

use super::*;

/// Anything that can be in a field, and much that nearly means something.
fn text() -> impl Strategy<Value = HeaderValue> {
    let near = "(bytes=)?[0-9, \t*\"W/ab-]{0,24}(9223372036854775807|18446744073709551616)?[-0-9,]{0,4}";
    let dates = "(Sun|Sunday|x),? ?0?[0-9][ -](Nov|nov|Nox)[ -](19)?94 [0-9:]{5,8}( GMT)?";
    let any = prop::collection::vec(any::<u8>(), 0..40);
    prop_oneof![near.prop_map(String::into_bytes), dates.prop_map(String::into_bytes), any]
        .prop_filter_map("a field value", |bytes| HeaderValue::from_bytes(&bytes).ok())
}

fn request() -> impl Strategy<Value = Parts> {
    let names = [IF_NONE_MATCH, IF_MODIFIED_SINCE, IF_RANGE, RANGE, IF_MATCH].to_vec();
    let fields = prop::collection::vec((prop::sample::select(names), text()), 0..6);
    (any::<bool>(), fields).prop_map(|(is_head, fields)| {
        let mut head = head(if is_head { Method::HEAD } else { Method::GET }, &[]);
        fields.into_iter().for_each(|(name, value)| {
            head.headers.append(name, value);
        });
        head
    })
}

fn kept() -> impl Strategy<Value = Entry> {
    let fields = (prop::option::of(text()), prop::option::of(text()), prop::option::of(text()));
    (fields, 0..40_usize, any::<u64>()).prop_map(|((etag, changed, date), length, received)| {
        let mut kept = entry(&[]);
        for (name, value) in [(ETAG, etag), (LAST_MODIFIED, changed), (DATE, date)] {
            value.map(|value| kept.headers.insert(name, value));
        }
        kept.body = (0..length).map(|byte| byte as u8).collect();
        kept.life.received = UnixMillis(received);
        kept
    })
}

proptest! {
    /// Whatever is asked, what is given is what is kept: all of it, the part that is said, or nothing.
    #[test]
    fn whatever_is_asked(head in request(), kept in kept(), now: u64) {
        let response = answer(&head, &kept, UnixMillis(now));
        let is_get = head.method == Method::GET;
        let length = said(&response, "content-length").map(|length| length.parse::<usize>().unwrap());
        prop_assert!(is_get || response.body().is_empty());
        match response.status() {
            StatusCode::OK => {
                prop_assert_eq!(length, Some(kept.body.len()));
                prop_assert!(!is_get || *response.body() == kept.body);
            }
            StatusCode::NOT_MODIFIED => {
                let asked = [IF_NONE_MATCH, IF_MODIFIED_SINCE];
                prop_assert!(asked.iter().any(|name| head.headers.contains_key(name)));
                prop_assert!(response.body().is_empty() && length.is_none());
                prop_assert_eq!(response.headers().get(ETAG), kept.headers.get(ETAG));
            }
            StatusCode::PARTIAL_CONTENT => {
                prop_assert!(is_get && head.headers.contains_key(RANGE));
                let range = said(&response, "content-range").unwrap().strip_prefix("bytes ").unwrap();
                let (range, all) = range.split_once('/').unwrap();
                let (first, last) = range.split_once('-').unwrap();
                let (first, last): (usize, usize) = (first.parse().unwrap(), last.parse().unwrap());
                prop_assert_eq!(all.parse(), Ok(kept.body.len()));
                prop_assert_eq!(response.body(), &kept.body[first..=last]);
                prop_assert_eq!(length, Some(response.body().len()));
            }
            StatusCode::RANGE_NOT_SATISFIABLE => {
                prop_assert!(is_get && head.headers.contains_key(RANGE) && response.body().is_empty());
            }
            status => prop_assert!(false, "{}", status),
        }
    }

    /// Who asks with the tag that an answer has is told that it is still that one, and with any other gets it.
    #[test]
    fn a_tag_is_its_own_and_no_others(one in "[!#-~]{0,12}", other in "[!#-~]{0,12}", weak: bool, list: bool) {
        let quoted = |text: &str, weak| format!("{}\"{text}\"", if weak { "W/" } else { "" });
        let kept = entry(&[("etag", &quoted(&one, weak))]);
        let asked = |text: &str| if list { format!("\"x,\" , {text},") } else { text.to_owned() };
        let own = get(&kept, &[("if-none-match", &asked(&quoted(&one, !weak)))]);
        prop_assert_eq!(own.status(), StatusCode::NOT_MODIFIED);
        let theirs = get(&kept, &[("if-none-match", &asked(&quoted(&other, weak)))]);
        prop_assume!(one != "x," || !list);
        prop_assert_eq!(theirs.status() == StatusCode::NOT_MODIFIED, one == other);
    }

    /// Ranges that there are, are given; in any way of writing them.
    #[test]
    fn what_there_is_is_given(length in 1..40_usize, first in 0..40_usize, more in 0..40_usize) {
        prop_assume!(first < length);
        let mut kept = entry(&[]);
        kept.body = (0..length).map(|byte| byte as u8).collect();
        let last = (first + more).min(length - 1);
        for (asked, end) in [
            (format!("bytes={first}-{}", first + more), last),
            (format!("bytes={first}-"), length - 1),
            (format!("bytes=-{}", length - first), length - 1),
        ] {
            let part = get(&kept, &[("range", &asked)]);
            prop_assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
            prop_assert_eq!(part.body(), &kept.body[first..=end]);
        }
    }
}
