//! What a GraphQL document declares: operations and their variables. It is not read further: what the fields are is the
//! upstream's affair, and only a schema could say whether they are right.

use std::fmt;

/// An operation of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// What it does.
    pub kind: Kind,
    /// Its name, where it has one.
    pub name: Option<String>,
    /// Its variables: their names without `$`, and whether each must be given.
    pub variables: Declared,
}

/// Variables: their names without `$`, and whether each must be given.
pub type Declared = Vec<(String, bool)>;

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It reads.
    Query,
    /// It changes something.
    Mutation,
    /// It goes on for as long as it is listened to.
    Subscription,
}

/// Why a document cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// The line, from 1.
    pub line: usize,
    /// Why.
    pub message: &'static str,
}

/// A token that says something about the structure (GraphQL, October 2021, section 2.1.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'a> {
    Name(&'a str),
    Sign(char),
    /// A number or a text: whatever it is.
    Value,
}

/// The text, read from its beginning.
struct Lexer<'a> {
    rest: &'a str,
    line: usize,
}

/// How deep selections and values may be within each other.
const MOST_DEEP: usize = 64;

/// The operations of a document.
pub fn operations(text: &str) -> Result<Vec<Operation>, Unreadable> {
    let mut lexer = Lexer { rest: text.strip_prefix('\u{feff}').unwrap_or(text), line: 1 };
    let mut operations = Vec::new();
    while let Some(token) = lexer.next()? {
        let kind = match token {
            // Section 2.3: a query without a name and variables needs no keyword.
            Token::Sign('{') => {
                lexer.skip('{')?;
                operations.push(Operation { kind: Kind::Query, name: None, variables: Vec::new() });
                continue;
            }
            Token::Name("query") => Kind::Query,
            Token::Name("mutation") => Kind::Mutation,
            Token::Name("subscription") => Kind::Subscription,
            Token::Name("fragment") => {
                lexer.definition()?;
                continue;
            }
            _ => return Err(lexer.wrong("here stands no operation and no fragment")),
        };
        let (name, variables) = lexer.definition()?;
        operations.push(Operation { kind, name, variables });
    }
    Ok(operations)
}

// === impl Unreadable ===

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (line {})", self.message, self.line)
    }
}

// === impl Lexer ===

impl<'a> Lexer<'a> {
    fn wrong(&self, message: &'static str) -> Unreadable {
        Unreadable { line: self.line, message }
    }

    /// What follows the keyword of a definition, to the end of its selection: its name, and its variables.
    fn definition(&mut self) -> Result<(Option<String>, Declared), Unreadable> {
        let (mut name, mut variables) = (None, Vec::new());
        let mut first = true;
        loop {
            match self.next()? {
                None => return Err(self.wrong("the document ends before its selection does")),
                Some(Token::Sign('{')) => {
                    self.skip('{')?;
                    return Ok((name, variables));
                }
                Some(Token::Sign('(')) if variables.is_empty() && first => variables = self.variables()?,
                // Arguments of directives.
                Some(Token::Sign('(')) => self.skip('(')?,
                Some(Token::Name(text)) if name.is_none() && first => name = Some(text.to_owned()),
                Some(Token::Sign('@')) => first = false,
                Some(_) => {}
            }
        }
    }

    /// Section 2.10: `($id: ID!, $n: Int = 1)`. A variable must be given where its type ends with `!` and it has no default.
    fn variables(&mut self) -> Result<Declared, Unreadable> {
        let mut variables: Declared = Vec::new();
        loop {
            match self.next()? {
                None => return Err(self.wrong("the list of variables has no end")),
                Some(Token::Sign(')')) => return Ok(variables),
                Some(Token::Sign('$')) => match self.next()? {
                    Some(Token::Name(name)) => variables.push((name.to_owned(), false)),
                    _ => return Err(self.wrong("a variable has a name")),
                },
                // The last that is seen of a type decides: of `[ID!]` it is the bracket.
                Some(Token::Sign('!')) => set_required(&mut variables, true),
                Some(Token::Sign(']')) => set_required(&mut variables, false),
                Some(Token::Sign('=')) => {
                    set_required(&mut variables, false);
                    self.default()?;
                }
                Some(Token::Sign(sign @ ('{' | '('))) => self.skip(sign)?,
                Some(_) => {}
            }
        }
    }

    /// The value after `=`.
    fn default(&mut self) -> Result<(), Unreadable> {
        match self.next()? {
            Some(Token::Sign(sign @ ('[' | '{'))) => self.skip(sign),
            Some(Token::Name(_) | Token::Value) => Ok(()),
            _ => Err(self.wrong("after `=`, a value stands")),
        }
    }

