//! Plans as people and programs read them.

mod dot;
mod html;
mod mermaid;
mod svg;
#[cfg(test)]
mod tests;
mod text;
mod words;

use super::Look;
use wf_model::plan::Plan;

/// How plans are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For a terminal, in at most 100 columns.
    Text,
    /// As `docs/plan.md` says.
    Json,
    /// For Graphviz.
    Dot,
    /// For forges and wikis that draw Mermaid.
    Mermaid,
    /// A picture: bars over time.
    Svg,
    /// A page that stands alone.
    Html,
}

impl Format {
    /// Writes a plan.
    #[must_use]
    pub fn write(self, plan: &Plan) -> String {
        match self {
            Self::Text => text::write(plan, Look::of(&std::io::stdout()).width),
            // What holds no maps with other keys than texts serialises.
            Self::Json => serde_json::to_string_pretty(plan).unwrap_or_default() + "\n",
            Self::Dot => dot::write(plan),
            Self::Mermaid => mermaid::write(plan),
            Self::Svg => svg::write(plan),
            Self::Html => html::write(plan),
        }
    }
}
