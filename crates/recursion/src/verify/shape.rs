//! What is fixed of a proof: everything that the verifier knows before it looks at one.

use std::sync::Arc;

use ashlar_circuit::{Challenge, Val};
use ashlar_verifier::config::{Config, Parameters};
use p3_air::Air;
use p3_air::symbolic::AirLayout;
use p3_batch_stark::symbolic::get_log_num_quotient_chunks;
use p3_batch_stark::{BatchShape, ProverData};
use p3_challenger::CanObserve;
use p3_commit::PeriodicColumns;
use p3_field::TwoAdicField;
use p3_fri::{FriShape, PcsShape, fold_schedule};
use p3_lookup::{
    InteractionSymbolicBuilder, Kind, LogUpGadget, LookupProtocol, Lookups, check_bus_widths,
    check_multiplicity_height_bound,
};
use thiserror::Error;

use super::graph::Graph;

/// Coefficients of an element of the extension field.
pub(super) const DEGREE: usize = 4;

/// A proof of this kind has no circuit.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum UnsupportedShape {
    /// Each table has one height.
    #[error("{tables} tables with {heights} heights")]
    Tables {
        /// Tables.
        tables: usize,
        /// Heights.
        heights: usize,
    },
    /// Plonky3 has no messages for these tables.
    #[error("messages: {0}")]
    Messages(String),
    /// Groups of a sponge row would have elements of two matrices.
    #[error("table {table} has a matrix of width {width}, which is no multiple of 4")]
    Width {
        /// Position of the table.
        table: usize,
        /// Its width.
        width: usize,
    },
    /// Too low for its Merkle tree's cap or for the final polynomial, or too high for the field.
    #[error("a matrix or a folded one has 2^{log_height} rows")]
    Height {
        /// log2 of the rows that are committed to.
        log_height: usize,
    },
    /// A periodic column does not fit its table.
    #[error("the periodic columns of table {table}")]
    Periodic {
        /// Position of the table.
        table: usize,
    },
    /// Plonky3 refuses every proof with such parameters.
    #[error("no queries, no blowup or no folding")]
    Parameters,
    /// Constants or single elements between words of the transcript.
    #[error("elements of the transcript that are no words")]
    Transcript,
    /// The tables of the circuit hash leaves by another sponge.
    #[error("rows are hashed by another sponge than the circuit's")]
    Leaves,
    /// The circuit's public values or fixed columns are not those of the shape.
    #[error("public values or fixed columns of another shape")]
    Interface,
}

/// Which sponge hashes the rows that a proof opens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LeafSponge {
    /// Of width 24 and rate 16: what circuits on the wide tables verify.
    #[default]
    Width24,
    /// Of width 16 and rate 8: what circuits on the narrow table verify.
    Width16,
}

/// Everything about a proof that is fixed.
#[derive(Clone, Debug)]
pub struct ProofShape {
    /// How rows are hashed.
    pub leaves: LeafSponge,
    /// The numbers that the security level depends on.
    pub parameters: Parameters,
    /// The tables, in order.
    pub tables: Vec<TableShape>,
    /// The Merkle trees of matrices, in the order in which they are opened.
    pub trees: Vec<TreeShape>,
    /// log2 of the arity of each round of folding.
    pub rounds: Vec<usize>,
    /// log2 of the rows of the highest matrix that is committed to.
    pub log_height: usize,
    /// What the transcript is told of all this.
    pub(super) seeds: Seeds,
    /// Most elements of a message between tables.
    pub(super) message_width: usize,
    /// Buses, those between the rows of one table included.
    pub(super) buses: usize,
}

/// What is fixed of one table.
#[derive(Clone, Debug)]
pub struct TableShape {
    /// log2 of its rows.
    pub log_height: usize,
    /// Columns.
    pub width: usize,
    /// Whether constraints see the next row.
    pub sees_next: bool,
    /// Fixed columns.
    pub fixed_width: usize,
    /// Whether constraints see the next row's fixed columns.
    pub sees_next_fixed: bool,
    /// Auxiliary columns over the extension field: one more than columns of messages, or 0.
    pub auxiliary_width: usize,
    /// log2 of the number of pieces of the quotient.
    pub log_pieces: usize,
    /// Public values.
    pub public_values: usize,
    /// One period of each periodic column.
    pub periodic: Vec<Vec<Val>>,
    /// Its constraints.
    pub(super) constraints: Arc<Graph>,
    /// The bus of each column of messages.
    pub(super) buses: Vec<usize>,
}

