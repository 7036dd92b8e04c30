//! How answers are compressed, ready to be done: both layers put together, every mistake said.

use super::compile::{Context, Pointer};
use super::policy::Layers;
use crate::coding::Coding;
use crate::compression::{Policy, TypePattern};
use crate::config::{CodingName, Compression, CompressionSetting};

/// The smallest length that is worth it, in bytes: what fits one packet arrives no sooner when it is smaller.
const FROM: u64 = 1 << 10;

/// The codings, best first.
const CODINGS: [Coding; 3] = [Coding::Brotli, Coding::Zstd, Coding::Gzip];

/// What is text, whatever it is called. Images, sound, video and archives are compressed already.
const TYPES: [&str; 8] = [
    "text/*",
    "application/json",
    "*+json",
    "application/xml",
    "*+xml",
    "application/javascript",
    "application/x-ndjson",
    "application/wasm",
];

impl Context<'_> {
    /// How the answers of a route are compressed; `None` for not at all.
    pub(super) fn compression(&mut self, layers: &Layers<'_, CompressionSetting>) -> Option<Policy> {
        let mut tables = Vec::new();
        for (at, layer) in layers {
            match layer {
                Some(CompressionSetting::Table(table)) => tables.push((at, table)),
                // Nothing that is further away counts.
                Some(CompressionSetting::Switch(true)) => return Some(self.compressed(&tables)),
                Some(CompressionSetting::Switch(false)) => break,
                None => {}
            }
        }
        (!tables.is_empty()).then(|| self.compressed(&tables))
    }

    fn compressed(&mut self, tables: &[(&Pointer, &Compression)]) -> Policy {
        let codings =
            tables.iter().find_map(|(at, table)| Some((at.key("codings"), table.codings.as_ref()?)));
        let codings = codings.map_or(CODINGS.into(), |(at, names)| self.coding_names(&at, names));
        let from = tables.iter().find_map(|(at, table)| Some((at.key("from"), table.from.as_ref()?)));
        let from = from.map_or(FROM, |(at, text)| {
            if text.0 == "off" {
                self.error(&at, "from cannot be \"off\"")
                    .help("write \"0B\" for all answers, or compression = false");
            }
            self.size(&at, text)
        });
        let types = tables.iter().find_map(|(at, table)| Some((at.key("types"), table.types.as_ref()?)));
        let types = match types {
            None => TYPES.iter().filter_map(|text| TypePattern::parse(text)).collect(),
            Some((at, written)) => self.compressed_types(&at, written),
        };
        Policy { codings, from, types }
    }

    fn coding_names(&mut self, at: &Pointer, names: &[CodingName]) -> Box<[Coding]> {
        if names.is_empty() {
            self.error(at, "without a coding, nothing is compressed").help("write compression = false");
        }
        let mut codings = Vec::new();
        for (name, at) in names.iter().zip(at.indices()) {
            let coding = match name {
                CodingName::Br => Coding::Brotli,
                CodingName::Zstd => Coding::Zstd,
                CodingName::Gzip => Coding::Gzip,
                CodingName::Deflate => Coding::Deflate,
            };
            if codings.contains(&coding) {
                self.error(&at, format!("{coding} is listed twice")).help("remove one");
            }
            codings.push(coding);
        }
        codings.into()
    }

    fn compressed_types(&mut self, at: &Pointer, written: &[String]) -> Box<[TypePattern]> {
        if written.is_empty() {
            self.error(at, "without a type, nothing is compressed").help("write compression = false");
        }
        let mut types = Vec::new();
        for (text, at) in written.iter().zip(at.indices()) {
            if text.to_ascii_lowercase().starts_with("application/grpc") {
                self.error(&at, "gRPC compresses its messages itself").help("remove it");
            }
            match TypePattern::parse(text) {
                Some(pattern) => types.push(pattern),
                None => self
                    .error(&at, format!("\"{text}\" is not a media type"))
                    .help("such as \"application/json\", \"text/*\" or \"*+json\", without parameters"),
            }
        }
        types.into()
    }
}
