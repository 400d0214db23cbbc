//! `http`: sends an HTTP request.

mod exchange;
mod executor;
mod redirect;
mod request;
mod response;
mod save;
mod upload;

pub use executor::Http;

use wf_model::kind::{Attribute, EffectRule, Kind, TextSyntax, Waits};
use wf_model::types::Type;

/// Why a body wants a method beside it.
const BODY_OF_A_GET: &str =
    "A request is a GET unless it says otherwise, which is rarely meant to have a body: add `method: \"POST\"`.";

/// Describes the kind.
#[must_use]
pub fn kind() -> Kind {
    Kind {
        name: "http",
        doc: include_str!("docs.md").trim_ascii(),
        example: include_str!("example.wf"),
        main: &["url"],
        main_optional: false,
        attributes: attributes(),
        result: Type::record([
            ("status", Type::Int),
            ("headers", Type::map(Type::String)),
            ("body", Type::String),
            ("json", Type::Json),
            ("elapsed", Type::Duration),
        ]),
        decodes: Some("body"),
        effect: EffectRule::ByAttribute {
            attribute: "method",
            default: "GET",
            reads: &["GET", "HEAD"],
            repeatable: &["PUT", "DELETE"],
        },
        bounded: false,
        programs: &[],
        waits: Waits::Never,
    }
}

fn attributes() -> Vec<Attribute> {
    vec![
        Attribute::new("url", [Type::Url], "Where the request goes; a value in it is percent-encoded for its place.")
            .read_as(TextSyntax::Url)
            .of_schemes(&["http", "https"]),
        Attribute::new(
            "method",
            [Type::union(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])],
            "The method; `GET` and `HEAD` only read, `PUT` and `DELETE` may run twice.",
        )
        .with_default(r#""GET""#),
        Attribute::new("headers", [Type::map(Type::String)], "Headers of the request.").taking_secrets(),
        Attribute::new(
            "query",
            [Type::map(Type::String), Type::map(Type::list(Type::String))],
            "Parameters that are added to the URL's query, percent-encoded; a list gives its name several \
             times.",
        ),
        Attribute::new("body", [Type::String], "The body as text.").taking_secrets().asking_for("method", BODY_OF_A_GET),
        Attribute::new("json", [Type::Json], "The body as JSON, with its content type.")
            .excluding(&["body"])
            .asking_for("method", BODY_OF_A_GET),
        Attribute::new("form", [Type::map(Type::String)], "The body as a form, percent-encoded, with its content type.")
            .taking_secrets()
            .excluding(&["body", "json"])
            .asking_for("method", BODY_OF_A_GET),
        Attribute::new(
            "auth",
            [
                Type::record([("bearer", Type::String)]),
                Type::record([("user", Type::String), ("password", Type::String)]),
                Type::record([("certificate", Type::Path), ("key", Type::Path)]),
                Type::record([("certificate", Type::Path), ("key", Type::Secret)]),
            ],
            "Who asks: `{ bearer: token }`, `{ user: name, password: password }` for basic authentication, or \
             `{ certificate: path, key: path }` for a client certificate, in PEM; its key may be a secret \
             instead of a path.",
        )
        .taking_secrets()
        .reading_paths(),
        Attribute::new("save", [Type::Path], "A file that takes the body of the response, instead of `body` in the result.")
            .leaving_nothing(),
        Attribute::new(
            "upload",
            [Type::Path, Type::map(Type::Path)],
            "A file that is sent as the body; a map sends a multipart form with a file under each name, and the \
             fields of `form` beside them.",
        )
        .reading_paths()
        .excluding(&["body", "json"])
        .asking_for("method", BODY_OF_A_GET),
        Attribute::new(
            "max_size",
            [Type::Size],
            "The largest body of a response that is taken: by default 64MB, which a result holds at most, and \
             1GB with `save`.",
        ),
        Attribute::new("follow", [Type::Bool, Type::Int], "Whether redirects are followed, at most ten, or how many at most.")
            .with_default("true"),
        Attribute::new("allow_status", [Type::list(Type::Int)], "Statuses outside 2xx that count as success.").with_default("[]"),
        Attribute::new(
            "allow_address",
            [Type::list(Type::String)],
            "Link-local and metadata addresses that the request may go to, or their networks, such as \
             `\"169.254.169.254\"`; all others of these are refused, also behind a name or a redirect.",
        )
        .with_default("[]"),
        Attribute::new("ca", [Type::Path], "A file with the certificates, in PEM, that are trusted beside those of the system.")
            .reading_paths(),
    ]
}
