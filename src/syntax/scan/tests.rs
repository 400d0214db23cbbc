//! Tokens and entries.
