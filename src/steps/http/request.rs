//! What a step asks for, before anything is sent.

use super::upload::{Body, Piece, form};
use crate::process::not_started;
use crate::web::address::AddressPolicy;
use crate::web::trust::Trust;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{AUTHORIZATION, COOKIE, HeaderName, HeaderValue, PROXY_AUTHORIZATION};
use reqwest::{Method, Url};
use std::path::{Path, PathBuf};
use wf_model::failure::Failure;
use wf_model::script::Call;
use wf_model::value::Value;

/// Everything but what RFC 3986 calls unreserved.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Redirects that are followed unless the step says otherwise.
const REDIRECTS: u32 = 10;

/// Headers that the connection decides, and that would tell the server something else than what is sent.
const OWN: [&str; 4] = ["content-length", "transfer-encoding", "connection", "upgrade"];

/// The largest body that is kept in a result, in bytes.
pub(super) const LARGEST_BODY: u64 = wf_runtime::process::KEPT as u64;

/// A request as a step asks for it.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: Vec<Header>,
    pub(super) body: Option<Body>,
    /// How many redirects are followed.
    pub(super) follow: u32,
    /// Statuses outside 2xx that count as success.
    pub(super) allowed: Vec<i64>,
    pub(super) addresses: AddressPolicy,
    pub(super) trust: Trust,
    /// The file that takes the body of the answer: absolute.
    pub(super) save: Option<PathBuf>,
    /// The largest body of an answer that is taken, in bytes, where the step says it.
    pub(super) max_size: Option<u64>,
}

/// A header that is sent.
#[derive(Clone, Debug)]
pub(super) struct Header {
    pub(super) name: HeaderName,
    pub(super) value: HeaderValue,
    /// Whether it is for the host of the URL alone.
    pub(super) confidential: bool,
}

impl Request {
    /// Reads the attributes; paths that are not absolute are those of `folder`.
    ///
    /// # Errors
    /// Why nothing can be sent.
    pub(super) fn of(call: &Call, folder: &Path, key: &str) -> Result<Self, Failure> {
        let method = call.value("method").and_then(Value::render);
        let method = Method::from_bytes(method.as_deref().unwrap_or("GET").as_bytes());
        let method = method.map_err(|_| not_started("`method` is no method of HTTP"))?;
        let mut headers = headers(call)?;
        headers.extend(authorization(call, &headers)?);
        let named = headers.iter().any(|header| header.name == "idempotency-key");
        if matches!(method, Method::POST | Method::PATCH) && !named {
            headers.push(header("idempotency-key", key, false)?);
        }
        Ok(Self {
            url: url(call)?,
            body: body(call, folder)?,
            follow: follow(call.value("follow")),
            allowed: numbers(call.value("allow_status")),
            addresses: AddressPolicy::of(call.value("allow_address")).map_err(|error| not_started(&error.to_string()))?,
            trust: Trust::of(call.value("ca"), call.value("auth"), folder)?,
            save: save(call, folder)?,
            max_size: max_size(call)?,
            method,
            headers,
        })
    }
}

/// The text of a value, and whether it is a secret.
fn text(value: &Value) -> (String, bool) {
    (value.exposed(), matches!(value, Value::Secret(_)))
}

fn entries(value: Option<&Value>) -> impl Iterator<Item = (&str, &Value)> {
    let map = if let Some(Value::Map(map)) = value { Some(map.iter()) } else { None };
    map.into_iter().flatten().map(|(name, value)| (&**name, value))
}

fn numbers(value: Option<&Value>) -> Vec<i64> {
    let Some(Value::List(numbers)) = value else { return Vec::new() };
    numbers.iter().filter_map(|number| if let Value::Int(number) = number { Some(*number) } else { None }).collect()
}

fn follow(value: Option<&Value>) -> u32 {
    match value {
        Some(Value::Bool(false)) => 0,
        Some(Value::Int(most)) => u32::try_from((*most).max(0)).unwrap_or(u32::MAX),
        _ => REDIRECTS,
    }
}

