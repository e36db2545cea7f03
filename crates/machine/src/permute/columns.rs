use crate::columns::columns;

/// A word that memory holds, proven to be below p.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct InputWord<T> {
    /// Low limb.
    pub low: T,
    /// High limb.
    pub high: T,
    /// 1: the high limb is below 0x7f00. 0: it is at most 0x7f00, and the low limb is 0.
    pub is_below: T,
}

/// A word made here, proven to be below p. Its high limb is 126 * steps + rest + extra.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct OutputWord<T> {
    /// Low limb.
    pub low: T,
    /// A byte.
    pub steps: T,
    /// A byte.
    pub rest: T,
    /// 0, 126, or, if the low limb is 0, 127.
    pub extra: T,
}

/// Half of a call: words 0 to 7 on its first row, 8 to 15 on its second.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct PermuteColumns<T> {
    /// 1 if the row is in use; the same on both rows of a call.
    pub is_real: T,
    /// Clock of the call; the same on both rows.
    pub clock: T,
    /// Address of the state; the same on both rows.
    pub address: T,
    /// Words of the state before.
    pub inputs: [InputWord<T>; 8],
    /// Words of the state after.
    pub outputs: [OutputWord<T>; 8],
    /// On a second row, the values of the first row's inputs.
    pub first_inputs: [T; 8],
    /// On a second row, the values of the first row's outputs.
    pub first_outputs: [T; 8],
}

columns!(PermuteColumns);
