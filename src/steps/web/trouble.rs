//! What keeps a request from its answer, in words that say what to do.

use super::address::AddressRefused;
use super::client::NotResolved;
use rustls::{AlertDescription, CertificateError};
use std::error::Error;
use std::io;
use wf_model::failure::{Failure, FailureKind};

/// What became of a request that has no answer.
pub(crate) struct Trouble {
    message: String,
    /// Whether nothing of the request left this machine.
    unsent: bool,
    /// Whether another attempt can get better.
    retryable: bool,
}

impl Trouble {
    /// Reads what the client says of a request to `host`.
    pub(crate) fn of(error: &reqwest::Error, host: &str) -> Self {
        let causes = Causes::of(error);
        // With TLS 1.3 a server refuses a client after the handshake, and hears no request then.
        let unheard = matches!(causes.tls, Some(rustls::Error::AlertReceived(alert)) if is_about_client(*alert));
        let unsent = error.is_connect() || causes.refused.is_some() || causes.unresolved || unheard;
        let (message, retryable) = causes.told(error.is_timeout(), host);
        Self { message, unsent, retryable }
    }

    /// Reads what another client than that of HTTP says of a connection to `host`, whose URL would begin with `plain` without TLS.
    pub(crate) fn of_connection(error: &(dyn Error + 'static), host: &str, plain: &'static str) -> Self {
        let causes = Causes { plain, ..Causes::of(error) };
        let (message, retryable) = causes.told(false, host);
        Self { message, unsent: true, retryable }
    }

    /// The failure of an attempt; `earlier` requests of it have reached their servers.
    pub(crate) fn failure(self, earlier: bool) -> Failure {
        let kind = if self.unsent && !earlier { FailureKind::Spawn } else { FailureKind::Exit };
        Failure { retryable: self.retryable, ..Failure::final_of(kind, &self.message) }
    }
}

/// The failure of an attempt whose answer ends in the middle of its body.
pub(crate) fn broken(error: &reqwest::Error, host: &str, length: u64) -> Failure {
    let causes = Causes::of(error);
    let cut = causes.hyper.is_some() || causes.tls.is_some() || !error.is_decode();
    let message = if cut || causes.io == Some(io::ErrorKind::UnexpectedEof) {
        format!("connection to {host} broke after {length} bytes of the body: see what it logs")
    } else {
        format!("body of the answer of {host} cannot be unpacked after {length} bytes: see what it says in `content-encoding`")
    };
    Failure { retryable: true, ..Failure::final_of(FailureKind::Exit, &message) }
}

/// What stands in the chain of an error.
#[derive(Default)]
struct Causes<'a> {
    refused: Option<AddressRefused>,
    unresolved: bool,
    tls: Option<&'a rustls::Error>,
    io: Option<io::ErrorKind>,
    hyper: Option<&'a hyper::Error>,
    innermost: String,
    /// What a URL begins with whose connection is not encrypted.
    plain: &'static str,
}

