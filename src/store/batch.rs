//! Events that were appended together, as a row holds them: JSON, and where that is long, compressed by LZ4.
//!
//! A loop over a million elements tells much the same a million times, and takes an eighth of the room.

use crate::StoreError;
use crate::run::damaged;
use lz4_flex::block::{compress_prepend_size, decompress_size_prepended};
use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlResult, ToSqlOutput, ValueRef};
use wf_model::event::Event;

/// Shorter batches, which nearly all are, stay texts that can be asked for by SQL.
const LONG: usize = 4 * 1024;

/// A row's events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Batch {
    /// A JSON list.
    Text(String),
    /// The same, compressed, behind its length.
    Compressed(Vec<u8>),
}

impl Batch {
    /// Events as a row holds them.
    ///
    /// # Errors
    /// When they are not to be written as JSON.
    pub(crate) fn of(events: &[Event]) -> Result<Self, serde_json::Error> {
        let text = serde_json::to_string(events)?;
        Ok(if text.len() < LONG { Self::Text(text) } else { Self::Compressed(compress_prepend_size(text.as_bytes())) })
    }

    /// What its check is made of.
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Compressed(bytes) => bytes,
        }
    }

    /// The events; its check was compared before.
    ///
    /// # Errors
    /// When there are none in it.
    pub(crate) fn events(&self) -> Result<Vec<Event>, StoreError> {
        let none = |error: &dyn std::fmt::Display| damaged(format!("a batch does not parse: {error}"));
        match self {
            Self::Text(text) => serde_json::from_str(text).map_err(|error| none(&error)),
            Self::Compressed(bytes) => {
                let text = decompress_size_prepended(bytes).map_err(|error| none(&error))?;
                let text = str::from_utf8(&text).map_err(|error| none(&error))?;
                serde_json::from_str(text).map_err(|error| none(&error))
            }
        }
    }
}

impl ToSql for Batch {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Self::Text(text) => text.to_sql(),
            Self::Compressed(bytes) => bytes.to_sql(),
        }
    }
}

impl FromSql for Batch {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value {
            ValueRef::Blob(bytes) => Ok(Self::Compressed(bytes.to_vec())),
            other => String::column_result(other).map(Self::Text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Batch;
    use wf_model::event::{Event, EventKind, Timestamp};

    #[test]
    fn long_batches_take_less_room_and_read_the_same() {
        let events =
            |count| vec![Event { at: Timestamp::default(), kind: EventKind::RunResumed { boot: None, jobs: None } }; count];
        let (short, long) = (Batch::of(&events(3)).unwrap(), Batch::of(&events(1_000)).unwrap());
        assert!(matches!(short, Batch::Text(_)) && long.bytes().len() < 1_000);
        assert_eq!((short.events().unwrap(), long.events().unwrap()), (events(3), events(1_000)));
    }

    #[test]
    fn what_holds_no_events_is_refused() {
        for bytes in [&b""[..], b"\xff\xff\xff\x7f", b"\x05\0\0\0aaaaaaaa", b"\x02\0\0\0\x20[]"] {
            let _ = Batch::Compressed(bytes.to_vec()).events();
        }
        assert!(Batch::Text("{".to_owned()).events().is_err());
    }
}
