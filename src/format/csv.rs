//! CSV as RFC 4180 has it: a line of names, then one for each object of an array.

use std::collections::BTreeSet;

use super::Fault;
use crate::json::{Node, Path};

/// What stands for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CsvRules {
    /// The columns, in order: what they are called, and where their values are in each object. Empty: all members of all
    /// objects, in the order in which they are seen first.
    pub columns: Box<[(Box<str>, Path)]>,
    /// Whether the first line has the names of columns.
    pub header: bool,
    /// What becomes of arrays and objects.
    pub nested: Nested,
    /// Whether text that a spreadsheet would take for a formula gets an apostrophe in front of it.
    pub escape_formulas: bool,
}

/// What becomes of arrays and objects in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Nested {
    /// They are written as JSON.
    #[default]
    Json,
    /// They are refused.
    Refuse,
}

/// The most columns: each is looked for in each object.
pub const MOST_COLUMNS: usize = 1_024;

/// What is written into a line.
struct Lines<'r> {
    rules: &'r CsvRules,
    out: Vec<u8>,
    most: usize,
}

// === impl CsvRules ===

impl Default for CsvRules {
    fn default() -> Self {
        Self { columns: Box::default(), header: true, nested: Nested::default(), escape_formulas: false }
    }
}

/// Writes an array of objects, or one object, in at most `most` bytes. Nothing stands for `null` and for members that are
/// not there, `""` for text without characters.
pub fn write(node: &Node<'_>, rules: &CsvRules, most: usize) -> Result<Vec<u8>, Fault> {
    let one = std::slice::from_ref(node);
    let rows = if let Node::Array(elements) = node { elements } else { one };
    if rows.iter().any(|row| row.object().is_none()) {
        return Err(Fault::Place);
    }
    let mut lines = Lines { rules, out: Vec::new(), most };
    if rules.columns.is_empty() {
        let names = names(rows)?;
        lines.header(names.iter().copied())?;
        for object in rows.iter().filter_map(Node::object) {
            // Objects that are alike have each member where the first of them has it.
            let members: Vec<_> = object.iter().collect();
            let value = |(at, name): (usize, &&str)| match members.get(at) {
                Some((known, value)) if known == name => Some(*value),
                _ => object.get(name),
            };
            lines.row(names.len(), names.iter().enumerate().map(value))?;
        }
    } else {
        lines.header(rules.columns.iter().map(|(name, _)| &**name))?;
        for row in rows {
            lines.row(rules.columns.len(), rules.columns.iter().map(|(_, path)| row.at(path)))?;
        }
    }
    Ok(lines.out)
}

