//! The file of a final proof: the statements, the bytes that a contract verifies, and the call that hands them over.
//!
//! It is JSON, so that whoever sends the transaction needs nothing of ours to read it. Nothing in it is believed: hashes and
//! calldata are made again of outputs and proof, and compared.

use alloy_primitives::{B256, Bytes, keccak256};
use ashlar_contracts::{DeploymentKey, Statement, verify_call};
use ashlar_prover::aggregate::statement_words;
use ashlar_verifier::{OUTPUT_BYTES_MAX, ProgramKey, aggregate::Run, last::verify_final};
use eyre::{WrapErr, ensure, eyre};
use serde::{Deserialize, Serialize};

use crate::circuits;

/// What says that a file holds a final proof.
const KIND: &str = "ashlar-final-proof";

/// Version of the file's form.
const VERSION: u32 = 1;

/// Most bytes of a proof: a transaction of more would not get into a pool.
const PROOF_BYTES_MAX: usize = 1 << 17;

/// A final proof with what it states.
pub(crate) struct FinalFile {
    pub(crate) runs: Vec<Run>,
    pub(crate) proof: Vec<u8>,
}

/// The file, field by field.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    kind: String,
    version: u32,
    /// Root of the circuits that the proof is made with.
    circuits: B256,
    statements: Vec<StatementForm>,
    proof: Bytes,
    /// The whole call of a verifier.
    calldata: Bytes,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StatementForm {
    program_key: B256,
    output: Bytes,
    /// Keccak-256 of the output: what the contract is given.
    public_output: B256,
}

impl FinalFile {
    /// Whether bytes are meant as such a file: no other proof starts like JSON.
    pub(crate) fn is_meant(bytes: &[u8]) -> bool {
        bytes.trim_ascii_start().starts_with(b"{")
    }

    /// The text of the file.
    pub(crate) fn encode(&self) -> eyre::Result<Vec<u8>> {
        let form = Form {
            kind: KIND.into(),
            version: VERSION,
            circuits: circuits_root()?,
            statements: self.runs.iter().map(StatementForm::of).collect(),
            proof: Bytes::copy_from_slice(&self.proof),
            calldata: self.calldata(),
        };
        let mut text = serde_json::to_vec_pretty(&form)?;
        text.push(b'\n');
        Ok(text)
    }

    /// Reads a file, and checks all of it but the proof.
    pub(crate) fn decode(bytes: &[u8]) -> eyre::Result<Self> {
        let kind: serde_json::Value = serde_json::from_slice(bytes).wrap_err("the file is not valid JSON")?;
        ensure!(kind["kind"] == KIND, "the file is JSON, but not of kind \"{KIND}\"");
        let form: Form =
            serde_json::from_value(kind).wrap_err("the file has not the form of a final proof")?;
        ensure!(form.version == VERSION, "the file has version {}, and this is {VERSION}", form.version);
        let expected = circuits_root()?;
        ensure!(
            form.circuits == expected,
            "the proof is made with the circuits {}, and this binary knows {expected}: use the version that made it",
            form.circuits
        );
        ensure!(form.proof.len() <= PROOF_BYTES_MAX, "a proof of {} bytes is too long", form.proof.len());
        let runs = form.statements.iter().map(StatementForm::run).collect::<eyre::Result<_>>()?;
        let file = Self { runs, proof: form.proof.into() };
        ensure!(file.calldata() == form.calldata, "the calldata does not belong to statements and proof");
        Ok(file)
    }

    /// Verifies the proof as the contract does.
    pub(crate) fn verify(&self) -> eyre::Result<()> {
        let key = DeploymentKey::current()?.final_key().map_err(|error| eyre!(error))?;
        let words = statement_words(&circuits::keys()?.root(), &self.runs)?;
        Ok(verify_final(&self.proof, &key, &words)?)
    }

    /// The statements as a contract is given them.
    pub(crate) fn statements(&self) -> Vec<Statement> {
        self.runs.iter().map(StatementForm::of).map(StatementForm::statement).collect()
    }

    /// The whole call of a verifier.
    pub(crate) fn calldata(&self) -> Bytes {
        verify_call(&self.statements(), &self.proof)
    }
}

impl StatementForm {
    fn of(run: &Run) -> Self {
        Self {
            program_key: run.program_key.0.into(),
            output: Bytes::copy_from_slice(&run.output),
            public_output: keccak256(&run.output),
        }
    }

    fn run(&self) -> eyre::Result<Run> {
        let Self { program_key, output, public_output } = self;
        ensure!(output.len() <= OUTPUT_BYTES_MAX, "an output of {} bytes is too long", output.len());
        ensure!(
            keccak256(output) == *public_output,
            "the public output {public_output} is not the hash of its output"
        );
        Ok(Run { program_key: ProgramKey(program_key.0), output: output.to_vec() })
    }

    fn statement(self) -> Statement {
        Statement { programKey: self.program_key, publicOutput: self.public_output }
    }
}

/// Root of the circuits of this binary, as contracts have it.
fn circuits_root() -> eyre::Result<B256> {
    Ok(DeploymentKey::current()?.circuits.into())
}
