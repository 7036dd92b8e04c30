//! Which target has which key: written down, so that no host and no later version chooses another.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use tollgate::balance::hash::mix;
use tollgate::balance::{Balance, Choosing, Member, Part, Policy, Set, choose};
use tollgate::host::Tick;
use tollgate::limit::KeyPart;
use tollgate::plan::Target;
use tollgate::pool::TargetState;

/// A target that is nowhere.
pub fn member(name: &str, weight: u32) -> Member {
    let target = Target::of(&"http://a.test".parse().unwrap()).unwrap();
    Member { name: name.into(), target, weight, priority: 0, zone: None }
}

/// So many targets of one weight.
pub fn members(count: usize) -> Vec<Member> {
    (0..count).map(|at| member(&format!("target-{at:05}"), 1)).collect()
}

pub fn key() -> Box<[Part]> {
    [Part::Known(KeyPart::Consumer)].into()
}

pub fn maglev() -> Policy {
    Policy::Maglev { key: key(), places: tollgate::balance::maglev::USUAL_PLACES }
}

pub fn rendezvous() -> Policy {
    Policy::Rendezvous { key: key() }
}

/// Targets, and what is known about them.
pub struct Setting {
    pub balance: Balance,
    pub set: Set,
    pub states: Vec<Arc<TargetState>>,
    pub turn: AtomicU64,
    pub now: Tick,
}

impl Setting {
    pub fn new(policy: Policy, members: Vec<Member>) -> Self {
        Self::of(Balance { policy, ..Balance::default() }, members)
    }

    pub fn of(balance: Balance, members: Vec<Member>) -> Self {
        let set = Set::new(members, &balance);
        let states = set.members.iter().map(|_| Arc::default()).collect();
        Self { balance, set, states, turn: AtomicU64::new(0), now: Tick(1_000_000_000_000) }
    }

    /// The choice for the request with this number, which is its key and its chance.
    pub fn choose(&self, number: u64, tried: &[usize], fit: impl Fn(usize) -> bool) -> Option<usize> {
        let choosing = Choosing {
            set: &self.set,
            states: &self.states,
            balance: &self.balance,
            turn: &self.turn,
            key: self.balance.policy.key().map(|_| mix(number)),
            session: None,
            tried,
            chance: mix(!number),
            now: self.now,
        };
        choose(&choosing, fit)
    }

    pub fn name(&self, at: usize) -> &str {
        &self.set.members[at].name
    }
}

/// The targets of the requests 0 to 63, of five targets with the weights 1 to 5.
pub fn fixed(policy: Policy) -> String {
    let members = ["a", "b", "c", "d", "e"].into_iter().zip(1..).map(|(name, weight)| member(name, weight));
    let setting = Setting::new(policy, members.collect());
    (0..64).map(|number| setting.name(setting.choose(number, &[], |_| true).unwrap()).to_owned()).collect()
}

/// What [`fixed`] says on every host.
pub const RANDOM: &str = "deedbadccdeececaedceccdededbddeeeccbeddebedddeeeccbcaddebbbdcbba";
pub const MAGLEV: &str = "eeeedddeecbdecadbccbeaddddaccaeddbcbabcbbcbdccedbdbdcebbdccdedcd";
pub const RENDEZVOUS: &str = "acdaedbdbddebdeccbdedddedbeedcddeeecdacddcdceacbececcdaeebebddcc";
