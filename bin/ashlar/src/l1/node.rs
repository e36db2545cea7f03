//! What the commands ask an Ethereum node, and what they make of its answers.

use alloy_primitives::{Address, B256, Bytes, U256};
use ashlar_contracts::{Artifact, Contract, DeploymentKey, VerifierCode, View, address_in, verifier_call};
use ashlar_ethereum::{Client, ClientError};
use ashlar_verifier::MACHINE_VERSION;
use eyre::{WrapErr, ensure, eyre};

/// An Ethereum node.
pub(super) struct Node(pub(super) Client);

impl Node {
    pub(super) fn new(url: &str) -> Self {
        Self(Client::new(url))
    }

    /// A call that changes nothing, and whose answer is one word.
    pub(super) fn word(&self, to: Address, data: &Bytes) -> eyre::Result<B256> {
        let answer = self.0.view(to, data)?;
        B256::try_from(answer.as_ref()).map_err(|_| eyre!("the answer of {to} has {} bytes", answer.len()))
    }

    /// An error unless this is the verifier of this version: the code of both its contracts, and what it says of itself.
    pub(super) fn check_verifier(&self, address: Address) -> eyre::Result<()> {
        let expected = VerifierCode::expected(address).map_err(|error| eyre!(error))?;
        let code = self.0.code(address)?;
        ensure!(!code.is_empty(), "there is no contract at {address}");
        ensure!(
            code == expected.verifier,
            "the contract at {address} is not the verifier of this version: deploy one with `ashlar l1 deploy-verifier`, \
             or use the version of ashlar that belongs to it"
        );
        ensure!(
            self.0.code(expected.program_address)? == expected.program,
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
        let code = self.0.code(address)?;
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

/// Why a call reverted, in the contract's words, if it did.
pub(super) fn revert_reason(error: &ClientError) -> Option<String> {
    ashlar_ethereum::revert_reason(&error.refusal()?.revert_data()?)
}