/// Which matrices a tree commits to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TreeKind {
    /// The tables.
    Main,
    /// The pieces of the quotients.
    Quotient,
    /// Fixed columns.
    Fixed,
    /// Messages.
    Auxiliary,
}

/// A Merkle tree of matrices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeShape {
    /// Which ones.
    pub kind: TreeKind,
    /// In order.
    pub matrices: Vec<MatrixShape>,
}

/// A matrix that is committed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MatrixShape {
    /// Position of its table.
    pub table: usize,
    /// Which piece of the table's quotient, else 0.
    pub piece: usize,
    /// log2 of the rows that are committed to.
    pub log_height: usize,
    /// Columns over the base field.
    pub width: usize,
    /// Whether it is opened at the next row's point too.
    pub opens_next: bool,
}

/// What the transcript is told before each part of the protocol.
#[derive(Clone, Debug)]
pub(super) struct Seeds {
    /// Before all else.
    pub(super) batch: Vec<Val>,
    /// Before the opened values.
    pub(super) openings: Vec<Val>,
    /// Before the rounds of folding.
    pub(super) folding: Vec<Val>,
}

impl ProofShape {
    /// The shape of proofs of these tables with these heights.
    pub fn new<A>(
        parameters: &Parameters,
        airs: &[A],
        degree_bits: &[usize],
    ) -> Result<Self, UnsupportedShape>
    where
        A: Air<InteractionSymbolicBuilder<Val, Challenge>>,
    {
        if airs.len() != degree_bits.len() {
            return Err(UnsupportedShape::Tables { tables: airs.len(), heights: degree_bits.len() });
        }
        if parameters.queries == 0 || parameters.log_blowup == 0 || parameters.log_arity_max == 0 {
            return Err(UnsupportedShape::Parameters);
        }
        let highest = degree_bits.iter().copied().max().unwrap_or(0);
        if highest + parameters.log_blowup > Val::TWO_ADICITY {
            return Err(UnsupportedShape::Height { log_height: highest + parameters.log_blowup });
        }
        let lookups = lookups(parameters, airs, degree_bits)?;
        let (buses_of, buses, message_width) = bus_numbers(&lookups);
        let mut tables = Vec::new();
        for (i, (air, log_height)) in airs.iter().zip(degree_bits).enumerate() {
            let mut table = TableShape::new(air, *log_height, &lookups[i]);
            table.buses.clone_from(&buses_of[i]);
            PeriodicColumns::new(&table.periodic, 1 << log_height)
                .map_err(|_| UnsupportedShape::Periodic { table: i })?;
            tables.push(table);
        }
        let trees = trees(parameters, &tables)?;
        let heights = input_heights(&trees);
        let last = parameters.log_blowup + parameters.log_final_polynomial;
        let rounds = fold_schedule(&heights, last, parameters.log_arity_max);
        let log_height = heights.first().copied().unwrap_or(0);
        check_heights(parameters, &trees, &rounds, log_height)?;
        let seeds = Seeds::new(parameters, &tables, &trees, &heights);
        let leaves = LeafSponge::default();
        let parameters = *parameters;
        Ok(Self { leaves, parameters, tables, trees, rounds, log_height, seeds, message_width, buses })
    }

    /// The shape of such proofs whose rows are hashed by this sponge.
    pub const fn with_leaves(mut self, leaves: LeafSponge) -> Self {
        self.leaves = leaves;
        self
    }

    /// log2 of the nodes of a tree's cap.
    pub fn cap_height(&self) -> usize {
        self.parameters.cap_height
    }

    /// log2 of the rows of the matrices that are committed to, without repetition, highest first.
    pub fn input_heights(&self) -> Vec<usize> {
        input_heights(&self.trees)
    }

    /// Whether some table sends messages.
    pub fn has_messages(&self) -> bool {
        self.tables.iter().any(|table| table.auxiliary_width > 0)
    }
}

