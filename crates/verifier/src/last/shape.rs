//! What is fixed of a final proof: everything that its verifier knows before it looks at one.

use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use ashlar_circuit::bus::name::WITNESS;
use ashlar_machine::Val;
use p3_air::Air;
use p3_air::symbolic::AirLayout;
use p3_batch_stark::BatchShape;
use p3_batch_stark::symbolic::get_log_num_quotient_chunks_for_domain;
use p3_challenger::CanObserve;
use p3_commit::{PeriodicColumns, PolynomialSpace};
use p3_field::coset::TwoAdicMultiplicativeCoset;
use p3_field::{Field, PrimeCharacteristicRing, TwoAdicField};
use p3_fri::{FriShape, PcsShape, fold_schedule};
use p3_lookup::{
    InteractionSymbolicBuilder, Kind, LogUpGadget, Lookups, check_bus_widths, check_multiplicity_height_bound,
};
use thiserror::Error;

use super::constraints::Folder;
use super::hash::{NODE_BYTES, Node};
use super::transcript::challenge_bytes;
use crate::config::{Challenge, Parameters};

/// Coefficients of an element of the extension field.
pub(super) const DEGREE: usize = 4;

/// Elements of a message on the bus of wires: address and value.
const WIRE_ELEMENTS: usize = 1 + DEGREE;

/// Elements of a row that would be as long as two nodes.
const ELEMENTS_OF_NODES: usize = 2 * NODE_BYTES / 4;

/// Rows are committed to by four trees, in this order.
pub(super) const TREES: [Tree; 4] = [Tree::Main, Tree::Quotient, Tree::Fixed, Tree::Auxiliary];

/// A table that a final proof can be of: it can be read symbolically, and evaluated at a point.
pub trait LastTable: Air<InteractionSymbolicBuilder<Val, Challenge>> + for<'a> Air<Folder<'a>> {}

impl<A> LastTable for A where A: Air<InteractionSymbolicBuilder<Val, Challenge>> + for<'a> Air<Folder<'a>> {}

/// There is no final proof of this table, or not with these parameters.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[allow(missing_docs)] // The messages say it.
pub enum UnsupportedTable {
    #[error("no queries, no blowup, no folding, or a cap")]
    Parameters,
    #[error("2^{log_height} rows are too many or too few")]
    Height { log_height: usize },
    #[error("constraints must see the next row, but none of its fixed columns, and no public values")]
    Interface,
    #[error("messages: {0}")]
    Messages(String),
    #[error("a periodic column does not fit the table")]
    Periodic,
    #[error("a row of {width} elements is as long as two nodes")]
    Width { width: usize },
}

/// What a verifier of final proofs must know.
#[derive(Clone, Debug)]
pub struct FinalKey<A> {
    /// The table.
    pub air: A,
    /// What is fixed of a proof.
    pub shape: FinalShape,
    /// Root of the tree of fixed columns.
    pub fixed: Node,
}

/// Everything about a proof that is fixed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinalShape {
    /// The numbers that the security level depends on.
    pub parameters: Parameters,
    /// log2 of the table's rows.
    pub log_rows: usize,
    /// Columns.
    pub width: usize,
    /// Fixed columns.
    pub fixed_width: usize,
    /// Columns of messages. The auxiliary trace has one more column over the extension field.
    pub fractions: usize,
    /// log2 of the number of pieces of the quotient.
    pub log_pieces: usize,
    /// log2 of the arity of each round of folding.
    pub rounds: Vec<usize>,
    /// Public words.
    pub words: usize,
    /// The column of each message, in the order of `eval`.
    pub messages: Vec<usize>,
    /// The bus of each column of messages.
    pub buses: Vec<usize>,
    /// The bus of wires, which public words are on.
    pub word_bus: usize,
    /// Most elements of a message.
    pub message_width: usize,
    /// The coefficients, lowest first, of each periodic column as a polynomial over one period.
    pub periodic: Vec<Vec<Val>>,
    /// What the transcript is told before each part of the protocol.
    pub seeds: Seeds,
}

/// What Plonky3's transcript absorbs of parameters and shape: constants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seeds {
    /// Before all commitments: the seed of the batch, then log2 of the table's rows.
    pub batch: Vec<u8>,
    /// Before the opened values.
    pub openings: Vec<u8>,
    /// Before the rounds of folding.
    pub folding: Vec<u8>,
}

/// Which rows a tree commits to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tree {
    /// The table.
    Main,
    /// The pieces of the quotient, side by side.
    Quotient,
    /// Fixed columns.
    Fixed,
    /// Messages.
    Auxiliary,
    /// What a round folds.
    Round(usize),
}

