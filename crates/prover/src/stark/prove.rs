//! The loop: commit to traces, to messages, to quotients; open.

use std::time::{Duration, Instant};

use ashlar_machine::Val;
use ashlar_machine::air::MachineAir;
use ashlar_verifier::config::{Challenge, Challenger, Config, Pcs, SEGMENT};
use p3_air::BaseAir;
use p3_air::symbolic::AirLayout;
use p3_batch_stark::{
    BatchCommitments, BatchProof, BatchProverTranscript, BatchShape, Commitment, ProverData,
    StarkGenericConfig,
};
use p3_commit::{PolynomialSpace, UnivariateStarkPcs};
use p3_dft::{Radix2DFTSmallBatch, TwoAdicSubgroupDft};
use p3_field::Field;
use p3_lookup::{InteractionSymbolicBuilder, LogUpGadget, LookupTerminal, Lookups};
use p3_matrix::Matrix;
use p3_matrix::bitrev::BitReversibleMatrix;
use p3_matrix::dense::RowMajorMatrix;

use super::auxiliary::auxiliary_trace;
use super::builder::{ColumnChallenges, Context, Layout};
use super::open::{self, Opened};
use super::quotient::{Columns, Domain, quotient_values};
use crate::error::ProverError;

/// One table with its trace.
pub(crate) struct Instance<'a> {
    /// The table.
    pub(crate) air: &'a MachineAir,
    /// Its rows.
    pub(crate) trace: &'a RowMajorMatrix<Val>,
    /// Its fixed columns.
    pub(crate) fixed: Option<&'a RowMajorMatrix<Val>>,
    /// Its public values.
    pub(crate) public_values: Vec<Val>,
}

/// Where the time of a proof went.
#[derive(Clone, Copy, Debug, Default)]
pub struct Phases {
    /// Extending the traces and hashing them.
    pub commit: Duration,
    /// Making, extending and hashing the auxiliary traces.
    pub messages: Duration,
    /// Evaluating constraints; extending and hashing quotients.
    pub quotients: Duration,
    /// Evaluating at the out-of-domain point, and FRI.
    pub opening: Duration,
}

/// What the scheme keeps of a commitment.
pub(crate) type Committed = <Pcs as p3_commit::Pcs<Challenge, Challenger>>::ProverData;

/// Number of quotient chunks of every table: constraints have degree 3.
const CHUNKS: usize = 2;

/// The constraints of each table, counted: without those of the buses.
pub(crate) fn constraint_counts(airs: &[MachineAir]) -> Vec<usize> {
    let count = |air: &MachineAir| {
        let builder = InteractionSymbolicBuilder::<Val, Challenge>::from_air(air, AirLayout::from_air(air));
        builder.base_constraints().len()
    };
    airs.iter().map(count).collect()
}

