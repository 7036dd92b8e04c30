//! SOAP envelopes: around what is sent, and around what comes back.

use std::fmt;

use crate::json::{Limits, Node};

use super::xml::{Token, Tokens, Writer, XmlRules, content, is_blank, named};
use super::{Error, Fault};

/// Which SOAP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// SOAP 1.1 (W3C Note, 2000).
    V11,
    /// SOAP 1.2 (W3C Recommendation, second edition).
    V12,
}

/// Why there is nothing in an envelope to go on with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// It cannot be read.
    Unread(Error),
    /// It says that something went wrong.
    Fault(SoapFault),
}

/// What went wrong, in the words of whoever answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SoapFault {
    /// The code without a prefix: `Client` or `Sender` where the request was wrong, `Server` or `Receiver` where the
    /// service is, and others; of SOAP 1.1 perhaps with more behind a dot.
    pub code: String,
    /// What happened, for people; the first of several languages.
    pub text: String,
    /// More about it.
    pub detail: Option<Node<'static>>,
}

// === impl Version ===

impl Version {
    /// SOAP 1.1 section 3, SOAP 1.2 part 1 section 1.1.
    fn namespace(self) -> &'static str {
        match self {
            Self::V11 => "http://schemas.xmlsoap.org/soap/envelope/",
            Self::V12 => "http://www.w3.org/2003/05/soap-envelope",
        }
    }

    /// What messages are called: SOAP 1.1 section 6, RFC 3902 section 2.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::V11 => "text/xml; charset=utf-8",
            Self::V12 => "application/soap+xml; charset=utf-8",
        }
    }

    /// The same of a message that is for something, which SOAP 1.2 says there.
    pub fn content_type(self, action: &str) -> String {
        match self {
            Self::V12 if !action.is_empty() => format!("{}; action=\"{action}\"", self.media_type()),
            _ => self.media_type().to_owned(),
        }
    }

    /// `SOAPAction`, which SOAP 1.1 always wants (section 6.1.1) and SOAP 1.2 does not have.
    pub fn soap_action(self, action: &str) -> Option<String> {
        (self == Self::V11).then(|| format!("\"{action}\""))
    }

    fn of(namespace: &str) -> Option<Self> {
        [Self::V11, Self::V12].into_iter().find(|version| version.namespace() == namespace)
    }
}

/// Whether a text can say what a message is for: it stands in quotation marks in a field.
pub fn is_action(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'))
}

/// Writes a value as the content of an envelope's body, in at most `most` bytes.
pub fn wrap(node: &Node<'_>, version: Version, rules: &XmlRules, most: usize) -> Result<Vec<u8>, Fault> {
    let mut writer = Writer::new(rules, most);
    writer.prolog()?;
    writer.push("<soap:Envelope xmlns:soap=\"")?;
    writer.push(version.namespace())?;
    writer.push("\"><soap:Body>")?;
    writer.root(node)?;
    writer.push("</soap:Body></soap:Envelope>")?;
    Ok(writer.into_bytes())
}

/// Reads what is in an envelope's body, by the rules as if it were the root element; `null` where nothing is. Of either
/// SOAP, whichever was sent; what stands in the header is passed over.
pub fn unwrap<'a>(bytes: &'a [u8], rules: &XmlRules, limits: &Limits) -> Result<Node<'a>, Refused> {
    let mut tokens = Tokens::new(bytes, limits)?;
    let Token::Start(start) = tokens.next()? else { return Err(Fault::End.at(bytes.len()).into()) };
    let version = match tokens.element(start.name) {
        (namespace, "Envelope") => Version::of(namespace),
        _ => None,
    };
    let version = version.ok_or_else(|| tokens.fault(Fault::Root))?;
    let mut node = None;
    loop {
        match tokens.next()? {
            Token::Start(start) => match tokens.element(start.name) {
                (namespace, "Body") if namespace == version.namespace() && node.is_none() => {
                    node = Some(body(&mut tokens, rules, version)?);
                }
                (namespace, "Header") if namespace == version.namespace() && node.is_none() => {
                    skip(&mut tokens)?;
                }
                // SOAP 1.1 section 4.1.1 allows more behind the body; nobody says what it means.
                _ => return Err(tokens.fault(Fault::Root).into()),
            },
            Token::Text(text) if !is_blank(&text) => return Err(tokens.fault(Fault::Mixed).into()),
            Token::Text(_) => {}
            Token::End => break,
            Token::Eof => return Err(tokens.fault(Fault::End).into()),
        }
    }
    let node = node.ok_or_else(|| tokens.fault(Fault::Root))?;
    // What follows is looked at too: nothing but comments may.
    tokens.next()?;
    Ok(node)
}

