//! Where a redirect leads, and what goes along.

use reqwest::header::{HeaderMap, LOCATION};
use reqwest::{Method, StatusCode, Url};

/// The next request of an exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Next {
    pub(super) url: Url,
    pub(super) method: Method,
    /// Whether the body is sent again.
    pub(super) keeps_body: bool,
}

/// Where an answer sends the client; `None` where it is no redirect.
///
/// # Errors
/// What is wrong with the place.
pub(super) fn next(status: StatusCode, headers: &HeaderMap, method: &Method, url: &Url) -> Option<Result<Next, String>> {
    if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = headers.get(LOCATION)?;
    let Ok(location) = std::str::from_utf8(location.as_bytes()) else {
        return Some(Err("a place that is not UTF-8".to_owned()));
    };
    let Ok(mut target) = url.join(location) else {
        return Some(Err("a place that is no URL".to_owned()));
    };
    if !matches!(target.scheme(), "http" | "https") {
        return Some(Err(format!("`{}:`, which is not HTTP", target.scheme())));
    }
    target.set_fragment(None);
    // A server does not decide who asks another one; these two have a host, so it cannot fail.
    let _ = target.set_username("");
    let _ = target.set_password(None);
    let becomes_get = match status.as_u16() {
        303 => *method != Method::HEAD,
        301 | 302 => *method == Method::POST,
        _ => false,
    };
    let method = if becomes_get { Method::GET } else { method.clone() };
    Some(Ok(Next { url: target, method, keeps_body: !becomes_get }))
}

/// Whether two URLs are of one server, so that one may hear what is meant for the other.
pub(super) fn same_origin(one: &Url, other: &Url) -> bool {
    one.scheme() == other.scheme()
        && one.host_str() == other.host_str()
        && one.port_or_known_default() == other.port_or_known_default()
}

#[cfg(test)]
mod tests {
    use super::{Method, Next, StatusCode, Url, next, same_origin};
    use proptest::prelude::*;
    use reqwest::header::{HeaderMap, LOCATION};

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    fn led(status: u16, method: Method, location: &'static str) -> Option<Result<Next, String>> {
        let headers = HeaderMap::from_iter([(LOCATION, location.parse().unwrap())]);
        next(StatusCode::from_u16(status).unwrap(), &headers, &method, &url("https://a.example/x/y?q#f"))
    }

    #[test]
    fn methods_change_as_browsers_change_them() {
        let cases = [
            (301, Method::POST, Method::GET, false),
            (302, Method::POST, Method::GET, false),
            (302, Method::PUT, Method::PUT, true),
            (303, Method::PUT, Method::GET, false),
            (303, Method::HEAD, Method::HEAD, true),
            (307, Method::POST, Method::POST, true),
            (308, Method::PATCH, Method::PATCH, true),
        ];
        for (status, method, expected, keeps_body) in cases {
            let led = led(status, method, "../z").unwrap().unwrap();
            assert_eq!(led, Next { url: url("https://a.example/z"), method: expected, keeps_body }, "{status}");
        }
    }

    proptest! {
        #[test]
        fn every_place_leads_to_http_without_credentials(location in "\\PC{0,20}|[a-z]{1,5}:[/\\\\]{0,3}[a-z@:%.\\[\\]0-9/]{0,20}", status in 300_u16..400) {
            let Ok(location) = location.parse() else { return Ok(()) };
            let headers = HeaderMap::from_iter([(LOCATION, location)]);
            let led = next(StatusCode::from_u16(status).unwrap(), &headers, &Method::GET, &url("https://a.example/x"));
            let Some(Ok(next)) = led else { return Ok(()) };
            prop_assert!(["http", "https"].contains(&next.url.scheme()) && next.url.has_host());
            prop_assert!(next.url.username().is_empty() && next.url.password().is_none() && next.url.fragment().is_none());
        }
    }

    #[test]
    fn what_is_no_redirect_leads_nowhere() {
        assert_eq!(led(304, Method::GET, "/"), None);
        assert_eq!(led(200, Method::GET, "/"), None);
        assert_eq!(next(StatusCode::FOUND, &HeaderMap::new(), &Method::GET, &url("http://a/")), None);
        assert!(led(302, Method::GET, "file:///etc/passwd").unwrap().is_err());
        assert!(led(302, Method::GET, "http://[").unwrap().is_err());
    }

    #[test]
    fn places_lose_what_is_not_theirs() {
        assert_eq!(led(302, Method::GET, "https://me:pw@b.example/#x").unwrap().unwrap().url, url("https://b.example/"));
    }

    #[test]
    fn origins_are_scheme_host_and_port() {
        let same = |other| same_origin(&url("https://a.example/x"), &url(other));
        assert!(same("https://a.example:443/y"));
        assert!(!same("http://a.example/") && !same("https://b.example/") && !same("https://a.example:8443/"));
    }
}
