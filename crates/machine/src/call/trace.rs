use alloc::vec;
use core::borrow::BorrowMut;

use ashlar_abi::call;
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use super::air::DATA_START_HIGH;
use super::{CallColumns, CallFlags};
use crate::bus::{SLOTS, slot};
use crate::timestamp::gap;
use crate::{TableCounts, Val};

/// One call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallEvent {
    /// Cycle within the segment.
    pub clock: u32,
    /// What a7 holds: a number of [`ashlar_abi::call`] other than `HALT` and `LOG`.
    pub number: u32,
    /// What a0 to a3 hold.
    pub arguments: [u32; 4],
    /// Timestamps of the accesses to a1, a2 and a3 before this one.
    pub previous: [u32; 3],
}

/// The trace of these calls, one per row. Panics if they do not fit in `height` rows, and on calls that trap.
pub fn generate(events: &[CallEvent], height: usize, counts: &mut TableCounts) -> RowMajorMatrix<Val> {
    assert!(events.len() <= height, "{} calls for {height} rows", events.len());
    let mut values = vec![Val::ZERO; height * CallColumns::WIDTH];
    for (row, event) in values.chunks_exact_mut(CallColumns::WIDTH).zip(events) {
        fill(row.borrow_mut(), event, counts);
    }
    RowMajorMatrix::new(values, CallColumns::WIDTH)
}

fn fill(row: &mut CallColumns<Val>, event: &CallEvent, counts: &mut TableCounts) {
    *flag_mut(&mut row.flags, event.number) = Val::ONE;
    row.clock = Val::from_u32(event.clock);
    row.arguments = event.arguments.map(|word| [word & 0xffff, word >> 16].map(Val::from_u32));

    let now = SLOTS * event.clock + slot::ARGUMENTS;
    let gaps = event.previous.map(|previous| gap(now, previous));
    row.previous = event.previous.map(Val::from_u32);
    row.gap_high = gaps.map(|[_, high]| Val::from_u32(high));
    for [low, _] in gaps {
        counts.range16(low);
    }
    counts.bytes(gaps[0][1], gaps[1][1]);
    counts.bytes(gaps[2][1], 0);

    for pointer in &event.arguments[..pointers(event.number)] {
        assert!(pointer.is_multiple_of(4), "pointer {pointer:#x} of call {}", event.number);
        counts.range16((pointer & 0xffff) / 4);
    }
    if event.number != call::COMMIT {
        let high = event.arguments[0] >> 16;
        assert!(high >= DATA_START_HIGH, "call {} writes below the data", event.number);
        counts.range16(high - DATA_START_HIGH);
    }
}

/// How many of the arguments are pointers: the first ones.
const fn pointers(number: u32) -> usize {
    match number {
        call::MODMUL256 | call::MODMUL384 => 4,
        call::SECP256K1_ADD => 2,
        _ => 1,
    }
}

fn flag_mut<T>(flags: &mut CallFlags<T>, number: u32) -> &mut T {
    match number {
        call::HINT => &mut flags.is_hint,
        call::COMMIT => &mut flags.is_commit,
        call::KECCAK_F => &mut flags.is_keccak_f,
        call::POSEIDON2 => &mut flags.is_poseidon2,
        call::MODMUL256 => &mut flags.is_modmul256,
        call::MODMUL384 => &mut flags.is_modmul384,
        call::SECP256K1_ADD => &mut flags.is_secp256k1_add,
        call::SECP256K1_DOUBLE => &mut flags.is_secp256k1_double,
        _ => panic!("call {number} has no row"),
    }
}
