//! A proof's data in the order in which the circuit asks for it.
//!
//! Nothing is checked here that the circuit checks, but every length is: what has another shape is no input.

use core::marker::PhantomData;

use ashlar_circuit::{Challenge, Val};
use ashlar_verifier::config::{
    ChallengeMmcs, Config, LeafHash, LeafHash16, NodeHash, ShrinkConfig, ShrinkValMmcs, ValMmcs,
};
use p3_batch_stark::BatchProof;
use p3_batch_stark::proof::{BatchCommitments, BatchOpenedValues};
use p3_field::{
    BasedVectorSpace, ExtensionField, Field, PrimeCharacteristicRing, PrimeField32, TwoAdicField,
};
use p3_fri::verifier::fold_query;
use p3_fri::{
    BatchMultiOpening, CommitPhaseMultiStep, FriProof, TwoAdicFriFolding, TwoAdicFriFoldingForMmcs,
};
use p3_koala_bear::{default_koalabear_poseidon2_16, default_koalabear_poseidon2_24};
use p3_lookup::LookupTerminal;
use p3_matrix::Dimensions;
use p3_merkle_tree::{MerkleAuthPath, MerkleCap, PrunedMerklePaths};
use thiserror::Error;

use super::fri::reverse_bits;
use super::shape::{DEGREE, LeafSponge, MatrixShape, ProofShape, TreeKind, TreeShape};
use crate::builder::{Inputs, Openings, Refused, Source};

/// A proof of another shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ShapeMismatch {
    /// Tables or their heights.
    #[error("tables of another shape")]
    Tables,
    /// What hides nothing has no random values.
    #[error("commitments or values that hide something")]
    Random,
    /// A commitment that is missing, that should not be there, or whose cap has another size.
    #[error("commitments of another shape")]
    Commitments,
    /// Opened values.
    #[error("opened values of another shape")]
    OpenedValues,
    /// Sums of messages.
    #[error("terminals of another shape")]
    Terminals,
    /// Rounds of folding, or the final polynomial.
    #[error("folding of another shape")]
    Folding,
    /// Rows that queries open.
    #[error("queries of another shape")]
    Queries,
    /// Rows that another sponge has hashed.
    #[error("rows that are hashed otherwise")]
    Leaves,
    /// A nonce where there is no grinding, or none where there is.
    #[error("a nonce that is not asked for, or none that is")]
    Nonce,
}

/// A proof, ready for the circuit that verifies it.
pub struct ProofInputs {
    shape: ProofShape,
    messages: Vec<Challenge>,
    /// By tree, matrix and point.
    opened: Vec<Vec<Vec<Vec<Challenge>>>>,
    rows: Vec<BatchMultiOpening<Val, ValMmcs>>,
    rounds: Vec<CommitPhaseMultiStep<Challenge, ChallengeMmcs>>,
}

type Commitment = MerkleCap<Val, [Val; 8]>;
type Folding = TwoAdicFriFoldingForMmcs<Val, ValMmcs>;
type Fri = FriProof<Challenge, ChallengeMmcs, Val, Vec<BatchMultiOpening<Val, ValMmcs>>>;

/// A proof, whatever sponge has hashed its rows: digests are the same kind of thing.
struct Proof<'a> {
    commitments: &'a BatchCommitments<Commitment>,
    opened_values: &'a BatchOpenedValues<Challenge>,
    opening_proof: Fri,
    lookup_terminals: &'a [Option<LookupTerminal<Challenge>>],
    degree_bits: &'a [usize],
    lookup_pow_witness: Option<Val>,
    ood_pow_witness: Val,
}

/// The parts of a proof but its openings, which have types of their own.
macro_rules! parts {
    ($proof:expr, $opening_proof:expr) => {
        Proof {
            opening_proof: $opening_proof,
            commitments: &$proof.commitments,
            opened_values: &$proof.opened_values,
            lookup_terminals: &$proof.lookup_terminals,
            degree_bits: &$proof.degree_bits,
            lookup_pow_witness: $proof.lookup_pow_witness,
            ood_pow_witness: $proof.ood_pow_witness,
        }
    };
}

impl<'a> From<&'a BatchProof<Config>> for Proof<'a> {
    fn from(proof: &'a BatchProof<Config>) -> Self {
        parts!(proof, proof.opening_proof.clone())
    }
}

