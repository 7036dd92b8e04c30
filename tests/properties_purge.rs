//! Laws of purging: a document of bounded size agrees with a list of all purges that there ever were, but for what it can
//! no longer tell apart, of which it purges more and never less.

#![allow(clippy::unwrap_used)]

use bytes::Bytes;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use tollgate::cache::purge::{LARGEST, MOST, Order, Purges, Query, Tag, Verdict, What};

// === what is generated ===

const HOSTS: [&str; 3] = ["a.test", "A.test", "b.test"];
const PATHS: [&str; 7] = ["/", "/a", "/a/", "/ab", "/a/b", "/A", "/a%2Fb"];
const QUERIES: [&str; 4] = ["", "x=1", "x=1&y=2", "y=2"];

/// An answer that is kept.
#[derive(Debug, Clone)]
struct Kept {
    host: &'static str,
    path: &'static str,
    query: Option<&'static str>,
    tags: Vec<u8>,
    /// After how many purges it was asked for.
    asked: usize,
}

fn kept() -> impl Strategy<Value = Kept> {
    let tags = vec(0..6u8, 0..4);
    (select(&HOSTS), select(&PATHS), option::of(select(&QUERIES)), tags, any::<usize>())
        .prop_map(|(host, path, query, tags, asked)| Kept { host, path, query, tags, asked })
}

fn what(long: bool) -> impl Strategy<Value = What> {
    let host = select(&HOSTS).prop_map(Box::from);
    // Long ones fill the document, and begin like short ones.
    let padding = if long { 0..3000usize } else { 0..1 };
    let path = (select(&PATHS), padding).prop_map(|(path, more)| path.to_owned() + &"x".repeat(more));
    let path = path.prop_map(String::into_boxed_str);
    let query = prop_oneof![
        Just(Query::Any),
        vec(option::of(select(&QUERIES).prop_map(Box::from)), 1..3).prop_map(Query::OneOf),
    ];
    prop_oneof![
        1 => Just(What::All),
        3 => (option::of(host.clone()), path.clone()).prop_map(|(host, path)| What::Prefix { host, path }),
        4 => (host, path, query).prop_map(|(host, path, query)| What::Address { host, path, query }),
        4 => vec(0..6u8, 1..3).prop_map(|tags| What::Tags(tags.into_iter().map(digest).collect())),
    ]
}

fn orders(most: usize, long: bool) -> impl Strategy<Value = Vec<Order>> {
    vec((what(long), any::<bool>()).prop_map(|(what, soft)| Order { what, soft }), 0..most)
}

fn digest(number: u8) -> Tag {
    Tag([number; 8])
}

// === the list ===

fn is_about(what: &What, kept: &Kept) -> bool {
    let same = |host: &str| host.to_lowercase() == kept.host.to_lowercase();
    match what {
        What::All => true,
        What::Prefix { host, path } => host.as_deref().is_none_or(same) && target(kept).starts_with(&**path),
        What::Address { host, path, query } => {
            let query_fits = match query {
                Query::Any => true,
                Query::OneOf(queries) => queries.iter().any(|query| query.as_deref() == kept.query),
            };
            same(host) && **path == *kept.path && query_fits
        }
        What::Tags(tags) => kept.tags.iter().any(|tag| tags.contains(&digest(*tag))),
    }
}

fn by_the_list(later: &[Order], kept: &Kept) -> Verdict {
    let about: Vec<_> = later.iter().filter(|order| is_about(&order.what, kept)).collect();
    match (about.is_empty(), about.iter().all(|order| order.soft)) {
        (true, _) => Verdict::Kept,
        (false, true) => Verdict::Stale,
        (false, false) => Verdict::Gone,
    }
}

fn target(kept: &Kept) -> String {
    kept.query.map_or(kept.path.to_owned(), |query| format!("{}?{query}", kept.path))
}

fn by_the_document(purges: &Purges, asked: u64, kept: &Kept) -> Verdict {
    let mut tags: Vec<_> = kept.tags.iter().map(|tag| digest(*tag)).collect();
    tags.sort_unstable();
    purges.verdict(asked, kept.host, &target(kept), &tags)
}

/// The document after each of `orders`, the first before any.
fn documents(orders: &[Order]) -> Vec<Purges> {
    let mut all = vec![Purges::new(7)];
    for order in orders {
        let next = all.last().unwrap().with(order);
        all.push(next);
    }
    all
}

fn severity(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Kept => 0,
        Verdict::Stale => 1,
        Verdict::Gone => 2,
    }
}

// === laws ===

