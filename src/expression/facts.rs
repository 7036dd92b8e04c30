//! What expressions can be about: the variables, and what they stand for in one request.

use std::borrow::Cow;
use std::net::IpAddr;

use http::HeaderMap;

use super::beyond::Beyond;
use super::fault::Fault;
use super::map::Map;
use super::time::Timestamp;
use super::value::{Kind, List, Value};
use crate::route::pattern::Pattern;

/// What is known of a request and of who sent it. It only borrows: what an expression does not ask for costs nothing.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The method, as it came.
    pub method: &'a str,
    /// The path in normal form, as routes see it.
    pub path: &'a str,
    /// The raw query, without the question mark.
    pub query: Option<&'a str>,
    /// Header fields.
    pub headers: &'a HeaderMap,
    /// The host asked for: lower case, without port.
    pub host: &'a str,
    /// Whether the client speaks TLS.
    pub secure: bool,
    /// The route's pattern, for what it captures.
    pub pattern: Option<&'a Pattern>,
    /// Who calls.
    pub caller: CallerFacts<'a>,
    /// What the caller's token says; `None` for nothing.
    pub claims: Option<&'a serde_json::Map<String, serde_json::Value>>,
    /// The registered consumer whom the caller belongs to.
    pub consumer: Option<ConsumerFacts<'a>>,
    /// The client's address, where the host knows it.
    pub client: Option<IpAddr>,
    /// Now.
    pub now: Timestamp,
    /// What there is beyond a request's head and who sent it.
    pub beyond: Beyond<'a>,
}

/// Who calls; the default is nobody in particular.
#[derive(Debug, Clone, Copy, Default)]
pub struct CallerFacts<'a> {
    /// Who it is in the authenticator's words, if it has any.
    pub subject: Option<&'a str>,
    /// The way in that let the caller in; `None` for an anonymous caller.
    pub authenticator: Option<&'a str>,
    /// Groups.
    pub groups: &'a [Box<str>],
    /// Roles.
    pub roles: &'a [Box<str>],
    /// Scopes.
    pub scopes: &'a [Box<str>],
}

/// A registered consumer.
#[derive(Debug, Clone, Copy)]
pub struct ConsumerFacts<'a> {
    /// Its name.
    pub id: &'a str,
    /// Its plan, if it has one.
    pub plan: Option<&'a str>,
    /// What else is known of it.
    pub metadata: &'a [(Box<str>, Box<str>)],
}

/// Declares the variables once: their names, types and meanings.
macro_rules! variables {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal: $kind:ident;)+) => {
        /// A variable that expressions can ask for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Variable {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Variable {
            /// Every variable.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its name in expressions.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// Its type.
            pub const fn kind(self) -> Kind {
                match self { $(Self::$variant => Kind::$kind,)+ }
            }

            /// What it is, for the reference.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),+),)+ }
            }
        }
    };
}

variables! {
    /// The method, as it came.
    Method = "request.method": Text;
    /// The path in normal form, as routes see it: percent-encoded, dot segments resolved.
    Path = "request.path": Text;
    /// Query parameters by name, decoded. Asking for one that stands several times is an error.
    Query = "request.query": Map;
    /// Header fields by name in lower case. The lines of one field are joined with commas.
    Headers = "request.headers": Map;
    /// The host asked for, in lower case, without port.
    Host = "request.host": Text;
    /// `http` or `https`, as the client speaks to the gateway or to a trusted proxy before it.
    Scheme = "request.scheme": Text;
    /// What the route's path captured, by name, decoded.
    Params = "request.params": Map;
    /// Who calls, in the words of who vouches for it. Not there for an anonymous caller.
    Subject = "caller.subject": Text;
    /// The name of the consumer whom the caller belongs to, if there is one.
    CallerConsumer = "caller.consumer": Text;
    /// The caller's groups.
    Groups = "caller.groups": List;
    /// The caller's roles.
    Roles = "caller.roles": List;
    /// The caller's scopes.
    Scopes = "caller.scopes": List;
    /// The name of the authenticator that let the caller in. Not there for an anonymous caller.
    Authenticator = "caller.authenticator": Text;
    /// Whether nobody is known to call.
    Anonymous = "caller.anonymous": Bool;
    /// The claims of the caller's token; empty without one.
    Claims = "claims": Map;
    /// The consumer's name, if the caller belongs to one.
    ConsumerId = "consumer.id": Text;
    /// The consumer's plan, if it has one.
    ConsumerPlan = "consumer.plan": Text;
    /// What else is known of the consumer, as text by name; empty without one.
    ConsumerMetadata = "consumer.metadata": Map;
    /// The client's address, where the host knows it: use `in_network`.
    ClientAddress = "client.address": Text;
    /// The time.
    Now = "now": Timestamp;
    /// The request's content as JSON.
    Content = "request.body": Any;
    /// The status of the answer.
    AnswerStatus = "response.status": Int;
    /// Header fields of the answer by name in lower case. The lines of one field are joined with commas.
    AnswerHeaders = "response.headers": Map;
    /// The content of the answer as JSON.
    AnswerContent = "response.body": Any;
    /// What steps answered, by their names: `steps.NAME.status`, `.headers` and `.body`. A step that was not asked, or
    /// failed, is not there: `has(steps.NAME)`.
    Steps = "steps": Map;
    /// The element that a step is asked for.
    Item = "item": Any;
    /// The place of that element in its list, from 0.
    Index = "index": Int;
    /// The elements that a step is asked for at once.
    Items = "items": List;
}

