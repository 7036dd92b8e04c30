//! From elements to values. Elements that are open stand in a list, so that depth costs no stack.

use std::borrow::Cow;

use super::super::{Error, Fault};
use super::members::{Added, Grows, Members};
use super::names::{is_blank, split, unescaped};
use super::places::Here;
use super::scopes::declares;
use super::tokens::{Start, Token, Tokens};
use super::typed::typed;
use super::{Mixed, Names, Namespaces, XSI, XmlRules};
use crate::json::{Node, Object};

/// An element that is open.
struct Frame<'a> {
    name: Cow<'a, str>,
    here: Here,
    members: Members<'a>,
    /// The elements of a list, which has nothing else.
    list: Option<Vec<Node<'a>>>,
    text: Cow<'a, str>,
    has_elements: bool,
    nil: bool,
}

/// The whole of a document whose root element has begun.
pub(in crate::format) fn content<'a>(
    tokens: &mut Tokens<'a>,
    start: Start<'a>,
    rules: &XmlRules,
) -> Result<Node<'a>, Error> {
    if let Some(root) = rules.root_name()
        && name_of(start.name, rules) != root
    {
        return Err(tokens.fault(Fault::Root));
    }
    let (name, node) = named(tokens, start, rules)?;
    let node = match rules.root {
        Some(_) => node,
        None => Node::Object(Object::of_distinct(vec![(name, node)])),
    };
    // Arrays are levels that no element is.
    if node.depth() > tokens.most_depth() {
        return Err(tokens.fault(Fault::Deep));
    }
    Ok(node)
}

/// The name and the value of an element that has begun.
pub(in crate::format) fn named<'a>(
    tokens: &mut Tokens<'a>,
    start: Start<'a>,
    rules: &XmlRules,
) -> Result<(Cow<'a, str>, Node<'a>), Error> {
    let mut open = vec![frame(tokens, start, rules, &rules.places.start())?];
    loop {
        match tokens.next()? {
            Token::Start(start) => {
                let above = open.last().map(|frame| frame.here.clone()).unwrap_or_default();
                open.push(frame(tokens, start, rules, &above)?);
            }
            Token::Text(piece) => {
                if let Some(frame) = open.last_mut() {
                    // White space between elements is nothing unless it is joined to other text.
                    let nothing = frame.has_elements && rules.mixed == Mixed::Refuse && is_blank(&piece);
                    if !nothing {
                        tokens.add(&mut frame.text, piece)?;
                    }
                }
            }
            Token::End => {
                let Some(frame) = open.pop() else { return Err(tokens.fault(Fault::End)) };
                let (name, here) = (frame.name.clone(), frame.here.clone());
                let node = ended(tokens, frame, rules)?;
                match open.last_mut() {
                    Some(parent) => adopt(tokens, parent, (name, node), &here, rules)?,
                    None => return Ok((name, node)),
                }
            }
            Token::Eof => return Err(tokens.fault(Fault::End)),
        }
    }
}

fn name_of<'n>(written: &'n str, rules: &XmlRules) -> Cow<'n, str> {
    let name = match rules.namespaces {
        Namespaces::Keep => written,
        Namespaces::Strip => split(written).1,
    };
    match rules.names {
        Names::Refuse => Cow::Borrowed(name),
        Names::Escape => unescaped(name),
    }
}