impl<'a> Causes<'a> {
    fn of(error: &'a (dyn Error + 'static)) -> Self {
        let mut causes = Self { plain: "http", ..Self::default() };
        let mut next: Option<&'a (dyn Error + 'static)> = Some(error);
        while let Some(error) = next {
            causes.refused = causes.refused.or_else(|| error.downcast_ref().copied());
            causes.unresolved |= error.is::<NotResolved>();
            causes.tls = causes.tls.or_else(|| error.downcast_ref());
            causes.hyper = error.downcast_ref().or(causes.hyper);
            causes.innermost = error.to_string();
            let wrapped = error.downcast_ref::<io::Error>();
            causes.io = wrapped.map(io::Error::kind).or(causes.io);
            // The source of an input error is that of the error in it, not the error itself.
            next = match wrapped.and_then(io::Error::get_ref) {
                Some(inner) => Some(inner),
                None => error.source(),
            };
        }
        causes
    }

    /// One fact and what to do about it; whether another attempt can get better.
    fn told(&self, is_timeout: bool, host: &str) -> (String, bool) {
        if let Some(refused) = self.refused {
            return (format!("request to {host} is not sent: {refused}"), false);
        }
        if self.unresolved {
            return (format!("name of {host} does not resolve: mend the name, or the DNS of this machine"), true);
        }
        if let Some(tls) = self.tls {
            return encrypted(tls, host, self.plain);
        }
        if let Some(told) = self.hyper.and_then(|error| spoken(error, host)) {
            return told;
        }
        (self.transport(is_timeout, host), true)
    }

    fn transport(&self, is_timeout: bool, host: &str) -> String {
        match self.io {
            Some(io::ErrorKind::ConnectionRefused) => {
                format!("nothing listens at {host} (connection refused): start the server, or mend host and port")
            }
            Some(io::ErrorKind::TimedOut) => {
                format!("{host} does not take the connection in time: see whether it can be reached")
            }
            Some(io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable) => {
                format!("there is no way to {host}: see whether its network can be reached from this machine")
            }
            Some(io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof) => {
                format!("{host} closed the connection before it answered: see what it logs")
            }
            _ if is_timeout => format!("{host} does not take the connection in time: see whether it can be reached"),
            _ => format!("request to {host} fails: {}", self.innermost),
        }
    }
}

/// What the client says of an answer that is no HTTP.
fn spoken(error: &hyper::Error, host: &str) -> Option<(String, bool)> {
    // The client has no other way to tell.
    if error.to_string().contains("too large") {
        return Some((format!("headers of the answer of {host} are larger than a client takes: mend the server"), false));
    }
    if error.is_parse() {
        let message =
            format!("answer of {host} is no HTTP: see whether the port is one of HTTP, and the URL should say https://");
        return Some((message, true));
    }
    error.is_incomplete_message().then(|| (format!("{host} closed the connection before it answered: see what it logs"), true))
}

/// Whether an alert says that the client did not show itself well.
const fn is_about_client(alert: AlertDescription) -> bool {
    matches!(
        alert,
        AlertDescription::CertificateRequired
            | AlertDescription::BadCertificate
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied
    )
}

/// Why the certificate of `host` is not taken, where that is what an error is about; `ca` is where its authority is named.
pub(crate) fn distrusted(error: &(dyn Error + 'static), host: &str, ca: &str) -> Option<String> {
    match Causes::of(error).tls {
        Some(rustls::Error::InvalidCertificate(fault)) => Some(certificate(fault, host, ca)),
        _ => None,
    }
}

fn certificate(fault: &CertificateError, host: &str, ca: &str) -> String {
    let told = match fault {
        CertificateError::UnknownIssuer => {
            &format!("is signed by nobody whom this machine trusts: name the file of its authority's certificate in `{ca}`")
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "has expired: renew it, or see whether the clock of this machine is right"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "is not valid yet: see whether the clock of this machine is right"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "is for other names: ask for the host by a name that the certificate holds"
        }
        CertificateError::Revoked => "is revoked: renew it",
        _ => &format!("is not accepted: {}", rustls::Error::InvalidCertificate(fault.clone())),
    };
    format!("certificate of {host} {told}")
}

/// What TLS says.
fn encrypted(error: &rustls::Error, host: &str, plain: &str) -> (String, bool) {
    match error {
        rustls::Error::InvalidCertificate(fault) => (certificate(fault, host, "ca"), false),
        rustls::Error::InvalidMessage(_) => {
            (format!("{host} does not speak TLS at this port: mend the port, or say {plain}:// in the URL"), false)
        }
        rustls::Error::AlertReceived(alert) if is_about_client(*alert) => {
            let message = format!("{host} asks for a client certificate that it trusts ({alert:?}): give one in `auth`");
            (message, false)
        }
        rustls::Error::AlertReceived(alert) => (format!("{host} ends TLS ({alert:?}): see what it logs"), true),
        _ => (format!("TLS with {host} fails: {error}"), true),
    }
}
