//! `wfc run` where something of the machine is missing or scarce.

use super::{Outcome, Place};

const SAY: &str =
    "workflow main {\n  step say: shell \"echo hi\" -> string { reads only, timeout 10s }\n  output o: string = say\n}\n";

/// Runs a shell line in which `$WFC` is the binary.
fn shell(place: &Place, line: &str) -> Outcome {
    let mut command = std::process::Command::new("/bin/sh");
    command.args(["-c", line]).current_dir(place.path(".")).env_clear().env("WFC", env!("CARGO_BIN_EXE_wfc"));
    command
        .env("XDG_STATE_HOME", place.path("state"))
        .env("PATH", "/usr/bin:/bin")
        .env("LC_ALL", "C.UTF-8")
        .stdin(std::process::Stdio::null());
    Outcome::of(command.output().expect("a shell"))
}

#[test]
fn few_open_files_mean_fewer_steps_at_a_time() {
    let place = Place::with(
        "workflow main {\n  for each i in 1..20 parallel {\n    step a: shell \"true\" { reads only, timeout 20s }\n  }\n  output o: int = 1\n}\n",
    );
    let outcome = shell(&place, "ulimit -n 64; $WFC run main.wf --jobs 500");
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "o = 1\n"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("note: 3 steps run at a time, because 64 files may be open"), "{}", outcome.stderr);
    let outcome = shell(&place, "ulimit -S -n 64; $WFC run main.wf --jobs 30");
    assert!(outcome.code == 0 && !outcome.stderr.contains("note:"), "{}", outcome.stderr);
}

#[test]
fn a_store_that_cannot_be_made_is_told_with_its_place() {
    let place = Place::with(SAY);
    let outcome = shell(&place, "WFC_STORE=/proc/nonexistent $WFC run main.wf");
    assert_eq!((outcome.code, outcome.stdout.as_str()), (74, ""), "{}", outcome.stderr);
    for part in ["/proc/nonexistent", "another folder in WFC_STORE", "Nothing was started"] {
        assert!(outcome.stderr.contains(part), "{part}: {}", outcome.stderr);
    }
    let outcome = shell(&place, "WFC_STORE=/proc/nonexistent $WFC run main.wf --dry-run");
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
}

#[test]
fn neither_home_nor_path_nor_streams_are_needed() {
    let place = Place::with(SAY);
    for line in [
        "env -i WFC_STORE=here $WFC run main.wf",
        "PATH= $WFC run main.wf",
        "$WFC run main.wf 2>&-",
        "$WFC run main.wf <&-",
        "$WFC run main.wf 2>/dev/full",
    ] {
        let outcome = shell(&place, line);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "o = hi\n"), "{line}: {}", outcome.stderr);
    }
    assert_eq!(shell(&place, "$WFC run main.wf >&-").code, 0);
}

#[test]
fn a_current_directory_that_was_removed_is_told() {
    let line = "mkdir gone; cd gone; rmdir ../gone; $WFC run ../main.wf";
    let outcome = shell(&Place::with(SAY), line);
    assert_eq!(outcome.code, 2, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("The current directory was removed"), "{}", outcome.stderr);
}

#[test]
fn json_of_a_run_nests_to_a_bound() {
    let deep = "head -c 100000 /dev/zero | tr '\\\\0' '['";
    for (body, message) in [
        (
            format!("step a: shell \"{deep}\" -> json {{ reads only, timeout 20s }}"),
            "found JSON that nests deeper than 127 levels",
        ),
        (
            format!(
                "step a: shell \"{{ printf '{{\\\"value\\\":'; {deep}; }} > $WF_OUTPUT\" -> json {{ reads only, timeout 20s }}"
            ),
            "found JSON that nests deeper than 127 levels",
        ),
        (
            format!("step a: shell \"{deep}\" {{ reads only, timeout 20s }}\n  output o: json = a.stdout.parse_json()"),
            "JSON nests deeper than 127 levels",
        ),
    ] {
        let outcome = shell(&Place::with(&format!("workflow main {{\n  {body}\n}}\n")), "$WFC run main.wf");
        assert_eq!(outcome.code, 1, "{}", outcome.stderr);
        assert!(outcome.stderr.contains(message), "{message}: {}", outcome.stderr);
    }
    let most = "head -c 127 /dev/zero | tr '\\\\0' '['; head -c 127 /dev/zero | tr '\\\\0' ']'";
    let text = format!(
        "workflow main {{\n  step a: shell \"{most}\" -> json {{ reads only, timeout 20s }}\n  output same: bool = [[a]] == [[a]]\n  output o: json = [[a]]\n}}\n"
    );
    let outcome = shell(&Place::with(&text), "$WFC run main.wf");
    assert!(outcome.stdout.starts_with("same = true\no = [[["), "{}", outcome.stderr);
}

#[test]
fn patterns_of_paths_take_braces() {
    let place = Place::with("workflow main {\n  output o: string = glob(\"{a,d/{b,c}}*.txt\").join(\" \")\n}\n");
    for name in ["a1.txt", "d/b.txt", "d/c.txt", "d/d.txt", ".a.txt"] {
        place.write(name, "");
    }
    let outcome = shell(&place, "$WFC run main.wf");
    assert!(outcome.stdout.ends_with("a1.txt d/b.txt d/c.txt\n"), "{outcome:?}");
}

#[test]
fn the_example_of_every_kind_checks_without_a_word() {
    for kind in wf_steps::registry().iter() {
        let outcome = shell(&Place::with(kind.example), "$WFC check main.wf");
        assert_eq!((outcome.code, outcome.stdout.as_str(), outcome.stderr.as_str()), (0, "", ""), "{}", kind.name);
    }
}
