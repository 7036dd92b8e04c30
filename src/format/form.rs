//! Forms: `application/x-www-form-urlencoded`, as WHATWG URL has it (section 5).

use super::{Error, Fault};
use crate::json::{Limits, Node, Object};
use crate::transform::query;

/// What stands for what.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FormRules {
    /// Whether brackets in names are places: `a[b]=1` is a member of a member, `a[]=1` an element of an array, `a[0][b]=1`
    /// a member of such.
    pub brackets: bool,
    /// Names that are always arrays, even where they stand once.
    pub arrays: Box<[Box<str>]>,
}

/// The most pairs: each is looked for among the others.
pub const MOST_PAIRS: usize = 2_048;

/// Reads a form into an object. All values are text; names that repeat are arrays, in the order in which they stand.
pub fn read<'a>(bytes: &'a [u8], rules: &FormRules, limits: &Limits) -> Result<Node<'a>, Error> {
    if bytes.len() > limits.bytes {
        return Err(Fault::Bytes.at(limits.bytes));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| Fault::Encoding.at(error.valid_up_to()))?;
    let mut form = Form { left: limits.values, depth: limits.depth, object: Object::default() };
    form.count().map_err(|fault| fault.at(0))?;
    let mut at = 0;
    for (number, piece) in text.split('&').enumerate() {
        if number >= MOST_PAIRS {
            return Err(Fault::Values.at(at));
        }
        for pair in query::pairs(piece) {
            let (name, value) = pair.ok_or(Fault::Encoding.at(at))?;
            if name.len().max(value.len()) > limits.text {
                return Err(Fault::Text.at(at));
            }
            let keys = if rules.brackets { keys(&name) } else { vec![&*name] };
            form.put(&keys, value.into_owned()).map_err(|fault| fault.at(at))?;
        }
        at += piece.len() + 1;
    }
    form.arrays(&rules.arrays).map_err(|fault| fault.at(bytes.len()))?;
    // Names that repeat are one level more than their brackets say.
    let node = Node::Object(form.object);
    if node.depth() > limits.depth {
        return Err(Fault::Deep.at(bytes.len()));
    }
    Ok(node)
}

/// Writes an object in at most `most` bytes. `null` and empty arrays are nothing, but in an array, where the others would
/// take their places.
pub fn write(node: &Node<'_>, rules: &FormRules, most: usize) -> Result<Vec<u8>, Fault> {
    let object = node.object().ok_or(Fault::Root)?;
    let mut writer = Writer { brackets: rules.brackets, out: String::new(), most };
    for (name, value) in object.iter() {
        // Brackets stand behind a name.
        let nothing = name.is_empty() && matches!(value, Node::Array(_) | Node::Object(_));
        if rules.brackets && (nothing || name.contains(['[', ']'])) {
            return Err(Fault::Name);
        }
        writer.value(name, value)?;
    }
    Ok(writer.out.into_bytes())
}

/// A form that is read.
struct Form {
    left: usize,
    depth: usize,
    object: Object<'static>,
}

struct Writer {
    brackets: bool,
    out: String,
    most: usize,
}

/// The steps to a value: `a[b][]` has three, the last of them empty. What is not written like that is one name.
fn keys(name: &str) -> Vec<&str> {
    let Some(at) = name.find('[').filter(|at| *at > 0 && name.ends_with(']')) else { return vec![name] };
    let (first, rest) = name.split_at(at);
    let inside: Vec<_> = rest[1..rest.len() - 1].split("][").collect();
    if first.contains(']') || inside.iter().any(|key| key.contains(['[', ']'])) {
        return vec![name];
    }
    std::iter::once(first).chain(inside).collect()
}

// === impl Form ===

impl Form {
    /// One more value.
    fn count(&mut self) -> Result<(), Fault> {
        self.left = self.left.checked_sub(1).ok_or(Fault::Values)?;
        Ok(())
    }