impl<'a> From<&'a BatchProof<ShrinkConfig>> for Proof<'a> {
    fn from(proof: &'a BatchProof<ShrinkConfig>) -> Self {
        let fri = &proof.opening_proof;
        let openings = fri.input_openings.iter().map(|opening| BatchMultiOpening {
            opened_values: opening.opened_values.clone(),
            opening_proof: opening.opening_proof.clone(),
        });
        let rounds = fri.commit_phase_openings.iter().map(|round| CommitPhaseMultiStep {
            sibling_values: round.sibling_values.clone(),
            opening_proof: round.opening_proof.clone(),
        });
        let fri = Fri {
            batch_pow_witness: fri.batch_pow_witness,
            commit_phase_commits: fri.commit_phase_commits.clone(),
            commit_pow_witnesses: fri.commit_pow_witnesses.clone(),
            input_openings: openings.collect(),
            commit_phase_openings: rounds.collect(),
            final_poly: fri.final_poly.clone(),
            query_pow_witness: fri.query_pow_witness,
        };
        parts!(proof, fri)
    }
}

impl ProofInputs {
    /// Checks that a proof has this shape.
    pub fn new(shape: &ProofShape, proof: &BatchProof<Config>) -> Result<Self, ShapeMismatch> {
        check(shape.leaves == LeafSponge::Width24, ShapeMismatch::Leaves)?;
        Self::of(shape, &proof.into())
    }

    /// The same for a proof whose rows are hashed by the sponge of width 16.
    pub fn shrunk(shape: &ProofShape, proof: &BatchProof<ShrinkConfig>) -> Result<Self, ShapeMismatch> {
        check(shape.leaves == LeafSponge::Width16, ShapeMismatch::Leaves)?;
        Self::of(shape, &proof.into())
    }

    fn of(shape: &ProofShape, proof: &Proof<'_>) -> Result<Self, ShapeMismatch> {
        check_tables(shape, proof)?;
        let opened = opened_values(shape, proof)?;
        let messages = Messages { shape, list: Vec::new() }.collect(proof, &opened)?;
        check_queries(shape, proof)?;
        Ok(Self {
            shape: shape.clone(),
            messages,
            opened,
            rows: proof.opening_proof.input_openings.clone(),
            rounds: proof.opening_proof.commit_phase_openings.clone(),
        })
    }

    /// All that the prover says, in the order of the transcript: a digest is two elements, a nonce one.
    pub fn messages(&self) -> &[Challenge] {
        &self.messages
    }

    /// What the queries open. `values` are the elements whose low bits are the indices, then the out-of-domain point, the
    /// challenge that sums openings, and those of folding.
    pub fn open(&self, values: &[Challenge]) -> Result<Openings, Refused> {
        let challenges = values.get(self.shape.parameters.queries..).unwrap_or_default();
        let (Some([zeta, alpha]), Some(betas)) = (challenges.first_chunk(), challenges.get(2..)) else {
            return Err(Refused("too few challenges"));
        };
        if betas.len() != self.shape.rounds.len() {
            return Err(Refused("too few challenges"));
        }
        let mask = (1 << self.shape.log_height) - 1;
        let index = |value: &Challenge| {
            let element: Val = value.as_base().ok_or(Refused("an index that is no base field element"))?;
            Ok(element.as_canonical_u32() as usize & mask)
        };
        let indices: Vec<usize> =
            values.iter().take(self.shape.parameters.queries).map(index).collect::<Result<_, _>>()?;
        let reduced = self.reduce(&indices, *zeta, *alpha)?;
        let rows = self.fold(&indices, betas, reduced)?;
        let mut paths = Vec::new();
        for (tree, opening) in self.shape.trees.iter().zip(&self.rows) {
            paths.push(self.tree_paths(tree, opening, &indices)?);
        }
        let mut round_paths = Vec::new();
        let mut below = 0;
        for ((rows, log_arity), step) in rows.iter().zip(&self.shape.rounds).zip(&self.rounds) {
            below += log_arity;
            let dimensions =
                Dimensions { width: DEGREE << log_arity, height: 1 << (self.shape.log_height - below) };
            let indices: Vec<_> = indices.iter().map(|index| index >> below).collect();
            round_paths.push(self.paths(&[dimensions], &indices, rows, &step.opening_proof)?);
        }
        let mut openings = Openings::default();
        for query in 0..indices.len() {
            for ((tree, opening), paths) in self.shape.trees.iter().zip(&self.rows).zip(&paths) {
                let Some(rows) = opening.opened_values.get(query) else { continue };
                for log_height in tree.heights() {
                    for (row, _) in tree.at_height(log_height).filter_map(|(i, m)| Some((rows.get(i)?, m))) {
                        openings.values.extend(row);
                    }
                }
                openings.digests.extend(&paths[query].siblings);
            }
            for (rows, paths) in rows.iter().zip(&round_paths) {
                openings.values.extend(rows[query].iter().flatten());
                openings.digests.extend(&paths[query].siblings);
            }
        }
        Ok(openings)
    }

