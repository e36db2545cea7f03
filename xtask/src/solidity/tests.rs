use std::collections::HashSet;
use std::fs;

use super::mutants::{Kind, mutants};
use super::read_sources;

/// What changes make of a source.
fn changed(source: &str) -> Vec<String> {
    mutants("a.sol", source).iter().map(|mutant| mutant.apply(source)).collect()
}

fn function(body: &str) -> String {
    format!("contract A {{ function f(uint256 a) public {{ {body} }} }}")
}

#[track_caller]
fn assert_changes(body: &str, expected: &[&str]) {
    let found = changed(&function(body));
    for expected in expected {
        assert!(found.contains(&function(expected)), "{expected}: {found:#?}");
    }
}

#[test]
fn checks_are_left_out_as_a_whole_and_by_parts() {
    assert_changes(
        "if (a == 0 || g(a)) revert E(a);",
        &["if (a == 0 || g(a)) {}", "if (false || g(a)) revert E(a);", "if (a == 0 || false) revert E(a);"],
    );
    assert_changes("if (a < 2) revert E();", &["if (a <= 2) revert E();", "if (a < 3) revert E();"]);
}

#[test]
fn statements_conditions_and_operations_are_changed() {
    assert_changes("b = a + 1; g(b);", &[" g(b);", "b = a + 1; ", "b = a - 1; g(b);", "b = a + 0; g(b);"]);
    assert_changes(
        "if (a > 0 && c) b = a;",
        &["if (true) b = a;", "if (false) b = a;", "if (true && c) b = a;"],
    );
    assert_changes("return !g(a);", &["return g(a);"]);
}

#[test]
fn assembly_is_changed() {
    assert_changes(
        "assembly { let x := add(a, 0x1f) if lt(x, a) { x := iszero(x) } mstore(x, 1) }",
        &[
            "assembly { let x := sub(a, 0x1f) if lt(x, a) { x := iszero(x) } mstore(x, 1) }",
            "assembly { let x := add(a, 0x20) if lt(x, a) { x := iszero(x) } mstore(x, 1) }",
            "assembly { let x := add(a, 0x1f) if 0 { x := iszero(x) } mstore(x, 1) }",
            "assembly { let x := add(a, 0x1f) if gt(x, a) { x := iszero(x) } mstore(x, 1) }",
            "assembly { let x := add(a, 0x1f) if iszero(gt(x, a)) { x := iszero(x) } mstore(x, 1) }",
            "assembly { let x := add(a, 0x1f) if lt(x, a) {  } mstore(x, 1) }",
            "assembly { let x := add(a, 0x1f) if lt(x, a) { x := add(0, x) } mstore(x, 1) }",
            "assembly { let x := add(a, 0x1f) if lt(x, a) { x := iszero(x) }  }",
        ],
    );
}

#[test]
fn comments_declarations_and_types_stay() {
    let source = "// if (a) revert E();\n/* 1 */ error E(uint256 a); struct S { uint256[4] b; } uint256 c;";
    assert!(changed(source).is_empty(), "{:?}", changed(source));
    assert_changes("uint256[4] memory b = [a, 1, 2, 3];", &["uint256[4] memory b = [a, 2, 2, 3];"]);
    assert!(!changed(&function("uint256[4] memory b;")).iter().any(|text| text.contains("[5]")));
}

/// Every `revert` of the contracts is one that the suite leaves out.
#[test]
fn no_check_of_the_contracts_is_missed() {
    let sources = read_sources(&crate::repository::root().join("contracts")).unwrap();
    let mut reverts = 0;
    for (file, text) in &sources {
        let found = mutants(file, text);
        let checks = found.iter().filter(|mutant| mutant.kind == Kind::Check && mutant.replacement == "{}");
        let checks: HashSet<_> = checks.map(|mutant| mutant.range.start).collect();
        for (place, _) in text.match_indices(" revert ") {
            let line = text[..place].rfind('\n').map_or(0, |start| start + 1);
            if !text[line..place].trim_start().starts_with("//") {
                assert!(checks.contains(&(place + 1)), "{file}: {}", &text[line..place + 40]);
                reverts += 1;
            }
        }
        // Two changes that make the same of a source would be counted twice.
        let all: Vec<_> = found.iter().map(|mutant| mutant.apply(text)).collect();
        assert!(all.iter().all(|changed| changed != text), "{file}");
    }
    assert!(reverts > 20, "{reverts}");
}

/// An entry of a change that is not there any more would hide nothing, and nobody would notice.
#[test]
fn equivalent_changes_are_still_changes_of_the_sources() {
    let contracts = crate::repository::root().join("contracts");
    let text = fs::read_to_string(contracts.join("equivalent-mutants.json")).unwrap();
    let list: Vec<super::Equivalent> = serde_json::from_str(&text).unwrap();
    let sources = read_sources(&contracts).unwrap();
    for equivalent in list {
        let text = &sources[&equivalent.name.file];
        let found = mutants(&equivalent.name.file, text);
        assert!(found.iter().any(|mutant| mutant.name(text) == equivalent.name), "{:?}", equivalent.name);
        assert!(equivalent.reason.len() > 20, "{:?}", equivalent.name);
    }
}
