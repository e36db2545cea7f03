//! What a proof states.

use crate::{guest, input::describe};
use ashlar_primitives::PublicOutput;
use ashlar_verifier::{ProgramKey, aggregate::Run};
use serde_json::{Value, json};
use std::fmt::{self, Display, Formatter};

/// The program of a key, run on some input, puts this out.
pub(crate) struct Statement {
    program_key: ProgramKey,
    output: Vec<u8>,
    /// What the output means, if it is a block guest's.
    batch: Option<PublicOutput>,
}

impl Statement {
    /// Of a program that the user took for a block guest, or for another one, where the output will not decode.
    pub(crate) fn new(program_key: ProgramKey, output: Vec<u8>) -> Self {
        Self { program_key, batch: PublicOutput::decode(&output).ok(), output }
    }

    /// Of all runs of a proof. Bytes of a program that is neither the block guest nor the one that was asked for mean
    /// nothing here.
    pub(crate) fn all(runs: Vec<Run>, expected: Option<ProgramKey>) -> eyre::Result<Vec<Self>> {
        let block = guest::block_key()?.program_key();
        let statement = |Run { program_key, output }| {
            if program_key == block || Some(program_key) == expected {
                Self::new(program_key, output)
            } else {
                Self { program_key, output, batch: None }
            }
        };
        Ok(runs.into_iter().map(statement).collect())
    }

    pub(crate) fn json(&self) -> Value {
        let mut report = json!({
            "program_key": self.program_key.to_string(),
            "output": alloy_primitives::hex::encode_prefixed(&self.output),
        });
        if let Some(batch) = &self.batch {
            describe(batch, &mut report);
        }
        report
    }
}

impl Display for Statement {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.batch {
            Some(batch) => {
                writeln!(f, "chain id          {}", batch.chain_id)?;
                writeln!(f, "chain rules       {}", batch.config_hash)?;
                writeln!(f, "first block       {}", batch.first_block)?;
                writeln!(f, "last block        {}", batch.last_block)?;
                writeln!(f, "state root before {}", batch.pre_state_root)?;
                writeln!(f, "state root after  {}", batch.post_state_root)?;
            }
            None => {
                writeln!(f, "output            {}", alloy_primitives::hex::encode_prefixed(&self.output))?
            }
        }
        writeln!(f, "program key       {}", self.program_key)
    }
}

/// Statements for people; numbered if there is more than one.
pub(crate) fn list(f: &mut Formatter<'_>, statements: &[Statement]) -> fmt::Result {
    let count = statements.len();
    for (i, statement) in (1..).zip(statements) {
        if count > 1 {
            writeln!(f, "statement {i} of {count}")?;
        }
        write!(f, "{statement}")?;
    }
    Ok(())
}
