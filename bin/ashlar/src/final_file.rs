//! The file of a final proof: the statements, the bytes that a contract verifies, and the call that hands them over.
//!
//! It is JSON, so that whoever sends the transaction needs nothing of ours to read it. Nothing in it is believed: all that
//! follows from outputs and proof is made again and compared.

use alloy_primitives::{B256, Bytes, U256, keccak256};
use ashlar_contracts::{
    DeploymentKey, JoinedTree, Statement, submit_call, submit_joined_call, verify_call, verify_joined_call,
};
use ashlar_prover::aggregate::{Joined, joined_paths, joined_runs, joined_statement_words, statement_words};
use ashlar_verifier::{
    OUTPUT_BYTES_MAX, ProgramKey,
    aggregate::{Run, STATEMENTS_MAX},
    last::{SLOTS, verify_final},
};
use eyre::{OptionExt, WrapErr, ensure, eyre};
use serde::{Deserialize, Serialize};

use crate::{circuits, guest};

/// What says that a file holds a final proof.
const KIND: &str = "ashlar-final-proof";

/// Version of the file's form.
const VERSION: u32 = 1;

/// Most bytes of a proof: a transaction of more would not get into a pool.
const PROOF_BYTES_MAX: usize = 1 << 17;

/// A final proof with what it states: in its slots, or, if there are more statements than slots, in a tree beside them.
pub(crate) struct FinalFile {
    pub(crate) runs: Vec<Run>,
    pub(crate) proof: Vec<u8>,
    /// What the joiner makes of the runs, if they take a tree.
    joined: Option<Joined>,
}

/// The file, field by field.
#[derive(PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    kind: String,
    version: u32,
    /// Root of the circuits that the proof is made with.
    circuits: B256,
    statements: Vec<StatementForm>,
    /// The tree of all statements, if they have no slots of their own.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    joined: Option<JoinedForm>,
    proof: Bytes,
    /// The whole call of a verifier.
    calldata: Bytes,
}

#[derive(PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StatementForm {
    program_key: B256,
    output: Bytes,
    /// Keccak-256 of the output: what the contract is given.
    public_output: B256,
    /// What shows a contract that the statement is in the tree, at the place that it has here.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    path: Option<Vec<B256>>,
}

/// A tree of statements (`specs/013-joiner.md`).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct JoinedForm {
    /// Root under Keccak-256.
    pub(crate) root: B256,
    /// Number of statements.
    pub(crate) count: u32,
    /// Root under Poseidon2.
    pub(crate) statements_root: B256,
}

impl FinalFile {
    /// An error if a tree is needed and a program's key is none.
    pub(crate) fn new(runs: Vec<Run>, proof: Vec<u8>) -> eyre::Result<Self> {
        let joined = (runs.len() > SLOTS).then(|| joined_runs(&runs)).transpose();
        let joined = joined.wrap_err("the statements have no tree")?;
        Ok(Self { runs, proof, joined })
    }

    /// Whether bytes are meant as such a file: no other proof starts like JSON.
    pub(crate) fn is_meant(bytes: &[u8]) -> bool {
        bytes.trim_ascii_start().starts_with(b"{")
    }

    /// The text of the file.
    pub(crate) fn encode(&self) -> eyre::Result<Vec<u8>> {
        let mut text = serde_json::to_vec_pretty(&self.form()?)?;
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
        let count = form.statements.len();
        ensure!((1..=STATEMENTS_MAX).contains(&count), "a final proof of {count} statements is none");
        let runs = form.statements.iter().map(StatementForm::run).collect::<eyre::Result<_>>()?;
        let file = Self::new(runs, form.proof.to_vec())?;
        let made = file.form()?;
        ensure!(form.joined == made.joined, "the tree is not that of the statements");
        ensure!(form.calldata == made.calldata, "the calldata does not belong to statements and proof");
        ensure!(form == made, "the paths are not those of the statements");
        Ok(file)
    }

    fn form(&self) -> eyre::Result<Form> {
        let joined = self.joined();
        let paths = joined.is_some().then(|| joined_paths(&self.runs));
        let statement = |(i, run): (usize, &Run)| {
            let path = paths.as_ref().and_then(|paths| paths.path(i));
            StatementForm {
                path: path.map(|path| path.into_iter().map(B256::from).collect()),
                ..StatementForm::of(run)
            }
        };
        Ok(Form {
            kind: KIND.into(),
            version: VERSION,
            circuits: circuits_root()?,
            statements: self.runs.iter().enumerate().map(statement).collect(),
            joined,
            proof: Bytes::copy_from_slice(&self.proof),
            calldata: self.calldata(),
        })
    }

    /// Verifies the proof as the contract does.
    pub(crate) fn verify(&self) -> eyre::Result<()> {
        let key = DeploymentKey::current()?.final_key().map_err(|error| eyre!(error))?;
        let circuits = circuits::keys()?.root();
        let words = match &self.joined {
            None => statement_words(&circuits, &self.runs)?,
            Some(output) => {
                let root = ProgramKey(output.statements_root).elements();
                let root = root.ok_or_eyre("the root of the statements is not canonical")?;
                let joiner =
                    Run { program_key: guest::joiner_key()?.program_key(), output: output.encode().to_vec() };
                joined_statement_words(&circuits, &root, &[joiner])?
            }
        };
        Ok(verify_final(&self.proof, &key, &words)?)
    }

    /// The tree of the statements, if it takes one.
    pub(crate) fn joined(&self) -> Option<JoinedForm> {
        self.joined.map(|joined| JoinedForm {
            root: joined.root.into(),
            count: joined.count,
            statements_root: joined.statements_root.into(),
        })
    }

    /// The statements as a contract is given them.
    pub(crate) fn statements(&self) -> Vec<Statement> {
        self.runs.iter().map(StatementForm::of).map(StatementForm::statement).collect()
    }

    /// The whole call of a verifier.
    pub(crate) fn calldata(&self) -> Bytes {
        match self.joined() {
            None => verify_call(&self.statements(), &self.proof),
            Some(joined) => verify_joined_call(&joined.tree(), joined.statements_root, &self.proof),
        }
    }

    /// The whole call of a registry.
    pub(crate) fn submission(&self) -> Bytes {
        match self.joined() {
            None => submit_call(&self.statements(), &self.proof),
            Some(joined) => submit_joined_call(&joined.tree(), joined.statements_root, &self.proof),
        }
    }
}

impl JoinedForm {
    /// The tree as contracts know it.
    pub(crate) fn tree(&self) -> JoinedTree {
        JoinedTree { root: self.root, count: U256::from(self.count) }
    }
}

impl StatementForm {
    fn of(run: &Run) -> Self {
        Self {
            program_key: run.program_key.0.into(),
            output: Bytes::copy_from_slice(&run.output),
            public_output: keccak256(&run.output),
            path: None,
        }
    }

    fn run(&self) -> eyre::Result<Run> {
        let Self { program_key, output, public_output, .. } = self;
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
