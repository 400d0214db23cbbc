//! The `wfc` binary.

fn main() -> std::process::ExitCode {
    wf_cli::main()
}
