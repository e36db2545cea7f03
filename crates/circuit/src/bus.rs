//! The buses: what tables say to each other, one function per message.
//!
//! | bus | message | defined by | read by |
//! |---|---|---|---|
//! | `witness` | address, v0, v1, v2, v3 | any table | any table |
//! | `digest` | address, d0..d7 | sponge | compress |
//! | `cap` | address, d0..d7 | compress | compress |
//!
//! A definition counts +n, a read -1. On `witness` and `digest` every count is a fixed column or a constant: a key fixes
//! how often anything is defined and read. So these counts need no bound of the prover's doing and are declared as
//! provided; that they stay integers far below p is the circuit's matter (it has fewer than 2^24 messages). `cap` is a
//! lookup: how often an entry is read depends on the queries, so the count of its definition is free, and the bound is on
//! the reads.

use alloc::vec::Vec;

use p3_field::PrimeCharacteristicRing;
use p3_lookup::{Count, InteractionBuilder};

/// Names of the buses, as they enter the proof system.
pub mod name {
    /// Wires: elements of the extension field.
    pub const WITNESS: &str = "witness";
    /// Digests of sponges, on their way to a Merkle path.
    pub const DIGEST: &str = "digest";
    /// Nodes of Merkle caps.
    pub const CAP: &str = "cap";
}

/// The wire at this address has this value: defined or read as often as a fixed column says.
#[inline]
pub fn wire<AB: InteractionBuilder>(
    builder: &mut AB,
    address: impl Into<AB::Expr>,
    value: [AB::Expr; 4],
    count: impl Into<AB::Expr>,
) {
    push_wire(builder, address.into(), value, Count::provided(count.into()));
}

/// The wire at this address has this value: read once on every row.
#[inline]
pub fn read_wire<AB: InteractionBuilder>(
    builder: &mut AB,
    address: impl Into<AB::Expr>,
    value: [AB::Expr; 4],
) {
    push_wire(builder, address.into(), value, Count::bounded(AB::Expr::NEG_ONE, 1));
}

/// The wire at this address is this element of the base field: read if a fixed flag says so.
#[inline]
pub fn read_base_wire<AB: InteractionBuilder>(
    builder: &mut AB,
    address: impl Into<AB::Expr>,
    value: impl Into<AB::Expr>,
    flag: impl Into<AB::Expr>,
) {
    let value = [value.into(), AB::Expr::ZERO, AB::Expr::ZERO, AB::Expr::ZERO];
    wire(builder, address, value, -flag.into());
}

fn push_wire<AB: InteractionBuilder>(
    builder: &mut AB,
    address: AB::Expr,
    value: [AB::Expr; 4],
    count: Count<AB::Expr>,
) {
    let [v0, v1, v2, v3] = value;
    builder.push_interaction(name::WITNESS, [address, v0, v1, v2, v3], count);
}

/// The digest at this address: defined or read as often as a fixed column says.
#[inline]
pub fn digest<AB: InteractionBuilder>(
    builder: &mut AB,
    address: impl Into<AB::Expr>,
    digest: [AB::Expr; 8],
    count: impl Into<AB::Expr>,
) {
    push_digest(builder, name::DIGEST, address.into(), digest, Count::provided(count.into()));
}

/// States a node of a cap, any number of times: a fact stays true however often it is counted. The table must constrain
/// the count to 0 on rows that state nothing.
#[inline]
pub fn define_cap_node<AB: InteractionBuilder>(
    builder: &mut AB,
    address: impl Into<AB::Expr>,
    digest: [AB::Expr; 8],
    uses: impl Into<AB::Expr>,
) {
    push_digest(builder, name::CAP, address.into(), digest, Count::provided(uses.into()));
}

/// Looks a node up in a cap if a fixed flag says so.
#[inline]
pub fn read_cap_node<AB: InteractionBuilder>(
    builder: &mut AB,
    address: impl Into<AB::Expr>,
    digest: [AB::Expr; 8],
    flag: impl Into<AB::Expr>,
) {
    push_digest(builder, name::CAP, address.into(), digest, Count::bounded(-flag.into(), 1));
}

fn push_digest<AB: InteractionBuilder>(
    builder: &mut AB,
    bus: &str,
    address: AB::Expr,
    digest: [AB::Expr; 8],
    count: Count<AB::Expr>,
) {
    let fields: Vec<_> = core::iter::once(address).chain(digest).collect();
    builder.push_interaction(bus, fields, count);
}
