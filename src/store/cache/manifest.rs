//! All that counts for whether an earlier success is one again.

use super::{files, hash};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use wf_model::event::CacheChange;
use wf_runtime::dispatcher::CacheWish;

/// How many paths of a sort are told.
const MOST_PATHS: usize = 20;

/// What counts, by its hashes: small, and nothing can be read from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    /// Another project with the same texts is another one.
    folder: String,
    /// Attributes, and `kind` and `cache`.
    attributes: BTreeMap<Arc<str>, String>,
    inputs: BTreeMap<Arc<str>, String>,
    key: Option<String>,
}

impl Manifest {
    /// Reads all inputs.
    pub(super) fn of(wish: &CacheWish) -> Result<Self, String> {
        let query = &wish.query;
        let mut attributes: BTreeMap<Arc<str>, String> =
            query.call.arguments.iter().map(|(name, argument)| (name.clone(), hashed(argument))).collect();
        attributes.insert("kind".into(), hashed(&(&query.call.kind, &query.call.decode)));
        attributes.insert("cache".into(), hashed(&query.outputs));
        Ok(Self {
            folder: wish.folder.to_string_lossy().into_owned(),
            attributes,
            inputs: files::inputs(wish)?,
            key: query.key.as_ref().map(hashed),
        })
    }

    /// What a success is kept under.
    pub(super) fn digest(&self) -> String {
        hashed(self)
    }

    /// In what this differs from an earlier one.
    pub(super) fn change_since(&self, earlier: &Self) -> CacheChange {
        let names = self.attributes.keys().chain(earlier.attributes.keys());
        let mut attributes: Vec<Arc<str>> =
            names.filter(|name| self.attributes.get(*name) != earlier.attributes.get(*name)).cloned().collect();
        attributes.sort();
        attributes.dedup();
        let (now, then) = (&self.inputs, &earlier.inputs);
        CacheChange {
            attributes,
            added: paths(now, |path, _| !then.contains_key(path)),
            removed: paths(then, |path, _| !now.contains_key(path)),
            changed: paths(now, |path, content| then.get(path).is_some_and(|earlier| earlier != content)),
            key: self.key != earlier.key,
        }
    }
}

fn paths(inputs: &BTreeMap<Arc<str>, String>, wanted: impl Fn(&Arc<str>, &String) -> bool) -> Vec<Arc<str>> {
    inputs.iter().filter(|(path, content)| wanted(path, content)).map(|(path, _)| path.clone()).take(MOST_PATHS).collect()
}

/// The hash of a value as JSON, in which secrets are `***`.
fn hashed(value: &impl Serialize) -> String {
    hash(&serde_json::to_vec(value).unwrap_or_default())
}
