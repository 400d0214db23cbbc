//! Text to lossless tree with diagnostics, and the formatter; never fails.
