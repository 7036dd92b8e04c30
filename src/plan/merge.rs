//! How parts become one document, and which of them can meet.

use super::compile::{Context, Pointer};
use crate::config::{self, MergeArrays, MergeArraysBy, MergeArraysWord, MergeCollision, MergeObjects};
use crate::merge::{Arrays, Collision, Meeting, Merge, Objects, Place, known_collisions};

impl Context<'_> {
    /// The rules. `parts` are those that go into the document, in their order: where each is written, its name, and where it
    /// goes. Where two of them can meet, it must be written what stays.
    pub(super) fn merge(
        &mut self,
        at: &Pointer,
        written: Option<&config::Merge>,
        parts: &[(Pointer, &str, Place)],
    ) -> Merge {
        let none = config::Merge::default();
        let config::Merge { objects, collision, arrays } = written.unwrap_or(&none);
        if collision.is_none() {
            self.merge_meetings(parts);
        }
        let arrays = match arrays {
            None | Some(MergeArrays::Word(MergeArraysWord::Replace)) => Arrays::Replace,
            Some(MergeArrays::Word(MergeArraysWord::Concat)) => Arrays::Concat,
            Some(MergeArrays::By(MergeArraysBy { by })) => {
                if by.is_empty() {
                    self.error(&at.key("arrays").key("by"), "a member has a name").help("such as \"id\"");
                }
                Arrays::By(by.as_str().into())
            }
        };
        Merge {
            objects: match objects {
                None | Some(MergeObjects::Shallow) => Objects::Shallow,
                Some(MergeObjects::Deep) => Objects::Deep,
            },
            collision: match collision {
                None | Some(MergeCollision::Error) => Collision::Error,
                Some(MergeCollision::First) => Collision::First,
                Some(MergeCollision::Last) => Collision::Last,
            },
            arrays,
        }
    }

    /// Where a part goes.
    pub(super) fn merge_place(&mut self, at: &Pointer, text: &str) -> Option<Place> {
        match Place::read(text) {
            Ok(place) => Some(place),
            Err(error) => {
                self.error(at, format!("\"{text}\" is not a place: {}", error.message))
                    .help("such as \"user\", \"user.orders\", or \".\" for the top");
                None
            }
        }
    }

    /// Parts that can meet, each told of once.
    fn merge_meetings(&mut self, parts: &[(Pointer, &str, Place)]) {
        let places: Vec<_> = parts.iter().map(|(_, _, place)| place.clone()).collect();
        let mut told = None;
        for known in known_collisions(&places) {
            if told == Some(known.second) {
                continue;
            }
            told = Some(known.second);
            let ((_, first, _), (at, second, _)) = (&parts[known.first], &parts[known.second]);
            let message = match known.meeting {
                Meeting::Tops => format!(
                    "\"{second}\" and \"{first}\" both go to the top, and may have a member in common"
                ),
                Meeting::Top => format!(
                    "\"{second}\" and \"{first}\" meet where the one at the top has such a member, too"
                ),
                Meeting::Same => format!("\"{second}\" goes to the same place as \"{first}\""),
                Meeting::Within => {
                    format!("\"{second}\" and \"{first}\" meet: one goes to a place within the other's")
                }
            };
            self.error(at, message).help(
                "give one of them another place with into, or write what stays: merge = { collision = \"error\" }, \
                 \"first\" or \"last\"",
            );
        }
    }
}

#[cfg(test)]
mod tests;
