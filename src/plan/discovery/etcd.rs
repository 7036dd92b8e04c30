//! etcd as a source.

use std::sync::Arc;
use std::time::Duration;

use super::Written;
use crate::config::discovery::Etcd as WrittenEtcd;
use crate::discovery::Kind;
use crate::discovery::etcd::{Etcd, Login};
use crate::plan::compile::{Context, Pointer};

/// How often a component asks that is told nothing else; whoever lives on watches.
const USUAL: Duration = Duration::from_secs(30);

/// The most members of etcd: it has at most seven, says its documentation.
const MOST_MEMBERS: usize = 16;

impl Context<'_> {
    pub(super) fn etcd(&mut self, at: &Pointer, written: &WrittenEtcd) -> Option<Written> {
        let mut members = Vec::new();
        for (text, at) in written.urls.iter().zip(at.key("urls").indices()) {
            let member = self.endpoint(&at, text, "etcd")?;
            if member.path.query().is_some() {
                self.error(&at, "an address of etcd has no query");
            }
            members.push(member);
        }
        if members.is_empty() || members.len() > MOST_MEMBERS {
            self.error(&at.key("urls"), format!("etcd has from 1 to {MOST_MEMBERS} addresses"))
                .help("such as [\"http://etcd-0.internal:2379\"]");
        }
        if written.prefix.is_empty() {
            self.error(&at.key("prefix"), "an empty prefix is all of etcd")
                .help("say what the keys of this service begin with: \"/services/orders/\"");
        }
        let login = match (&written.username, &written.password, &written.token) {
            (None, None, None) => Login::None,
            (None, None, Some(token)) => Login::Token(self.secret(&at.key("token"), token)?),
            (Some(user), Some(password), None) => {
                let password = self.secret(&at.key("password"), password)?;
                Login::Password { user: user.as_str().into(), password }
            }
            _ => {
                self.error(at, "etcd is shown a user and a password together, or a token alone")
                    .help("write username and password, or token");
                return None;
            }
        };
        let etcd = Etcd { members: members.into(), prefix: written.prefix.as_str().into(), login };
        Some((Kind::Etcd(Arc::new(etcd)), USUAL))
    }
}
