//! Programs that read an argument or their standard input as code, and how a value is passed to them instead.

use foldhash::HashMap;
use std::sync::LazyLock;

/// A program that reads code.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Interpreter {
    /// How it is called, without a version at the end.
    pub(super) names: &'static [&'static str],
    /// How a value reaches it as data: `{name}` is the value's name, `{value}` the interpolation.
    pub(super) help: &'static str,
    /// Short options, one letter each, with code behind them.
    pub(super) code_letters: &'static str,
    /// Whether the code may follow the letter in the same word.
    pub(super) attached: bool,
    /// Long options with code behind them, after `=` or as the next word.
    pub(super) code_options: &'static [&'static str],
    /// Options with one data word behind them.
    pub(super) valued: &'static [&'static str],
    /// Options with two data words behind them.
    pub(super) valued_twice: &'static [&'static str],
    /// Options that name a file or module with the program, so that no operand is code.
    pub(super) file_options: &'static [&'static str],
    /// The first operand that is code where no option gave any.
    pub(super) operand: Option<usize>,
    /// Whether all operands behind that one are code as well.
    pub(super) rest: bool,
    /// Whether options may follow operands.
    pub(super) permutes: bool,
    /// Whether the first operand is a file with the program.
    pub(super) script: bool,
    /// Whether it reads a program from its standard input where arguments give none.
    pub(super) input: bool,
    /// Short options, one letter each, with which it reads a program from its standard input whatever its arguments are.
    pub(super) input_letters: &'static str,
}

const NONE: Interpreter = Interpreter {
    names: &[],
    help: "",
    code_letters: "",
    attached: false,
    code_options: &[],
    valued: &[],
    valued_twice: &[],
    file_options: &[],
    operand: None,
    rest: false,
    permutes: false,
    script: false,
    input: false,
    input_letters: "",
};

/// `.` of the shell.
pub(super) static SOURCE: Interpreter = Interpreter {
    names: &["source"],
    help: "Set a variable, `{name}={value}`, and let the file that is read name it.",
    script: true,
    ..NONE
};

/// bash, where it expands what a variable such as `PS4` holds.
pub(super) static EXPANDED_VARIABLE: Interpreter = Interpreter {
    names: &["bash"],
    help: "Set a variable of another name, `{name}={value}`, and name it in single quotes: `PS4='… ${name} … '`.",
    ..NONE
};

/// Shell builtins that read all their operands as code.
const EVALUATES: Interpreter = Interpreter { operand: Some(0), rest: true, ..NONE };

/// Languages with an option for code, whose further arguments the program sees.
const LANGUAGE: Interpreter = Interpreter { code_letters: "e", attached: true, script: true, input: true, ..NONE };

