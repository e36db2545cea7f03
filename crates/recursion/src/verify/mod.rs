#![doc = include_str!("README.md")]

mod constraints;
mod fri;
mod graph;
mod inputs;
mod openings;
mod powers;
mod shape;
mod transcript;

#[cfg(test)]
mod tests;

use ashlar_circuit::Val;
use p3_field::PrimeCharacteristicRing;

pub use self::inputs::{ProofInputs, ShapeMismatch};
pub use self::shape::{
    LeafSponge, MatrixShape, ProofShape, TableShape, TreeKind, TreeShape, UnsupportedShape,
};

use self::constraints::{Context, TableOpenings, check_constraints};
use self::fri::{Folding, Round};
use self::openings::{MatrixOpenings, Reading};
use self::powers::Powers;
use self::transcript::Transcript;
use crate::builder::{Builder, Cap, Layout, Source, Wire};

/// Verifies the source's proof, which has this shape.
///
/// `fixed` is the cap of the tree of fixed columns, if the tables have any. `public_values` are those of each table; they
/// must have been proven to lie in the base field.
pub fn verify(
    builder: &mut Builder,
    source: Source,
    shape: &ProofShape,
    fixed: Option<&[[Wire; 2]]>,
    public_values: &[Vec<Wire>],
) -> Result<(), UnsupportedShape> {
    let counts = shape.tables.iter().map(|table| table.public_values);
    let has_fixed = shape.trees.iter().any(|tree| tree.kind == TreeKind::Fixed);
    if !counts.eq(public_values.iter().map(Vec::len))
        || fixed.map(<[_]>::len) != has_fixed.then(|| 1 << shape.cap_height())
    {
        return Err(UnsupportedShape::Interface);
    }
    let leaves = match builder.layout() {
        Layout::Wide => LeafSponge::Width24,
        Layout::Narrow => LeafSponge::Width16,
    };
    if shape.leaves != leaves {
        return Err(UnsupportedShape::Leaves);
    }
    let mut verifier = Verifier { builder, source, shape, transcript: Transcript::new() };
    verifier.run(fixed.unwrap_or_default(), public_values)
}

/// A verification under way.
struct Verifier<'a> {
    builder: &'a mut Builder,
    source: Source,
    shape: &'a ProofShape,
    transcript: Transcript,
}

/// alpha and beta of all columns of messages by table, and each table's terminal.
struct Messages {
    challenges: Vec<Vec<Wire>>,
    terminals: Vec<Option<Wire>>,
    cap: Option<Cap>,
}

