//! What all reports of plans say in the same words.

use crate::report::run::rounded;
use wf_model::estimate::Basis;
use wf_model::plan::{Advice, CacheOutlook, Condition, Effect, Iterations, Named, Node, NodeKind, Plan, State};
use wf_model::unit::Duration;

/// How many of many names are told.
const MOST: usize = 8;

/// What a node is called: its name, what a branch or an unnamed block says, or the word of the language.
pub(super) fn title(node: &Node) -> String {
    let times = node.times.map_or_else(String::new, |times| format!(" ×{}{}", times.count, if times.assumed { "?" } else { "" }));
    let said = || node.action.as_deref().map_or_else(|| node.kind.word().to_owned(), ToOwned::to_owned);
    match (&node.kind, &node.name) {
        (NodeKind::Let, Some(name)) => format!("let {name}"),
        (NodeKind::Step { .. } | NodeKind::Call { .. }, Some(name)) => name.to_string(),
        (NodeKind::Handler { cause }, _) => cause.text().to_owned(),
        _ => format!("{}{times}", said()),
    }
}

/// How a node is called in a sentence: its path, or its title where it has no name.
pub(super) fn reference(node: &Node) -> String {
    if node.name.is_some() { node.path.to_string() } else { title(node) }
}

/// What a step does to the world, in a word or two.
pub(super) fn effect(node: &Node) -> &'static str {
    match &node.effect {
        Some(Effect::Reads) => "reads",
        Some(Effect::Changes) => "changes",
        Some(Effect::NoUndo { .. }) => "no undo",
        Some(Effect::UndoesItself) => "undoes",
        Some(Effect::Inside) | None => "",
    }
}

/// What is said of a node beside its title, a line each.
pub(super) fn notes(node: &Node) -> Vec<String> {
    let mut notes = Vec::new();
    notes.extend(node.fails.as_ref().map(|fails| format!("will fail: {fails}")));
    notes.extend(node.state.condition().map(|condition| condition_of(node, condition)));
    if let (Some(Iterations { runs, of }), None) = (&node.iterations, node.state.condition()) {
        notes.push(format!("in {runs} of {of} iterations"));
    }
    match (&node.effect, &node.undo) {
        (Some(Effect::NoUndo { reason }), _) => notes.push(format!("no undo: {reason}")),
        // The effect says so.
        (Some(Effect::UndoesItself), _) => {}
        (_, Some(undo)) => {
            let when = undo.when.as_ref().map_or_else(String::new, |when| format!(" when {when}"));
            notes.push(format!("undo: {}{when}", undo.action));
        }
        (_, None) => {}
    }
    notes.extend(node.cache.as_ref().map(cache));
    if !node.secrets.is_empty() {
        notes.push(format!("secrets: {}", node.secrets.join(", ")));
    }
    notes.extend(node.waits.as_ref().map(|waits| match &**waits {
        "approval" => "waits for an approval".to_owned(),
        "signal" => "waits for a signal".to_owned(),
        _ => "may wait for somebody".to_owned(),
    }));
    if node.times.is_some_and(|times| times.assumed) {
        notes.push("how often it runs is known when it runs".to_owned());
    }
    if matches!(node.kind, NodeKind::Call { folded: true, .. }) {
        notes.push("what it calls is not shown: the plan would grow too long".to_owned());
    }
    notes
}

fn condition_of(node: &Node, condition: &Condition) -> String {
    let known: Vec<String> = condition.values.iter().filter_map(equation).collect();
    let open: Vec<&str> = condition.values.iter().filter(|value| value.value.is_none()).map(|value| &*value.name).collect();
    let verdict = match (&node.state, node.iterations) {
        (State::Runs { .. }, Some(Iterations { runs, of })) => format!("holds in {runs} of {of} iterations"),
        (State::Runs { .. }, None) => "holds".to_owned(),
        (State::NotTaken { .. }, _) => "does not hold".to_owned(),
        (State::Open { .. }, _) if open.is_empty() => "is known when it runs".to_owned(),
        (State::Open { .. }, _) => format!("is known with {}", open.join(", ")),
    };
    let values = if known.is_empty() { String::new() } else { format!(", {}", known.join(", ")) };
    format!("`{}` {verdict}{values}", condition.text)
}

fn equation(named: &Named) -> Option<String> {
    named.value.as_ref().map(|value| format!("{} = {value}", named.name))
}

fn cache(cache: &CacheOutlook) -> String {
    let word = match cache.hit {
        Some(true) => "hit",
        Some(false) => "miss",
        None => "open",
    };
    format!("cache {word}: {}", cache.reason)
}