impl TableShape {
    fn new<A>(air: &A, log_height: usize, lookups: &Lookups<Val>) -> Self
    where
        A: Air<InteractionSymbolicBuilder<Val, Challenge>>,
    {
        let gadget = LogUpGadget::new();
        let layout = AirLayout::from_air(air);
        let log_pieces = get_log_num_quotient_chunks::<Val, Challenge, A, _>(
            air,
            layout,
            1 << log_height,
            lookups,
            0,
            &gadget,
        );
        let auxiliary_width = if lookups.is_empty() { 0 } else { lookups.len() + 1 };
        let mut builder = InteractionSymbolicBuilder::new(AirLayout {
            permutation_width: auxiliary_width,
            num_permutation_challenges: lookups.len() * gadget.num_challenges(),
            num_permutation_values: usize::from(!lookups.is_empty()),
            ..layout
        });
        gadget.eval_air_and_lookups(air, &mut builder, lookups);
        Self {
            log_height,
            width: air.width(),
            sees_next: !air.main_next_row_columns().is_empty(),
            fixed_width: air.preprocessed_width(),
            sees_next_fixed: !air.preprocessed_next_row_columns().is_empty(),
            auxiliary_width,
            log_pieces,
            public_values: air.num_public_values(),
            periodic: air.periodic_columns().into_owned(),
            constraints: Arc::new(Graph::new(
                &builder.base_constraints(),
                &builder.extension_constraints(),
                &builder.constraint_layout(),
            )),
            buses: Vec::new(),
        }
    }
}

impl TreeShape {
    /// log2 of its leaves.
    pub fn log_height(&self) -> usize {
        self.matrices.iter().map(|matrix| matrix.log_height).max().unwrap_or(0)
    }

    /// The heights of its matrices, highest first.
    pub fn heights(&self) -> Vec<usize> {
        let mut heights: Vec<_> = self.matrices.iter().map(|matrix| matrix.log_height).collect();
        heights.sort_unstable_by(|a, b| b.cmp(a));
        heights.dedup();
        heights
    }

    /// Its matrices of this height, with their positions.
    pub fn at_height(&self, log_height: usize) -> impl Iterator<Item = (usize, &MatrixShape)> {
        self.matrices.iter().enumerate().filter(move |(_, matrix)| matrix.log_height == log_height)
    }
}

impl MatrixShape {
    /// Points at which it is opened.
    pub fn points(&self) -> usize {
        1 + usize::from(self.opens_next)
    }
}

impl Seeds {
    fn new(parameters: &Parameters, tables: &[TableShape], trees: &[TreeShape], heights: &[usize]) -> Self {
        let batch = BatchShape {
            trace_widths: tables.iter().map(|table| table.width).collect(),
            public_value_counts: tables.iter().map(|table| table.public_values).collect(),
            preprocessed_widths: tables.iter().map(|table| table.fixed_width).collect(),
            has_preprocessed_commitment: tables.iter().any(|table| table.fixed_width > 0),
            num_lookup_instances: tables.iter().filter(|table| table.auxiliary_width > 0).count(),
            lookup_pow_bits: parameters.lookup_grinding,
            has_randomization_commitment: false,
            ood_pow_bits: parameters.point_grinding,
        };
        let points = |matrix: &MatrixShape| vec![matrix.width; matrix.points()];
        let openings = PcsShape {
            claimed_evaluation_counts: trees
                .iter()
                .map(|tree| tree.matrices.iter().map(points).collect())
                .collect(),
            batch_pow_bits: parameters.batch_grinding,
        };
        let folding = FriShape::new(&parameters.fri(()), heights, heights.first().copied().unwrap_or(0));
        let mut seeds = [Recorder::default(), Recorder::default(), Recorder::default()];
        batch.domain_separator::<Val, Challenge>().seed(&mut seeds[0]);
        openings.domain_separator::<Val, Challenge>().seed(&mut seeds[1]);
        folding.domain_separator::<Val, Challenge>().seed(&mut seeds[2]);
        let [batch, openings, folding] = seeds.map(|seed| seed.0);
        Self { batch, openings, folding }
    }
}

/// Keeps what a transcript would absorb.
#[derive(Default)]
struct Recorder(Vec<Val>);

impl CanObserve<Val> for Recorder {
    fn observe(&mut self, value: Val) {
        self.0.push(value);
    }
}

