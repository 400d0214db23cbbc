//! `throttle`: at most one message of a step in a time, over all runs.

use super::http_server::{Server, answer, hold, ok};
use crate::cli::Place;
use crate::cli::resume::{start, until};

fn telling(server: &Server, rest: &str) -> Place {
    Place::with(&format!(
        "workflow main {{\n  step tell: notify \"x\" {{ to: slack(\"{}\"), throttle: 1h, no undo \"x\"{rest} }}\n  output delivered: bool = tell.delivered\n}}\n",
        server.url("/")
    ))
}

fn gives(place: &Place, delivered: bool) {
    let outcome = place.ran(&[]);
    assert_eq!((outcome.code, outcome.stdout), (0, format!("delivered = {delivered}\n")), "{}", outcome.stderr);
}

#[test]
fn a_second_run_leaves_its_message_out() {
    let server = Server::answering(&[&ok("")]);
    let place = telling(&server, "");
    gives(&place, true);
    gives(&place, false);
    assert!(place.wfc(&["logs", "last", "tell"]).stdout.contains("left out: the last message of this step"));
    // It is the same step wherever the run is started from.
    let program = place.path("main.wf").display().to_string();
    std::fs::create_dir(place.path("elsewhere")).expect("a folder");
    let outcome = crate::cli::Outcome::of(
        place.command(&["run", &program]).current_dir(place.path("elsewhere")).output().expect("it starts"),
    );
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "delivered = false\n"), "{}", outcome.stderr);
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn other_files_and_steps_have_their_own() {
    let server = Server::answering(&[&ok("")]);
    let place = telling(&server, "");
    gives(&place, true);
    place.write("other.wf", &place.read("main.wf"));
    assert_eq!(place.wfc(&["run", "other.wf"]).stdout, "delivered = true\n");
    place.write("main.wf", &place.read("main.wf").replace("tell", "warn"));
    gives(&place, true);
    assert_eq!(server.seen().len(), 3);
}

#[test]
fn all_iterations_of_a_loop_are_one_step() {
    let server = Server::answering(&[&ok("")]);
    let place = Place::with(&format!(
        "workflow main {{\n  for each x in [1, 2, 3, 4] parallel {{\n    step tell: notify \"${{x}}\" {{ to: slack(\"{}\"), throttle: 1h, no undo \"x\" }}\n  }}\n}}\n",
        server.url("/")
    ));
    assert_eq!(place.ran(&[]).code, 0);
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn a_message_that_is_not_delivered_counts_for_nothing() {
    let server = Server::answering(&[&answer("500 No", &[], ""), &answer("500 No", &[], ""), &ok("")]);
    let place = telling(&server, ", retry 1 times");
    assert_eq!(place.ran(&[]).code, 1);
    gives(&place, true);
    gives(&place, false);
    assert_eq!(server.seen().len(), 3);
}

#[test]
fn of_runs_at_the_same_time_one_sends() {
    let free = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let waits = std::sync::Arc::clone(&free);
    let server = Server::doing(move |_, connection| {
        while !waits.load(std::sync::atomic::Ordering::Relaxed) {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        let _ = connection.write_all(ok("").as_bytes());
    });
    let place = telling(&server, "");
    let runs: Vec<_> = (0..6).map(|_| start(&place, &[])).collect();
    until("a message", || !server.seen().is_empty());
    free.store(true, std::sync::atomic::Ordering::Relaxed);
    for mut run in runs {
        assert_eq!(run.wait().expect("it ends").code(), Some(0));
    }
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn a_run_that_is_killed_while_it_sends_lets_the_next_one_send() {
    let server = Server::doing(|request, connection| {
        if request.number == 0 {
            return hold(connection);
        }
        let _ = connection.write_all(ok("").as_bytes());
    });
    let place = telling(&server, "");
    let mut run = start(&place, &[]);
    until("the request", || server.seen().len() == 1);
    run.kill().expect("it runs");
    run.wait().expect("it was started here");
    until("the end of the other process", || place.wfc(&["runs"]).stdout.contains("interrupted"));
    let interrupted = place.wfc(&["runs"]).stdout;
    gives(&place, true);
    let id = interrupted
        .lines()
        .find(|line| line.contains("interrupted"))
        .and_then(|line| line.split_whitespace().next())
        .expect("a run")
        .to_owned();
    let outcome = place.wfc(&["resume", &id, "--step", "tell=rerun"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "delivered = false\n"), "{}", outcome.stderr);
    assert_eq!(server.seen().len(), 2);
}