    fn put(&mut self, keys: &[&str], value: String) -> Result<(), Fault> {
        if keys.len() > self.depth {
            return Err(Fault::Deep);
        }
        let Some((first, rest)) = keys.split_first() else { return Err(Fault::Name) };
        // Taken out for the while: what is within counts what it makes.
        let mut object = std::mem::take(&mut self.object);
        let done = self.put_in(member(&mut object, first)?, rest, value);
        self.object = object;
        done
    }

    /// Puts a value there or within. `null` is what has been made on the way and is nothing yet.
    fn put_in(&mut self, here: &mut Node<'static>, keys: &[&str], value: String) -> Result<(), Fault> {
        let Some((key, rest)) = keys.split_first() else {
            return self.put_here(here, value);
        };
        if *here == Node::Null {
            self.count()?;
            *here = match *key {
                "" | "0" => Node::Array(Vec::new()),
                _ => Node::Object(Object::default()),
            };
        }
        if let (Node::Text(_), "") = (&*here, *key) {
            self.count()?;
            *here = Node::Array(vec![std::mem::replace(here, Node::Null)]);
        }
        let next = match here {
            Node::Array(elements) => {
                let at = if key.is_empty() { elements.len() } else { index(key).ok_or(Fault::Place)? };
                // Indices are read where they leave no gap.
                if at == elements.len() {
                    elements.push(Node::Null);
                }
                elements.get_mut(at)
            }
            // A name of nothing is an element.
            Node::Object(object) if !key.is_empty() => Some(member(object, key)?),
            _ => None,
        };
        self.put_in(next.ok_or(Fault::Place)?, rest, value)
    }

    fn put_here(&mut self, here: &mut Node<'static>, value: String) -> Result<(), Fault> {
        self.count()?;
        let value = Node::Text(value.into());
        match here {
            Node::Null => *here = value,
            Node::Text(_) => {
                self.count()?;
                *here = Node::Array(vec![std::mem::replace(here, Node::Null), value]);
            }
            Node::Array(elements) => elements.push(value),
            _ => return Err(Fault::Place),
        }
        Ok(())
    }

    /// Makes arrays of what stands once.
    fn arrays(&mut self, names: &[Box<str>]) -> Result<(), Fault> {
        for name in names {
            if let Some(value) = self.object.get_mut(name)
                && !matches!(value, Node::Array(_))
            {
                *value = Node::Array(vec![std::mem::replace(value, Node::Null)]);
                self.count()?;
            }
        }
        Ok(())
    }
}

/// The member of this name, which is there afterwards.
fn member<'o>(object: &'o mut Object<'static>, name: &str) -> Result<&'o mut Node<'static>, Fault> {
    if object.position(name).is_none() {
        object.set(name.to_owned(), Node::Null);
    }
    object.get_mut(name).ok_or(Fault::Place)
}

/// A number as an array is counted: no zeros in front.
fn index(key: &str) -> Option<usize> {
    let canonical = key == "0" || (!key.starts_with('0') && key.bytes().all(|byte| byte.is_ascii_digit()));
    if canonical { key.parse().ok() } else { None }
}

// === impl Writer ===

impl Writer {
    /// Calls itself for what is within; how deep values are is bounded where they are made.
    fn value(&mut self, name: &str, value: &Node<'_>) -> Result<(), Fault> {
        match value {
            Node::Null => Ok(()),
            Node::Bool(it) => self.pair(name, if *it { "true" } else { "false" }),
            Node::Number(number) => self.pair(name, number.as_str()),
            Node::Text(text) => self.pair(name, text),
            Node::Array(elements) => self.elements(name, elements),
            Node::Object(_) if !self.brackets => Err(Fault::Place),
            Node::Object(object) => {
                object.iter().try_for_each(|(key, value)| {
                    // What begins with 0 is read as an array.
                    if matches!(key, "" | "0") || key.contains(['[', ']']) {
                        return Err(Fault::Name);
                    }
                    self.value(&format!("{name}[{key}]"), value)
                })
            }
        }
    }

