//! The commands that give a file back, for people who do it by hand.

use super::kept::{Kept, Record};
use super::problem::Problem;
use super::state::State;
use std::path::{Path, PathBuf};

/// The commands that undo what a step did which kept what undoes it in `kept`, each as a program and its arguments; none where the
/// step changed nothing.
///
/// # Errors
/// Why what was kept cannot be read.
pub fn restoring(kept: &Path) -> Result<Vec<Vec<PathBuf>>, String> {
    let record = Kept::at(kept).record().map_err(|problem| match problem {
        Problem::Kept(error) => error.to_string(),
        _ => "it was kept by another version".to_owned(),
    })?;
    Ok(record.map(|record| commands(&record, &Kept::at(kept).content_path())).unwrap_or_default())
}

fn commands(record: &Record, content: &Path) -> Vec<Vec<PathBuf>> {
    let Record { path, owner, .. } = record;
    let command = |words: &[&str], paths: &[&Path]| {
        words.iter().map(PathBuf::from).chain(paths.iter().map(|path| (*path).to_owned())).collect::<Vec<_>>()
    };
    match &record.former {
        State::Missing => vec![command(&["rm", "-f", "--"], &[path])],
        State::Link(target) => vec![command(&["ln", "-s", "--"], &[target, path])],
        State::File { mode, digest } => {
            let mode = format!("{mode:04o}");
            let copy = digest.is_some().then(|| command(&["cp", "--"], &[content, path]));
            let is_new = record.made == State::Missing;
            let owner =
                owner.filter(|_| is_new).map(|(user, group)| command(&["chown", &format!("{user}:{group}"), "--"], &[path]));
            copy.into_iter().chain(owner).chain([command(&["chmod", &mode, "--"], &[path])]).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{commands, restoring};
    use crate::file::kept::Record;
    use crate::file::state::State;
    use std::path::{Path, PathBuf};

    fn said(former: State, made: State) -> Vec<String> {
        let record = Record { path: "/a b".into(), temporary: "/t".into(), former, owner: Some((7, 8)), made };
        let line = |words: Vec<PathBuf>| words.iter().map(|word| word.display().to_string()).collect::<Vec<_>>().join("|");
        commands(&record, Path::new("/kept/content")).into_iter().map(line).collect()
    }

    #[test]
    fn every_former_state_has_its_commands() {
        let file = |mode, digest: Option<&str>| State::File { mode, digest: digest.map(str::to_owned) };
        assert_eq!(said(State::Missing, file(0o644, Some("x"))), ["rm|-f|--|/a b"]);
        assert_eq!(said(State::Link("b".into()), State::Missing), ["ln|-s|--|b|/a b"]);
        assert_eq!(said(file(0o600, None), file(0o644, None)), ["chmod|0600|--|/a b"]);
        assert_eq!(said(file(0o4755, Some("y")), file(0o644, Some("x"))), ["cp|--|/kept/content|/a b", "chmod|4755|--|/a b"]);
        let again = said(file(0o644, Some("y")), State::Missing);
        assert_eq!(again, ["cp|--|/kept/content|/a b", "chown|7:8|--|/a b", "chmod|0644|--|/a b"]);
    }

    #[test]
    fn nothing_is_undone_where_nothing_was_kept() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(restoring(&folder.path().join("none")), Ok(Vec::new()));
        std::fs::write(folder.path().join("record.json"), "{").unwrap();
        assert!(restoring(folder.path()).is_err());
    }
}