impl Verifier<'_> {
    fn run(&mut self, fixed: &[[Wire; 2]], public_values: &[Vec<Wire>]) -> Result<(), UnsupportedShape> {
        let parameters = self.shape.parameters;
        self.builder.label("transcript of tables");
        let main = self.main_phase(fixed, public_values)?;
        let fixed = (!fixed.is_empty()).then(|| self.builder.cap(fixed));
        let messages = self.message_phase()?;
        let mut alpha = Powers::new(self.transcript.sample(self.builder));
        let quotient = self.observe_cap()?;
        self.grind(parameters.point_grinding)?;
        let zeta = self.transcript.sample(self.builder);
        let opened = self.opened_values()?;
        self.builder.label("constraints");
        self.check_tables(public_values, &messages, &opened, zeta, &mut alpha);
        let trees: Vec<Cap> = self
            .shape
            .trees
            .iter()
            .filter_map(|tree| match tree.kind {
                TreeKind::Main => Some(main),
                TreeKind::Quotient => Some(quotient),
                TreeKind::Fixed => fixed,
                TreeKind::Auxiliary => messages.cap,
            })
            .collect();
        self.builder.label("openings");
        self.check_openings(&trees, &opened, zeta)
    }

    /// Sizes, the main cap, public values and the fixed columns' cap.
    fn main_phase(
        &mut self,
        fixed: &[[Wire; 2]],
        public_values: &[Vec<Wire>],
    ) -> Result<Cap, UnsupportedShape> {
        let mut constants = self.shape.seeds.batch.clone();
        for table in &self.shape.tables {
            constants.extend([Val::from_usize(table.log_height), Val::ZERO, Val::ZERO, Val::ZERO]);
        }
        self.transcript.observe_constants(self.builder, &constants)?;
        let main = self.observe_cap()?;
        let public_values: Vec<Wire> = public_values.iter().flatten().copied().collect();
        self.transcript.observe_base(self.builder, &public_values)?;
        self.transcript.observe_cap(fixed)?;
        Ok(main)
    }

    /// The buses' challenges, the messages' cap, and the terminals, whose sum is zero.
    fn message_phase(&mut self) -> Result<Messages, UnsupportedShape> {
        if !self.shape.has_messages() {
            let tables = self.shape.tables.len();
            return Ok(Messages {
                challenges: vec![Vec::new(); tables],
                terminals: vec![None; tables],
                cap: None,
            });
        }
        self.grind(self.shape.parameters.lookup_grinding)?;
        let alpha = self.transcript.sample(self.builder);
        let mut beta = Powers::new(self.transcript.sample(self.builder));
        // Buses differ by multiples of a power that no element of a message has.
        let step = beta.get(self.builder, self.shape.message_width);
        let mut buses = Vec::new();
        let mut last = alpha;
        for _ in 0..self.shape.buses {
            last = self.builder.add(last, step);
            buses.push(last);
        }
        let challenges = self.shape.tables.iter().map(|table| {
            let of_bus = |bus: &usize| [buses[*bus], beta.base()];
            table.buses.iter().flat_map(of_bus).collect()
        });
        let challenges = challenges.collect();
        let cap = Some(self.observe_cap()?);
        let mut terminals = Vec::new();
        let mut sum = self.builder.zero();
        for table in &self.shape.tables {
            let terminal = (table.auxiliary_width > 0).then(|| self.builder.message(self.source));
            if let Some(terminal) = terminal {
                self.transcript.observe(terminal)?;
                sum = self.builder.add(sum, terminal);
            }
            terminals.push(terminal);
        }
        self.builder.assert_zero(sum);
        Ok(Messages { challenges, terminals, cap })
    }

    /// By tree, matrix and point.
    fn opened_values(&mut self) -> Result<Vec<Vec<MatrixOpenings>>, UnsupportedShape> {
        self.transcript.observe_constants(self.builder, &self.shape.seeds.openings)?;
        let mut opened = Vec::new();
        for tree in &self.shape.trees {
            let mut of_tree = Vec::new();
            for matrix in &tree.matrices {
                let mut of_matrix = Vec::new();
                for _ in 0..matrix.points() {
                    of_matrix.push(self.observe_messages(matrix.width)?);
                }
                of_tree.push(of_matrix);
            }
            opened.push(of_tree);
        }
        Ok(opened)
    }

    /// The constraints of all tables.
    fn check_tables(
        &mut self,
        public_values: &[Vec<Wire>],
        messages: &Messages,
        opened: &[Vec<MatrixOpenings>],
        zeta: Wire,
        alpha: &mut Powers,
    ) {
        let openings = openings_of_tables(self.shape, opened);
        for (i, (table, openings)) in self.shape.tables.iter().zip(&openings).enumerate() {
            let context = Context {
                zeta,
                challenges: &messages.challenges[i],
                terminal: messages.terminals[i],
                public_values: &public_values[i],
            };
            check_constraints(self.builder, table, openings, &context, alpha);
        }
    }

    /// The opened values are those of what was committed to.
    fn check_openings(
        &mut self,
        trees: &[Cap],
        opened: &[Vec<MatrixOpenings>],
        zeta: Wire,
    ) -> Result<(), UnsupportedShape> {
        let parameters = self.shape.parameters;
        self.grind(parameters.batch_grinding)?;
        let mut alpha = Powers::new(self.transcript.sample(self.builder));
        self.transcript.observe_constants(self.builder, &self.shape.seeds.folding)?;
        let mut rounds = Vec::new();
        for _ in &self.shape.rounds {
            let cap = self.observe_cap()?;
            self.grind(parameters.fold_grinding)?;
            rounds.push((cap, self.transcript.sample(self.builder)));
        }
        let final_polynomial = self.observe_messages(1 << parameters.log_final_polynomial)?;
        self.grind(parameters.query_grinding)?;
        let indices: Vec<Wire> =
            (0..parameters.queries).map(|_| self.transcript.sample_base(self.builder)).collect();
        // The folded values follow from these challenges, and are not in the proof.
        let challenges = [zeta, alpha.base()].into_iter().chain(rounds.iter().map(|(_, beta)| *beta));
        let asked: Vec<Wire> = indices.iter().copied().chain(challenges).collect();
        self.builder.open(self.source, &asked);

        let rounds = Round::all(self.builder, self.shape, &rounds);
        let reading = Reading::new(self.builder, self.shape, opened, zeta, &mut alpha, &rounds);
        let folding = Folding {
            shape: self.shape,
            reading: &reading,
            trees,
            rounds: &rounds,
            final_polynomial: &final_polynomial,
        };
        self.builder.label("queries");
        for index in indices {
            folding.query(self.builder, self.source, index);
        }
        Ok(())
    }

    /// Reads a cap.
    fn observe_cap(&mut self) -> Result<Cap, UnsupportedShape> {
        let nodes: Vec<[Wire; 2]> = (0..1 << self.shape.cap_height())
            .map(|_| core::array::from_fn(|_| self.builder.message(self.source)))
            .collect();
        self.transcript.observe_cap(&nodes)?;
        Ok(self.builder.cap(&nodes))
    }

    /// Reads elements of the extension field.
    fn observe_messages(&mut self, count: usize) -> Result<Vec<Wire>, UnsupportedShape> {
        let messages: Vec<_> = (0..count).map(|_| self.builder.message(self.source)).collect();
        messages.iter().try_for_each(|message| self.transcript.observe(*message))?;
        Ok(messages)
    }

    fn grind(&mut self, bits: usize) -> Result<(), UnsupportedShape> {
        let source = self.source;
        self.transcript.grind(self.builder, |builder| builder.message(source), bits)
    }
}

/// The opened values again, by table.
fn openings_of_tables(shape: &ProofShape, opened: &[Vec<MatrixOpenings>]) -> Vec<TableOpenings> {
    let mut openings = vec![TableOpenings::default(); shape.tables.len()];
    for (tree, opened) in shape.trees.iter().zip(opened) {
        for (matrix, values) in tree.matrices.iter().zip(opened) {
            let table = &mut openings[matrix.table];
            let rows = match tree.kind {
                TreeKind::Main => &mut table.main,
                TreeKind::Fixed => &mut table.fixed,
                TreeKind::Auxiliary => &mut table.auxiliary,
                TreeKind::Quotient => {
                    table.pieces.extend(values.iter().cloned());
                    continue;
                }
            };
            for (row, values) in rows.iter_mut().zip(values) {
                row.clone_from(values);
            }
        }
    }
    openings
}
