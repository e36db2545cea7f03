//! The constraints at the out-of-domain point, the quotient, and the sum of messages.

use alloc::vec;
use alloc::vec::Vec;

use ashlar_machine::Val;
use p3_air::{AirBuilder, RowWindow};
use p3_field::{ExtensionField, Field, PrimeCharacteristicRing, TwoAdicField};
use p3_lookup::{Count, InteractionBuilder};

use super::config::Word;
use super::error::RefusedFinal;
use super::header::{Header, Opened};
use super::shape::{DEGREE, FinalKey, FinalShape, LastTable};
use crate::config::Challenge;

/// The sum of messages with the public words, each of which is defined once, is zero: terminal + sum of 1/denominator.
pub(super) fn check_messages(
    shape: &FinalShape,
    header: &Header,
    words: &[Word],
) -> Result<(), RefusedFinal> {
    let prefix = bus_prefix(shape, header, shape.word_bus);
    let (mut numerator, mut denominator) = (header.terminal, Challenge::ONE);
    for (address, word) in (1..).zip(words) {
        let elements = [[Val::from_u32(address)].as_slice(), word].concat();
        let message = combine(elements.into_iter().map(Challenge::from), header.lookup_beta);
        let factor = prefix - message;
        // numerator / denominator + 1 / factor
        numerator = numerator * factor + denominator;
        denominator *= factor;
    }
    if denominator.is_zero() {
        return Err(RefusedFinal::Denominator);
    }
    if numerator.is_zero() { Ok(()) } else { Err(RefusedFinal::Messages) }
}

/// What the denominators of a bus start with.
fn bus_prefix(shape: &FinalShape, header: &Header, bus: usize) -> Challenge {
    let offset = header.lookup_beta.exp_u64(shape.message_width as u64);
    header.lookup_alpha + offset * Val::from_usize(bus + 1)
}

/// A message as one element: its last field counts once, the one before beta times, and so on.
fn combine(fields: impl Iterator<Item = Challenge>, beta: Challenge) -> Challenge {
    fields.fold(Challenge::ZERO, |sum, field| sum * beta + field)
}

/// The constraints at zeta are the quotient times what vanishes on the table's domain.
pub(super) fn check_constraints<A: LastTable>(
    key: &FinalKey<A>,
    header: &Header,
) -> Result<(), RefusedFinal> {
    let shape = &key.shape;
    let power = header.zeta.exp_power_of_2(shape.log_rows);
    let vanishing = power - Challenge::ONE;
    if vanishing.is_zero() {
        return Err(RefusedFinal::PointInDomain);
    }
    let constraints = fold_constraints(key, header, vanishing)?;
    let quotient = quotient(shape, &header.opened.quotient, power);
    if constraints == quotient * vanishing { Ok(()) } else { Err(RefusedFinal::Quotient) }
}

/// The quotient at zeta. Its pieces are polynomials below the table's height, piece i the one that agrees with it on the
/// i-th coset. With y = (zeta / generator)^rows, a piece's weight is a polynomial in y that is 1 at u^i and 0 at the
/// other powers of u; summed up by powers of y, the coefficients are an inverse transform of the pieces.
fn quotient(shape: &FinalShape, pieces: &[Challenge], power: Challenge) -> Challenge {
    let shift = Val::GENERATOR.exp_power_of_2(shape.log_rows).inverse();
    let y = power * shift;
    let root = Val::two_adic_generator(shape.log_pieces).inverse();
    let pieces: Vec<_> = recompose(pieces);
    let coefficient = |root: Val| root.powers().zip(&pieces).map(|(u, piece)| *piece * u).sum::<Challenge>();
    let coefficients: Vec<_> = root.powers().take(pieces.len()).map(coefficient).collect();
    let sum = coefficients.iter().rev().fold(Challenge::ZERO, |sum, coefficient| sum * y + *coefficient);
    sum * Val::from_usize(pieces.len()).inverse()
}

/// Columns over the extension field, which are committed to by coefficients: at a point outside these are any elements v_k,
/// and the column is v_0 + v_1 X + v_2 X^2 + v_3 X^3.
fn recompose(coefficients: &[Challenge]) -> Vec<Challenge> {
    let columns = coefficients.as_chunks::<DEGREE>().0.iter();
    columns
        .map(|column| {
            <Challenge as ExtensionField<Val>>::from_ext_basis_coefficients(column).unwrap_or_default()
        })
        .collect()
}

