//! What is the same in every place.

use tollgate::cache::Entry;
use tollgate::cache::purge::{Order, What, tag};
use tollgate::cache::shelf::{Found, vary};
use tollgate::host::UnixMillis;

use crate::world::{INVALID, Request, everywhere};

#[test]
fn what_is_kept_is_found_while_it_is_of_use() {
    everywhere(|world| {
        let request = Request::new(1, &[]);
        let found = world.find(&request);
        assert!(found.entry.is_none() && !found.others);
        let entry = world.answer("one", &[("content-type", "text/plain"), ("x", "1"), ("x", "2")]);
        world.keep(&request, &found, entry.clone()).unwrap();
        let found = world.find(&request).entry.unwrap();
        assert_eq!(*found, Entry { serial: found.serial, ..entry });
        assert_eq!(world.body(&Request::new(2, &[])), None);
        world.later(59);
        assert_eq!(world.body(&request).as_deref(), Some("one"));
        world.later(1);
        assert_eq!(world.body(&request), None);
    });
}

#[test]
fn what_can_be_validated_is_of_use_for_longer() {
    everywhere(|world| {
        let request = Request::new(1, &[]);
        world.fill(&request, world.answer("one", &[("etag", "\"1\"")])).unwrap();
        world.later(60 + 3599);
        assert_eq!(world.body(&request).as_deref(), Some("one"));
        world.later(1);
        assert_eq!(world.body(&request), None);
    });
}

#[test]
fn whoever_has_not_looked_keeps_nothing() {
    everywhere(|world| {
        let request = Request::new(1, &[]);
        world.keep(&request, &Found::default(), world.answer("one", &[])).unwrap_err();
        assert_eq!(world.body(&request), None);
    });
}

#[test]
fn an_answer_that_was_asked_for_before_an_address_was_made_invalid_is_not_kept() {
    everywhere(|world| {
        let request = Request::new(1, &[]);
        // Nothing is kept.
        let before = world.find(&request);
        assert!(world.invalidate(1));
        assert_eq!(world.keep(&request, &before, world.answer("old", &[])), Err(INVALID));
        assert_eq!(world.body(&request), None);
        // Something is kept, and something newer is there when it arrives.
        world.fill(&request, world.answer("one", &[])).unwrap();
        let before = world.find(&request);
        assert!(world.invalidate(1));
        assert_eq!(world.body(&request), None);
        world.fill(&request, world.answer("new", &[])).unwrap();
        assert_eq!(world.keep(&request, &before, world.answer("old", &[])), Err(INVALID));
        assert_eq!(world.body(&request).as_deref(), Some("new"));
    });
}

#[test]
fn what_was_purged_is_gone_or_stale_also_where_it_was_under_way() {
    everywhere(|world| {
        let request = Request::new(1, &[]);
        let before = world.find(&request);
        world.fill(&request, world.answer("one", &[])).unwrap();
        assert!(world.purge(&Order { what: What::Tags(vec![tag(b"other")]), soft: false }));
        world.later(11);
        assert_eq!(world.body(&request).as_deref(), Some("one"));
        assert!(world.purge(&Order { what: What::Tags(vec![tag(b"shop")]), soft: true }));
        world.later(11);
        let found = world.find(&request);
        assert_eq!((found.entry.is_some(), found.purged), (true, true));
        assert!(world.purge(&Order { what: What::Tags(vec![tag(b"shop")]), soft: false }));
        world.later(11);
        assert!(world.find(&request).entry.is_none());
        // It was asked for before the purge: kept or not, it is not given.
        let _ = world.keep(&request, &before, world.answer("old", &[]));
        assert!(world.find(&request).entry.is_none());
        world.fill(&request, world.answer("new", &[])).unwrap();
        assert_eq!(world.body(&request).as_deref(), Some("new"));
    });
}

#[test]
fn answers_are_told_apart_by_what_vary_names() {
    everywhere(|world| {
        let german = Request::new(1, &[("accept-language", "de, en;q=0.5"), ("user-agent", "a")]);
        let english = Request::new(1, &[("accept-language", "en")]);
        let vary: &[_] = &[("vary", "Accept-Language")];
        world.fill(&german, world.answer("deutsch", vary)).unwrap();
        let found = world.find(&english);
        assert!(found.entry.is_none() && found.others);
        world.keep(&english, &found, world.answer("english", vary)).unwrap();
        assert_eq!(world.body(&german).as_deref(), Some("deutsch"));
        assert_eq!(world.body(&english).as_deref(), Some("english"));
        let same = Request::new(1, &[("accept-language", "DE"), ("accept-language", "en ; q=0.5")]);
        assert_eq!(world.body(&same).as_deref(), Some("deutsch"));
        assert_eq!(world.body(&Request::new(1, &[])), None);
        assert_eq!(world.body(&Request::new(1, &[("accept-language", "")])), None);
        // Whatever the language, all are gone with the address.
        assert!(world.invalidate(1));
        assert_eq!((world.body(&german), world.body(&english)), (None, None));
    });
}

#[test]
fn fields_that_answers_depend_on_add_up() {
    everywhere(|world| {
        let one = Request::new(1, &[("a", "1"), ("b", "1")]);
        let two = Request::new(1, &[("a", "1"), ("b", "2")]);
        world.fill(&one, world.answer("plain", &[])).unwrap();
        world.fill(&one, world.answer("by a", &[("vary", "A")])).unwrap();
        assert_eq!(world.body(&two).as_deref(), Some("by a"));
        world.fill(&two, world.answer("by b", &[("vary", "B")])).unwrap();
        assert_eq!(world.body(&two).as_deref(), Some("by b"));
        assert_eq!(world.body(&one), None);
        // One that names nothing is kept for requests like the one it was fetched for.
        world.fill(&one, world.answer("one", &[])).unwrap();
        assert_eq!(world.body(&one).as_deref(), Some("one"));
        assert_eq!(world.body(&two).as_deref(), Some("by b"));
    });
}

