//! The paths that a pattern of `glob` fits.
//!
//! Alternatives in braces are written out, and each pattern is followed name by name, so that only folders are listed which it can
//! lead into. The syntax is that of `globset`, which also checks patterns before anything runs.

use super::name_pattern::NamePattern;
use std::collections::{BTreeSet, HashSet};
use std::fs::DirEntry;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Braces nest no deeper: `globset` goes into itself for each. The checker says so too.
const DEEPEST: usize = 16;

/// How many patterns the braces of one may stand for.
const MOST_ALTERNATIVES: usize = 1_000;

/// How many entries of folders are looked at for one pattern.
const MOST_ENTRIES: usize = 2_000_000;

/// The paths that a pattern fits, sorted; relative to `folder` where the pattern is relative.
///
/// A name that begins with a dot fits only where the pattern writes that dot. `**` stands for any number of folders and goes
/// through no links.
///
/// # Errors
/// Says why the pattern does not parse, or a folder on its way cannot be read.
pub fn fitting(folder: &Path, pattern: &str) -> Result<BTreeSet<String>, String> {
    let unread = |problem: &str| format!("pattern `{pattern}` does not parse: {problem}");
    if depth(pattern) > DEEPEST {
        return Err(unread(&format!("braces nest deeper than {DEEPEST} levels")));
    }
    globset::Glob::new(pattern).map_err(|error| unread(&error.kind().to_string()))?;
    let mut walk = Walk { folder, found: BTreeSet::new(), left: MOST_ENTRIES };
    for pattern in alternatives(pattern).map_err(|problem| unread(&problem))? {
        walk.follow(&Route::of(&pattern))?;
    }
    Ok(walk.found)
}

