//! What keeps a step from its container, in words that say what to do.

use super::engine::host;
use crate::text::one_line;
use bollard::errors::Error;
use std::io;
use wf_model::failure::{Failure, FailureKind};

/// Why an engine did not do what it was asked for.
pub(super) fn of(error: &Error, what: &str) -> Failure {
    match error {
        Error::DockerResponseServerError { status_code, message } => refused(*status_code, message, what),
        Error::DockerStreamError { error } => not_started(&format!("{what}: {}", trimmed(error)), true),
        _ => unreached(error, what),
    }
}

/// An engine that nobody can talk to by such an address.
pub(super) fn unknown_host(host: &str) -> Failure {
    not_started(
        &format!("`DOCKER_HOST` is {host:?}, which is no address of a Docker engine: write unix:///path or tcp://host:port"),
        false,
    )
}

/// An engine that asks for certificates which cannot be read.
pub(super) fn no_certificates(error: &Error) -> Failure {
    let message = format!(
        "certificates for the engine at {} cannot be used: {}: name the directory of ca.pem, cert.pem and key.pem by `DOCKER_CERT_PATH`",
        host(),
        trimmed(&error.to_string())
    );
    not_started(&message, false)
}

/// The failure of a step whose container did not begin to run.
pub(super) fn not_started(message: &str, retryable: bool) -> Failure {
    Failure { retryable, ..Failure::final_of(FailureKind::Spawn, message) }
}

/// The failure of a step whose container runs, or has run, unseen.
pub(super) fn lost(error: &Error) -> Failure {
    let message = format!("engine at {} was lost while the container ran: {}", host(), trimmed(&innermost(error)));
    Failure { retryable: true, ..Failure::final_of(FailureKind::Engine, &message) }
}

/// An engine that was not reached at all.
fn unreached(error: &Error, what: &str) -> Failure {
    let host = host();
    let kind = if matches!(error, Error::SocketNotFoundError(_)) { Some(io::ErrorKind::NotFound) } else { io_kind(error) };
    match kind {
        Some(io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => not_started(
            &format!(
                "no Docker engine listens at {host}: start it (`systemctl start docker`), or name another one by `DOCKER_HOST`"
            ),
            true,
        ),
        Some(io::ErrorKind::PermissionDenied) => not_started(
            &format!(
                "this user may not talk to the Docker engine at {host}: add the user to the group of the socket \
                 (`usermod -aG docker NAME`, then log in again)"
            ),
            false,
        ),
        _ => not_started(&format!("{what}: Docker engine at {host} does not answer: {}", trimmed(&innermost(error))), true),
    }
}

/// What an engine says no to.
fn refused(status: u16, message: &str, what: &str) -> Failure {
    let message = trimmed(message);
    let advice = advice(&message).unwrap_or_default();
    not_started(&format!("{what}: {message}{advice}"), status >= 500 && advice.is_empty())
}

/// What to do about what an engine says.
fn advice(message: &str) -> Option<&'static str> {
    const KNOWN: &[(&str, &str)] = &[
        ("docker-init", ": install the init of the engine, such as by `apt install tini`"),
        ("bind source path does not exist", ": make the directory, or mend its path in `mounts`"),
        ("invalid mount", ": mend it in `mounts`"),
        ("invalid volume", ": mend it in `mounts`"),
        ("invalid reference format", ": mend the name of the image"),
        ("not a directory", ": mend `workdir`"),
        ("operating system or architecture", ": mend `platform`"),
        ("network", ": mend `network`, or make it by `docker network create`"),
        ("unable to find user", ": mend `user`, or make it in the image"),
        ("no matching entries in passwd", ": mend `user`, or make it in the image"),
        ("linux spec user", ": mend `user`, or make it in the image"),
        ("memory limit", ": mend `memory`"),
        ("cpu", ": mend `cpus`"),
        ("exec format error", ": the image is for another platform than the engine runs"),
        ("executable file not found", ": mend `run`, or take an image that has the program"),
        ("no such file or directory", ": mend `run`, or take an image that has the program"),
        ("permission denied", ": mend `run`, or make the program executable in the image"),
        ("no command specified", ": the image says nothing to run, so give `run`"),
        ("working directory", ": mend `workdir`"),
        ("platform", ": mend `platform`"),
        ("operating system is not supported", ": mend `platform`"),
        ("unauthorized", ": log in by `docker login`"),
        ("no basic auth credentials", ": log in by `docker login`"),
        ("denied", ": mend the name of the image, or log in by `docker login`"),
        ("manifest unknown", ": mend the name of the image, or its tag"),
        ("not found", ": mend the name"),
        ("no such host", ": see whether the registry can be reached from the engine"),
        ("no space left", ": make room, such as by `docker system prune`"),
    ];
    let message = message.to_lowercase();
    KNOWN.iter().find(|(needle, _)| message.contains(needle)).map(|(_, advice)| *advice)
}

fn io_kind(error: &Error) -> Option<io::ErrorKind> {
    if let Error::IOError { err } = error {
        return Some(err.kind());
    }
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    let mut kind = None;
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<io::Error>() {
            kind = Some(found.kind());
        }
        next = error.source();
    }
    kind
}

fn innermost(error: &Error) -> String {
    let mut next: &(dyn std::error::Error + 'static) = error;
    while let Some(source) = next.source() {
        next = source;
    }
    next.to_string()
}

/// A message in one line, without what engines append to all of theirs.
pub(super) fn trimmed(message: &str) -> String {
    one_line(message).trim_end_matches(": unknown").trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::{advice, of, trimmed};
    use bollard::errors::Error;
    use std::io;

    #[test]
    fn a_user_who_may_not_use_the_socket_is_told_of_its_group() {
        let failure = of(&Error::IOError { err: io::ErrorKind::PermissionDenied.into() }, "no container starts");
        assert!(failure.message.contains("usermod -aG docker") && !failure.retryable, "{}", failure.message);
        let failure = of(&Error::IOError { err: io::ErrorKind::ConnectionRefused.into() }, "no container starts");
        assert!(failure.message.contains("systemctl start docker") && failure.retryable, "{}", failure.message);
    }

    #[test]
    fn messages_of_engines_are_told_in_one_line() {
        assert_eq!(trimmed("OCI runtime create failed:\n exec: \"x\": unknown"), "OCI runtime create failed: exec: \"x\"");
        assert_eq!(advice("something else"), None);
        assert!(advice("exec: \"x\": Executable file not found in $PATH").is_some_and(|advice| advice.contains("`run`")));
    }
}
