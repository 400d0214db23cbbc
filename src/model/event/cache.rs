//! Why the success of an earlier run does not count for a step.

use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Why a step with a `cache` has to run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CacheMiss {
    /// Nothing is kept of it.
    New,
    /// It differs from what was kept of it last.
    Changed(Box<CacheChange>),
    /// What was kept is damaged, or gone in part.
    Lost,
    /// It cannot be looked for, for this reason.
    Failed(Arc<str>),
}

/// In what a step differs from what was kept of it last; of many paths the first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CacheChange {
    /// Attributes; `kind` and `cache` stand for the kind and for the patterns of the outputs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<Arc<str>>,
    /// Workflows that it calls, directly or not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub workflows: Vec<Arc<str>>,
    /// Inputs that were not there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub added: Vec<Arc<str>>,
    /// Inputs that are there no more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<Arc<str>>,
    /// Inputs with another content.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<Arc<str>>,
    /// Whether the `key` is another.
    #[serde(default)]
    pub key: bool,
}
