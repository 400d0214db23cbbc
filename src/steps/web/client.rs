//! Connections: names resolved under the address policy, and TLS with the certificates of the system.

use super::address::{AddressPolicy, AddressRefused};
use super::trust::{Identity, Trust};
use reqwest::Client;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

/// How long a server may take to accept a connection, unless the step's `timeout` is over before.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a connection is kept for the next request to the same host: servers close theirs after five seconds and more.
const IDLE: Duration = Duration::from_secs(3);

/// What decides whether two requests may share connections.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Sort {
    encrypted: bool,
    /// Whether requests may run twice, so that one may go over a connection that its server is about to close.
    pooled: bool,
    addresses: AddressPolicy,
}

/// The clients of a run: steps that ask for the same share connections.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    known: Mutex<HashMap<Sort, Client>>,
    roots: OnceLock<RootCertStore>,
}

/// Says that a name has no address.
#[derive(Debug, thiserror::Error)]
#[error("name does not resolve: {0}")]
pub(crate) struct NotResolved(#[from] std::io::Error);

impl Clients {
    /// The client for requests to `https`, or to `http`, under a policy; only those of `pooled` ones share connections.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) fn client(&self, encrypted: bool, pooled: bool, addresses: &AddressPolicy) -> Result<Client, String> {
        let sort = Sort { encrypted, pooled, addresses: addresses.clone() };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = known.get(&sort) {
            return Ok(client.clone());
        }
        // Reading the certificates of the system takes longer than a request; what is not encrypted does without.
        let roots = if encrypted { self.roots() } else { RootCertStore::empty() };
        let client = build(addresses, pooled, tls(roots, None)?)?;
        known.insert(sort, client.clone());
        Ok(client)
    }

    /// A client of its own for a step that says whom it trusts; it shows itself only where `identified`.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) fn trusting(&self, trust: &Trust, identified: bool, addresses: &AddressPolicy) -> Result<Client, String> {
        let mut roots = self.roots();
        for certificate in &trust.authorities {
            roots.add(certificate.clone()).map_err(|error| format!("certificate of `ca` is not read: {error}"))?;
        }
        build(addresses, false, tls(roots, trust.identity.as_ref().filter(|_| identified))?)
    }

    fn roots(&self) -> RootCertStore {
        self.roots.get_or_init(system_roots).clone()
    }
}

fn build(addresses: &AddressPolicy, pooled: bool, tls: ClientConfig) -> Result<Client, String> {
    let client = Client::builder()
        .user_agent(concat!("wfc/", env!("CARGO_PKG_VERSION")))
        .tls_backend_preconfigured(tls)
        .dns_resolver(Resolver { addresses: addresses.clone() })
        // Where a redirect leads is looked at before it is followed.
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_max_idle_per_host(if pooled { usize::MAX } else { 0 })
        .pool_idle_timeout(IDLE);
    client.build().map_err(|error| format!("HTTP client cannot be made: {error}"))
}

fn system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    // One certificate of the system that is not read takes nothing from the others.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

fn tls(roots: RootCertStore, identity: Option<&Identity>) -> Result<ClientConfig, String> {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS cannot be set up: {error}"))?
        .with_root_certificates(roots);
    let mut config = match identity {
        None => config.with_no_client_auth(),
        Some(Identity { chain, key }) => config
            .with_client_auth_cert(chain.clone(), key.clone_key())
            .map_err(|error| format!("`certificate` and `key` of `auth` do not go together: {error}"))?,
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// Resolves names as the system does, and gives no address that the policy refuses.
struct Resolver {
    addresses: AddressPolicy,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = self.addresses.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await.map_err(NotResolved::from)?;
            let addresses = permitted(found, &policy)?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// The addresses that the policy lets through; what it says where there is none.
pub(crate) fn permitted(
    found: impl Iterator<Item = SocketAddr>,
    policy: &AddressPolicy,
) -> Result<Vec<SocketAddr>, AddressRefused> {
    let mut refused = None;
    let mut permitted = Vec::new();
    for address in found {
        match policy.check(address.ip()) {
            Ok(()) => permitted.push(address),
            Err(error) => refused = Some(error),
        }
    }
    refused.filter(|_| permitted.is_empty()).map_or(Ok(permitted), Err)
}

#[cfg(test)]
mod tests {
    use super::{AddressPolicy, permitted};

    #[test]
    fn a_name_gives_no_address_that_is_refused() {
        let of = |texts: &[&str]| {
            let addresses: Vec<_> = texts.iter().map(|text| (text.parse::<std::net::IpAddr>().unwrap(), 0).into()).collect();
            permitted(addresses.into_iter(), &AddressPolicy::default()).map(|found| found.len())
        };
        assert_eq!(of(&["127.0.0.1", "169.254.169.254", "::1"]), Ok(2));
        assert!(of(&["169.254.169.254", "fe80::1"]).is_err());
        assert_eq!(of(&[]), Ok(0));
    }
}