/// All constraints, folded by Horner with alpha: those of the table, then one per column of messages, then three of the
/// sum of messages.
fn fold_constraints<A: LastTable>(
    key: &FinalKey<A>,
    header: &Header,
    vanishing: Challenge,
) -> Result<Challenge, RefusedFinal> {
    let shape = &key.shape;
    let zeta = header.zeta;
    let last = Val::two_adic_generator(shape.log_rows).inverse();
    let (from_first, from_last) = (zeta - Val::ONE, zeta - last);
    let inverse = (from_first * from_last).try_inverse().ok_or(RefusedFinal::PointInDomain)?;
    let periodic: Vec<_> = shape.periodic.iter().map(|column| periodic_value(shape, column, zeta)).collect();
    let Opened { main, main_next, fixed, auxiliary, auxiliary_next, .. } = &header.opened;
    // Constraints do not see them.
    let fixed_next = vec![Challenge::ZERO; fixed.len()];
    let mut folder = Folder {
        main: RowWindow::from_two_rows(main, main_next),
        fixed: RowWindow::from_two_rows(fixed, &fixed_next),
        periodic: &periodic,
        is_first_row: vanishing * inverse * from_last,
        is_last_row: vanishing * inverse * from_first,
        is_transition: from_last,
        alpha: header.alpha,
        sum: Challenge::ZERO,
        prefixes: shape.buses.iter().map(|bus| bus_prefix(shape, header, *bus)).collect(),
        beta: header.lookup_beta,
        columns: &shape.messages,
        message: 0,
        fractions: vec![Fraction::ZERO; shape.fractions],
    };
    key.air.eval(&mut folder);
    folder.fold_messages(&recompose(auxiliary), &recompose(auxiliary_next), header.terminal);
    Ok(folder.sum)
}

/// A periodic column at zeta: it is a polynomial in a power of zeta.
fn periodic_value(shape: &FinalShape, column: &[Val], zeta: Challenge) -> Challenge {
    let log_period = column.len().trailing_zeros() as usize;
    let point = zeta.exp_power_of_2(shape.log_rows.saturating_sub(log_period));
    column.iter().rev().fold(Challenge::ZERO, |sum, coefficient| sum * point + *coefficient)
}

/// A sum of fractions: the messages of one column.
#[derive(Clone, Copy, Debug)]
struct Fraction {
    numerator: Challenge,
    denominator: Challenge,
}

impl Fraction {
    const ZERO: Self = Self { numerator: Challenge::ZERO, denominator: Challenge::ONE };
}

/// Folds the constraints of a table at a point, and adds up its messages.
#[derive(Debug)]
pub struct Folder<'a> {
    main: RowWindow<'a, Challenge>,
    fixed: RowWindow<'a, Challenge>,
    periodic: &'a [Challenge],
    is_first_row: Challenge,
    is_last_row: Challenge,
    is_transition: Challenge,
    alpha: Challenge,
    sum: Challenge,
    /// Of each column of messages.
    prefixes: Vec<Challenge>,
    beta: Challenge,
    /// The column of each message.
    columns: &'a [usize],
    /// Number of the next message.
    message: usize,
    fractions: Vec<Fraction>,
}

impl Folder<'_> {
    fn fold(&mut self, constraint: Challenge) {
        self.sum = self.sum * self.alpha + constraint;
    }

    /// The first auxiliary column is the sum of all messages of the rows before; each other one is that of one column of
    /// messages on the row.
    fn fold_messages(&mut self, local: &[Challenge], next: &[Challenge], terminal: Challenge) {
        let fractions = core::mem::take(&mut self.fractions);
        let (Some((before, values)), Some(after)) = (local.split_first(), next.first()) else { return };
        for (fraction, value) in fractions.iter().zip(values) {
            self.fold(fraction.denominator * *value - fraction.numerator);
        }
        let row = values.iter().copied().sum::<Challenge>();
        self.fold(self.is_first_row * *before);
        self.fold(self.is_transition * (*after - *before - row));
        self.fold(self.is_last_row * (terminal - *before - row));
    }
}

impl<'a> AirBuilder for Folder<'a> {
    type F = Val;
    type Expr = Challenge;
    type Var = Challenge;
    type PreprocessedWindow = RowWindow<'a, Challenge>;
    type MainWindow = RowWindow<'a, Challenge>;
    type PublicVar = Val;
    type PeriodicVar = Challenge;

    fn main(&self) -> Self::MainWindow {
        self.main
    }

    fn preprocessed(&self) -> &Self::PreprocessedWindow {
        &self.fixed
    }

    fn is_first_row(&self) -> Challenge {
        self.is_first_row
    }

    fn is_last_row(&self) -> Challenge {
        self.is_last_row
    }

    fn is_transition(&self) -> Challenge {
        self.is_transition
    }

    fn assert_zero<I: Into<Challenge>>(&mut self, x: I) {
        self.fold(x.into());
    }

    fn public_values(&self) -> &[Val] {
        &[]
    }

    fn periodic_values(&self) -> &[Challenge] {
        self.periodic
    }
}

impl InteractionBuilder for Folder<'_> {
    fn push_interaction<E: Into<Challenge>>(
        &mut self,
        _bus_name: &str,
        fields: impl IntoIterator<Item = E>,
        count: impl Into<Count<Challenge>>,
    ) {
        let message = combine(fields.into_iter().map(Into::into), self.beta);
        let (count, _) = count.into().into_parts();
        let column = self.columns.get(self.message).copied().unwrap_or_default();
        self.message += 1;
        let (Some(fraction), Some(prefix)) = (self.fractions.get_mut(column), self.prefixes.get(column))
        else {
            return;
        };
        let denominator = *prefix - message;
        fraction.numerator = fraction.numerator * denominator + fraction.denominator * count;
        fraction.denominator *= denominator;
    }

    /// No table with a shape has messages to itself.
    fn push_local_interaction(
        &mut self,
        tuples: impl IntoIterator<Item = (Vec<Challenge>, Count<Challenge>)>,
    ) {
        tuples.into_iter().for_each(drop);
    }
}
