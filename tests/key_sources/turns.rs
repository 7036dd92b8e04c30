//! Who fetches, and who waits for it.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use tollgate::host::Clock as _;
use tollgate::sim::upstream::{Fault, Reply};

use super::world::{World, fault, just, jwks, ok, together};

#[test]
fn a_hundred_requests_make_one_fetch() {
    for world in [World::new(), World::fleet()] {
        world.serve(Reply { delay: Duration::from_millis(400), ..ok(&jwks(&["a"])) });
        world.run(async {
            // One is first, as one always is: two that begin in the same moment cannot see each other in a store.
            let first = together(vec![slot(world.names(), 0, &world), slot(world.names(), 1, &world)]).await;
            assert!(first.iter().all(|got| *got == just(&["a"])));
            assert_eq!(world.fetches(), 1);
            world.serve(Reply { delay: Duration::from_millis(400), ..ok(&jwks(&["a", "b"])) });
            let storm = (0..100).map(|number| slot(world.look_for("b"), number, &world)).collect();
            for got in together(storm).await {
                assert_eq!(got, just(&["a", "b"]));
            }
            assert_eq!(world.fetches(), 1);
        });
    }
}

/// `future` so many milliseconds later.
async fn slot<F: Future>(future: F, after: u64, world: &World) -> F::Output {
    world.host.sleep(Duration::from_millis(after)).await;
    future.await
}

#[test]
fn a_request_that_is_cancelled_gives_its_turn_to_the_next() {
    let world = World::new();
    world.serve(Reply { delay: Duration::from_millis(400), ..ok(&jwks(&["a"])) });
    world.run(async {
        let mut first = Box::pin(world.names());
        let mut others: Vec<Pin<Box<_>>> = (0..100).map(|_| Box::pin(world.names())).collect();
        poll_fn(|cx| {
            assert!(first.as_mut().poll(cx).is_pending());
            for other in &mut others {
                assert!(other.as_mut().poll(cx).is_pending());
            }
            Poll::Ready(())
        })
        .await;
        assert_eq!(world.fetches(), 1);
        drop(first);
        // The next two leave while they stand in line, and while they fetch.
        drop(others.remove(50));
        let begun = world.host.tick();
        for got in together(others).await {
            assert_eq!(got, just(&["a"]));
        }
        assert_eq!(world.host.tick() - begun, Duration::from_millis(400));
        assert_eq!(world.fetches(), 1);
    });
}

#[test]
fn an_instance_that_ends_while_it_fetches_holds_the_others_up_for_one_timeout() {
    let world = World::fleet();
    world.serve(Reply { delay: Duration::from_millis(400), ..ok(&jwks(&["a"])) });
    world.run(async {
        let mut first = Box::pin(world.names());
        poll_fn(|cx| {
            assert!(first.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
        drop(first);
        let begun = world.host.tick();
        assert_eq!(world.names().await, just(&["a"]));
        assert_eq!(world.host.tick() - begun, Duration::from_millis(2_400));
    });
}

#[test]
fn a_fleet_shares_what_one_has_fetched() {
    let world = World::fleet();
    world.publish(&["a"]);
    world.run(async {
        for _ in 0..50 {
            assert_eq!(world.names().await, just(&["a"]));
        }
        assert_eq!(world.fetches(), 1);
        // A store that is out of order is as good as none.
        world.host.fail_store(true);
        assert_eq!(world.names().await, just(&["a"]));
        assert_eq!(world.names().await, just(&["a"]));
        assert_eq!(world.fetches(), 2);
    });
}

#[test]
fn a_server_that_starts_finds_what_others_have_stored() {
    let world = World::fleet();
    world.publish(&["a"]);
    world.run(async {
        world.names().await.unwrap();
        world.serve(fault(Fault::Refuse));
        world.host.forget(false);
        world.fetches();
        assert_eq!(world.names().await, just(&["a"]));
        assert_eq!(world.fetches(), 0);
    });
}
