//! A table with everything that one of a final proof may have, and its proofs.

use std::borrow::Cow;

use ashlar_circuit::bus::name::WITNESS;
use ashlar_machine::Val;
use ashlar_stark::{Instance, Table, prove};
use ashlar_verifier::config::Parameters;
use ashlar_verifier::last::{
    Exhausted, FinalKey, FinalProof, FinalShape, LastConfig, LastTable, Word, last_config, try_salts,
};
use p3_air::{Air, AirBuilder, BaseAir, WindowAccess};
use p3_batch_stark::common::{GlobalPreprocessed, PreprocessedInstanceMeta};
use p3_batch_stark::folder::VerifierConstraintFolderWithLookups;
use p3_batch_stark::{CommonData, ProverData, verify_batch};
use p3_field::PrimeCharacteristicRing;
use p3_lookup::{Count, InteractionBuilder};
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;
use p3_symmetric::MerkleCap;

/// log2 of the table's rows.
pub(crate) const LOG_ROWS: usize = 6;
const ROWS: usize = 1 << LOG_ROWS;

/// As small as anything of every kind can be.
pub(crate) const SMALL: Parameters = Parameters {
    log_blowup: 3,
    log_final_polynomial: 2,
    log_arity_max: 3,
    queries: 6,
    query_grinding: 5,
    fold_grinding: 2,
    batch_grinding: 3,
    lookup_grinding: 4,
    point_grinding: 1,
    cap_height: 0,
};

/// Raises a number to a power again and again, and reads public words.
#[derive(Clone, Debug)]
pub(crate) struct TestAir {
    /// Public words.
    pub(crate) words: usize,
    /// Of the power.
    pub(crate) degree: u64,
}

/// Columns: v (4), x, y, p, q.
const WIDTH: usize = 8;
/// Fixed columns: address, count, k.
const FIXED: usize = 3;

impl TestAir {
    fn fixed(&self) -> RowMajorMatrix<Val> {
        let row = |row: usize| {
            let reads = row < self.words;
            let address = if reads { row + 1 } else { 0 };
            let count = if reads { Val::NEG_ONE } else { Val::ZERO };
            [Val::from_usize(address), count, Val::from_usize(7 * row + 5)]
        };
        RowMajorMatrix::new((0..ROWS).flat_map(row).collect(), FIXED)
    }

    pub(crate) fn trace(&self, words: &[Word]) -> RowMajorMatrix<Val> {
        let mut values = Vec::new();
        let mut x = Val::from_u32(3);
        let fixed = self.fixed();
        for row in 0..ROWS {
            let [k, r, s] = [
                fixed.values[FIXED * row + 2],
                self.periodic_columns()[0][row % 4],
                self.periodic_columns()[1][row % 8],
            ];
            let y = x.exp_u64(self.degree);
            let p = Val::from_usize(row * row + 1);
            values.extend(words.get(row).copied().unwrap_or_default());
            values.extend([x, y, p, p * s]);
            x = y + k + r;
        }
        RowMajorMatrix::new(values, WIDTH)
    }
}

impl BaseAir<Val> for TestAir {
    fn width(&self) -> usize {
        WIDTH
    }

    fn preprocessed_trace(&self) -> Option<RowMajorMatrix<Val>> {
        Some(self.fixed())
    }

    fn preprocessed_width(&self) -> usize {
        FIXED
    }

    fn preprocessed_next_row_columns(&self) -> Vec<usize> {
        Vec::new()
    }

    fn num_periodic_columns(&self) -> usize {
        2
    }

    fn periodic_columns(&self) -> Cow<'_, [Vec<Val>]> {
        let columns = [[3, 1, 4, 1].as_slice(), &[2, 7, 1, 8, 2, 8, 1, 8]];
        Cow::Owned(columns.map(|column| column.iter().copied().map(Val::from_u32).collect()).to_vec())
    }
}

