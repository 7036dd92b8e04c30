//! Parts that can meet, as far as that is known before there are any.

use super::Place;

/// Two parts that can meet, by their numbers, the first being 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownCollision {
    /// The one that stands first.
    pub first: usize,
    /// The other one.
    pub second: usize,
    /// Where they meet.
    pub meeting: Meeting,
}

/// Where two parts meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meeting {
    /// Both are at the top. They collide unless they are objects that have no member in common, or arrays that are joined.
    Tops,
    /// One is at the top, where it may have a member in which the other one is; and it must be an object.
    Top,
    /// Both go to the same place, which is not the top.
    Same,
    /// One goes to a place within that of the other, which must be an object without that member.
    Within,
}

/// The parts that can meet, whatever they are. Others cannot, so that no rule decides about them.
pub fn known_collisions(places: &[Place]) -> Vec<KnownCollision> {
    let mut known = Vec::new();
    for (second, other) in places.iter().enumerate() {
        for (first, one) in places[..second].iter().enumerate() {
            let (a, b) = (one.names(), other.names());
            let meeting = match (one, other) {
                (Place::Top, Place::Top) => Meeting::Tops,
                (Place::Top, _) | (_, Place::Top) => Meeting::Top,
                _ if a == b => Meeting::Same,
                _ if a.starts_with(b) || b.starts_with(a) => Meeting::Within,
                _ => continue,
            };
            known.push(KnownCollision { first, second, meeting });
        }
    }
    known
}
