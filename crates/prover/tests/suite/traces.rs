use crate::programs::{arithmetic, branches, calls, memory};
use crate::support::assert_holds;

#[test]
fn arithmetic_holds() {
    for seed in 1..4 {
        assert_eq!(assert_holds(&arithmetic(seed), &[], 1 << 10), 1);
    }
}

#[test]
fn memory_holds() {
    assert_eq!(assert_holds(&memory(7), &[], 1 << 10), 1);
}

#[test]
fn branches_hold() {
    assert_eq!(assert_holds(&branches(), &[], 1 << 10), 1);
}

#[test]
fn calls_hold() {
    let (program, hints) = calls(11);
    assert_eq!(assert_holds(&program, &hints, 1 << 10), 1);
}

#[test]
fn runs_hold_wherever_they_are_cut() {
    assert!(assert_holds(&memory(3), &[], 7) > 5);
    assert!(assert_holds(&branches(), &[], 13) > 5);
    let (program, hints) = calls(5);
    assert!(assert_holds(&program, &hints, 60) > 3);
}
