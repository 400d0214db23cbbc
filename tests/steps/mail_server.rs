//! A mail server of a test alone: Exim from Debian, on the loopback, with TLS.

use super::certificates::Authority;
use crate::cli::resume::until;
use std::fs::{self, Permissions};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// The password of the user `me@example.com`.
pub(super) const PASSWORD: &str = "canary-9Wd &é";

/// The same as a URL holds it.
pub(super) const WRITTEN_PASSWORD: &str = "canary-9Wd%20%26%C3%A9";

/// A mail server; it ends with the value.
pub(crate) struct MailServer {
    child: Child,
    folder: TempDir,
    /// The port that begins in the clear.
    pub(crate) open: u16,
    /// The port of TLS.
    pub(crate) encrypted: u16,
    authority: Authority,
}

impl MailServer {
    /// Starts one that has a certificate for `localhost`.
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let authority = Authority::new("an authority of mail");
        let certified = authority.certify("localhost", 2099);
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("the file can be written");
        write("certificate.pem", &certified.certificate);
        write("key.pem", &certified.key);
        let (open, encrypted) = (free_port(), free_port());
        write("conf", &configuration(folder.path(), open, encrypted));
        // It gives up the rights of root and writes as a user of its own.
        fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).expect("it is our folder");
        let mut command = Command::new("/usr/sbin/exim4");
        command.arg("-C").arg(folder.path().join("conf")).arg("-bdf").stdin(Stdio::null()).stdout(Stdio::null());
        let child = command.stderr(Stdio::null()).spawn().expect("tests/setup installs the server");
        let server = Self { child, folder, open, encrypted, authority };
        until("the mail server", || server.greets());
        server
    }

    fn greets(&self) -> bool {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.open)) else { return false };
        stream.read(&mut [0; 3]).is_ok_and(|length| length > 0)
    }

    /// The certificate that its own is signed by, in PEM.
    pub(crate) fn authority(&self) -> String {
        self.authority.pem()
    }

    /// A URL of it with the user and what stands behind the port.
    pub(crate) fn url(&self, scheme: &str, rest: &str) -> String {
        let port = if scheme == "smtps" { self.encrypted } else { self.open };
        format!("{scheme}://me%40example.com:{WRITTEN_PASSWORD}@localhost:{port}{rest}")
    }

    /// The mails that it has taken, once there are so many.
    pub(crate) fn mails(&self, count: usize) -> Vec<Vec<u8>> {
        let inbox = self.folder.path().join("inbox/new");
        let files = || fs::read_dir(&inbox).map_or(Vec::new(), |entries| entries.flatten().map(|entry| entry.path()).collect());
        until("the mails", || files().len() >= count);
        files().iter().map(|file| fs::read(file).expect("a mail")).collect()
    }

    /// What a program of Python says of the only mail, which it finds in `mail`.
    pub(crate) fn told(&self, program: &str) -> String {
        let mails = self.mails(1);
        assert_eq!(mails.len(), 1);
        read_by_python(&mails[0], program)
    }
}

/// What a program of Python says of a mail, which it finds in `mail`.
pub(crate) fn read_by_python(mail: &[u8], program: &str) -> String {
    python(&[mail], program, "")
}

/// What a program of Python tells of each of many mails, which it finds in `mail` and tells into the list `told`: as JSON.
pub(super) fn read_all_by_python(mails: &[Vec<u8>], program: &str) -> String {
    let mails: Vec<&[u8]> = mails.iter().map(Vec::as_slice).collect();
    python(&mails, program, "print(json.dumps(told))")
}

fn python(mails: &[&[u8]], program: &str, end: &str) -> String {
    let program = program.replace('\n', "\n    ");
    let text = format!(
        "import email, email.policy, json, sys\ntold = []\nfor text in json.load(sys.stdin):\n    mail = email.message_from_bytes(bytes(text), policy=email.policy.default)\n    {program}\n{end}"
    );
    let mut command = Command::new("python3");
    command.args(["-c", &text]).stdin(Stdio::piped()).stdout(Stdio::piped()).env("PYTHONIOENCODING", "utf-8");
    let mut child = command.spawn().expect("python3");
    let given = serde_json::to_vec(mails).expect("JSON");
    child.stdin.take().expect("a pipe").write_all(&given).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{program}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}

fn configuration(folder: &Path, open: u16, encrypted: u16) -> String {
    let folder = folder.display();
    format!(
        r#"keep_environment =
add_environment = PATH=/usr/bin:/bin
primary_hostname = mail.example.com
spool_directory = {folder}/spool
log_file_path = {folder}/log-%s
pid_file_path =
daemon_smtp_ports = {open} : {encrypted}
tls_on_connect_ports = {encrypted}
local_interfaces = 127.0.0.1
tls_certificate = {folder}/certificate.pem
tls_privatekey = {folder}/key.pem
tls_advertise_hosts = *
auth_advertise_hosts = ${{if eq{{$tls_in_cipher}}{{}}{{}}{{*}}}}
acl_smtp_rcpt = recipients
host_lookup =
rfc1413_hosts =
message_size_limit = 1M
smtp_accept_max = 0
deliver_drop_privilege = true
begin acl
recipients:
  deny message = no such user
    local_parts = nobody
  defer message = come back later
    local_parts = later
  accept authenticated = *
  accept local_parts = open
  deny message = sign in first
begin routers
all:
  driver = accept
  transport = inbox
begin transports
inbox:
  driver = appendfile
  directory = {folder}/inbox
  maildir_format
  envelope_to_add
  mode = 0644
  directory_mode = 0755
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if and{{{{eq{{$auth2}}{{me@example.com}}}}{{eq{{$auth3}}{{{PASSWORD}}}}}}}}}
"#
    )
}