    /// The words that are folded, by query and height.
    fn reduce(
        &self,
        indices: &[usize],
        zeta: Challenge,
        alpha: Challenge,
    ) -> Result<Vec<Vec<(usize, Challenge)>>, Refused> {
        let heights = self.shape.input_heights();
        let mut reduced = vec![Vec::new(); indices.len()];
        for log_height in heights {
            let bits = self.shape.log_height - log_height;
            let trace = log_height - self.shape.parameters.log_blowup;
            let points = [zeta, zeta * Val::two_adic_generator(trace)];
            for (query, index) in indices.iter().enumerate() {
                let place = reverse_bits(index >> bits, log_height);
                let x = Val::GENERATOR * Val::two_adic_generator(log_height).exp_u64(place as u64);
                let mut power = Challenge::ONE;
                let mut sums = [Challenge::ZERO; 2];
                for ((tree, opened), rows) in self.shape.trees.iter().zip(&self.opened).zip(&self.rows) {
                    for (i, _) in tree.at_height(log_height) {
                        let row = &rows.opened_values[query][i];
                        for (sum, values) in sums.iter_mut().zip(&opened[i]) {
                            for (value, element) in values.iter().zip(row) {
                                *sum += power * (*value - *element);
                                power *= alpha;
                            }
                        }
                    }
                }
                let mut total = Challenge::ZERO;
                for (sum, point) in sums.into_iter().zip(points) {
                    let inverse = (point - x).try_inverse();
                    total += sum * inverse.ok_or(Refused("a query at an opened point"))?;
                }
                reduced[query].push((log_height, total));
            }
        }
        Ok(reduced)
    }

    /// The rows of all rounds, by round, query and matrix, as base field elements.
    fn fold(
        &self,
        indices: &[usize],
        betas: &[Challenge],
        reduced: Vec<Vec<(usize, Challenge)>>,
    ) -> Result<Vec<Vec<Vec<Vec<Val>>>>, Refused> {
        let folding: Folding = TwoAdicFriFolding(PhantomData);
        let parameters = &self.shape.parameters;
        let mut groups = vec![Vec::new(); self.rounds.len()];
        let mut rows: Vec<Vec<Vec<Vec<Challenge>>>> = vec![Vec::new(); self.rounds.len()];
        for (query, (index, reduced)) in indices.iter().zip(reduced).enumerate() {
            // Its result is the circuit's to find; the rows are wanted.
            let folded = fold_query::<Folding, Val, Challenge, ChallengeMmcs>(
                &folding,
                query,
                &mut { *index },
                betas,
                &self.shape.rounds,
                &self.rounds,
                reduced,
                self.shape.log_height,
                parameters.log_blowup + parameters.log_final_polynomial,
                &mut groups,
                &mut rows,
            );
            if folded.is_err() {
                return Err(Refused("a query that does not fold"));
            }
        }
        let flatten = |row: &Vec<Challenge>| {
            row.iter()
                .flat_map(|value| -> [Val; DEGREE] { core::array::from_fn(|i| coefficients(value)[i]) })
                .collect()
        };
        let of_query = |rows: &Vec<Vec<Challenge>>| rows.iter().map(flatten).collect();
        Ok(rows.iter().map(|rows| rows.iter().map(of_query).collect()).collect())
    }

    fn tree_paths(
        &self,
        tree: &TreeShape,
        opening: &BatchMultiOpening<Val, ValMmcs>,
        indices: &[usize],
    ) -> Result<Vec<MerkleAuthPath<Val, 8>>, Refused> {
        let dimensions: Vec<_> = tree
            .matrices
            .iter()
            .map(|matrix| Dimensions { width: matrix.width, height: 1 << matrix.log_height })
            .collect();
        let bits = self.shape.log_height - tree.log_height();
        let indices: Vec<_> = indices.iter().map(|index| index >> bits).collect();
        self.paths(&dimensions, &indices, &opening.opened_values, &opening.opening_proof)
    }

