//! Whatever is read is what was written, or nothing.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::cache::life::Life;
use crate::cache::purge::Tag;

const DIGEST: Digest = Digest([9; 32]);

fn span() -> impl Strategy<Value = Duration> {
    (any::<u32>(), 0..1_000_000_000_u32).prop_map(|(secs, nanos)| Duration::new(secs.into(), nanos))
}

fn fields() -> impl Strategy<Value = HeaderMap> {
    let value = vec(prop_oneof![Just(b'\t'), 32..=126_u8, 128..=255_u8], 0..40);
    vec(("[a-z][a-z0-9!#_-]{0,12}", value), 0..12).prop_map(|fields| {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_bytes(&value)) {
                headers.append(name, value);
            }
        }
        headers
    })
}

prop_compose! {
    fn entry()(
        status in 200..=599_u16,
        headers in fields(),
        body in vec(any::<u8>(), 0..300),
        (age, fresh, while_revalidate, if_error) in (span(), span(), span(), span()),
        (received, serial) in any::<(u64, u64)>(),
        (always_validate, never_stale) in any::<(bool, bool)>(),
        tags in vec(any::<[u8; 8]>().prop_map(Tag), 0..5),
    ) -> Arc<Entry> {
        let life = Life {
            received: UnixMillis(received), age, fresh, while_revalidate, if_error, always_validate, never_stale,
        };
        let status = StatusCode::from_u16(status).unwrap_or_default();
        Arc::new(Entry { status, headers, body: body.into(), life, tags, serial })
    }
}

fn varies() -> impl Strategy<Value = What> {
    let kept = vec((0..6_u8, any::<bool>()), 0..=MOST_CODED);
    (any::<u64>(), fields(), kept).prop_map(|(until, fields, kept)| {
        let mut names: Vec<_> = fields.keys().cloned().collect();
        names.sort_by(|one, other| one.as_str().cmp(other.as_str()));
        let kept = kept.into_iter().filter_map(|(number, offered)| Some((vary::coding(number)?, offered)));
        What::Varies(Arc::new(Varies { names, kept: kept.collect(), until: UnixMillis(until) }))
    })
}

fn record() -> impl Strategy<Value = Record> {
    let what = prop_oneof![Just(What::Gone), entry().prop_map(What::Answer), varies()];
    prop_oneof![
        entry().prop_map(Record::Variant),
        (any::<u64>(), what).prop_map(|(generation, what)| Record::First(First { generation, what })),
    ]
}

/// Bytes with the checksum that they would have had if they had been written.
fn summed(mut bytes: Vec<u8>) -> Bytes {
    let checksum = crc32fast::hash(&bytes[SUMMED..]);
    bytes[MAGIC.len()..SUMMED].copy_from_slice(&checksum.to_le_bytes());
    bytes.into()
}

proptest! {
    #[test]
    fn what_was_written_is_read(record in record()) {
        let bytes = record.encode(&DIGEST);
        prop_assert_eq!(bytes.and_then(|bytes| Record::decode(&bytes, &DIGEST)), Some(record));
    }

    #[test]
    fn what_is_kept_for_another_is_nothing(record in record(), other: [u8; 32]) {
        prop_assume!(other != DIGEST.0);
        let bytes = record.encode(&DIGEST).unwrap_or_default();
        prop_assert_eq!(Record::decode(&bytes, &Digest(other)), None);
    }

    #[test]
    fn bytes_that_anybody_wrote_are_nothing(bytes in vec(any::<u8>(), 0..600)) {
        prop_assert_eq!(Record::decode(&bytes.into(), &DIGEST), None);
    }

    /// Of bytes that somebody wrote who knows the checksum, only those are read that would have been written.
    #[test]
    fn whatever_is_read_would_be_written_so(
        record in record(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = record.encode(&DIGEST).unwrap_or_default().to_vec();
        let rest = SUMMED + DIGEST.0.len();
        for (at, byte) in changes {
            let at = rest + at.index(bytes.len() - rest);
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(rest + cut.index(bytes.len() - rest));
        }
        let bytes = summed(bytes);
        if let Some(read) = Record::decode(&bytes, &DIGEST) {
            prop_assert_eq!(read.encode(&DIGEST).map(|again| again.len()), Some(bytes.len()));
            // It can be looked at at any time.
            let entry = match &read {
                Record::Variant(entry) | Record::First(First { what: What::Answer(entry), .. }) => entry,
                Record::First(_) => return Ok(()),
            };
            for now in [0, entry.life.received.0, u64::MAX] {
                let _ = (entry.is_useful(UnixMillis(now)), entry.life.age_at(UnixMillis(now)));
            }
        }
    }
}

#[test]
fn every_flipped_bit_and_every_cut_is_noticed() {
    let entry = Entry {
        status: StatusCode::OK,
        headers: HeaderMap::from_iter([(http::header::ETAG, HeaderValue::from_static("\"1\""))]),
        body: Bytes::from_static(b"content"),
        life: Life::default(),
        tags: vec![Tag([1; 8])],
        serial: 1 << 33,
    };
    let varies = Varies {
        names: vec![http::header::ACCEPT, http::header::ACCEPT_ENCODING],
        kept: vec![(crate::cache::coding::Coding::Gzip, true)],
        until: UnixMillis(5),
    };
    let entry = Arc::new(entry);
    let first = |what| Record::First(First { generation: 3, what });
    for record in [
        Record::Variant(Arc::clone(&entry)),
        first(What::Answer(entry)),
        first(What::Varies(Arc::new(varies))),
        first(What::Gone),
    ] {
        let bytes = record.encode(&DIGEST).unwrap_or_default().to_vec();
        for length in 0..bytes.len() {
            assert_eq!(Record::decode(&bytes[..length].to_vec().into(), &DIGEST), None);
        }
        for bit in 0..bytes.len() * 8 {
            let mut bytes = bytes.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Record::decode(&bytes.into(), &DIGEST), None, "bit {bit}");
        }
        let longer = [bytes, vec![0]].concat();
        assert_eq!(Record::decode(&summed(longer), &DIGEST), None);
    }
}

#[test]
fn more_than_the_bounds_is_not_written_and_not_read() {
    let names: Vec<_> =
        (0..=MOST_NAMES).filter_map(|number| HeaderName::try_from(format!("x-{number:02}")).ok()).collect();
    let record = |names: &[HeaderName]| {
        let varies = Varies { names: names.to_vec(), kept: Vec::new(), until: UnixMillis(0) };
        Record::First(First { generation: 0, what: What::Varies(Arc::new(varies)) })
    };
    let read = |names: &[HeaderName]| Record::decode(&record(names).encode(&DIGEST)?, &DIGEST);
    assert!(read(&names[1..]).is_some());
    assert_eq!(read(&names), None);
    assert_eq!(read(&[names[1].clone(), names[0].clone()]), None);
}
