//! Puts a rollup on Ethereum: verifier, registry, bridge, and the chain's contract.

use std::{
    error::Error,
    fs, io,
    io::Write,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::SolCall;
use ashlar_contracts::{Artifact, Contract};
use ashlar_primitives::rollup::{RollupConfig, RollupConfigError};
use ashlar_settlement::{
    Addresses, Deployment, GenesisParameters,
    abi::{chain::RollupChain as Chain, hub::Bridgehub, versions::ProtocolVersions},
    asset_id,
};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    chain::{BlockAt, CallError},
    client::ClientError,
    wallet::{Wallet, WalletError},
};

/// The token that stands for Ethereum's ether.
pub const ETHER: Address = Address::with_last_byte(1);

/// Roles by number: committer, prover, executor.
const SETTLING_ROLES: [u8; 3] = [0, 1, 2];

/// How long transactions of an earlier try are waited for.
const PENDING_TIMEOUT: Duration = Duration::from_secs(600);
const PENDING_INTERVAL: Duration = Duration::from_millis(200);

/// What is deployed. The account that deploys is governance and admin.
#[derive(Clone, Debug)]
pub struct DeployParameters {
    /// The chain's configuration; its base asset is taken from `base_token`.
    pub config: RollupConfig,
    /// The token on Ethereum that pays for gas on the chain; [`ETHER`] for ether.
    pub base_token: Address,
    /// Key of the program that is proven.
    pub program_key: B256,
    /// Price of priority operations at first, wei per gas.
    pub operation_gas_price: u128,
    /// Name of the wrapped base token, 1 to 31 bytes.
    pub wrapped_name: String,
    /// Symbol of the wrapped base token, 1 to 31 bytes.
    pub wrapped_symbol: String,
    /// Who commits, proves and executes batches.
    pub operators: Vec<Address>,
}

/// A rollup on Ethereum. Its JSON is for files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeployedChain {
    /// EIP-155 id of the Ethereum chain.
    pub l1_chain_id: u64,
    /// EIP-155 id of the rollup.
    pub chain_id: u64,
    /// The rollup's contract.
    pub chain: Address,
    /// What it shares with other rollups.
    pub addresses: Addresses,
    /// The verifier of final proofs.
    pub verifier: Address,
    /// The registry of what it verified.
    pub registry: Address,
    /// The encoding of the configuration; see [`DeployedChain::config`].
    pub encoded_config: Bytes,
    /// Hash of the genesis block.
    pub genesis_commitment: B256,
    /// Time of the genesis block, seconds since 1970.
    pub genesis_timestamp: u64,
    /// Name of the wrapped base token.
    pub wrapped_name: String,
    /// Symbol of the wrapped base token.
    pub wrapped_symbol: String,
    /// A block of Ethereum before which nothing of the rollup is there.
    pub first_block: u64,
}

/// Why a rollup is not deployed.
#[derive(Debug, Error)]
pub enum DeployError {
    /// A transaction did not do what it should.
    #[error("{what}: {source}")]
    Send {
        /// What was to be done.
        what: &'static str,
        /// Why not.
        source: WalletError,
    },
    /// The node does not answer, or refuses.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A contract does not answer as it should.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The file of the progress cannot be read or written.
    #[error("the file {file}: {source}")]
    File {
        /// Which file.
        file: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file is of another deployment.
    #[error("{file} is of another deployment, with another {what}: name another file")]
    OtherDeployment {
        /// Which file.
        file: PathBuf,
        /// What differs.
        what: &'static str,
    },
    /// The account sent something else in between.
    #[error(
        "{account} has sent other transactions since the deployment began: it is at nonce {is}, and {what} needs {needs}. Begin \
         anew with another file"
    )]
    Nonce {
        /// Who deploys.
        account: Address,
        /// The next nonce.
        is: u64,
        /// What needs a nonce.
        what: &'static str,
        /// Which one.
        needs: u64,
    },
    /// Transactions of an earlier try are in no block.
    #[error("transactions of {0} wait for a block since {minutes} minutes", minutes = PENDING_TIMEOUT.as_secs() / 60)]
    Pending(Address),
    /// A contract is there, but not as it should be.
    #[error("{what} on Ethereum is another one: {is}, not {expected}")]
    Differs {
        /// What differs.
        what: &'static str,
        /// On Ethereum.
        is: String,
        /// Here.
        expected: String,
    },
    /// The genesis block was not made.
    #[error("the genesis: {0}")]
    Genesis(Box<dyn Error + Send + Sync>),
    /// Contracts inside this program are damaged.
    #[error(transparent)]
    Artifact(#[from] ashlar_contracts::DamagedArtifact),
    /// The same, of those of rollups.
    #[error(transparent)]
    RollupArtifact(#[from] ashlar_settlement::DamagedArtifact),
}

/// How a deployment began; all addresses follow from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Plan {
    l1_chain_id: u64,
    deployer: Address,
    first_nonce: u64,
    first_block: u64,
    genesis_timestamp: u64,
    parameters: B256,
}

