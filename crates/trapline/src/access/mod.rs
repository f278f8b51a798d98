//! Who may do what: tokens with names and roles, and links that are good for one file.
//!
//! A server without tokens is for the machine that it runs on, and everybody there may do
//! everything. With tokens each request under `/api` needs one, an export is seen by its owner and
//! by admins only, and files can also be had by links that the server has signed.

mod link;
mod token;

use std::str::FromStr;
use std::sync::Arc;

use jobs::Record;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::digest::from_hex;

pub use link::Link;
pub use token::{NewToken, new_token};

/// Longest name of who has a token, in characters.
const MAX_NAME: usize = 64;

/// What somebody may do; each role may do what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Look at the data and at what is their own.
    Read,
    /// Submit exports, and delete their own.
    Export,
    /// See and delete everybody's exports.
    Admin,
}

impl Role {
    /// All roles, by their names in settings.
    pub const ALL: [(&str, Self); 3] =
        [("read", Self::Read), ("export", Self::Export), ("admin", Self::Admin)];

    /// Its name in settings.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, role)| *role == self).map_or("", |(name, _)| name)
    }
}

/// A token that is let in: whose it is, what they may do, and the SHA-256 of the token. Tokens are
/// random and long, so their hashes say nothing about them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    name: String,
    role: Role,
    hash: [u8; 32],
}

/// A grant is none.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected NAME:ROLE:SHA256 with a role out of read, export and admin, as `trapline token new NAME` prints it"
)]
pub struct NoGrant;

impl FromStr for Grant {
    type Err = NoGrant;

    fn from_str(text: &str) -> Result<Self, NoGrant> {
        let mut parts = text.splitn(3, ':');
        let (Some(name), Some(role), Some(hash)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoGrant);
        };
        let plain = |sign: char| sign.is_ascii_alphanumeric() || "._-@".contains(sign);
        let named = (1..=MAX_NAME).contains(&name.len()) && name.chars().all(plain);
        let role = Role::ALL.iter().find(|(known, _)| *known == role).map(|(_, role)| *role);
        match (role, from_hex(hash)) {
            (Some(role), Some(hash)) if named => Ok(Self { name: name.into(), role, hash }),
            _ => Err(NoGrant),
        }
    }
}

/// What a server knows of who may do what.
#[derive(Clone)]
pub struct Access(Option<Arc<Inner>>);

struct Inner {
    grants: Vec<(Arc<str>, Grant)>,
    /// Links are signed with this.
    key: [u8; 32],
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// Whoever is on this machine; there are no tokens.
    Anyone,
    /// Somebody with a token.
    Known(Arc<str>, Role),
    /// Somebody with a link to what is asked for.
    Bearer,
}

/// Nobody with this token is known.
#[derive(Debug, PartialEq, Eq)]
pub struct Unknown;

impl Access {
    /// Everybody may do everything.
    pub fn open() -> Self {
        Self(None)
    }

    /// Only who has a token may do anything, if there are tokens. Links are signed with
    /// `link_secret`, else with what the grants come to, which is the same for all processes that
    /// are given the same.
    pub fn new(grants: &[Grant], link_secret: Option<&str>) -> Self {
        if grants.is_empty() {
            return Self::open();
        }
        let mut key = Sha256::new_with_prefix("links of trapline\n");
        match link_secret {
            Some(secret) => key.update(secret),
            None => grants.iter().for_each(|grant| key.update(grant.hash)),
        }
        let grants = grants.iter().map(|grant| (Arc::from(grant.name.as_str()), grant.clone())).collect();
        Self(Some(Arc::new(Inner { grants, key: key.finalize().into() })))
    }

    /// Whether everybody may do everything.
    pub fn is_open(&self) -> bool {
        self.0.is_none()
    }

    /// Who sends a request with this header `Authorization`.
    pub fn who(&self, authorization: Option<&str>) -> Result<Who, Unknown> {
        let Some(inner) = &self.0 else { return Ok(Who::Anyone) };
        let token = authorization.and_then(|header| {
            let (scheme, token) = header.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
        });
        let hash: [u8; 32] = Sha256::digest(token.ok_or(Unknown)?).into();
        // All are looked at, and each whole, so that the time says nothing.
        let mut found = None;
        for (name, grant) in &inner.grants {
            if bool::from(grant.hash.ct_eq(&hash)) {
                found = Some(Who::Known(Arc::clone(name), grant.role));
            }
        }
        found.ok_or(Unknown)
    }

    /// Makes and checks links, when there is access to be given.
    pub fn link(&self) -> Option<Link<'_>> {
        self.0.as_ref().map(|inner| Link(&inner.key))
    }
}

impl Who {
    /// Whether somebody sees a job.
    pub fn sees(&self, record: &Record) -> bool {
        match self {
            Self::Anyone | Self::Bearer | Self::Known(_, Role::Admin) => true,
            Self::Known(name, _) => record.owner.as_deref() == Some(name),
        }
    }

    /// Whether somebody sees the jobs of all.
    pub fn sees_all(&self) -> bool {
        matches!(self, Self::Anyone | Self::Known(_, Role::Admin))
    }

    /// Whether somebody may submit and delete.
    pub fn may_export(&self) -> bool {
        match self {
            Self::Anyone => true,
            Self::Known(_, role) => *role >= Role::Export,
            Self::Bearer => false,
        }
    }

    /// Whose a job is that they submit.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Known(name, _) => Some(name),
            Self::Anyone | Self::Bearer => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_known_by_its_hash() {
        let NewToken { token, hash } = new_token();
        let grant: Grant = format!("anna:export:{hash}").parse().unwrap();
        let access = Access::new(&[grant], None);
        let anna = Who::Known("anna".into(), Role::Export);
        assert_eq!(access.who(Some(&format!("Bearer {token}"))), Ok(anna.clone()));
        assert_eq!(access.who(Some(&format!("bearer  {token}"))), Ok(anna.clone()));
        for other in [
            None,
            Some(""),
            Some("Bearer "),
            Some("Basic YTpi"),
            Some(&format!("Bearer {token}x")),
            Some(&*hash),
        ] {
            assert_eq!(access.who(other), Err(Unknown), "{other:?}");
        }
        assert!(anna.may_export() && !anna.sees_all());
        assert_eq!(Access::new(&[], None).who(None), Ok(Who::Anyone));
    }

    #[test]
    fn a_grant_is_a_name_a_role_and_a_hash() {
        let hash = "0".repeat(64);
        assert!(format!("anna.b@example.org:admin:{hash}").parse::<Grant>().is_ok());
        for wrong in [
            format!("anna:{hash}"),
            format!("anna:owner:{hash}"),
            format!(":read:{hash}"),
            format!("an na:read:{hash}"),
            "anna:read:short".into(),
            format!("anna:read:{}", "g".repeat(64)),
        ] {
            assert_eq!(wrong.parse::<Grant>(), Err(NoGrant), "{wrong}");
        }
    }
}
