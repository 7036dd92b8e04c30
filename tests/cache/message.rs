//! Requests and answers as what they mean.

#![allow(dead_code)]

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

/// When answers arrive, in seconds since 1970: Sat, 21 Nov 2026 12:34:56 GMT.
pub const RECEIVED: i64 = 1_795_264_496;

/// A number of seconds, or something else in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Number {
    Seconds(u64),
    Nonsense,
}

/// A date, in seconds after [`RECEIVED`], or something else in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    At(i64),
    Nonsense,
}

/// A directive of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    MaxAge(Number),
    SharedMaxAge(Number),
    StaleWhileRevalidate(Number),
    StaleIfError(Number),
    NoStore,
    Private,
    /// `private` for the field `Set-Cookie` only.
    PrivateCookie,
    NoCache,
    /// `no-cache` for another field only.
    NoCacheField,
    Public,
    MustRevalidate,
    ProxyRevalidate,
    MustUnderstand,
    /// Something that nobody knows, with other directives in its argument.
    Unknown,
}

/// A directive of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wants {
    NoCache,
    NoStore,
    OnlyIfCached,
    MaxAge(u64),
    MinFresh(u64),
    MaxStale(Option<u64>),
    StaleIfError(u64),
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub cache_control: Vec<Says>,
    /// `Tollgate-Cache-Control`; each directive at most once.
    pub ours: Option<Vec<Says>>,
    /// `CDN-Cache-Control`; each directive at most once.
    pub cdn: Option<Vec<Says>>,
    pub expires: Option<Moment>,
    pub date: Option<Moment>,
    pub last_modified: Option<Moment>,
    pub age: Option<Number>,
    pub etag: bool,
    pub set_cookie: bool,
    pub vary_all: bool,
    /// How long it took, in seconds.
    pub delay: u64,
}

/// A request.
#[derive(Debug, Clone)]
pub struct Request {
    pub wants: Vec<Wants>,
    pub pragma: bool,
    pub authorization: bool,
}

// === impl Says ===

impl Says {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::MaxAge(_) => "max-age",
            Self::SharedMaxAge(_) => "s-maxage",
            Self::StaleWhileRevalidate(_) => "stale-while-revalidate",
            Self::StaleIfError(_) => "stale-if-error",
            Self::NoStore => "no-store",
            Self::Private | Self::PrivateCookie => "private",
            Self::NoCache | Self::NoCacheField => "no-cache",
            Self::Public => "public",
            Self::MustRevalidate => "must-revalidate",
            Self::ProxyRevalidate => "proxy-revalidate",
            Self::MustUnderstand => "must-understand",
            Self::Unknown => "unknown",
        }
    }
}

fn number() -> impl Strategy<Value = Number> {
    prop_oneof![
        8 => (0_u64..200).prop_map(Number::Seconds),
        1 => prop_oneof![Just(1 << 31), Just((1 << 31) + 1), Just(99_999_999_999_999)].prop_map(Number::Seconds),
        1 => Just(Number::Nonsense),
    ]
}

fn moment() -> impl Strategy<Value = Moment> {
    prop_oneof![
        6 => (-300_i64..300).prop_map(Moment::At),
        2 => (-4_000_000_i64..4_000_000).prop_map(Moment::At),
        1 => Just(Moment::Nonsense),
    ]
}

fn says() -> impl Strategy<Value = Says> {
    prop_oneof![
        6 => number().prop_map(Says::MaxAge),
        3 => number().prop_map(Says::SharedMaxAge),
        3 => number().prop_map(Says::StaleWhileRevalidate),
        3 => number().prop_map(Says::StaleIfError),
        1 => Just(Says::NoStore),
        1 => Just(Says::Private),
        1 => Just(Says::PrivateCookie),
        1 => Just(Says::NoCache),
        1 => Just(Says::NoCacheField),
        2 => Just(Says::Public),
        1 => Just(Says::MustRevalidate),
        1 => Just(Says::ProxyRevalidate),
        1 => Just(Says::MustUnderstand),
        2 => Just(Says::Unknown),
    ]
}

/// A field for caches like this one is a dictionary: of two members with one key, the last would count.
fn dictionary() -> impl Strategy<Value = Option<Vec<Says>>> {
    option::weighted(0.2, vec(says(), 0..4)).prop_map(|said| {
        said.map(|said| {
            let mut once: Vec<Says> = Vec::new();
            for says in said {
                if !once.iter().any(|other| other.name() == says.name()) {
                    once.push(says);
                }
            }
            once
        })
    })
}

pub fn answer() -> impl Strategy<Value = Answer> {
    let status = prop_oneof![
        6 => Just(200_u16),
        2 => prop::sample::select(vec![204, 206, 301, 302, 304, 404, 410, 416, 429, 500, 502, 503, 504]),
        1 => 200_u16..600,
    ];
    let said = (vec(says(), 0..5), dictionary(), dictionary());
    let times = (option::of(moment()), option::of(moment()), option::of(moment()));
    let age = option::weighted(0.3, number());
    let flags = (any::<bool>(), prop::bool::weighted(0.15), prop::bool::weighted(0.05));
    (status, said, times, age, flags, 0_u64..20).prop_map(|(status, said, times, age, flags, delay)| Answer {
        status,
        cache_control: said.0,
        ours: said.1,
        cdn: said.2,
        expires: times.0,
        date: times.1,
        last_modified: times.2,
        age,
        etag: flags.0,
        set_cookie: flags.1,
        vary_all: flags.2,
        delay,
    })
}

pub fn request() -> impl Strategy<Value = Request> {
    let wants = prop_oneof![
        1 => Just(Wants::NoCache),
        1 => Just(Wants::NoStore),
        1 => Just(Wants::OnlyIfCached),
        3 => (0_u64..300).prop_map(Wants::MaxAge),
        3 => (0_u64..300).prop_map(Wants::MinFresh),
        4 => option::of(0_u64..300).prop_map(Wants::MaxStale),
        2 => (0_u64..300).prop_map(Wants::StaleIfError),
    ];
    (vec(wants, 0..3), prop::bool::weighted(0.1), prop::bool::weighted(0.15))
        .prop_map(|(wants, pragma, authorization)| Request { wants, pragma, authorization })
}
