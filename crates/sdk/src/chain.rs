//! A chain: its node, and its contracts on Ethereum.

use crate::{
    error::ReadError,
    node::{Contracts, METHOD_NOT_FOUND, Node, Predeploys},
    token::Token,
};
use alloy_primitives::{Address, B256, U256};
use ashlar_ethereum::{BlockAt, Client, Place, Wallet};
use ashlar_primitives::rollup::MESSENGER;
use ashlar_settlement::{
    ETHER, L2_ASSET_ROUTER, L2_VAULT, WRAPPED_BASE_TOKEN,
    abi::{
        chain::RollupChain, hub::Bridgehub, l2_vault::L2Vault, message_root::MessageRoot,
        router::AssetRouter, vault::Vault,
    },
    asset_id,
};
use thiserror::Error;

/// The predeploys of every chain (`specs/022-genesis.md`).
const PREDEPLOYS: Predeploys = Predeploys {
    messenger: MESSENGER,
    asset_router: L2_ASSET_ROUTER,
    vault: L2_VAULT,
    wrapped_base_token: WRAPPED_BASE_TOKEN,
};

/// A chain whose contracts on Ethereum agree with each other and with what its node says.
#[derive(Clone, Debug)]
pub struct Chain {
    pub(crate) l1: Client,
    pub(crate) node: Node,
    chain_id: u64,
    l1_chain_id: u64,
    base_asset: B256,
    base_token: Address,
    contracts: Contracts,
    genesis_hash: B256,
    rules_agree: bool,
}

/// Why a chain is not to be used by these nodes.
#[derive(Debug, Error)]
pub enum ConnectError {
    /// A node does not answer, or a contract does not.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It is some other node.
    #[error("{0} does not know the namespace `ashlar`: is it the rollup's node, and not Ethereum's?")]
    NotARollup(Place),
    /// The rollup's node says two things.
    #[error("the rollup's node names the chain id {named} and answers for chain {answers}: do not use it")]
    ChainId {
        /// By `ashlar_chain`.
        named: u64,
        /// By `eth_chainId`.
        answers: u64,
    },
    /// The Ethereum node is of another Ethereum.
    #[error(
        "the rollup is on the Ethereum chain {expected}, and the Ethereum node is of chain {is}: name a node of that chain"
    )]
    L1ChainId {
        /// Where the rollup is.
        expected: u64,
        /// What the node is of.
        is: u64,
    },
    /// The rollup is not registered where it has to be.
    #[error(
        "the rollup's node names the registry {named}, and {expected} is the trusted one: it is another chain, or a false node"
    )]
    Bridgehub {
        /// By the node.
        named: Address,
        /// The trusted one.
        expected: Address,
    },
    /// The registry has no such chain.
    #[error("the registry {bridgehub} has no chain {chain_id}: do not use this node")]
    Unregistered {
        /// The registry.
        bridgehub: Address,
        /// The chain.
        chain_id: u64,
    },
    /// The node says another thing than Ethereum.
    #[error("{what}: the rollup's node says {node}, Ethereum says {ethereum}: do not use this node")]
    Disagreement {
        /// Of what.
        what: &'static str,
        /// The node's word.
        node: B256,
        /// Ethereum's.
        ethereum: B256,
    },
}

/// A wallet is for another chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the wallet sends to chain {wallet}, and this is for chain {chain}")]
pub struct OtherChain {
    /// What it sends to.
    pub wallet: u64,
    /// What it should send to.
    pub chain: u64,
}

impl Chain {
    /// The chain of this rollup's node. All that Ethereum can tell is asked of Ethereum, but *which* registry of chains is the right
    /// one nobody can: here the rollup's node names it. Who knows it takes [`Chain::connect_to`].
    pub fn connect(l2_url: &str, l1_url: &str) -> Result<Self, ConnectError> {
        Self::with(Node::new(l2_url), Client::new(l1_url), None)
    }

    /// The same, where the chain has to be one of this registry (Bridgehub).
    pub fn connect_to(l2_url: &str, l1_url: &str, bridgehub: Address) -> Result<Self, ConnectError> {
        Self::with(Node::new(l2_url), Client::new(l1_url), Some(bridgehub))
    }