/// An element that begins, with its attributes.
fn frame<'a>(
    tokens: &mut Tokens<'a>,
    start: Start<'a>,
    rules: &XmlRules,
    above: &Here,
) -> Result<Frame<'a>, Error> {
    let name = name_of(start.name, rules);
    let here = rules.places.step(above, &name);
    let list = rules.places.list(&here).map(|_| Vec::new());
    let text = Cow::Borrowed("");
    let mut frame =
        Frame { name, here, members: Members::default(), list, text, has_elements: false, nil: false };
    for (name, value) in start.attributes {
        if let Some(prefix) = declares(name) {
            // What is written with `xsi` declares it anew.
            if rules.namespaces == Namespaces::Strip || (prefix == "xsi" && value == XSI) {
                continue;
            }
        } else if tokens.attribute(name) == (XSI, "nil") {
            frame.nil = match value.trim_matches([' ', '\t', '\n', '\r']) {
                "true" | "1" => true,
                "false" | "0" => false,
                _ => return Err(tokens.fault(Fault::Boolean)),
            };
            continue;
        }
        let name = match &*rules.attribute {
            "" => name_of(name, rules),
            prefix => Cow::Owned(format!("{prefix}{}", name_of(name, rules))),
        };
        tokens.count()?;
        let here = rules.places.step(&frame.here, &name);
        let value = typed(value, rules, &here).map_err(|fault| tokens.fault(fault))?;
        if frame.members.add(name, value, Grows::Never) == Added::Twice {
            return Err(tokens.fault(Fault::Twice));
        }
    }
    Ok(frame)
}

/// The value of an element.
fn ended<'a>(tokens: &mut Tokens<'a>, frame: Frame<'a>, rules: &XmlRules) -> Result<Node<'a>, Error> {
    let Frame { here, members, list, text, has_elements, nil, .. } = frame;
    let text = if rules.trim { trimmed(text) } else { text };
    let blank = is_blank(&text);
    if nil {
        if has_elements || !blank {
            return Err(tokens.fault(Fault::Nil));
        }
        if members.is_empty() {
            return Ok(Node::Null);
        }
        return with_text(tokens, members, Node::Null, rules);
    }
    if let Some(elements) = list {
        if !members.is_empty() || !blank {
            return Err(tokens.fault(Fault::Place));
        }
        return Ok(Node::Array(elements));
    }
    if has_elements {
        if blank {
            return Ok(members.into_node());
        }
        if rules.mixed == Mixed::Refuse {
            return Err(tokens.fault(Fault::Mixed));
        }
        return with_text(tokens, members, Node::Text(text), rules);
    }
    if !members.is_empty() && text.is_empty() {
        return Ok(members.into_node());
    }
    let node = typed(text, rules, &here).map_err(|fault| tokens.fault(fault))?;
    if members.is_empty() {
        return Ok(node);
    }
    with_text(tokens, members, node, rules)
}

fn with_text<'a>(
    tokens: &mut Tokens<'a>,
    mut members: Members<'a>,
    text: Node<'a>,
    rules: &XmlRules,
) -> Result<Node<'a>, Error> {
    tokens.count()?;
    match members.add(Cow::Owned(rules.text.to_string()), text, Grows::Never) {
        Added::Twice => Err(tokens.fault(Fault::Twice)),
        _ => Ok(members.into_node()),
    }
}

/// Puts a value into the element that it stands in.
fn adopt<'a>(
    tokens: &mut Tokens<'a>,
    parent: &mut Frame<'a>,
    (name, node): (Cow<'a, str>, Node<'a>),
    here: &Here,
    rules: &XmlRules,
) -> Result<(), Error> {
    parent.has_elements = true;
    if let Some(elements) = &mut parent.list {
        if rules.places.list(&parent.here) != Some(&*name) {
            return Err(tokens.fault(Fault::Place));
        }
        elements.push(node);
        return Ok(());
    }
    let grows = if rules.places.is_array(here) { Grows::Array } else { Grows::Once };
    match parent.members.add(name, node, grows) {
        Added::Member => Ok(()),
        Added::Array => tokens.count(),
        Added::Twice => Err(tokens.fault(Fault::Twice)),
    }
}

fn trimmed(text: Cow<'_, str>) -> Cow<'_, str> {
    const SPACE: [char; 4] = [' ', '\t', '\n', '\r'];
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim_matches(SPACE)),
        Cow::Owned(text) => Cow::Owned(text.trim_matches(SPACE).to_owned()),
    }
}