    fn elements(&mut self, name: &str, elements: &[Node<'_>]) -> Result<(), Fault> {
        let is_nested = |element: &Node<'_>| matches!(element, Node::Array(_) | Node::Object(_));
        let nested = elements.iter().any(is_nested);
        if nested && !self.brackets {
            return Err(Fault::Place);
        }
        for (at, element) in elements.iter().enumerate() {
            let before = self.out.len();
            match (self.brackets, nested) {
                (false, _) => self.value(name, element)?,
                (true, false) => self.value(&format!("{name}[]"), element)?,
                (true, true) => self.value(&format!("{name}[{at}]"), element)?,
            }
            if self.out.len() == before {
                return Err(Fault::Place);
            }
        }
        Ok(())
    }

    fn pair(&mut self, name: &str, value: &str) -> Result<(), Fault> {
        query::push(&mut self.out, name, value);
        if self.out.len() > self.most { Err(Fault::Bytes) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::parse;

    const LIMITS: Limits = Limits::of(10_000);

    fn read_text(text: &str, rules: &FormRules) -> Result<String, Error> {
        read(text.as_bytes(), rules, &LIMITS).map(|node| node.to_text())
    }

    fn brackets() -> FormRules {
        FormRules { brackets: true, ..FormRules::default() }
    }

    #[test]
    fn names_that_repeat_are_arrays() {
        let rules = FormRules::default();
        for (text, json) in [
            ("", "{}"),
            ("a=1&b=x+y%26&a=2&c&=d&&a=%C3%BC", r#"{"a":["1","2","ü"],"b":"x y&","c":"","":"d"}"#),
            ("a%5Bb%5D=1&a[]=2&n=007", r#"{"a[b]":"1","a[]":"2","n":"007"}"#),
            ("%zz=%", r#"{"%zz":"%"}"#),
        ] {
            assert_eq!(read_text(text, &rules).unwrap(), json, "{text}");
        }
        let rules = FormRules { arrays: ["a".into(), "none".into()].into(), ..FormRules::default() };
        assert_eq!(read_text("a=1&b=2", &rules).unwrap(), r#"{"a":["1"],"b":"2"}"#);
        assert_eq!(read_text("a=1&a=2", &rules).unwrap(), r#"{"a":["1","2"]}"#);
    }

    #[test]
    fn brackets_are_places() {
        for (text, json) in [
            ("a[b]=1&a[c][d]=2&a%5Bb%5D=3", r#"{"a":{"b":["1","3"],"c":{"d":"2"}}}"#),
            ("a[]=1&a[]=2", r#"{"a":["1","2"]}"#),
            ("a=1&a[]=2", r#"{"a":["1","2"]}"#),
            ("a[0][b]=1&a[0][c]=2&a[1][b]=3", r#"{"a":[{"b":"1","c":"2"},{"b":"3"}]}"#),
            ("a[][b]=1&a[][b]=2", r#"{"a":[{"b":"1"},{"b":"2"}]}"#),
            ("a[0][]=1&a[0][]=2", r#"{"a":[["1","2"]]}"#),
            ("a[1]=x&a[01]=y", r#"{"a":{"1":"x","01":"y"}}"#),
            ("a[b=1&[c]=2&a]=3&a[b]c=4&b[[]]=5", r#"{"a[b":"1","[c]":"2","a]":"3","a[b]c":"4","b[[]]":"5"}"#),
        ] {
            assert_eq!(read_text(text, &brackets()).unwrap(), json, "{text}");
        }
        for text in
            ["a=1&a[b]=2", "a[b]=1&a=2", "a[b]=1&a[]=2", "a[]=1&a[b]=2", "a[0]=1&a[2]=2", "a[0]=1&a[0][b]=2"]
        {
            assert_eq!(read_text(text, &brackets()).unwrap_err().fault, Fault::Place, "{text}");
        }
    }

    #[test]
    fn what_is_no_utf_8_is_refused() {
        assert_eq!(read_text("a=1&b=%FF", &FormRules::default()), Err(Fault::Encoding.at(4)));
        assert_eq!(read(b"a=\xff", &FormRules::default(), &LIMITS), Err(Fault::Encoding.at(2)));
    }

    #[test]
    fn forms_are_bounded() {
        let rules = brackets();
        let limits = Limits { bytes: 40, depth: 3, values: 5, text: 9 };
        let refused = |text: &str| read(text.as_bytes(), &rules, &limits).map_err(|error| error.fault).err();
        assert_eq!(refused("a[b][c]=1"), None);
        assert_eq!(refused("a[b][c][]"), Some(Fault::Deep));
        assert_eq!(refused("a=1&a=2&a=3"), None);
        assert_eq!(refused("a=1&a=2&a=3&a=4"), Some(Fault::Values));
        assert_eq!(refused("a=1234567890"), Some(Fault::Text));
        assert_eq!(refused(&"a=1&".repeat(11)), Some(Fault::Bytes));
        let many = "a=1&".repeat(MOST_PAIRS);
        assert_eq!(read_text(&many, &rules).unwrap_err().fault, Fault::Values);
        assert!(read_text(&many[..many.len() - 1], &rules).is_ok());
    }

    #[test]
    fn objects_are_written() {
        let written = |text: &str, rules: &FormRules| {
            let node = parse(text.as_bytes(), &LIMITS).unwrap();
            write(&node, rules, 1_000).map(|bytes| String::from_utf8(bytes).unwrap())
        };
        let flat = FormRules::default();
        for (json, text) in [
            (
                r#"{"a b":"x&y=ü","n":1.10,"t":true,"z":null,"e":"","l":["1",2]}"#,
                "a%20b=x%26y%3D%C3%BC&n=1.10&t=true&e=&l=1&l=2",
            ),
            ("{}", ""),
            (r#"{"a[b]":1,"l":[]}"#, "a%5Bb%5D=1"),
        ] {
            assert_eq!(written(json, &flat).unwrap(), text, "{json}");
        }
        assert_eq!(
            written(r#"{"a":{"b":1,"c":[1,2]},"l":[{"x":"y"},{"x":"z"}]}"#, &brackets()).unwrap(),
            "a%5Bb%5D=1&a%5Bc%5D%5B%5D=1&a%5Bc%5D%5B%5D=2&l%5B0%5D%5Bx%5D=y&l%5B1%5D%5Bx%5D=z"
        );
        for (json, rules, fault) in [
            ("[]", &flat, Fault::Root),
            ("1", &flat, Fault::Root),
            (r#"{"a":{}}"#, &flat, Fault::Place),
            (r#"{"a":[[1]]}"#, &flat, Fault::Place),
            (r#"{"a":[null]}"#, &flat, Fault::Place),
            (r#"{"a":[{},{"b":1}]}"#, &brackets(), Fault::Place),
            (r#"{"a[b]":1}"#, &brackets(), Fault::Name),
            (r#"{"a":{"b]":1}}"#, &brackets(), Fault::Name),
            (r#"{"a":{"":1}}"#, &brackets(), Fault::Name),
            (r#"{"a":{"b":null,"0":1}}"#, &brackets(), Fault::Name),
            (r#"{"":[1]}"#, &brackets(), Fault::Name),
        ] {
            assert_eq!(written(json, rules), Err(fault), "{json}");
        }
        let node = parse(br#"{"a":"12345"}"#, &LIMITS).unwrap();
        assert_eq!(write(&node, &flat, 7).unwrap(), b"a=12345");
        assert_eq!(write(&node, &flat, 6), Err(Fault::Bytes));
    }
}
