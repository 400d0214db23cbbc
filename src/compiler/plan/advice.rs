//! What would make a run faster.

use super::Request;
use super::build::Detail;
use super::schedule::Graph;
use foldhash::HashSet;
use wf_model::estimate::Distribution;
use wf_model::expression::{Expression, ValueId};
use wf_model::plan::{Advice, Effect, Node, NodeId, NodeKind};
use wf_model::program::{BodyId, DependencyReason, Handler, Statement, Workflow};
use wf_model::unit::Duration;

/// Of so many candidates each is tried; the others would save less, as far as can be told without.
const TRIED: usize = 8;

/// Less is not worth saying.
const LEAST: Duration = Duration { milliseconds: 100 };

/// What would make the run faster, the most first; steps before blocks.
pub(super) fn of(request: &Request<'_>, nodes: &[Node], details: &[Detail]) -> Vec<Advice> {
    let length = length(nodes, details);
    let mut advice: Vec<Advice> = speed_up(nodes, details, length).into_iter().collect();
    let mut blocks: Vec<(Duration, Vec<NodeId>)> = Vec::new();
    for group in promising(groups(request, nodes, details), nodes) {
        let saves = saved(length, self::length(&side_by_side(nodes, &group), details));
        if saves >= LEAST {
            blocks.push((saves, group));
        }
    }
    blocks.sort_by_key(|(saves, group)| (std::cmp::Reverse(*saves), group.clone()));
    advice.extend(blocks.into_iter().map(|(saves, nodes)| Advice::Parallel { nodes, saves }));
    advice
}

fn length(nodes: &[Node], details: &[Detail]) -> Duration {
    Graph::folded(nodes, details).longest(details).length()
}

fn saved(before: Duration, after: Duration) -> Duration {
    Duration { milliseconds: before.milliseconds.saturating_sub(after.milliseconds) }
}

fn is_critical(node: &Node) -> bool {
    node.timing.is_some_and(|timing| timing.critical)
}

fn takes(node: &Node) -> Duration {
    node.timing.map_or_else(Duration::default, |timing| timing.takes)
}

/// The step that pays most when it takes no time.
fn speed_up(nodes: &[Node], details: &[Detail], length: Duration) -> Option<Advice> {
    let waits = |node: &Node| node.waits.is_some() || matches!(&node.kind, NodeKind::Step { kind } if &**kind == "sleep");
    let steps = nodes.iter().zip(details).filter(|(node, detail)| detail.is_counted() && is_critical(node) && !waits(node));
    let all = |(node, detail): (&Node, &Detail)| {
        let once = node.forecast.as_ref().map_or(0, |forecast| forecast.p50.milliseconds);
        (once.saturating_mul(i64::try_from(detail.times).unwrap_or(i64::MAX)), node.id)
    };
    let mut steps: Vec<(i64, NodeId)> = steps.map(all).collect();
    steps.sort_by_key(|(takes, id)| (std::cmp::Reverse(*takes), *id));
    let tried = steps.into_iter().take(TRIED).filter_map(|(_, id)| {
        let mut details = details.to_vec();
        details.get_mut(id.index())?.takes = Some(Distribution::Fixed(Duration::default()));
        Some((saved(length, self::length(nodes, &details)), id))
    });
    let (saves, node) = tried.max_by_key(|(saves, id)| (*saves, std::cmp::Reverse(*id)))?;
    (saves >= LEAST).then_some(Advice::SpeedUp { node, saves })
}

/// The groups that may save most.
fn promising(groups: Vec<Vec<NodeId>>, nodes: &[Node]) -> Vec<Vec<NodeId>> {
    let most = |group: &[NodeId]| {
        let critical = group.iter().filter_map(|id| nodes.get(id.index())).filter(|node| is_critical(node));
        let (sum, longest) = critical.fold((0, 0), |(sum, longest): (i64, i64), node| {
            let takes = takes(node).milliseconds;
            (sum.saturating_add(takes), longest.max(takes))
        });
        sum - longest
    };
    let mut rated: Vec<(i64, Vec<NodeId>)> = groups.into_iter().map(|group| (most(&group), group)).collect();
    rated.retain(|(most, _)| *most >= LEAST.milliseconds);
    rated.sort_by(|(one, first), (other, second)| other.cmp(one).then_with(|| first.cmp(second)));
    rated.into_iter().take(TRIED).map(|(_, group)| group).collect()
}

/// The nodes where those of a group start together, and what waited for the last of them waits for all.
fn side_by_side(nodes: &[Node], group: &[NodeId]) -> Vec<Node> {
    let mut changed = nodes.to_vec();
    let (Some(first), Some(last)) = (group.first(), group.last()) else { return changed };
    let after = nodes.get(first.index()).map(|node| node.after.clone()).unwrap_or_default();
    let together: HashSet<NodeId> = group.iter().copied().collect();
    for node in &mut changed {
        if together.contains(&node.id) {
            node.after.clone_from(&after);
        } else if node.after.contains(last) {
            node.after.extend(group.iter().filter(|id| *id != last));
        }
    }
    changed
}