    /// One path for each query.
    fn paths(
        &self,
        dimensions: &[Dimensions],
        indices: &[usize],
        rows: &[Vec<Vec<Val>>],
        proof: &PrunedMerklePaths<Val, 8>,
    ) -> Result<Vec<MerkleAuthPath<Val, 8>>, Refused> {
        let nodes = NodeHash::new(default_koalabear_poseidon2_16());
        let height = self.shape.cap_height();
        let paths = match self.shape.leaves {
            LeafSponge::Width24 => {
                ValMmcs::new(LeafHash::new(default_koalabear_poseidon2_24()), nodes, height)
                    .restore_and_recompute_paths(dimensions, indices, rows, proof)
            }
            LeafSponge::Width16 => {
                ShrinkValMmcs::new(LeafHash16::new(default_koalabear_poseidon2_16()), nodes, height)
                    .restore_and_recompute_paths(dimensions, indices, rows, proof)
            }
        };
        paths.map_err(|_| Refused("a multiproof of another shape"))
    }
}

/// Several proofs: the source is the position.
impl Inputs for Vec<ProofInputs> {
    fn messages(&mut self, source: Source) -> Vec<Challenge> {
        self.get(source.0).map(|proof| proof.messages.clone()).unwrap_or_default()
    }

    fn open(&mut self, source: Source, values: &[Challenge]) -> Result<Openings, Refused> {
        self.get(source.0).ok_or(Refused("no such proof"))?.open(values)
    }
}

fn coefficients(value: &Challenge) -> &[Val] {
    value.as_basis_coefficients_slice()
}

fn check(holds: bool, mismatch: ShapeMismatch) -> Result<(), ShapeMismatch> {
    if holds { Ok(()) } else { Err(mismatch) }
}

/// The tables and what belongs to each.
fn check_tables(shape: &ProofShape, proof: &Proof<'_>) -> Result<(), ShapeMismatch> {
    let heights = shape.tables.iter().map(|table| table.log_height);
    check(heights.eq(proof.degree_bits.iter().copied()), ShapeMismatch::Tables)?;
    let instances = &proof.opened_values.instances;
    check(instances.len() == shape.tables.len(), ShapeMismatch::Tables)?;
    let random = instances.iter().any(|instance| instance.base_opened_values.random.is_some());
    check(!random && proof.commitments.random.is_none(), ShapeMismatch::Random)?;
    let has_messages = shape.tables.iter().map(|table| table.auxiliary_width > 0);
    let terminals = proof.lookup_terminals.iter().map(Option::is_some);
    check(has_messages.eq(terminals), ShapeMismatch::Terminals)?;
    check(proof.commitments.permutation.is_some() == shape.has_messages(), ShapeMismatch::Commitments)
}

/// What is opened outside the domain, by tree, matrix and point.
fn opened_values(
    shape: &ProofShape,
    proof: &Proof<'_>,
) -> Result<Vec<Vec<Vec<Vec<Challenge>>>>, ShapeMismatch> {
    let mut places = 0;
    let mut opened = Vec::new();
    for tree in &shape.trees {
        let mut of_tree = Vec::new();
        for matrix in &tree.matrices {
            let values = values_of(proof, tree.kind, matrix);
            let fits = values.iter().all(|values| values.len() == matrix.width);
            check(fits && values.len() == matrix.points(), ShapeMismatch::OpenedValues)?;
            places += values.len();
            of_tree.push(values.into_iter().cloned().collect());
        }
        opened.push(of_tree);
    }
    // Nothing else is opened.
    let all: usize = proof.opened_values.instances.iter().map(lists).sum();
    check(all == places, ShapeMismatch::OpenedValues)?;
    Ok(opened)
}

type Instance = p3_batch_stark::proof::OpenedValuesWithLookups<Challenge>;

/// How many lists of values a table has; messages have two or, empty, none.
fn lists(instance: &Instance) -> usize {
    let values = &instance.base_opened_values;
    let fixed = values.preprocessed.as_ref();
    let messages = [&instance.permutation_local, &instance.permutation_next];
    1 + usize::from(values.trace_next.is_some())
        + values.quotient_chunks.len()
        + fixed.map_or(0, |fixed| 1 + usize::from(fixed.next.is_some()))
        + messages.iter().filter(|values| !values.is_empty()).count()
}