impl FinalShape {
    /// The shape of proofs of this table with 2^`log_rows` rows and so many public words.
    pub fn new<A: LastTable>(
        parameters: &Parameters,
        air: &A,
        log_rows: usize,
        words: usize,
    ) -> Result<Self, UnsupportedTable> {
        check_parameters(parameters, log_rows)?;
        let sees_next = !air.main_next_row_columns().is_empty();
        let sees_next_fixed = !air.preprocessed_next_row_columns().is_empty();
        if !sees_next || sees_next_fixed || air.num_public_values() > 0 || air.preprocessed_width() == 0 {
            return Err(UnsupportedTable::Interface);
        }
        let periodic = air.periodic_columns();
        PeriodicColumns::new(&periodic, 1 << log_rows).map_err(|_| UnsupportedTable::Periodic)?;
        let (lookups, log_pieces) = lookups(air, log_rows)?;
        let (buses, names) = bus_numbers(&lookups);
        let word_bus = names.iter().position(|name| *name == WITNESS);
        let widths = lookups.iter().map(|column| column.elements.first().map_or(0, Vec::len));
        let message_width = widths.max().unwrap_or(0);
        // All messages on a bus are of one width, so it is enough to look at one.
        let wire = lookups.iter().find(|column| column.kind == Kind::Global(WITNESS.to_string()));
        let wire_width = wire.and_then(|column| column.elements.first()).map(Vec::len);
        let word_bus = match (word_bus, wire_width) {
            (Some(bus), Some(WIRE_ELEMENTS)) => bus,
            _ => return Err(UnsupportedTable::Messages("there is no bus of wires".to_string())),
        };
        let last = parameters.log_blowup + parameters.log_final_polynomial;
        let mut shape = Self {
            parameters: *parameters,
            log_rows,
            width: air.width(),
            fixed_width: air.preprocessed_width(),
            fractions: lookups.len(),
            log_pieces,
            rounds: fold_schedule(&[log_rows + parameters.log_blowup], last, parameters.log_arity_max),
            words,
            messages: message_columns(air, &lookups)?,
            buses,
            word_bus,
            message_width,
            periodic: periodic.iter().map(|column| interpolate(column)).collect(),
            seeds: Seeds::default(),
        };
        shape.seeds = Seeds::new(&shape);
        for tree in TREES {
            let width = shape.row_width(tree);
            if width == ELEMENTS_OF_NODES {
                return Err(UnsupportedTable::Width { width });
            }
        }
        Ok(shape)
    }

    /// log2 of the leaves of the trees of rows.
    pub fn log_height(&self) -> usize {
        self.log_rows + self.parameters.log_blowup
    }

    /// log2 of the leaves of a tree.
    pub fn log_leaves(&self, tree: Tree) -> usize {
        match tree {
            Tree::Round(round) => self.log_height() - self.rounds.iter().take(round + 1).sum::<usize>(),
            _ => self.log_height(),
        }
    }

    /// Elements of a row of a tree, over the base field.
    pub fn row_width(&self, tree: Tree) -> usize {
        match tree {
            Tree::Main => self.width,
            Tree::Quotient => DEGREE << self.log_pieces,
            Tree::Fixed => self.fixed_width,
            Tree::Auxiliary => DEGREE * (self.fractions + 1),
            Tree::Round(round) => self.rounds.get(round).map_or(0, |log_arity| DEGREE << log_arity),
        }
    }

    /// Coefficients of the final polynomial.
    pub const fn final_coefficients(&self) -> usize {
        1 << self.parameters.log_final_polynomial
    }
}

/// Plonky3 refuses every proof with other parameters, and the trees have no caps.
fn check_parameters(parameters: &Parameters, log_rows: usize) -> Result<(), UnsupportedTable> {
    let Parameters { log_blowup, log_final_polynomial, log_arity_max, queries, cap_height, .. } = *parameters;
    if queries == 0 || log_blowup == 0 || log_arity_max == 0 || cap_height != 0 {
        return Err(UnsupportedTable::Parameters);
    }
    let log_height = log_rows + log_blowup;
    // Two bits for the pieces of the quotient, which are no more than four.
    if log_height > Val::TWO_ADICITY || log_rows + 2 > Val::TWO_ADICITY || log_rows <= log_final_polynomial {
        return Err(UnsupportedTable::Height { log_height });
    }
    Ok(())
}

