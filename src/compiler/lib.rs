//! Imports, names, types, effects, secrets, shell quoting and lints: tree to typed program; pure.