/// Parameters with their values.
pub(super) fn parameters(plan: &Plan) -> impl Iterator<Item = String> {
    let value = |named: &Named| named.value.as_ref().map_or_else(|| "known when it runs".to_owned(), ToString::to_string);
    plan.parameters.iter().map(move |named| format!("param {} = {}", named.name, value(named)))
}

/// What is planned.
pub(super) fn heading(plan: &Plan) -> String {
    let definition: String = plan.definition.chars().take(12).collect();
    format!("workflow {} of {}, definition {definition}", plan.workflow, plan.file)
}

/// How many steps in which time.
pub(super) fn outlook(plan: &Plan) -> String {
    let times = &plan.outlook;
    format!(
        "{} in {}, {} at a time: P50 {}, P90 {}; critical path {}",
        counted(times.steps, "step"),
        counted(u64::from(times.waves), "wave"),
        plan.jobs,
        rounded(times.p50),
        rounded(times.p90),
        rounded(times.critical_path)
    )
}

/// Where the estimates are from.
pub(super) fn bases(plan: &Plan) -> String {
    let of = |basis: &dyn Fn(&Basis) -> bool| {
        let forecasts = plan.nodes.iter().filter(|node| node.timing.is_some()).filter_map(|node| node.forecast.as_ref());
        forecasts.filter(|forecast| basis(&forecast.basis)).count()
    };
    let parts = [
        (of(&|basis| matches!(basis, Basis::History { .. })), "from earlier runs"),
        (of(&|basis| matches!(basis, Basis::Former { .. })), "from earlier runs of what had their name"),
        (of(&|basis| matches!(basis, Basis::Clause)), "as their `estimate` says"),
        (of(&|basis| matches!(basis, Basis::Prior)), "as steps of their kind usually take"),
        (of(&|basis| matches!(basis, Basis::Known)), "known"),
    ];
    let told: Vec<String> = parts.iter().filter(|(count, _)| *count > 0).map(|(count, how)| format!("{count} {how}")).collect();
    if told.is_empty() { String::new() } else { format!("times of steps: {}", told.join(", ")) }
}

/// Whether a node is on the critical path.
pub(super) fn is_critical(node: &Node) -> bool {
    node.timing.is_some_and(|timing| timing.critical)
}

/// A node in a picture: its title, and for a step its kind and how long it takes.
pub(super) fn label(node: &Node) -> String {
    let mut label = title(node);
    if node.kind.is_step() {
        label += &format!(": {}", node.kind.word());
    }
    match (&node.state, node.timing) {
        (State::NotTaken { .. }, _) => label += ", not taken",
        (_, Some(timing)) if timing.takes.milliseconds > 0 => label += &format!(", {}", rounded(timing.takes)),
        _ => {}
    }
    label
}

/// Each node with each that waits for it.
pub(super) fn edges(plan: &Plan) -> impl Iterator<Item = (&Node, &Node)> {
    plan.nodes.iter().flat_map(move |node| node.after.iter().filter_map(move |before| Some((plan.node(*before)?, node))))
}

/// The steps of the critical path, in order.
pub(super) fn critical_path(plan: &Plan) -> Vec<&Node> {
    let critical = |node: &&Node| node.kind.is_step() && is_critical(node);
    let mut steps: Vec<&Node> = plan.nodes.iter().filter(critical).collect();
    steps.sort_by_key(|node| (node.timing.map(|timing| timing.starts), node.id));
    steps
}

/// A piece of advice as a sentence.
pub(super) fn advice(plan: &Plan, advice: &Advice) -> String {
    let name = |id: &_| plan.node(*id).map_or_else(String::new, |node| format!("`{}`", reference(node)));
    match advice {
        Advice::SpeedUp { node, saves } => {
            format!("step {} first: if it took no time, the run would take {} less", name(node), rounded(*saves))
        }
        Advice::Parallel { nodes, saves } => {
            let names: Vec<String> = nodes.iter().map(name).collect();
            format!(
                "{} share no value: in a `parallel` they save {}, where none of them checks what another did",
                few(&names),
                rounded(*saves)
            )
        }
    }
}

/// Names in a row, of many the first.
pub(super) fn few(names: &[String]) -> String {
    match names.split_at_checked(MOST) {
        Some((first, rest)) if !rest.is_empty() => format!("{} and {} more", first.join(", "), rest.len()),
        _ => names.join(", "),
    }
}

/// `1 step`, `2 steps`
pub(super) fn counted(count: u64, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// A duration in a column.
pub(super) fn column(duration: Option<Duration>) -> String {
    duration.map_or_else(|| "-".to_owned(), rounded)
}
