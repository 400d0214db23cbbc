//! What `wfc run` tells of the time that it still takes, and of steps that take far longer than they used to.

use super::Place;
use super::terminal::Terminal;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

const TEXT: &str = "workflow main {
  each: for each n in [1] {
    step mid: shell \"until [ -e free ]; do sleep 0.02; done\" { reads only, timeout 5m }
  }
  step new: shell \"true\" when glob(\"busy\") != [] { reads only }
}
";

/// Three runs in which nothing waits; the next one does.
fn remembers(place: &Place) {
    place.write("free", "");
    for _ in 0..3 {
        let outcome = place.ran(&[]);
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    }
    std::fs::remove_file(place.path("free")).expect("it is there");
    place.write("busy", "");
}

/// Starts a run whose stderr is read.
fn started(place: &Place, format: &str) -> Child {
    let mut command = place.command(&["run", "main.wf", "--format", format]);
    command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the binary starts")
}

/// The first line that begins with a text.
fn line(run: &mut Child, beginning: &str) -> String {
    let lines = BufReader::new(run.stderr.as_mut().expect("a pipe")).lines();
    let mut lines = lines.map(|line| line.expect("stderr is UTF-8"));
    lines.find(|line| line.starts_with(beginning)).unwrap_or_else(|| panic!("no line begins with {beginning:?}"))
}

#[test]
fn a_run_shows_how_long_it_takes_and_which_step_is_slow() {
    let mut terminal = Terminal::with(TEXT);
    remembers(&terminal.place);
    let mut runs = ["human", "github"].map(|format| started(&terminal.place, format));
    terminal.types("\"$WFC\" run main.wf\n");
    terminal.sees("running  each.mid[0] (");
    terminal.sees("left     ");
    let left = terminal.sees("\r\n");
    assert!(left.starts_with("P50 ") && left.ends_with("s (1 of 2 steps guessed)"), "{left}");
    terminal.sees("slow     each.mid[0] runs for 1");
    let slow = terminal.sees("\r\n");
    assert!(slow.contains("s already; in 3 earlier runs P50 ") && slow.contains("s, P90 "), "{slow}");
    let [human, github] = &mut runs;
    let (slow, warning) = (line(human, "slow "), line(github, "::warning "));
    assert!(slow.starts_with("slow     each.mid[0] runs for 1"), "{slow}");
    assert!(warning.starts_with("::warning file=main.wf,line=3,title=slow step::each.mid[0] runs for 1"), "{warning}");
    terminal.place.write("free", "");
    terminal.sees("succeeded in");
    for mut run in runs {
        // Whoever reads no more misses nothing that counts.
        drop(run.stderr.take());
        assert_eq!(run.wait().expect("it was started here").code(), Some(0));
    }
    terminal.ended();
}