fn url(call: &Call) -> Result<Url, Failure> {
    let text = call.value("url").and_then(Value::render).ok_or_else(|| not_started("there is no `url`"))?;
    let mut url = Url::parse(&text).map_err(|error| not_started(&format!("`url` is not read as one: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(not_started(&format!("`url` begins with `{}:`; a request goes to http:// or https://", url.scheme())));
    }
    // What stands behind `#` is for readers of the answer.
    url.set_fragment(None);
    let mut pairs = Vec::new();
    for (name, value) in entries(call.value("query")) {
        match value {
            Value::List(values) => pairs.extend(values.iter().map(|value| pair(name, &value.exposed()))),
            value => pairs.push(pair(name, &value.exposed())),
        }
    }
    if !pairs.is_empty() {
        let written = url.query().filter(|query| !query.is_empty()).map(str::to_owned);
        url.set_query(Some(&written.into_iter().chain(pairs).collect::<Vec<_>>().join("&")));
    }
    Ok(url)
}

/// `name=value`, percent-encoded.
fn pair(name: &str, value: &str) -> String {
    format!("{}={}", utf8_percent_encode(name, RESERVED), utf8_percent_encode(value, RESERVED))
}

fn headers(call: &Call) -> Result<Vec<Header>, Failure> {
    let one = |(name, value)| {
        let (text, secret) = text(value);
        header(name, &text, secret)
    };
    entries(call.value("headers")).map(one).collect()
}

fn header(name: &str, text: &str, secret: bool) -> Result<Header, Failure> {
    let lower = name.to_ascii_lowercase();
    if OWN.contains(&&*lower) {
        return Err(not_started(&format!("header `{name}` is set by the connection itself; leave it out of `headers`")));
    }
    let named = HeaderName::from_bytes(lower.as_bytes());
    let named = named.map_err(|_| not_started(&format!("`{name}` in `headers` is no name of a header")))?;
    let value = HeaderValue::from_bytes(text.as_bytes());
    let mut value = value.map_err(|_| {
        not_started(&format!("header `{name}` holds a line break or another control character, which no header can"))
    })?;
    let confidential = secret || matches!(named, AUTHORIZATION | COOKIE | PROXY_AUTHORIZATION);
    value.set_sensitive(confidential);
    Ok(Header { name: named, value, confidential })
}

fn authorization(call: &Call, headers: &[Header]) -> Result<Option<Header>, Failure> {
    let Some(auth @ Value::Map(_)) = call.value("auth") else { return Ok(None) };
    if headers.iter().any(|header| header.name == AUTHORIZATION) {
        return Err(not_started("both `auth` and `headers` give `Authorization`; leave one of them out"));
    }
    let part = |name: &str| auth.get(name).map(Value::exposed);
    let credentials = match (part("bearer"), part("user"), part("password")) {
        (Some(token), ..) => format!("Bearer {token}"),
        (None, Some(user), _) if user.contains(':') => {
            return Err(not_started("the user of `auth` holds a colon, which basic authentication takes for the end of it"));
        }
        (None, Some(user), password) => {
            format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{}", password.unwrap_or_default())))
        }
        (None, None, _) => return Ok(None),
    };
    header("authorization", &credentials, true).map(Some)
}

fn save(call: &Call, folder: &Path) -> Result<Option<PathBuf>, Failure> {
    let Some(path) = call.value("save").and_then(Value::render) else { return Ok(None) };
    if call.decode.is_some() {
        return Err(not_started("`save` leaves no body that `->` could decode; leave one of them out"));
    }
    Ok(Some(folder.join(path)))
}

fn max_size(call: &Call) -> Result<Option<u64>, Failure> {
    let Some(Value::Size(size)) = call.value("max_size") else { return Ok(None) };
    let bytes = u64::try_from(size.bytes).map_err(|_| not_started("`max_size` is below zero"))?;
    if call.value("save").is_none() && bytes > LARGEST_BODY {
        return Err(not_started("`max_size` of a body that is kept is at most 64MB; take a larger one in a file by `save`"));
    }
    Ok(Some(bytes))
}

fn body(call: &Call, folder: &Path) -> Result<Option<Body>, Failure> {
    let given: Vec<&str> = ["body", "json", "upload", "form"].into_iter().filter(|name| call.value(name).is_some()).collect();
    match *given {
        [] => Ok(None),
        ["body"] => {
            let (content, confidential) = call.value("body").map(text).unwrap_or_default();
            Ok(Some(Body::text(content, None, confidential)))
        }
        ["json"] => {
            let content = call.value("json").map(|value| value.to_json().to_string()).unwrap_or_default();
            Ok(Some(Body::text(content, Some("application/json"), false)))
        }
        ["form"] => {
            let fields = fields(call);
            let content = fields.iter().map(|(name, (value, _))| pair(name, value)).collect::<Vec<_>>().join("&");
            let confidential = fields.iter().any(|(_, (_, secret))| *secret);
            Ok(Some(Body::text(content, Some("application/x-www-form-urlencoded"), confidential)))
        }
        ["upload"] | ["upload", "form"] if matches!(call.value("upload"), Some(Value::Map(_))) => {
            multipart(call, folder).map(Some)
        }
        ["upload"] => {
            let path = call.value("upload").and_then(Value::render).unwrap_or_default();
            let content = vec![Piece::file(folder.join(path))?];
            Ok(Some(Body { content, content_type: Some("application/octet-stream".to_owned()), confidential: false }))
        }
        [first, second, ..] => {
            Err(not_started(&format!("both `{first}` and `{second}` give the body of the request; leave one of them out")))
        }
        [_] => Ok(None),
    }
}

/// The fields of `form`, each with whether it is a secret.
fn fields(call: &Call) -> Vec<(&str, (String, bool))> {
    entries(call.value("form")).map(|(name, value)| (name, text(value))).collect()
}

/// A form with files.
fn multipart(call: &Call, folder: &Path) -> Result<Body, Failure> {
    let fields = fields(call);
    let confidential = fields.iter().any(|(_, (_, secret))| *secret);
    let fields: Vec<(&str, String)> = fields.into_iter().map(|(name, (value, _))| (name, value)).collect();
    let file = |(name, value): (_, &Value)| Ok((name, Piece::file(folder.join(value.render().unwrap_or_default()))?));
    let files = entries(call.value("upload")).map(file).collect::<Result<Vec<_>, Failure>>()?;
    // No content that was made before knows it.
    let boundary = format!("wfc-{}", uuid::Uuid::new_v4().simple());
    let content_type = Some(format!("multipart/form-data; boundary={boundary}"));
    Ok(Body { content: form(&fields, files, &boundary), content_type, confidential })
}
