//! A run as JSON, the same as its whole record, but written while it is read: a loop of a million elements is nowhere held as a whole.
//!
//! What has ended is written at once and forgotten, unless it is undone later, so steps and blocks stand in the order in which they
//! ended. For that the history is read three times: for what holds of the run, for its instances, and for the order of their beginnings.

use crate::report::Output;
use crate::store::Problem;
use serde::ser::{SerializeMap as _, SerializeSeq as _, SerializeStruct as _};
use serde::{Serialize, Serializer};
use std::cell::RefCell;
use std::collections::HashSet;
use std::io::{self, BufWriter, ErrorKind, Write};
use wf_model::event::{EventKind, InstanceId, InstanceKind};
use wf_model::run::RunRecord;
use wf_store::{History, StoreError};

/// How many bytes are written at a time.
const BLOCK: usize = 1 << 16;

/// Writes the record of a run.
///
/// # Errors
/// When the store cannot be read, or the output not be written.
pub(super) fn write(history: History<'_>, output: &mut Output) -> Result<(), Problem> {
    let told = Told::new(history)?;
    let mut writer = BufWriter::with_capacity(BLOCK, Results(output));
    let written = serde_json::to_writer_pretty(&mut writer, &told).map_err(io::Error::from);
    if let Some(problem) = told.problem.into_inner() {
        return Err(problem.into());
    }
    match written.and_then(|()| writer.write_all(b"\n")).and_then(|()| writer.flush()) {
        // Nobody reads it any more.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

/// The results of a command as a sink that ends when nobody reads them any more.
struct Results<'a>(&'a mut Output);

impl Write for Results<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.bytes(bytes)?;
        if self.0.is_closed() { Err(ErrorKind::BrokenPipe.into()) } else { Ok(bytes.len()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A run that is told while it is read.
struct Told<'a> {
    history: RefCell<History<'a>>,
    /// Everything but its instances.
    record: RunRecord,
    /// The steps whose undos say more of them after their end.
    undone: HashSet<InstanceId>,
    /// Why it was not read to its end.
    problem: RefCell<Option<StoreError>>,
}

impl<'a> Told<'a> {
    fn new(mut history: History<'a>) -> Result<Self, StoreError> {
        let (mut record, mut undone) = (RunRecord::default(), HashSet::new());
        for events in &mut history {
            for event in events? {
                record.apply_of(&event, |_| false);
                undone.extend(undone_by(&event.kind));
            }
        }
        Ok(Self { history: RefCell::new(history), record, undone, problem: RefCell::default() })
    }

    /// Reads the history once more, and gives the record after each event; what has ended is taken out of it behind that.
    fn read<E: serde::ser::Error>(
        &self,
        mut look: impl FnMut(&mut RunRecord, Option<InstanceId>) -> Result<(), E>,
    ) -> Result<RunRecord, E> {
        let mut record = RunRecord::default();
        let mut history = self.history.borrow_mut();
        history.rewind();
        for events in &mut *history {
            let events = events.map_err(|problem| {
                *self.problem.borrow_mut() = Some(problem);
                E::custom("the store cannot be read")
            })?;
            for event in events {
                record.apply(&event);
                let ended = ended(&event.kind).filter(|id| !self.undone.contains(id));
                look(&mut record, ended)?;
                ended.and_then(|id| record.instances.remove(&id));
            }
        }
        Ok(record)
    }
}

/// Which steps an event says something of after their end.
fn undone_by(kind: &EventKind) -> Vec<InstanceId> {
    match kind {
        EventKind::RollbackStarted { steps, .. } => steps.clone(),
        EventKind::RollbackRequested { settled, .. } => settled.iter().map(|settled| settled.step).collect(),
        EventKind::Ready { kind: InstanceKind::Undo(step), .. } | EventKind::Skipped { kind: InstanceKind::Undo(step), .. } => {
            vec![*step]
        }
        _ => Vec::new(),
    }
}

/// What has ended by an event.
fn ended(kind: &EventKind) -> Option<InstanceId> {
    match kind {
        EventKind::Succeeded { instance, .. }
        | EventKind::Cached { instance, .. }
        | EventKind::Failed { instance, .. }
        | EventKind::Cancelled { instance, .. }
        | EventKind::Skipped { instance, .. }
        | EventKind::LetEvaluated { instance, .. } => Some(instance.id),
        _ => None,
    }
}

impl Serialize for Told<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // All fields, so that a new one is not forgotten.
        let RunRecord { run, workflow, state, started_at, ended_at, cause, outputs, instances: _, order: _ } = &self.record;
        let mut fields = serializer.serialize_struct("RunRecord", 9)?;
        fields.serialize_field("run", run)?;
        fields.serialize_field("workflow", workflow)?;
        fields.serialize_field("state", state)?;
        fields.serialize_field("started_at", started_at)?;
        fields.serialize_field("ended_at", ended_at)?;
        fields.serialize_field("cause", cause)?;
        fields.serialize_field("outputs", outputs)?;
        fields.serialize_field("instances", &Instances(self))?;
        fields.serialize_field("order", &Order(self))?;
        fields.end()
    }
}

/// The instances of a run by their numbers.
struct Instances<'a, 'h>(&'a Told<'h>);

impl Serialize for Instances<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let left = self.0.read(|record, ended| {
            record.order.clear();
            let ended = ended.and_then(|id| record.instances.get_key_value(&id));
            ended.map_or(Ok(()), |(id, instance)| map.serialize_entry(id, instance))
        })?;
        for (id, instance) in &left.instances {
            map.serialize_entry(id, instance)?;
        }
        map.end()
    }
}

/// The names of steps as their first attempts began.
struct Order<'a, 'h>(&'a Told<'h>);

impl Serialize for Order<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        self.0.read(|record, _| record.order.drain(..).try_for_each(|name| list.serialize_element(&name)))?;
        list.end()
    }
}
