//! What only memory does: bounds, and workers at the same time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::HeaderValue;
use tollgate::cache::Entry;
use tollgate::cache::policy::Place;
use tollgate::cache::purge::{Order, What};
use tollgate::memory::Memory;

use crate::instance::Instance;
use crate::world::{Request, World};

#[test]
fn large_answers_are_not_kept() {
    let world = World::in_memory();
    world.shelves().resize(100 << 10);
    let request = Request::new(1, &[]);
    let large = "x".repeat(10 << 10);
    world.fill(&request, world.answer(&large, &[])).unwrap_err();
    assert_eq!((world.shelves().entries(), world.shelves().bytes()), (0, 0));
    world.fill(&request, world.answer(&large[..9 << 10], &[])).unwrap();
    assert_eq!(world.shelves().entries(), 1);
    assert_eq!(world.body(&request).unwrap().len(), 9 << 10);
}

#[test]
fn memory_is_never_more_than_it_may_be() {
    const MOST: u64 = 1 << 20;
    let world = World::in_memory();
    world.shelves().resize(MOST);
    let mut kept = 0;
    for number in 0..5_000_u32 {
        let mut request = Request::new(0, &[]);
        request.keys.address.0[..4].copy_from_slice(&number.to_le_bytes());
        let fields: &[_] = if number % 3 == 0 { &[("vary", "a, b")] } else { &[] };
        let body = "x".repeat(usize::try_from(number * 7 % 9_000).unwrap());
        world.fill(&request, world.answer(&body, fields)).unwrap();
        kept += u64::from(world.find(&request).entry.is_some());
        assert!(world.shelves().bytes() <= MOST);
    }
    // Nearly all are there right after they were kept.
    assert!(kept > 4_900, "{kept}");
    assert!(world.shelves().entries() > 100);
    world.shelves().resize(MOST / 16);
    assert!(world.shelves().bytes() <= MOST / 16);
    world.shelves().resize(0);
    assert_eq!(world.shelves().bytes(), 0);
}

#[test]
fn what_is_of_no_use_is_taken_away_when_it_is_found() {
    let world = World::in_memory();
    let request = Request::new(1, &[]);
    world.fill(&request, world.answer("one", &[])).unwrap();
    world.later(60);
    assert_eq!(world.shelves().entries(), 1);
    assert_eq!(world.body(&request), None);
    assert_eq!(world.shelves().entries(), 0);
    world.fill(&request, world.answer("two", &[])).unwrap();
    assert!(world.purge(&Order { what: What::All, soft: false }));
    assert_eq!(world.body(&request), None);
    assert_eq!(world.shelves().entries(), 0);
}

#[test]
fn what_is_kept_holds_no_larger_piece_of_memory() {
    for (world, trust) in [(World::in_memory(), false), (World::in_store(10), true)] {
        let request = Request::new(1, &[]);
        let piece = Bytes::from(vec![b'x'; 100_000]);
        let mut entry = world.answer("", &[]);
        entry.body = piece.slice(10..20);
        entry.headers.insert("a", HeaderValue::from_maybe_shared(piece.slice(30..40)).unwrap());
        world.fill(&request, entry).unwrap();
        assert!(piece.is_unique(), "{trust}");
        assert_eq!(world.body(&request).unwrap().len(), 10);
    }
}

/// A version is written upstream and the address then made invalid, again and again, while others fetch and keep. Whoever
/// begins to look after that was done must not find what the upstream had before.
#[test]
fn nothing_that_was_made_invalid_comes_back() {
    let memory = Arc::new(Memory::default());
    let (upstream, valid, hits) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let world = || World::of(Instance::new(Some(Arc::clone(&memory)), true), Place::Memory);
    let reader = |fields: &[(&str, &str)]| {
        let (world, request) = (world(), Request::new(1, &[]));
        for turn in 0..10_000 {
            let least = valid.load(Ordering::SeqCst);
            let found = world.find(&request);
            if let Some(entry) = &found.entry {
                let version: u64 = std::str::from_utf8(&entry.body).unwrap().parse().unwrap();
                assert!(version >= least, "{version} < {least}");
                hits.fetch_add(1, Ordering::Relaxed);
            }
            if found.entry.is_none() || turn % 5 == 0 {
                let body = upstream.load(Ordering::SeqCst).to_string();
                std::thread::yield_now();
                // Whether it is kept is not to be known.
                let _ = world.keep(&request, &found, Entry { ..world.answer(&body, fields) });
            }
        }
    };
    std::thread::scope(|scope| {
        let readers = [&[][..], &[("vary", "a")], &[]].map(|fields| scope.spawn(move || reader(fields)));
        let writer = world();
        let mut version = 0;
        while readers.iter().any(|reader| !reader.is_finished()) {
            version += 1;
            upstream.store(version, Ordering::SeqCst);
            assert!(writer.invalidate(1));
            valid.store(version, Ordering::SeqCst);
            std::thread::yield_now();
        }
    });
    assert!(hits.into_inner() > 0);
}
