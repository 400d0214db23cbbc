//! Triggers (§9).

use super::{NOTHING, said};

fn with(parameters: &str, trigger: &str) -> Vec<String> {
    said(&format!("{parameters}\nstep a: shell \"x\"\n{trigger}"))
}

#[test]
fn a_schedule_is_a_cron_line_in_a_time_zone() {
    assert_eq!(with("", "trigger schedule \"0 2 * * 1-5\" timezone \"Europe/Berlin\" overlap queue catch up none"), NOTHING);
    assert_eq!(with("", "trigger schedule \"61 2 * * *\"").len(), 1);
    assert_eq!(with("", "trigger schedule \"0 2 * * *\" timezone \"Europe/Berln\"").len(), 1);
    assert_eq!(with("", "trigger schedule \"0 2 * * *\" settle 5s").len(), 1);
}

#[test]
fn a_webhook_is_signed() {
    assert_eq!(with("secret s from env \"S\"", "trigger webhook \"/hook\" signed by s"), NOTHING);
    assert_eq!(with("", "trigger webhook \"/hook\"").len(), 1);
}

#[test]
fn a_trigger_gives_the_parameters() {
    let parameter = "param v: string";
    let used = |trigger: &str| said(&format!("{parameter}\nstep a: shell \"echo ${{v}}\"\n{trigger}"));
    assert_eq!(used("trigger change \"data/**/*.csv\" with { v: event.path } settle 500ms"), NOTHING);
    assert_eq!(used("trigger change \"data/**/*.csv\"").len(), 1);
    assert_eq!(used("trigger change \"data/**/*.csv\" with { v: event.path, w: 1 }").len(), 1);
    assert_eq!(used("trigger change \"data/**/*.csv\" with { v: 3 }"), ["type-mismatch @ 3"]);
    assert_eq!(used("trigger change \"data/**/*.csv\" with { v: event.time }"), ["unknown-field @ time"]);
    assert_eq!(used("trigger change \"data/[*.csv\" with { v: event.path }").len(), 1);
    assert_eq!(used("trigger chnage \"data/*.csv\" with { v: \"a\" }").len(), 1);
}
