//! What names mean.

use crate::files::{FileProblem, Files};
use crate::{Analysis, analyse};
use wf_model::diagnostic::Level;
use wf_model::span::SourceId;

/// Files by name.
struct Texts(&'static [(&'static str, &'static str)]);

impl Files for Texts {
    fn read(&self, path: &str) -> Result<String, FileProblem> {
        let found = self.0.iter().find(|(name, _)| path == format!("/{name}"));
        found.map(|(_, text)| (*text).to_owned()).ok_or_else(|| FileProblem { message: "none".into(), help: String::new() })
    }

    fn resolve(&self, _: &str, path: &str) -> String {
        format!("/{}", path.trim_start_matches("./"))
    }
}

fn analysed(files: &'static [(&'static str, &'static str)]) -> Analysis {
    analyse("main.wf", &Texts(files), wf_steps::registry(), Level::Standard, None)
}

/// Every name that means the same as the one at the `#`-th place where `name` stands, as `file:line:column`.
fn same(analysis: &Analysis, name: &str, number: usize) -> Vec<String> {
    let sources = &analysis.compilation.sources;
    let text = sources.get(SourceId(0)).unwrap().text.clone();
    let (place, _) = text.match_indices(name).nth(number).expect("it stands there");
    let found = analysis.index.at(SourceId(0), place).unwrap_or_else(|| panic!("nothing is known of `{name}` at {place}"));
    let shown = |span: wf_model::span::Span| {
        let source = sources.get(span.source).unwrap();
        let position = source.position(span.start);
        format!("{}:{}:{}", source.name, position.line, position.column)
    };
    analysis.index.of(&found.symbol).map(|occurrence| shown(occurrence.span)).collect()
}

fn type_of(analysis: &Analysis, name: &str, number: usize) -> String {
    let text = analysis.compilation.sources.get(SourceId(0)).unwrap().text.clone();
    let (place, _) = text.match_indices(name).nth(number).expect("it stands there");
    let found = analysis.index.at(SourceId(0), place).expect("it is known");
    found.type_.as_ref().map(ToString::to_string).unwrap_or_default()
}

#[test]
fn names_lead_to_what_declares_them_across_files_and_in_tests() {
    let analysis = analysed(&[
        (
            "main.wf",
            "use \"./lib.wf\" as lib\n\
             type Region = string\n\
             let all = [\"eu\", \"us\"]\n\
             workflow main {\n\
             \x20 param regions: [Region] = all\n\
             \x20 ship: for each region in regions {\n\
             \x20   step release: lib.deploy { region: region }\n\
             \x20   step probe: shell \"curl ${region}\" -> int { reads only }\n\
             \x20 }\n\
             \x20 step last: shell \"echo ${[p + 1 for p in ship.probe].sum()}\" depends on ship { reads only }\n\
             \x20 output done: bool = ship.release[0].done\n\
             }\n\
             test \"all\" {\n\
             \x20 run main with { regions: [\"eu\"] }\n\
             \x20 mock ship.probe succeeds with { stdout: \"1\" }\n\
             \x20 expect ship.release[0].status == \"succeeded\"\n\
             }\n",
        ),
        (
            "lib.wf",
            "workflow deploy {\n  param region: string\n  step a: shell \"x ${region}\" { reads only }\n  output done = true\n}\n",
        ),
    ]);
    assert_eq!(same(&analysis, "all", 0), ["main.wf:3:5", "main.wf:5:29"]);
    assert_eq!(same(&analysis, "Region", 0), ["main.wf:2:6", "main.wf:5:19"]);
    assert_eq!(same(&analysis, "regions", 0), ["main.wf:5:9", "main.wf:6:28", "main.wf:14:19"]);
    assert_eq!(same(&analysis, "lib.deploy", 0), ["main.wf:1:19", "main.wf:7:19"]);
    assert_eq!(same(&analysis, "deploy", 0), ["main.wf:7:23", "lib.wf:1:10"]);
    assert_eq!(same(&analysis, "region: ", 0), ["main.wf:7:32", "lib.wf:2:9", "lib.wf:3:22"]);
    assert_eq!(same(&analysis, "probe", 0), ["main.wf:8:10", "main.wf:10:49", "main.wf:15:13"]);
    assert_eq!(
        same(&analysis, "ship", 0),
        ["main.wf:6:3", "main.wf:10:44", "main.wf:10:75", "main.wf:11:23", "main.wf:15:8", "main.wf:16:10"]
    );
    assert_eq!(same(&analysis, "p in ship", 0), ["main.wf:10:29", "main.wf:10:39"]);
    assert_eq!(same(&analysis, "done\n", 0), ["main.wf:11:39", "lib.wf:4:10"]);
}

#[test]
fn names_are_known_beside_what_is_broken_and_with_their_types_where_they_stand() {
    let analysis = analysed(&[(
        "main.wf",
        "workflow main {\n\
         \x20 param count: int?\n\
         \x20 step a: shell \"make\" {\n\
         \x20   retry ???\n\
         \x20   timeout 5\n\
         \x20 }\n\
         \x20 let wrong: string = count\n\
         \x20 if count != null {\n\
         \x20   let more = count + 1\n\
         \x20   step b: shell \"echo ${more}\" when\n\
         \x20 }\n\
         \x20 checkpoint here_we_are\n\
         \x20 on failure { rollback to here_we_are }\n\
         }\n",
    )]);
    assert!(analysis.compilation.program.is_none(), "there are errors");
    assert_eq!(same(&analysis, "count", 1), ["main.wf:2:9", "main.wf:7:23", "main.wf:8:6", "main.wf:9:16"]);
    assert_eq!([type_of(&analysis, "count", 1), type_of(&analysis, "count", 3)], ["int?", "int"]);
    assert_eq!(same(&analysis, "here_we_are", 1), ["main.wf:12:14", "main.wf:13:28"]);
}

#[test]
fn branches_that_share_a_step_share_its_name() {
    let analysis = analysed(&[(
        "main.wf",
        "workflow main {\n\
         \x20 param big: bool\n\
         \x20 if big { step build: shell \"a\" -> string } else { step build: shell \"b\" -> string }\n\
         \x20 step use_it: shell \"echo ${build}\" { reads only }\n\
         }\n",
    )]);
    assert_eq!(same(&analysis, "build", 2), ["main.wf:3:17", "main.wf:3:58", "main.wf:4:30"]);
}
