//! What is said of the values at paths.

use crate::json::{Path, Segment};

use super::{MOST_PLACES, PlaceError, What};

/// What is said of the values at paths: a tree of names, of which place 0 is where all paths begin.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Places {
    all: Vec<Place>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Place {
    /// By name, in the order of names.
    named: Vec<(Box<str>, usize)>,
    /// Whatever the name.
    any: Option<usize>,
    marks: Marks,
}

/// What is said of one value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Marks {
    pub(super) array: bool,
    pub(super) number: bool,
    pub(super) boolean: bool,
    pub(super) list: Option<Box<str>>,
}

/// Where one is in the tree: in more than one place where `*` stands beside names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Here(Vec<usize>);

// === impl Places ===

impl Places {
    pub(super) fn say(&mut self, path: &Path, what: What) -> Result<(), PlaceError> {
        if self.all.is_empty() {
            self.all.push(Place::default());
        }
        let mut here = 0;
        for segment in path.segments() {
            let Segment::Member(name) = segment else {
                return Err(PlaceError("a path of elements has names only: arrays are no step in it"));
            };
            here = self.child(here, name)?;
        }
        if here == 0 {
            return Err(PlaceError("the path is empty"));
        }
        let marks = &mut self.all[here].marks;
        let said = match &what {
            What::Array => marks.array || marks.list.is_some(),
            What::List(_) => marks.array || marks.list.is_some() || marks.number || marks.boolean,
            What::Number | What::Boolean => marks.number || marks.boolean || marks.list.is_some(),
        };
        if said {
            return Err(PlaceError("something else is said of this path already"));
        }
        match what {
            What::Array => marks.array = true,
            What::List(item) => marks.list = Some(item),
            What::Number => marks.number = true,
            What::Boolean => marks.boolean = true,
        }
        Ok(())
    }

    fn child(&mut self, here: usize, name: &str) -> Result<usize, PlaceError> {
        let place = &self.all[here];
        let found = place.named.binary_search_by(|(known, _)| (**known).cmp(name));
        let known = if name == "*" { place.any } else { found.ok().map(|at| place.named[at].1) };
        if let Some(known) = known {
            return Ok(known);
        }
        let new = self.all.len();
        if new > MOST_PLACES {
            return Err(PlaceError("something is said of more than 1,024 places"));
        }
        let place = &mut self.all[here];
        match found {
            _ if name == "*" => place.any = Some(new),
            Ok(at) | Err(at) => place.named.insert(at, (name.into(), new)),
        }
        self.all.push(Place::default());
        Ok(new)
    }

    /// Where all paths begin.
    pub(super) fn start(&self) -> Here {
        Here(if self.all.is_empty() { Vec::new() } else { vec![0] })
    }

    /// One name further.
    pub(super) fn step(&self, here: &Here, name: &str) -> Here {
        let mut next = Vec::new();
        for place in here.0.iter().filter_map(|at| self.all.get(*at)) {
            if let Ok(at) = place.named.binary_search_by(|(known, _)| (**known).cmp(name)) {
                next.push(place.named[at].1);
            }
            next.extend(place.any);
        }
        Here(next)
    }

    fn marks<'s>(&'s self, here: &'s Here) -> impl Iterator<Item = &'s Marks> {
        here.0.iter().filter_map(|at| self.all.get(*at)).map(|place| &place.marks)
    }

    pub(super) fn is_array(&self, here: &Here) -> bool {
        self.marks(here).any(|marks| marks.array)
    }

    pub(super) fn is_number(&self, here: &Here) -> bool {
        self.marks(here).any(|marks| marks.number)
    }

    pub(super) fn is_boolean(&self, here: &Here) -> bool {
        self.marks(here).any(|marks| marks.boolean)
    }

    /// The name of the elements of a list.
    pub(super) fn list<'s>(&'s self, here: &'s Here) -> Option<&'s str> {
        self.marks(here).find_map(|marks| marks.list.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_stars_lead_to_what_is_said() {
        let mut places = Places::default();
        for (path, what) in [
            ("order.item", What::Array),
            ("order.*.price", What::Number),
            ("order.item.@open", What::Boolean),
            ("*.lines", What::List("line".into())),
        ] {
            places.say(&Path::read(path).unwrap(), what).unwrap();
        }
        let at = |names: &[&str]| names.iter().fold(places.start(), |here, name| places.step(&here, name));
        assert!(places.is_array(&at(&["order", "item"])) && !places.is_array(&at(&["order", "items"])));
        assert!(places.is_number(&at(&["order", "item", "price"])));
        assert!(
            places.is_number(&at(&["order", "fee", "price"])) && !places.is_number(&at(&["order", "price"]))
        );
        assert!(places.is_boolean(&at(&["order", "item", "@open"])));
        assert_eq!(places.list(&at(&["order", "lines"])), Some("line"));
        assert_eq!(places.list(&at(&["x", "lines"])), Some("line"));
        assert_eq!(at(&["order", "item", "price", "x"]), Here::default());
        for (path, what) in [
            ("order.item", What::List("x".into())),
            ("order.*.price", What::Boolean),
            ("items[*].a", What::Array),
            ("a[0]", What::Array),
        ] {
            assert!(places.say(&Path::read(path).unwrap(), what).is_err(), "{path}");
        }
    }
}
