//! What workflows are made of, as hashes that tell whether they would still do the same.
//!
//! A program is written the way it is stored, with what does not count left out: places in the text, doc comments and triggers. Numbers
//! that a change elsewhere in the program moves are replaced by names, or by the order in which things are used.

use super::{Program, StatementId, Table, ValueDeclaration, Workflow, WorkflowId};
use crate::expression::{GlobalId, ValueId};
use serde::ser::{
    Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple, SerializeTupleStruct,
    SerializeTupleVariant, Serializer,
};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Fields of the program that do not change what a workflow does.
const IDLE_FIELDS: [&str; 3] = ["span", "doc", "triggers"];

/// BLAKE3, in hex, of what workflows are made of, by their names; workflows of the same name share one.
pub type Contents = BTreeMap<Arc<str>, Arc<str>>;

impl Program {
    /// What a workflow and each that it calls, directly or not, are made of; linear in their sizes.
    #[must_use]
    pub fn contents(&self, workflow: WorkflowId) -> Contents {
        let mut hashers: BTreeMap<Arc<str>, blake3::Hasher> = BTreeMap::new();
        let mut known = Known { program: self, workflows: vec![workflow], of_name: BTreeMap::new() };
        known.count(workflow);
        let mut next = 0;
        while let Some(found) = known.workflows.get(next).and_then(|id| self.workflows.get(*id)) {
            next += 1;
            let hash = known.hash(found);
            hashers.entry(found.name.clone()).or_default().update(hash.as_bytes());
        }
        let hex = |hasher: blake3::Hasher| hasher.finalize().to_hex().as_str().into();
        hashers.into_iter().map(|(name, hasher)| (name, hex(hasher))).collect()
    }
}

impl Program {
    /// What a step calls, with its attributes, as a hash: the same wherever the step stands and whatever it is called. BLAKE3 in hex; `None` for
    /// what is no step.
    #[must_use]
    pub fn step_digest(&self, workflow: WorkflowId, statement: StatementId) -> Option<Arc<str>> {
        let declared = self.workflows.get(workflow)?;
        let step = declared.statements.get(statement)?.kind.step()?;
        let mut known = Known { program: self, workflows: Vec::new(), of_name: BTreeMap::new() };
        let mut writer = Writer::new(&mut known);
        writer.values = Some(&declared.values);
        // What is written reports no errors.
        let _ = step.invocation.serialize(&mut writer);
        Some(writer.hasher.finalize().to_hex().as_str().into())
    }
}

/// The workflows that were come across.
struct Known<'a> {
    program: &'a Program,
    /// In the order in which they were.
    workflows: Vec<WorkflowId>,
    /// For each the place among those of its name.
    of_name: BTreeMap<WorkflowId, usize>,
}

impl Known<'_> {
    fn name(&self, id: WorkflowId) -> Option<&str> {
        self.program.workflows.get(id).map(|workflow| &*workflow.name)
    }

    fn count(&mut self, id: WorkflowId) -> usize {
        let namesakes = self.of_name.keys().filter(|known| self.name(**known) == self.name(id)).count();
        self.of_name.insert(id, namesakes);
        namesakes
    }

    /// The place of a workflow among those of its name.
    fn place(&mut self, id: WorkflowId) -> usize {
        if let Some(place) = self.of_name.get(&id) {
            return *place;
        }
        self.workflows.push(id);
        self.count(id)
    }

    fn hash(&mut self, workflow: &Workflow) -> blake3::Hash {
        let program = self.program;
        let mut writer = Writer::new(self);
        // What is written reports no errors.
        let _ = workflow.serialize(&mut writer);
        let mut next = 0;
        while let Some(global) = writer.globals.get(next).and_then(|id| program.globals.get(*id)) {
            next += 1;
            let _ = global.serialize(&mut writer);
        }
        writer.hasher.finalize()
    }
}

/// What the number that is written next means.
#[derive(Clone, Copy)]
enum Number {
    /// Itself.
    Plain,
    /// A workflow.
    Workflow,
    /// A `let` of a file.
    Global,
    /// A call that looks outside, whose number is of no account.
    Place,
    /// A value of the workflow.
    Value,
}

/// Hashes what is written, so that different things never look the same.
struct Writer<'w, 'p> {
    hasher: blake3::Hasher,
    known: &'w mut Known<'p>,
    /// The `let`s of files that were used, in the order in which they were.
    globals: Vec<GlobalId>,
    number: Number,
    /// The values of a workflow whose names count rather than their numbers.
    values: Option<&'p Table<ValueId, ValueDeclaration>>,
}

impl<'w, 'p> Writer<'w, 'p> {
    fn new(known: &'w mut Known<'p>) -> Self {
        Self { hasher: blake3::Hasher::new(), known, globals: Vec::new(), number: Number::Plain, values: None }
    }
}

impl Writer<'_, '_> {
    fn bytes(&mut self, sort: u8, bytes: &[u8]) -> fmt::Result {
        self.hasher.update(&[sort]).update(&bytes.len().to_le_bytes()).update(bytes);
        Ok(())
    }

    fn text(&mut self, text: &str) -> fmt::Result {
        self.bytes(b'"', text.as_bytes())
    }

    fn mark(&mut self, sort: u8) -> fmt::Result {
        self.hasher.update(&[sort]);
        Ok(())
    }

