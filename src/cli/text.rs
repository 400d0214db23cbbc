//! Reading and writing source files.

use std::fs;
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;
use wf_model::suggest::nearest;

/// No source is larger; the scanner says so too, but a file of many gigabytes should not even be read.
const LARGEST: u64 = 16 << 20;

/// Why a file is no source text.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Unreadable {
    /// One fact, lower case, no full stop.
    pub(crate) message: String,
    /// What to do.
    pub(crate) help: String,
}

/// Reads a source text; `-` is stdin.
pub(crate) fn read(path: &str) -> Result<String, Unreadable> {
    let bytes = if path == "-" { read_bounded(io::stdin().lock()) } else { read_file(Path::new(path)) };
    let bytes = bytes.map_err(|error| unreadable(path, &error))?;
    if bytes.len() as u64 > LARGEST {
        return Err(Unreadable {
            message: format!("{} is larger than 16 MB", name(path)),
            help: "Split it into files that `use` each other.".to_owned(),
        });
    }
    String::from_utf8(bytes).map_err(|error| not_utf8(path, &error))
}

/// What people call the file.
pub(crate) fn name(path: &str) -> String {
    if path == "-" { "<stdin>".to_owned() } else { path.escape_debug().to_string() }
}

fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let file = fs::File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(ErrorKind::IsADirectory.into());
    }
    read_bounded(file)
}

/// One byte more than is allowed tells that there is more.
fn read_bounded(reader: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(LARGEST + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn unreadable(path: &str, error: &io::Error) -> Unreadable {
    let file = name(path);
    match error.kind() {
        ErrorKind::NotFound => Unreadable { message: format!("there is no file {file}"), help: near_file(path) },
        ErrorKind::IsADirectory => Unreadable {
            message: format!("{file} is a directory"),
            help: format!("Name the file in it, such as {}/main.wf.", file.trim_end_matches('/')),
        },
        ErrorKind::PermissionDenied => Unreadable {
            message: format!("{file} must not be read by this user"),
            help: "Look at its permissions with `ls -l`.".to_owned(),
        },
        _ => {
            Unreadable { message: format!("{file} cannot be read: {error}"), help: "Look whether it is a plain file.".to_owned() }
        }
    }
}

/// The nearest `.wf` file beside the one that is not there.
fn near_file(path: &str) -> String {
    let path = Path::new(path);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Ok(entries) = fs::read_dir(folder) else {
        return format!("There is no folder {} either.", folder.display());
    };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let names: Vec<String> =
        names.filter(|name| Path::new(name).extension().is_some_and(|extension| extension == "wf")).collect();
    let wanted = path.file_name().unwrap_or_default().to_string_lossy();
    match (nearest(&wanted, names.iter().map(String::as_str)), names.as_slice()) {
        (Some(near), _) => format!("Did you mean {}?", folder.join(near).display()),
        (None, [only]) => format!("The only workflow file there is {}.", folder.join(only).display()),
        (None, []) => "There is no workflow file in that folder; name one that ends in `.wf`.".to_owned(),
        (None, _) => "Look at the spelling of its path.".to_owned(),
    }
}

fn not_utf8(path: &str, error: &std::string::FromUtf8Error) -> Unreadable {
    let at = error.utf8_error().valid_up_to();
    let before = error.as_bytes().get(..at).unwrap_or_default();
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    Unreadable {
        message: format!("{} is not UTF-8 text: line {line} holds a byte that fits no character", name(path)),
        help: "Save it as UTF-8; `iconv -t UTF-8` converts it.".to_owned(),
    }
}

/// Writes a source file as a whole: another process sees the old text or the new one, never a part.
///
/// # Errors
/// Where the folder takes no new file.
pub(crate) fn replace(path: &str, text: &str) -> io::Result<()> {
    // A link stays a link: what it leads to is replaced.
    let path = fs::canonicalize(path)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().set_permissions(fs::metadata(&path)?.permissions())?;
    file.persist(&path).map(|_| ()).map_err(|error| error.error)
}
