//! `wfc lsp`: a language server on stdin and stdout.

use crate::check::Strictness;
use crate::exit::Exit;
use crate::files::Disk;
use crate::report::Output;
use std::io;
use tokio::io::{stdin, stdout};
use wf_lsp::World;

/// Serves an editor on stdin and stdout, as a language server.
#[derive(Debug, clap::Args)]
pub struct Lsp {
    /// How much is asked of a file, where the editor does not say.
    #[arg(long, value_enum, default_value_t = Strictness::Standard, env = "WFC_LEVEL")]
    level: Strictness,
    /// Talk over stdin and stdout, as it does anyway; many editors say it.
    #[arg(long)]
    stdio: bool,
}

impl Lsp {
    /// Serves until the editor is gone.
    ///
    /// # Errors
    /// Where no thread can be started.
    pub fn run(&self, _: &mut Output) -> io::Result<Exit> {
        let world = World { kinds: wf_steps::registry(), files: Box::new(Disk::default()), level: self.level.into() };
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let ended = runtime.block_on(wf_lsp::serve(world, stdin(), stdout()));
        // A thread that reads stdin would be waited for until there is something to read.
        runtime.shutdown_background();
        Ok(if ended { Exit::Done } else { Exit::Failed })
    }
}
