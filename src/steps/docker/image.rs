//! Images: whether they are there, and how they come.

use super::auth;
use super::log::Log;
use super::trouble;
use bollard::Docker;
use bollard::errors::Error;
use bollard::models::{CreateImageInfo, ProgressDetail};
use bollard::query_parameters::{CreateImageOptions, TagImageOptions};
use futures_util::StreamExt;
use std::collections::HashMap;
use wf_model::failure::Failure;

/// When an image is fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pull {
    Always,
    Missing,
    Never,
}

/// Splits a reference into its name and its tag or digest, which is `latest` where it says none.
pub(super) fn split(reference: &str) -> (&str, &str) {
    if let Some((name, digest)) = reference.split_once('@') {
        return (name, digest);
    }
    match reference.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, tag),
        _ => (reference, "latest"),
    }
}

/// Whether an engine says that it has no such image, or none for the platform.
pub(super) fn is_missing(error: &Error) -> bool {
    let Error::DockerResponseServerError { message, .. } = error else { return false };
    let message = message.to_lowercase();
    message.contains("no such image") || message.contains("does not match the specified platform")
}

/// The failure of a step that fetches no image.
pub(super) fn missing(image: &str) -> Failure {
    trouble::not_started(
        &format!("image `{image}` is not there, and `pull` is \"never\": fetch it by `docker pull`, or build it first"),
        false,
    )
}

/// Fetches an image, and tells how far it is.
pub(super) async fn pull(docker: &Docker, image: &str, platform: Option<&str>, log: &Log) -> Result<(), Failure> {
    log.line(&format!("pulling {image}"));
    let (name, tag) = split(image);
    let options = CreateImageOptions {
        from_image: Some(name.to_owned()),
        tag: Some(tag.to_owned()),
        platform: platform.unwrap_or_default().to_owned(),
        ..CreateImageOptions::default()
    };
    let mut layers = Layers::default();
    let mut stream = docker.create_image(Some(options), None, auth::of_image(image).await);
    while let Some(told) = stream.next().await {
        let told = told.map_err(|error| trouble::of(&error, &format!("image `{image}` is not pulled")))?;
        if let Some(line) = layers.line(&told) {
            log.line(&line);
        }
    }
    Ok(())
}

/// Gives an image one more name.
pub(super) async fn tag(docker: &Docker, image: &str, tag: &str) -> Result<(), Failure> {
    let (name, version) = split(tag);
    let options = TagImageOptions { repo: Some(name.to_owned()), tag: Some(version.to_owned()) };
    let tagged = docker.tag_image(image, Some(options)).await;
    tagged.map_err(|error| trouble::of(&error, &format!("image does not get the name `{tag}`")))
}

/// What was told last of each layer, so that each is told of once for each stage and each tenth of its bytes.
#[derive(Default)]
struct Layers {
    told: HashMap<String, String>,
}

impl Layers {
    fn line(&mut self, told: &CreateImageInfo) -> Option<String> {
        let status = told.status.as_deref()?;
        let Some(layer) = &told.id else { return Some(status.to_owned()) };
        let mut text = status.to_owned();
        if let Some(ProgressDetail { current: Some(current), total: Some(total) }) = &told.progress_detail
            && *total > 0
        {
            text = format!("{status} {}% of {} KB", current.saturating_mul(10) / total * 10, total / 1000);
        }
        let before = self.told.insert(layer.clone(), text.clone());
        (before.as_ref() != Some(&text)).then(|| format!("{layer}: {text}"))
    }
}

#[cfg(test)]
mod tests {
    use super::{Layers, split};
    use bollard::models::{CreateImageInfo, ProgressDetail};

    #[test]
    fn references_are_split() {
        assert_eq!(split("alpine"), ("alpine", "latest"));
        assert_eq!(split("alpine:3"), ("alpine", "3"));
        assert_eq!(split("host:5000/a/b"), ("host:5000/a/b", "latest"));
        assert_eq!(split("host:5000/a/b:1"), ("host:5000/a/b", "1"));
        assert_eq!(split("a:1@sha256:0"), ("a:1", "sha256:0"));
    }

    #[test]
    fn a_layer_is_told_of_once_for_each_tenth() {
        let mut layers = Layers::default();
        let mut line = |current| {
            let progress_detail = Some(ProgressDetail { current: Some(current), total: Some(2000) });
            let (id, status) = (Some("a".to_owned()), Some("Downloading".to_owned()));
            layers.line(&CreateImageInfo { id, status, progress_detail, ..CreateImageInfo::default() })
        };
        assert_eq!(line(10).as_deref(), Some("a: Downloading 0% of 2 KB"));
        assert_eq!(line(100), None);
        assert_eq!(line(210).as_deref(), Some("a: Downloading 10% of 2 KB"));
    }
}
