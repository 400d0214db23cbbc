//! Certificates that tests make themselves.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};

/// An authority of certificates.
pub(super) struct Authority {
    /// What signs.
    pub(super) issuer: CertifiedIssuer<'static, KeyPair>,
}

/// A certificate and its key, in PEM.
pub(super) struct Certified {
    /// The certificate.
    pub(super) certificate: String,
    /// Its key.
    pub(super) key: String,
}

impl Authority {
    /// A new one.
    pub(super) fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().expect("a key");
        Self { issuer: CertifiedIssuer::self_signed(params, key).expect("a certificate") }
    }

    /// Its own certificate.
    pub(super) fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// A certificate for a host, valid up to a year.
    pub(super) fn certify(&self, host: &str, until: i32) -> Certified {
        let mut params = CertificateParams::new([host.to_owned()]).expect("a name");
        params.not_before = date_time_ymd(2001, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate").pem();
        Certified { certificate, key: key.serialize_pem() }
    }
}
