//! From a document to a patch.

use super::{Mistake, Operation, Patch};
use crate::json::{Node, Object, Path};

/// The most operations of a patch: each may be a walk through the document.
const MOST_OPERATIONS: usize = 256;

pub(super) fn patch(document: &Node<'_>) -> Result<Patch, Mistake> {
    let whole = |message: String| Mistake { operation: None, message };
    let Node::Array(written) = document else {
        return Err(whole("a patch is a list of operations".to_owned()));
    };
    if written.len() > MOST_OPERATIONS {
        return Err(whole(format!("there are more than {MOST_OPERATIONS} operations")));
    }
    let operations = written
        .iter()
        .enumerate()
        .map(|(at, written)| operation(written).map_err(|message| Mistake { operation: Some(at), message }));
    Ok(Patch { operations: operations.collect::<Result<_, _>>()? })
}

/// RFC 6902 section 4: members that an operation does not have are ignored.
fn operation(written: &Node<'_>) -> Result<Operation, String> {
    let object = written.object().ok_or("an operation is an object")?;
    let at = pointer(object, "path")?;
    match text(object, "op")? {
        "add" => Ok(Operation::Add { at, value: value(object)? }),
        "remove" if at.segments().is_empty() => Err("the whole document cannot be removed".to_owned()),
        "remove" => Ok(Operation::Remove(at)),
        "replace" => Ok(Operation::Replace { at, value: value(object)? }),
        "move" => {
            let from = pointer(object, "from")?;
            // Section 4.4. A pointer is written in one way only, so that it begins like those of what is within.
            if from != at && from.holds(&at) {
                return Err("a value cannot be moved into itself".to_owned());
            }
            Ok(Operation::Move { from, to: at })
        }
        "copy" => Ok(Operation::Copy { from: pointer(object, "from")?, to: at }),
        "test" => Ok(Operation::Test { at, value: value(object)? }),
        other => Err(format!("there is no operation \"{other}\"")),
    }
}

fn text<'n>(object: &'n Object<'_>, name: &str) -> Result<&'n str, String> {
    let found = object.get(name).ok_or_else(|| format!("\"{name}\" is missing"))?;
    found.text().ok_or_else(|| format!("\"{name}\" is not text"))
}

fn value(object: &Object<'_>) -> Result<Node<'static>, String> {
    let value = object.get("value").ok_or("\"value\" is missing")?;
    Ok(value.clone().into_owned())
}

fn pointer(object: &Object<'_>, name: &str) -> Result<Path, String> {
    let text = text(object, name)?;
    let path = match text {
        "" => Path::new(Vec::new()),
        text if text.starts_with('/') => Path::read(text),
        _ => return Err(format!("\"{name}\" is not a JSON Pointer: it begins with /, or is empty")),
    };
    path.map_err(|error| format!("\"{name}\" is not a JSON Pointer: {}", error.message))
}