impl DeployParameters {
    fn hash(&self) -> B256 {
        let Self {
            config, base_token, program_key, operation_gas_price, wrapped_name, wrapped_symbol, ..
        } = self;
        let [name, symbol] = [wrapped_name, wrapped_symbol].map(keccak256);
        let parts = [
            &config.encode()[..],
            base_token.as_slice(),
            program_key.as_slice(),
            &operation_gas_price.to_be_bytes(),
            name.as_slice(),
            symbol.as_slice(),
        ];
        keccak256(parts.concat())
    }
}

impl DeployedChain {
    /// The chain's configuration.
    pub fn config(&self) -> Result<RollupConfig, RollupConfigError> {
        RollupConfig::decode(&self.encoded_config)
    }
}

/// Deploys a rollup, or goes on with a deployment that was stopped: `progress` is a file that says how it began, and it is made
/// at the start. Done once more, it changes nothing. `genesis` makes the hash of the genesis block, which has this time.
///
/// Nobody else may send with the account until it is done.
pub fn deploy(
    wallet: &Wallet,
    parameters: &DeployParameters,
    progress: &Path,
    genesis: impl FnOnce(&GenesisParameters, u64) -> Result<B256, Box<dyn Error + Send + Sync>>,
) -> Result<DeployedChain, DeployError> {
    let plan = Plan::read_or_make(wallet, parameters, progress)?;
    let config =
        RollupConfig { base_asset: asset_id(plan.l1_chain_id, parameters.base_token), ..parameters.config };
    let deployment = Deployment::new(plan.deployer, plan.first_nonce + 2, plan.deployer)?;
    let at = deployment.addresses;
    let genesis_parameters = GenesisParameters {
        asset_router: at.asset_router,
        l1_chain_id: plan.l1_chain_id,
        config,
        wrapped_name: parameters.wrapped_name.clone(),
        wrapped_symbol: parameters.wrapped_symbol.clone(),
    };
    // Before anything is paid for.
    let commitment = genesis(&genesis_parameters, plan.genesis_timestamp).map_err(DeployError::Genesis)?;
    let steps = Steps { wallet, plan: &plan, parameters, config };
    steps.wait_for_pending()?;
    let [verifier, registry] = steps.create_all(deployment)?;
    steps.register(&at, registry)?;
    let chain = steps.begin(&at, commitment)?;
    steps.grant(chain)?;
    Ok(DeployedChain {
        l1_chain_id: plan.l1_chain_id,
        chain_id: config.chain_id,
        chain,
        addresses: at,
        verifier,
        registry,
        encoded_config: config.encode().into(),
        genesis_commitment: commitment,
        genesis_timestamp: plan.genesis_timestamp,
        wrapped_name: genesis_parameters.wrapped_name,
        wrapped_symbol: genesis_parameters.wrapped_symbol,
        first_block: plan.first_block,
    })
}

