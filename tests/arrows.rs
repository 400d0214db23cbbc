//! Which crate may lead to which: the arrows of `docs/architecture.md`.

use cargo_metadata::{DependencyKind, MetadataCommand};

/// Each crate with the crates of the workspace that it may depend on.
const ARROWS: [(&str, &[&str]); 10] = [
    ("wfc", &["wf-cli"]),
    ("wf-cli", &["wf-lsp", "wf-steps", "wf-store", "wf-runtime", "wf-compiler", "wf-syntax", "wf-model"]),
    ("wf-lsp", &["wf-compiler", "wf-syntax", "wf-model"]),
    ("wf-steps", &["wf-runtime", "wf-model"]),
    ("wf-store", &["wf-runtime", "wf-model"]),
    ("wf-runtime", &["wf-model"]),
    ("wf-compiler", &["wf-syntax", "wf-model"]),
    ("wf-syntax", &["wf-model"]),
    ("wf-model", &[]),
    ("wf-fuzz", &["wf-steps", "wf-runtime", "wf-compiler", "wf-syntax", "wf-model"]),
];

#[test]
fn crates_depend_only_along_the_arrows() {
    let metadata = MetadataCommand::new().no_deps().exec().expect("cargo metadata runs in a checkout");
    let mut names: Vec<&str> = metadata.packages.iter().map(|package| package.name.as_str()).collect();
    names.sort_unstable();
    let mut known: Vec<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    known.sort_unstable();
    assert_eq!(names, known, "every crate has its line in the table");
    for package in &metadata.packages {
        let (_, allowed) = ARROWS.iter().find(|(name, _)| *name == package.name.as_str()).expect("compared above");
        for dependency in package.dependencies.iter().filter(|dependency| dependency.kind == DependencyKind::Normal) {
            if dependency.name.starts_with("wf-") {
                assert!(allowed.contains(&dependency.name.as_str()), "{} must not lead to {}", package.name, dependency.name);
            }
        }
    }
}

#[test]
fn pure_crates_have_no_runtime_or_network() {
    let metadata = MetadataCommand::new().no_deps().exec().expect("cargo metadata runs in a checkout");
    for package in metadata.packages.iter().filter(|p| ["wf-model", "wf-syntax", "wf-compiler"].contains(&p.name.as_str())) {
        for forbidden in ["tokio", "reqwest", "rustix", "bollard", "rusqlite"] {
            let found = package.dependencies.iter().any(|d| d.kind == DependencyKind::Normal && d.name == forbidden);
            assert!(!found, "{} is pure and must not depend on {forbidden}", package.name);
        }
    }
}
