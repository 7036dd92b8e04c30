//! What only stores do: instances that share one, bounds, lifetimes, and patience.

use std::time::Duration;

use tollgate::cache::purge::{KEY, Order, What};
use tollgate::cache::{Caching, Entry};

use crate::instance::Fault;
use crate::world::{INVALID, Request, World};

const ALL: Order = Order { what: What::All, soft: false };

fn calls(world: &World, what: impl FnOnce()) -> usize {
    let before = world.instance.store.calls.get();
    what();
    world.instance.store.calls.get() - before
}

#[test]
fn instances_share_what_one_keeps_and_forgets() {
    for one in [World::in_store(0), World::forgetful(64)] {
        let other = one.other();
        let request = Request::new(1, &[]);
        one.fill(&request, one.answer("one", &[])).unwrap();
        assert_eq!(other.body(&request).as_deref(), Some("one"));
        assert!(other.invalidate(1));
        assert_eq!(one.body(&request), None);
        one.fill(&request, one.answer("two", &[])).unwrap();
        assert_eq!(other.body(&request).as_deref(), Some("two"));
        assert!(other.purge(&ALL));
        assert_eq!(one.body(&request), None);
    }
}

#[test]
fn memory_is_believed_for_as_long_as_was_said() {
    let one = World::in_store(10);
    let other = one.other();
    let (plain, varied) = (Request::new(1, &[]), Request::new(2, &[("a", "1")]));
    for forget in
        [|world: &World| world.invalidate(1) && world.invalidate(2), |world: &World| world.purge(&ALL)]
    {
        one.fill(&plain, one.answer("plain", &[])).unwrap();
        one.fill(&varied, one.answer("varied", &[("vary", "a")])).unwrap();
        one.later(9);
        let spared = calls(&one, || {
            assert_eq!(one.body(&plain).as_deref(), Some("plain"));
            assert_eq!(one.body(&varied).as_deref(), Some("varied"));
            assert!(forget(&other));
            assert_eq!(one.body(&plain).as_deref(), Some("plain"));
            assert_eq!(one.body(&varied).as_deref(), Some("varied"));
        });
        assert!(spared <= 3, "{spared}: only what was forgotten was written");
        one.later(1);
        assert_eq!((one.body(&plain), one.body(&varied)), (None, None));
    }
}

#[test]
fn an_instance_believes_what_it_did_itself_at_once() {
    let world = World::in_store(10);
    let request = Request::new(1, &[]);
    world.fill(&request, world.answer("one", &[])).unwrap();
    assert!(world.invalidate(1));
    assert_eq!(world.body(&request), None);
}

#[test]
fn a_lookup_asks_a_store_no_more_than_it_must() {
    for (world, of_key) in [(World::in_store(0), 0), (World::forgetful(4096), 1)] {
        let (plain, varied) = (Request::new(1, &[]), Request::new(2, &[("a", "1")]).of(3));
        world.fill(&plain, world.answer("plain", &[])).unwrap();
        world.fill(&varied, world.answer("varied", &[("vary", "a")])).unwrap();
        // The answer and what was purged.
        assert_eq!(calls(&world, || assert!(world.body(&plain).is_some())), 2);
        // And what tells answers apart.
        assert_eq!(calls(&world, || assert!(world.body(&varied).is_some())), 3);
        let found = world.find(&varied);
        let written =
            calls(&world, || world.keep(&varied, &found, world.answer("new", &[("vary", "a")])).unwrap());
        // What tells them apart has not changed; it is read, and the answer written.
        assert_eq!(written, 2, "{of_key}");
    }
}

#[test]
fn a_store_that_forgets_nothing_does_not_grow() {
    let world = World::forgetful(64);
    let mut found = 0;
    for number in 0..4_000_u32 {
        let mut request = Request::new(0, &[]);
        request.keys.address.0[..4].copy_from_slice(&number.wrapping_mul(0x9e37_79b9).to_le_bytes());
        let fields: &[_] = if number % 3 == 0 { &[("vary", "a, b")] } else { &[] };
        let _ = world.fill(&request, world.answer("x", fields));
        found += u32::from(world.find(&request).entry.is_some());
        // The places, and what was purged.
        assert!(world.instance.store.values.borrow().len() <= 65);
    }
    // An answer that has its variants' place for its address is lost now and then.
    assert!(found > 3_900, "{found}");
}

#[test]
fn what_a_store_keeps_has_an_end() {
    let world = World::in_store(0);
    let (plain, varied) = (Request::new(1, &[]), Request::new(2, &[("a", "1")]));
    world.fill(&plain, world.answer("plain", &[])).unwrap();
    world.fill(&varied, world.answer("varied", &[("vary", "a")])).unwrap();
    assert!(world.invalidate(3));
    let values = world.instance.store.values.borrow();
    let mut ends: Vec<_> =
        values.iter().map(|(key, (end, _))| (key == KEY, end.map(|end| end.0 / 1_000_000_000))).collect();
    ends.sort_unstable();
    let end = |seconds| (false, Some(seconds));
    assert_eq!(ends, [end(60), end(60), end(120), end(600), (true, None)]);
}