/// How deep braces nest.
fn depth(pattern: &str) -> usize {
    let mut depth = 0_usize;
    let mut deepest = 0;
    for (_, mark) in marks(pattern) {
        match mark {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// The characters that mean something, with their places: neither escaped nor inside of `[…]`.
fn marks(pattern: &str) -> Vec<(usize, char)> {
    let mut marks = Vec::new();
    let mut characters = pattern.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => drop(characters.next()),
            '[' => {
                marks.push((at, character));
                characters.next_if(|(_, next)| matches!(next, '!' | '^'));
                // As the first of a class it stands for itself.
                characters.next_if(|(_, next)| *next == ']');
                characters.by_ref().find(|(_, next)| *next == ']');
            }
            '{' | '}' | ',' | '/' | '*' | '?' => marks.push((at, character)),
            _ => {}
        }
    }
    marks
}

/// The patterns without braces that a pattern stands for.
fn alternatives(pattern: &str) -> Result<Vec<String>, String> {
    let mut plain = Vec::new();
    let mut open = vec![pattern.to_owned()];
    while let Some(pattern) = open.pop() {
        match written_out(&pattern) {
            Some(patterns) => open.extend(patterns),
            None => plain.push(pattern),
        }
        if plain.len() + open.len() > MOST_ALTERNATIVES {
            return Err(format!("its braces stand for more than {MOST_ALTERNATIVES} patterns"));
        }
    }
    Ok(plain)
}

/// The patterns that the first braces stand for; `None` where there are none.
fn written_out(pattern: &str) -> Option<Vec<String>> {
    let marks: Vec<(usize, char)> = marks(pattern).into_iter().skip_while(|(_, mark)| *mark != '{').collect();
    let (begin, _) = *marks.first()?;
    let mut depth = 0_usize;
    let mut ends = Vec::new();
    for (at, mark) in marks {
        match mark {
            '{' => depth += 1,
            '}' if depth == 1 => {
                ends.push(at);
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 1 => ends.push(at),
            _ => {}
        }
    }
    let (before, after) = (pattern.get(..begin)?, pattern.get(ends.last()? + 1..)?);
    let begins = std::iter::once(begin).chain(ends.iter().copied());
    let chosen = begins.zip(&ends).filter_map(|(begin, end)| pattern.get(begin + 1..*end));
    Some(chosen.map(|chosen| format!("{before}{chosen}{after}")).collect())
}

/// A pattern name by name.
struct Route {
    absolute: bool,
    parts: Vec<Part>,
    /// Whether it ends in a slash, so that only folders fit.
    folders: bool,
}

enum Part {
    /// `**`
    Folders,
    /// A name that is written out.
    Name(String),
    Pattern {
        name: NamePattern,
        /// Whether it writes the dot of a hidden name.
        hidden: bool,
    },
}

impl Route {
    fn of(pattern: &str) -> Self {
        let slashes = marks(pattern).into_iter().filter(|(_, mark)| *mark == '/').map(|(at, _)| at);
        let mut parts: Vec<Part> = Vec::new();
        let mut begin = 0;
        for end in slashes.chain([pattern.len()]) {
            let name = pattern.get(begin..end).unwrap_or_default();
            begin = end + 1;
            // Of several in a row one says it all.
            let again = name == "**" && matches!(parts.last(), Some(Part::Folders));
            if !again && !matches!(name, "" | ".") {
                parts.push(Part::of(name));
            }
        }
        Self { absolute: pattern.starts_with('/'), parts, folders: pattern.ends_with('/') }
    }
}

impl Part {
    fn of(name: &str) -> Self {
        if name == "**" {
            return Self::Folders;
        }
        if !marks(name).iter().any(|(_, mark)| matches!(mark, '*' | '?' | '[')) {
            return Self::Name(unescaped(name));
        }
        let hidden = name.starts_with('.') || name.starts_with("\\.");
        Self::Pattern { name: NamePattern::new(name), hidden }
    }
}

fn unescaped(name: &str) -> String {
    let mut characters = name.chars();
    let mut text = String::with_capacity(name.len());
    while let Some(character) = characters.next() {
        text.extend(if character == '\\' { characters.next() } else { Some(character) });
    }
    text
}

struct Walk<'a> {
    folder: &'a Path,
    found: BTreeSet<String>,
    /// How many entries may still be looked at.
    left: usize,
}

impl Walk<'_> {
    fn follow(&mut self, route: &Route) -> Result<(), String> {
        let begin = if route.absolute { PathBuf::from("/") } else { PathBuf::new() };
        let mut seen: HashSet<(PathBuf, usize)> = HashSet::new();
        let mut open = vec![(begin, 0)];
        while let Some((path, at)) = open.pop() {
            if !seen.insert((path.clone(), at)) {
                continue;
            }
            match route.parts.get(at) {
                None => self.keep(&path, route.folders)?,
                Some(part) => self.step(path, part, at, route.parts.len(), &mut open)?,
            }
        }
        Ok(())
    }

    fn keep(&mut self, path: &Path, folders: bool) -> Result<(), String> {
        if !path.as_os_str().is_empty() && (!folders || self.folder.join(path).is_dir()) {
            let text = path.to_str().ok_or_else(|| format!("path `{}` is not UTF-8", path.display()))?;
            self.found.insert(text.to_owned());
        }
        Ok(())
    }

    /// Goes from a path to all that one part of the pattern leads to.
    fn step(
        &mut self,
        path: PathBuf,
        part: &Part,
        at: usize,
        end: usize,
        open: &mut Vec<(PathBuf, usize)>,
    ) -> Result<(), String> {
        let last = at + 1 == end;
        match part {
            Part::Name(name) => {
                let path = path.join(name);
                if std::fs::symlink_metadata(self.folder.join(&path)).is_ok() {
                    open.push((path, at + 1));
                }
            }
            Part::Pattern { name: pattern, hidden } => {
                for entry in self.entries(&path)? {
                    let name = entry.file_name();
                    if (*hidden || !is_hidden(&entry)) && pattern.fits(&name.to_string_lossy()) && (last || entry.path().is_dir())
                    {
                        open.push((path.join(name), at + 1));
                    }
                }
            }
            Part::Folders => {
                for entry in self.entries(&path)?.into_iter().filter(|entry| !is_hidden(entry)) {
                    let inner = path.join(entry.file_name());
                    if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                        open.push((inner.clone(), at));
                    }
                    if last {
                        open.push((inner, end));
                    }
                }
                if !last {
                    open.push((path, at + 1));
                }
            }
        }
        Ok(())
    }

    /// What stands in a folder; nothing where there is none.
    fn entries(&mut self, path: &Path) -> Result<Vec<DirEntry>, String> {
        let full = self.folder.join(path);
        let unreadable = |error: std::io::Error| format!("`{}` cannot be read: {error}", full.display());
        let entries = match std::fs::read_dir(&full) {
            Ok(entries) => entries,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(Vec::new()),
            Err(error) => return Err(unreadable(error)),
        };
        let mut found = Vec::new();
        for entry in entries {
            self.left = self
                .left
                .checked_sub(1)
                .ok_or_else(|| format!("more than {MOST_ENTRIES} entries of folders stand in the way of the pattern"))?;
            found.push(entry.map_err(unreadable)?);
        }
        Ok(found)
    }
}

