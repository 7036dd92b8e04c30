//! How many permits a request takes.

use super::super::compile::{Context, Pointer};
use crate::config::{self, WeightTable};
use crate::expression::Kind;
use crate::limit::{Algorithm, Weight};

impl Context<'_> {
    pub(super) fn weight(
        &mut self,
        at: &Pointer,
        written: Option<&config::Weight>,
        algorithm: &Algorithm,
    ) -> Weight {
        let table = match written {
            None => return Weight::Constant(1),
            Some(config::Weight::Constant(weight)) => {
                self.admissible(at, *weight, algorithm);
                if *weight == 0 {
                    self.error(at, "a request that takes nothing is not counted").help("1 or more");
                }
                return Weight::Constant(*weight);
            }
            Some(config::Weight::Table(table)) => table,
        };
        let default = table.default.unwrap_or(1);
        // By default a request takes at most all there is, so that none is refused for ever by its weight.
        let most = table.most.unwrap_or(algorithm.most());
        if table.default.is_some() {
            self.admissible(&at.key("default"), default, algorithm);
        }
        if most == 0 {
            self.error(&at.key("most"), "a request that takes nothing at most is not counted")
                .help("1 or more");
        } else if default > most {
            let at = if table.default.is_some() { at.key("default") } else { at.key("most") };
            self.error(&at, format!("default is {default}, and most only {most}"));
        }
        self.weight_table(at, table, default, most).unwrap_or(Weight::Constant(1))
    }

    fn weight_table(&mut self, at: &Pointer, table: &WeightTable, default: u64, most: u64) -> Option<Weight> {
        match table {
            WeightTable { header: Some(name), body: None, expression: None, .. } => {
                let name = self.header_name(&at.key("header"), name)?;
                Some(Weight::Header { name, default, most })
            }
            WeightTable { header: None, body: Some(size), expression: None, .. } => {
                if table.default.is_some() {
                    self.error(
                        &at.key("default"),
                        "the length of a body is always known where it is counted",
                    )
                    .help("remove default: a request without a body takes 1, one of unknown length gets 411");
                }
                let bytes = self.size(&at.key("body"), size);
                if bytes == 0 || bytes == u64::MAX {
                    self.error(&at.key("body"), "this is no number of bytes to count by")
                        .help("such as \"1KiB\": one permit for each so many");
                    return None;
                }
                Some(Weight::Body { bytes, most })
            }
            WeightTable { header: None, body: None, expression: Some(source), .. } => {
                let expression = self.expression(&at.key("expression"), source, Kind::Int)?;
                Some(Weight::Expression { expression, default, most })
            }
            _ => {
                self.error(at, "a weight has exactly one of header, body and expression")
                    .help("or is a number: weight = 5");
                None
            }
        }
    }

    /// What takes more than there ever is is never let through.
    fn admissible(&mut self, at: &Pointer, weight: u64, algorithm: &Algorithm) {
        let most = algorithm.most();
        if weight > most {
            let what = if matches!(algorithm, Algorithm::Bucket { .. }) { "burst" } else { "limit" };
            self.error(
                at,
                format!("a request takes {weight}, and there are never more than {most}: none gets through"),
            )
            .help(format!("raise the {what} to {weight} at least, or lower the weight"));
        }
    }
}
