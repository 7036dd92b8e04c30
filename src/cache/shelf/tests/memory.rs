//! What only memory does: bounds, and workers at the same time.

use std::sync::atomic::{AtomicU64, Ordering};

use super::super::super::memory::Shelves;
use super::*;
use crate::host::Remember as _;

#[test]
fn large_answers_are_not_kept() {
    let world = World::new(Place::Memory);
    let shelves = &world.host.memory().unwrap().cache;
    shelves.resize(100 << 10);
    let request = Request::new(1, &[]);
    let large = "x".repeat(10 << 10);
    world.fill(&request, world.answer(&large, &[])).unwrap_err();
    assert_eq!((shelves.entries(), shelves.bytes()), (0, 0));
    world.fill(&request, world.answer(&large[..9 << 10], &[])).unwrap();
    assert_eq!(shelves.entries(), 1);
    assert_eq!(world.body(&request).unwrap().len(), 9 << 10);
}

#[test]
fn memory_is_never_more_than_it_may_be() {
    let shelves = Shelves::default();
    shelves.resize(1 << 20);
    let world = World::new(Place::Memory);
    let now = world.host.unix();
    let mut kept = 0;
    for number in 0..5_000_u32 {
        let mut address = [0; 32];
        address[..4].copy_from_slice(&number.to_le_bytes());
        let keys = Keys { address: Digest(address), part: None };
        let headers = HeaderMap::new();
        let sought = Sought { keys: &keys, headers: &headers, host: "a", target: "/" };
        let found = local::find(&shelves, &sought, now);
        let fields: &[_] = if number % 3 == 0 { &[("vary", "a, b")] } else { &[] };
        let body = "x".repeat(usize::try_from(number * 7 % 9_000).unwrap());
        local::keep(&shelves, &sought, &found.seen, &world.answer(&body, fields), now).unwrap();
        kept += u64::from(local::find(&shelves, &sought, now).entry.is_some());
        assert!(shelves.bytes() <= 1 << 20);
    }
    // Nearly all are there right after they were kept.
    assert!(kept > 4_900, "{kept}");
    assert!(shelves.entries() > 100);
    shelves.resize(1 << 16);
    assert!(shelves.bytes() <= 1 << 16);
    shelves.resize(0);
    assert_eq!(shelves.bytes(), 0);
}

#[test]
fn what_is_of_no_use_is_taken_away_when_it_is_found() {
    let world = World::new(Place::Memory);
    let shelves = &world.host.memory().unwrap().cache;
    let request = Request::new(1, &[]);
    world.fill(&request, world.answer("one", &[])).unwrap();
    world.later(60);
    assert_eq!(shelves.entries(), 1);
    assert_eq!(world.body(&request), None);
    assert_eq!(shelves.entries(), 0);
    world.fill(&request, world.answer("two", &[])).unwrap();
    world.purge(&Order { what: super::super::super::purge::What::All, soft: false });
    assert_eq!(world.body(&request), None);
    assert_eq!(shelves.entries(), 0);
}

#[test]
fn what_is_kept_holds_no_larger_piece_of_memory() {
    let world = World::new(Place::Memory);
    let request = Request::new(1, &[]);
    let piece = Bytes::from(vec![b'x'; 100_000]);
    let mut entry = world.answer("", &[]);
    entry.body = piece.slice(10..20);
    entry.headers.insert("a", HeaderValue::from_maybe_shared(piece.slice(30..40)).unwrap());
    world.fill(&request, entry).unwrap();
    assert!(piece.is_unique());
    assert_eq!(world.body(&request).unwrap().len(), 10);
}

/// A version is written upstream and the address then made invalid, again and again, while others fetch and keep. Whoever
/// begins to look after that was done must not find what the upstream had before.
#[test]
fn nothing_that_was_made_invalid_comes_back() {
    let shelves = Shelves::default();
    let (upstream, valid) = (AtomicU64::new(0), AtomicU64::new(0));
    let world = World::new(Place::Memory);
    let (now, template) = (world.host.unix(), world.answer("", &[]));
    let keys = Keys { address: Digest([1; 32]), part: None };
    std::thread::scope(|scope| {
        for reader in 0..3_u64 {
            let (shelves, upstream, valid, template, keys) = (&shelves, &upstream, &valid, &template, &keys);
            scope.spawn(move || {
                let fields: &[_] = if reader == 0 { &[("vary", "a")] } else { &[] };
                let (vary, headers) = (headers(fields), HeaderMap::new());
                let sought = Sought { keys, headers: &headers, host: "a", target: "/" };
                for turn in 0..20_000_u64 {
                    let least = valid.load(Ordering::SeqCst);
                    let found = local::find(shelves, &sought, now);
                    if let Some(entry) = &found.entry {
                        let version: u64 = std::str::from_utf8(&entry.body).unwrap().parse().unwrap();
                        assert!(version >= least, "{version} < {least}");
                    }
                    if found.entry.is_none() || turn % 5 == 0 {
                        let body = upstream.load(Ordering::SeqCst).to_string().into();
                        std::thread::yield_now();
                        let entry = Entry { body, headers: vary.clone(), ..template.clone() };
                        let _ = local::keep(shelves, &sought, &found.seen, &entry, now);
                    }
                }
            });
        }
        for version in 1..2_000 {
            upstream.store(version, Ordering::SeqCst);
            shelves.forget(super::super::super::memory::MEMORY, &keys.address);
            valid.store(version, Ordering::SeqCst);
            std::thread::yield_now();
        }
    });
}