static INTERPRETERS: &[Interpreter] = &[
    Interpreter {
        names: &["eval"],
        help: "Set a variable first, `{name}={value}`, and let the text name it: `eval '… \"${name}\" …'`.",
        ..EVALUATES
    },
    Interpreter {
        names: &["trap"],
        help: "Set a variable first, `{name}={value}`, and let the text name it: `trap '… \"${name}\" …' EXIT`.",
        operand: Some(0),
        ..NONE
    },
    Interpreter {
        names: &["compgen", "complete"],
        help: "Bash expands the words of `-W` and runs what `-C` names; write a loop over `{value}`.",
        ..EVALUATES
    },
    Interpreter { names: &["alias"], help: "Write a function: `name() { command {value} \"$@\"; }`.", ..EVALUATES },
    Interpreter { names: &["let"], help: "Compute it in the interpolation, such as `${count + 1}`.", ..EVALUATES },
    Interpreter {
        names: &["sh", "bash", "dash", "ash", "zsh", "ksh", "mksh"],
        help: "Pass it as an argument: `sh -c '… \"$1\" …' sh {value}`.",
        code_letters: "c",
        valued: &["-o", "+o", "-O", "+O", "--rcfile", "--init-file"],
        script: true,
        input: true,
        input_letters: "s",
        ..NONE
    },
    Interpreter {
        names: &["fish", "pwsh", "powershell", "nu", "elvish", "xonsh", "tcsh", "csh", "rc"],
        help: "Set it as a variable of the step, `env: { NAME: {name} }`, and let the text read that variable.",
        code_letters: "c",
        code_options: &["-Command", "-command", "--commands", "--command"],
        script: true,
        input: true,
        ..NONE
    },
    Interpreter {
        names: &["su", "runuser", "script", "flock"],
        help: "Pass it as an argument of a shell of its own: `… sh -c '… \"$1\" …' sh {value}`, or set `env: { NAME: {name} }`.",
        code_letters: "c",
        attached: true,
        code_options: &["--command", "--session-command"],
        valued: &["-s", "-g", "-G", "-u", "-w", "-E", "--shell", "--group", "--user", "--timeout"],
        permutes: true,
        ..NONE
    },
    Interpreter {
        names: &["ssh"],
        help: "Send it on the standard input: `printf %s {value} | ssh HOST '{name}=$(cat); … \"${name}\" …'`.",
        code_options: &[],
        valued: &[
            "-B", "-b", "-c", "-D", "-E", "-e", "-F", "-I", "-i", "-J", "-L", "-l", "-m", "-O", "-o", "-p", "-Q", "-R", "-S",
            "-W", "-w",
        ],
        operand: Some(1),
        rest: true,
        input: true,
        ..NONE
    },
    Interpreter {
        names: &["at", "batch"],
        help: "Pass it as a variable: `export {name}={value}` before, and let the text name it.",
        operand: None,
        input: true,
        valued: &["-q", "-f", "-t"],
        permutes: true,
        ..NONE
    },
    Interpreter {
        names: &["watch", "parallel", "entr"],
        help: "Pass it as an argument of a shell: `sh -c '… \"$1\" …' sh {value}`, or write a loop.",
        valued: &["-n", "--interval", "-j", "--jobs"],
        operand: Some(0),
        rest: true,
        ..NONE
    },
    Interpreter {
        names: &["awk", "gawk", "mawk", "nawk", "original-awk"],
        help: "Pass it as a variable: `awk -v {name}={value} '… {name} …'`.",
        code_letters: "e",
        attached: true,
        code_options: &["--source"],
        valued: &["-v", "-F", "--assign", "--field-separator", "-i", "-l"],
        file_options: &["-f", "--file", "-E", "--exec"],
        operand: Some(0),
        ..NONE
    },
    Interpreter {
        names: &["sed", "gsed"],
        help: "`sed` knows no variables; use `awk -v {name}={value} '… {name} …'`.",
        code_letters: "e",
        attached: true,
        code_options: &["--expression"],
        valued: &["-l", "--line-length"],
        file_options: &["-f", "--file"],
        operand: Some(0),
        permutes: true,
        ..NONE
    },
    Interpreter {
        names: &["jq", "gojq", "jaq"],
        help: "Pass it as a variable: `jq --arg {name} {value} '… ${name} …'`.",
        valued: &["--indent", "-L", "--library-path"],
        valued_twice: &["--arg", "--argjson", "--slurpfile", "--rawfile", "--argfile"],
        file_options: &["-f", "--from-file", "--run-tests"],
        operand: Some(0),
        permutes: true,
        ..NONE
    },
    Interpreter {
        names: &["yq"],
        help: "Set a variable of the step, `env: { NAME: {name} }`, and read it in the expression: `yq '… strenv(NAME) …'`.",
        code_options: &["--expression"],
        valued: &["-o", "-p", "-I", "--output-format", "--input-format", "--indent"],
        file_options: &["--from-file"],
        operand: Some(0),
        permutes: true,
        ..NONE
    },
    Interpreter {
        names: &["python", "pypy"],
        help: "Pass it as an argument: `python3 -c 'import sys; … sys.argv[1] …' {value}`.",
        code_letters: "c",
        valued: &["-W", "-X"],
        file_options: &["-m"],
        ..LANGUAGE
    },
    Interpreter {
        names: &["perl"],
        help: "Pass it as an argument: `perl -e '… $ARGV[0] …' {value}`.",
        code_letters: "eE",
        ..LANGUAGE
    },
    Interpreter { names: &["ruby"], help: "Pass it as an argument: `ruby -e '… ARGV[0] …' {value}`.", ..LANGUAGE },
    Interpreter {
        names: &["node", "nodejs", "bun"],
        help: "Pass it as an argument: `node -e '… process.argv[1] …' {value}`.",
        code_letters: "ep",
        code_options: &["--eval", "--print"],
        valued: &["-r", "--require", "--import"],
        ..LANGUAGE
    },
    Interpreter {
        names: &["php"],
        help: "Pass it as an argument: `php -r '… $argv[1] …' {value}`.",
        code_letters: "rBRE",
        valued: &["-d", "-c"],
        file_options: &["-f"],
        ..LANGUAGE
    },
    Interpreter {
        names: &["lua", "luajit", "rscript", "osascript", "julia", "elixir"],
        help: "Set it as a variable of the step, `env: { NAME: {name} }`, and let the program read that variable.",
        ..LANGUAGE
    },
    Interpreter {
        names: &["psql"],
        help: "Use a step of the kind `sql`, or `psql -v {name}={value}` with `:'{name}'` in a script on its standard input.",
        code_letters: "c",
        attached: true,
        code_options: &["--command"],
        valued: &["-d", "-h", "-p", "-U", "-v", "-f", "-o", "-F", "-R", "-T", "-P", "-L"],
        permutes: true,
        input: true,
        ..NONE
    },
    Interpreter {
        names: &["mysql", "mariadb"],
        help: "Use a step of the kind `sql`, where a value is a bind parameter.",
        code_letters: "e",
        attached: true,
        code_options: &["--execute"],
        valued: &["-D", "-h", "-P", "-u", "-S"],
        permutes: true,
        input: true,
        ..NONE
    },
    Interpreter {
        names: &["sqlite"],
        help: "Use a step of the kind `sql`, where a value is a bind parameter.",
        valued: &["-separator", "-nullvalue", "-newline", "-init"],
        code_options: &["-cmd"],
        operand: Some(1),
        rest: true,
        input: true,
        ..NONE
    },
];

