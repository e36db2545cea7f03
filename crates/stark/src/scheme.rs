//! What the loop asks of tables, and of commitments and transcript.

use p3_air::{Air, BaseAir};
use p3_batch_stark::StarkGenericConfig;
use p3_challenger::GrindingChallenger;
use p3_commit::{Pcs, UnivariateStarkPcs};
use p3_field::coset::TwoAdicMultiplicativeCoset;
use p3_lookup::InteractionSymbolicBuilder;

use crate::builder::GroupBuilder;
use crate::{Challenge, Val};

/// The domain of traces and quotients.
pub type Domain = TwoAdicMultiplicativeCoset<Val>;

/// Tables of one type, whose constraints and messages can be read off symbolically and evaluated on vectors of rows.
/// Whatever is an `Air` for every `InteractionBuilder` over the field is one.
pub trait Table:
    BaseAir<Val>
    + Air<InteractionSymbolicBuilder<Val, Challenge>>
    + for<'a> Air<GroupBuilder<'a, false>>
    + for<'a> Air<GroupBuilder<'a, true>>
    + Sync
{
}

impl<A> Table for A where
    A: BaseAir<Val>
        + Air<InteractionSymbolicBuilder<Val, Challenge>>
        + for<'a> Air<GroupBuilder<'a, false>>
        + for<'a> Air<GroupBuilder<'a, true>>
        + Sync
{
}

/// What commitments and transcript are made of: any configuration over two-adic domains of our field whose transcript can
/// grind.
pub trait Scheme:
    StarkGenericConfig<
        Challenge = Challenge,
        Pcs: UnivariateStarkPcs<Challenge, <Self as StarkGenericConfig>::Challenger, Domain = Domain>,
        Challenger: GrindingChallenger<Witness = Val>,
    >
{
}

impl<S> Scheme for S where
    S: StarkGenericConfig<
            Challenge = Challenge,
            Pcs: UnivariateStarkPcs<Challenge, <S as StarkGenericConfig>::Challenger, Domain = Domain>,
            Challenger: GrindingChallenger<Witness = Val>,
        >
{
}

/// What a scheme keeps of a commitment.
pub(crate) type Committed<S> =
    <<S as StarkGenericConfig>::Pcs as Pcs<Challenge, <S as StarkGenericConfig>::Challenger>>::ProverData;

/// Committed columns on some domain.
pub(crate) type Evaluations<'a, S> = <<S as StarkGenericConfig>::Pcs as UnivariateStarkPcs<
    Challenge,
    <S as StarkGenericConfig>::Challenger,
>>::EvaluationsOnDomain<'a>;
