//! Claims as wires.

use ashlar_machine::Val;
use ashlar_machine::hash::tag;
use ashlar_verifier::{MACHINE_VERSION, RANGE_ELEMENTS, machine_elements};
use p3_field::PrimeCharacteristicRing;

use crate::builder::{Builder, Source, Wire};

/// A digest: two words of four elements.
pub(crate) type Words = [Wire; 2];

/// The machine between two segments.
#[derive(Clone, Copy)]
pub(crate) struct BoundaryWires {
    pub(crate) root: Words,
    pub(crate) digest: Words,
    /// In the base field.
    pub(crate) pc: Wire,
}

/// A digest from outside.
pub(crate) fn words(builder: &mut Builder, source: Source) -> Words {
    [builder.message(source), builder.message(source)]
}

/// A Merkle cap from outside.
pub(crate) fn cap(builder: &mut Builder, source: Source, height: usize) -> Vec<Words> {
    (0..1 << height).map(|_| words(builder, source)).collect()
}

/// An element of the base field from outside.
pub(crate) fn base(builder: &mut Builder, source: Source) -> Wire {
    let element = builder.message(source);
    builder.assert_base(element);
    element
}

/// A boundary from outside.
pub(crate) fn boundary(builder: &mut Builder, source: Source) -> BoundaryWires {
    let root = words(builder, source);
    let digest = words(builder, source);
    BoundaryWires { root, digest, pc: base(builder, source) }
}

/// Equality of two digests.
pub(crate) fn assert_same(builder: &mut Builder, a: Words, b: Words) {
    for (a, b) in a.into_iter().zip(b) {
        builder.assert_equal(a, b);
    }
}

/// The elements of a digest, in the base field.
pub(crate) fn elements(builder: &mut Builder, digest: Words) -> Vec<Wire> {
    digest.into_iter().flat_map(|word| builder.unpack(word)).collect()
}

/// The hash of a range claim.
pub(crate) fn range_claim(
    builder: &mut Builder,
    circuits: Words,
    program_key: Words,
    start: &BoundaryWires,
    end: &BoundaryWires,
) -> Words {
    let zero = builder.zero();
    let pcs = builder.pack([start.pc, end.pc, zero, zero]);
    let parts = [circuits, program_key, start.root, start.digest, end.root, end.digest];
    let list: Vec<_> = parts.into_iter().flatten().chain([pcs]).collect();
    builder.hash(tag::RANGE_CLAIM, RANGE_ELEMENTS, &list)
}

/// The hash of a runs claim.
pub(crate) fn runs_claim(builder: &mut Builder, circuits: Words, root: Words) -> Words {
    builder.hash(tag::RUNS_CLAIM, 16, &[circuits, root].concat())
}

/// The leaf of a statement.
pub(crate) fn statement(builder: &mut Builder, program_key: Words, digest: Words) -> Words {
    let version = builder.constant(Val::from_u32(MACHINE_VERSION));
    let mut list = [program_key, digest].concat();
    list.push(version);
    builder.hash(tag::STATEMENT, 17, &list)
}

/// programKey of its preimage.
pub(crate) fn program_key(builder: &mut Builder, initial_root: Words, cap: &[Words], entry: Wire) -> Words {
    let constants: Vec<_> = machine_elements().into_iter().map(|element| builder.constant(element)).collect();
    let rest: Vec<_> = [entry].into_iter().chain(constants).collect();
    let length = 8 + 8 * cap.len() + rest.len();
    let mut list = [&[initial_root], cap].concat().concat();
    let zero = builder.zero();
    for chunk in rest.chunks(4) {
        let word = core::array::from_fn(|i| chunk.get(i).copied().unwrap_or(zero));
        list.push(builder.pack(word));
    }
    builder.hash(tag::PROGRAM_KEY, length, &list)
}

/// The public values are the hash of this circuit's claim.
pub(crate) fn publish(builder: &mut Builder, claim: Words) {
    builder.label("public values");
    let public = builder.public_values();
    assert_same(builder, public, claim);
}
