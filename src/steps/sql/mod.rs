//! `sql`: runs statements against a database, or the migrations that it has not seen yet.

mod certificates;
mod decimal;
mod dialect;
mod executor;
mod migrations;
mod mysql;
mod need;
mod postgres;
mod postgres_value;
mod record;
mod region;
mod rows;
mod session;
mod sqlite;
mod statement;
mod trouble;
mod work;

pub use executor::Sql;

use wf_model::kind::{Attribute, EffectRule, Kind, TextSyntax, Waits};
use wf_model::types::Type;

/// Describes the kind.
#[must_use]
pub fn kind() -> Kind {
    Kind {
        name: "sql",
        doc: include_str!("docs.md").trim_ascii(),
        example: include_str!("example.wf"),
        main: &["query", "migrations"],
        main_optional: false,
        attributes: attributes(),
        result: Type::record([("rows", Type::list(Type::Json)), ("affected", Type::Int)]),
        decodes: Some("rows"),
        effect: EffectRule::Changes,
        bounded: false,
        programs: &[],
        waits: Waits::Never,
    }
}

fn attributes() -> Vec<Attribute> {
    vec![
        Attribute::new("query", [Type::String], "The statements; a value in them is a bind parameter.").read_as(TextSyntax::Sql),
        Attribute::new(
            "migrations",
            [Type::Path],
            "A directory of `.sql` files, instead of `query`: those that the database has not seen yet run \
             in the order of their names.",
        )
        .reading_paths(),
        Attribute::new("database", [Type::Url], "The database: a `sqlite:`, `postgres:` or `mysql:` URL.")
            .read_as(TextSyntax::Url)
            .of_schemes(&["sqlite", "postgres", "postgresql", "mysql", "mariadb"])
            .taking_secrets()
            .required(),
        Attribute::new("transaction", [Type::Bool], "Whether all statements take effect together or not at all.")
            .with_default("true"),
        Attribute::new(
            "once",
            [Type::Bool],
            "Whether the transaction of the `query` records the step in the table `wfc_steps`, so that it takes effect once \
             however often it is tried; with `on unknown rerun` also where the run was killed.",
        )
        .with_default("false")
        .excluding(&["migrations"]),
    ]
}
