//! The loop: commit to traces, to messages, to quotients; open.

use std::time::{Duration, Instant};

use p3_batch_stark::{
    BatchCommitments, BatchProof, BatchProverTranscript, BatchShape, Commitment, ProverData,
};
use p3_commit::{Pcs, PolynomialSpace, UnivariateStarkPcs};
use p3_dft::{Radix2DFTSmallBatch, TwoAdicSubgroupDft};
use p3_field::{Field, PackedValue};
use p3_lookup::{LogUpGadget, LookupTerminal, Lookups};
use p3_matrix::Matrix;
use p3_matrix::bitrev::BitReversibleMatrix;
use p3_matrix::dense::RowMajorMatrix;

use crate::auxiliary::auxiliary_trace;
use crate::builder::{ColumnChallenges, Context, Layout};
use crate::error::Error;
use crate::open::{self, Opened};
use crate::quotient::{Columns, quotient_values};
use crate::scheme::{Committed, Domain, Evaluations, Scheme, Table};
use crate::{Challenge, PackedVal, Val};

/// One table with its trace.
#[derive(Debug)]
pub struct Instance<'a, A> {
    /// The table.
    pub air: &'a A,
    /// Its rows.
    pub trace: &'a RowMajorMatrix<Val>,
    /// Its fixed columns.
    pub fixed: Option<&'a RowMajorMatrix<Val>>,
    /// Its public values.
    pub public_values: Vec<Val>,
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

