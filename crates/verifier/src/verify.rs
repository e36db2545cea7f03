//! Verification: `Verifier::verify` is the whole of it, segment by segment.

use alloc::format;
use alloc::vec::Vec;

use ashlar_machine::air::MachineAir;
use ashlar_machine::cpu::HALTED;
use ashlar_machine::hash::{Digest, Hasher};
use ashlar_machine::{SHAPES, Shape, Table, Val};
use p3_air::BaseAir;
use p3_batch_stark::common::{GlobalPreprocessed, PreprocessedInstanceMeta};
use p3_batch_stark::{CommonData, ProverData, verify_batch};
use p3_field::PrimeCharacteristicRing;
use p3_lookup::check_bus_widths;
use tiny_keccak::{Hasher as _, Keccak};

use crate::config::{Config, SEGMENT};
use crate::error::RefusedProof;
use crate::key::{ProgramKey, VerifyingKey};
use crate::proof::{Boundary, RunProof, SegmentProof};

/// What a verifier prepares once for a program.
pub struct Verifier {
    key: VerifyingKey,
    program_key: ProgramKey,
    config: Config,
    /// In the order of [`SHAPES`].
    shapes: Vec<ShapeData>,
}

/// What belongs to one shape.
struct ShapeData {
    airs: Vec<MachineAir>,
    degree_bits: Vec<usize>,
    common: CommonData<Config>,
}

impl Verifier {
    /// Prepares to verify proofs of a program.
    pub fn new(key: VerifyingKey) -> Self {
        let config = SEGMENT.config();
        let shapes = SHAPES.iter().map(|shape| ShapeData::new(&config, shape, &key)).collect();
        Self { program_key: key.program_key(), key, config, shapes }
    }

    /// The program whose proofs it accepts.
    pub const fn program_key(&self) -> ProgramKey {
        self.program_key
    }

    /// Checks that the program, run from its start to its `HALT` with code 0, commits the hash of the proof's output.
    ///
    /// 1. The proof is of this program.
    /// 2. The segments form a chain from the program's initial state to `HALT`.
    /// 3. Each segment is proven.
    /// 4. What was committed is the output's hash.
    pub fn verify(&self, proof: &RunProof) -> Result<(), RefusedProof> {
        if proof.program_key != self.program_key {
            return Err(RefusedProof::Program { expected: self.program_key, found: proof.program_key });
        }
        let last = proof.segments.last().ok_or(RefusedProof::NoSegment)?;
        if last.end.pc != HALTED {
            return Err(RefusedProof::NotHalted);
        }
        if last.end.digest != committed_digest(&proof.output) {
            return Err(RefusedProof::Output);
        }
        let mut start = Boundary::first(self.key.initial_root, self.key.entry);
        for (i, segment) in proof.segments.iter().enumerate() {
            if start.pc == HALTED {
                return Err(RefusedProof::EarlyHalt { segment: i.saturating_sub(1) });
            }
            self.verify_segment(i, &start, segment)?;
            start = segment.end;
        }
        Ok(())
    }

    /// Checks one segment. Shapes and heights are compared with the named list before anything else is looked at.
    pub fn verify_segment(
        &self,
        number: usize,
        start: &Boundary,
        segment: &SegmentProof,
    ) -> Result<(), RefusedProof> {
        let shape = segment.shape;
        let data = self.shapes.get(usize::from(shape));
        let data = data.ok_or(RefusedProof::UnknownShape { segment: number, shape })?;
        if segment.proof.degree_bits != data.degree_bits {
            return Err(RefusedProof::TablesOfShape { segment: number });
        }
        if segment.end.pc >= 1 << 24 {
            return Err(RefusedProof::EndOutside { segment: number });
        }
        let values: Vec<_> =
            data.airs.iter().map(|air| public_values(air.table(), start, &segment.end)).collect();
        verify_batch(&self.config, &data.airs, &segment.proof, &values, &data.common)
            .map_err(|error| RefusedProof::Segment { segment: number, reason: format!("{error}") })
    }
}

impl ShapeData {
    fn new(config: &Config, shape: &Shape, key: &VerifyingKey) -> Self {
        let airs: Vec<_> = shape.tables().map(MachineAir::constraints).collect();
        let degree_bits: Vec<_> =
            shape.tables().map(|table| shape.height(table).trailing_zeros() as usize).collect();
        // Without fixed columns there is nothing to commit to, hence nothing that can fail. Messages of different widths
        // on one bus could be taken for each other. In both cases no table has a message list, and p3 refuses every
        // proof because the numbers of tables differ.
        let lookups = ProverData::<Config>::from_airs_and_degrees(config, &airs, &degree_bits)
            .map(|data| data.common.lookups)
            .ok()
            .filter(|lookups| check_bus_widths(lookups).is_ok())
            .unwrap_or_default();
        let fixed = GlobalPreprocessed {
            commitment: key.fixed.clone(),
            instances: fixed_columns(&airs, &degree_bits),
            matrix_to_instance: airs
                .iter()
                .enumerate()
                .filter(|(_, air)| air.preprocessed_width() > 0)
                .map(|(i, _)| i)
                .collect(),
        };
        Self { airs, degree_bits, common: CommonData::new(Some(fixed), lookups) }
    }
}

/// Where each table's fixed columns are in the commitment to all of them.
fn fixed_columns(airs: &[MachineAir], degree_bits: &[usize]) -> Vec<Option<PreprocessedInstanceMeta>> {
    let mut matrix_index = 0;
    let instances = airs.iter().zip(degree_bits).map(|(air, degree_bits)| {
        let width = air.preprocessed_width();
        (width > 0).then(|| {
            let meta = PreprocessedInstanceMeta { matrix_index, width, degree_bits: *degree_bits };
            matrix_index += 1;
            meta
        })
    });
    instances.collect()
}

/// The public values of a table, for a segment from `start` to `end`. The exit code is always 0.
pub fn public_values(table: Table, start: &Boundary, end: &Boundary) -> Vec<Val> {
    match table {
        Table::Cpu => [start.pc, end.pc, 0, 0].map(Val::from_u32).into(),
        Table::Node => [start.root, end.root].concat(),
        Table::Commit => [start.digest, end.digest].concat(),
        _ => Vec::new(),
    }
}

/// The digest after the one commit of an output: that of its Keccak-256 hash.
pub fn committed_digest(output: &[u8]) -> Digest {
    let mut keccak = Keccak::v256();
    let mut hash = [0; 32];
    keccak.update(output);
    keccak.finalize(&mut hash);
    let mut words = [0; 8];
    for (word, bytes) in words.iter_mut().zip(hash.as_chunks::<4>().0) {
        *word = u32::from_le_bytes(*bytes);
    }
    Hasher::default().commit(&[Val::ZERO; 8], &words)
}