    /// Goes behind what closes `open`.
    fn skip(&mut self, open: char) -> Result<(), Unreadable> {
        let mut opened = vec![open];
        while let Some(last) = opened.last().copied() {
            match self.next()? {
                None => return Err(self.wrong("something that is opened is not closed")),
                Some(Token::Sign(sign @ ('{' | '(' | '['))) => {
                    if opened.len() == MOST_DEEP {
                        return Err(self.wrong("the document is nested too deeply"));
                    }
                    opened.push(sign);
                }
                Some(Token::Sign(sign @ ('}' | ')' | ']'))) => {
                    if !matches!((last, sign), ('{', '}') | ('(', ')') | ('[', ']')) {
                        return Err(self.wrong("what is closed here was not opened"));
                    }
                    opened.pop();
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    fn next(&mut self) -> Result<Option<Token<'a>>, Unreadable> {
        self.skip_ignored();
        let Some(first) = self.rest.chars().next() else { return Ok(None) };
        if first == '"' {
            return self.text().map(|()| Some(Token::Value));
        }
        let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if is_of_name(first) || first == '-' {
            let end = self.rest[1..].find(|c: char| !is_of_name(c) && !"+-.".contains(c));
            let (word, _) = self.rest.split_at(end.map_or(self.rest.len(), |end| end + 1));
            // Numbers have signs and points; names end before them.
            let is_name = !first.is_ascii_digit() && first != '-';
            let word =
                if is_name { &word[..word.find(|c| !is_of_name(c)).unwrap_or(word.len())] } else { word };
            self.rest = &self.rest[word.len()..];
            return Ok(Some(if is_name { Token::Name(word) } else { Token::Value }));
        }
        if !"!$&().:=@[]{|}".contains(first) {
            return Err(self.wrong("there is an unexpected character"));
        }
        self.rest = &self.rest[first.len_utf8()..];
        Ok(Some(Token::Sign(first)))
    }

    /// Sections 2.1.1 to 2.1.5: spaces, commas and comments say nothing.
    fn skip_ignored(&mut self) {
        while let Some(first) = self.rest.chars().next() {
            let length = match first {
                ' ' | '\t' | '\r' | ',' => 1,
                '\n' => {
                    self.line += 1;
                    1
                }
                '#' => self.rest.find('\n').unwrap_or(self.rest.len()),
                _ => return,
            };
            self.rest = &self.rest[length..];
        }
    }

    /// Section 2.9.4: a text, or a block of text.
    fn text(&mut self) -> Result<(), Unreadable> {
        if let Some(block) = self.rest.strip_prefix("\"\"\"") {
            let mut from = 0;
            loop {
                let Some(end) = block[from..].find("\"\"\"") else {
                    return Err(self.wrong("a block of text has no end"));
                };
                let end = from + end;
                if !block[..end].ends_with('\\') {
                    self.line += block[..end].matches('\n').count();
                    self.rest = &block[end + 3..];
                    return Ok(());
                }
                from = end + 3;
            }
        }
        let mut escaped = false;
        for (at, c) in self.rest.char_indices().skip(1) {
            match c {
                '\n' => break,
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => {
                    self.rest = &self.rest[at + 1..];
                    return Ok(());
                }
                _ => {}
            }
        }
        Err(self.wrong("a text has no end"))
    }
}

fn set_required(variables: &mut [(String, bool)], required: bool) {
    if let Some((_, last)) = variables.last_mut() {
        *last = required;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn said(text: &str) -> Vec<String> {
        let all = operations(text).unwrap();
        let one = |operation: &Operation| {
            let variables: Vec<_> = operation
                .variables
                .iter()
                .map(|(name, required)| format!("{name}{}", if *required { "!" } else { "" }))
                .collect();
            format!(
                "{:?} {} {}",
                operation.kind,
                operation.name.as_deref().unwrap_or("-"),
                variables.join(" ")
            )
        };
        all.iter().map(one).collect()
    }

    #[test]
    fn operations_are_found() {
        for (text, expected) in [
            ("{ user { name } }", &["Query - "][..]),
            ("query { a }", &["Query - "]),
            ("query($id: ID!) { user(id: $id) { name } }", &["Query - id!"]),
            (
                "# a comment {\nquery Q($a: [ID!]!, $b: [ID!], $c: Int! = 1, $d: In = {a: [1, \"}\"]}) @x(y: 1) { a }",
                &["Query Q a! b c d"],
            ),
            (
                "mutation M { a } fragment F on User @d { name } query Q { ...F }",
                &["Mutation M ", "Query Q "],
            ),
            ("subscription { a }", &["Subscription - "]),
            ("{ a(t: \"\"\"a \\\"\"\" } b\"\"\", u: \"\\\"}\", n: -1.5e+3) }", &["Query - "]),
            ("\u{feff}{a}", &["Query - "]),
            ("", &[]),
        ] {
            assert_eq!(said(text), expected, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        for (text, message, line) in [
            ("query {", "something that is opened", 1),
            ("query\n(", "the list of variables", 2),
            ("query", "ends before its selection", 1),
            ("{ a ]", "was not opened", 1),
            ("type User { a: Int }", "no operation", 1),
            ("{\n\n a(t: \"b) }", "a text has no end", 3),
            ("{ a(t: \"\"\"b) }", "a block of text", 1),
            ("{ a; }", "unexpected character", 1),
            ("query($: Int) { a }", "has a name", 1),
            ("query($a: Int =) { a }", "a value stands", 1),
        ] {
            let wrong = operations(text).unwrap_err();
            assert!(wrong.message.contains(message) && wrong.line == line, "{text}: {wrong}");
        }
        assert!(operations(&"{a".repeat(65)).unwrap_err().message.contains("too deeply"));
    }
}
