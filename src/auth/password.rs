//! Passwords: argon2id digests in the PHC string form, `$argon2id$v=19$m=19456,t=2,p=1$SALT$DIGEST`.
//!
//! A password can be guessed, so that its digest must be slow to compute, and is slow for us as well: some 20 ms with
//! the least parameters that are recommended. A digest is text in a configuration, and what it says of its own cost is
//! bounded on both sides, so that neither a weak one is taken nor one that would take seconds for each request.

use std::fmt;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, Version};
use subtle::ConstantTimeEq as _;

/// What is kept of a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Password {
    cost: Cost,
    salt: Box<[u8]>,
    digest: Box<[u8]>,
}

/// What computing a digest takes (RFC 9106 section 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// `m`, in KiB.
    pub memory: u32,
    /// `t`.
    pub passes: u32,
    /// `p`. They are computed one after another here, which changes nothing of the work.
    pub lanes: u32,
}

/// Why a text is no digest that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Not in the PHC string form.
    Form,
    /// Another algorithm than argon2id, or another version than 19.
    Algorithm,
    /// Salt or digest are missing or too short.
    Short,
    /// Less work than [`LEAST_WORK`], or less memory than [`LEAST_MEMORY`].
    Weak,
    /// More work than [`MOST_WORK`], or more memory than [`MOST_MEMORY`].
    Costly,
}

/// The least memory, in KiB. The OWASP Password Storage Cheat Sheet has five settings of equal strength, from 46 MiB with
/// one pass to 7 MiB with five.
pub const LEAST_MEMORY: u32 = 7 << 10;
/// The least work, memory in KiB times passes: that of the cheapest of the five.
pub const LEAST_WORK: u64 = 5 * (7 << 10);
/// The most memory, in KiB: a component's guest may grow to 128 MiB on common hosts, and a worker computes one at a time.
pub const MOST_MEMORY: u32 = 64 << 10;
/// The most work, memory in KiB times passes: some 150 ms natively.
pub const MOST_WORK: u64 = 4 * (64 << 10);
/// The most lanes; beyond, `m` would leave less than eight blocks a lane.
const MOST_LANES: u32 = 16;
/// RFC 9106 section 3.1 asks for 8 bytes of salt at least.
const LEAST_SALT: usize = 8;
/// 128 bits, as RFC 9106 section 4 recommends at least.
const LEAST_DIGEST: usize = 16;

/// What OWASP recommends first: m=19 MiB, t=2, p=1.
pub const RECOMMENDED: Cost = Cost { memory: 19 << 10, passes: 2, lanes: 1 };

// === impl Password ===

impl Password {
    /// Reads the PHC string form.
    pub fn read(text: &str) -> Result<Self, Refused> {
        let read = PasswordHash::new(text).map_err(|_| Refused::Form)?;
        if read.algorithm.as_str() != "argon2id" || read.version != Some(Version::V0x13.into()) {
            return Err(Refused::Algorithm);
        }
        let params = Params::try_from(&read.params).map_err(|_| Refused::Form)?;
        // RFC 9106 section 3.1 has them; nobody writes them, and a digest that needs a secret could not be computed.
        if !params.keyid().is_empty() || !params.data().is_empty() {
            return Err(Refused::Form);
        }
        let cost = Cost { memory: params.m_cost(), passes: params.t_cost(), lanes: params.p_cost() };
        cost.check()?;
        let (salt, digest) = (read.salt.ok_or(Refused::Short)?, read.hash.ok_or(Refused::Short)?);
        if salt.len() < LEAST_SALT || digest.len() < LEAST_DIGEST {
            return Err(Refused::Short);
        }
        Ok(Self { cost, salt: (&*salt).into(), digest: digest.as_bytes().into() })
    }

    /// What nobody's password has for a digest, at the same cost: what is computed for a name that nobody has, so that
    /// the time tells nobody who there is.
    pub fn nobodys(cost: Cost) -> Self {
        Self { cost, salt: [0; 16].into(), digest: [0; 32].into() }
    }

    /// What it takes to compute.
    pub fn cost(&self) -> Cost {
        self.cost
    }

    /// Whether `password` is the one. Takes as long whether it is or not.
    pub fn is(&self, password: &[u8]) -> bool {
        let Cost { memory, passes, lanes } = self.cost;
        let Ok(params) = Params::new(memory, passes, lanes, Some(self.digest.len())) else { return false };
        let mut computed = vec![0; self.digest.len()];
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        argon2.hash_password_into(password, &self.salt, &mut computed).is_ok()
            && computed.ct_eq(&self.digest).into()
    }

