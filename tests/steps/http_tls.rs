//! `http` steps over TLS: authorities, names, dates and client certificates.

use super::certificates::{Authority, Certified};
use super::http_server::{Connection, Seen, Server, answer, ok};
use crate::cli::{Outcome, Place};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use std::net::TcpStream;
use std::sync::Arc;

/// A server over TLS; it asks for certificates of `clients` where there is one.
pub(super) fn server(
    certified: &Certified,
    clients: Option<&Authority>,
    body: impl Fn(&Seen, &mut dyn Connection) + Send + Sync + 'static,
) -> Server {
    let provider = Arc::new(ring::default_provider());
    let builder =
        ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions().expect("versions");
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(authority.issuer.der().clone()).expect("a certificate");
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().expect("a verifier");
            builder.with_client_cert_verifier(verifier)
        }
    };
    let chain = vec![CertificateDer::from_pem_slice(certified.certificate.as_bytes()).expect("a certificate")];
    let key = PrivateKeyDer::from_pem_slice(certified.key.as_bytes()).expect("a key");
    let config = Arc::new(builder.with_single_cert(chain, key).expect("a certificate with its key"));
    let connect = move |stream: TcpStream| {
        let connection = ServerConnection::new(Arc::clone(&config)).ok()?;
        Some(Box::new(StreamOwned::new(connection, stream)) as Box<dyn Connection>)
    };
    Server::over(connect, body)
}

fn welcoming(_: &Seen, connection: &mut dyn Connection) {
    let _ = connection.write_all(ok("welcome").as_bytes()).and_then(|()| connection.flush());
}

/// Asks for `https://NAME:PORT/`, with `ca.pem` beside the workflow.
fn asked(ca: &str, name: &str, server: &Server, attributes: &str) -> Outcome {
    let place = Place::with(&format!(
        "workflow main {{\n  step it: http \"https://{name}:{}/\" {{ {attributes} }}\n  output body: string = it.body\n}}\n",
        server.port()
    ));
    place.write("ca.pem", ca);
    place.ran(&[])
}

#[test]
fn an_authority_from_a_file_is_trusted() {
    let authority = Authority::new("ours");
    let server = server(&authority.certify("localhost", 2100), None, welcoming);
    let outcome = asked(&authority.pem(), "localhost", &server, "ca: \"./ca.pem\"");
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "body = welcome\n"), "{}", outcome.stderr);
}

#[test]
fn a_certificate_that_does_not_fit_is_told_apart() {
    let authority = Authority::new("ours");
    let cases = [
        (
            "localhost",
            2100,
            "",
            "is signed by nobody whom this machine trusts: name the file of its authority's certificate in `ca`",
        ),
        ("localhost", 2020, "ca: \"./ca.pem\"", "has expired: renew it, or see whether the clock of this machine is right"),
        ("other.example", 2100, "ca: \"./ca.pem\"", "is for other names: ask for the host by a name that the certificate holds"),
    ];
    for (host, until, attributes, expected) in cases {
        let server = server(&authority.certify(host, until), None, welcoming);
        let outcome = asked(&authority.pem(), "localhost", &server, &format!("retry 2 times, {attributes}"));
        let expected = format!("certificate of localhost:{} {expected}", server.port());
        assert!(outcome.code == 1 && outcome.stderr.contains(&expected), "{}", outcome.stderr);
        assert!(server.seen().is_empty() && !outcome.stderr.contains("attempt 2"), "{}", outcome.stderr);
    }
}

#[test]
fn files_without_certificates_are_said() {
    let server = Server::answering(&[&ok("")]);
    for (content, expected) in
        [("", "holds no certificate in PEM"), ("-----BEGIN CERTIFICATE-----\nx\n", "holds no certificate in PEM")]
    {
        let outcome = asked(content, "localhost", &server, "ca: \"./ca.pem\"");
        assert!(outcome.stderr.contains("ca.pem` of `ca` ") && outcome.stderr.contains(expected), "{}", outcome.stderr);
    }
    let outcome = asked("", "localhost", &server, "ca: \"./missing.pem\"");
    assert!(outcome.stderr.contains("missing.pem` of `ca` cannot be read: No such file"), "{}", outcome.stderr);
}

#[test]
fn a_server_that_speaks_no_tls_is_said() {
    let server = Server::answering(&[&ok("")]);
    // It waits for the end of a head, which the first message of TLS never brings.
    let plain = Server::over(
        |mut stream| {
            use std::io::Write;
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
            Some(Box::new(stream))
        },
        |_, _| (),
    );
    drop(server);
    let outcome = asked("", "localhost", &plain, "");
    assert!(
        outcome.stderr.contains("does not speak TLS at this port: mend the port, or say http:// in the URL"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn a_client_certificate_is_shown_and_only_to_its_server() {
    let (authority, people) = (Authority::new("ours"), Authority::new("people"));
    let me = people.certify("me", 2100);
    let certified = authority.certify("localhost", 2100);
    let guarded = server(&certified, Some(&people), welcoming);
    let place = |rest: &str, port: u16| {
        let place = Place::with(&format!(
            "workflow main {{\n  secret key from env \"KEY\"\n  step it: http \"https://localhost:{port}/\" {{ ca: \"./ca.pem\", {rest} }}\n  output body: string = it.body\n}}\n"
        ));
        place.write("ca.pem", &authority.pem());
        place.write("me.pem", &me.certificate);
        place.write("key.pem", &me.key);
        place
    };
    let ran = |place: &Place| Outcome::of(place.command(&["run", "main.wf"]).env("KEY", &me.key).output().expect("it starts"));
    for key in ["\"./key.pem\"", "key"] {
        let outcome = ran(&place(
            &format!("auth: {{ certificate: \"./me.pem\", key: {key} }}, headers: {{ \"X\": \"1\" }}"),
            guarded.port(),
        ));
        assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "body = welcome\n"), "{}", outcome.stderr);
    }
    let outcome = ran(&place("headers: { \"X\": \"1\" }", guarded.port()));
    assert!(outcome.stderr.contains("asks for a client certificate"), "{}", outcome.stderr);
    let to = format!("Location: https://localhost:{}/", guarded.port());
    let leading = server(&certified, None, move |_, connection| {
        let _ = connection.write_all(answer("302 Found", &[&to], "").as_bytes()).and_then(|()| connection.flush());
    });
    let outcome = ran(&place("auth: { certificate: \"./me.pem\", key: \"./key.pem\" }", leading.port()));
    assert!(outcome.stderr.contains("asks for a client certificate"), "{}", outcome.stderr);
}