/// The columns of messages of each table, as Plonky3 packs them.
fn lookups<A>(
    parameters: &Parameters,
    airs: &[A],
    degree_bits: &[usize],
) -> Result<Vec<Lookups<Val>>, UnsupportedShape>
where
    A: Air<InteractionSymbolicBuilder<Val, Challenge>>,
{
    let messages = |error: &dyn core::fmt::Display| UnsupportedShape::Messages(error.to_string());
    let config = parameters.config();
    let data = ProverData::<Config>::from_airs_and_degrees(&config, airs, degree_bits);
    let lookups = data.map_err(|error| messages(&error))?.common.lookups;
    check_bus_widths(&lookups).map_err(|error| messages(&error))?;
    let heights: Vec<_> = degree_bits.iter().map(|bits| 1 << bits).collect();
    check_multiplicity_height_bound(&lookups, &heights).map_err(|error| messages(&error))?;
    Ok(lookups)
}

/// Buses are numbered in the order in which columns of messages mention them; a column of messages within a table has a
/// bus of its own. Returns the bus of each column, their number, and the most elements of a message.
fn bus_numbers(lookups: &[Lookups<Val>]) -> (Vec<Vec<usize>>, usize, usize) {
    let mut names: Vec<Option<&str>> = Vec::new();
    let mut numbers = Vec::new();
    for table in lookups {
        let mut of_table = Vec::new();
        for lookup in table.iter() {
            let name = match &lookup.kind {
                Kind::Global(name) => Some(name.as_str()),
                Kind::Local => None,
            };
            let known = name.and_then(|_| names.iter().position(|known| *known == name));
            of_table.push(known.unwrap_or(names.len()));
            if known.is_none() {
                names.push(name);
            }
        }
        numbers.push(of_table);
    }
    let widths = lookups.iter().flat_map(|table| table.iter());
    let width = widths.filter_map(|lookup| lookup.elements.first().map(Vec::len)).max();
    (numbers, names.len(), width.unwrap_or(1).max(1))
}

/// The trees, in the order in which they are opened.
fn trees(parameters: &Parameters, tables: &[TableShape]) -> Result<Vec<TreeShape>, UnsupportedShape> {
    let kinds = [TreeKind::Main, TreeKind::Quotient, TreeKind::Fixed, TreeKind::Auxiliary];
    let mut trees = Vec::new();
    for kind in kinds {
        let mut matrices = Vec::new();
        for (i, table) in tables.iter().enumerate() {
            let (width, opens_next, pieces) = match kind {
                TreeKind::Main => (table.width, table.sees_next, 1),
                TreeKind::Quotient => (DEGREE, false, 1 << table.log_pieces),
                TreeKind::Fixed => (table.fixed_width, table.sees_next_fixed, 1),
                TreeKind::Auxiliary => (DEGREE * table.auxiliary_width, true, 1),
            };
            if !width.is_multiple_of(DEGREE) || (kind == TreeKind::Main && width == 0) {
                return Err(UnsupportedShape::Width { table: i, width });
            }
            let log_height = table.log_height + parameters.log_blowup;
            let matrix = |piece| MatrixShape { table: i, piece, log_height, width, opens_next };
            // A table without columns of this kind has no matrix.
            matrices.extend((0..pieces).filter(|_| width > 0).map(matrix));
        }
        if !matrices.is_empty() {
            trees.push(TreeShape { kind, matrices });
        }
    }
    Ok(trees)
}

fn input_heights(trees: &[TreeShape]) -> Vec<usize> {
    let mut heights: Vec<_> = trees.iter().flat_map(TreeShape::heights).collect();
    heights.sort_unstable_by(|a, b| b.cmp(a));
    heights.dedup();
    heights
}

/// Every path has a step, no matrix is hidden behind a cap, and all of them are folded.
fn check_heights(
    parameters: &Parameters,
    trees: &[TreeShape],
    rounds: &[usize],
    highest: usize,
) -> Result<(), UnsupportedShape> {
    let refuse = |log_height| Err(UnsupportedShape::Height { log_height });
    let last = parameters.log_blowup + parameters.log_final_polynomial;
    for tree in trees {
        for matrix in &tree.matrices {
            // One row is a constant, of which Plonky3 demands more.
            let least = last.max(parameters.log_blowup + 1).max(parameters.cap_height);
            if matrix.log_height < least || tree.log_height() <= parameters.cap_height {
                return refuse(matrix.log_height);
            }
        }
    }
    let mut height = highest;
    for log_arity in rounds {
        height -= log_arity;
        if height <= parameters.cap_height {
            return refuse(height);
        }
    }
    if height == last { Ok(()) } else { refuse(height) }
}