/// Proves that all traces hold and that their messages balance. `log_blowup` is that of the configuration's commitment
/// scheme, which does not tell.
pub fn prove<S: Scheme, A: Table>(
    config: &S,
    log_blowup: usize,
    instances: &[Instance<'_, A>],
    data: &ProverData<S>,
) -> Result<(BatchProof<S>, Phases), Error> {
    const { assert!(!<S::Pcs as UnivariateStarkPcs<Challenge, S::Challenger>>::ZK, "the scheme hides") };
    check(instances, data)?;
    let mut challenger = config.initialise_challenger();
    let mut transcript = transcript(config, instances, data, &mut challenger);
    match run(config.pcs(), log_blowup, instances, data, &mut transcript) {
        Ok(proof) => {
            transcript.finish();
            Ok(proof)
        }
        Err(error) => {
            transcript.abort();
            Err(error)
        }
    }
}

/// What the loop relies on.
fn check<S: Scheme, A: Table>(instances: &[Instance<'_, A>], data: &ProverData<S>) -> Result<(), Error> {
    let least = PackedVal::WIDTH;
    for (table, instance) in instances.iter().enumerate() {
        let rows = instance.trace.height();
        if rows < least || !rows.is_power_of_two() {
            return Err(Error::Rows { table, rows, least });
        }
        if data.common.lookups.get(table).is_none_or(|lookups| lookups.is_empty()) {
            return Err(Error::NoMessages { table });
        }
    }
    data.common.preprocessed.as_ref().map(|_| ()).ok_or(Error::NoFixedColumns)
}

fn run<S: Scheme, A: Table>(
    pcs: &S::Pcs,
    log_blowup: usize,
    instances: &[Instance<'_, A>],
    data: &ProverData<S>,
    transcript: &mut Transcript<'_, S>,
) -> Result<(BatchProof<S>, Phases), Error> {
    let mut phases = Phases::default();
    let mut clock = Instant::now();
    let mut lap = |phase: &mut Duration| *phase = core::mem::replace(&mut clock, Instant::now()).elapsed();

    let (main, main_data) = commit::<S>(pcs, instances.iter().map(|instance| instance.trace.clone()))?;
    let values: Vec<_> = instances.iter().map(|instance| instance.public_values.as_slice()).collect();
    transcript.main_phase(main.clone(), &values);
    transcript.preprocessed_phase(data.common.preprocessed.as_ref().map(|fixed| fixed.commitment.clone()));
    lap(&mut phases.commit);

    let lookups: Vec<&[_]> = data.common.lookups.iter().map(|lookups| &**lookups).collect();
    let (challenges, lookup_pow_witness) = transcript.lookup_phase(&lookups, &LogUpGadget::new());
    let layouts = layouts::<S, A>(pcs, instances, data);
    let challenges: Vec<_> = core::iter::zip(lookups, &challenges)
        .map(|(lookups, challenges)| ColumnChallenges::all(lookups, challenges))
        .collect();
    let contexts = contexts(instances, &layouts, &challenges);
    let (traces, terminals): (Vec<_>, Vec<_>) = instances
        .iter()
        .zip(&contexts)
        .map(|(instance, context)| auxiliary_trace(instance.air, instance.trace, instance.fixed, context))
        .unzip();
    let (permutation, auxiliary_data) = commit::<S>(pcs, traces)?;
    let alpha = transcript.permutation_phase(Some(permutation.clone()), &terminals);
    lap(&mut phases.messages);

    let columns = |i: usize, domain: Domain| Columns {
        main: evaluations::<S>(pcs, &main_data, i, domain),
        auxiliary: evaluations::<S>(pcs, &auxiliary_data, i, domain),
        fixed: fixed_evaluations::<S>(pcs, data, i, domain),
    };
    let dft = Radix2DFTSmallBatch::default();
    let mut ldes = Vec::new();
    for (i, (instance, context)) in instances.iter().zip(&contexts).enumerate() {
        let columns = |domain| columns(i, domain);
        let chunks = quotient::<S, A>(pcs, instance, columns, context, terminals[i], alpha);
        ldes.extend(
            chunks.into_iter().map(|(domain, chunk)| extend_quotient(&dft, log_blowup, domain, chunk)),
        );
    }
    let (quotient_chunks, quotient_data) =
        UnivariateStarkPcs::<Challenge, S::Challenger>::commit_ldes(pcs, ldes).map_err(Error::scheme)?;
    transcript.quotient_phase(quotient_chunks.clone(), None);
    lap(&mut phases.quotients);

    let (zeta, ood_pow_witness) = transcript.ood_phase();
    let opened = Opened { main: &main_data, auxiliary: &auxiliary_data, quotients: &quotient_data };
    let (opened_values, opening_proof) =
        open::open::<S, A>(pcs, instances, &layouts, data, &opened, zeta, transcript)?;
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

/// How each table is proven.
fn layouts<S: Scheme, A: Table>(
    pcs: &S::Pcs,
    instances: &[Instance<'_, A>],
    data: &ProverData<S>,
) -> Vec<Layout> {
    let layout = |(instance, lookups): (&Instance<'_, A>, _)| {
        Layout::new(instance.air, domain::<S>(pcs, instance.trace.height()), lookups)
    };
    instances.iter().zip(&data.common.lookups).map(layout).collect()
}

/// What evaluation needs of each table.
fn contexts<'a, A>(
    instances: &'a [Instance<'_, A>],
    layouts: &'a [Layout],
    challenges: &'a [Vec<ColumnChallenges>],
) -> Vec<Context<'a>> {
    let context = |(instance, (layout, challenges)): (&'a Instance<'_, A>, (_, &'a Vec<_>))| {
        let public_values = &*instance.public_values;
        Context { layout, challenges, public_values }
    };
    instances.iter().zip(layouts.iter().zip(challenges)).map(context).collect()
}

/// The quotient of one table, cut into pieces of its height.
fn quotient<'d, S: Scheme + 'd, A: Table>(
    pcs: &S::Pcs,
    instance: &Instance<'_, A>,
    columns: impl FnOnce(Domain) -> Columns<Evaluations<'d, S>>,
    context: &Context<'_>,
    terminal: Challenge,
    alpha: Challenge,
) -> Vec<(Domain, RowMajorMatrix<Val>)> {
    let (height, chunks) = (instance.trace.height(), context.layout.chunks);
    let trace_domain = domain::<S>(pcs, height);
    let quotient_domain = trace_domain.create_disjoint_domain(chunks * height);
    let columns = columns(quotient_domain);
    let values = quotient_values::<S, A, _>(
        pcs,
        instance.air,
        trace_domain,
        quotient_domain,
        &columns,
        context,
        terminal,
        alpha,
    );
    let flat = RowMajorMatrix::new_col(values).flatten_to_base();
    let domains = quotient_domain.split_domains(chunks);
    domains.into_iter().zip(quotient_domain.split_evals(chunks, flat)).collect()
}

/// Extends a quotient chunk as p3's scheme does, with the transform for narrow matrices: a chunk has four columns, and the
/// scheme's own transform works with vectors only along rows.
fn extend_quotient(
    dft: &Radix2DFTSmallBatch<Val>,
    log_blowup: usize,
    domain: Domain,
    chunk: RowMajorMatrix<Val>,
) -> RowMajorMatrix<Val> {
    let shift = Val::GENERATOR / domain.shift();
    dft.coset_lde_batch(chunk, log_blowup, shift).bit_reverse_rows().to_row_major_matrix()
}

/// The transcript of a proof.
pub(crate) type Transcript<'a, S> = BatchProverTranscript<
    'a,
    <S as p3_batch_stark::StarkGenericConfig>::Challenger,
    Val,
    Challenge,
    Commitment<S>,
>;

/// A transcript that knows which tables the proof is of.
fn transcript<'a, S: Scheme, A: Table>(
    config: &S,
    instances: &[Instance<'_, A>],
    data: &ProverData<S>,
    challenger: &'a mut S::Challenger,
) -> Transcript<'a, S> {
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
    let mut transcript = Transcript::<S>::new(challenger, shape);
    transcript.instance_bindings(&degree_bits(instances));
    transcript
}

fn degree_bits<A>(instances: &[Instance<'_, A>]) -> Vec<usize> {
    instances.iter().map(|instance| instance.trace.height().trailing_zeros() as usize).collect()
}

pub(crate) fn domain<S: Scheme>(pcs: &S::Pcs, height: usize) -> Domain {
    Pcs::<Challenge, S::Challenger>::natural_domain_for_degree(pcs, height)
}

fn commit<S: Scheme>(
    pcs: &S::Pcs,
    traces: impl IntoIterator<Item = RowMajorMatrix<Val>>,
) -> Result<(Commitment<S>, Committed<S>), Error> {
    let inputs: Vec<_> = traces.into_iter().map(|trace| (domain::<S>(pcs, trace.height()), trace)).collect();
    Pcs::<Challenge, S::Challenger>::commit(pcs, inputs).map_err(Error::scheme)
}

fn evaluations<'a, S: Scheme>(
    pcs: &S::Pcs,
    data: &'a Committed<S>,
    i: usize,
    domain: Domain,
) -> Evaluations<'a, S> {
    UnivariateStarkPcs::<Challenge, S::Challenger>::get_evaluations_on_domain(pcs, data, i, domain)
}

fn fixed_evaluations<'a, S: Scheme>(
    pcs: &S::Pcs,
    data: &'a ProverData<S>,
    i: usize,
    domain: Domain,
) -> Option<Evaluations<'a, S>> {
    let place = data.common.preprocessed.as_ref()?.instances.get(i)?.as_ref()?;
    let data = data.prover_only.preprocessed_prover_data.as_ref()?;
    Some(evaluations::<S>(pcs, data, place.matrix_index, domain))
}
