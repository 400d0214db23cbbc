//! Messages that go as mail, over SMTP.

use super::message::Message;
use crate::process::not_started;
use crate::text::one_line;
use crate::web::address::AddressPolicy;
use crate::web::client::{NotResolved, permitted};
use crate::web::trouble::Trouble;
use crate::web::trust::Trust;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Mailboxes};
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{self};
use percent_encoding::percent_decode_str;
use reqwest::Url;
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::timeout;
use wf_model::failure::{Failure, FailureKind};

/// How long a server may take to accept a connection, unless the step's `timeout` is over before.
const CONNECTING: Duration = Duration::from_secs(30);

/// How long a server that has taken a message may take to say goodbye.
const ENDING: Duration = Duration::from_secs(2);

/// Characters of a subject that is taken from the message.
const LONGEST_SUBJECT: usize = 120;

/// A server of mail, and for whom its messages are.
#[derive(Debug)]
pub(super) struct Mail {
    server: Server,
    from: Mailbox,
    to: Vec<Mailbox>,
}

/// A server as a URL names it.
struct Server {
    host: String,
    port: u16,
    security: Security,
    /// Who signs in, and with which password.
    credentials: Option<(String, String)>,
}

/// When a connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Security {
    /// From its beginning.
    Whole,
    /// Once both sides have spoken, by `STARTTLS`.
    Upgraded,
    /// Never.
    None,
}

impl fmt::Debug for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.host, self.port)
    }
}

impl Mail {
    /// Reads the arguments of `email`: addresses, and the URL of the server.
    ///
    /// # Errors
    /// What is wrong with them; none of their text is shown, because it may be a secret.
    pub(super) fn of(to: &[String], smtp: &str) -> Result<Self, Failure> {
        let url = Url::parse(smtp.trim())
            .map_err(|error| not_started(&format!("the SMTP server of `email` is not read as a URL: {error}")))?;
        let mut parameters = Parameters::of(&url)?;
        let server = Server::of(&url, parameters.tls)?;
        let signed_in = server.credentials.as_ref().map(|(user, _)| user.clone()).filter(|user| user.contains('@'));
        let Some(from) = parameters.from.take().or(signed_in) else {
            let message = "`email` does not say who it is from: add `?from=ops@example.com` to the URL of its SMTP server";
            return Err(not_started(message));
        };
        let from = from.parse().map_err(|_| not_started("`from` of the SMTP server of `email` is no mail address"))?;
        Ok(Self { server, from, to: mailboxes(to)? })
    }

    /// How messages name it.
    pub(super) fn name(&self) -> String {
        format!("`email` by {}", self.server.name())
    }

    /// The server.
    pub(super) fn server(&self) -> String {
        format!("SMTP server {}", self.server.name())
    }

    /// Signs in at the server, and leaves again.
    ///
    /// # Errors
    /// Why no message could be sent.
    pub(super) async fn reach(&self, trust: &Trust) -> Result<(), Failure> {
        let mut connection = self.server.connect(trust).await?;
        let _ = timeout(ENDING, connection.quit()).await;
        Ok(())
    }

    /// Hands a message to the server.
    ///
    /// # Errors
    /// Why the server has not taken it.
    pub(super) async fn send(&self, message: &Message, trust: &Trust) -> Result<(), Failure> {
        let mail = self.written(message)?;
        let mut connection = self.server.connect(trust).await?;
        let sent = connection.send(mail.envelope(), &mail.formatted()).await;
        let sent = sent.map_err(|error| self.server.refused("does not take the message", &error));
        // It has the message, whatever it says now.
        let _ = timeout(ENDING, connection.quit()).await;
        sent.map(drop)
    }

    fn written(&self, message: &Message) -> Result<lettre::Message, Failure> {
        // The same for all attempts, so that whoever gets it twice knows.
        let id = format!("<{}@{}>", message.key, self.from.email.domain());
        let automatic = HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned());
        let builder = lettre::Message::builder().from(self.from.clone()).subject(subject(message)).message_id(Some(id));
        let builder = self.to.iter().cloned().fold(builder, lettre::message::MessageBuilder::to);
        builder
            .date_now()
            .raw_header(automatic)
            .header(ContentType::TEXT_PLAIN)
            .body(message.text.clone())
            .map_err(|error| not_started(&format!("the mail cannot be written: {error}")))
    }
}

