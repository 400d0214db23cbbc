//! Writes what a search begins with into a folder: the seeds of each target, and the dictionary.

use std::fs;
use std::io;
use std::path::PathBuf;
use wf_fuzz::{TARGETS, dictionary, findings};

fn main() -> io::Result<()> {
    let folder = PathBuf::from(std::env::args_os().nth(1).ok_or_else(|| io::Error::other("usage: seeds FOLDER"))?);
    for target in TARGETS {
        let seeds = folder.join("seeds").join(target.name);
        fs::create_dir_all(&seeds)?;
        let texts = (target.seeds)().into_iter().chain(findings(target.name));
        for (number, text) in texts.enumerate() {
            fs::write(seeds.join(number.to_string()), text)?;
        }
    }
    fs::write(folder.join("dictionary"), dictionary().iter().map(|word| entry(word)).collect::<String>())
}

/// A line of a dictionary as libFuzzer reads it.
fn entry(word: &str) -> String {
    let escaped = |byte: u8| match byte {
        b'"' | b'\\' => format!("\\{}", char::from(byte)),
        b' '..=b'~' => char::from(byte).to_string(),
        _ => format!("\\x{byte:02x}"),
    };
    format!("\"{}\"\n", word.bytes().map(escaped).collect::<String>())
}