/// What is in a body that has begun, as far as its end.
fn body<'a>(tokens: &mut Tokens<'a>, rules: &XmlRules, version: Version) -> Result<Node<'a>, Refused> {
    let mut node = None;
    loop {
        match tokens.next()? {
            Token::Start(_) if node.is_some() => return Err(tokens.fault(Fault::Root).into()),
            Token::Start(start) => {
                if tokens.element(start.name) == (version.namespace(), "Fault") {
                    let (_, node) = named(tokens, start, &XmlRules::lenient())?;
                    return Err(Refused::Fault(SoapFault::of(&node, version)));
                }
                node = Some(content(tokens, start, rules)?);
            }
            Token::Text(text) if !is_blank(&text) => return Err(tokens.fault(Fault::Mixed).into()),
            Token::Text(_) => {}
            Token::End => return Ok(node.unwrap_or(Node::Null)),
            Token::Eof => return Err(tokens.fault(Fault::End).into()),
        }
    }
}

/// Passes over an element that has begun.
fn skip(tokens: &mut Tokens<'_>) -> Result<(), Error> {
    let mut open = 1;
    while open > 0 {
        match tokens.next()? {
            Token::Start(_) => open += 1,
            Token::End => open -= 1,
            Token::Text(_) => {}
            Token::Eof => return Err(tokens.fault(Fault::End)),
        }
    }
    Ok(())
}

// === impl SoapFault ===

impl SoapFault {
    fn of(node: &Node<'_>, version: Version) -> Self {
        let at = |names: &[&str]| names.iter().try_fold(node, |node, name| first(node).object()?.get(name));
        let text = |names: &[&str]| at(names).and_then(words).unwrap_or_default().to_owned();
        let (code, text, detail) = match version {
            // SOAP 1.1 section 4.4.
            Version::V11 => (text(&["faultcode"]), text(&["faultstring"]), at(&["detail"])),
            // SOAP 1.2 part 1, section 5.4.
            Version::V12 => (text(&["Code", "Value"]), text(&["Reason", "Text"]), at(&["Detail"])),
        };
        let code = code.rsplit_once(':').map_or(&*code, |(_, local)| local).to_owned();
        Self { code, text, detail: detail.map(|node| node.clone().into_owned()) }
    }

    /// Whether it is the request that was wrong, not the service.
    pub fn is_senders(&self) -> bool {
        matches!(self.code.split('.').next(), Some("Client" | "Sender"))
    }
}

/// Of elements that repeat, the first.
fn first<'n, 'a>(node: &'n Node<'a>) -> &'n Node<'a> {
    match node {
        Node::Array(elements) => elements.first().unwrap_or(node),
        other => other,
    }
}

/// The text of an element, which may have attributes.
fn words<'n>(node: &'n Node<'_>) -> Option<&'n str> {
    let node = first(node);
    node.text().or_else(|| node.object()?.get("#text")?.text())
}

// === impl Refused ===

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Unread(error)
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unread(error) => error.fmt(f),
            Self::Fault(fault) => write!(f, "SOAP fault {}: {}", fault.code, fault.text),
        }
    }
}

impl std::error::Error for Refused {}

#[cfg(test)]
mod tests;