impl<AB: InteractionBuilder<F = Val>> Air<AB> for TestAir {
    fn eval(&self, builder: &mut AB) {
        let main = builder.main();
        let local: Vec<AB::Expr> = main.current_slice().iter().map(|cell| (*cell).into()).collect();
        let next: AB::Expr = main.next_slice()[4].into();
        let fixed = builder.preprocessed().clone();
        let [address, count, k]: [AB::Expr; 3] = [0, 1, 2].map(|i| fixed.current_slice()[i].into());
        let [r, s]: [AB::Expr; 2] = [0, 1].map(|i| builder.periodic_values()[i].into());
        let [v0, v1, v2, v3, x, y, p, q]: [AB::Expr; 8] = core::array::from_fn(|i| local[i].clone());
        builder.when_first_row().assert_eq(x.clone(), AB::Expr::from_u32(3));
        builder.assert_eq(x.exp_u64(self.degree), y.clone());
        builder.when_transition().assert_eq(next, y.clone() + k.clone() + r.clone());
        builder.assert_eq(q.clone(), p.clone() * s);
        let one = || Count::bounded(AB::Expr::ONE, 1);
        builder.push_interaction(WITNESS, [address, v0, v1, v2, v3], Count::provided(count));
        builder.push_interaction("other", [p.clone(), q.clone()], Count::bounded(AB::Expr::TWO, 2));
        let message = [k, x, y, p.clone(), r];
        builder.push_interaction(WITNESS, message.clone(), one());
        builder.push_interaction(WITNESS, message, -one());
        builder.push_interaction("other", [p.clone(), q.clone()], -one());
        builder.push_interaction("other", [p, q], -one());
    }
}

/// Public words that are as good as any.
pub(crate) fn words(count: usize) -> Vec<Word> {
    let word = |i: u32| [0, 1, 2, 3].map(|k| Val::from_u32(1000 * i + 77).exp_u64(3) + Val::from_u32(k));
    (0..count as u32).map(word).collect()
}

/// A table, its proof and all that a verifier wants.
pub(crate) struct Fixture<A = TestAir> {
    pub(crate) key: FinalKey<A>,
    pub(crate) words: Vec<Word>,
    pub(crate) proof: FinalProof,
    pub(crate) bytes: Vec<u8>,
}

impl Fixture {
    /// Proves a table that reads so many public words.
    pub(crate) fn new(parameters: &Parameters, count: usize, degree: u64) -> Self {
        Self::with_nonces(parameters, count, degree, None)
    }

    /// The same with nonces below a limit.
    pub(crate) fn with_nonces(
        parameters: &Parameters,
        count: usize,
        degree: u64,
        nonces: Option<u32>,
    ) -> Self {
        let air = TestAir { words: count, degree };
        let words = words(count);
        let trace = air.trace(&words);
        Self::of_trace(parameters, &air, &words, &trace, nonces)
    }
}

impl<A: LastTable + Table + Clone> Fixture<A> {
    /// The proof of any trace.
    pub(crate) fn of_trace(
        parameters: &Parameters,
        air: &A,
        words: &[Word],
        trace: &RowMajorMatrix<Val>,
        nonces: Option<u32>,
    ) -> Self {
        let log_rows = trace.height().ilog2() as usize;
        let shape = FinalShape::new(parameters, air, log_rows, words.len()).expect("a shape");
        let mut root = None;
        let proof = try_salts(parameters, words, nonces, |config| {
            let data = prover_data(config, air, log_rows);
            root = data.common.preprocessed.as_ref().map(|fixed| fixed.commitment.roots()[0]);
            let fixed = air.preprocessed_trace();
            let instance = Instance { air, trace, fixed: fixed.as_ref(), public_values: Vec::new() };
            prove(config, parameters.log_blowup, &[instance], &data).map(|(proof, _)| proof)
        });
        let (salt, proof) = proof.expect("a proof").expect("a salt");
        let key = FinalKey { air: air.clone(), shape, fixed: root.expect("a root") };
        let proof = FinalProof { salt, proof };
        let bytes = proof.encode(&key, words).expect("bytes");
        Self { key, words: words.to_vec(), proof, bytes }
    }

    /// What Plonky3's verifier says of a proof.
    pub(crate) fn judge(&self, proof: &FinalProof) -> Result<(), String>
    where
        A: for<'a> Air<VerifierConstraintFolderWithLookups<'a, LastConfig>>,
    {
        let shape = &self.key.shape;
        let config = last_config(&shape.parameters, proof.salt, &self.words, 0, &Exhausted::default());
        let lookups = prover_data(&config, &self.key.air, shape.log_rows).common.lookups;
        let meta = PreprocessedInstanceMeta {
            matrix_index: 0,
            width: shape.fixed_width,
            degree_bits: shape.log_rows,
        };
        let fixed = GlobalPreprocessed {
            commitment: MerkleCap::new(vec![self.key.fixed]),
            instances: vec![Some(meta)],
            matrix_to_instance: vec![0],
        };
        let common = CommonData::new(Some(fixed), lookups);
        verify_batch(&config, core::slice::from_ref(&self.key.air), &proof.proof, &[Vec::new()], &common)
            .map_err(|error| error.to_string())
    }
}

fn prover_data<A: Table>(config: &LastConfig, air: &A, log_rows: usize) -> ProverData<LastConfig> {
    ProverData::from_airs_and_degrees(config, core::slice::from_ref(air), &[log_rows]).expect("data")
}
