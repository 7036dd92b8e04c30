//! Lists whose elements a step asks for, ready to be gone through.

use super::super::compile::{Context, Pointer};
use super::Around;
use super::step::Reads;
use crate::compose::{Batch, Each, List};
use crate::config;
use crate::expression::{Kind, Known};
use crate::json::{Path, Segment};

/// How many requests for elements are under way at once, where nothing is said; the most is that of a whole composition.
const AT_ONCE: u32 = 4;
/// The longest list, where nothing is said, and the longest that may be: whoever needs more needs another API.
const MOST: u32 = 100;
const LONGEST: u32 = 1000;

impl Context<'_> {
    /// What a step is asked for each element of.
    pub(super) fn each(
        &mut self,
        at: &Pointer,
        written: &config::Each,
        around: Around<'_>,
        reads: &mut Reads,
    ) -> Option<Each> {
        let known = Known { content: true, steps: around.names, ..Known::default() };
        let at_list = at.key("in");
        let expression = self.expression_with(&at_list, &written.list, Kind::List, &known);
        if let Some(expression) = &expression {
            reads.expression(expression);
        }
        let by = match &written.by {
            None => Some(None),
            Some(by) => {
                let known = Known { item: true, ..known };
                self.expression_with(&at.key("by"), by, Kind::Any, &known).map(Some)
            }
        };
        if let Some(Some(by)) = &by {
            reads.expression(by);
        }
        let at_once = self.count(&at.key("at_once"), written.at_once, AT_ONCE, super::MOST_AT_ONCE);
        let most = self.count(&at.key("most"), written.most, MOST, LONGEST);
        let batch = match &written.batch {
            None => Some(None),
            Some(batch) => self.each_batch(&at.key("batch"), batch).map(Some),
        };
        let plain = plain(&written.list, around.names);
        if let Some(attach) = &written.attach {
            self.attached(&at.key("attach"), attach, plain.as_ref(), around);
        }
        let list = match (plain, expression?) {
            (Some((step, path)), _) => List::At(step, path),
            (None, expression) => List::Made(expression),
        };
        Some(Each { list, at_once, most, by: by?, batch: batch? })
    }

    fn each_batch(&mut self, at: &Pointer, written: &config::EachBatch) -> Option<Batch> {
        let size = self.count(&at.key("size"), Some(written.size), 1, LONGEST);
        let path = |context: &mut Self, key: &str, text: &str| {
            let path = Path::read(text).map_err(|error| error.message);
            let one = |path: &Path| !path.segments().contains(&Segment::Each);
            match path.and_then(|path| one(&path).then_some(path).ok_or("this leads to many places")) {
                Ok(path) => Some(path),
                Err(message) => {
                    context.error(&at.key(key), message).help("such as \"id\" or \"data.items\"");
                    None
                }
            }
        };
        let by = path(self, "by", &written.by);
        let place = match &written.at {
            None => Some(None),
            Some(text) => path(self, "at", text).map(Some),
        };
        Some(Batch { size, at: place?, by: by? })
    }

    /// Whether what comes can be put into the elements that it was asked for.
    fn attached(
        &mut self,
        at: &Pointer,
        member: &str,
        plain: Option<&(usize, Option<Path>)>,
        around: Around<'_>,
    ) {
        let Some((owner, path)) = plain else {
            self.error(at, "answers can only be put into the elements of a step's own list")
                .help("in must be steps.NAME.body, or members of that: steps.NAME.body.items");
            return;
        };
        let owner_step = &around.steps[*owner];
        if owner_step.hidden == Some(true) {
            let message = format!("\"{}\" is hidden: nobody would see what is put into it", owner_step.name);
            self.error(at, message).help("remove hidden there, or attach here");
        }
        let same = |other: &config::Step| {
            let each = other.each.as_ref();
            let list = each.filter(|each| each.attach.as_deref() == Some(member));
            let list = list.and_then(|each| plain_place(&each.list, around.names));
            list.is_some_and(|(step, other)| step == *owner && other == *path)
        };
        if around.steps.iter().filter(|step| same(step)).count() > 1 {
            self.error(at, format!("two steps put something into the elements as \"{member}\""));
        }
    }
}

/// The step and the place that `steps.NAME.body.items` is about; `None` for any other expression.
fn plain(source: &str, names: &[&str]) -> Option<(usize, Option<Path>)> {
    let rest = source.trim().strip_prefix("steps.")?;
    let (name, rest) = rest.split_once('.')?;
    let step = names.iter().position(|known| *known == name)?;
    let rest = rest.strip_prefix("body")?;
    if rest.is_empty() {
        return Some((step, None));
    }
    let rest = rest.strip_prefix('.')?;
    let member = |name: &str| {
        name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    let path = rest.split('.').all(member).then(|| Path::read(rest).ok())??;
    Some((step, Some(path)))
}

use plain as plain_place;

/// `"a", "b"`
pub(super) fn listed(names: &[&str]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("\"{name}\"")).collect();
    names.join(", ")
}
