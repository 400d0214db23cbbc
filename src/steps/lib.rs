//! One folder for each step kind: its descriptor and its executor.