// === impl Variable ===

impl Variable {
    /// The variable of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|variable| variable.name() == name)
    }

    /// Whether it says something of who calls, which is nothing where nobody is asked.
    pub fn is_about_the_caller(self) -> bool {
        let table = self.name().split('.').next();
        matches!(table, Some("caller" | "claims" | "consumer"))
    }
}

// === impl Facts ===

impl<'a> Facts<'a> {
    /// What a variable stands for.
    pub(super) fn get(&self, variable: Variable) -> Result<Value<'a>, Fault> {
        let found = match variable {
            Variable::Method => text(self.method),
            Variable::Path => text(self.path),
            Variable::Host => text(self.host),
            Variable::Scheme => text(if self.secure { "https" } else { "http" }),
            Variable::Query => Some(Value::Map(Map::Query(self.query))),
            Variable::Headers => Some(Value::Map(Map::Headers(self.headers))),
            Variable::Params => {
                Some(Value::Map(self.pattern.map_or(Map::Empty, |pattern| Map::Params(pattern, self.path))))
            }
            Variable::Subject => self.caller.subject.and_then(text),
            Variable::Authenticator => self.caller.authenticator.and_then(text),
            Variable::Anonymous => Some(Value::Bool(self.caller.authenticator.is_none())),
            Variable::Groups => Some(Value::List(List::Texts(self.caller.groups))),
            Variable::Roles => Some(Value::List(List::Texts(self.caller.roles))),
            Variable::Scopes => Some(Value::List(List::Texts(self.caller.scopes))),
            Variable::Claims => Some(Value::Map(self.claims.map_or(Map::Empty, Map::Json))),
            Variable::CallerConsumer | Variable::ConsumerId => self.consumer.and_then(|it| text(it.id)),
            Variable::ConsumerPlan => self.consumer.and_then(|it| it.plan).and_then(text),
            Variable::ConsumerMetadata => {
                Some(Value::Map(self.consumer.map_or(Map::Empty, |it| Map::Texts(it.metadata))))
            }
            Variable::ClientAddress => self.client.map(|it| Value::Text(Cow::Owned(it.to_string()))),
            Variable::Now => Some(Value::Timestamp(self.now)),
            _ => self.beyond.get(variable),
        };
        found.ok_or_else(|| Fault::Absent(variable.name().into()))
    }

    /// Those of `GET /` at `a.test` with these fields, by nobody in particular, at the epoch: what tests and benchmarks
    /// begin with.
    pub fn example(headers: &'a HeaderMap) -> Self {
        Self { method: "GET", path: "/", host: "a.test", ..Self::none(headers) }
    }

    /// Nothing but empty fields: what an expression without variables is evaluated with.
    pub(super) fn none(headers: &'a HeaderMap) -> Self {
        Self {
            method: "",
            path: "",
            query: None,
            headers,
            host: "",
            secure: false,
            pattern: None,
            caller: CallerFacts::default(),
            claims: None,
            consumer: None,
            client: None,
            now: Timestamp { seconds: 0, nanos: 0 },
            beyond: Beyond::default(),
        }
    }
}

// === impl Beyond ===

impl<'a> Beyond<'a> {
    fn get(&self, variable: Variable) -> Option<Value<'a>> {
        match variable {
            Variable::Content => self.content.map(Value::of_node),
            Variable::AnswerStatus => self.answer.map(|it| Value::Int(it.status.as_u16().into())),
            Variable::AnswerHeaders => self.answer.map(|it| Value::Map(Map::Headers(it.headers))),
            Variable::AnswerContent => self.answer?.content.map(Value::of_node),
            Variable::Steps => Some(Value::Map(Map::Steps(self.steps))),
            Variable::Item => self.item.map(|(_, item)| Value::of_node(item)),
            Variable::Index => self.item.map(|(at, _)| Value::Int(i64::try_from(at).unwrap_or(i64::MAX))),
            Variable::Items => self.items.map(|items| Value::List(List::Lent(items))),
            _ => None,
        }
    }
}

fn text(text: &str) -> Option<Value<'_>> {
    Some(Value::Text(Cow::Borrowed(text)))
}
