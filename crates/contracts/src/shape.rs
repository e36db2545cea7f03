//! What a contract must know about proofs.

use ashlar_verifier::last::{FinalKey, LastTable, Node, Tree};

use crate::constraints::constraint_program;

/// The fields of `contracts/src/libraries/Shape.sol`, in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContractShape {
    /// log2 of the table's rows.
    pub log_rows: usize,
    /// log2 of the inverse rate.
    pub log_blowup: usize,
    /// Elements of a row of the table.
    pub main_width: usize,
    /// Elements of a row of the quotient's pieces.
    pub quotient_width: usize,
    /// Fixed columns.
    pub fixed_width: usize,
    /// Elements of a row of messages.
    pub aux_width: usize,
    /// log2 of the arity of each round.
    pub rounds: Vec<usize>,
    /// Coefficients of the final polynomial.
    pub final_coefficients: usize,
    /// Queries.
    pub queries: usize,
    /// Bits of grinding: messages, point, batch, rounds, queries.
    pub grinding: [usize; 5],
    /// Root of the tree of fixed columns.
    pub fixed_root: Node,
    /// What the transcript observes before each part.
    pub seeds: [Vec<u8>; 3],
    /// The bus of wires, counted from 1.
    pub word_bus: usize,
    /// Most elements of a message.
    pub message_width: usize,
    /// log2 of the period of periodic columns.
    pub log_period: usize,
    /// The constraints.
    pub program: Vec<u8>,
}

/// Rounds that fit the contract's list.
const ROUNDS_MAX: usize = 32;
/// log2 of the most that a round of the contract folds by.
const LOG_ARITY_MAX: usize = 4;

impl ContractShape {
    /// What a contract must know of a key; an error if contracts have no room for it.
    pub fn new<A: LastTable>(key: &FinalKey<A>) -> Result<Self, String> {
        let shape = &key.shape;
        let parameters = &shape.parameters;
        if shape.rounds.len() > ROUNDS_MAX || shape.rounds.iter().any(|log_arity| *log_arity > LOG_ARITY_MAX)
        {
            return Err(format!("the contract cannot fold by {:?}", shape.rounds));
        }
        let program = constraint_program(&key.air, shape).map_err(|error| error.to_string())?;
        let period = key.air.periodic_columns().iter().map(Vec::len).max().unwrap_or(1);
        Ok(Self {
            log_rows: shape.log_rows,
            log_blowup: parameters.log_blowup,
            main_width: shape.row_width(Tree::Main),
            quotient_width: shape.row_width(Tree::Quotient),
            fixed_width: shape.row_width(Tree::Fixed),
            aux_width: shape.row_width(Tree::Auxiliary),
            rounds: shape.rounds.clone(),
            final_coefficients: shape.final_coefficients(),
            queries: parameters.queries,
            grinding: [
                parameters.lookup_grinding,
                parameters.point_grinding,
                parameters.batch_grinding,
                parameters.fold_grinding,
                parameters.query_grinding,
            ],
            fixed_root: key.fixed,
            seeds: [&shape.seeds.batch, &shape.seeds.openings, &shape.seeds.folding].map(Clone::clone),
            word_bus: shape.word_bus + 1,
            message_width: shape.message_width,
            log_period: period.ilog2() as usize,
            program: program.encode().map_err(|error| error.to_string())?,
        })
    }

    /// The rounds as the contract reads them: one byte each, the first one lowest.
    pub fn packed_rounds(&self) -> [u8; ROUNDS_MAX] {
        let mut bytes = [0; ROUNDS_MAX];
        for (byte, log_arity) in bytes.iter_mut().rev().zip(&self.rounds) {
            // At most 4.
            *byte = *log_arity as u8;
        }
        bytes
    }
}