/// The interpreters by all of their names.
static BY_NAME: LazyLock<HashMap<&str, &Interpreter>> =
    LazyLock::new(|| INTERPRETERS.iter().flat_map(|known| known.names.iter().map(move |name| (*name, known))).collect());

impl Interpreter {
    /// How messages call it.
    pub(super) fn name(&self) -> &'static str {
        self.names.first().copied().unwrap_or_default()
    }
}

/// The interpreter that a command called `name` is, whatever its folder and version.
pub(super) fn interpreter(name: &str) -> Option<&'static Interpreter> {
    let base = base_name(name);
    let plain = base.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '-');
    BY_NAME.get(plain.to_ascii_lowercase().as_str()).copied()
}

/// A path's last part.
pub(super) fn base_name(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// A command that starts the command among its arguments.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrapper {
    names: &'static [&'static str],
    /// Options with one word behind them.
    pub(super) valued: &'static [&'static str],
    /// Number of operands before the command.
    pub(super) operands: usize,
    /// Whether `NAME=value` may stand before the command.
    pub(super) assignments: bool,
    /// Whether only a known interpreter ends the search, because too much may stand before it.
    pub(super) searches: bool,
}

const PLAIN: Wrapper = Wrapper { names: &[], valued: &[], operands: 0, assignments: false, searches: false };

static WRAPPERS: &[Wrapper] = &[
    Wrapper { names: &["command", "builtin", "nohup", "setsid", "chronic", "unbuffer", "time", "busybox"], ..PLAIN },
    Wrapper { names: &["exec"], valued: &["-a"], ..PLAIN },
    Wrapper { names: &["nice", "ionice", "chrt"], valued: &["-n", "-c", "-p", "--adjustment"], ..PLAIN },
    Wrapper { names: &["env"], valued: &["-u", "-C", "--unset", "--chdir"], assignments: true, ..PLAIN },
    Wrapper {
        names: &["sudo", "doas"],
        valued: &["-u", "-g", "-h", "-p", "-C", "-r", "-t", "-D", "-R", "-T", "-U", "--user", "--group", "--chdir"],
        assignments: true,
        ..PLAIN
    },
    Wrapper { names: &["timeout"], valued: &["-s", "-k", "--signal", "--kill-after"], operands: 1, ..PLAIN },
    Wrapper { names: &["stdbuf"], valued: &["-i", "-o", "-e"], ..PLAIN },
    Wrapper { names: &["chroot"], operands: 1, ..PLAIN },
    Wrapper {
        names: &["xargs"],
        valued: &["-I", "-n", "-P", "-L", "-d", "-a", "-s", "-E", "--max-args", "--max-procs", "--delimiter", "--arg-file"],
        ..PLAIN
    },
    Wrapper {
        names: &[
            "docker",
            "podman",
            "nerdctl",
            "kubectl",
            "oc",
            "nsenter",
            "unshare",
            "systemd-run",
            "lxc",
            "machinectl",
            "chpst",
        ],
        searches: true,
        ..PLAIN
    },
];

/// The wrapper that a command called `name` is.
pub(super) fn wrapper(name: &str) -> Option<&'static Wrapper> {
    let base = base_name(name);
    WRAPPERS.iter().find(|known| known.names.contains(&base))
}