/// The names of all members, in the order in which they are seen first.
fn names<'n>(rows: &'n [Node<'_>]) -> Result<Vec<&'n str>, Fault> {
    let (mut names, mut seen) = (Vec::new(), BTreeSet::new());
    for object in rows.iter().filter_map(Node::object) {
        for (at, (name, _)) in object.iter().enumerate() {
            // Objects that are alike have nothing new.
            if names.get(at) != Some(&name) && seen.insert(name) {
                names.push(name);
            }
        }
        if names.len() > MOST_COLUMNS {
            return Err(Fault::Values);
        }
    }
    Ok(names)
}

// === impl Lines ===

impl Lines<'_> {
    fn header<'n>(&mut self, names: impl ExactSizeIterator<Item = &'n str>) -> Result<(), Fault> {
        let columns = names.len();
        if !self.rules.header || columns == 0 {
            return Ok(());
        }
        for (at, name) in names.enumerate() {
            self.separator(at)?;
            self.text(name)?;
        }
        self.end(columns)
    }

    fn row<'n>(
        &mut self,
        columns: usize,
        values: impl Iterator<Item = Option<&'n Node<'n>>>,
    ) -> Result<(), Fault> {
        for (at, value) in values.enumerate() {
            self.separator(at)?;
            match value {
                // One column of nothing would be an empty line, which is no row.
                None | Some(Node::Null) if columns == 1 => self.push(b"\"\"")?,
                None | Some(Node::Null) => {}
                Some(Node::Text(text)) => self.text(text)?,
                Some(Node::Array(_) | Node::Object(_)) if self.rules.nested == Nested::Refuse => {
                    return Err(Fault::Place);
                }
                Some(Node::Array(_) | Node::Object(_)) => {
                    let left = self.most.saturating_sub(self.out.len());
                    let json = value.and_then(|value| value.write(left)).ok_or(Fault::Bytes)?;
                    self.field(&json)?;
                }
                // A number is no formula, whatever it begins with.
                Some(Node::Number(number)) => self.push(number.as_str().as_bytes())?,
                Some(Node::Bool(it)) => self.push(if *it { b"true" } else { b"false" })?,
            }
        }
        self.end(columns)
    }

    fn separator(&mut self, at: usize) -> Result<(), Fault> {
        if at > 0 { self.push(b",") } else { Ok(()) }
    }

    fn end(&mut self, columns: usize) -> Result<(), Fault> {
        if columns > 0 { self.push(b"\r\n") } else { Ok(()) }
    }

    fn text(&mut self, text: &str) -> Result<(), Fault> {
        // What spreadsheets take for the beginning of a formula (OWASP, CSV Injection).
        let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
        if self.rules.escape_formulas && formula {
            return self.field(format!("'{text}").as_bytes());
        }
        self.field(text.as_bytes())
    }

    /// RFC 4180 section 2, rules 5 to 7.
    fn field(&mut self, text: &[u8]) -> Result<(), Fault> {
        let quoted = text.is_empty() || text.iter().any(|byte| matches!(byte, b'"' | b',' | b'\r' | b'\n'));
        if !quoted {
            return self.push(text);
        }
        for (at, piece) in text.split(|byte| *byte == b'"').enumerate() {
            self.push(if at == 0 { b"\"" } else { b"\"\"" })?;
            self.push(piece)?;
        }
        self.push(b"\"")
    }

    fn push(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        if self.out.len() + bytes.len() > self.most {
            return Err(Fault::Bytes);
        }
        self.out.extend_from_slice(bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Limits, parse};

    fn written(text: &str, rules: &CsvRules) -> Result<String, Fault> {
        let node = parse(text.as_bytes(), &Limits::of(1 << 20)).unwrap();
        write(&node, rules, 1 << 20).map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn columns_come_in_the_order_of_first_appearance() {
        let text = r#"[{"id":12345678901234567890,"name":"Ada"},{"name":"B, \"C\"","x":1.10,"id":null},{"y":"a\nb","x":""}]"#;
        let csv =
            "id,name,x,y\r\n12345678901234567890,Ada,,\r\n,\"B, \"\"C\"\"\",1.10,\r\n,,\"\",\"a\nb\"\r\n";
        assert_eq!(written(text, &CsvRules::default()).unwrap(), csv);
    }

    #[test]
    fn columns_are_declared() {
        let column = |name: &str, path: &str| (name.into(), Path::read(path).unwrap());
        let columns = [column("number", "id"), column("city", "at.city"), column("first", "tags[0]")].into();
        let rules = CsvRules { columns, ..CsvRules::default() };
        let text = r#"[{"at":{"city":"Paris"},"id":7,"tags":["a","b"]},{"id":8,"at":3}]"#;
        assert_eq!(written(text, &rules).unwrap(), "number,city,first\r\n7,Paris,a\r\n8,,\r\n");
        assert_eq!(written("[]", &rules).unwrap(), "number,city,first\r\n");
        let rules = CsvRules { header: false, ..rules };
        assert_eq!(written(text, &rules).unwrap(), "7,Paris,a\r\n8,,\r\n");
    }

    #[test]
    fn what_is_nested_is_json_or_refused() {
        let text = r#"{"a":[1,{"b":"x"}],"c":{}}"#;
        assert_eq!(
            written(text, &CsvRules::default()).unwrap(),
            "a,c\r\n\"[1,{\"\"b\"\":\"\"x\"\"}]\",{}\r\n"
        );
        let rules = CsvRules { nested: Nested::Refuse, ..CsvRules::default() };
        assert_eq!(written(text, &rules), Err(Fault::Place));
        for text in ["1", "[1]", "[{},[]]", "\"a\"", "null"] {
            assert_eq!(written(text, &CsvRules::default()), Err(Fault::Place), "{text}");
        }
    }

    #[test]
    fn rows_of_one_column_are_never_empty_lines() {
        assert_eq!(
            written(r#"[{"a":null},{"a":""},{}]"#, &CsvRules::default()).unwrap(),
            "a\r\n\"\"\r\n\"\"\r\n\"\"\r\n"
        );
        assert_eq!(written("[]", &CsvRules::default()).unwrap(), "");
        assert_eq!(written("[{},{}]", &CsvRules::default()).unwrap(), "");
    }

    #[test]
    fn formulas_are_escaped_where_that_is_wanted() {
        let text = r#"[{"=a":"=1+1","b":-5,"c":"@x","d":"a=b","e":"-2","f":"\t="}]"#;
        let plain = "=a,b,c,d,e,f\r\n=1+1,-5,@x,a=b,-2,\t=\r\n";
        assert_eq!(written(text, &CsvRules::default()).unwrap(), plain);
        let rules = CsvRules { escape_formulas: true, ..CsvRules::default() };
        assert_eq!(written(text, &rules).unwrap(), "'=a,b,c,d,e,f\r\n'=1+1,-5,'@x,a=b,'-2,'\t=\r\n");
    }

    #[test]
    fn what_is_written_is_bounded() {
        let node = parse(br#"[{"a":1,"b":"xy"}]"#, &Limits::of(100)).unwrap();
        let csv = write(&node, &CsvRules::default(), 11).unwrap();
        assert_eq!(csv, b"a,b\r\n1,xy\r\n");
        assert_eq!(write(&node, &CsvRules::default(), 10), Err(Fault::Bytes));
        let many: Vec<_> = (0..1_025).map(|at| format!("\"c{at}\":1")).collect();
        assert_eq!(written(&format!("[{{{}}}]", many.join(",")), &CsvRules::default()), Err(Fault::Values));
    }
}
