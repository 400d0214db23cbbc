//! How many steps the limit of open files lets run at a time.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What a run holds open beside its steps.
const OF_THE_RUN: u64 = 40;

/// What a step holds open, while it starts: three pipes with both ends, its process, and its directory.
const OF_A_STEP: u64 = 8;

/// The number of jobs that can be had, and a note where it is less than was asked for. The limit of this process and of its steps
/// is raised as far as that takes and the system allows.
pub(super) fn jobs(wanted: usize) -> (usize, Option<String>) {
    let needed = OF_THE_RUN.saturating_add(OF_A_STEP.saturating_mul(wanted as u64));
    let limit = getrlimit(Resource::Nofile);
    let Some(current) = limit.current.filter(|current| *current < needed) else { return (wanted, None) };
    let raised = limit.maximum.map_or(needed, |maximum| maximum.min(needed)).max(current);
    let set = setrlimit(Resource::Nofile, Rlimit { current: Some(raised), maximum: limit.maximum });
    let had = if set.is_ok() { raised } else { current };
    let jobs = fitting(had).min(wanted);
    if jobs == wanted {
        return (wanted, None);
    }
    let plural = if jobs == 1 { "step runs" } else { "steps run" };
    let note =
        format!("note: {jobs} {plural} at a time, because {had} files may be open (`ulimit -n`); {wanted} need {needed}\n");
    (jobs, Some(note))
}

fn fitting(limit: u64) -> usize {
    usize::try_from(limit.saturating_sub(OF_THE_RUN) / OF_A_STEP).unwrap_or(usize::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::fitting;

    #[test]
    fn one_step_can_always_be_tried() {
        assert_eq!([0, 40, 64, 1024].map(fitting), [1, 1, 3, 123]);
    }
}