    fn whole(&mut self, number: i128) -> fmt::Result {
        match std::mem::replace(&mut self.number, Number::Plain) {
            Number::Plain => self.bytes(b'#', &number.to_le_bytes()),
            Number::Workflow => self.workflow(WorkflowId(u32::try_from(number).unwrap_or(u32::MAX))),
            Number::Global => self.global(GlobalId(u32::try_from(number).unwrap_or(u32::MAX))),
            Number::Place => Ok(()),
            Number::Value => {
                let value = ValueId(u32::try_from(number).unwrap_or(u32::MAX));
                let name = self.values.and_then(|values| values.get(value)).map(|value| value.name.clone());
                self.text(&name.unwrap_or_default())
            }
        }
    }

    fn workflow(&mut self, id: WorkflowId) -> fmt::Result {
        let place = self.known.place(id);
        let name = self.known.name(id).unwrap_or_default().to_owned();
        self.text(&name)?;
        self.bytes(b'@', &place.to_le_bytes())
    }

    fn global(&mut self, id: GlobalId) -> fmt::Result {
        let place = self.globals.iter().position(|known| *known == id).unwrap_or_else(|| {
            self.globals.push(id);
            self.globals.len() - 1
        });
        self.bytes(b'$', &place.to_le_bytes())
    }

    fn field<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) -> fmt::Result {
        if IDLE_FIELDS.contains(&key) {
            return Ok(());
        }
        self.text(key)?;
        value.serialize(self)
    }
}

macro_rules! numbers {
    ($($name:ident($type:ty);)*) => {
        $(fn $name(self, number: $type) -> fmt::Result {
            self.whole(number.into())
        })*
    };
}

/// Everything that holds others is written as them between two marks.
macro_rules! holders {
    ($($holder:ident($($item:ident),*);)*) => {
        $(impl $holder for &mut Writer<'_, '_> {
            type Ok = ();
            type Error = fmt::Error;

            $(fn $item<T: Serialize + ?Sized>(&mut self, value: &T) -> fmt::Result {
                value.serialize(&mut **self)
            })*

            fn end(self) -> fmt::Result {
                self.mark(b']')
            }
        })*
    };
}

holders! {
    SerializeSeq(serialize_element);
    SerializeTuple(serialize_element);
    SerializeTupleStruct(serialize_field);
    SerializeTupleVariant(serialize_field);
    SerializeMap(serialize_key, serialize_value);
}

macro_rules! records {
    ($($record:ident),*) => {
        $(impl $record for &mut Writer<'_, '_> {
            type Ok = ();
            type Error = fmt::Error;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> fmt::Result {
                self.field(key, value)
            }

            fn end(self) -> fmt::Result {
                self.mark(b']')
            }
        })*
    };
}

records!(SerializeStruct, SerializeStructVariant);

impl Serializer for &mut Writer<'_, '_> {
    type Ok = ();
    type Error = fmt::Error;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    numbers! {
        serialize_i8(i8);
        serialize_i16(i16);
        serialize_i32(i32);
        serialize_i64(i64);
        serialize_u8(u8);
        serialize_u16(u16);
        serialize_u32(u32);
        serialize_u64(u64);
    }

    fn serialize_bool(self, value: bool) -> fmt::Result {
        self.bytes(b'?', &[value.into()])
    }

    fn serialize_f32(self, value: f32) -> fmt::Result {
        self.serialize_f64(value.into())
    }

    fn serialize_f64(self, value: f64) -> fmt::Result {
        self.bytes(b'.', &value.to_bits().to_le_bytes())
    }

    fn serialize_char(self, value: char) -> fmt::Result {
        self.text(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> fmt::Result {
        self.text(value)
    }

    fn serialize_bytes(self, value: &[u8]) -> fmt::Result {
        self.bytes(b'b', value)
    }

    fn serialize_none(self) -> fmt::Result {
        self.mark(b'0')
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> fmt::Result {
        self.mark(b'1')?;
        value.serialize(self)
    }

    fn serialize_unit(self) -> fmt::Result {
        self.mark(b'u')
    }

    fn serialize_unit_struct(self, name: &'static str) -> fmt::Result {
        self.text(name)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> fmt::Result {
        self.text(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> fmt::Result {
        self.number = match name {
            "WorkflowId" => Number::Workflow,
            "GlobalId" => Number::Global,
            "Place" => Number::Place,
            "ValueId" if self.values.is_some() => Number::Value,
            _ => Number::Plain,
        };
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> fmt::Result {
        self.text(variant)?;
        value.serialize(self)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self, fmt::Error> {
        self.mark(b'[').map(|()| self)
    }

    fn serialize_tuple(self, _: usize) -> Result<Self, fmt::Error> {
        self.mark(b'[').map(|()| self)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self, fmt::Error> {
        self.mark(b'[').map(|()| self)
    }

    fn serialize_tuple_variant(self, _: &'static str, _: u32, variant: &'static str, _: usize) -> Result<Self, fmt::Error> {
        self.text(variant)?;
        self.mark(b'[').map(|()| self)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self, fmt::Error> {
        self.mark(b'{').map(|()| self)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, fmt::Error> {
        self.mark(b'(').map(|()| self)
    }

    fn serialize_struct_variant(self, _: &'static str, _: u32, variant: &'static str, _: usize) -> Result<Self, fmt::Error> {
        self.text(variant)?;
        self.mark(b'(').map(|()| self)
    }
}
