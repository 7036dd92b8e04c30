//! What a route and the defaults say of caching, put together key by key.

use super::super::compile::Pointer;
use crate::config::{Cache, CacheKey, CacheSetting};

/// The tables in which a route's cache is written, the route's own first.
#[derive(Debug)]
pub(super) struct Settings<'a> {
    /// Where it is said that answers are kept.
    pub(super) at: Pointer,
    /// The route's own setting.
    own: Pointer,
    tables: Vec<(Pointer, &'a Cache)>,
}

// === impl Settings ===

impl<'a> Settings<'a> {
    /// `None` where nothing is kept.
    pub(super) fn new(
        (at_route, route): (&Pointer, Option<&'a CacheSetting>),
        (at_defaults, defaults): (&Pointer, Option<&'a CacheSetting>),
    ) -> Option<Self> {
        let (own, usual) = (at_route.key("cache"), at_defaults.key("cache"));
        let at = match (route, defaults) {
            (Some(CacheSetting::Switch(false)), _) | (None, None | Some(CacheSetting::Switch(false))) => {
                return None;
            }
            (Some(_), _) => own.clone(),
            (None, Some(_)) => usual.clone(),
        };
        let layers = [(own.clone(), route), (usual, defaults)];
        let tables = layers.into_iter().filter_map(|(at, setting)| match setting {
            Some(CacheSetting::Table(table)) => Some((at, &**table)),
            _ => None,
        });
        Some(Self { at, own, tables: tables.collect() })
    }

    /// A setting where it is said first, and where that is.
    pub(super) fn find<T>(
        &self,
        key: &str,
        get: impl Fn(&'a Cache) -> Option<&'a T>,
    ) -> Option<(Pointer, &'a T)> {
        self.tables.iter().find_map(|(at, table)| Some((at.key(key), get(table)?)))
    }

    /// The same of what stands in `key`.
    pub(super) fn find_key<T>(
        &self,
        key: &str,
        get: impl Fn(&'a CacheKey) -> Option<&'a T>,
    ) -> Option<(Pointer, &'a T)> {
        let (at, found) = self.find("key", |table| get(table.key.as_ref()?))?;
        Some((at.key(key), found))
    }

    pub(super) fn is_on(&self, key: &str, get: impl Fn(&'a Cache) -> Option<&'a bool>) -> bool {
        self.find(key, get).is_some_and(|(_, on)| *on)
    }

    /// Whether something stands in the route itself, and not in the defaults.
    pub(super) fn is_own(&self, at: &Pointer) -> bool {
        at.file() == self.own.file() && at.path().starts_with(self.own.path())
    }
}
