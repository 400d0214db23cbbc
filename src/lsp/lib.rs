//! The language server: pure features on what the compiler found, a session that keeps it true to the editor's texts, a thin server.

mod features;
mod location;
mod position;
mod server;
mod session;
mod snapshot;
#[cfg(test)]
mod tests;
mod types;

pub use server::serve;

use wf_compiler::Files;
use wf_model::diagnostic::Level;
use wf_model::kind::Registry;

/// What the server needs of what is around it.
pub struct World {
    /// All step kinds.
    pub kinds: &'static Registry,
    /// The files that no editor holds.
    pub files: Box<dyn Files + Send>,
    /// How much is asked of a file, where the editor does not say.
    pub level: Level,
}