proptest! {
    #[test]
    fn a_document_agrees_with_the_list(orders in orders(20, false), kept in kept()) {
        let documents = documents(&orders);
        let asked = kept.asked % documents.len();
        let found = by_the_document(documents.last().unwrap(), documents[asked].serial(), &kept);
        prop_assert_eq!(found, by_the_list(&orders[asked..], &kept));
    }

    #[test]
    fn a_document_that_is_full_purges_more_and_never_less(
        orders in orders(60, true),
        fill in 0..3u8,
        kept in kept(),
    ) {
        let mut orders = orders;
        // Enough tags of their own to fill it by number too.
        let many = (0..u64::from(fill) * MOST as u64 / 2).map(|number| Tag((number + 1000).to_be_bytes()));
        let many: Vec<_> = many.collect();
        let at = orders.len() / 2;
        orders.insert(at, Order { what: What::Tags(many), soft: kept.asked % 2 == 0 });
        let documents = documents(&orders);
        let asked = kept.asked % documents.len();
        let last = documents.last().unwrap();
        let found = by_the_document(last, documents[asked].serial(), &kept);
        prop_assert!(severity(found) >= severity(by_the_list(&orders[asked..], &kept)), "{found:?}");
        prop_assert!(last.encode().len() <= LARGEST);
        // What was asked for after everything is there whatever was purged.
        prop_assert_eq!(by_the_document(last, last.serial(), &kept), Verdict::Kept);
    }

    #[test]
    fn documents_are_read_as_they_were_written(orders in orders(60, true)) {
        let last = documents(&orders).pop().unwrap();
        prop_assert_eq!(Purges::decode(&last.encode()), Some(last));
    }

    #[test]
    fn a_document_with_a_mistake_is_none(orders in orders(8, false), at: usize, by in 1..=255u8, cut: usize) {
        let whole = documents(&orders).pop().unwrap().encode();
        let mut changed = whole.to_vec();
        let at = at % changed.len();
        changed[at] ^= by;
        prop_assert_eq!(Purges::decode(&changed.into()), None);
        prop_assert_eq!(Purges::decode(&whole.slice(..cut % whole.len())), None);
    }

    /// With a checksum that is right, so that what is behind it is read.
    #[test]
    fn whatever_is_read_is_bounded(numbers in any::<[u32; 4]>(), rows in vec(any::<u8>(), 0..600), kept in kept()) {
        let mut body: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        body.extend_from_slice(&rows);
        let mut bytes = b"tgp\x01".to_vec();
        bytes.extend_from_slice(&crc32fast::hash(&body).to_le_bytes());
        bytes.extend_from_slice(&body);
        if let Some(purges) = Purges::decode(&bytes.into()) {
            let order = Order { what: What::Tags(vec![digest(1)]), soft: false };
            let next = purges.with(&order);
            let tagged = Kept { tags: vec![1], ..kept };
            prop_assert_eq!(by_the_document(&next, purges.serial(), &tagged), Verdict::Gone);
        }
    }

    #[test]
    fn answers_of_other_documents_are_gone(orders in orders(8, false), kept in kept(), epoch: u32, ahead in 1..9u64) {
        let last = documents(&orders).pop().unwrap();
        prop_assume!(epoch != 7);
        let other = Purges::new(epoch).serial();
        prop_assert_eq!(by_the_document(&last, other, &kept), Verdict::Gone);
        prop_assert_eq!(by_the_document(&last, last.serial() + ahead, &kept), Verdict::Gone);
    }
}

// === how full is full ===

#[test]
fn the_youngest_purges_are_told_apart_when_it_is_full() {
    let order =
        |number: usize| Order { what: What::Tags(vec![Tag((number as u64).to_be_bytes())]), soft: false };
    let orders: Vec<_> = (0..MOST + 10).map(order).collect();
    let documents = documents(&orders);
    let last = documents.last().unwrap();
    let other = [Tag([0xAA; 8])];
    for (asked, document) in documents.iter().enumerate() {
        let found = last.verdict(document.serial(), "a.test", "/", &other);
        let expected = if asked < 10 { Verdict::Gone } else { Verdict::Kept };
        assert_eq!(found, expected, "asked for after {asked}");
    }
    // A purge that is repeated takes no further room.
    let mut again = last.clone();
    for _ in 0..2 * MOST {
        again = again.with(&order(MOST));
    }
    let asked = documents[10].serial();
    assert_eq!(again.verdict(asked, "a.test", "/", &other), Verdict::Kept);
    assert_eq!(again.verdict(asked, "a.test", "/", &[Tag((MOST as u64).to_be_bytes())]), Verdict::Gone);
}

#[test]
fn what_no_lookup_wants_is_none() {
    assert_eq!(Purges::decode(&Bytes::new()), None);
    assert_eq!(Purges::decode(&Bytes::from(vec![0; LARGEST + 1])), None);
}
