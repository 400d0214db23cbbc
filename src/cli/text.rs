//! Reading and writing source files.

use std::fs;
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
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

/// What a file is read as, for the advice where it cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    /// A source text.
    Workflow,
    /// The parameters of a run.
    Parameters,
    /// The value of one parameter.
    Plain,
}

impl Sort {
    /// What a file of this sort is called in advice.
    const fn noun(self) -> &'static str {
        match self {
            Self::Workflow => "workflow file",
            Self::Parameters => "JSON file",
            Self::Plain => "file",
        }
    }

    /// How the names of such files end.
    const fn extension(self) -> Option<&'static str> {
        match self {
            Self::Workflow => Some("wf"),
            Self::Parameters => Some("json"),
            Self::Plain => None,
        }
    }
}

/// Reads a source text; `-` is stdin.
pub(crate) fn read(path: &str) -> Result<String, Unreadable> {
    read_as(path, Sort::Workflow)
}

/// Reads a text; `-` is stdin.
pub(crate) fn read_as(path: &str, sort: Sort) -> Result<String, Unreadable> {
    let bytes = if path == "-" { read_bounded(io::stdin().lock()) } else { read_file(Path::new(path)) };
    let bytes = bytes.map_err(|error| unreadable(path, &error, sort))?;
    if bytes.len() as u64 > LARGEST {
        let help = match sort {
            Sort::Workflow => "Split it into files that `use` each other.",
            Sort::Parameters | Sort::Plain => "Give the path of the file as a parameter, and let a step read it.",
        };
        return Err(Unreadable { message: format!("{} is larger than 16 MB", name(path)), help: help.to_owned() });
    }
    String::from_utf8(bytes).map_err(|error| not_utf8(path, &error))
}

/// What people call the file.
pub(crate) fn name(path: &str) -> String {
    match path {
        "-" => "<stdin>".to_owned(),
        "" => "with an empty name".to_owned(),
        _ => path.escape_debug().to_string(),
    }
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

fn unreadable(path: &str, error: &io::Error, sort: Sort) -> Unreadable {
    let file = name(path);
    match error.kind() {
        ErrorKind::NotFound => Unreadable { message: format!("there is no file {file}"), help: near_file(path, sort) },
        ErrorKind::IsADirectory => {
            Unreadable { message: format!("{file} is a directory"), help: in_folder(Path::new(path), sort) }
        }
        ErrorKind::PermissionDenied => Unreadable {
            message: format!("{file} must not be read by this user"),
            help: "Look at its permissions with `ls -l`.".to_owned(),
        },
        _ => {
            Unreadable { message: format!("{file} cannot be read: {error}"), help: "Look whether it is a plain file.".to_owned() }
        }
    }
}

/// At most so many files are named in advice.
const MOST_NAMED: usize = 5;

/// The files of a sort in a folder, by name; `None` where it cannot be listed.
fn files_in(folder: &Path, sort: Sort) -> Option<Vec<String>> {
    let entries = fs::read_dir(folder).ok()?;
    let is_file = |entry: &fs::DirEntry| fs::metadata(entry.path()).is_ok_and(|found| !found.is_dir());
    let names = entries.filter_map(|entry| entry.ok().filter(is_file)?.file_name().into_string().ok());
    let fits =
        |name: &String| sort.extension().is_none_or(|wanted| Path::new(name).extension().is_some_and(|have| have == wanted));
    let mut names: Vec<String> = names.filter(fits).collect();
    names.sort_unstable();
    Some(names)
}

/// What to do where a folder was named.
fn in_folder(folder: &Path, sort: Sort) -> String {
    let noun = sort.noun();
    let names = files_in(folder, sort).unwrap_or_default();
    let shown: Vec<String> = names.iter().take(MOST_NAMED).map(|name| shown(folder, name)).collect();
    let more = names.len() - shown.len();
    match shown.as_slice() {
        [] => format!("There is no {noun} in it; name a {noun}."),
        [only] => format!("The only {noun} in it is {only}."),
        _ if more > 0 => format!("Name one of its {noun}s: {}, and {more} more.", shown.join(", ")),
        _ => format!("Name one of its {noun}s: {}.", shown.join(", ")),
    }
}

fn shown(folder: &Path, name: &str) -> String {
    let path = if folder == Path::new(".") { PathBuf::from(name) } else { folder.join(name) };
    path.display().to_string().escape_debug().to_string()
}

/// The nearest file beside the one that is not there.
fn near_file(path: &str, sort: Sort) -> String {
    if std::env::current_dir().is_err() {
        return "The current directory was removed; go to another one.".to_owned();
    }
    let path = Path::new(path);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let noun = sort.noun();
    let Some(names) = files_in(folder, sort) else {
        return format!("There is no folder {} either.", folder.display().to_string().escape_debug());
    };
    let wanted = path.file_name().unwrap_or_default().to_string_lossy();
    match (nearest(&wanted, names.iter().map(String::as_str)), names.as_slice()) {
        (Some(near), _) => format!("Did you mean {}?", shown(folder, near)),
        (None, [only]) => format!("The only {noun} there is {}.", shown(folder, only)),
        (None, []) if sort == Sort::Workflow => {
            "There is no workflow file in that folder; name one that ends in `.wf`.".to_owned()
        }
        (None, []) => format!("There is no {noun} in that folder."),
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
/// A text as a shell takes it for one word, whatever it holds.
pub(crate) fn quote(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-:".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}
