//! Secrets of `shell` steps, from everywhere and by each way.

use super::{keeps_nothing_of, no_argument_holds};
use crate::cli::resume::until;
use crate::cli::{Outcome, Place};
use std::process::Stdio;

#[test]
fn secrets_from_everywhere_appear_nowhere_but_where_they_were_sent() {
    let place = Place::with(
        r#"workflow main {
  secret from_variable from env "TOKEN"
  secret from_file from file "./token"
  secret from_program from command ["cat", "./other"]
  step it: shell """
    echo ${from_variable}; cat; echo; echo $T; printf %s "$T" | base64 >&2
    touch begun; until [ -e free ]; do sleep 0.01; done; exit 3
    """ { stdin: from_file, env: { T: from_program }, timeout 1m, reads only }
  on failure {
    step told: shell "echo told ${failure.message} ${failure.stderr}" { reads only }
  }
}
"#,
    );
    let canaries = ["canary-5Kx1", "canary-5Kx2", "canary-5Kx3"];
    place.write("token", canaries[1]);
    place.write("other", canaries[2]);
    let mut command = place.command(&["run", "--verbose", "main.wf"]);
    let command = command.env("TOKEN", canaries[0]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let run = command.spawn().expect("the binary starts");
    until("begun", || place.path("begun").exists());
    canaries.iter().for_each(|canary| no_argument_holds(canary));
    until("the output", || place.wfc(&["logs", "last", "it"]).stdout.contains("***"));
    place.write("free", "");
    let outcome = Outcome::of(run.wait_with_output().expect("it ends"));
    // The last character of base64 may depend on what follows, and stays.
    assert_eq!((outcome.code, outcome.stderr.matches("| it: ***").count()), (1, 4), "{}", outcome.stderr);
    let logs = place.wfc(&["logs", "last"]).stdout;
    assert!(logs.contains("told exit code 3"), "{logs}");
    // Of base64 too.
    for form in ["canary-5Kx", "Y2FuYXJ5LTVLe"] {
        assert!(!(outcome.stderr.contains(form) || outcome.stdout.contains(form) || logs.contains(form)), "{outcome:?} {logs}");
        keeps_nothing_of(&place, form);
    }
}
