//! The databases that there are, and where their languages part.

/// A database, by the scheme of its URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// `sqlite:`
    Sqlite,
    /// `postgres:` or `postgresql:`
    Postgres,
    /// `mysql:` or `mariadb:`
    MySql,
}

impl Dialect {
    /// That of a URL; `None` where there is no such database.
    pub(super) fn of(url: &str) -> Option<Self> {
        match url.split_once(':')?.0 {
            "sqlite" => Some(Self::Sqlite),
            "postgres" | "postgresql" => Some(Self::Postgres),
            "mysql" | "mariadb" => Some(Self::MySql),
            _ => None,
        }
    }

    /// How messages name it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
            Self::MySql => "MySQL",
        }
    }

    /// What names the file of an authority of certificates in the URL.
    pub(super) const fn authority(self) -> &'static str {
        match self {
            // It has no connection that could show a certificate.
            Self::Sqlite => "ca",
            Self::Postgres => "sslrootcert",
            Self::MySql => "ssl-ca",
        }
    }

    /// Whether what begins here is a place that the text itself keeps free for a parameter.
    pub(super) fn is_place(self, rest: &str) -> bool {
        let mut signs = rest.chars();
        let (first, next) = (signs.next().unwrap_or_default(), signs.next().unwrap_or_default());
        match self {
            Self::Sqlite => first == '?' || ":@$".contains(first) && (next.is_alphabetic() || next == '_'),
            Self::Postgres => first == '$' && next.is_ascii_digit(),
            Self::MySql => first == '?',
        }
    }
}
