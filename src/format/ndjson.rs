//! A JSON text on each line (`application/x-ndjson`): the elements of an array.

use super::{Error, Fault};
use crate::json::{Limits, Node, parse};

/// Reads lines into an array. Lines with nothing on them are none; a line ends with LF or CRLF.
pub fn read<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Node<'a>, Error> {
    if bytes.len() > limits.bytes {
        return Err(Fault::Bytes.at(limits.bytes));
    }
    let (mut elements, mut at) = (Vec::new(), 0);
    let depth = limits.depth.checked_sub(1).ok_or(Fault::Deep.at(0))?;
    let mut left = limits.values.checked_sub(1).ok_or(Fault::Values.at(0))?;
    for line in bytes.split(|byte| *byte == b'\n') {
        if !line.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r')) {
            let limits = Limits { depth, values: left, ..*limits };
            let node = parse(line, &limits)
                .map_err(|error| Error { at: at + error.at, fault: Fault::Json(error.fault) })?;
            left = left.saturating_sub(node.values());
            elements.push(node);
        }
        at += line.len() + 1;
    }
    Ok(Node::Array(elements))
}

/// Writes the elements of an array, or a value that is none, each on its line, in at most `most` bytes.
pub fn write(node: &Node<'_>, most: usize) -> Result<Vec<u8>, Fault> {
    let one = std::slice::from_ref(node);
    let elements = if let Node::Array(elements) = node { elements } else { one };
    let mut out = Vec::new();
    for element in elements {
        // The end of the line counts as well.
        let left = most.saturating_sub(out.len() + 1);
        out.extend_from_slice(&element.write(left).ok_or(Fault::Bytes)?);
        out.push(b'\n');
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn lines_are_elements() {
        let limits = Limits::of(1_000);
        for (text, array) in [
            ("", "[]"),
            ("\n\r\n \n", "[]"),
            ("1", "[1]"),
            ("{\"a\":1.10}\n[2]\r\n\n\"x\\n\"\n", "[{\"a\":1.10},[2],\"x\\n\"]"),
        ] {
            assert_eq!(read(text.as_bytes(), &limits).unwrap().to_text(), array, "{text:?}");
        }
        let node = parse(b"[{\"a\":1.10},[2],\"x\\n\",null]", &limits).unwrap();
        let written = write(&node, 100).unwrap();
        assert_eq!(written, b"{\"a\":1.10}\n[2]\n\"x\\n\"\nnull\n");
        assert_eq!(read(&written, &limits), Ok(node.borrow()));
        assert_eq!(write(&node, written.len()).as_ref(), Ok(&written));
        assert_eq!(write(&node, written.len() - 1), Err(Fault::Bytes));
        assert_eq!(write(&Node::Bool(true), 5).unwrap(), b"true\n");
        assert_eq!(write(&Node::Array(Vec::new()), 0).unwrap(), b"");
    }

    #[test]
    fn what_is_wrong_is_refused_where_it_stands() {
        let refused = |text: &str, limits: &Limits| read(text.as_bytes(), limits).unwrap_err();
        let limits = Limits { bytes: 20, depth: 2, values: 4, text: 5 };
        let json = |fault| Fault::Json(fault);
        for (text, at, fault) in [
            ("1\n2 3\n", 4, json(json::Fault::After)),
            ("{\"a\":\n1}", 5, json(json::Fault::End)),
            ("[1]\n2\n3", 6, json(json::Fault::Values)),
            ("[[1]]", 1, json(json::Fault::Deep)),
            ("1\n\"\u{e9}\u{e9}\u{e9}\"", 3, json(json::Fault::Text)),
            ("1\n2\n3\n4\n5\n6\n7\n8\n9\n0\n1", 20, Fault::Bytes),
        ] {
            let error = refused(text, &limits);
            assert_eq!((error.at, error.fault), (at, fault), "{text:?}");
        }
        assert!(refused("1\n2\n3\n4", &limits).fault.is_limit());
    }
}
