//! Runs that change what they go by on their way.

use super::Simulation;
use super::random::{Fate, Piece, check_ends, check_locks, check_once, piece, write};
use crate::engine::{Engine, Options, Teller};
use proptest::prelude::*;
use std::sync::Arc;
use wf_model::event::{Event, EventKind};
use wf_model::program::{Program, WorkflowId};

fn engine(program: &Arc<Program>, jobs: usize) -> Engine {
    Engine::new(program.clone(), WorkflowId(0), Vec::new(), Options { jobs, ..Options::default() })
}

/// The story of a run up to some given event, all that follows from it included.
fn beginning(events: &[Event], cut: prop::sample::Index) -> usize {
    let mut length = cut.index(events.len()) + 1;
    while events.get(length).is_some_and(|event| !event.kind.is_given()) {
        length += 1;
    }
    length
}

fn changed(before: &[Event]) -> Event {
    let at = before.last().map(|last| last.at).unwrap_or_default();
    Event { at, kind: EventKind::DefinitionChanged { definition: "other".into() } }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn a_run_goes_on_by_the_same_definition_as_if_nothing_had_changed(
        pieces in proptest::collection::vec(piece(), 0..6),
        seed in any::<u32>(),
        jobs in 1..4_usize,
        cuts in (any::<prop::sample::Index>(), any::<prop::sample::Index>()),
    ) {
        let program = write(&pieces, seed);
        let options = Options { jobs, ..Options::default() };
        let mut simulation = Simulation::new(program.clone(), WorkflowId(0), Vec::new(), options, Fate(u64::from(seed)));
        simulation.run().unwrap();
        let events = simulation.events();
        let mut cuts = [beginning(events, cuts.0), beginning(events, cuts.1)];
        cuts.sort_unstable();
        let mut teller = Teller::new(engine(&program, jobs), [engine(&program, jobs), engine(&program, jobs)]);
        for (place, event) in events.iter().enumerate() {
            for _ in cuts.iter().filter(|cut| **cut == place) {
                let marker = changed(&events[..place]);
                if let Err(error) = teller.tell(&marker) {
                    return Err(TestCaseError::fail(format!("{error} at {place}: {:#?}", &events[..place])));
                }
            }
            if let Err(error) = teller.tell(event) {
                return Err(TestCaseError::fail(format!("{error}: {place} {event:#?}")));
            }
        }
        prop_assert_eq!(teller.engine().state(), simulation.engine().state());
        prop_assert_eq!(teller.engine().outputs(), simulation.engine().outputs());
    }

    #[test]
    fn what_is_added_behind_runs_when_its_turn_comes(
        pieces in proptest::collection::vec(piece(), 0..4),
        more in proptest::collection::vec(piece(), 1..3),
        seed in any::<u32>(),
        jobs in 1..4_usize,
        cut in any::<prop::sample::Index>(),
    ) {
        let program = write(&pieces, seed);
        let all: Vec<Piece> = pieces.iter().chain(&more).cloned().collect();
        let longer = write(&all, seed);
        let (options, fate) = (Options { jobs, ..Options::default() }, Fate(u64::from(seed)));
        let mut simulation = Simulation::new(program.clone(), WorkflowId(0), Vec::new(), options, fate);
        simulation.run().unwrap();
        let history = &simulation.events()[..beginning(simulation.events(), cut)];
        let mut teller = Teller::new(engine(&program, jobs), [engine(&longer, jobs)]);
        for event in history {
            teller.tell(event).unwrap();
        }
        if teller.turn().is_err() {
            // What has ended is not begun again; what failed goes another way where more stands behind it.
            return Ok(());
        }
        let mut engine = teller.into_engine();
        let marker = changed(history);
        engine.apply(&marker).unwrap();
        let history: Vec<Event> = history.iter().cloned().chain([marker]).collect();
        let mut resumed = Simulation::told(engine, fate, &history).unwrap();
        let state = resumed.run().unwrap();
        prop_assert!(state.is_final(), "{state:?}");
        check_ends(resumed.events());
        check_once(resumed.events());
        check_locks(resumed.events());
        // Another process that is told the same comes to the same.
        let mut teller = Teller::new(self::engine(&program, jobs), [self::engine(&longer, jobs)]);
        for event in resumed.events() {
            if let Err(error) = teller.tell(event) {
                return Err(TestCaseError::fail(format!("{error}: {event:#?}")));
            }
        }
        prop_assert_eq!(teller.engine().state(), state);
    }
}
