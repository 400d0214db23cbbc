//! What descriptors of kinds that start a process share.

use wf_model::kind::Attribute;
use wf_model::types::Type;

/// `env`
pub(crate) fn env() -> Attribute {
    let doc = "Variables of the environment, added to those that the step inherits; they win over those of the workflow.";
    Attribute::new("env", [Type::map(Type::String)], doc).taking_secrets()
}

/// `cwd`
pub(crate) fn cwd() -> Attribute {
    let doc =
        "The directory that it runs in: by default the `cwd` of the workflow, else the directory of the file that was started.";
    Attribute::new("cwd", [Type::Path], doc)
}

/// What a process gives.
pub(crate) fn result() -> Type {
    Type::record([("stdout", Type::String), ("stderr", Type::String), ("exit_code", Type::Int)])
}
