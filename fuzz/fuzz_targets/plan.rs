//! Fuzz target: see `wf_fuzz::planned`.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|data: &[u8]| -> Corpus {
    let Ok(text) = std::str::from_utf8(data) else { return Corpus::Reject };
    wf_fuzz::planned(text);
    Corpus::Keep
});
