//! Whose process this is.

use rustix::process::getuid;
use std::process::{Command, Stdio};

/// The name of the user of the operating system whom this process belongs to; their number where they have no name.
pub(crate) fn user() -> String {
    let number = getuid().as_raw().to_string();
    local(&number).or_else(network).unwrap_or(number)
}

/// A user of this machine.
fn local(number: &str) -> Option<String> {
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    named(&users, number).map(str::to_owned)
}

/// `name:password:number:…`
fn named<'a>(users: &'a str, number: &str) -> Option<&'a str> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next().filter(|name| !name.is_empty())?;
        (fields.nth(1) == Some(number)).then_some(name)
    })
}

/// A user whom the system finds elsewhere, as in a directory of a company.
fn network() -> Option<String> {
    let found = Command::new("id").arg("-un").stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let name = String::from_utf8(found.stdout).ok()?;
    Some(name.trim().to_owned()).filter(|name| found.status.success() && !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn a_user_is_found_by_number() {
        let users = "root:x:0:0:root:/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/sh\n";
        assert_eq!((named(users, "1000"), named(users, "0"), named(users, "100")), (Some("ada"), Some("root"), None));
    }
}
