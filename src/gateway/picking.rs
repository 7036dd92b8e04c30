//! What is picked out of a large answer, in memory in proportion to what is kept.

use std::pin::pin;
use std::time::Duration;

use super::Gateway;
use super::content::{unreadable_answer, unusable};
use crate::body::{Alarm, Body, BodyError, next_piece};
use crate::coding::{Coding, Decoder};
use crate::deadline::Deadline;
use crate::host::Host;
use crate::json::{Error, Limits, Node, Picker, Picks};
use crate::problem::Failure;

/// What is picked, and how much there may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Picking<'p> {
    /// What.
    pub(super) picks: &'p Picks,
    /// The most that arrives, decoded or not, in bytes.
    pub(super) arriving: u64,
    /// The most that is kept, in bytes.
    pub(super) most: usize,
}

impl<H: Host> Gateway<H> {
    /// Reads a document piece by piece, and keeps what is picked.
    pub(super) async fn pick(
        &self,
        picking: Picking<'_>,
        codings: &[Coding],
        mut body: Body<H::Stream>,
        idle: Option<Duration>,
        deadline: Deadline,
    ) -> Result<Node<'static>, Failure> {
        // The picker's limits are about what is kept.
        let mut picker = Picker::new(picking.picks, Limits::of(picking.most));
        let mut decoder = (!codings.is_empty()).then(|| Decoder::new(codings, picking.arriving));
        let mut alarm = pin!(Alarm::<H>::unset());
        let mut arrived = 0;
        loop {
            let piece = next_piece(&self.host, &mut body, alarm.as_mut(), deadline, idle).await;
            let Some(piece) = piece.map_err(|error| unreadable_answer(error.into()))? else { break };
            arrived += piece.len() as u64;
            if arrived > picking.arriving {
                return Err(unreadable_answer(BodyError::TooLarge.into()));
            }
            let Some(decoder) = &mut decoder else {
                picker.feed(&piece).map_err(unkept)?;
                continue;
            };
            decoder.push(piece);
            while let Some(piece) = decoder.pull().map_err(|fault| unreadable_answer(fault.into()))? {
                picker.feed(&piece).map_err(unkept)?;
            }
        }
        if let Some(decoder) = decoder {
            decoder.finish().map_err(|fault| unreadable_answer(fault.into()))?;
        }
        picker.finish().map_err(unkept)
    }
}

/// A document that is none, or of which more would be kept than may be.
fn unkept(error: Error) -> Failure {
    unusable(&format!("the content cannot be read: {error}"))
}
