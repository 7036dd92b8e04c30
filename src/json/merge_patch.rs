//! What changes in a document, as a document of the same form: JSON Merge Patch (RFC 7396, before that RFC 7386).

use super::{Fault, Node, Object, Room};

/// The target with the patch in it (RFC 7396 section 2): members that are `null` in the patch are taken away, objects are
/// changed member by member, and anything else comes in place of what was there. What is made is paid for; the document
/// becomes at most as deep as the deeper of both.
pub fn apply<'a>(mut target: Node<'a>, patch: &'a Node<'a>, room: &mut Room) -> Result<Node<'a>, Fault> {
    merge(&mut target, patch, room)?;
    Ok(target)
}

/// Calls itself for what is within the patch; how deep that is, is bounded where it is read.
fn merge<'a>(target: &mut Node<'a>, patch: &'a Node<'a>, room: &mut Room) -> Result<(), Fault> {
    let Node::Object(changes) = patch else {
        room.spend(patch.values())?;
        *target = patch.borrow();
        return Ok(());
    };
    if target.object().is_none() {
        room.spend(1)?;
        *target = Node::Object(Object::default());
    }
    let Node::Object(object) = target else { return Ok(()) };
    let places = object.positions(changes.iter().map(|(name, _)| name));
    let mut gone = vec![false; object.len()];
    for ((name, change), place) in changes.iter().zip(places) {
        match (place, change) {
            (Some(at), Node::Null) => gone[at] = true,
            (Some(at), _) => merge(&mut object.members[at].1, change, room)?,
            (None, Node::Null) => {}
            (None, _) => {
                // What is new may have `null` within it, which stands for nothing.
                let mut value = Node::Null;
                merge(&mut value, change, room)?;
                object.members.push((name.into(), value));
            }
        }
    }
    let mut gone = gone.into_iter();
    object.retain(|_, _| !gone.next().unwrap_or_default());
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::json::{Limits, parse};

    fn patched(target: &str, patch: &str, values: usize) -> Result<String, Fault> {
        let limits = Limits::of(10_000);
        let (target, patch) = (parse(target.as_bytes(), &limits), parse(patch.as_bytes(), &limits));
        let patch = patch.unwrap();
        apply(target.unwrap(), &patch, &mut Room::of_values(values)).map(|node| node.to_text())
    }

    #[test]
    fn rfc_7386_appendix_a() {
        for (target, patch, result) in [
            (r#"{"a":"b"}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"b":"c"}"#, r#"{"a":"b","b":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"a":null}"#, "{}"),
            (r#"{"a":"b","b":"c"}"#, r#"{"a":null}"#, r#"{"b":"c"}"#),
            (r#"{"a":["b"]}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":"c"}"#, r#"{"a":["b"]}"#, r#"{"a":["b"]}"#),
            (r#"{"a":{"b":"c"}}"#, r#"{"a":{"b":"d","c":null}}"#, r#"{"a":{"b":"d"}}"#),
            (r#"{"a":[{"b":"c"}]}"#, r#"{"a":[1]}"#, r#"{"a":[1]}"#),
            (r#"["a","b"]"#, r#"["c","d"]"#, r#"["c","d"]"#),
            (r#"{"a":"b"}"#, r#"["c"]"#, r#"["c"]"#),
            (r#"{"a":"foo"}"#, "null", "null"),
            (r#"{"a":"foo"}"#, "\"bar\"", "\"bar\""),
            (r#"{"e":null}"#, r#"{"a":1}"#, r#"{"e":null,"a":1}"#),
            ("[1,2]", r#"{"a":"b","c":null}"#, r#"{"a":"b"}"#),
            ("{}", r#"{"a":{"bb":{"ccc":null}}}"#, r#"{"a":{"bb":{}}}"#),
        ] {
            assert_eq!(patched(target, patch, 100).unwrap(), result, "{target} {patch}");
        }
    }

    #[test]
    fn rfc_7386_section_3() {
        let target = r#"{"title":"Goodbye!","author":{"givenName":"John","familyName":"Doe"},"tags":["example","sample"],"content":"This will be unchanged"}"#;
        let patch = r#"{"title":"Hello!","phoneNumber":"+01-123-456-7890","author":{"familyName":null},"tags":["example"]}"#;
        let result = r#"{"title":"Hello!","author":{"givenName":"John"},"tags":["example"],"content":"This will be unchanged","phoneNumber":"+01-123-456-7890"}"#;
        assert_eq!(patched(target, patch, 100).unwrap(), result);
    }

    #[test]
    fn numbers_stay_digit_for_digit_and_values_are_paid_for() {
        let patch = r#"{"b":1e400,"c":{"d":[1.10]}}"#;
        let result = r#"{"a":12345678901234567890,"b":1e400,"c":{"d":[1.10]}}"#;
        assert_eq!(patched(r#"{"a":12345678901234567890}"#, patch, 4).unwrap(), result);
        assert_eq!(patched(r#"{"a":12345678901234567890}"#, patch, 3), Err(Fault::Values));
    }
}
