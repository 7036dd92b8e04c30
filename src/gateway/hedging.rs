//! A second request beside one that takes long: the first good answer is the client's, and the other request is given up
//! ("The Tail at Scale", Dean and Barroso, 2013).

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use http::request::Parts;

use super::Gateway;
use super::attempts::{Attempted, Delivery, Done, Sending, Tried};
use super::choosing::Chosen;
use crate::body::{Alarm, Body, Meter, Source};
use crate::host::Host;
use crate::pool::Roster;
use crate::retry::{self, Came, Hedge, Outcome};

/// What a second request is made of.
pub(super) struct Around<'a, S> {
    pub(super) roster: &'a Roster,
    pub(super) head: &'a Parts,
    pub(super) source: &'a mut Source<S>,
    pub(super) hedge: Hedge,
}

impl<H: Host> Gateway<H> {
    /// Sends a request to `chosen`, and a second one to another target where the answer takes too long.
    pub(super) async fn race(
        &self,
        delivery: &Delivery<'_>,
        around: &Around<'_, H::Stream>,
        chosen: Chosen,
        sending: Sending<H::Stream>,
        tried: &mut Tried,
    ) -> Done<H::Stream> {
        let Around { roster, .. } = *around;
        let mut first = pin!(self.once(delivery, &roster.set.members[chosen.at], sending));
        let Some(patience) = self.patience_of(delivery, around.hedge) else {
            return Done { attempted: first.await, chosen };
        };
        let begun = self.host.tick();
        if let Some(attempted) = self.until(first.as_mut(), patience).await {
            return Done { chosen, attempted };
        }
        let Some((second, sending)) = self.second(delivery, around, tried) else {
            return Done { attempted: first.await, chosen };
        };
        tried.push(second.at);
        let mut other = pin!(self.once(delivery, &roster.set.members[second.at], sending));
        let (mut lost_first, mut lost_second) = (None, None);
        let (won, first_won) = poll_fn(|cx| {
            if lost_first.is_none()
                && let Poll::Ready(attempted) = first.as_mut().poll(cx)
            {
                if is_good(delivery, &attempted) || lost_second.is_some() {
                    return Poll::Ready((attempted, true));
                }
                lost_first = Some(attempted);
            }
            if lost_second.is_none()
                && let Poll::Ready(attempted) = other.as_mut().poll(cx)
            {
                if is_good(delivery, &attempted) || lost_first.is_some() {
                    return Poll::Ready((attempted, false));
                }
                lost_second = Some(attempted);
            }
            Poll::Pending
        })
        .await;
        let (winner, loser, lost) =
            if first_won { (chosen, second, lost_second) } else { (second, chosen, lost_first) };
        // Whoever was given up has shown nothing; whoever failed before the other had an answer has.
        let given_up = Outcome { came: Came::Unknown, took: self.host.tick() - begun };
        let outcome = lost.map_or(given_up, |attempted: Attempted<H::Stream>| attempted.outcome);
        self.learn(delivery, roster, &loser, &outcome);
        Done { chosen: winner, attempted: Attempted { sent: won.sent + 1, ..won } }
    }

    /// When a second request is sent.
    fn patience_of(&self, delivery: &Delivery<'_>, hedge: Hedge) -> Option<Duration> {
        match hedge {
            Hedge::After(span) => Some(span),
            Hedge::Percentile(thousandths) => delivery.pool?.latencies.percentile(thousandths),
        }
    }

    /// What `attempt` comes to, where that is before so much time has passed.
    pub(super) async fn until<F: Future>(
        &self,
        mut attempt: Pin<&mut F>,
        patience: Duration,
    ) -> Option<F::Output> {
        let due = self.host.tick() + patience;
        let mut alarm = pin!(Alarm::<H>::unset());
        poll_fn(|cx| match attempt.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending => alarm.as_mut().poll_due(&self.host, due, cx).map(|()| None),
        })
        .await
    }

    /// Another target, and the request for it; `None` where there is no other, where the content is not there for two at once,
    /// or where there were too many retries already.
    fn second(
        &self,
        delivery: &Delivery<'_>,
        around: &Around<'_, H::Stream>,
        tried: &Tried,
    ) -> Option<(Chosen, Sending<H::Stream>)> {
        let content = around.source.whole()?;
        if let (Some(retry), Some(pool)) = (&delivery.upstream.retry, delivery.pool)
            && !pool.budget.take(retry, self.host.tick())
        {
            return None;
        }
        let chosen = self.choose(delivery, around.roster, tried.as_slice()).ok()?;
        let (body, meter) = match content.is_empty() {
            true => (Body::Empty, None),
            false => {
                let meter = Meter::complete(content.len() as u64);
                (Body::Full(content), Some(meter))
            }
        };
        Some((chosen, Sending { head: around.head.clone(), body, meter }))
    }
}

/// Whether an answer need not be compared with another: it is no failure, and none after which the request would be sent again.
fn is_good<S>(delivery: &Delivery<'_>, attempted: &Attempted<S>) -> bool {
    match attempted.outcome.came {
        Came::Answer(status) => {
            let retry = delivery.upstream.retry.as_ref();
            !retry.is_some_and(|retry| retry::asks_again(retry, status)) && !status.is_server_error()
        }
        Came::Nothing(..) | Came::Unknown => false,
    }
}
