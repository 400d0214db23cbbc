//! The protocol in one process: a client that writes and reads messages as an editor does.

mod completion;
mod editor;
mod fixes;
mod formatting;
mod marks;
mod names;
mod renaming;
mod reports;
mod shape;
mod sync;
mod typing;

use editor::{Editor, place};
