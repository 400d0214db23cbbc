//! Which addresses a request may go to: not those that only reach the machine's own surroundings, unless a step allows them.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;
use wf_model::value::Value;

/// Addresses that are refused: link-local ones, and those behind which clouds tell a machine its credentials.
const REFUSED: [Network; 9] = [
    // Link-local, with the metadata services of AWS, Azure, Google, Oracle and OpenStack.
    Network::v4([169, 254, 0, 0], 16),
    // Metadata of Alibaba.
    Network::v4([100, 100, 100, 200], 32),
    // Metadata of Oracle, older.
    Network::v4([192, 0, 0, 192], 32),
    // Azure's agent service.
    Network::v4([168, 63, 129, 16], 32),
    // Link-local.
    Network::v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10),
    // Metadata, time and identities of AWS.
    Network::v6([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0], 32),
    // Metadata of Google.
    Network::v6([0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254], 128),
    // Metadata of Oracle.
    Network::v6([0xfd00, 0xc1, 0, 0, 0xa9fe, 0xa9fe, 0xa9fe, 0xa9fe], 128),
    // Metadata of Scaleway.
    Network::v6([0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42], 128),
];

/// Addresses that begin alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Network {
    address: IpAddr,
    /// How many of its first bits count.
    length: u8,
}

/// Which addresses requests of a step may go to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct AddressPolicy {
    allowed: Vec<Network>,
}

impl AddressRefused {
    /// The same for kinds that have no attribute to allow it.
    pub(crate) fn without_attribute(self) -> String {
        format!("{} is a link-local or metadata address", self.0)
    }
}

/// Says that an address is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is a link-local or metadata address, which a step has to name in `allow_address` to reach it")]
pub(crate) struct AddressRefused(pub(crate) IpAddr);

/// Says that a text is no network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` in `allow_address` is no address or network, as in \"169.254.169.254\" or \"169.254.0.0/16\"")]
pub(crate) struct NotANetwork(String);

impl AddressPolicy {
    /// Reads `allow_address`.
    pub(crate) fn of(given: Option<&Value>) -> Result<Self, NotANetwork> {
        let Some(Value::List(networks)) = given else { return Ok(Self::default()) };
        let network = |value: &Value| value.render().unwrap_or_default().parse();
        Ok(Self { allowed: networks.iter().map(network).collect::<Result<_, _>>()? })
    }

    /// Lets an address through or not.
    pub(crate) fn check(&self, address: IpAddr) -> Result<(), AddressRefused> {
        let reached = reached(address);
        let refused = REFUSED.iter().any(|network| network.holds(reached));
        if refused && !self.allowed.iter().any(|network| network.holds(reached)) {
            return Err(AddressRefused(address));
        }
        Ok(())
    }

    /// Lets through a host that is an address in itself; names are looked at once they are resolved.
    pub(crate) fn check_host(&self, url: &reqwest::Url) -> Result<(), AddressRefused> {
        let host = url.host_str().unwrap_or_default();
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        bare.parse().map_or(Ok(()), |address| self.check(address))
    }
}

impl Network {
    const fn v4([a, b, c, d]: [u8; 4], length: u8) -> Self {
        Self { address: IpAddr::V4(Ipv4Addr::new(a, b, c, d)), length }
    }

    const fn v6([a, b, c, d, e, f, g, h]: [u16; 8], length: u8) -> Self {
        Self { address: IpAddr::V6(Ipv6Addr::new(a, b, c, d, e, f, g, h)), length }
    }

    fn holds(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.length)).unwrap_or(0);
                own.to_bits() & mask == other.to_bits() & mask
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.length)).unwrap_or(0);
                own.to_bits() & mask == other.to_bits() & mask
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let fault = || NotANetwork(text.to_owned());
        let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
        let address: IpAddr = address.parse().map_err(|_| fault())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let length = length.map_or(Ok(most), |length| length.parse().map_err(|_| fault()))?;
        if length > most {
            return Err(fault());
        }
        Ok(Self { address, length })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.address, self.length)
    }
}

/// The address that packets reach: an IPv6 address may stand for one of IPv4 (mapped, translated by NAT64, or through 6to4).
fn reached(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else { return address };
    let [a, b, c, d, e, f, g, h] = v6.segments();
    let embedded = |high: u16, low: u16| IpAddr::V4(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)));
    match [a, b, c, d, e, f] {
        [0, 0, 0, 0, 0, 0xffff] | [0x64, 0xff9b, 0, 0, 0, 0] => embedded(g, h),
        // `::1` and `::` are themselves.
        [0, 0, 0, 0, 0, 0] if g != 0 => embedded(g, h),
        [0x2002, ..] => embedded(b, c),
        _ => address,
    }
}

#[cfg(test)]
mod tests {
    use super::{AddressPolicy, Network};
    use std::net::IpAddr;
    use wf_model::value::Value;

    fn passes(policy: &AddressPolicy, address: &str) -> bool {
        policy.check(address.parse::<IpAddr>().unwrap()).is_ok()
    }

    #[test]
    fn surroundings_of_the_machine_are_refused_in_every_spelling() {
        let policy = AddressPolicy::default();
        for address in [
            "169.254.169.254",
            "169.254.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::1",
            "::169.254.169.254",
            "fe80::1",
            "febf::1",
            "fd00:ec2::254",
            "fd20:ce::254",
            "100.100.100.200",
            "168.63.129.16",
        ] {
            assert!(!passes(&policy, address), "{address}");
        }
        for address in ["127.0.0.1", "::1", "10.0.0.1", "169.253.0.1", "8.8.8.8", "fec0::1", "2001:db8::1", "100.100.100.201"] {
            assert!(passes(&policy, address), "{address}");
        }
    }

    #[test]
    fn what_is_named_is_allowed_and_nothing_else() {
        let policy = AddressPolicy::of(Some(&Value::list(["169.254.169.254", "fe80::/64"].map(Value::string)))).unwrap();
        assert!(passes(&policy, "169.254.169.254") && passes(&policy, "fe80::7") && passes(&policy, "::ffff:169.254.169.254"));
        assert!(!passes(&policy, "169.254.169.253") && !passes(&policy, "fe80:0:0:1::7"));
    }

    #[test]
    fn networks_are_read_strictly() {
        for text in ["", "x", "1.2.3.4/33", "1.2.3.4/-1", "1.2.3.4/", "::/129", "1.2.3"] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
        let network: Network = "0.0.0.0/0".parse().unwrap();
        assert!(network.holds("1.2.3.4".parse().unwrap()) && !network.holds("::1".parse().unwrap()));
        assert_eq!(network.to_string(), "0.0.0.0/0");
    }

    #[test]
    fn hosts_that_are_addresses_are_seen_as_such() {
        let policy = AddressPolicy::default();
        for url in ["http://169.254.169.254/", "http://0xa9fea9fe/", "http://2852039166/", "http://[::ffff:a9fe:a9fe]/"] {
            assert!(policy.check_host(&url.parse().unwrap()).is_err(), "{url}");
        }
        assert!(policy.check_host(&"http://example.com/".parse().unwrap()).is_ok());
    }
}
