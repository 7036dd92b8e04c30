//! What is written, before it is TOML or YAML.

/// A table of the configuration, and what is said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Where it stands: `["upstreams", "pets"]`.
    pub path: Vec<String>,
    /// It is one of a list: of `routes`.
    pub listed: bool,
    /// Comments before it.
    pub comments: Vec<String>,
    /// Its keys, in the order in which they are written.
    pub settings: Vec<(String, Setting)>,
}

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setting {
    /// Text.
    Text(String),
    /// `true` or `false`.
    Flag(bool),
    /// A list of texts.
    List(Vec<String>),
    /// Keys and values.
    Table(Vec<(String, Setting)>),
}

// === impl Section ===

impl Section {
    /// A table at this place.
    pub(super) fn at<const N: usize>(path: [&str; N]) -> Self {
        let path = path.map(str::to_owned).to_vec();
        Self { path, listed: false, comments: Vec::new(), settings: Vec::new() }
    }

    /// One of the list `name`.
    pub(super) fn one_of(name: &str) -> Self {
        Self { listed: true, ..Self::at([name]) }
    }

    /// With one setting more.
    pub(super) fn with(mut self, key: &str, setting: impl Into<Setting>) -> Self {
        self.settings.push((key.to_owned(), setting.into()));
        self
    }

    /// With a comment before it.
    pub(super) fn comment(mut self, text: impl Into<String>) -> Self {
        self.comments.push(text.into());
        self
    }
}

// === impl Setting ===

impl Setting {
    /// A table.
    pub(super) fn table<const N: usize>(settings: [(&str, Setting); N]) -> Self {
        Self::Table(settings.into_iter().map(|(key, setting)| (key.to_owned(), setting)).collect())
    }
}

impl From<&str> for Setting {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Setting {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Setting {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<Vec<String>> for Setting {
    fn from(list: Vec<String>) -> Self {
        Self::List(list)
    }
}
