//! How heavy a document is, before anything is made of it.

use super::MOST_DEPTH;

/// How heavy a document may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Arrays and objects within each other; never more than [`MOST_DEPTH`].
    pub depth: usize,
    /// Members of one object.
    pub members: usize,
    /// Elements of one array.
    pub elements: usize,
    /// One text or name, in bytes as it is written.
    pub text: usize,
}

/// Which bound a document breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Excess {
    /// More than [`Bounds::depth`].
    Depth,
    /// More than [`Bounds::members`].
    Members,
    /// More than [`Bounds::elements`].
    Elements,
    /// More than [`Bounds::text`].
    Text,
}

/// An array or object that is open: what is counted in it.
#[derive(Clone, Copy)]
struct Open {
    object: bool,
    count: usize,
}

/// Looks at each byte once and keeps nothing but one count for each level. What is no JSON is passed over as far as it goes:
/// that it is none, whoever reads it finds out. Every member is behind a colon, and every element but the first behind a
/// comma.
pub fn weigh(bytes: &[u8], bounds: &Bounds) -> Result<(), Excess> {
    let mut open = [Open { object: false, count: 0 }; MOST_DEPTH];
    let most = bounds.depth.min(MOST_DEPTH);
    let (mut depth, mut at) = (0, 0);
    while let Some(byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'"' => {
                let end = end_of_text(bytes, at);
                if end - at > bounds.text {
                    return Err(Excess::Text);
                }
                at = end + 1;
            }
            b'{' | b'[' => {
                if depth == most {
                    return Err(Excess::Depth);
                }
                open[depth] = Open { object: *byte == b'{', count: 0 };
                depth += 1;
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b':' | b',' => {
                let Some(inner) = depth.checked_sub(1).map(|level| &mut open[level]) else { continue };
                if inner.object != (*byte == b':') {
                    continue;
                }
                inner.count += 1;
                match inner.object {
                    true if inner.count > bounds.members => return Err(Excess::Members),
                    false if inner.count >= bounds.elements => return Err(Excess::Elements),
                    _ => {}
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Where the text ends that begins at `at`: its closing quotation mark, or the end of all.
fn end_of_text(bytes: &[u8], mut at: usize) -> usize {
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at,
            // Whatever is escaped, it does not end the text.
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    at.min(bytes.len())
}

// === impl Excess ===

impl std::fmt::Display for Excess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Depth => "arrays and objects are nested too deeply",
            Self::Members => "an object has too many members",
            Self::Elements => "an array has too many elements",
            Self::Text => "a text is too long",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds { depth: 3, members: 2, elements: 3, text: 4 };

    #[test]
    fn documents_within_their_bounds_pass() {
        for text in [
            "",
            "1",
            "{}",
            "[[[]]]",
            r#"{"a":{"b":{}},"c":1}"#,
            r#"[{"a":1,"b":2},{"a":1,"b":2},[1,2,3]]"#,
            r#"["abcd",":,{["]"#,
            // A quotation mark that is escaped ends no text.
            r#"["\"[["]"#,
            // No JSON at all, for others to find out.
            "]]]}}}:::,,,",
            "\"abcd",
        ] {
            assert_eq!(weigh(text.as_bytes(), &BOUNDS), Ok(()), "{text}");
        }
    }

    #[test]
    fn the_first_bound_that_is_broken_is_told() {
        for (text, excess) in [
            ("[[[[", Excess::Depth),
            (r#"{"a":[{"b":[]}]}"#, Excess::Depth),
            (r#"{"a":1,"b":2,"c":3}"#, Excess::Members),
            (r#"[{"a":1,"b":2,"c":3}]"#, Excess::Members),
            ("[1,2,3,4]", Excess::Elements),
            (r#"[{"a":1},{"a":1},{"a":1},{"a":1}]"#, Excess::Elements),
            (r#"["abcde"]"#, Excess::Text),
            (r#"{"abcde":1}"#, Excess::Text),
            ("\"abcde", Excess::Text),
            (r#""\\\\\\"#, Excess::Text),
        ] {
            assert_eq!(weigh(text.as_bytes(), &BOUNDS), Err(excess), "{text}");
        }
        let deepest = Bounds { depth: usize::MAX, members: 9, elements: 9, text: 9 };
        assert_eq!(weigh("[".repeat(MOST_DEPTH).as_bytes(), &deepest), Ok(()));
        assert_eq!(weigh("[".repeat(MOST_DEPTH + 1).as_bytes(), &deepest), Err(Excess::Depth));
    }
}
