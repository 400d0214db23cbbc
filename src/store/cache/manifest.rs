//! All that counts for whether an earlier success is one again.

use super::{files, hash};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use wf_model::event::CacheChange;
use wf_model::program::Contents;
use wf_runtime::dispatcher::CacheWish;
use wf_runtime::engine::CachedAction;

/// How many paths of a sort are told.
const MOST_PATHS: usize = 20;

/// What counts, by its hashes: small, and nothing can be read from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    /// Another project with the same texts is another one.
    folder: String,
    kind: String,
    attributes: BTreeMap<Arc<str>, String>,
    /// What is called, and all that it calls.
    workflows: Contents,
    inputs: BTreeMap<Arc<str>, String>,
    /// The patterns of the outputs.
    outputs: String,
    key: Option<String>,
}

impl Manifest {
    /// Reads all inputs.
    pub(super) fn of(wish: &CacheWish) -> Result<Self, String> {
        let query = &wish.query;
        let (kind, attributes, workflows) = match &query.action {
            CachedAction::Kind(call) => (hashed(&(&call.kind, &call.decode)), each_hashed(&call.arguments), Contents::new()),
            CachedAction::Workflow(called) => (hashed(&()), each_hashed(&called.given), (*called.contents).clone()),
        };
        Ok(Self {
            folder: wish.folder.to_string_lossy().into_owned(),
            kind,
            attributes,
            workflows,
            inputs: files::inputs(wish)?,
            outputs: hashed(&query.outputs),
            key: query.key.as_ref().map(hashed),
        })
    }

    /// What a success is kept under.
    pub(super) fn digest(&self) -> String {
        hashed(self)
    }

    /// In what this differs from an earlier one.
    pub(super) fn change_since(&self, earlier: &Self) -> CacheChange {
        let mut attributes = differences(&self.attributes, &earlier.attributes);
        attributes.extend((self.kind != earlier.kind).then(|| "kind".into()));
        attributes.extend((self.outputs != earlier.outputs).then(|| "cache".into()));
        let (now, then) = (&self.inputs, &earlier.inputs);
        CacheChange {
            attributes,
            workflows: differences(&self.workflows, &earlier.workflows),
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

/// The names under which two maps hold something else.
fn differences<T: PartialEq>(now: &BTreeMap<Arc<str>, T>, then: &BTreeMap<Arc<str>, T>) -> Vec<Arc<str>> {
    let names: BTreeSet<&Arc<str>> = now.keys().chain(then.keys()).collect();
    names.into_iter().filter(|name| now.get(*name) != then.get(*name)).cloned().collect()
}

fn each_hashed(arguments: &[(Arc<str>, impl Serialize)]) -> BTreeMap<Arc<str>, String> {
    arguments.iter().map(|(name, argument)| (name.clone(), hashed(argument))).collect()
}

/// The hash of a value as JSON, in which secrets are `***`.
fn hashed(value: &impl Serialize) -> String {
    hash(&serde_json::to_vec(value).unwrap_or_default())
}