/// What stands behind the `?` of a URL.
#[derive(Debug, Default)]
struct Parameters {
    from: Option<String>,
    tls: Option<bool>,
}

impl Parameters {
    fn of(url: &Url) -> Result<Self, Failure> {
        let mut parameters = Self::default();
        for (name, value) in url.query_pairs() {
            match (&*name, &*value) {
                ("from", from) => parameters.from = Some(from.to_owned()),
                ("tls", "required") => parameters.tls = Some(true),
                ("tls", "none") => parameters.tls = Some(false),
                ("tls", _) => return Err(not_started("`tls` of an SMTP server is `required` or `none`")),
                _ => {
                    return Err(not_started("the URL of an SMTP server takes `from` and `tls` behind its `?`, and nothing else"));
                }
            }
        }
        Ok(parameters)
    }
}

impl Server {
    fn of(url: &Url, tls: Option<bool>) -> Result<Self, Failure> {
        let (security, usual) = match (url.scheme(), tls) {
            ("smtps", None | Some(true)) => (Security::Whole, 465),
            ("smtp", None | Some(true)) => (Security::Upgraded, 587),
            ("smtp", Some(false)) => (Security::None, 587),
            ("smtps", Some(false)) => return Err(not_started("smtps:// is TLS: leave `tls=none` out, or write smtp://")),
            _ => return Err(not_started("the SMTP server of `email` has to be smtp:// or smtps://")),
        };
        let host = url.host_str().map(|host| host.trim_start_matches('[').trim_end_matches(']'));
        let host = host.filter(|host| !host.is_empty()).ok_or_else(|| not_started("the SMTP server of `email` has no host"))?;
        if !matches!(url.path(), "" | "/") {
            return Err(not_started("the URL of an SMTP server has no path"));
        }
        let plain = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let credentials = url.password().map(|password| (plain(url.username()), plain(password)));
        if security == Security::None && credentials.is_some() {
            return Err(not_started("a password is not sent without TLS: leave `tls=none` out, or user and password"));
        }
        Ok(Self { host: plain(host), port: url.port().unwrap_or(usual), security, credentials })
    }

    fn name(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// A connection over which a message can be sent.
    async fn connect(&self, trust: &Trust) -> Result<AsyncSmtpConnection, Failure> {
        let client = ClientId::default();
        let addresses = self.addresses().await?;
        let tls = self.tls(trust)?;
        let whole = tls.clone().filter(|_| self.security == Security::Whole);
        let connecting = AsyncSmtpConnection::connect_tokio1(addresses.as_slice(), Some(CONNECTING), &client, whole, None);
        let connected = timeout(CONNECTING, connecting).await.map_err(|_| self.silent())?;
        let mut connection = connected.map_err(|error| self.unreached(&error))?;
        if let Some(tls) = tls.filter(|_| self.security == Security::Upgraded) {
            if !connection.can_starttls() {
                let host = self.name();
                connection.abort().await;
                let message = format!("{host} offers no TLS: mend the port, write smtps://, or allow it with `tls=none`");
                return Err(not_started(&message));
            }
            connection.starttls(tls, &client).await.map_err(|error| self.unreached(&error))?;
        }
        if let Some((user, password)) = &self.credentials {
            let credentials = Credentials::new(user.clone(), password.clone());
            let known = connection.auth(&[Mechanism::Plain, Mechanism::Login], &credentials).await;
            known.map_err(|error| Failure { kind: FailureKind::Spawn, ..self.refused("does not let `wfc` sign in", &error) })?;
        }
        Ok(connection)
    }

    async fn addresses(&self) -> Result<Vec<SocketAddr>, Failure> {
        let found = tokio::net::lookup_host((self.host.as_str(), self.port)).await;
        let found =
            found.map_err(|error| Trouble::of_connection(&NotResolved::from(error), &self.name(), "smtp").failure(false))?;
        permitted(found, &AddressPolicy::default())
            .map_err(|refused| not_started(&format!("mail is not given to {}: {}", self.name(), refused.without_attribute())))
    }

    fn tls(&self, trust: &Trust) -> Result<Option<TlsParameters>, Failure> {
        if self.security == Security::None {
            return Ok(None);
        }
        let fault = |error: smtp::Error| not_started(&format!("TLS cannot be set up: {error}"));
        let mut parameters = TlsParameters::builder(self.host.clone());
        for authority in &trust.authorities {
            parameters = parameters.add_root_certificate(Certificate::from_der(authority.to_vec()).map_err(fault)?);
        }
        parameters.build_rustls().map_err(fault).map(Some)
    }

    fn silent(&self) -> Failure {
        let message =
            format!("{} does not speak SMTP within 30s: mend the port, or write smtps:// where it is one of TLS", self.name());
        Failure { retryable: true, ..not_started(&message) }
    }

    /// The failure of a message that the server was never asked to take.
    fn unreached(&self, error: &smtp::Error) -> Failure {
        if error.status().is_some() || error.is_response() {
            return Failure { kind: FailureKind::Spawn, ..self.refused("does not take the connection", error) };
        }
        Trouble::of_connection(error, &self.name(), "smtp").failure(false)
    }

    /// The failure of a message that the server did not take.
    fn refused(&self, what: &str, error: &smtp::Error) -> Failure {
        let told = std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string);
        let told = one_line(&told);
        let host = self.name();
        let (message, retryable) = match error.status() {
            Some(code) => (format!("{host} {what}: {code} {told}"), error.is_transient()),
            None if error.is_client() => (format!("{host} {what}: {told}"), false),
            // The client has no other way to tell.
            None if error.is_response() && told != "incomplete response" => {
                (format!("{host} answers with what is no SMTP: see whether the port is one of SMTP"), true)
            }
            None => (format!("{host} closed the connection before it took the message: see what it logs"), true),
        };
        Failure { retryable, ..Failure::final_of(FailureKind::Exit, &message) }
    }
}

