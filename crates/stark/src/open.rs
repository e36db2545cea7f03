//! The opening of all commitments at the out-of-domain point.

use p3_batch_stark::proof::{BatchOpenedValues, OpenedValuesWithLookups};
use p3_batch_stark::{PcsProof, ProverData};
use p3_commit::{PolynomialSpace, UnivariateStarkPcs};
use p3_matrix::Matrix;
use p3_uni_stark::{OpenedValues, PreprocessedOpenedValues};

use crate::Challenge;
use crate::builder::Layout;
use crate::error::Error;
use crate::prove::{Instance, Transcript, domain};
use crate::scheme::{Committed, Scheme, Table};

/// What is opened beside the fixed columns.
pub(crate) struct Opened<'a, S: Scheme> {
    pub(crate) main: &'a Committed<S>,
    pub(crate) auxiliary: &'a Committed<S>,
    pub(crate) quotients: &'a Committed<S>,
}

/// Position of the fixed columns among the commitments that are opened.
const FIXED: usize = 2;

/// Opens everything at `zeta`, and what a table reads of its next row also at the point after it.
pub(crate) fn open<S: Scheme, A: Table>(
    pcs: &S::Pcs,
    instances: &[Instance<'_, A>],
    layouts: &[Layout],
    data: &ProverData<S>,
    opened: &Opened<'_, S>,
    zeta: Challenge,
    transcript: &mut Transcript<'_, S>,
) -> Result<(BatchOpenedValues<Challenge>, PcsProof<S>), Error> {
    let points = |instance: &Instance<'_, A>, reads_next: bool| {
        let next = domain::<S>(pcs, instance.trace.height()).next_point(zeta);
        core::iter::once(zeta).chain(next.filter(|_| reads_next)).collect::<Vec<_>>()
    };
    let main = instances.iter().map(|instance| points(instance, reads_next(instance))).collect();
    let quotients = layouts.iter().flat_map(|layout| vec![vec![zeta]; layout.chunks]).collect();
    let auxiliary = instances.iter().map(|instance| points(instance, true)).collect();
    let global = data.common.preprocessed.as_ref().ok_or(Error::NoFixedColumns)?;
    let fixed = global.matrix_to_instance.iter().map(|table| &instances[*table]);
    let fixed = fixed.map(|instance| points(instance, reads_next_fixed(instance))).collect();
    let fixed_data = data.prover_only.preprocessed_prover_data.as_ref().ok_or(Error::NoFixedColumns)?;
    let rounds: Vec<(&Committed<S>, Vec<Vec<Challenge>>)> = vec![
        (opened.main, main),
        (opened.quotients, quotients),
        (fixed_data, fixed),
        (opened.auxiliary, auxiliary),
    ];
    let rounds = rounds.into_iter().map(Into::into).collect();
    let (values, proof) = transcript
        .delegate(|challenger| {
            UnivariateStarkPcs::<Challenge, S::Challenger>::open_with_preprocessing(
                pcs,
                rounds,
                challenger,
                Some(FIXED),
            )
        })
        .map_err(Error::scheme)?;
    Ok((BatchOpenedValues { instances: sort(instances, layouts, data, &values) }, proof))
}

fn reads_next<A: Table>(instance: &Instance<'_, A>) -> bool {
    !instance.air.main_next_row_columns().is_empty()
}

fn reads_next_fixed<A: Table>(instance: &Instance<'_, A>) -> bool {
    !instance.air.preprocessed_next_row_columns().is_empty()
}

/// From values by commitment to values by table.
fn sort<S: Scheme, A: Table>(
    instances: &[Instance<'_, A>],
    layouts: &[Layout],
    data: &ProverData<S>,
    values: &[Vec<Vec<Vec<Challenge>>>],
) -> Vec<OpenedValuesWithLookups<Challenge>> {
    let [main, quotients, fixed, auxiliary] = values else { unreachable!("four commitments were opened") };
    let mut quotients = quotients.iter().map(|chunk| chunk[0].clone());
    let of_table = |(i, (instance, layout)): (usize, (&Instance<'_, A>, &Layout))| {
        let place = data.common.preprocessed.as_ref().and_then(|fixed| fixed.instances[i].as_ref());
        OpenedValuesWithLookups {
            base_opened_values: OpenedValues {
                trace_local: main[i][0].clone(),
                trace_next: reads_next(instance).then(|| main[i][1].clone()),
                preprocessed: place.map(|place| PreprocessedOpenedValues {
                    local: fixed[place.matrix_index][0].clone(),
                    next: reads_next_fixed(instance).then(|| fixed[place.matrix_index][1].clone()),
                }),
                quotient_chunks: quotients.by_ref().take(layout.chunks).collect(),
                random: None,
            },
            permutation_local: auxiliary[i][0].clone(),
            permutation_next: auxiliary[i][1].clone(),
        }
    };
    instances.iter().zip(layouts).enumerate().map(of_table).collect()
}
