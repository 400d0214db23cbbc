//! `textDocument/signatureHelp`: what the method or function takes whose arguments are typed.

use super::completion::{Probe, probe, shown, signature};
use super::tokens;
use crate::snapshot::Snapshot;
use crate::types::{ParameterInformation, ParameterLabel, SignatureHelp, SignatureInformation};
use wf_compiler::offer::{Member, Offer};

/// A call whose arguments are typed, and how many commas stand before the cursor.
pub(crate) struct Call {
    /// The text with something else than the call behind its name.
    pub(crate) probe: Probe,
    name: String,
    argument: u32,
}

/// The call around an offset, innermost first.
pub(crate) fn call(snapshot: &Snapshot, offset: usize) -> Option<Call> {
    let before = snapshot.text().get(..offset)?;
    let (mut depth, mut argument) = (0_u32, 0);
    for (at, letter) in before.char_indices().rev() {
        match letter {
            ')' | ']' | '}' => depth += 1,
            '[' | '{' | '(' if depth > 0 => depth -= 1,
            '[' | '{' | '\n' => return None,
            ',' if depth == 0 => argument += 1,
            '(' => {
                let name = tokens::word_before(before.get(..at)?);
                let rest = snapshot.text().get(end(snapshot.text(), at, offset)..)?;
                let probe = probe(&format!("{}{rest}", before.get(..at)?), at);
                return (!name.is_empty()).then(|| Call { probe, name: name.to_owned(), argument });
            }
            _ => {}
        }
    }
    None
}

/// Where the call ends whose bracket stands at `open`: behind its partner on the same line, or else at the cursor.
fn end(text: &str, open: usize, cursor: usize) -> usize {
    let mut depth = 0_u32;
    let line = text.get(open..).and_then(|rest| rest.lines().next()).unwrap_or("");
    let partner = line.char_indices().find(|(_, letter)| {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => return false,
        }
        depth == 0
    });
    partner.map_or(cursor, |(at, _)| (open + at + 1).max(cursor))
}

/// What a call takes, where the check offered what could stand there.
pub(crate) fn help(offer: Option<&Offer>, call: &Call) -> Option<SignatureHelp> {
    let members = match offer? {
        Offer::Members(members) | Offer::Functions(members) | Offer::Values { functions: members, .. } => members,
        Offer::Types(_) | Offer::Kinds(_) | Offer::Workflows(_) | Offer::Statements(_) | Offer::Words(_) => return None,
    };
    let member = members.iter().find(|member| *member.name == *call.name && member.arguments.is_some())?;
    let information = SignatureInformation {
        label: signature(member),
        documentation: None,
        parameters: Some(parameters(member)),
        active_parameter: Some(call.argument),
    };
    Some(SignatureHelp { signatures: vec![information], active_signature: Some(0), active_parameter: Some(call.argument) })
}

fn parameters(member: &Member) -> Vec<ParameterInformation> {
    let label = |type_| ParameterInformation { label: ParameterLabel::Simple(shown(type_)), documentation: None };
    member.arguments.iter().flatten().map(label).collect()
}
