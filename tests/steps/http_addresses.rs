//! Where `http` steps may connect to: names that lead to refused addresses, and proxies.

use super::http_server::{Server, answer, ok};
use crate::cli::{Outcome, Place};
use std::process::Command;

/// Runs `main.wf` where these lines are what the system knows of names. `unshare` is a part of every Linux; it has to be allowed to make
/// a user namespace.
fn ran_with_hosts(place: &Place, hosts: &str) -> Outcome {
    place.write("hosts", hosts);
    let wfc = place.command(&["run", "main.wf"]);
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--mount", "sh", "-c", "mount --bind hosts /etc/hosts && exec \"$0\" run main.wf"]);
    command.arg(wfc.get_program()).current_dir(place.path("")).env_clear();
    command.envs(wfc.get_envs().filter_map(|(name, value)| Some((name, value?))));
    Outcome::of(command.output().expect("unshare is there"))
}

const REFUSED: &str = "is a link-local or metadata address, which a step has to name in `allow_address` to reach it";

#[test]
fn a_name_that_leads_to_a_refused_address_is_refused() {
    let server = Server::answering(&[&answer("302 Found", &["Location: http://metadata.example/"], "")]);
    let hosts = "169.254.169.254 metadata.example\nfd00:ec2::254 six.example\n127.0.0.1 fine.example\n";
    for url in ["http://metadata.example/".to_owned(), "https://six.example/".to_owned(), server.url("/")] {
        let place = Place::with(&format!("workflow main {{\n  step it: http \"{url}\" {{ retry 2 times }}\n}}\n"));
        let outcome = ran_with_hosts(&place, hosts);
        assert!(outcome.code == 1 && outcome.stderr.contains(REFUSED), "{url}: {}", outcome.stderr);
        assert!(!outcome.stderr.contains("attempts"), "{}", outcome.stderr);
    }
}

#[test]
fn of_the_addresses_of_a_name_the_permitted_ones_are_taken() {
    let server = Server::answering(&[&ok("fine")]);
    let url = format!("http://both.example:{}/", server.port());
    let place = Place::with(&format!("workflow main {{\n  step it: http \"{url}\"\n  output body: string = it.body\n}}\n"));
    let outcome = ran_with_hosts(&place, "169.254.169.254 both.example\n127.0.0.1 both.example\n");
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "body = fine\n"), "{}", outcome.stderr);
    assert_eq!(server.seen()[0].header("host"), format!("both.example:{}", server.port()));
}

#[test]
fn an_address_that_is_allowed_is_asked() {
    // Nobody answers there: the loopback has no such address. It must not be the policy that says so.
    let place = Place::with(
        "workflow main {\n  step it: http \"http://169.254.255.255:1/\" { allow_address: [\"169.254.0.0/16\"], timeout 300ms }\n}\n",
    );
    let outcome = place.ran(&[]);
    assert!(outcome.code == 1 && !outcome.stderr.contains(REFUSED), "{}", outcome.stderr);
}

#[test]
fn a_proxy_is_used_and_gets_no_refused_address() {
    let proxy = Server::answering(&[&ok("by proxy")]);
    let ran = |url: &str| {
        let place = Place::with(&format!("workflow main {{\n  step it: http \"{url}\"\n  output body: string = it.body\n}}\n"));
        let mut command = place.command(&["run", "main.wf"]);
        Outcome::of(command.env("http_proxy", proxy.url("/")).output().expect("it starts"))
    };
    let outcome = ran("http://far.example/x");
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "body = by proxy\n"), "{}", outcome.stderr);
    assert_eq!(proxy.seen()[0].target, "http://far.example/x");
    let outcome = ran("http://169.254.169.254/");
    assert!(outcome.code == 1 && outcome.stderr.contains(REFUSED), "{}", outcome.stderr);
    assert_eq!(proxy.seen().len(), 1);
}
