//! The table against p3's permutation, sponge, trees and transcript; each flag with an honest use and with what it prevents.

mod blocks;
mod flags;
mod operations;
mod proof;
mod uses;

use alloc::sync::Arc;
use alloc::vec::Vec;

use p3_field::PrimeCharacteristicRing;
use p3_koala_bear::default_koalabear_poseidon2_16;
use p3_symmetric::Permutation;

use super::*;
use crate::extension::element;
use crate::testing::{self, Instance};
use crate::{Challenge, Val};

const READ: i32 = -1;
const ZERO: Challenge = Challenge::ZERO;

fn permute(state: [Val; 16]) -> [Val; 16] {
    default_koalabear_poseidon2_16().permute(state)
}

fn first_half(state: &[Val; 16]) -> [Val; 8] {
    core::array::from_fn(|i| state[i])
}

/// 8 elements as two words.
fn words(elements: &[Val; 8]) -> [Challenge; 2] {
    [0, 4].map(|first| element(&core::array::from_fn(|i| elements[first + i])))
}

/// A circuit as it is laid out: blocks, and the operands of their rows.
#[derive(Clone, Default)]
struct Table {
    fixed: Vec<NarrowFixed<Val>>,
    inputs: Vec<[Val; 16]>,
    operands: Vec<[Challenge; 4]>,
}

impl Table {
    /// Adds a block; returns its first row.
    fn block(&mut self, input: [Val; 16]) -> usize {
        let row = self.fixed.len();
        self.inputs.push(input);
        self.fixed.resize(row + BLOCK, NarrowFixed::default());
        self.operands.resize(row + BLOCK, [ZERO; 4]);
        row
    }

    /// The state after the last block.
    fn output(&self) -> [Val; 16] {
        self.inputs.last().map_or([Val::ZERO; 16], |input| permute(*input))
    }

    fn last_row(&self) -> usize {
        self.fixed.len() - 1
    }

    /// Sets flags of a row.
    fn set(&mut self, row: usize, flags: impl IntoIterator<Item = usize>) {
        self.fixed[row].set(flags);
    }

    /// The operand k of the row is the wire at this address.
    fn wire(&mut self, row: usize, k: usize, address: u32, value: Challenge, count: i32) {
        self.fixed[row].address[k] = Val::from_u32(address);
        self.fixed[row].count[k] = Val::from_i32(count);
        self.operands[row][k] = value;
    }

    fn height(&self) -> usize {
        self.fixed.len().next_power_of_two().max(2 * BLOCK)
    }

    fn instance(&self) -> Instance<NarrowAir> {
        let height = self.height();
        Instance {
            air: NarrowAir::new(Arc::new(fixed_matrix(&self.fixed, height))),
            trace: trace(&self.inputs, &self.operands, height),
            public_values: Vec::new(),
        }
    }

    fn assert_holds(&self) {
        assert_eq!(self.instance().report().failures, []);
    }

    /// Asserts that the table is refused, but would not be if the flag were cleared.
    fn assert_refused_by(&self, row: usize, flag: usize) {
        self.assert_refused_without(|fixed| fixed[row].flags[flag] = Val::ZERO);
    }

    /// Asserts that the table is refused, but would not be with other fixed columns.
    fn assert_refused_without(&self, clear: impl Fn(&mut [NarrowFixed<Val>])) {
        let mut without = self.clone();
        clear(&mut without.fixed);
        let [with, without] = [self, &without].map(|table| table.instance());
        testing::assert_only_refused_with(&with.air, &without.air, &with.trace, &[]);
    }
}

/// Main and fixed columns; two auxiliary columns and four pieces of the quotient, of the extension field.
#[test]
fn has_92_columns() {
    let (main, fixed, auxiliary) = testing::shape(&NarrowAir::default());
    assert_eq!((main, fixed, auxiliary), (48, 20, 2));
    assert_eq!(main + fixed + 4 * auxiliary + 4 * proof::PIECES, 92);
}
