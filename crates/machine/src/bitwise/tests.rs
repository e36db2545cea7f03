use alloc::vec::Vec;

use p3_field::PrimeCharacteristicRing;

use super::*;
use crate::bus::name;
use crate::evaluate::evaluate;
use crate::opcode::alu;
use crate::testing::{self, instruction};
use crate::{TableCounts, Val};

const WORDS: [u32; 5] = [0, 1, 0x8000_0000, 0xdead_beef, u32::MAX];

fn events() -> Vec<BitwiseEvent> {
    let operands = WORDS.iter().flat_map(|x| WORDS.map(|b| (*x, b)));
    operands.flat_map(|(x, b)| [alu::XOR, alu::OR, alu::AND].map(|op| BitwiseEvent { op, x, b })).collect()
}

#[test]
fn states_what_the_isa_says() {
    let events = events();
    let mut counts = TableCounts::default();
    let trace = generate(&events, 64, &mut counts);
    let report = evaluate(&BitwiseAir, &trace, &[]);
    assert_eq!(report.failures, []);
    for event in &events {
        let c = match event.op {
            alu::XOR => event.x ^ event.b,
            alu::OR => event.x | event.b,
            _ => event.x & event.b,
        };
        assert_eq!(report.balance.on(name::INSTRUCTION)[&instruction(event.op, event.x, event.b, c)], -1);
    }
    testing::assert_counted(&report.balance, &counts);
}

#[test]
fn every_column_matters() {
    let mut counts = TableCounts::default();
    let trace = generate(&events(), 64, &mut counts);
    testing::assert_every_column_matters(&BitwiseAir, &trace, &[], BitwiseColumns::FILLING);
}

#[test]
fn refuses_a_lane_of_two_operations() {
    let mut counts = TableCounts::default();
    let mut trace = generate(&events(), 64, &mut counts);
    trace.values[1] = Val::ONE;
    assert!(!evaluate(&BitwiseAir, &trace, &[]).failures.is_empty());
}
