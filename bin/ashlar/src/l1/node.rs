//! What the commands ask an Ethereum node, and what they make of its answers.

use crate::rpc::{Client, RpcError};
use alloy_primitives::{Address, B256, Bytes, U64, U256};
use ashlar_contracts::{Artifact, Contract, DeploymentKey, VerifierCode, View, address_in, verifier_call};
use ashlar_verifier::MACHINE_VERSION;
use eyre::{WrapErr, bail, ensure, eyre};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    thread,
    time::{Duration, Instant},
};

/// The most gas that a transaction may use since Osaka (EIP-7825).
pub(super) const TRANSACTION_GAS_MAX: u64 = 1 << 24;

/// How often a receipt is asked for.
const RECEIPT_INTERVAL: Duration = Duration::from_millis(500);

/// How long a transaction may take to be in a block.
const RECEIPT_TIMEOUT: Duration = Duration::from_secs(600);

/// An Ethereum node.
pub(super) struct Node<'a>(pub(super) Client<'a>);

/// What became of a transaction.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Receipt {
    pub(super) transaction_hash: B256,
    status: U64,
    gas_used: U64,
    contract_address: Option<Address>,
}

impl<'a> Node<'a> {
    pub(super) fn new(url: &'a str) -> Self {
        Self(Client::new(url))
    }

    /// Code at an address; empty if there is none.
    pub(super) fn code(&self, address: Address) -> eyre::Result<Bytes> {
        self.0.call("eth_getCode", json!([address, "latest"]))
    }

    /// A call that changes nothing, with as much gas as a transaction may have.
    pub(super) fn view(&self, to: Address, data: &Bytes) -> eyre::Result<Bytes> {
        let gas = U64::from(TRANSACTION_GAS_MAX);
        self.0.call("eth_call", json!([{"to": to, "input": data, "gas": gas}, "latest"]))
    }

    /// The same, where the answer is one word.
    pub(super) fn word(&self, to: Address, data: &Bytes) -> eyre::Result<B256> {
        let answer = self.view(to, data)?;
        B256::try_from(answer.as_ref()).map_err(|_| eyre!("the answer of {to} has {} bytes", answer.len()))
    }

    /// Gas that a transaction would be given.
    pub(super) fn estimate(&self, transaction: &Value) -> eyre::Result<u64> {
        let gas: U64 = self.0.call("eth_estimateGas", json!([transaction]))?;
        Ok(gas.to())
    }

    /// Waits until a transaction is in a block; an error if it failed there.
    pub(super) fn receipt(&self, hash: B256) -> eyre::Result<Receipt> {
        let start = Instant::now();
        loop {
            let receipt: Option<Receipt> =
                self.0.call_optional("eth_getTransactionReceipt", json!([hash]))?;
            if let Some(receipt) = receipt {
                ensure!(receipt.status == U64::from(1), "transaction {hash} is in a block, but it failed");
                return Ok(receipt);
            }
            if start.elapsed() > RECEIPT_TIMEOUT {
                bail!("transaction {hash} is in no block after {} minutes", RECEIPT_TIMEOUT.as_secs() / 60);
            }
            thread::sleep(RECEIPT_INTERVAL);
        }
    }

    /// An error unless this is the verifier of this version: the code of both its contracts, and what it says of itself.
    pub(super) fn check_verifier(&self, address: Address) -> eyre::Result<()> {
        let expected = VerifierCode::expected(address).map_err(|error| eyre!(error))?;
        let code = self.code(address)?;
        ensure!(!code.is_empty(), "there is no contract at {address}");
        ensure!(
            code == expected.verifier,
            "the contract at {address} is not the verifier of this version: deploy one with `ashlar l1 deploy-verifier`, \
             or use the version of ashlar that belongs to it"
        );
        ensure!(
            self.code(expected.program_address)? == expected.program,
            "the constraints of the verifier at {address} are not those of this version"
        );
        let [circuits, last] = DeploymentKey::current()?.words();
        let version = B256::from(U256::from(MACHINE_VERSION));
        for (view, word) in
            [(View::Circuits, circuits), (View::LastCircuit, last), (View::MachineVersion, version)]
        {
            let says = self.word(address, &view.call())?;
            ensure!(says == word, "{view:?} of the verifier at {address} is {says}, not {word}");
        }
        Ok(())
    }

    /// An error unless this is a registry of this version; returns its verifier, which is one of this version, too.
    pub(super) fn check_registry(&self, address: Address) -> eyre::Result<Address> {
        let code = self.code(address)?;
        ensure!(!code.is_empty(), "there is no contract at {address}");
        let unknown = || format!("the contract at {address} is not the registry of this version");
        let word = self.word(address, &verifier_call()).wrap_err_with(unknown)?;
        let verifier = address_in(word).ok_or_else(|| eyre!(unknown()))?;
        let artifact = Artifact::load(Contract::VerifiedStatements)?;
        ensure!(code == artifact.deployed(verifier), unknown());
        self.check_verifier(verifier)
            .wrap_err_with(|| format!("the registry at {address} trusts {verifier}"))?;
        Ok(verifier)
    }
}

impl Receipt {
    pub(super) fn gas_used(&self) -> u64 {
        self.gas_used.to()
    }

    pub(super) fn contract(&self) -> eyre::Result<Address> {
        self.contract_address
            .ok_or_else(|| eyre!("the receipt of {} names no contract", self.transaction_hash))
    }
}

/// Why a call reverted, in the contract's words, if it did.
pub(super) fn revert_reason(error: &eyre::Report) -> Option<String> {
    let data = error.downcast_ref::<RpcError>()?.data.as_ref()?;
    // Nodes put it there, or one level deeper.
    let text = data.as_str().or_else(|| data.get("data")?.as_str())?;
    let data: Bytes = text.parse().ok()?;
    Artifact::load(Contract::FinalVerifier).ok()?.error(&data)
}
