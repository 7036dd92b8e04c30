//! One step of a mapping, ready to be done.

use super::super::compile::{Context, Pointer};
use crate::config::{
    DefaultMember, MapValues, MappingStep, MoveValue, OneOrMany, OtherValue, OtherValues, OtherWord,
    RenameMember, RenameParameter, Scalar,
};
use crate::json::{Limits, Node, Path, Segment, parse};
use crate::mapping::{MOST_OTHERS, Otherwise, Step, Table};

/// The largest value that is written in a configuration, in bytes: it may be put into each element of an array.
const MOST_VALUE: usize = 4_096;

impl Context<'_> {
    /// The steps of one table: as many as it has paths to drop, else one. What is renamed in the query goes there.
    pub(in crate::plan) fn mapping_step(
        &mut self,
        at: &Pointer,
        written: &MappingStep,
        query: Option<&mut Vec<(Box<str>, Box<str>)>>,
    ) -> Vec<Step> {
        let MappingStep { rename, moves, add, drop, values, rename_query } = written;
        let keys = [
            rename.is_some(),
            moves.is_some(),
            add.is_some(),
            drop.is_some(),
            values.is_some(),
            rename_query.is_some(),
        ];
        if keys.into_iter().filter(|there| *there).count() != 1 {
            let help = "rename, move, default, drop, values or rename_query";
            self.error(at, "a step is exactly one change").help(help);
            return Vec::new();
        }
        if let Some(rename) = rename_query {
            self.mapping_query(&at.key("rename_query"), rename, query);
        }
        let step = match (rename, moves, add, values) {
            (Some(rename), ..) => self.mapping_rename(&at.key("rename"), rename),
            (_, Some(moves), ..) => self.mapping_move(&at.key("move"), moves),
            (_, _, Some(add), _) => self.mapping_default(&at.key("default"), add),
            (.., Some(values)) => self.mapping_values(&at.key("values"), values),
            _ => None,
        };
        let dropped =
            drop.as_ref().map(|paths| self.mapping_drops(&at.key("drop"), paths)).unwrap_or_default();
        step.into_iter().chain(dropped).collect()
    }

    pub(in crate::plan) fn mapping_path(&mut self, at: &Pointer, text: &str) -> Option<Path> {
        match Path::read(text) {
            Ok(path) => Some(path),
            Err(error) => {
                self.error(at, format!("\"{text}\" is not a place: {}", error.message))
                    .help("such as \"customer.name\", \"items[*].price\" or \"/customer/name\"");
                None
            }
        }
    }

    fn mapping_rename(&mut self, at: &Pointer, written: &RenameMember) -> Option<Step> {
        let from = self.mapping_path(&at.key("from"), &written.from);
        let to = self.mapping_path(&at.key("to"), &written.to)?;
        let (object, from) = self.mapping_member(&at.key("from"), &from?)?;
        let [Segment::Member(to)] = to.segments() else {
            self.error(&at.key("to"), format!("\"{}\" is a place, not a name", written.to))
                .help("write the new name alone, or use move");
            return None;
        };
        if *to == from {
            self.error(&at.key("to"), "this is its name already").help("remove the step");
        }
        Some(Step::Rename { object, from, to: to.clone() })
    }

    /// The objects that a member is in, and its name.
    fn mapping_member(&mut self, at: &Pointer, path: &Path) -> Option<(Box<[Segment]>, Box<str>)> {
        match path.segments().split_last() {
            Some((Segment::Member(name) | Segment::MemberOrElement(name, _), object)) => {
                Some((object.into(), name.clone()))
            }
            _ => {
                self.error(at, format!("\"{path}\" is an element of an array, not a member of an object"))
                    .help("end with a name");
                None
            }
        }
    }

    fn mapping_move(&mut self, at: &Pointer, written: &MoveValue) -> Option<Step> {
        let from = self.mapping_path(&at.key("from"), &written.from);
        let to = self.mapping_path(&at.key("to"), &written.to)?;
        let from = from?;
        self.mapping_member(&at.key("to"), &to)?;
        let scope = from.scope();
        if to.scope() != scope || from.segments()[..scope] != to.segments()[..scope] {
            self.error(&at.key("to"), "as far as the last [*], this is not the same place as from")
                .help("each value stays within its element of the array");
            return None;
        }
        if from.segments().len() == scope {
            self.error(&at.key("from"), "elements of an array stay in it").help("name something within them");
            return None;
        }
        if from == to {
            self.error(&at.key("to"), "it is there already").help("remove the step");
        }
        let (scope, from) = from.segments().split_at(scope);
        let to = &to.segments()[scope.len()..];
        Some(Step::Move { scope: scope.into(), from: from.into(), to: to.into() })
    }

    fn mapping_default(&mut self, at: &Pointer, written: &DefaultMember) -> Option<Step> {
        let path = self.mapping_path(&at.key("at"), &written.at);
        let value = self.mapping_value(at, written.value.as_ref(), written.json.as_deref());
        let (object, name) = self.mapping_member(&at.key("at"), &path?)?;
        Some(Step::Default { object, name, value: value? })
    }

    fn mapping_drops(&mut self, at: &Pointer, written: &OneOrMany) -> Vec<Step> {
        let one = matches!(written, OneOrMany::One(_));
        let places = written.as_slice().iter().zip(at.indices());
        places
            .filter_map(|(text, index)| self.mapping_path(if one { at } else { &index }, text))
            .map(Step::Drop)
            .collect()
    }

    fn mapping_values(&mut self, at: &Pointer, written: &MapValues) -> Option<Step> {
        let path = self.mapping_path(&at.key("at"), &written.at);
        let MapValues { map, json, otherwise, .. } = written;
        let mut pairs: Vec<_> =
            map.iter().map(|(from, to)| (Node::Text(from.clone().into()), scalar(to))).collect();
        if let Some(json) = json {
            pairs.extend(self.mapping_pairs(&at.key("json"), json)?);
        }
        if pairs.is_empty() && otherwise.is_none() {
            self.error(at, "no values are listed").help("such as map = { old = \"new\" }");
        }
        let otherwise = match otherwise {
            None | Some(OtherValues::Word(OtherWord::Keep)) => Otherwise::Keep,
            Some(OtherValues::Word(OtherWord::Drop)) => Otherwise::Drop,
            Some(OtherValues::Table(OtherValue { value, json })) => {
                let at = at.key("otherwise");
                Otherwise::Value(self.mapping_value(&at, value.as_ref(), json.as_deref())?)
            }
        };
        match Table::new(pairs) {
            Ok(table) if table.others() <= MOST_OTHERS => {
                Some(Step::Values { at: path?, table: Box::new(table), otherwise })
            }
            Ok(_) => {
                self.error(
                    &at.key("json"),
                    format!("there are more than {MOST_OTHERS} values that are no texts"),
                )
                .help("they are looked through one after the other");
                None
            }
            Err(twice) => {
                self.error(at, format!("{} is listed twice", twice.to_text())).help("keep one of them");
                None
            }
        }
    }

    /// Reads `[["from", "to"], …]`.
    fn mapping_pairs(&mut self, at: &Pointer, text: &str) -> Option<Vec<(Node<'static>, Node<'static>)>> {
        let Node::Array(listed) = self.mapping_json(at, text)? else {
            self.error(at, "this is not a list of pairs").help("such as '[[1, \"one\"], [null, \"none\"]]'");
            return None;
        };
        let mut pairs = Vec::new();
        for pair in listed {
            let Node::Array(pair) = pair else { return self.mapping_no_pair(at, &pair) };
            let [from, to] = &*pair else { return self.mapping_no_pair(at, &Node::Array(pair)) };
            if matches!(from, Node::Array(_) | Node::Object(_)) {
                self.error(at, format!("{} cannot be looked for", from.to_text()))
                    .help("only texts, numbers, true, false and null can");
                return None;
            }
            pairs.push((from.clone(), to.clone()));
        }
        Some(pairs)
    }

    fn mapping_no_pair<T>(&mut self, at: &Pointer, node: &Node<'_>) -> Option<T> {
        self.error(at, format!("{} is not a pair", node.to_text())).help("such as [1, \"one\"]");
        None
    }

    pub(in crate::plan) fn mapping_value(
        &mut self,
        at: &Pointer,
        value: Option<&Scalar>,
        json: Option<&str>,
    ) -> Option<Node<'static>> {
        match (value, json) {
            (Some(value), None) => Some(scalar(value)),
            (None, Some(json)) => self.mapping_json(&at.key("json"), json),
            _ => {
                self.error(at, "a value is written in exactly one of value and json")
                    .help("value = \"EUR\", or json = '{\"amount\": 1.10}'");
                None
            }
        }
    }

    fn mapping_json(&mut self, at: &Pointer, text: &str) -> Option<Node<'static>> {
        let limits = Limits { depth: 16, ..Limits::of(MOST_VALUE) };
        match parse(text.as_bytes(), &limits) {
            Ok(node) => Some(node.into_owned()),
            Err(error) => {
                self.error(at, format!("this is not JSON: {error}"))
                    .help("text stands in quotation marks: '\"EUR\"'");
                None
            }
        }
    }

    fn mapping_query(
        &mut self,
        at: &Pointer,
        written: &RenameParameter,
        query: Option<&mut Vec<(Box<str>, Box<str>)>>,
    ) {
        let RenameParameter { from, to } = written;
        for (key, name) in [("from", from), ("to", to)] {
            if name.is_empty() || name.len() > 256 {
                self.error(&at.key(key), "a name has 1 to 256 bytes").help("such as \"page_size\"");
            }
        }
        if from == to {
            self.error(&at.key("to"), "this is its name already").help("remove the step");
        }
        match query {
            Some(query) => query.push((from.as_str().into(), to.as_str().into())),
            None => self.error(at, "only requests have a query").help("write it in request"),
        }
    }
}

fn scalar(written: &Scalar) -> Node<'static> {
    match written {
        Scalar::Text(text) => Node::Text(text.clone().into()),
        Scalar::Boolean(it) => Node::Bool(*it),
        Scalar::Whole(number) => Node::from(&serde_json::Value::from(*number)),
    }
}
