//! What operations ask of their callers.
//!
//! A document lists alternatives, of which one is enough; each names schemes, all of which are needed, and scopes, all
//! of which must have been granted. The gateway has one way in for a request, and rules about the caller; so an
//! alternative with one scheme can be expressed, and one with two cannot. What cannot is left out, which leaves fewer
//! ways in and never more; where none is left, nobody comes in.

use super::ways::Way;
use super::{Importer, Setting};
use crate::expression::MOST_BYTES;
use crate::json::Node;
use crate::openapi::pointer::below;

/// What stands in the way of a security requirement that is expressed.
const TWO: &str = "it asks for two credentials at once, and a request comes in by one way";

/// One alternative that can be expressed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Alternative {
    way: Way,
    scopes: Vec<String>,
}

/// Whom an operation lets in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    /// The setting `auth`.
    pub(super) auth: Setting,
    /// Why nobody is let in.
    pub(super) closed: Option<String>,
}

impl Importer<'_, '_> {
    /// Who may use an operation that says this in `security`, or nothing, where the document says that at its top.
    pub(super) fn access(&mut self, own: Option<&Node<'_>>, at: &str) -> Wanted {
        let top = self.document.get("security");
        let (security, at) = match own {
            Some(security) => (Some(security), at.to_owned()),
            None => {
                self.used.insert("/security".to_owned());
                (top, "/security".to_owned())
            }
        };
        let public = || Wanted { auth: "public".into(), closed: None };
        let alternatives = match security {
            None => return public(),
            Some(Node::Array(alternatives)) => alternatives,
            Some(_) => {
                self.leave_out(&at, "security is a list");
                return self.closed("its security is no list".to_owned());
            }
        };
        let (mut found, mut anonymous, mut missing) = (Vec::new(), alternatives.is_empty(), None);
        for (index, alternative) in alternatives.iter().enumerate() {
            let at = below(&at, &index.to_string());
            match self.alternative(alternative) {
                Ok(None) => anonymous = true,
                Ok(Some(alternative)) => found.push(alternative),
                Err(reason) => {
                    self.leave_out(&at, reason.clone());
                    missing.get_or_insert(reason);
                }
            }
        }
        match missing {
            // With something missing, what is open is not what the document has open.
            Some(reason) if found.is_empty() => self.closed(reason),
            None if found.is_empty() => public(),
            missing => self.expressed(&found, anonymous && missing.is_none()),
        }
    }

    /// What one alternative asks for; `None` for nothing.
    fn alternative(&mut self, alternative: &Node<'_>) -> Result<Option<Alternative>, String> {
        let members = alternative.object().ok_or("a security requirement is an object")?;
        let mut named = members.iter();
        let Some((scheme, scopes)) = named.next() else { return Ok(None) };
        if named.next().is_some() {
            return Err(TWO.to_owned());
        }
        let Node::Array(scopes) = scopes else { return Err("its scopes are no list".to_owned()) };
        let way = self.way(scheme)?;
        let mut wanted: Vec<String> = Vec::new();
        for scope in scopes {
            let scope = scope.text().ok_or("a scope is text")?;
            // RFC 6749 appendix A.4, without the quotes of our own expressions.
            let valid = |byte: u8| matches!(byte, 0x21 | 0x23..=0x26 | 0x28..=0x5b | 0x5d..=0x7e);
            if scope.is_empty() || !scope.bytes().all(valid) {
                return Err(format!("{scope:?} is not a scope"));
            }
            if !wanted.iter().any(|known| known == scope) {
                wanted.push(scope.to_owned());
            }
        }
        if !wanted.is_empty() && !way.scopes {
            return Err(format!("callers who come in by {scheme:?} have no scopes and roles"));
        }
        Ok(Some(Alternative { way, scopes: wanted }))
    }

    fn expressed(&mut self, alternatives: &[Alternative], anonymous: bool) -> Wanted {
        let mut names: Vec<String> = Vec::new();
        for alternative in alternatives {
            if !names.contains(&alternative.way.name) {
                names.push(alternative.way.name.clone());
            }
        }
        let open = |auth| Wanted { auth, closed: None };
        let scopes = &alternatives[0].scopes;
        let alike = alternatives.iter().all(|it| it.scopes == *scopes);
        let one = || -> Setting {
            match names.as_slice() {
                [name] => name.clone().into(),
                _ => names.clone().into(),
            }
        };
        let mut table = vec![("any".to_owned(), one())];
        if anonymous {
            table.push(("optional".to_owned(), true.into()));
        }
        match () {
            () if alike && scopes.is_empty() && !anonymous => return open(one()),
            () if alike && scopes.is_empty() => {}
            () if alike && !anonymous => table.push(("scopes".to_owned(), scopes.clone().into())),
            () => {
                let policy = policy(alternatives, anonymous);
                if policy.len() > MOST_BYTES {
                    return self.closed("its alternatives are too many for one policy".to_owned());
                }
                table.push(("policy".to_owned(), policy.into()));
            }
        }
        open(Setting::Table(table))
    }

    /// Nobody is let in.
    pub(super) fn closed(&mut self, reason: String) -> Wanted {
        let name = self.ways.closed();
        Wanted { auth: Setting::table([("any", name.into()), ("policy", name.into())]), closed: Some(reason) }
    }
}

/// The alternatives as one expression: scopes depend on the way in which the caller came.
fn policy(alternatives: &[Alternative], anonymous: bool) -> String {
    let mut terms: Vec<String> = anonymous.then(|| "caller.anonymous".to_owned()).into_iter().collect();
    for Alternative { way, scopes } in alternatives {
        let mut all = vec![format!("caller.authenticator == '{}'", way.name)];
        all.extend(scopes.iter().map(|scope| format!("'{scope}' in caller.scopes")));
        let term = all.join(" && ");
        let term = if all.len() > 1 { format!("({term})") } else { term };
        if !terms.contains(&term) {
            terms.push(term);
        }
    }
    terms.join(" || ")
}
