//! How each head is written, for whoever wrote it otherwise.

use super::grammar::Rule;

/// An example of a head with all its parts; `None` where the head is simple, or has too many forms.
pub(super) fn form(rule: Rule) -> Option<&'static str> {
    Some(match rule {
        Rule::use_head => r#"use "./lib/k8s.wf" as k8s"#,
        Rule::type_head => "type Image = { name: string, size: size }",
        Rule::workflow_head => "workflow NAME { … }",
        Rule::test_head => r#"test "what it shows" { … }"#,
        Rule::param_head => r"param NAME: int = 3 where NAME > 0",
        Rule::let_head => "let NAME = …",
        Rule::output_head => "output NAME: string = …",
        Rule::secret_head => r#"secret NAME from env "VARIABLE" or from file "path""#,
        Rule::step_head => r#"step NAME: shell "make" depends on OTHER when CONDITION { … }"#,
        Rule::if_head => "if CONDITION { … }",
        Rule::parallel_head => "parallel wait any max 2 { … }",
        Rule::for_head => "for each NAME in LIST parallel max 4 { … }",
        Rule::repeat_head => "repeat until CONDITION pause 5s max 10 times { … }",
        Rule::checkpoint_head => "checkpoint NAME",
        Rule::timeout_head => "timeout 30s",
        Rule::retry_head => "retry 3 times backoff 5s to 1m within 1h when CONDITION",
        Rule::expect_head => r#"expect CONDITION else "message""#,
        Rule::no_undo_head => r#"no undo "the reason""#,
        Rule::undo_head => r#"undo shell "rm result""#,
        Rule::continue_head => "on failure continue when CONDITION",
        Rule::cache_head => r#"cache inputs ["src/**"] outputs ["target/**"]"#,
        Rule::lock_head => r#"lock "name" max 2 else skip"#,
        Rule::estimate_head => "estimate 5m",
        Rule::unknown_head => "on unknown rerun",
        Rule::handler_head => "on failure { … }",
        Rule::trigger_head => r#"trigger schedule "0 2 * * *" timezone "Europe/Berlin""#,
        Rule::run_head => "run WORKFLOW with { env: \"dev\" }",
        Rule::mock_head => r#"mock STEP fails "503" 2 times after 4m"#,
        _ => return None,
    })
}