impl Plan {
    fn read_or_make(
        wallet: &Wallet,
        parameters: &DeployParameters,
        file: &Path,
    ) -> Result<Self, DeployError> {
        let failed = |source| DeployError::File { file: file.to_owned(), source };
        let other = |what| DeployError::OtherDeployment { file: file.to_owned(), what };
        match fs::read(file) {
            Ok(bytes) => {
                let plan: Self = serde_json::from_slice(&bytes).map_err(|error| failed(error.into()))?;
                let facts = [
                    (plan.l1_chain_id == wallet.chain_id(), "Ethereum chain"),
                    (plan.deployer == wallet.address(), "account"),
                    (plan.parameters == parameters.hash(), "configuration"),
                ];
                facts.into_iter().find(|(same, _)| !same).map_or(Ok(plan), |(_, what)| Err(other(what)))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let (client, deployer) = (wallet.client(), wallet.address());
                let head = client.head()?;
                let plan = Self {
                    l1_chain_id: wallet.chain_id(),
                    deployer,
                    first_nonce: client.nonce(deployer, BlockAt::Pending)?,
                    first_block: head.number,
                    genesis_timestamp: head.timestamp,
                    parameters: parameters.hash(),
                };
                plan.write(file).map_err(failed)?;
                Ok(plan)
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// All of it or nothing, and durably: addresses are lost without it.
    fn write(&self, file: &Path) -> io::Result<()> {
        let draft = file.with_extension("draft");
        let mut opened = fs::File::create(&draft)?;
        opened.write_all(&serde_json::to_vec_pretty(self)?)?;
        opened.sync_all()?;
        fs::rename(&draft, file)
    }
}

/// The steps; each looks first whether it is done.
struct Steps<'a> {
    wallet: &'a Wallet,
    plan: &'a Plan,
    parameters: &'a DeployParameters,
    config: RollupConfig,
}

impl Steps<'_> {
    /// Waits for what an earlier try has sent.
    fn wait_for_pending(&self) -> Result<(), DeployError> {
        let (client, account) = (self.wallet.client(), self.plan.deployer);
        let start = Instant::now();
        while client.nonce(account, BlockAt::Pending)? != client.nonce(account, BlockAt::Latest)? {
            if start.elapsed() > PENDING_TIMEOUT {
                return Err(DeployError::Pending(account));
            }
            thread::sleep(PENDING_INTERVAL);
        }
        Ok(())
    }

    /// Verifier and registry.
    fn create_all(&self, deployment: Deployment) -> Result<[Address; 2], DeployError> {
        let Plan { deployer, first_nonce, .. } = *self.plan;
        let [verifier, registry] = [0, 1].map(|place| deployer.create(first_nonce + place));
        let verifier_code = Artifact::load(Contract::FinalVerifier)?.bytecode;
        let registry_code = Artifact::load(Contract::VerifiedStatements)?.creation_with(verifier);
        let names = [
            "creating the verifier",
            "creating the registry of proofs",
            "creating the bridge",
            "creating the registry of chains",
            "creating the registry of roots",
            "creating the registry of versions",
            "creating the code of chains",
        ];
        let codes = [verifier_code, registry_code].into_iter().chain(deployment.creations);
        for ((nonce, what), code) in (first_nonce..).zip(names).zip(codes) {
            self.create(what, nonce, &code)?;
        }
        Ok([verifier, registry])
    }

    fn create(&self, what: &'static str, needs: u64, code: &Bytes) -> Result<(), DeployError> {
        let (client, account) = (self.wallet.client(), self.plan.deployer);
        let expected = account.create(needs);
        if !client.code(expected)?.is_empty() {
            return Ok(());
        }
        let is = client.nonce(account, BlockAt::Latest)?;
        if is != needs {
            return Err(DeployError::Nonce { account, is, what, needs });
        }
        let (address, _) = self.wallet.create(code).map_err(|source| DeployError::Send { what, source })?;
        same("the address of a contract", address, expected)
    }

    /// The protocol version, whose only verifier is this one.
    fn register(&self, at: &Addresses, registry: Address) -> Result<(), DeployError> {
        let client = self.wallet.client();
        let version = self.config.protocol_version;
        let known = ProtocolVersions::implementationOfCall { version };
        match client.ask(at.versions, &known, BlockAt::Latest) {
            // No version of this number.
            Err(CallError::Client(error)) if error.refusal().is_some_and(|refusal| refusal.is_revert()) => {
                let program_key = self.parameters.program_key;
                let slots = vec![ProtocolVersions::VerifierSlot { registry, programKey: program_key }];
                let implementation = at.implementation;
                let call = ProtocolVersions::registerCall { version, implementation, slots, threshold: 1 };
                self.call("registering the protocol version", at.versions, &call)?;
            }
            known => same("the code of chains", known?, at.implementation)?,
        }
        let slot = ProtocolVersions::slotOfCall { version, slot: 0 };
        let slot = client.ask(at.versions, &slot, BlockAt::Latest)?;
        same("the registry of proofs", slot.registry, registry)?;
        same("the key of the program", slot.programKey, self.parameters.program_key)
    }

    /// Begins the chain; where its contract is.
    fn begin(&self, at: &Addresses, commitment: B256) -> Result<Address, DeployError> {
        let chain_of = Bridgehub::chainOfCall { chainId: U256::from(self.config.chain_id) };
        let client = self.wallet.client();
        if client.ask(at.bridgehub, &chain_of, BlockAt::Latest)?.is_zero() {
            let mut words = [U256::ZERO; 22];
            for (word, bytes) in words.iter_mut().zip(self.config.encode().chunks(32)) {
                *word = U256::from_be_slice(bytes);
            }
            let genesis = Bridgehub::ChainGenesis {
                config: words,
                commitment,
                admin: self.plan.deployer,
                gasPrice: self.parameters.operation_gas_price,
            };
            self.call("beginning the chain", at.bridgehub, &Bridgehub::createChainCall { genesis })?;
        }
        let chain = client.ask(at.bridgehub, &chain_of, BlockAt::Latest)?;
        let hash = client.ask(chain, &Chain::configHashCall {}, BlockAt::Latest)?;
        same("the configuration of the chain", hash, self.config.hash())?;
        Ok(chain)
    }

    fn grant(&self, chain: Address) -> Result<(), DeployError> {
        for &account in &self.parameters.operators {
            for role in SETTLING_ROLES {
                let has = Chain::hasRoleCall { role, account };
                if !self.wallet.client().ask(chain, &has, BlockAt::Latest)? {
                    let grant = Chain::setRoleCall { role, account, granted: true };
                    self.call("giving a role", chain, &grant)?;
                }
            }
        }
        Ok(())
    }

    fn call(&self, what: &'static str, to: Address, call: &impl SolCall) -> Result<(), DeployError> {
        let sent = self.wallet.send(Some(to), &call.abi_encode().into(), U256::ZERO);
        sent.map(drop).map_err(|source| DeployError::Send { what, source })
    }
}

fn same<T: PartialEq + ToString>(what: &'static str, is: T, expected: T) -> Result<(), DeployError> {
    match is == expected {
        true => Ok(()),
        false => Err(DeployError::Differs { what, is: is.to_string(), expected: expected.to_string() }),
    }
}