/// The columns of messages, as Plonky3 packs them, and log2 of the pieces of the quotient.
fn lookups<A: LastTable>(air: &A, log_rows: usize) -> Result<(Lookups<Val>, usize), UnsupportedTable> {
    let refuse = |error: &dyn core::fmt::Display| UnsupportedTable::Messages(error.to_string());
    let domain = TwoAdicMultiplicativeCoset::new(Val::ONE, log_rows)
        .ok_or(UnsupportedTable::Height { log_height: log_rows })?;
    let gadget = LogUpGadget::new();
    let messages = Lookups::<Val>::from_air::<Challenge, A>(air);
    if messages.iter().any(|message| message.kind == Kind::Local || message.flags.is_some()) {
        return Err(UnsupportedTable::Messages("only messages on named buses are known".to_string()));
    }
    check_bus_widths(core::slice::from_ref(&messages)).map_err(|error| refuse(&error))?;
    let log_pieces = |lookups: &Lookups<Val>| {
        let layout = AirLayout::from_air(air);
        get_log_num_quotient_chunks_for_domain::<Val, Challenge, A, _>(
            air, layout, domain, lookups, 0, &gadget,
        )
    };
    let budget = (1 << log_pieces(&messages)) + 1;
    let transition_degree = domain.transition_degree_multiple();
    let lookups = messages.pack_same_bus_with_degree(budget, |lookup| {
        gadget.constraint_degree_with_transition(lookup, transition_degree)
    });
    check_multiplicity_height_bound(core::slice::from_ref(&lookups), &[1 << log_rows])
        .map_err(|error| refuse(&error))?;
    let log_pieces = log_pieces(&lookups);
    if log_pieces > 2 {
        return Err(UnsupportedTable::Messages("constraints have a degree above 5".to_string()));
    }
    Ok((lookups, log_pieces))
}

/// Buses are numbered in the order in which columns mention them. Returns the bus of each column, and their names.
fn bus_numbers(lookups: &Lookups<Val>) -> (Vec<usize>, Vec<&str>) {
    let mut names: Vec<&str> = Vec::new();
    let mut numbers = Vec::new();
    for column in lookups.iter() {
        let Kind::Global(name) = &column.kind else { continue };
        let known = names.iter().position(|known| known == name);
        numbers.push(known.unwrap_or(names.len()));
        if known.is_none() {
            names.push(name);
        }
    }
    (numbers, names)
}

/// The column of each message: Plonky3 fills the columns of a bus in the order of the messages.
fn message_columns<A: LastTable>(air: &A, packed: &Lookups<Val>) -> Result<Vec<usize>, UnsupportedTable> {
    let mut room: Vec<_> =
        packed.iter().map(|column| (&column.kind, column.column, column.elements.len())).collect();
    let messages = Lookups::<Val>::from_air::<Challenge, A>(air);
    let column = |kind: &Kind| {
        let (_, column, left) = room.iter_mut().find(|(of, _, left)| *of == kind && *left > 0)?;
        *left -= 1;
        Some(*column)
    };
    let columns: Option<Vec<usize>> = messages.iter().map(|message| &message.kind).map(column).collect();
    columns.ok_or_else(|| UnsupportedTable::Messages("a message without a column".to_string()))
}

/// The coefficients of the polynomial that has these values on the subgroup of their number.
fn interpolate(values: &[Val]) -> Vec<Val> {
    let log_period = values.len().trailing_zeros() as usize;
    let root = Val::two_adic_generator(log_period).inverse();
    let scale = Val::from_usize(values.len()).inverse();
    let coefficient = |root: Val| {
        let powers = root.powers();
        scale * powers.zip(values).map(|(power, value)| power * *value).sum::<Val>()
    };
    root.powers().take(values.len()).map(coefficient).collect()
}

impl Seeds {
    /// Plonky3 computes them from the shape.
    fn new(shape: &FinalShape) -> Self {
        let parameters = &shape.parameters;
        let batch = BatchShape {
            trace_widths: vec![shape.width],
            public_value_counts: vec![0],
            preprocessed_widths: vec![shape.fixed_width],
            has_preprocessed_commitment: true,
            num_lookup_instances: 1,
            lookup_pow_bits: parameters.lookup_grinding,
            has_randomization_commitment: false,
            ood_pow_bits: parameters.point_grinding,
        };
        let (main, auxiliary) = (shape.width, shape.row_width(Tree::Auxiliary));
        let openings = PcsShape {
            claimed_evaluation_counts: vec![
                vec![vec![main, main]],
                vec![vec![DEGREE]; 1 << shape.log_pieces],
                vec![vec![shape.fixed_width]],
                vec![vec![auxiliary, auxiliary]],
            ],
            batch_pow_bits: parameters.batch_grinding,
        };
        let folding = FriShape::with_schedule(&parameters.fri(()), shape.rounds.clone(), shape.log_height());
        let mut seeds = [Recorder::default(), Recorder::default(), Recorder::default()];
        let [first, second, third] = &mut seeds;
        batch.domain_separator::<Val, Challenge>().seed(first);
        openings.domain_separator::<Val, Challenge>().seed(second);
        folding.domain_separator::<Val, Challenge>().seed(third);
        let [mut batch, openings, folding] = seeds.map(|seed| seed.0);
        batch.extend(challenge_bytes(Val::from_usize(shape.log_rows).into()));
        Self { batch, openings, folding }
    }
}

/// Keeps what a transcript would absorb.
#[derive(Default)]
struct Recorder(Vec<u8>);

impl CanObserve<Val> for Recorder {
    fn observe(&mut self, value: Val) {
        self.0.extend(p3_field::PrimeField32::as_canonical_u32(&value).to_be_bytes());
    }
}
