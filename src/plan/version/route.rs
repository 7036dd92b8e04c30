//! Which versions routes serve.

use std::sync::Arc;

use super::super::Plan;
use super::super::compile::{Context, Pointer};
use super::super::scalar::nearest;
use crate::config::{Document, Match, OneOrMany};
use crate::diagnostic::{Diagnostic, Place};
use crate::route::pattern::Pattern;
use crate::version::{Api, Condition, Range, Set, Way};

impl Context<'_> {
    /// The versions that a route with these conditions serves; `None` where it is of no API.
    pub(in super::super) fn served(
        &mut self,
        at: &Pointer,
        written: &Match,
        pattern: Option<&Pattern>,
    ) -> Option<Condition> {
        let Some(name) = written.api.as_deref() else {
            if written.versions.is_some() {
                self.error(&at.key("versions"), "versions are those of an API")
                    .help("name it: api = \"orders\"");
            }
            return None;
        };
        let Some(known) = self.apis.get(name) else {
            let near = nearest(name, self.apis.keys().map(|name| &**name));
            let help = match near {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => format!("add [apis.{name}]"),
            };
            self.error(&at.key("api"), format!("there is no API \"{name}\"")).help(help);
            return None;
        };
        let (index, api) = known.clone()?;
        let capture = self.capture(at, &api, pattern?);
        let all = Set::first(api.versions.len());
        let serves = match &written.versions {
            None => all,
            Some(listed) => self.listed(&at.key("versions"), &api, listed),
        };
        Some(Condition { index, serves, chosen: written.versions.is_some(), capture, api })
    }

    /// Which of the pattern's captures holds the version.
    fn capture(&mut self, at: &Pointer, api: &Api, pattern: &Pattern) -> Option<usize> {
        let name = api.ways.iter().find_map(|way| match way {
            Way::Path(name) => Some(name),
            _ => None,
        })?;
        let found = pattern.captures().position(|capture| *capture == **name);
        if found.is_none() && api.ways.len() == 1 {
            self.error(at, format!("the API \"{}\" is asked for a version in the path only", api.name))
                .help(format!("have {{{name}}} in the pattern, such as \"/v{{{name}}}/…\""));
        }
        found
    }

    fn listed(&mut self, at: &Pointer, api: &Api, listed: &OneOrMany) -> Set {
        let mut serves = Set::default();
        for text in listed.as_slice() {
            let Some(range) = Range::read(api.kind, text) else {
                self.error(at, format!("\"{text}\" names no versions"))
                    .help("one, or a range: \"2\", \">=2\", \">=1 <3\"");
                continue;
            };
            let numbered = api.versions.iter().enumerate();
            let found = numbered.filter(|(_, version)| range.contains(version.number));
            let found = found.fold(Set::default(), |set, (index, _)| set.with(index));
            if found.is_empty() {
                let known: Vec<_> =
                    api.versions.iter().map(|version| format!("\"{}\"", version.name)).collect();
                self.error(at, format!("the API \"{}\" has no version \"{text}\"", api.name))
                    .help(format!("there are {}", known.join(", ")));
            }
            serves = serves.and(found);
        }
        serves
    }

    /// Versions that can be asked for, and are served nowhere.
    pub(in super::super) fn unserved(&mut self, documents: &[(String, Document)], plan: &Plan) {
        for (file, document) in documents {
            for (name, written) in &document.apis {
                let Some((index, api)) = self.apis.get(&**name).cloned().flatten() else { continue };
                let at = Pointer::root(file).key("apis").key(name);
                let of_api = plan.routes.iter().filter_map(|route| route.version.as_ref());
                let served = of_api
                    .filter(|condition| condition.index == index)
                    .fold(Set::default(), |set, condition| set.and(condition.serves));
                if served.is_empty() {
                    let message = format!("no route is for the API \"{name}\"");
                    let help = format!("routes name it: match = {{ api = \"{name}\" }}");
                    self.report(Diagnostic::warning(Place::from(&at), message)).help(help);
                    continue;
                }
                self.unserved_versions(&at.key("versions"), &api, served, written);
            }
        }
    }

    fn unserved_versions(&mut self, at: &Pointer, api: &Arc<Api>, served: Set, written: &crate::config::Api) {
        for name in written.versions.keys() {
            let number = api.kind.read(name);
            let found = api.versions.iter().position(|version| Some(version.number) == number);
            let Some(index) = found.filter(|index| !served.contains(*index)) else { continue };
            // One that is or will be gone needs no route to be told so.
            if api.versions[index].life.retired.is_none() {
                let message = format!("no route serves version \"{name}\"");
                self.report(Diagnostic::warning(Place::from(&at.key(name)), message))
                    .help("who asks for it is told that it has nothing at the address");
            }
        }
    }
}
