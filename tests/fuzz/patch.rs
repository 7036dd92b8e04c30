//! Patches that an author might have written, on what an upstream might have answered: a line of one, and then the other.

use tollgate::json::patch::Patch;
use tollgate::json::{Limits, Node, Room, merge_patch, parse};

/// What comes of a patch is JSON that is no larger than it may be, and nothing comes of one that fails.
pub fn operations(bytes: &[u8]) {
    let Some((patch, document)) = both(bytes) else { return };
    let Ok(patch) = Patch::read(&patch) else { return };
    let values = document.values();
    if let Ok(patched) = patch.apply(document, &mut Room::of(&LIMITS)) {
        assert!(patched.values() <= values + LIMITS.values);
        is_read_again(&patched);
    }
}

/// A merge patch can do nothing more when it is done.
pub fn changes(bytes: &[u8]) {
    let Some((patch, document)) = both(bytes) else { return };
    let once = merge_patch::apply(document, &patch, &mut Room::of(&LIMITS)).unwrap();
    is_read_again(&once);
    assert_eq!(merge_patch::apply(once.clone(), &patch, &mut Room::of(&LIMITS)).unwrap(), once);
}

const LIMITS: Limits = Limits::of(10_000);

fn both(bytes: &[u8]) -> Option<(Node<'_>, Node<'_>)> {
    let at = bytes.iter().position(|byte| *byte == b'\n')?;
    Some((parse(&bytes[..at], &LIMITS).ok()?, parse(&bytes[at + 1..], &LIMITS).ok()?))
}

fn is_read_again(node: &Node<'_>) {
    let written = node.to_text();
    let limits = Limits { depth: usize::MAX, values: usize::MAX, ..Limits::of(usize::MAX) };
    assert_eq!(&parse(written.as_bytes(), &limits).unwrap(), node, "{written}");
}

pub fn seeds() -> Vec<Vec<u8>> {
    let texts = [
        "[{\"op\":\"add\",\"path\":\"/a/-\",\"value\":1.10},{\"op\":\"test\",\"path\":\"/a/0\",\"value\":1}]\n{\"a\":[1.0,2],\"b\":{}}",
        "[{\"op\":\"move\",\"from\":\"/a/0\",\"path\":\"/b/c\"},{\"op\":\"copy\",\"from\":\"\",\"path\":\"/b/c\"}]\n{\"a\":[[1],2],\"b\":{}}",
        "[{\"op\":\"remove\",\"path\":\"/a~1b\"},{\"op\":\"replace\",\"path\":\"/m~0n/0\",\"value\":{}}]\n{\"a/b\":1,\"m~n\":{\"0\":[]}}",
        "{\"a\":null,\"b\":{\"c\":[null],\"d\":null}}\n{\"a\":1,\"b\":{\"d\":{\"e\":2}},\"f\":3}",
    ];
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}