/// The addresses in these texts, each of which holds one or several behind commas.
fn mailboxes(texts: &[String]) -> Result<Vec<Mailbox>, Failure> {
    let read =
        |text: &String| text.parse::<Mailboxes>().map_err(|_| not_started("`email` goes to a text that is no mail address"));
    let read = texts.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let mailboxes: Vec<Mailbox> = read.into_iter().flatten().collect();
    if mailboxes.is_empty() { Err(not_started("`email` goes to nobody")) } else { Ok(mailboxes) }
}

/// One line that says what it is about.
fn subject(message: &Message) -> String {
    let of_text = || {
        let line = message.text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
        let line: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let beginning: String = line.chars().take(LONGEST_SUBJECT).collect();
        if beginning.len() < line.len() { format!("{beginning}…") } else { beginning }
    };
    message.heading().filter(|heading| !heading.is_empty()).unwrap_or_else(of_text)
}

#[cfg(test)]
mod tests {
    use super::Mail;
    use crate::notify::message::Message;

    fn written(title: Option<&str>, text: &str) -> String {
        let mail = Mail::of(&["ann@example.com".to_owned()], "smtps://localhost?from=ops@example.com").unwrap();
        let [run, step, key] = ["r", "tell", "r-1"].map(str::to_owned);
        let message = Message { title: title.map(str::to_owned), text: text.to_owned(), run, step, key };
        String::from_utf8(mail.written(&message).unwrap().formatted()).unwrap()
    }

    #[test]
    fn no_text_adds_a_header() {
        let texts: Vec<String> = serde_json::from_str(include_str!("../../../tests/data/naughty-strings/blns.json")).unwrap();
        let more = ["a\r\nBcc: x@example.com", "a\n\nb", "\0", "=?utf-8?q?=0ABcc:_x?="].map(str::to_owned);
        for text in texts.iter().chain(&more) {
            let mail = written(Some(text), text);
            let head = mail.split("\r\n\r\n").next().unwrap();
            let names =
                head.split("\r\n").filter(|line| !line.starts_with([' ', '\t'])).map(|line| line.split(':').next().unwrap());
            let expected =
                ["From", "Subject", "Message-ID", "To", "Date", "Auto-Submitted", "Content-Type", "Content-Transfer-Encoding"];
            assert_eq!(names.collect::<Vec<_>>(), expected, "{text:?}");
            assert!(head.is_ascii() && !head.replace("\r\n", "").contains(['\r', '\n', '\0']), "{text:?}");
        }
    }

    #[test]
    fn a_mail_without_a_title_is_about_its_first_line() {
        assert!(written(None, "\n  it is\tdone\nmore").contains("\r\nSubject: it is done\r\n"));
        assert!(written(Some(" "), "x").contains("\r\nSubject: x\r\n"));
        assert!(written(None, &"x".repeat(300)).contains("Message-ID: <r-1@example.com>"));
    }
}
