//! `docker`: builds an image, runs a container, or both.

mod archive;
mod auth;
mod build;
mod container;
mod context;
mod engine;
mod executor;
mod ignored;
mod image;
mod log;
mod mount;
mod need;
mod request;
mod sweep;
mod trouble;

pub use executor::Docker;
pub use sweep::end_containers;

use wf_model::kind::{Attribute, EffectRule, Kind, TextSyntax, Waits};
use wf_model::types::Type;

/// Describes the kind.
#[must_use]
pub fn kind() -> Kind {
    Kind {
        name: "docker",
        doc: include_str!("docs.md").trim_ascii(),
        example: include_str!("example.wf"),
        main: &["image", "build"],
        main_optional: false,
        attributes: attributes(),
        result: Type::record([
            ("stdout", Type::String),
            ("stderr", Type::String),
            ("exit_code", Type::Int),
            ("image", Type::String),
        ]),
        decodes: Some("stdout"),
        effect: EffectRule::Changes,
        bounded: false,
        programs: &[],
        waits: Waits::Never,
    }
}

fn attributes() -> Vec<Attribute> {
    vec![
        Attribute::new("image", [Type::String], "The image whose container runs, unless `build` makes it."),
        Attribute::new(
            "run",
            [Type::String, Type::list(Type::String)],
            "What to run in the container, instead of what the image says: text for its `/bin/sh`, in which a \
             value arrives as data, or a list of program and arguments.",
        )
        .read_as(TextSyntax::Shell)
        .taking_secrets(),
        Attribute::new(
            "build",
            [Type::record([
                ("context", Type::Path),
                ("file", Type::optional(Type::Path)),
                ("args", Type::optional(Type::map(Type::String))),
                ("target", Type::optional(Type::String)),
            ])],
            "Builds the image from the directory `context`, without what its `.dockerignore` names; `file` is the \
             Dockerfile where that is not the `Dockerfile` in it, `args` are its arguments, `target` its stage.",
        )
        .reading_paths(),
        Attribute::new("tag", [Type::String, Type::list(Type::String)], "Names that the built image gets.")
            .asking_for("build", "Only an image that the step builds gets names: add `build`, or leave `tag` out."),
        Attribute::new("env", [Type::map(Type::String)], "Variables of the environment in the container.").taking_secrets(),
        Attribute::new(
            "mounts",
            [Type::list(Type::String)],
            "Directories of the machine in the container, such as `\"./data:/data\"` or `\"./data:/data:ro\"`; a name \
             without a slash is a volume of the engine.",
        )
        .with_default("[]"),
        Attribute::new("network", [Type::String], "The network of the container.").with_default(r#""bridge""#),
        Attribute::new("cpus", [Type::Float], "How many processors it may use; by default all."),
        Attribute::new("memory", [Type::Size], "How much memory it may use; by default all."),
        Attribute::new(
            "user",
            [Type::String],
            "The user in the container, such as `\"1000:1000\"`; by default that of the image.",
        ),
        Attribute::new("workdir", [Type::String], "The directory in the container; by default that of the image."),
        Attribute::new(
            "entrypoint",
            [Type::String, Type::list(Type::String)],
            "What runs before the `run` of the step, which is its arguments then.",
        ),
        Attribute::new(
            "pull",
            [Type::union(["always", "missing", "never"])],
            "When the image is fetched; `always` with `build` also looks for newer base images.",
        )
        .with_default(r#""missing""#),
        Attribute::new(
            "platform",
            [Type::String],
            "The platform of the image, such as `\"linux/arm64\"`; by default that of the machine.",
        ),
    ]
}
