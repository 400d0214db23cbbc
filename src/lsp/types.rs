//! The protocol's types: the one place that names where they come from.

pub(crate) use tower_lsp_server::ls_types::*;