    /// Salt and digest, for telling one from another.
    pub fn parts(&self) -> (&[u8], &[u8]) {
        (&self.salt, &self.digest)
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Password({:?}, …)", self.cost)
    }
}

// === impl Cost ===

impl Cost {
    /// Memory in KiB times passes: what the time is in proportion to.
    pub fn work(self) -> u64 {
        u64::from(self.memory) * u64::from(self.passes)
    }

    fn check(self) -> Result<(), Refused> {
        if self.memory > MOST_MEMORY || self.work() > MOST_WORK || self.lanes > MOST_LANES {
            Err(Refused::Costly)
        } else if self.memory < LEAST_MEMORY || self.work() < LEAST_WORK {
            Err(Refused::Weak)
        } else {
            Ok(())
        }
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "m={},t={},p={}", self.memory, self.passes, self.lanes)
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form => "it is not in the PHC string form",
            Self::Algorithm => "it is not argon2id, version 19",
            Self::Short => "its salt or its digest is missing or too short",
            Self::Weak => "it is too cheap to compute",
            Self::Costly => "it is too costly to compute",
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// `argon2.low_level.hash_secret` of argon2-cffi, with the salt `saltsaltsaltsalt`.
    const SESAME: &str =
        "$argon2id$v=19$m=8192,t=5,p=1$c2FsdHNhbHRzYWx0c2FsdA$50NUenB1ihdrCloJpINZ07OCXS7ee+5B2m11AMp36GE";

    fn with(parameters: &str) -> Result<Password, Refused> {
        Password::read(&SESAME.replace("m=8192,t=5,p=1", parameters))
    }

    #[test]
    fn what_another_implementation_wrote_is_verified() {
        let password = Password::read(SESAME).unwrap();
        assert_eq!(password.cost().to_string(), "m=8192,t=5,p=1");
        assert!(password.is(b"open sesame"));
        assert!(!password.is(b"open sesame ") && !password.is(b""));
        let nobodys = Password::nobodys(password.cost());
        assert_eq!(nobodys.cost(), password.cost());
        assert!(!nobodys.is(b"open sesame") && !nobodys.is(b""));
    }

    #[test]
    fn the_cost_is_bounded_on_both_sides() {
        for good in
            ["m=47104,t=1,p=1", "m=19456,t=2,p=1", "m=12288,t=3,p=1", "m=9216,t=4,p=1", "m=7168,t=5,p=1"]
        {
            assert!(with(good).is_ok(), "{good}");
        }
        assert!(with("m=65536,t=4,p=4").is_ok());
        for weak in ["m=4096,t=16,p=1", "m=19456,t=1,p=1", "m=7168,t=4,p=1"] {
            assert_eq!(with(weak), Err(Refused::Weak), "{weak}");
        }
        for costly in [
            "m=65537,t=1,p=1",
            "m=65536,t=5,p=1",
            "m=7168,t=4294967295,p=1",
            "m=4294967295,t=1,p=1",
            "m=19456,t=2,p=17",
        ] {
            assert_eq!(with(costly), Err(Refused::Costly), "{costly}");
        }
    }

    #[test]
    fn what_is_no_digest_is_refused() {
        for (text, why) in [
            ("", Refused::Form),
            ("open sesame", Refused::Form),
            ("$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW", Refused::Form),
            (&SESAME.replace("argon2id", "argon2i"), Refused::Algorithm),
            (&SESAME.replace("argon2id", "argon2d"), Refused::Algorithm),
            (&SESAME.replace("v=19", "v=16"), Refused::Algorithm),
            (&SESAME.replace("$v=19", ""), Refused::Algorithm),
            (&SESAME.replace("p=1", "p=0"), Refused::Form),
            (&SESAME.replace("p=1", "p=1,keyid=AAAA"), Refused::Form),
            (SESAME.rsplit_once('$').unwrap().0, Refused::Short),
            (SESAME.rsplitn(3, '$').last().unwrap(), Refused::Short),
        ] {
            assert_eq!(Password::read(text), Err(why), "{text}");
        }
        let (rest, _) = SESAME.rsplit_once('$').unwrap();
        assert_eq!(Password::read(&format!("{rest}$AAAAAAAAAAAAAAAAAAAA")), Err(Refused::Short));
    }

    #[test]
    fn is_never_shown() {
        let shown = format!("{:?}", Password::read(SESAME).unwrap());
        assert_eq!(shown, "Password(Cost { memory: 8192, passes: 5, lanes: 1 }, …)");
    }
}
