use alloc::vec::Vec;
use core::borrow::BorrowMut;

use p3_field::{Field, PackedValue, PrimeCharacteristicRing};
use p3_koala_bear::{
    GenericPoseidon2LinearLayersKoalaBear as Layers, KOALABEAR_POSEIDON2_RC_16_EXTERNAL_FINAL,
    KOALABEAR_POSEIDON2_RC_16_EXTERNAL_INITIAL, KOALABEAR_POSEIDON2_RC_16_INTERNAL,
};
use p3_matrix::dense::RowMajorMatrix;
use p3_poseidon2::GenericPoseidon2LinearLayers;

use super::Poseidon2Columns;
use crate::Val;
use crate::hash::Digest;

type Packed = <Val as Field>::Packing;

/// One permutation of x || y, and how often it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Poseidon2Event {
    /// First half of the input.
    pub x: Digest,
    /// Second half.
    pub y: Digest,
    /// Times asked for on the `compress` bus.
    pub compress: u32,
    /// Times asked for on the `permute` bus.
    pub permute: u32,
}

/// What other tables ask of this one, recorded while their traces are made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Questions {
    /// In the order in which they were asked.
    pub events: Vec<Poseidon2Event>,
}

impl Questions {
    /// Records `ask_compress(x, y, C(x, y))`.
    ///
    /// The same question twice in a row takes one permutation: what is only read has the same digests before and after,
    /// and both are asked for one after the other.
    pub fn compress(&mut self, x: &Digest, y: &Digest) {
        match self.events.last_mut() {
            Some(last) if last.x == *x && last.y == *y => last.compress += 1,
            _ => self.events.push(Poseidon2Event { x: *x, y: *y, compress: 1, permute: 0 }),
        }
    }

    /// Records `ask_permute(state, P(state))`.
    pub fn permute(&mut self, state: &[Val; 16]) {
        let [x, y] = [0, 8].map(|at| core::array::from_fn(|i| state[at + i]));
        self.events.push(Poseidon2Event { x, y, compress: 0, permute: 1 });
    }
}

/// The trace of these permutations; rows past them hold the permutation of 0, which nobody asks for. Panics if they do
/// not fit in `height` rows.
pub fn generate(events: &[Poseidon2Event], height: usize) -> RowMajorMatrix<Val> {
    assert!(events.len() <= height, "{} permutations for {height} rows", events.len());
    let mut values = Val::zero_vec(height * Poseidon2Columns::WIDTH);
    for (i, rows) in values.chunks_mut(Packed::WIDTH * Poseidon2Columns::WIDTH).enumerate() {
        fill(rows, events.get(i * Packed::WIDTH..).unwrap_or_default());
    }
    RowMajorMatrix::new(values, Poseidon2Columns::WIDTH)
}

/// Fills as many rows as a vector has lanes, or fewer. Rows past the events are of the permutation of 0.
fn fill(rows: &mut [Val], events: &[Poseidon2Event]) {
    for_each(rows, |lane, row| {
        let Some(event) = events.get(lane) else { return };
        row.compress = Val::from_u32(event.compress);
        row.permute = Val::from_u32(event.permute);
        row.input[..8].copy_from_slice(&event.x);
        row.input[8..].copy_from_slice(&event.y);
    });
    let mut state = [Packed::ZERO; 16];
    for_each(rows, |lane, row| {
        for (x, input) in state.iter_mut().zip(row.input) {
            x.as_slice_mut()[lane] = input;
        }
    });
    Layers::external_linear_layer(&mut state);
    for (i, constants) in KOALABEAR_POSEIDON2_RC_16_EXTERNAL_INITIAL.iter().enumerate() {
        full_round(&mut state, constants);
        for_each(rows, |lane, row| row.first[i] = state.map(|x| x.as_slice()[lane]));
    }
    for (i, constant) in KOALABEAR_POSEIDON2_RC_16_INTERNAL.iter().enumerate() {
        state[0] = (state[0] + *constant).cube();
        for_each(rows, |lane, row| row.partial[i] = state[0].as_slice()[lane]);
        Layers::internal_linear_layer(&mut state);
    }
    for (i, constants) in KOALABEAR_POSEIDON2_RC_16_EXTERNAL_FINAL.iter().enumerate() {
        full_round(&mut state, constants);
        for_each(rows, |lane, row| row.last[i] = state.map(|x| x.as_slice()[lane]));
    }
}

#[inline]
fn for_each(rows: &mut [Val], mut f: impl FnMut(usize, &mut Poseidon2Columns<Val>)) {
    for (lane, row) in rows.chunks_exact_mut(Poseidon2Columns::WIDTH).enumerate() {
        f(lane, row.borrow_mut());
    }
}

#[inline]
fn full_round(state: &mut [Packed; 16], constants: &[Val; 16]) {
    for (x, constant) in state.iter_mut().zip(constants) {
        *x = (*x + *constant).cube();
    }
    Layers::external_linear_layer(state);
}
