//! Earlier successes of steps, which count again where all that their `cache` names is as it was.

use super::Dispatcher;
use super::secrets::{holds_secret, masked};
use crate::engine::CacheQuery;
use std::path::PathBuf;
use std::sync::Arc;
use wf_model::event::{CacheMiss, EventKind, Instance};
use wf_model::types::Type;
use wf_model::value::Value;

/// How many steps of a run are looked up or kept at a time: files are read for that.
pub(super) const MOST_AT_A_TIME: usize = 4;

/// What a step asks the cache.
#[derive(Clone, Debug, PartialEq)]
pub struct CacheWish {
    /// The run.
    pub run: Arc<str>,
    /// The folder that the patterns are relative to: absolute.
    pub folder: PathBuf,
    /// What counts.
    pub query: Arc<CacheQuery>,
}

/// What the cache answers.
#[derive(Clone, Debug, PartialEq)]
pub enum CacheAnswer {
    /// An earlier success counts, and its outputs are there.
    Hit {
        /// The run in which it was.
        from: Arc<str>,
        /// What it gave.
        value: CachedValue,
        /// How many outputs were missing or another, and were restored.
        restored: u64,
        /// What it is kept under.
        digest: Arc<str>,
    },
    /// The step has to run.
    Missed {
        /// Why.
        reason: CacheMiss,
        /// What its success can be kept under; `None` where it cannot.
        digest: Option<Arc<str>>,
    },
}

/// What a step gave.
#[derive(Clone, Debug, PartialEq)]
pub struct CachedValue {
    /// The kind's result record.
    pub result: Value,
    /// What `-> T` asked for.
    pub decoded: Option<Value>,
}

/// Keeps successes of steps.
pub trait StepCache: Send + Sync {
    /// Looks whether an earlier success counts, and restores its outputs then; may block.
    fn look_up(&self, wish: &CacheWish) -> CacheAnswer;

    /// Keeps a success with its outputs under the digest that was told when it was looked up; may block.
    ///
    /// # Errors
    /// Says in one lower case fact why it was not kept.
    fn keep(&self, wish: &CacheWish, digest: &str, value: &CachedValue) -> Result<(), String>;
}

/// Keeps nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoCache;

impl StepCache for NoCache {
    fn look_up(&self, _wish: &CacheWish) -> CacheAnswer {
        CacheAnswer::Missed { reason: CacheMiss::New, digest: None }
    }

    fn keep(&self, _wish: &CacheWish, _digest: &str, _value: &CachedValue) -> Result<(), String> {
        Ok(())
    }
}

/// What a step may not be kept for.
const SECRET: &str = "it gives a secret, which is kept nowhere";

impl Dispatcher {
    fn wish(&self, query: Arc<CacheQuery>) -> CacheWish {
        let folder = &self.surroundings.folder;
        let folder = query.action.folder().map_or_else(|| folder.clone(), |own| folder.join(own));
        CacheWish { run: self.surroundings.run.clone(), folder, query }
    }

    /// Looks whether a step need not run; the answer comes with the post.
    pub(super) fn look_up(&self, instance: Instance, query: Arc<CacheQuery>) {
        if query.action.decode().is_some_and(Type::holds_secret) {
            let reason = CacheMiss::Failed(SECRET.into());
            return self.post.send(EventKind::CacheMissed { instance, reason, digest: None });
        }
        let (cache, wish, masker) = (Arc::clone(&self.cache), self.wish(query), self.secrets.masker().clone());
        self.ask_cache(move || match cache.look_up(&wish) {
            CacheAnswer::Hit { from, value, restored, digest } => {
                let result = masked(&value.result, &masker);
                let decoded = value.decoded.map(|value| masked(&value, &masker));
                EventKind::CacheHit { instance, from, result, decoded, restored, digest }
            }
            CacheAnswer::Missed { reason, digest } => EventKind::CacheMissed { instance, reason, digest },
        });
    }

    /// Keeps the success of a step; the answer comes with the post.
    pub(super) fn keep(&self, instance: Instance, query: Arc<CacheQuery>, digest: Arc<str>, value: CachedValue) {
        if holds_secret(&value.result) || value.decoded.as_ref().is_some_and(holds_secret) {
            return self.post.send(EventKind::CacheKept { instance, problem: Some(SECRET.into()) });
        }
        let (cache, wish) = (Arc::clone(&self.cache), self.wish(query));
        let masker = self.secrets.masker().clone();
        self.ask_cache(move || {
            let value = CachedValue {
                result: masked(&value.result, &masker),
                decoded: value.decoded.map(|value| masked(&value, &masker)),
            };
            let problem = cache.keep(&wish, &digest, &value).err().map(Arc::from);
            EventKind::CacheKept { instance, problem }
        });
    }

    fn ask_cache(&self, ask: impl FnOnce() -> EventKind + Send + 'static) {
        let (post, permits) = (self.post.clone(), Arc::clone(&self.caching));
        tokio::spawn(async move {
            // Nobody closes it.
            let _permit = permits.acquire_owned().await;
            let answer = tokio::task::spawn_blocking(ask).await;
            if let Ok(answer) = answer {
                post.send(answer);
            }
        });
    }
}
