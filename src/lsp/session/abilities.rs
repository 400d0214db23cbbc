//! What the client can do.

use crate::position::Encoding;
use crate::types::{ClientCapabilities, MarkupKind};

/// What the client can do, as far as it changes an answer.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Abilities {
    pub(crate) encoding: Encoding,
    /// It asks for diagnostics, so that none are pushed.
    pub(crate) pulls: bool,
    /// It can be told to ask for diagnostics again.
    pub(crate) refreshes: bool,
    /// It can watch files where it is asked to.
    pub(crate) watches: bool,
    /// It fills in snippets.
    pub(crate) snippets: bool,
    /// It shows Markdown.
    pub(crate) markdown: bool,
}

impl Abilities {
    /// What a client says of itself.
    pub(crate) fn of(client: &ClientCapabilities) -> Self {
        let (general, document, workspace) = (client.general.as_ref(), client.text_document.as_ref(), client.workspace.as_ref());
        let offered = general.and_then(|general| general.position_encodings.as_deref()).unwrap_or_default();
        let hover = document.and_then(|document| document.hover.as_ref());
        let formats = hover.and_then(|hover| hover.content_format.as_deref()).unwrap_or_default();
        let item = document.and_then(|document| document.completion.as_ref()?.completion_item.as_ref());
        let pulled = workspace.and_then(|workspace| workspace.diagnostics.as_ref());
        let watched = workspace.and_then(|workspace| workspace.did_change_watched_files.as_ref());
        Self {
            encoding: Encoding::best(offered),
            pulls: document.is_some_and(|document| document.diagnostic.is_some()),
            refreshes: pulled.is_some_and(|pulled| pulled.refresh_support == Some(true)),
            watches: watched.is_some_and(|watched| watched.dynamic_registration == Some(true)),
            snippets: item.is_some_and(|item| item.snippet_support == Some(true)),
            markdown: formats.contains(&MarkupKind::Markdown),
        }
    }
}
