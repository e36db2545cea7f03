//! The opening of all commitments at the out-of-domain point.

use ashlar_verifier::config::{Challenge, Challenger, Config, Pcs};
use p3_air::BaseAir;
use p3_batch_stark::proof::{BatchOpenedValues, OpenedValuesWithLookups};
use p3_batch_stark::{PcsProof, ProverData};
use p3_commit::{PolynomialSpace, UnivariateStarkPcs};
use p3_matrix::Matrix;
use p3_uni_stark::{OpenedValues, PreprocessedOpenedValues};

use super::prove::{Committed, Instance, Transcript, domain};
use crate::error::ProverError;

/// What is opened beside the fixed columns.
pub(crate) struct Opened<'a> {
    pub(crate) main: &'a Committed,
    pub(crate) auxiliary: &'a Committed,
    pub(crate) quotients: &'a Committed,
}

/// Position of the fixed columns among the commitments that are opened.
const FIXED: usize = 2;

/// Opens everything at `zeta`, and what a table reads of its next row also at the point after it.
pub(crate) fn open(
    pcs: &Pcs,
    instances: &[Instance<'_>],
    data: &ProverData<Config>,
    opened: &Opened<'_>,
    zeta: Challenge,
    transcript: &mut Transcript<'_>,
) -> Result<(BatchOpenedValues<Challenge>, PcsProof<Config>), ProverError> {
    let next = |instance: &Instance<'_>| domain(pcs, instance.trace.height()).next_point(zeta);
    let points = |instance: &Instance<'_>, reads_next: bool| {
        core::iter::once(zeta).chain(next(instance).filter(|_| reads_next)).collect::<Vec<_>>()
    };
    let main = instances.iter().map(|instance| points(instance, reads_next(instance))).collect();
    let quotients = instances.iter().flat_map(|_| [vec![zeta], vec![zeta]]).collect();
    let auxiliary = instances.iter().map(|instance| points(instance, true)).collect();
    let (fixed_data, fixed) = fixed_rounds(data, zeta)?;
    let rounds: Vec<(&Committed, Vec<Vec<Challenge>>)> = vec![
        (opened.main, main),
        (opened.quotients, quotients),
        (fixed_data, fixed),
        (opened.auxiliary, auxiliary),
    ];
    let rounds = rounds.into_iter().map(Into::into).collect();
    let (values, proof) = transcript
        .delegate(|challenger| {
            UnivariateStarkPcs::<Challenge, Challenger>::open_with_preprocessing(
                pcs,
                rounds,
                challenger,
                Some(FIXED),
            )
        })
        .map_err(|error| ProverError::Proving(format!("{error:?}")))?;
    Ok((BatchOpenedValues { instances: sort(instances, data, &values) }, proof))
}

fn reads_next(instance: &Instance<'_>) -> bool {
    !instance.air.main_next_row_columns().is_empty()
}

/// Fixed columns are read in the current row only.
fn fixed_rounds(
    data: &ProverData<Config>,
    zeta: Challenge,
) -> Result<(&Committed, Vec<Vec<Challenge>>), ProverError> {
    let missing = || ProverError::Proving("no fixed columns".into());
    let fixed = data.common.preprocessed.as_ref().ok_or_else(missing)?;
    let committed = data.prover_only.preprocessed_prover_data.as_ref().ok_or_else(missing)?;
    Ok((committed, fixed.matrix_to_instance.iter().map(|_| vec![zeta]).collect()))
}

/// From values by commitment to values by table.
fn sort(
    instances: &[Instance<'_>],
    data: &ProverData<Config>,
    values: &[Vec<Vec<Vec<Challenge>>>],
) -> Vec<OpenedValuesWithLookups<Challenge>> {
    let [main, quotients, fixed, auxiliary] = values else { unreachable!("four commitments were opened") };
    let of_table = |(i, instance): (usize, &Instance<'_>)| {
        let place = data.common.preprocessed.as_ref().and_then(|fixed| fixed.instances[i].as_ref());
        OpenedValuesWithLookups {
            base_opened_values: OpenedValues {
                trace_local: main[i][0].clone(),
                trace_next: reads_next(instance).then(|| main[i][1].clone()),
                preprocessed: place.map(|place| PreprocessedOpenedValues {
                    local: fixed[place.matrix_index][0].clone(),
                    next: None,
                }),
                quotient_chunks: quotients[2 * i..][..2].iter().map(|chunk| chunk[0].clone()).collect(),
                random: None,
            },
            permutation_local: auxiliary[i][0].clone(),
            permutation_next: auxiliary[i][1].clone(),
        }
    };
    instances.iter().enumerate().map(of_table).collect()
}