#[test]
fn an_invalidation_whose_mark_was_overwritten_is_noticed_still() {
    let world = World::forgetful(1);
    let (one, two) = (Request::new(1, &[]), Request::new(2, &[]));
    let before = world.find(&one);
    assert!(world.invalidate(1));
    world.fill(&two, world.answer("two", &[])).unwrap();
    assert_eq!(world.keep(&one, &before, world.answer("old", &[])), Err(INVALID));
    assert_eq!(world.body(&two).as_deref(), Some("two"));
    // Where nothing happened meanwhile, one takes the place of another.
    world.fill(&one, world.answer("one", &[])).unwrap();
    assert_eq!((world.body(&one).as_deref(), world.body(&two)), (Some("one"), None));
}

#[test]
fn an_answer_that_took_longer_than_invalidations_are_remembered_is_not_kept() {
    for trust in [0, 10] {
        let world = World::in_store(trust);
        let request = Request::new(1, &[]);
        let before = world.find(&request);
        assert!(world.invalidate(1));
        world.later(601);
        world.keep(&request, &before, world.answer("old", &[])).unwrap_err();
        assert_eq!(world.body(&request), None);
    }
}

#[test]
fn two_that_are_fetched_at_once_do_not_mix() {
    let world = World::in_store(0);
    let (one, two) = (Request::new(1, &[("a", "1")]), Request::new(1, &[("a", "2")]));
    let (first, second) = (world.find(&one), world.find(&two));
    world.keep(&one, &first, world.answer("one", &[("vary", "a")])).unwrap();
    // Nobody can tell whether the address was made invalid before the first was kept.
    assert_eq!(world.keep(&two, &second, world.answer("two", &[("vary", "a")])), Err(INVALID));
    let (first, second) = (world.find(&one), world.find(&two));
    world.keep(&two, &second, world.answer("two", &[("vary", "a")])).unwrap();
    world.keep(&one, &first, world.answer("one again", &[("vary", "a")])).unwrap();
    assert_eq!(world.body(&one).as_deref(), Some("one again"));
    assert_eq!(world.body(&two).as_deref(), Some("two"));
}

#[test]
fn without_the_document_of_purges_everything_is_gone() {
    for world in [World::in_store(0), World::forgetful(64)] {
        let request = Request::new(1, &[]);
        world.fill(&request, world.answer("one", &[])).unwrap();
        assert!(world.purge(&ALL));
        world.instance.store.values.borrow_mut().remove(KEY);
        assert_eq!(world.body(&request), None);
        world.fill(&request, world.answer("two", &[])).unwrap();
        assert_eq!(world.body(&request).as_deref(), Some("two"));
    }
}

#[test]
fn what_is_larger_than_a_store_takes_is_not_kept() {
    let world = World::in_store(0);
    let request = Request::new(1, &[]);
    world.fill(&request, world.answer(&"x".repeat(1 << 20), &[])).unwrap_err();
    world.fill(&request, world.answer(&"x".repeat(1000 << 10), &[("x", "1")])).unwrap();
    assert_eq!(world.body(&request).unwrap().len(), 1000 << 10);
    let many: Vec<_> = (0..1025).map(|number| (format!("x-{number}"), "1")).collect();
    let many: Vec<_> = many.iter().map(|(name, value)| (&**name, *value)).collect();
    world.fill(&request, world.answer("", &many)).unwrap_err();
}

#[test]
fn a_slow_store_is_not_waited_for() {
    let timeout = Caching::default().timeout;
    for world in [World::in_store(0), World::in_store(10), World::forgetful(64)] {
        let (plain, varied) = (Request::new(1, &[]), Request::new(2, &[("a", "1")]));
        world.fill(&plain, world.answer("plain", &[])).unwrap();
        world.fill(&varied, world.answer("varied", &[("vary", "a")])).unwrap();
        world.later(11);
        world.instance.store.delay.set(timeout * 3 / 5);
        let sim = &world.instance.sim;
        let begun = tollgate::host::Clock::tick(sim);
        // Both questions at once.
        assert_eq!(world.body(&plain).as_deref(), Some("plain"));
        assert_eq!(tollgate::host::Clock::tick(sim) - begun, timeout * 3 / 5);
        // One after the other takes too long.
        let found = world.find(&varied);
        assert!(found.entry.is_none() && found.others);
        assert_eq!(tollgate::host::Clock::tick(sim) - begun, timeout * 8 / 5);
    }
}

#[test]
fn a_store_that_just_failed_is_not_asked() {
    let world = World::in_store(0);
    let request = Request::new(1, &[]);
    world.instance.store.fault.set(Some((0, Fault::Errs)));
    assert!(world.find(&request).entry.is_none());
    assert_eq!(calls(&world, || assert!(!world.invalidate(1))), 0);
    let totals = world.shelves().totals();
    assert_eq!((totals.failed, totals.skipped, totals.lost), (1, 1, 1));
    world.later(1);
    world.fill(&request, world.answer("one", &[])).unwrap();
    assert_eq!(world.body(&request).as_deref(), Some("one"));
}

#[test]
fn a_request_with_no_time_left_puts_no_store_out_of_use() {
    use tollgate::cache::shelf;
    use tollgate::deadline::Deadline;
    use tollgate::host::Clock as _;

    let world = World::in_store(0);
    let request = Request::new(1, &[]);
    world.fill(&request, Entry { ..world.answer("one", &[]) }).unwrap();
    world.instance.store.delay.set(Duration::from_millis(50));
    let hurried = Deadline::after(world.instance.tick(), Some(Duration::from_millis(10)));
    let sought = request.sought();
    let found = shelf::find(&world.instance, &world.caching, &world.policy, &sought, hurried);
    assert!(world.run(found).entry.is_none());
    assert_eq!(world.body(&request).as_deref(), Some("one"));
}
