//! From a request to the end of its answer, over redirects.

use super::redirect::{self, same_origin};
use super::request::{LARGEST_BODY, Request};
use super::response::Answer;
use super::save::Download;
use crate::process::not_started;
use crate::web::client::Clients;
use crate::web::log::Log;
use crate::web::refusal::{refusal, refused};
use crate::web::trouble::{self, Trouble};
use crate::web::{host, shown};
use reqwest::{Client, Method, Response, Url};
use std::time::Instant;
use wf_model::failure::{Failure, FailureKind};
use wf_model::unit::{Duration, Size};
use wf_runtime::process::Captured;

/// The largest body that becomes a file, unless `max_size` says otherwise, in bytes.
const LARGEST_FILE: u64 = 1 << 30;

/// An exchange under way.
pub(super) struct Exchange<'a> {
    pub(super) request: &'a Request,
    pub(super) clients: &'a Clients,
    pub(super) log: &'a mut Log,
    /// The file that takes the body.
    pub(super) download: Option<Download>,
    /// How many bytes of a body are kept for the result.
    pub(super) kept: usize,
}

/// Where the request goes now.
struct Hop {
    url: Url,
    method: Method,
    with_body: bool,
    /// Whether it goes where the step sent it, so that what is confidential goes along.
    trusted: bool,
}

impl Exchange<'_> {
    /// Sends the request and takes the answer.
    pub(super) async fn answer(&mut self) -> Result<Answer, Failure> {
        let began = Instant::now();
        let (hop, response) = self.followed().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let accepted = status.is_success() || self.request.allowed.contains(&status.as_u16().into());
        if !accepted {
            // A server may tell a secret with any status.
            let body = if self.log.is_open() { self.refusal(response).await } else { Vec::new() };
            let asked = format!("{} {}", hop.method, host(&hop.url));
            return Err(refused(&asked, status, &headers, &body, &self.log.masker));
        }
        let body = self.body(response, &hop).await?;
        let elapsed = Duration { milliseconds: i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX) };
        Ok(Answer { status, headers, body, elapsed })
    }

    /// The answer that is no redirect, or the one after which none is followed.
    async fn followed(&mut self) -> Result<(Hop, Response), Failure> {
        let Request { url, method, follow, .. } = self.request;
        let mut hop = Hop { url: url.clone(), method: method.clone(), with_body: true, trusted: true };
        for followed in 0..=*follow {
            let response = self.send(&hop, followed > 0).await?;
            let next = redirect::next(response.status(), response.headers(), &hop.method, &hop.url);
            let Some(next) = next.filter(|_| *follow > 0) else { return Ok((hop, response)) };
            let next = next.map_err(|what| misled(&format!("{} redirects to {what}", host(&hop.url))))?;
            let trusted = hop.trusted && same_origin(url, &next.url);
            let with_body = hop.with_body && next.keeps_body;
            let confidential = self.request.body.as_ref().is_some_and(|body| body.confidential);
            if with_body && confidential && !trusted {
                let (from, to) = (host(&hop.url), host(&next.url));
                return Err(misled(&format!(
                    "{from} redirects to {to}, which would get a body that holds a secret: ask {to} itself"
                )));
            }
            hop = Hop { url: next.url, method: next.method, with_body, trusted };
        }
        let message = format!("{} redirects more than {follow} times, the last time to {}", host(url), host(&hop.url));
        Err(misled(&message))
    }

    async fn send(&mut self, hop: &Hop, earlier: bool) -> Result<Response, Failure> {
        let target = host(&hop.url);
        let unsent = |failure: Failure| Failure { kind: if earlier { FailureKind::Exit } else { failure.kind }, ..failure };
        self.request
            .addresses
            .check_host(&hop.url)
            .map_err(|error| unsent(not_started(&format!("request to {target} is not sent: {error}"))))?;
        let client = self.client(hop).map_err(|message| unsent(not_started(&message)))?;
        let mut builder = client.request(hop.method.clone(), hop.url.clone());
        for header in self.request.headers.iter().filter(|header| hop.trusted || !header.confidential) {
            builder = builder.header(header.name.clone(), header.value.clone());
        }
        if let Some(body) = self.request.body.as_ref().filter(|_| hop.with_body) {
            let typed = self.request.headers.iter().any(|header| header.name == "content-type");
            if let Some(content_type) = body.content_type.as_ref().filter(|_| !typed) {
                builder = builder.header("content-type", content_type);
            }
            builder = builder.header("content-length", body.length()).body(body.sent());
        }
        self.log.line(&format!("> {} {}", hop.method, shown(&hop.url)));
        self.log.waits_for(&target);
        let sent = builder.send().await;
        let response = sent.map_err(|error| Trouble::of(&error.without_url(), &target).failure(earlier))?;
        self.log.line(&format!("< {}", response.status()));
        Ok(response)
    }

    fn client(&self, hop: &Hop) -> Result<Client, String> {
        let Request { trust, addresses, .. } = self.request;
        if hop.url.scheme() == "https" && !trust.is_empty() {
            return self.clients.trusting(trust, hop.trusted, addresses);
        }
        let pooled = !matches!(hop.method, Method::POST | Method::PATCH);
        self.clients.client(hop.url.scheme() == "https", pooled, addresses)
    }

    /// What is kept of the body of an answer; nothing of it where a file takes it.
    async fn body(&mut self, mut response: Response, hop: &Hop) -> Result<String, Failure> {
        let target = host(&hop.url);
        let most = self.most();
        let announced = response.content_length();
        if announced.is_some_and(|length| length > most) {
            return Err(self.too_large(&target));
        }
        let (mut body, mut length) = (Captured::default(), 0);
        loop {
            self.log.has_read(length);
            let Some(piece) = response.chunk().await.map_err(|error| trouble::broken(&error, &target, length))? else { break };
            let before = length;
            length += piece.len() as u64;
            if length > most {
                return Err(self.too_large(&target));
            }
            match &mut self.download {
                Some(download) => {
                    download.write(&piece).await?;
                    self.log.progress(before, length, announced);
                }
                None => body.push(self.log.body(&piece), self.kept),
            }
        }
        body.push(self.log.end_body(), self.kept);
        if let Some(download) = self.download.take() {
            download.finish().await?;
        }
        Ok(body.text())
    }

    /// The largest body that is taken, in bytes.
    fn most(&self) -> u64 {
        let otherwise = if self.download.is_some() { LARGEST_FILE } else { LARGEST_BODY };
        self.request.max_size.unwrap_or(otherwise)
    }

    fn too_large(&self, host: &str) -> Failure {
        let most = Size { bytes: i64::try_from(self.most()).unwrap_or(i64::MAX) };
        let way = match (self.request.max_size, &self.download) {
            (Some(_), _) => "which `max_size` allows",
            (None, Some(_)) => "unless `max_size` allows more",
            (None, None) => "which a result holds at most: take it in a file by `save`",
        };
        Failure::final_of(FailureKind::Decode, &format!("body of the answer of {host} is larger than {most}, {way}"))
    }

    /// What there is of the body of an answer that fails the step.
    async fn refusal(&mut self, response: Response) -> Vec<u8> {
        let body = refusal(response).await;
        self.log.body(&body);
        self.log.end_body();
        body
    }
}

/// The failure of a step that a server sends elsewhere.
fn misled(message: &str) -> Failure {
    Failure::final_of(FailureKind::Decode, message)
}