/// Proves that all traces hold and that their messages balance.
pub(crate) fn prove(
    config: &Config,
    instances: &[Instance<'_>],
    data: &ProverData<Config>,
) -> Result<(BatchProof<Config>, Phases), ProverError> {
    let mut phases = Phases::default();
    let mut clock = Instant::now();
    let mut lap = |phase: &mut Duration| *phase = core::mem::replace(&mut clock, Instant::now()).elapsed();
    let pcs = config.pcs();
    let lookups = &data.common.lookups;
    let mut challenger = config.initialise_challenger();
    let mut transcript = transcript(config, instances, data, &mut challenger);

    let (main, main_data) = commit(pcs, instances.iter().map(|instance| instance.trace.clone()))?;
    let values: Vec<_> = instances.iter().map(|instance| instance.public_values.as_slice()).collect();
    transcript.main_phase(main.clone(), &values);
    transcript.preprocessed_phase(data.common.preprocessed.as_ref().map(|fixed| fixed.commitment.clone()));
    lap(&mut phases.commit);

    let packed: Vec<&[_]> = lookups.iter().map(|lookups| &**lookups).collect();
    let (challenges, lookup_pow_witness) = transcript.lookup_phase(&packed, &LogUpGadget::new());
    let layouts: Vec<_> =
        instances.iter().zip(lookups).map(|(instance, lookups)| Layout::new(instance.air, lookups)).collect();
    let challenges: Vec<_> = packed
        .iter()
        .zip(&challenges)
        .map(|(lookups, challenges)| ColumnChallenges::all(lookups, challenges))
        .collect();
    let contexts: Vec<_> = instances
        .iter()
        .zip(&layouts)
        .zip(&challenges)
        .map(|((instance, layout), challenges)| Context {
            layout,
            challenges,
            public_values: &instance.public_values,
        })
        .collect();
    let (traces, terminals): (Vec<_>, Vec<_>) = instances
        .iter()
        .zip(&contexts)
        .map(|(instance, context)| auxiliary_trace(instance.air, instance.trace, instance.fixed, context))
        .unzip();
    let (permutation, auxiliary_data) = commit(pcs, traces)?;
    let alpha = transcript.permutation_phase(Some(permutation.clone()), &terminals);
    lap(&mut phases.messages);

    let columns = |i: usize, domain: Domain| Columns {
        main: evaluations(pcs, &main_data, i, domain),
        auxiliary: evaluations(pcs, &auxiliary_data, i, domain),
        fixed: fixed_evaluations(pcs, data, i, domain),
    };
    let mut ldes = Vec::with_capacity(instances.len() * CHUNKS);
    let dft = Radix2DFTSmallBatch::default();
    for (i, instance) in instances.iter().enumerate() {
        let trace_domain = domain(pcs, instance.trace.height());
        let quotient_domain = trace_domain.create_disjoint_domain(CHUNKS * instance.trace.height());
        let air = instance.air;
        let constraints = constraint_counts(core::slice::from_ref(air))[0];
        let values = quotient_values(
            pcs,
            air,
            trace_domain,
            quotient_domain,
            &columns(i, quotient_domain),
            &contexts[i],
            constraints,
            terminals[i],
            alpha,
        );
        let flat = RowMajorMatrix::new_col(values).flatten_to_base();
        let chunks = quotient_domain.split_domains(CHUNKS).into_iter();
        let chunks = chunks.zip(quotient_domain.split_evals(CHUNKS, flat));
        ldes.extend(chunks.map(|(domain, chunk)| extend_quotient(&dft, domain, chunk)));
    }
    let (quotient_chunks, quotient_data) =
        UnivariateStarkPcs::<Challenge, Challenger>::commit_ldes(pcs, ldes)
            .map_err(|error| ProverError::Proving(format!("{error:?}")))?;
    transcript.quotient_phase(quotient_chunks.clone(), None);
    lap(&mut phases.quotients);

    let (zeta, ood_pow_witness) = transcript.ood_phase();
    let opened = Opened { main: &main_data, auxiliary: &auxiliary_data, quotients: &quotient_data };
    let (opened_values, opening_proof) = open::open(pcs, instances, data, &opened, zeta, &mut transcript)?;
    transcript.finish();
    lap(&mut phases.opening);
    let proof = BatchProof {
        commitments: BatchCommitments { main, permutation: Some(permutation), quotient_chunks, random: None },
        opened_values,
        opening_proof,
        lookup_terminals: terminals.into_iter().map(|terminal| Some(LookupTerminal(terminal))).collect(),
        degree_bits: degree_bits(instances),
        lookup_pow_witness,
        ood_pow_witness,
    };
    Ok((proof, phases))
}

/// Extends a quotient chunk as p3's scheme does, with the transform for narrow matrices: a chunk has four columns, and the
/// scheme's own transform works with vectors only along rows.
fn extend_quotient(
    dft: &Radix2DFTSmallBatch<Val>,
    domain: Domain,
    chunk: RowMajorMatrix<Val>,
) -> RowMajorMatrix<Val> {
    let shift = Val::GENERATOR / domain.shift();
    dft.coset_lde_batch(chunk, SEGMENT.log_blowup, shift).bit_reverse_rows().to_row_major_matrix()
}

/// The transcript of a proof.
pub(crate) type Transcript<'a> = BatchProverTranscript<'a, Challenger, Val, Challenge, Commitment<Config>>;

/// A transcript that knows which tables the proof is of.
fn transcript<'a>(
    config: &Config,
    instances: &[Instance<'_>],
    data: &ProverData<Config>,
    challenger: &'a mut Challenger,
) -> Transcript<'a> {
    let shape = BatchShape {
        trace_widths: instances.iter().map(|instance| instance.air.width()).collect(),
        public_value_counts: instances.iter().map(|instance| instance.public_values.len()).collect(),
        preprocessed_widths: instances.iter().map(|instance| instance.air.preprocessed_width()).collect(),
        has_preprocessed_commitment: data.common.preprocessed.is_some(),
        num_lookup_instances: data
            .common
            .lookups
            .iter()
            .filter(|lookups: &&Lookups<Val>| !lookups.is_empty())
            .count(),
        lookup_pow_bits: config.lookup_proof_of_work_bits(),
        has_randomization_commitment: false,
        ood_pow_bits: config.ood_proof_of_work_bits(),
    };
    let mut transcript = BatchProverTranscript::new(challenger, shape);
    transcript.instance_bindings(&degree_bits(instances));
    transcript
}

fn degree_bits(instances: &[Instance<'_>]) -> Vec<usize> {
    instances.iter().map(|instance| instance.trace.height().trailing_zeros() as usize).collect()
}

pub(crate) fn domain(pcs: &Pcs, height: usize) -> Domain {
    p3_commit::Pcs::<Challenge, Challenger>::natural_domain_for_degree(pcs, height)
}

fn commit(
    pcs: &Pcs,
    traces: impl IntoIterator<Item = RowMajorMatrix<Val>>,
) -> Result<(Commitment<Config>, Committed), ProverError> {
    let inputs: Vec<_> = traces.into_iter().map(|trace| (domain(pcs, trace.height()), trace)).collect();
    p3_commit::Pcs::<Challenge, Challenger>::commit(pcs, inputs)
        .map_err(|error| ProverError::Proving(format!("{error:?}")))
}

type Evaluations<'a> = <Pcs as UnivariateStarkPcs<Challenge, Challenger>>::EvaluationsOnDomain<'a>;

fn evaluations<'a>(pcs: &Pcs, data: &'a Committed, i: usize, domain: Domain) -> Evaluations<'a> {
    UnivariateStarkPcs::<Challenge, Challenger>::get_evaluations_on_domain(pcs, data, i, domain)
}

fn fixed_evaluations<'a>(
    pcs: &Pcs,
    data: &'a ProverData<Config>,
    i: usize,
    domain: Domain,
) -> Option<Evaluations<'a>> {
    let place = data.common.preprocessed.as_ref()?.instances.get(i)?.as_ref()?;
    let data = data.prover_only.preprocessed_prover_data.as_ref()?;
    Some(evaluations(pcs, data, place.matrix_index, domain))
}
