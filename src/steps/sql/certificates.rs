//! The files of certificates that a URL names.

use crate::process::not_started;
use reqwest::Url;
use std::borrow::Cow;
use std::fs::File;
use std::path::Path;
use wf_model::failure::Failure;

/// What names a file in URLs of PostgreSQL and MySQL: whom the step trusts, and as whom it shows itself.
const FILES: [&str; 8] = ["sslrootcert", "ssl-root-cert", "sslca", "ssl-ca", "sslcert", "ssl-cert", "sslkey", "ssl-key"];

/// The URL with files that are those of `folder` where their paths are relative.
///
/// # Errors
/// Which of them cannot be read.
pub(super) fn located<'a>(url: &'a str, folder: &Path) -> Result<Cow<'a, str>, Failure> {
    let Ok(parsed) = Url::parse(url) else { return Ok(url.into()) };
    if !parsed.query_pairs().any(|(name, _)| FILES.contains(&&*name)) {
        return Ok(url.into());
    }
    let mut located = parsed.clone();
    let mut pairs = located.query_pairs_mut();
    pairs.clear();
    for (name, value) in parsed.query_pairs() {
        if !FILES.contains(&&*name) {
            pairs.append_pair(&name, &value);
            continue;
        }
        let path = folder.join(&*value);
        let unread = |error| not_started(&format!("file `{value}` of `{name}` in `database` cannot be read: {error}"));
        File::open(&path).map_err(unread)?;
        pairs.append_pair(&name, &path.to_string_lossy());
    }
    drop(pairs);
    Ok(located.to_string().into())
}
