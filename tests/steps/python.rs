//! `python` runs programs with `python3`.

use super::interpreted::{Language, stories};
use crate::cli::Place;

const PYTHON: Language = Language {
    kind: "python",
    interpreter: "python3",
    ending: "py",
    echo: "import json, os\nwith open(os.environ['WF_OUTPUT'], 'w') as file:\n    json.dump({'texts': texts}, file)",
    wait: "import os, subprocess, time\nopen('number', 'w').write(str(os.getpid()))\nsubprocess.Popen(['sleep', '1000'], start_new_session=True) if not os.path.exists('free') else None\nopen('begun', 'w').close()\nwhile not os.path.exists('free'):\n    time.sleep(0.01)",
    second_time: "import sys\nopen('log', 'a').write('x\\n')\nif len(open('log').readlines()) < 2:\n    sys.exit(7)",
    tell: "import os, sys\nprint(os.environ['TOKEN'], file=sys.stderr); print(os.environ['TOKEN'])\nraise ValueError('bad ' + os.environ['TOKEN'])",
    error: "ValueError",
    print: "print('ran')",
    unreadable: "x = 1\ny = = 2\n",
};

stories! { PYTHON }

#[test]
fn a_traceback_shows_the_lines_of_the_program_alone() {
    let place = Place::with(
        "workflow main {\n  step go: python {\n    code: '''\n      # A comment.\n      def broken(n):\n        return 1 / n\n      try:\n        broken(0)\n      except ZeroDivisionError as error:\n        raise RuntimeError('wrapped') from error\n    '''\n    reads only\n  }\n}\n",
    );
    let outcome = place.ran(&[]);
    assert!(outcome.stderr.contains("exit code 1: RuntimeError: wrapped, line 7 of the code"), "{}", outcome.stderr);
    let shown: Vec<&str> = outcome.stderr.lines().filter_map(|line| line.strip_prefix("       | ")).map(str::trim).collect();
    let expected = [
        "Traceback (most recent call last):",
        "File \"<code>\", line 5, in <module>",
        "broken(0)",
        "File \"<code>\", line 3, in broken",
        "return 1 / n",
        "ZeroDivisionError: division by zero",
        "The above exception was the direct cause of the following exception:",
        "Traceback (most recent call last):",
        "File \"<code>\", line 7, in <module>",
        "raise RuntimeError('wrapped') from error",
        "RuntimeError: wrapped",
    ];
    let shown: Vec<&str> =
        shown.into_iter().filter(|line| !line.is_empty() && !line.trim_matches(['~', '^']).is_empty()).collect();
    let marks = |line: &&str| !line.chars().all(|c| "~^ ".contains(c));
    assert_eq!(shown.into_iter().filter(marks).collect::<Vec<_>>(), expected, "{}", outcome.stderr);
}

#[test]
fn an_error_is_found_in_the_workflows_file() {
    for (code, told, line) in [
        ("'''\n      x = 1\n\n      raise ValueError(x)\n      '''", "ValueError: 1, line 3 of the code (main.wf:5)", 5),
        ("'raise ValueError(1)'", "ValueError: 1, line 1 of the code (main.wf:2)", 2),
        ("\"x = 1\\nraise ValueError(x)\"", "ValueError: 1, line 2 of the code\n", 2),
    ] {
        let place = Place::with(&format!("workflow main {{\n  step go: python {{ code: {code}, reads only }}\n}}\n"));
        let outcome = place.ran(&[]);
        assert!(outcome.stderr.contains(&format!("exit code 1: {told}")), "{}", outcome.stderr);
        let outcome = place.ran(&["--format", "github"]);
        assert!(
            outcome.stderr.contains(&format!("line={line},")) || outcome.stdout.contains(&format!("line={line},")),
            "{outcome:?}"
        );
    }
    let undo = "undo python 'raise ValueError(2)'\n  }\n  step fails: shell \"exit 3\" { reads only }\n  on failure rollback";
    let place = Place::with(&format!("workflow main {{\n  step go: python {{\n    code: 'print(1)'\n    {undo}\n}}\n"));
    let outcome = place.ran(&[]);
    assert!(outcome.code == 4 && outcome.stderr.contains("ValueError: 2, line 1 of the code (main.wf:4)"), "{}", outcome.stderr);
}

#[test]
fn values_and_programs_may_use_any_name() {
    let place = Place::with(
        "workflow main {\n  step go: python {\n    code: '''\n      assert (open, len, str, sys, start, main, json, name, source) == (1, 2, 3, 4, 5, 6, 7, 8, 9), 'values'\n      import pickle, sys\n      class Thing: pass\n      assert type(pickle.loads(pickle.dumps(Thing()))) is Thing and sys.modules['__main__'].Thing is Thing\n      assert __name__ == '__main__' and '__file__' not in globals(), globals()\n      isinstance = print = Exception = None\n      raise ValueError('as told')\n    '''\n    inputs: { open: 1, len: 2, str: 3, sys: 4, start: 5, main: 6, json: 7, name: 8, source: 9 }\n    reads only\n  }\n}\n",
    );
    let outcome = place.ran(&[]);
    assert!(outcome.stderr.contains("exit code 1: ValueError: as told, line 7 of the code"), "{}", outcome.stderr);
}

#[test]
fn modules_beside_the_workflow_are_found_and_stand_in_for_none_that_it_needs_itself() {
    let place = Place::with(
        "workflow main {\n  step a: python 'import mine; print(mine.x)' -> int { inputs: { n: 1 }, reads only }\n  step b: python \"./lib/tool.py\" -> int { reads only }\n  output a_x: int = a\n  output b_x: int = b\n}\n",
    );
    place.write(
        "main.wf",
        &place.read("main.wf").replace("python \"./lib/tool.py\" -> int {", "python -> int { file: \"./lib/tool.py\","),
    );
    place.write("mine.py", "x = 1\n");
    place.write("json.py", "raise RuntimeError('not this one')\n");
    place.write("lib/tool.py", "import mine, sys\nif __name__ == '__main__' and sys.argv == [__file__]:\n    print(mine.x)\n");
    place.write("lib/mine.py", "x = 2\n");
    let outcome = place.ran(&[]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "a_x = 1\nb_x = 2\n"), "{}", outcome.stderr);
}