fn values_of<'a>(proof: &Proof<'a>, kind: TreeKind, matrix: &MatrixShape) -> Vec<&'a Vec<Challenge>> {
    let Some(instance) = proof.opened_values.instances.get(matrix.table) else { return Vec::new() };
    let values = &instance.base_opened_values;
    match kind {
        TreeKind::Main => core::iter::once(&values.trace_local).chain(&values.trace_next).collect(),
        TreeKind::Quotient => values.quotient_chunks.get(matrix.piece).into_iter().collect(),
        TreeKind::Fixed => values
            .preprocessed
            .iter()
            .flat_map(|fixed| core::iter::once(&fixed.local).chain(&fixed.next))
            .collect(),
        TreeKind::Auxiliary => vec![&instance.permutation_local, &instance.permutation_next],
    }
}

/// One opening of each tree and round for each query.
fn check_queries(shape: &ProofShape, proof: &Proof<'_>) -> Result<(), ShapeMismatch> {
    let queries = shape.parameters.queries;
    let proof = &proof.opening_proof;
    check(proof.input_openings.len() == shape.trees.len(), ShapeMismatch::Queries)?;
    for (tree, opening) in shape.trees.iter().zip(&proof.input_openings) {
        check(opening.opened_values.len() == queries, ShapeMismatch::Queries)?;
        for rows in &opening.opened_values {
            let widths = tree.matrices.iter().map(|matrix| matrix.width);
            check(widths.eq(rows.iter().map(Vec::len)), ShapeMismatch::Queries)?;
        }
    }
    check(proof.commit_phase_openings.len() == shape.rounds.len(), ShapeMismatch::Folding)?;
    for (log_arity, step) in shape.rounds.iter().zip(&proof.commit_phase_openings) {
        check(step.sibling_values.len() == queries, ShapeMismatch::Queries)?;
        let fits = step.sibling_values.iter().all(|row| row.len() + 1 == 1 << log_arity);
        check(fits, ShapeMismatch::Queries)?;
    }
    Ok(())
}

/// Writes down what the prover says.
struct Messages<'a> {
    shape: &'a ProofShape,
    list: Vec<Challenge>,
}

impl Messages<'_> {
    fn collect(
        mut self,
        proof: &Proof<'_>,
        opened: &[Vec<Vec<Vec<Challenge>>>],
    ) -> Result<Vec<Challenge>, ShapeMismatch> {
        let parameters = self.shape.parameters;
        self.cap(&proof.commitments.main)?;
        match (&proof.commitments.permutation, proof.lookup_pow_witness) {
            (Some(commitment), Some(nonce)) => {
                self.nonce(nonce, parameters.lookup_grinding)?;
                self.cap(commitment)?;
                self.list.extend(proof.lookup_terminals.iter().flatten().map(|terminal| terminal.0));
            }
            (None, None) => {}
            _ => return Err(ShapeMismatch::Nonce),
        }
        self.cap(&proof.commitments.quotient_chunks)?;
        self.nonce(proof.ood_pow_witness, parameters.point_grinding)?;
        self.list.extend(opened.iter().flatten().flatten().flatten());
        let proof = &proof.opening_proof;
        self.nonce(proof.batch_pow_witness, parameters.batch_grinding)?;
        let rounds = self.shape.rounds.len();
        let counts = [proof.commit_phase_commits.len(), proof.commit_pow_witnesses.len()];
        check(counts == [rounds; 2], ShapeMismatch::Folding)?;
        for (commitment, nonce) in proof.commit_phase_commits.iter().zip(&proof.commit_pow_witnesses) {
            self.cap(commitment)?;
            self.nonce(*nonce, parameters.fold_grinding)?;
        }
        let len = proof.final_poly.len();
        check(len == 1 << parameters.log_final_polynomial, ShapeMismatch::Folding)?;
        self.list.extend(&proof.final_poly);
        self.nonce(proof.query_pow_witness, parameters.query_grinding)?;
        Ok(self.list)
    }

    fn cap(&mut self, commitment: &Commitment) -> Result<(), ShapeMismatch> {
        let nodes = commitment.roots();
        check(nodes.len() == 1 << self.shape.cap_height(), ShapeMismatch::Commitments)?;
        let words = nodes.iter().flat_map(|node| node.as_chunks::<DEGREE>().0);
        self.list.extend(words.map(|word| Challenge::from_basis_coefficients_fn(|i| word[i])));
        Ok(())
    }

    /// Where there is no grinding, the nonce is zero and not observed.
    fn nonce(&mut self, nonce: Val, bits: usize) -> Result<(), ShapeMismatch> {
        if bits > 0 {
            self.list.push(nonce.into());
            return Ok(());
        }
        check(nonce == Val::ZERO, ShapeMismatch::Nonce)
    }
}
