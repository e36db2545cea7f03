//! What of a table enters the calculation, read off its constraints by Plonky3's own functions.

use ashlar_circuit::CircuitAir;
use ashlar_circuit::narrow::NarrowAir;
use ashlar_machine::air::MachineAir;
use ashlar_machine::{Shape, Val};
use ashlar_verifier::config::Challenge;
use ashlar_verifier::{CIRCUIT_HEIGHTS, CIRCUIT_OPERATIONS, LAST_HEIGHT, SHRINK_HEIGHTS, SHRINK_OPERATIONS};
use p3_air::Air;
use p3_air::symbolic::AirLayout;
use p3_batch_stark::num_batched_openings;
use p3_batch_stark::symbolic::{
    get_log_num_quotient_chunks, get_max_constraint_degree, get_symbolic_constraints,
};
use p3_field::BasedVectorSpace;
use p3_lookup::{InteractionSymbolicBuilder, LogUpGadget, Lookups};
use p3_uni_stark::OpeningShape;
use serde::Serialize;

/// Base elements of an element of the extension field.
pub(crate) const EXTENSION: usize = <Challenge as BasedVectorSpace<Val>>::DIMENSION;

/// A table of some height, as the calculation sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TableProfile {
    /// Its name.
    #[serde(rename = "table")]
    pub name: &'static str,
    /// log2 of its rows.
    pub log_height: u8,
    /// Main columns.
    pub main_width: usize,
    /// Whether main columns are also opened at the next row.
    pub reads_next_row: bool,
    /// Fixed columns.
    pub fixed_width: usize,
    /// Whether fixed columns are also opened at the next row.
    pub fixed_next: bool,
    /// Auxiliary columns of the buses, in the extension field: the running sum and one column per pack of messages.
    pub aux_columns: usize,
    /// Messages per row, on all buses.
    pub messages: usize,
    /// Elements of the widest message.
    pub message_width: usize,
    /// Sum of the bounds of a row's multiplicities; answers of lookup tables count 0.
    pub weight: u64,
    /// Constraints, those of the buses included.
    pub constraints: usize,
    /// The highest degree of a constraint.
    pub degree: usize,
    /// Pieces that the quotient is cut into, each of the table's height, in the extension field.
    pub quotient_chunks: usize,
    /// Columns that repeat with a short period; the verifier evaluates them itself.
    pub periodic: usize,
}

impl TableProfile {
    /// Rows.
    pub const fn height(&self) -> u64 {
        1 << self.log_height
    }

    /// Auxiliary columns counted in the base field.
    pub const fn aux_width(&self) -> usize {
        self.aux_columns * EXTENSION
    }

    /// Quotient columns counted in the base field.
    pub const fn quotient_width(&self) -> usize {
        self.quotient_chunks * EXTENSION
    }

    /// Base columns in the proof's openings, whatever the number of points.
    pub const fn columns(&self) -> usize {
        self.main_width + self.fixed_width + self.aux_width() + self.quotient_width()
    }

    /// Pairs of a base column and a point that it is opened at: the powers of the batching challenge.
    pub const fn openings(&self) -> usize {
        num_batched_openings(
            self.main_width,
            self.reads_next_row,
            self.fixed_width,
            self.fixed_next,
            self.quotient_chunks,
            self.aux_columns.saturating_sub(1),
            EXTENSION,
            OpeningShape::TwoAdic,
        )
    }
}

/// The profile of a table, as the proof system lays it out for 2^`log_height` rows.
///
/// The messages are packed as `ProverData::from_airs_and_degrees` does: without another quotient chunk.
pub fn profile<A>(name: &'static str, air: &A, log_height: u8) -> TableProfile
where
    A: Air<InteractionSymbolicBuilder<Val, Challenge>>,
{
    let layout = AirLayout::from_air(air);
    let height = 1 << log_height;
    let gadget = LogUpGadget::new();
    let unpacked = Lookups::from_air::<Challenge, A>(air);
    let chunks =
        1 << get_log_num_quotient_chunks::<Val, Challenge, A, _>(air, layout, height, &unpacked, 0, &gadget);
    let lookups = unpacked.pack_same_bus(&gadget, chunks + 1);
    let degree = get_max_constraint_degree::<Val, Challenge, A, _>(air, layout, height, &lookups, &gadget);
    let (base, extension) = get_symbolic_constraints::<Val, Challenge, A, _>(air, layout, &lookups, &gadget);
    let widths = lookups.iter().flat_map(|lookup| lookup.elements.iter().map(Vec::len));
    TableProfile {
        name,
        log_height,
        main_width: air.width(),
        reads_next_row: !air.main_next_row_columns().is_empty(),
        fixed_width: air.preprocessed_width(),
        fixed_next: !air.preprocessed_next_row_columns().is_empty(),
        aux_columns: if lookups.is_empty() { 0 } else { 1 + lookups.len() },
        // Branches of which at most one is live are one message; counting each is the safe side.
        messages: lookups.iter().map(|lookup| lookup.elements.len()).sum(),
        message_width: widths.max().unwrap_or(0),
        weight: lookups.total_count_weight(),
        constraints: base.len() + extension.len(),
        degree,
        quotient_chunks: chunks,
        periodic: air.num_periodic_columns(),
    }
}

/// The profiles of all tables of a shape, in order.
pub fn shape_profile(shape: &Shape) -> Vec<TableProfile> {
    let heights = shape.tables().map(|table| (table, shape.height(table).ilog2()));
    heights
        .map(|(table, height)| profile(table.name(), &MachineAir::constraints(table), height as u8))
        .collect()
}

/// The profiles of the tables of every circuit that recursion proves, in order.
pub fn circuit_profile() -> Vec<TableProfile> {
    let airs = CircuitAir::layer(CIRCUIT_OPERATIONS);
    airs.iter().zip(CIRCUIT_HEIGHTS).map(|(air, log_height)| profile(air.name(), air, log_height)).collect()
}

/// The profiles of the tables of the circuit `shrink`, in order.
pub fn shrink_profile() -> Vec<TableProfile> {
    let airs = CircuitAir::small_layer(SHRINK_OPERATIONS);
    airs.iter().zip(SHRINK_HEIGHTS).map(|(air, log_height)| profile(air.name(), air, log_height)).collect()
}

/// The profile of the table of the circuit `last`.
pub fn last_profile() -> Vec<TableProfile> {
    vec![profile("narrow", &NarrowAir::default(), LAST_HEIGHT)]
}