/// What a statement, or several in a row, do to each other.
#[derive(Default)]
struct Group {
    nodes: Vec<NodeId>,
    sets: HashSet<ValueId>,
    changes: bool,
}

impl Group {
    /// Whether a statement shares no value with these, and nothing before it changes anything: what reads behind a change often
    /// looks whether it did well.
    fn bears(&self, member: &Member) -> bool {
        let follows = self.nodes.last().is_some_and(|last| member.follows == Some(*last));
        follows && !self.changes && member.uses.is_disjoint(&self.sets)
    }

    fn add(&mut self, member: Member) {
        self.nodes.push(member.node);
        self.sets.extend(member.sets);
        self.changes |= member.changes;
    }
}

/// A statement.
struct Member {
    node: NodeId,
    sets: HashSet<ValueId>,
    uses: HashSet<ValueId>,
    changes: bool,
    /// What it follows only because it is written below it.
    follows: Option<NodeId>,
}

/// Statements in a row that are ordered by nothing but being written so.
fn groups(request: &Request<'_>, nodes: &[Node], details: &[Detail]) -> Vec<Vec<NodeId>> {
    let mut groups: Vec<Group> = Vec::new();
    let mut bodies: Vec<Vec<&Node>> = vec![Vec::new(); nodes.len() + 1];
    for node in nodes {
        if let Some(body) = bodies.get_mut(node.parent.map_or(0, |parent| parent.index() + 1)) {
            body.push(node);
        }
    }
    for body in bodies {
        groups.push(Group::default());
        for node in body {
            let Some(member) = member(request, nodes, details, node) else {
                groups.push(Group::default());
                continue;
            };
            match groups.last_mut().filter(|group| group.bears(&member)) {
                Some(group) => group.add(member),
                None => {
                    let mut group = Group::default();
                    group.add(member);
                    groups.push(group);
                }
            }
        }
    }
    groups.into_iter().map(|group| group.nodes).filter(|nodes| nodes.len() > 1).collect()
}

/// A statement as a member of a group; `None` where its place matters for another reason.
fn member(request: &Request<'_>, nodes: &[Node], details: &[Detail], node: &Node) -> Option<Member> {
    let (workflow, statement) = details.get(node.id.index()).filter(|detail| !detail.is_spare)?.origin?;
    let workflow = request.program.workflows.get(workflow)?;
    let statement = workflow.statements.get(statement)?;
    let inside = nodes.get(node.id.index()..node.end.index())?;
    if node.timing.is_none() || matches!(node.kind, NodeKind::Let) || inside.iter().any(is_barrier) {
        return None;
    }
    let (mut sets, mut uses) = (HashSet::default(), HashSet::default());
    gather(workflow, statement, &mut sets, &mut uses);
    let follows = match (statement.after.as_slice(), node.after.as_slice()) {
        ([dependency], [before]) if dependency.reason == DependencyReason::WrittenOrder => Some(*before),
        _ => None,
    };
    Some(Member { node: node.id, sets, uses, changes: inside.iter().any(is_changing), follows })
}

fn is_changing(node: &Node) -> bool {
    let changes = matches!(node.effect, Some(Effect::Changes | Effect::NoUndo { .. } | Effect::UndoesItself));
    changes && node.state.may_run()
}

/// What stands behind it counts on its having come that far.
fn is_barrier(node: &Node) -> bool {
    match &node.kind {
        NodeKind::Step { kind } => node.waits.is_some() || wf_model::kind::only_waits(kind),
        NodeKind::Rollback | NodeKind::Checkpoint | NodeKind::Commit => true,
        NodeKind::Let
        | NodeKind::Call { .. }
        | NodeKind::If
        | NodeKind::Branch
        | NodeKind::Stage
        | NodeKind::Parallel { .. }
        | NodeKind::ForEach { .. }
        | NodeKind::Repeat
        | NodeKind::Handler { .. } => false,
    }
}

/// The values that a statement and all inside it set and use.
fn gather(workflow: &Workflow, statement: &Statement, sets: &mut HashSet<ValueId>, uses: &mut HashSet<ValueId>) {
    let mut open = vec![statement];
    while let Some(statement) = open.pop() {
        sets.extend(statement.value);
        let own = statement.expressions().chain(statement.expressions_with_result());
        uses.extend(own.flat_map(Expression::walk).filter_map(Expression::named_value));
        let mut bodies: Vec<BodyId> = statement.kind.bodies();
        bodies.extend(statement.kind.handlers().iter().map(|handler: &Handler| handler.body));
        while let Some(body) = bodies.pop().and_then(|body| workflow.bodies.get(body)) {
            uses.extend(body.clauses.expressions().flat_map(Expression::walk).filter_map(Expression::named_value));
            bodies.extend(body.handlers.iter().map(|handler| handler.body));
            open.extend(body.statements.iter().filter_map(|id| workflow.statements.get(*id)));
        }
    }
}
