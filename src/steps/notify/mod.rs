//! `notify`: sends a message to people.

mod channel;
mod desktop;
mod executor;
mod mail;
mod message;
mod need;
mod post;
mod receipts;
mod signature;
mod throttle;

pub use executor::Notify;

use wf_model::kind::{Attribute, EffectRule, Kind, Waits};
use wf_model::types::Type;

/// Describes the kind.
#[must_use]
pub fn kind() -> Kind {
    Kind {
        name: "notify",
        doc: include_str!("docs.md").trim_ascii(),
        example: include_str!("example.wf"),
        main: &["message"],
        main_optional: false,
        attributes: attributes(),
        result: Type::record([("delivered", Type::Bool)]),
        decodes: None,
        effect: EffectRule::Changes,
        bounded: false,
        programs: &[],
        waits: Waits::Never,
    }
}

fn attributes() -> Vec<Attribute> {
    vec![
        Attribute::new("message", [Type::String], "What to say."),
        Attribute::new(
            "to",
            [Type::Channel, Type::list(Type::Channel)],
            "Where it goes: `slack(url)`, `email(to, smtp)`, `webhook(url)` or `webhook(url, key)`, `desktop()`, or a list of them.",
        )
        .required(),
        Attribute::new("title", [Type::String], "A heading; of a mail the subject."),
        Attribute::new(
            "throttle",
            [Type::Duration],
            "At most one message of this step in this time, over all runs; further ones are left out and \
             count as success.",
        ),
        Attribute::new("ca", [Type::Path], "A file with the certificates, in PEM, that are trusted beside those of the system.")
            .reading_paths(),
    ]
}
