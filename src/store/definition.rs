//! What runs go by. A run keeps the definition that it began with; one that it changed to is kept beside it before the journal says so.

use crate::run::damaged;
use crate::schema::failed;
use crate::{Definition, Store, StoreError};
use rusqlite::OptionalExtension as _;
use std::sync::Arc;
use wf_model::event::EventKind;

impl Store {
    /// What a run goes by.
    ///
    /// # Errors
    /// When there is no such run, or what is kept of it is damaged.
    pub fn definition(&self, id: &str) -> Result<Definition, StoreError> {
        let first = self.first_definition(id)?;
        Ok(self.later_definitions(id)?.pop().unwrap_or(first))
    }

    /// All that a run went by, in the order in which it did; the last is what it goes by now.
    ///
    /// # Errors
    /// When there is no such run, or what is kept of it is damaged.
    pub fn definitions(&self, id: &str) -> Result<Vec<Definition>, StoreError> {
        let mut definitions = vec![self.first_definition(id)?];
        definitions.extend(self.later_definitions(id)?);
        Ok(definitions)
    }

    /// Keeps what a run may change to; it does once its journal says so by the text that this gives.
    ///
    /// # Errors
    /// When there is no such run, or the store cannot be written.
    pub fn keep_definition(&self, id: &str, definition: &Definition) -> Result<Arc<str>, StoreError> {
        let (key, ..) = self.journal_of(id)?;
        let path = self.database();
        let text = definition.text(&path)?;
        let digest = digest(&text);
        let insert = "INSERT OR IGNORE INTO definitions (run, digest, definition) VALUES (?1, ?2, ?3)";
        self.connection.execute(insert, rusqlite::params![key, digest, text]).map_err(failed(&path))?;
        Ok(digest)
    }

    fn first_definition(&self, id: &str) -> Result<Definition, StoreError> {
        let (_, text, ..) = self.journal_of(id)?;
        serde_json::from_str(&text).map_err(|error| damaged(format!("definition of run `{id}` does not parse: {error}")))
    }

    /// Those that the journal says that the run changed to.
    fn later_definitions(&self, id: &str) -> Result<Vec<Definition>, StoreError> {
        let (key, ..) = self.journal_of(id)?;
        let mut definitions = Vec::new();
        // Nearly all runs keep what they began with, and their journals are not looked through.
        if !self.may_have_changed(key)? {
            return Ok(definitions);
        }
        for events in self.history(id)? {
            for event in events? {
                if let EventKind::DefinitionChanged { definition } = &event.kind {
                    definitions.push(self.kept(id, key, definition)?);
                }
            }
        }
        Ok(definitions)
    }

    fn may_have_changed(&self, key: i64) -> Result<bool, StoreError> {
        let query = "SELECT EXISTS (SELECT 1 FROM definitions WHERE run = ?1)";
        self.connection.query_row(query, [key], |row| row.get(0)).map_err(failed(&self.database()))
    }

    fn kept(&self, id: &str, key: i64, digest: &str) -> Result<Definition, StoreError> {
        let query = "SELECT definition FROM definitions WHERE run = ?1 AND digest = ?2";
        let found = self.connection.query_row(query, rusqlite::params![key, digest], |row| row.get::<_, String>(0)).optional();
        let text = found.map_err(failed(&self.database()))?.filter(|text| *self::digest(text) == *digest);
        let parsed = text.and_then(|text| serde_json::from_str(&text).ok());
        parsed.ok_or_else(|| damaged(format!("definition {digest} of run `{id}` is not what was written")))
    }
}

/// What a definition is known by in a journal: BLAKE3 of its text, in hex.
fn digest(text: &str) -> Arc<str> {
    blake3::hash(text.as_bytes()).to_hex().as_str().into()
}

#[cfg(test)]
mod tests {
    use crate::tests::{begin, journal};
    use crate::{Definition, Store, StoreError};
    use tempfile::TempDir;
    use wf_model::event::{Event, EventKind, Timestamp};
    use wf_runtime::dispatcher::{Durability, Journal as _};

    fn change(store: &Store, id: &str, file: &str, told: bool) -> Definition {
        let definition = Definition { file: file.into(), ..store.definition(id).unwrap() };
        let kept = store.keep_definition(id, &definition).unwrap();
        assert_eq!(store.keep_definition(id, &definition).unwrap(), kept);
        if told {
            let event = Event { at: Timestamp::default(), kind: EventKind::DefinitionChanged { definition: kept } };
            journal(store, id).unwrap().append(&[event], Durability::Soon).unwrap();
        }
        definition
    }

    #[test]
    fn a_run_goes_by_what_its_journal_says() {
        let folder = TempDir::new().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let (id, other) = (begin(&store, "deploy", 1), begin(&store, "deploy", 2));
        let first = store.definition(&id).unwrap();
        change(&store, &id, "never.wf", false);
        assert_eq!(store.definition(&id).unwrap(), first);
        let second = change(&store, &id, "second.wf", true);
        let third = change(&store, &id, "third.wf", true);
        assert_eq!(store.definition(&id).unwrap(), third);
        assert_eq!(store.definitions(&id).unwrap(), [first.clone(), second, third]);
        assert_eq!(store.definitions(&other).unwrap(), [first]);
        store.delete(&id).unwrap();
        let left: u32 = store.connection.query_row("SELECT count(*) FROM definitions", [], |row| row.get(0)).unwrap();
        assert_eq!(left, 0);
    }

    #[test]
    fn a_damaged_definition_is_refused() {
        let folder = TempDir::new().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let id = begin(&store, "deploy", 1);
        change(&store, &id, "second.wf", true);
        let damage = "UPDATE definitions SET definition = replace(definition, 'second', 'other')";
        store.connection.execute(damage, []).unwrap();
        assert!(matches!(store.definition(&id), Err(StoreError::Damaged { .. })));
    }
}
