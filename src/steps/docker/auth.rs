//! Who asks a registry: what `docker login` has left in the configuration of this user.

use bollard::auth::DockerCredentials;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::time::timeout;

/// The name of Docker's own registry in the configuration.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";

/// How long a program that keeps passwords may take, which may ask somebody.
const ASKING: Duration = Duration::from_secs(30);

/// `config.json`, as far as it matters here.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Configuration {
    auths: BTreeMap<String, Entry>,
    /// The program that keeps all passwords: `docker-credential-` and this.
    #[serde(rename = "credsStore")]
    store: Option<String>,
    /// The programs that keep those of some registries.
    #[serde(rename = "credHelpers")]
    helpers: BTreeMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Entry {
    /// `user:password` in base64.
    auth: Option<String>,
    identitytoken: Option<String>,
}

/// What a program that keeps passwords says.
#[derive(Deserialize)]
struct Told {
    #[serde(rename = "Username")]
    user: String,
    #[serde(rename = "Secret")]
    secret: String,
}

/// What a pull of this image shows to its registry; nothing where nobody has logged in there.
pub(super) async fn of_image(image: &str) -> Option<DockerCredentials> {
    let registry = registry(image);
    configuration().credentials(&registry).await
}

/// What a build shows to the registries that the configuration names.
pub(super) async fn of_all() -> HashMap<String, DockerCredentials> {
    let configuration = configuration();
    let mut all = HashMap::new();
    for registry in configuration.auths.keys().chain(configuration.helpers.keys()) {
        if let Some(credentials) = configuration.credentials(registry).await {
            all.insert(registry.clone(), credentials);
        }
    }
    all
}

/// The registry of an image, as the configuration names it.
fn registry(image: &str) -> String {
    match image.split_once('/') {
        Some((host, _)) if host.contains(['.', ':']) || host == "localhost" => host.to_owned(),
        _ => DOCKER_HUB.to_owned(),
    }
}

/// The configuration of this user; an empty one where there is none that can be read.
fn configuration() -> Configuration {
    let folder = std::env::var_os("DOCKER_CONFIG").map(PathBuf::from);
    let folder = folder.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".docker")));
    let text = folder.and_then(|folder| std::fs::read_to_string(folder.join("config.json")).ok());
    text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

impl Configuration {
    async fn credentials(&self, registry: &str) -> Option<DockerCredentials> {
        if let Some(helper) = self.helpers.get(registry).or(self.store.as_ref()) {
            let told = asked(helper, registry).await?;
            return Some(told.credentials(registry));
        }
        let entry = self.entry(registry)?;
        Some(DockerCredentials {
            auth: entry.auth.clone(),
            identitytoken: entry.identitytoken.clone(),
            serveraddress: Some(registry.to_owned()),
            ..decoded(entry.auth.as_deref().unwrap_or_default())
        })
    }

    /// Registries are also named as URLs.
    fn entry(&self, registry: &str) -> Option<&Entry> {
        let host = |name: &str| {
            let name = name.trim_start_matches("https://").trim_start_matches("http://");
            name.split('/').next().unwrap_or_default().to_owned()
        };
        let of_host = || self.auths.iter().find(|(name, _)| host(name) == host(registry)).map(|(_, entry)| entry);
        self.auths.get(registry).or_else(of_host)
    }
}

impl Told {
    fn credentials(self, registry: &str) -> DockerCredentials {
        let serveraddress = Some(registry.to_owned());
        if self.user == "<token>" {
            return DockerCredentials { identitytoken: Some(self.secret), serveraddress, ..DockerCredentials::default() };
        }
        DockerCredentials {
            username: Some(self.user),
            password: Some(self.secret),
            serveraddress,
            ..DockerCredentials::default()
        }
    }
}

/// User and password from `user:password` in base64, which some engines want apart.
fn decoded(auth: &str) -> DockerCredentials {
    use base64::Engine;
    let text = base64::engine::general_purpose::STANDARD.decode(auth.trim()).ok().and_then(|text| String::from_utf8(text).ok());
    let pair = text.as_deref().and_then(|text| text.split_once(':'));
    let (username, password) = pair.map(|(user, password)| (user.to_owned(), password.to_owned())).unzip();
    DockerCredentials { username, password, ..DockerCredentials::default() }
}

/// Asks a program that keeps passwords for those of a registry.
async fn asked(helper: &str, registry: &str) -> Option<Told> {
    let mut command = Command::new(format!("docker-credential-{helper}"));
    command.arg("get").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    let mut child = command.spawn().ok()?;
    child.stdin.take()?.write_all(registry.as_bytes()).await.ok()?;
    let output = timeout(ASKING, child.wait_with_output()).await.ok()?.ok()?;
    serde_json::from_slice(&output.stdout).ok()
}

#[cfg(test)]
mod tests {
    use super::{Configuration, DOCKER_HUB, registry};

    #[test]
    fn registries_are_read_from_images() {
        for (image, expected) in [
            ("alpine", DOCKER_HUB),
            ("bitnami/redis:7", DOCKER_HUB),
            ("ghcr.io/a/b:1", "ghcr.io"),
            ("localhost/a", "localhost"),
            ("host:5000/a", "host:5000"),
        ] {
            assert_eq!(registry(image), expected, "{image}");
        }
    }

    #[tokio::test]
    async fn credentials_are_found_by_host() {
        let text = r#"{"auths": {"https://host:5000/v2/": {"auth": "bWU6czpjcmV0"}, "other": {}}, "HttpHeaders": {}}"#;
        let configuration: Configuration = serde_json::from_str(text).unwrap();
        let found = configuration.credentials("host:5000").await.unwrap();
        assert_eq!((found.username.as_deref(), found.password.as_deref()), (Some("me"), Some("s:cret")));
        assert_eq!(found.serveraddress.as_deref(), Some("host:5000"));
        assert_eq!(configuration.credentials("ghcr.io").await, None);
    }
}
