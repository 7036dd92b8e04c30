//! Operations on the form of documents, ready to be done.

use super::compile::{Context, Pointer};
use super::mapping::{MOST_DEEPENING, MOST_STEPS, Placed};
use crate::config::{
    FlattenSetting, FlattenTable, GroupMembers, MappingStep, OneOrMany, SetValue, ShapeStep, WrapSetting,
    WrapTable,
};
use crate::diagnostic::Severity;
use crate::expression::{Kind, Known};
use crate::json::{Path, Segment};
use crate::shape::{Operation, Pick, Set, Shape, What};

mod gather;
mod patch;

/// The most places of one operation.
const MOST_PLACES: usize = 256;

/// The longest text in front of names, in bytes: it is written once for each member.
const MOST_PREFIX: usize = 64;

impl Context<'_> {
    /// The operations; `None` where there is a mistake in one. What is computed may be about what is `known` there, beside
    /// the document itself.
    pub(super) fn shape(&mut self, at: &Pointer, written: &[ShapeStep], known: &Known<'_>) -> Option<Shape> {
        let mistakes = self.mistakes_so_far();
        if written.len() > MOST_STEPS {
            self.error(at, format!("there are more than {MOST_STEPS} operations"))
                .help("each is a walk through the whole document");
        }
        let (mut operations, mut steps) = (Vec::new(), Vec::<Placed>::new());
        for (step, at) in written.iter().zip(at.indices()) {
            for operation in self.shape_step(&at, step, known) {
                // Where places mean something else than before, nothing is known of what was dropped.
                match &operation {
                    Operation::Step(step) => steps.push((at.clone(), step.clone())),
                    _ => self.mapping_after_drops(&std::mem::take(&mut steps)),
                }
                operations.push(operation);
            }
        }
        self.mapping_after_drops(&steps);
        let shape = Shape(operations.into());
        if shape.deepens() > MOST_DEEPENING {
            self.error(at, format!("documents could become more than {MOST_DEEPENING} levels deeper"))
                .help("move values to places that are less deep");
        }
        (self.mistakes_so_far() == mistakes).then_some(shape)
    }

    fn mistakes_so_far(&self) -> usize {
        self.diagnostics.iter().filter(|it| it.severity == Severity::Error).count()
    }

    /// The operations of one table: as many as it has paths to drop, else one.
    fn shape_step(&mut self, at: &Pointer, written: &ShapeStep, known: &Known<'_>) -> Vec<Operation> {
        let ShapeStep { pick, drop, rename, moves, add, values, set, .. } = written;
        let ShapeStep { flatten, group, wrap, unwrap, concat, collect, patch, merge, .. } = written;
        let of_mapping = [rename.is_some(), moves.is_some(), add.is_some(), drop.is_some(), values.is_some()];
        let own = [
            pick.is_some(),
            set.is_some(),
            flatten.is_some(),
            group.is_some(),
            wrap.is_some(),
            unwrap.is_some(),
            concat.is_some(),
            collect.is_some(),
            patch.is_some(),
            merge.is_some(),
        ];
        if of_mapping.into_iter().chain(own).filter(|there| *there).count() != 1 {
            self.error(at, "a step is exactly one operation").help(
                "pick, drop, rename, move, default, values, set, flatten, group, wrap, unwrap, concat, collect, patch \
                 or merge",
            );
            return Vec::new();
        }
        if of_mapping.contains(&true) {
            let step = MappingStep {
                rename: rename.clone(),
                moves: moves.clone(),
                add: add.clone(),
                drop: drop.clone(),
                values: values.clone(),
                rename_query: None,
            };
            return self.mapping_step(at, &step, None).into_iter().map(Operation::Step).collect();
        }
        self.shape_operation(at, written, known).into_iter().collect()
    }

    /// What is no step of a mapping.
    fn shape_operation(&mut self, at: &Pointer, written: &ShapeStep, known: &Known<'_>) -> Option<Operation> {
        let ShapeStep { pick, set, flatten, group, wrap, unwrap, concat, collect, patch, merge, .. } =
            written;
        if let Some(paths) = pick {
            self.shape_pick(&at.key("pick"), paths)
        } else if let Some(set) = set {
            self.shape_set(&at.key("set"), set, known)
        } else if let Some(flatten) = flatten {
            self.shape_flatten(&at.key("flatten"), flatten)
        } else if let Some(group) = group {
            self.shape_group(&at.key("group"), group)
        } else if let Some(wrap) = wrap {
            self.shape_wrap(&at.key("wrap"), wrap)
        } else if let Some(unwrap) = unwrap {
            self.shape_unwrap(&at.key("unwrap"), unwrap)
        } else if let Some(concat) = concat {
            self.shape_gather(&at.key("concat"), &concat.from, concat.to.as_deref(), What::Elements)
        } else if let Some(collect) = collect {
            self.shape_gather(&at.key("collect"), &collect.from, collect.to.as_deref(), What::Values)
        } else if let Some(patch) = patch {
            self.shape_patch(&at.key("patch"), patch)
        } else {
            merge.as_ref().and_then(|text| self.shape_merge(&at.key("merge"), text))
        }
    }

    /// A place, or with `.` the whole document.
    fn shape_place(&mut self, at: &Pointer, text: &str) -> Option<Path> {
        if text == "." { Path::new(Vec::new()).ok() } else { self.mapping_path(at, text) }
    }

    /// A name of a member.
    fn shape_name(&mut self, at: &Pointer, text: &str) -> Option<Box<str>> {
        match self.mapping_path(at, text)?.segments() {
            [Segment::Member(name)] => Some(name.clone()),
            _ => {
                self.error(at, format!("\"{text}\" is a place, not a name"))
                    .help("names with one of . [ ] \" or a space in them are written [\"any name\"]");
                None
            }
        }
    }

    /// At least one place, and where each is written.
    fn shape_paths(&mut self, at: &Pointer, written: &OneOrMany) -> Option<Vec<Path>> {
        let one = matches!(written, OneOrMany::One(_));
        let written = written.as_slice();
        if written.is_empty() || written.len() > MOST_PLACES {
            self.error(at, format!("there are between 1 and {MOST_PLACES} places"))
                .help("such as [\"id\", \"items[*].price\"]");
            return None;
        }
        let places = written.iter().zip(at.indices());
        let paths: Vec<_> =
            places.map(|(text, index)| self.mapping_path(if one { at } else { &index }, text)).collect();
        paths.into_iter().collect()
    }

    fn shape_pick(&mut self, at: &Pointer, written: &OneOrMany) -> Option<Operation> {
        let paths = self.shape_paths(at, written)?;
        match Pick::new(&paths) {
            Ok(pick) => Some(Operation::Pick(pick)),
            Err(path) => {
                self.error(at, format!("\"{path}\" is about one element of an array, or may be")).help(
                    "pick works on all elements: write [*]; a name that is a number is written [\"0\"]",
                );
                None
            }
        }
    }

    fn shape_set(&mut self, at: &Pointer, written: &SetValue, known: &Known<'_>) -> Option<Operation> {
        let path = self.mapping_path(&at.key("at"), &written.at);
        let known = Known { item: true, ..*known };
        let value = self.expression_with(&at.key("value"), &written.value, Kind::Any, &known);
        let (path, value) = (path?, value?);
        let (scope, at) = path.segments().split_at(path.scope());
        Some(Operation::Set(Set { scope: scope.into(), at: at.into(), value }))
    }

    fn shape_flatten(&mut self, at: &Pointer, written: &FlattenSetting) -> Option<Operation> {
        let (place, path, prefix) = match written {
            FlattenSetting::At(path) => (at.clone(), path, None),
            FlattenSetting::Table(FlattenTable { at: path, prefix }) => (at.key("at"), path, prefix.as_ref()),
        };
        if prefix.is_some_and(|prefix| prefix.len() > MOST_PREFIX) {
            self.error(&at.key("prefix"), format!("this is longer than {MOST_PREFIX} bytes"))
                .help("it is written in front of the name of each member");
        }
        let at = self.shape_place(&place, path)?;
        Some(Operation::Flatten { at, prefix: prefix.map_or("", String::as_str).into() })
    }

    fn shape_group(&mut self, at: &Pointer, written: &GroupMembers) -> Option<Operation> {
        let GroupMembers { at: object, members, into } = written;
        let object = self.shape_place(&at.key("at"), object.as_deref().unwrap_or("."));
        let into = self.shape_name(&at.key("into"), into);
        let at = at.key("members");
        if members.is_empty() || members.len() > MOST_PLACES {
            self.error(&at, format!("there are between 1 and {MOST_PLACES} members"))
                .help("such as [\"street\", \"city\"]");
        }
        let names: Vec<_> =
            members.iter().zip(at.indices()).map(|(name, at)| self.shape_name(&at, name)).collect();
        let mut members: Vec<_> = names.into_iter().collect::<Option<_>>()?;
        members.sort_unstable();
        members.dedup();
        Some(Operation::Group { object: object?.segments().into(), members: members.into(), into: into? })
    }

    fn shape_wrap(&mut self, at: &Pointer, written: &WrapSetting) -> Option<Operation> {
        let (path, into) = match written {
            WrapSetting::Into(name) => (Path::new(Vec::new()).ok(), self.shape_name(at, name)),
            WrapSetting::Table(WrapTable { at: place, into }) => {
                (self.shape_place(&at.key("at"), place), self.shape_name(&at.key("into"), into))
            }
        };
        Some(Operation::Wrap { at: path?, into: into? })
    }

    fn shape_unwrap(&mut self, at: &Pointer, written: &str) -> Option<Operation> {
        let path = self.mapping_path(at, written)?;
        let (scope, inner) = path.segments().split_at(path.scope());
        if inner.is_empty() {
            self.error(at, "elements of an array stay in it")
                .help("name something within them, such as \"edges[*].node\"");
            return None;
        }
        Some(Operation::Unwrap { scope: scope.into(), at: inner.into() })
    }
}

#[cfg(test)]
mod tests;
