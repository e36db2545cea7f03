//! The contracts of this version: the last circuit's shape, and the list of generated and compiled files.

use ashlar_circuit::narrow::NarrowAir;
use ashlar_verifier::config::LAST;
use ashlar_verifier::last::{FinalKey, FinalShape, NODE_BYTES, WORDS};
use ashlar_verifier::{LAST_HEIGHT, MACHINE_VERSION};

use crate::shape::ContractShape;
use crate::solidity::{program_source, shape_source};

/// What the circuits of this version decide of the contracts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeploymentKey {
    /// Root of the tree of circuits: 8 elements, four bytes each, big-endian.
    pub circuits: [u8; 32],
    /// Root of the last circuit's fixed columns.
    pub last_circuit: [u8; NODE_BYTES],
}

impl DeploymentKey {
    /// The key with which proofs of the last circuit are verified.
    pub fn final_key(&self) -> Result<FinalKey<NarrowAir>, String> {
        let air = NarrowAir::default();
        let shape = FinalShape::new(&LAST, &air, usize::from(LAST_HEIGHT), WORDS)
            .map_err(|error| error.to_string())?;
        Ok(FinalKey { air, shape, fixed: self.last_circuit })
    }

    /// The generated sources: name of the file in `contracts/src/generated`, and what is in it.
    pub fn sources(&self) -> Result<[(&'static str, String); 2], String> {
        let shape = ContractShape::new(&self.final_key()?)?;
        Ok([
            ("FinalShape.sol", shape_source(&shape, &self.circuits, MACHINE_VERSION)),
            ("ConstraintProgram.sol", program_source(&shape)),
        ])
    }
}
