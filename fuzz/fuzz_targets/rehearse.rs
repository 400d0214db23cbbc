//! Fuzz target: see `wf_fuzz::rehearsed`.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|data: &[u8]| -> Corpus {
    let Ok(text) = std::str::from_utf8(data) else { return Corpus::Reject };
    wf_fuzz::rehearsed(text);
    Corpus::Keep
});