    fn with(node: Node, l1: Client, bridgehub: Option<Address>) -> Result<Self, ConnectError> {
        let facts = node.chain().map_err(|error| match error.refusal() {
            Some(refusal) if refusal.code == METHOD_NOT_FOUND => {
                ConnectError::NotARollup(node.client().place())
            }
            _ => ReadError::from(error).into(),
        })?;
        let (named, l1_expected) = (facts.chain_id.to(), facts.l1_chain_id.to());
        let answers = node.client().chain_id().map_err(ReadError::from)?;
        if answers != named {
            return Err(ConnectError::ChainId { named, answers });
        }
        let is = l1.chain_id().map_err(ReadError::from)?;
        if is != l1_expected {
            return Err(ConnectError::L1ChainId { expected: l1_expected, is });
        }
        let contracts = facts.contracts;
        if let Some(expected) = bridgehub.filter(|expected| *expected != contracts.bridgehub) {
            return Err(ConnectError::Bridgehub { named: contracts.bridgehub, expected });
        }
        let ethereum = Ethereum { l1: &l1, chain_id: named };
        ethereum.check(&contracts)?;
        check_predeploys(&facts.predeploys)?;
        let base_asset = ethereum.base_asset(contracts.bridgehub)?;
        agree("the base token", facts.base_asset_id, base_asset)?;
        let base_token = ethereum.base_token(contracts.vault, base_asset)?;
        let config_hash = ethereum.ask(contracts.chain, &RollupChain::configHashCall {})?;
        Ok(Self {
            chain_id: named,
            l1_chain_id: is,
            base_asset,
            base_token,
            contracts,
            genesis_hash: facts.genesis_hash,
            rules_agree: config_hash == facts.config_hash,
            l1,
            node,
        })
    }

    /// EIP-155 id.
    pub const fn chain_id(&self) -> u64 {
        self.chain_id
    }

    /// EIP-155 id of the Ethereum chain.
    pub const fn l1_chain_id(&self) -> u64 {
        self.l1_chain_id
    }

    /// The contracts on Ethereum.
    pub const fn contracts(&self) -> &Contracts {
        &self.contracts
    }

    /// Hash of the genesis block, by the node's word.
    pub const fn genesis_hash(&self) -> B256 {
        self.genesis_hash
    }

    /// The token on Ethereum that fees are paid with on the chain; 0x01 is ether.
    pub const fn base_token(&self) -> Address {
        self.base_token
    }

    /// Whether the node ran the rules that Ethereum had when it was asked. A node sees new rules some blocks of Ethereum late.
    pub const fn rules_agree(&self) -> bool {
        self.rules_agree
    }

    /// The rollup's node.
    pub const fn node(&self) -> &Node {
        &self.node
    }

    /// The Ethereum node.
    pub const fn ethereum(&self) -> &Client {
        &self.l1
    }

    /// Whether fees are paid with ether.
    pub fn is_of_ether(&self) -> bool {
        self.base_token == ETHER
    }

    /// What a token of Ethereum says of itself there; 0x01 is ether.
    pub fn token(&self, token: Address) -> Result<Token, ReadError> {
        if token == ETHER { Ok(Token::ether()) } else { Token::read(&self.l1, token) }
    }

    /// Where the representation of a token of Ethereum is on the chain, or will be; `None` for the base token, which has none.
    pub fn l2_token(&self, token: Address) -> Result<Option<Address>, ReadError> {
        let asset = self.asset(token);
        if asset == self.base_asset {
            return Ok(None);
        }
        let call = L2Vault::tokenAddressCall { assetId: asset };
        Ok(Some(self.node.client().ask(L2_VAULT, &call, BlockAt::Latest)?))
    }

    /// What a token of Ethereum says of itself on the chain; as on Ethereum, if it is the base token or not there yet.
    pub fn token_on_chain(&self, token: Address) -> Result<Token, ReadError> {
        let client = self.node.client();
        match self.l2_token(token)? {
            Some(address) if !client.code(address)?.is_empty() => Token::read(client, address),
            _ => self.token(token),
        }
    }

    /// Token on Ethereum of an asset; `None` if none is registered.
    pub fn token_of(&self, asset: B256) -> Result<Option<Address>, ReadError> {
        let token = self.ask(self.contracts.vault, &Vault::tokenOfCall { assetId: asset })?;
        Ok((token != Address::ZERO).then_some(token))
    }

    /// Asset id of a token of Ethereum.
    pub fn asset(&self, token: Address) -> B256 {
        asset_id(self.l1_chain_id, token)
    }

    pub(crate) fn is_base(&self, token: Address) -> bool {
        self.asset(token) == self.base_asset
    }

    /// The chain's id as its contracts take it.
    pub(crate) fn id_word(&self) -> U256 {
        U256::from(self.chain_id)
    }

    /// Asks a contract on Ethereum.
    pub(crate) fn ask<C: alloy_sol_types::SolCall>(
        &self,
        contract: Address,
        call: &C,
    ) -> Result<C::Return, ReadError> {
        Ok(self.l1.ask(contract, call, BlockAt::Latest)?)
    }

