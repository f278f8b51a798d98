//! Access control: tokens with names and roles, and signed links that work for one file.
//!
//! A server without tokens serves its own machine only, and every client there may do everything. With
//! tokens, each request under `/api` needs one, only its owner and admins see an export, and signed links
//! give access to files.

pub mod authenticate;
pub mod guarded_jobs;
pub mod job_file;
mod link_signer;
mod token;
pub mod viewer;
pub mod visible_changes;

use std::str::FromStr;
use std::sync::Arc;

use jobs::JobRecord;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use files::digest::from_hex;

pub use link_signer::LinkSigner;
pub use token::{NewToken, generate_token};

/// The longest name of a token's owner, in characters.
const MAX_NAME: usize = 64;

/// What a client may do. Each role includes the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// See the data and their own exports.
    Read,
    /// Submit exports and delete their own.
    Export,
    /// See and delete all exports.
    Admin,
}

impl Role {
    /// All roles with their names in settings.
    pub const ALL: [(&str, Self); 3] =
        [("read", Self::Read), ("export", Self::Export), ("admin", Self::Admin)];

    /// The name in settings.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, role)| *role == self).map_or("", |(name, _)| name)
    }
}

/// A token that the server accepts: the name of its owner, the role, and the SHA-256 of the token. Tokens are
/// long and random, so their hashes do not reveal them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    name: String,
    role: Role,
    hash: [u8; 32],
}

/// The text is not a grant.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected NAME:ROLE:SHA256 with a role out of read, export and admin, as `trapline token new NAME` prints it"
)]
pub struct GrantError;

impl FromStr for Grant {
    type Err = GrantError;

    fn from_str(text: &str) -> Result<Self, GrantError> {
        let (name, rest) = text.split_once(':').ok_or(GrantError)?;
        let (role, hash) = rest.split_once(':').ok_or(GrantError)?;
        let plain = |sign: char| sign.is_ascii_alphanumeric() || "._-@".contains(sign);
        let named = (1..=MAX_NAME).contains(&name.len()) && name.chars().all(plain);
        let role = Role::ALL.iter().find(|(known, _)| *known == role).map(|(_, role)| *role);
        match (role, from_hex(hash)) {
            (Some(role), Some(hash)) if named => Ok(Self { name: name.into(), role, hash }),
            _ => Err(GrantError),
        }
    }
}

/// The grants of a server, or none: then every client may do everything.
#[derive(Clone)]
pub struct Access(Option<Arc<Inner>>);

struct Inner {
    grants: Vec<(Arc<str>, Grant)>,
    /// The key that signs links.
    key: [u8; 32],
}

/// The identity of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// Any client of a server without tokens.
    Anyone,
    /// A client with a token: the name of the owner, and the role.
    Token(Arc<str>, Role),
    /// A client with a signed link to what it requests.
    Link,
}

/// The request has no token, or an unknown one.
#[derive(Debug, PartialEq, Eq)]
pub struct UnknownTokenError;

impl Access {
    /// Lets every client do everything.
    pub fn open() -> Self {
        Self(None)
    }

    /// Requires a token of these grants, if there are any. `link_secret` signs links; without it a hash of
    /// the grants does, which is the same in all processes with the same grants.
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

    /// Whether every client may do everything.
    pub fn is_open(&self) -> bool {
        self.0.is_none()
    }

    /// Identifies the client by the header `Authorization`.
    pub fn authenticate(&self, authorization: Option<&str>) -> Result<Identity, UnknownTokenError> {
        let Some(inner) = &self.0 else { return Ok(Identity::Anyone) };
        let token = authorization.and_then(|header| {
            let (scheme, token) = header.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
        });
        let hash: [u8; 32] = Sha256::digest(token.ok_or(UnknownTokenError)?).into();
        // Compares all hashes in constant time, so that the time reveals nothing about them.
        let mut identity = None;
        for (name, grant) in &inner.grants {
            if bool::from(grant.hash.ct_eq(&hash)) {
                identity = Some(Identity::Token(Arc::clone(name), grant.role));
            }
        }
        identity.ok_or(UnknownTokenError)
    }

    /// Signs and checks links; `None` on a server without tokens, where addresses need no signature.
    pub fn link_signer(&self) -> Option<LinkSigner<'_>> {
        self.0.as_ref().map(|inner| LinkSigner(&inner.key))
    }
}

impl Identity {
    /// Whether the client may see this job.
    pub fn may_see(&self, record: &JobRecord) -> bool {
        match self {
            Self::Anyone | Self::Link | Self::Token(_, Role::Admin) => true,
            Self::Token(name, _) => record.owner.as_deref() == Some(name),
        }
    }

    /// Whether the client may see the jobs of all owners.
    pub fn may_see_all(&self) -> bool {
        matches!(self, Self::Anyone | Self::Token(_, Role::Admin))
    }

    /// Whether the client may submit and delete jobs.
    pub fn may_export(&self) -> bool {
        match self {
            Self::Anyone => true,
            Self::Token(_, role) => *role >= Role::Export,
            Self::Link => false,
        }
    }

    /// The owner of jobs that the client submits, if the server has tokens.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Token(name, _) => Some(name),
            Self::Anyone | Self::Link => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_recognized_by_its_hash() {
        let NewToken { token, hash } = generate_token();
        let grant: Grant = format!("anna:export:{hash}").parse().unwrap();
        let access = Access::new(&[grant], None);
        let anna = Identity::Token("anna".into(), Role::Export);
        assert_eq!(access.authenticate(Some(&format!("Bearer {token}"))), Ok(anna.clone()));
        assert_eq!(access.authenticate(Some(&format!("bearer  {token}"))), Ok(anna.clone()));
        for other in [
            None,
            Some(""),
            Some("Bearer "),
            Some("Basic YTpi"),
            Some(&format!("Bearer {token}x")),
            Some(&*hash),
        ] {
            assert_eq!(access.authenticate(other), Err(UnknownTokenError), "{other:?}");
        }
        assert!(anna.may_export() && !anna.may_see_all());
        assert_eq!(Access::new(&[], None).authenticate(None), Ok(Identity::Anyone));
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
            assert_eq!(wrong.parse::<Grant>(), Err(GrantError), "{wrong}");
        }
    }
}
