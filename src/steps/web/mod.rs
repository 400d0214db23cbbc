//! What kinds that speak HTTP share: connections, which addresses they go to, and what keeps them from an answer.

pub(crate) mod address;
pub(crate) mod client;
pub(crate) mod log;
pub(crate) mod refusal;
mod retry_after;
pub(crate) mod trouble;
pub(crate) mod trust;

use reqwest::Url;

/// The host of a URL as messages name it, with its port where that is another than usual.
pub(crate) fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// A URL as the log shows it.
pub(crate) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    if !url.username().is_empty() || url.password().is_some() {
        let _ = url.set_username("***");
        let _ = url.set_password(None);
    }
    url.to_string()
}
