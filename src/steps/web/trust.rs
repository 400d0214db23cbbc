//! Whom a step trusts beside the system, and as whom it shows itself: certificates from files.

use crate::process::not_started;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::{Path, PathBuf};
use wf_model::failure::Failure;
use wf_model::value::{Secret, Value};

/// What a step says of TLS.
#[derive(Debug, Default)]
pub(crate) struct Trust {
    /// Certificates that are trusted beside those of the system.
    pub(crate) authorities: Vec<CertificateDer<'static>>,
    /// What the step shows itself with.
    pub(crate) identity: Option<Identity>,
}

/// A certificate with those that lead to its authority, and its key.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) key: PrivateKeyDer<'static>,
}

impl Trust {
    /// Reads the files of `ca` and `auth`, beneath `folder` where they are not absolute.
    ///
    /// # Errors
    /// Which of them does not hold what it should.
    pub(crate) fn of(ca: Option<&Value>, auth: Option<&Value>, folder: &Path) -> Result<Self, Failure> {
        let authorities = match ca.and_then(Value::render) {
            Some(path) => certificates(&Source::file(folder, &path), "ca")?,
            None => Vec::new(),
        };
        let identity = match auth.and_then(|auth| Some((auth.get("certificate")?, auth.get("key")?))) {
            Some((certificate, key)) => Some(Identity {
                chain: certificates(&Source::of(folder, certificate), "auth")?,
                key: private_key(&Source::of(folder, key))?,
            }),
            None => None,
        };
        Ok(Self { authorities, identity })
    }

    /// Whether the step says nothing of TLS.
    pub(crate) const fn is_empty(&self) -> bool {
        self.authorities.is_empty() && self.identity.is_none()
    }
}

/// Where a text in PEM comes from.
enum Source {
    File(PathBuf),
    Secret(Secret),
}

impl Source {
    fn of(folder: &Path, value: &Value) -> Self {
        match value {
            Value::Secret(secret) => Self::Secret(secret.clone()),
            other => Self::file(folder, &other.render().unwrap_or_default()),
        }
    }

    fn file(folder: &Path, path: &str) -> Self {
        Self::File(folder.join(path))
    }

    fn name(&self) -> String {
        match self {
            Self::File(path) => format!("file `{}`", path.display()),
            Self::Secret(_) => "secret".to_owned(),
        }
    }

    fn read(&self, attribute: &str) -> Result<Vec<u8>, Failure> {
        match self {
            Self::File(path) => std::fs::read(path)
                .map_err(|error| not_started(&format!("{} of `{attribute}` cannot be read: {error}", self.name()))),
            Self::Secret(secret) => Ok(secret.expose().as_bytes().to_vec()),
        }
    }
}

fn certificates(source: &Source, attribute: &str) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let text = source.read(attribute)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let found = found.ok().filter(|found| !found.is_empty());
    found.ok_or_else(|| not_started(&format!("{} of `{attribute}` holds no certificate in PEM", source.name())))
}

fn private_key(source: &Source) -> Result<PrivateKeyDer<'static>, Failure> {
    let text = source.read("auth")?;
    PrivateKeyDer::from_pem_slice(&text)
        .map_err(|_| not_started(&format!("{} of `auth` holds no private key in PEM", source.name())))
}