    /// Root of a batch's messages on Ethereum; `None` if it is not executed.
    pub(crate) fn batch_root(&self, batch: u64) -> Result<Option<B256>, ReadError> {
        let call = MessageRoot::batchRootCall { chainId: self.id_word(), batch };
        let root = self.ask(self.contracts.message_root, &call)?;
        Ok((!root.is_zero()).then_some(root))
    }

    pub(crate) fn progress(&self, at: BlockAt) -> Result<RollupChain::ChainProgress, ReadError> {
        Ok(self.l1.ask(self.contracts.chain, &RollupChain::progressCall {}, at)?)
    }

    pub(crate) fn check_l1(&self, wallet: &Wallet) -> Result<(), OtherChain> {
        same_chain(wallet, self.l1_chain_id)
    }

    pub(crate) fn check_l2(&self, wallet: &Wallet) -> Result<(), OtherChain> {
        same_chain(wallet, self.chain_id)
    }
}

fn same_chain(wallet: &Wallet, chain: u64) -> Result<(), OtherChain> {
    let wallet = wallet.chain_id();
    if wallet == chain { Ok(()) } else { Err(OtherChain { wallet, chain }) }
}

/// What is asked of Ethereum about a chain.
struct Ethereum<'a> {
    l1: &'a Client,
    chain_id: u64,
}

impl Ethereum<'_> {
    fn ask<C: alloy_sol_types::SolCall>(&self, contract: Address, call: &C) -> Result<C::Return, ReadError> {
        Ok(self.l1.ask(contract, call, BlockAt::Latest)?)
    }

    /// An error unless the registry knows the chain and the contracts know each other.
    fn check(&self, contracts: &Contracts) -> Result<(), ConnectError> {
        let &Contracts { bridgehub, asset_router, vault, message_root, protocol_versions, chain } = contracts;
        let chain_id = U256::from(self.chain_id);
        let registered = self.ask(bridgehub, &Bridgehub::chainOfCall { chainId: chain_id })?;
        if registered == Address::ZERO {
            return Err(ConnectError::Unregistered { bridgehub, chain_id: self.chain_id });
        }
        let same =
            |what, node: Address, ethereum: Address| agree(what, node.into_word(), ethereum.into_word());
        same("the chain's contract", chain, registered)?;
        same("the bridge", asset_router, self.ask(bridgehub, &Bridgehub::routerCall {})?)?;
        same("the message root", message_root, self.ask(bridgehub, &Bridgehub::messageRootCall {})?)?;
        same("the protocol versions", protocol_versions, self.ask(bridgehub, &Bridgehub::versionsCall {})?)?;
        same("the registry of the bridge", bridgehub, self.ask(asset_router, &AssetRouter::hubCall {})?)?;
        let root = self.ask(asset_router, &AssetRouter::messageRootCall {})?;
        same("the message root of the bridge", message_root, root)?;
        same("the vault", vault, self.ask(asset_router, &AssetRouter::vaultCall {})?)?;
        same("the vault's bridge", asset_router, self.ask(vault, &Vault::routerCall {})?)?;
        let id = self.ask(chain, &RollupChain::chainIdCall {})?;
        agree("the chain id of the chain's contract", chain_id.into(), U256::from(id).into())
    }

    fn base_asset(&self, bridgehub: Address) -> Result<B256, ReadError> {
        self.ask(bridgehub, &Bridgehub::baseAssetOfCall { chainId: U256::from(self.chain_id) })
    }

    fn base_token(&self, vault: Address, asset: B256) -> Result<Address, ConnectError> {
        let token = self.ask(vault, &Vault::tokenOfCall { assetId: asset })?;
        let own = self.ask(vault, &Vault::assetIdOfCall { token })?;
        agree("the base token's asset", asset, own)?;
        Ok(token)
    }
}

fn check_predeploys(named: &Predeploys) -> Result<(), ConnectError> {
    let fixed = PREDEPLOYS;
    for (what, node, fixed) in [
        ("the messenger", named.messenger, fixed.messenger),
        ("the bridge on the chain", named.asset_router, fixed.asset_router),
        ("the vault on the chain", named.vault, fixed.vault),
        ("the wrapped base token", named.wrapped_base_token, fixed.wrapped_base_token),
    ] {
        agree(what, node.into_word(), fixed.into_word())?;
    }
    Ok(())
}

fn agree(what: &'static str, node: B256, ethereum: B256) -> Result<(), ConnectError> {
    if node == ethereum { Ok(()) } else { Err(ConnectError::Disagreement { what, node, ethereum }) }
}