#[test]
fn answers_that_depend_on_too_much_are_not_kept() {
    everywhere(|world| {
        let request = Request::new(1, &[]);
        let names: Vec<_> = (0..=vary::MOST_NAMES).map(|number| format!("x-{number}")).collect();
        for vary in ["*", "accept, *", "a b", &names.join(",")] {
            world.fill(&request, world.answer("one", &[("vary", vary)])).unwrap_err();
        }
        world.fill(&request, world.answer("one", &[("vary", &names[1..].join(","))])).unwrap();
        world.fill(&request, world.answer("one", &[("vary", &names[0])])).unwrap_err();
        assert_eq!(world.body(&request).as_deref(), Some("one"));
    });
}

#[test]
fn callers_do_not_get_each_others_answers() {
    everywhere(|world| {
        let nobody = Request::new(1, &[]);
        let (ann, bob) = (nobody.clone().of(1), nobody.clone().of(2));
        world.fill(&nobody, world.answer("nobody's", &[])).unwrap();
        let found = world.find(&ann);
        assert!(found.entry.is_none() && found.others);
        world.keep(&ann, &found, world.answer("ann's", &[])).unwrap();
        assert_eq!((world.body(&bob), world.body(&nobody)), (None, None));
        world.fill(&bob, world.answer("bob's", &[])).unwrap();
        world.fill(&nobody, world.answer("nobody's", &[])).unwrap();
        assert_eq!(world.body(&ann).as_deref(), Some("ann's"));
        assert_eq!(world.body(&bob).as_deref(), Some("bob's"));
        assert_eq!(world.body(&nobody).as_deref(), Some("nobody's"));
        assert!(world.invalidate(1));
        assert_eq!([&ann, &bob, &nobody].map(|who| world.body(who)), [None, None, None]);
    });
}

#[test]
fn variants_are_told_apart_by_coding_and_not_by_text() {
    everywhere(|world| {
        let gzip: &[_] = &[("vary", "accept-encoding"), ("content-encoding", "gzip")];
        let browser = Request::new(1, &[("accept-encoding", "gzip, deflate, br")]);
        let bare = Request::new(1, &[]);
        world.fill(&browser, world.answer("gzip", gzip)).unwrap();
        for text in ["gzip", "br, gzip;q=0.1", "*", "GZIP , deflate"] {
            let other = Request::new(1, &[("accept-encoding", text)]);
            assert_eq!(world.body(&other).as_deref(), Some("gzip"), "{text}");
        }
        for text in ["br", "identity", "gzip;q=0"] {
            let other = Request::new(1, &[("accept-encoding", text)]);
            assert_eq!(world.body(&other), None, "{text}");
        }
        assert!(world.find(&bare).others);
        world.fill(&bare, world.answer("plain", &gzip[..1])).unwrap();
        assert_eq!(world.body(&bare).as_deref(), Some("plain"));
        assert_eq!(world.body(&browser).as_deref(), Some("gzip"));
        // The upstream was not asked for br, so nobody knows whether it has it.
        assert_eq!(world.body(&Request::new(1, &[("accept-encoding", "br")])), None);
    });
}

#[test]
fn codings_that_nobody_has_heard_of_are_compared_as_text() {
    everywhere(|world| {
        let odd = Request::new(1, &[("accept-encoding", "dcb")]);
        let fields: &[_] = &[("vary", "accept-encoding"), ("content-encoding", "dcb")];
        world.fill(&odd, world.answer("odd", fields)).unwrap();
        assert_eq!(world.body(&odd).as_deref(), Some("odd"));
        assert_eq!(world.body(&Request::new(1, &[("accept-encoding", "dcb, gzip")])), None);
        assert_eq!(world.body(&Request::new(1, &[])), None);
    });
}

#[test]
fn what_comes_from_the_future_is_not_given() {
    everywhere(|world| {
        let request = Request::new(1, &[]);
        let mut entry = world.answer("one", &[]);
        entry.life.received = UnixMillis(entry.life.received.0 + 61_000);
        assert!(world.fill(&request, entry.clone()).is_err());
        entry.life.received = UnixMillis(entry.life.received.0 - 2_000);
        world.fill(&request, entry).unwrap();
        assert_eq!(world.body(&request).as_deref(), Some("one"));
    });
}

#[test]
fn white_space_says_nothing_in_lists_and_something_elsewhere() {
    everywhere(|world| {
        let same = [("accept", "text/html, a/b;x=\"1 , 2\""), ("accept", "text/html ,a/b ; x=\"1 , 2\"")];
        let others = [("accept", "text/html, a/b;x=\"1,2\""), ("accept", "text/html, A/b;x=\"1 , 2\"")];
        let accept = |field| Request::new(1, &[field]);
        world.fill(&accept(same[0]), world.answer("one", &[("vary", "accept")])).unwrap();
        assert_eq!(world.body(&accept(same[1])).as_deref(), Some("one"));
        assert_eq!(others.map(|other| world.body(&accept(other))), [None, None]);
        let name = |value| Request::new(2, &[("x-name", value)]);
        world.fill(&name("a, b"), world.answer("two", &[("vary", "x-name")])).unwrap();
        assert_eq!(world.body(&name("a,b")), None);
        // RFC 9110 section 5.3: several lines are one, with commas between them.
        let lines = Request::new(2, &[("x-name", "a"), ("x-name", "b")]);
        assert_eq!(world.body(&lines).as_deref(), Some("two"));
    });
}
