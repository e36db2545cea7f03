//! What is made once for a program, and the proof of a segment.

use ashlar_machine::air::MachineAir;
use ashlar_machine::cpu::ProgramRow;
use ashlar_machine::keccak::KeccakTableAir;
use ashlar_machine::lookup::LookupAir;
use ashlar_machine::program::ProgramAir;
use ashlar_machine::{SHAPES, Shape, Table, Val};
use ashlar_stark::{Instance, Phases};
use ashlar_verifier::config::{Config, SEGMENT};
use ashlar_verifier::{SegmentProof, Verifier, VerifyingKey, public_values};
use ashlar_vm::Program;
use p3_air::BaseAir;
use p3_batch_stark::ProverData;
use p3_matrix::dense::RowMajorMatrix;

use crate::error::ProverError;
use crate::job::{SegmentJob, record};
use crate::plan::shape_number;
use crate::program::program_rows;
use crate::traces::SegmentTraces;
use crate::tree::MemoryTree;

/// Proves segments of one program.
pub struct Prover<'p> {
    program: &'p Program,
    rows: Vec<Option<ProgramRow>>,
    config: Config,
    key: VerifyingKey,
    /// Per shape, in the order of [`SHAPES`]; made when a segment wants it.
    shapes: Vec<std::sync::OnceLock<ShapeData>>,
}

/// What belongs to one shape.
struct ShapeData {
    airs: Vec<MachineAir>,
    /// Fixed columns of each table.
    fixed: Vec<Option<RowMajorMatrix<Val>>>,
    data: ProverData<Config>,
}

impl<'p> Prover<'p> {
    /// Commits to the program.
    pub fn new(program: &'p Program) -> Result<Self, ProverError> {
        let rows = program_rows(program);
        let height = SHAPES[0].capacity(Table::Program) as usize;
        // The last row is the end of the text, where there is no instruction.
        if rows.len() > height {
            return Err(ProverError::ProgramTooLong { words: rows.len() - 1, rows: height });
        }
        let config = SEGMENT.config();
        let first = ShapeData::new(&config, &SHAPES[0], &rows)?;
        let fixed = first.data.common.preprocessed.as_ref().map(|fixed| fixed.commitment.clone());
        let fixed = fixed.ok_or_else(|| ProverError::Proving("no fixed columns".into()))?;
        let key =
            VerifyingKey { fixed, initial_root: MemoryTree::new(program).root(), entry: program.entry() };
        let shapes: Vec<_> = SHAPES.iter().map(|_| std::sync::OnceLock::new()).collect();
        shapes[0].get_or_init(|| first);
        Ok(Self { program, rows, config, key, shapes })
    }

    /// What a verifier has to know of the program.
    pub const fn key(&self) -> &VerifyingKey {
        &self.key
    }

    /// A verifier of this program's proofs.
    pub fn verifier(&self) -> Verifier {
        Verifier::new(self.key.clone())
    }

    /// The program as the tables have it.
    pub fn rows(&self) -> &[Option<ProgramRow>] {
        &self.rows
    }

    /// Runs a job's segment and makes its traces.
    pub fn trace(&self, job: &SegmentJob) -> Result<SegmentTraces, ProverError> {
        let events = record(self.program, &self.rows, job)?;
        Ok(SegmentTraces::new(&self.rows, job, events))
    }

    /// Proves traces.
    pub fn prove(
        &self,
        job: &SegmentJob,
        traces: &SegmentTraces,
    ) -> Result<(SegmentProof, Phases), ProverError> {
        let shape = shape_number(&job.shape);
        let cell = self.shapes.get(usize::from(shape));
        let cell = cell.ok_or_else(|| ProverError::Proving("unknown shape".into()))?;
        if cell.get().is_none() {
            let made = ShapeData::new(&self.config, &job.shape, &self.rows)?;
            cell.get_or_init(|| made);
        }
        let Some(ShapeData { airs, fixed, data }) = cell.get() else {
            return Err(ProverError::Proving("no data for the shape".into()));
        };
        let instances: Vec<_> = airs
            .iter()
            .zip(fixed)
            .zip(&traces.tables)
            .map(|((air, fixed), table)| Instance {
                air,
                trace: &table.trace,
                fixed: fixed.as_ref(),
                public_values: public_values(air.table(), &job.start, &job.end),
            })
            .collect();
        let (proof, phases) = ashlar_stark::prove(&self.config, SEGMENT.log_blowup, &instances, data)?;
        Ok((SegmentProof { shape, end: job.end, proof }, phases))
    }

    /// Runs a job's segment, makes its traces and proves them.
    pub fn prove_segment(&self, job: &SegmentJob) -> Result<SegmentProof, ProverError> {
        Ok(self.prove(job, &self.trace(job)?)?.0)
    }
}

impl ShapeData {
    fn new(config: &Config, shape: &Shape, rows: &[Option<ProgramRow>]) -> Result<Self, ProverError> {
        let airs: Vec<_> = shape
            .tables()
            .map(|table| match table {
                Table::Program => MachineAir::Program(ProgramAir::new(rows, shape.height(table))),
                Table::Lookup => MachineAir::Lookup(LookupAir::with_entries()),
                Table::KeccakTable => MachineAir::KeccakTable(KeccakTableAir::with_entries()),
                _ => MachineAir::constraints(table),
            })
            .collect();
        let degree_bits: Vec<_> =
            shape.tables().map(|table| shape.height(table).trailing_zeros() as usize).collect();
        let data = ProverData::from_airs_and_degrees(config, &airs, &degree_bits)
            .map_err(|error| ProverError::Proving(format!("{error:?}")))?;
        let fixed = airs.iter().map(BaseAir::<Val>::preprocessed_trace).collect();
        Ok(Self { airs, fixed, data })
    }
}