fn is_hidden(entry: &DirEntry) -> bool {
    entry.file_name().as_encoded_bytes().starts_with(b".")
}

#[cfg(test)]
mod tests {
    use super::fitting;
    use std::path::Path;

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::Builder::new().prefix("a[b]{c}").tempdir().unwrap();
        for name in ["a.csv", "b.txt", "c.csv", "x/a.csv", "x/y/b.csv", "x/y/z/a.csv", ".h/a.csv", ".h.csv", "[z]*.csv", "é.csv"]
        {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        folder
    }

    fn found(folder: &Path, pattern: &str) -> Vec<String> {
        fitting(folder, pattern).unwrap().into_iter().collect()
    }

    #[test]
    fn patterns_mean_what_the_checker_takes_them_for() {
        let folder = folder();
        for (pattern, expected) in [
            ("{a,b}.{csv,txt}", &["a.csv", "b.txt"][..]),
            ("{x/{a,y/b},c}.csv", &["c.csv", "x/a.csv", "x/y/b.csv"]),
            ("a{,.bak}.csv", &["a.csv"]),
            ("{.h,x}/a.csv", &[".h/a.csv", "x/a.csv"]),
            ("{.,}h.csv", &[".h.csv"]),
            ("[ab].*", &["a.csv", "b.txt"]),
            ("[!ac].csv", &["é.csv"]),
            ("?.csv", &["a.csv", "c.csv", "é.csv"]),
            ("\\[z\\]\\*.csv", &["[z]*.csv"]),
            ("[[]z]*", &["[z]*.csv"]),
            ("**/a.csv", &["a.csv", "x/a.csv", "x/y/z/a.csv"]),
            ("**/**/y/**/*.csv", &["x/y/b.csv", "x/y/z/a.csv"]),
            ("x/y/**", &["x/y/b.csv", "x/y/z", "x/y/z/a.csv"]),
            ("*/", &["x"]),
            ("./x/../b.*", &["x/../b.txt"]),
            (".*", &[".h", ".h.csv"]),
            ("a.csv/*", &[]),
            ("none/**/x", &[]),
            ("", &[]),
        ] {
            assert_eq!(found(folder.path(), pattern), expected, "{pattern}");
        }
        let absolute = format!("{}/x/*.csv", globset::escape(folder.path().to_str().unwrap()));
        assert_eq!(found(Path::new("/"), &absolute), [folder.path().join("x/a.csv").to_str().unwrap()]);
    }

    #[test]
    fn links_that_lead_back_end_nowhere() {
        let folder = folder();
        std::os::unix::fs::symlink("..", folder.path().join("x/up")).unwrap();
        assert_eq!(found(folder.path(), "**/a.csv"), ["a.csv", "x/a.csv", "x/y/z/a.csv"]);
        assert_eq!(found(folder.path(), "x/up/*.txt"), ["x/up/b.txt"]);
    }

    #[test]
    fn what_is_no_pattern_is_told() {
        let problem = |pattern: &str| fitting(Path::new("/"), pattern).unwrap_err();
        assert!(problem("[a").contains("does not parse"));
        assert!(problem("{a").contains("does not parse"));
        assert!(problem(&("{".repeat(17) + &"}".repeat(17))).ends_with("braces nest deeper than 16 levels"));
        assert!(problem(&"{".repeat(100_000)).contains("braces nest deeper"));
        assert!(problem(&"{a,b}".repeat(11)).ends_with("its braces stand for more than 1000 patterns"));
    }
}
