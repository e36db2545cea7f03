//! The real contracts on an Ethereum that nobody here wrote: what the client sends is what they take.
//!
//! Batches are executed by hand here, as a proof takes minutes; the test `flow` of xtask has one.

mod support;

use alloy_primitives::{Address, B256, Bytes, U256, b256, keccak256};
use alloy_sol_types::SolCall;
use ashlar_contracts::{Artifact, Contract};
use ashlar_ethereum::{BlockAt, Wallet, test_utils::Anvil};
use ashlar_primitives::rollup::{L2Log, RollupConfig};
use ashlar_sdk::{
    Chain, Claim, ClaimError, DepositRequest, Deposited, ETHER, MessagePlace, Recovery, Stage, Withdrawal,
};
use ashlar_settlement::{
    Addresses, Deployment, L2_ASSET_ROUTER,
    abi::{hub::Bridgehub, message_root::MessageRoot, versions::ProtocolVersions},
    asset_id,
};
use serde_json::{Value, json};
use support::*;

/// Slot of a chain's progress: `LOCATION` of `ChainBase.sol`, and 3 of `contracts/snapshots/ChainStorage.txt`.
const CHAIN_LOCATION: B256 = b256!("c6fcd4ec1d5cdef59256085f0510673752e9b7e694b89d817a216c770abd6100");

/// Deployed contracts, the user's wallet, and a rollup's node that says what the test wants.
struct Deployed {
    anvil: Anvil,
    node: World,
    at: Addresses,
    contract: Address,
    token: Address,
    wallet: Wallet,
}

fn config() -> RollupConfig {
    RollupConfig {
        chain_id: CHAIN_ID,
        protocol_version: 1,
        history: true,
        base_asset: ether_asset(),
        block_gas_limit: 1 << 25,
        transaction_gas_limit: 1 << 24,
        gas_target: 5_000_000,
        base_fee_min: 1_000_000,
        base_fee_doubling: 1 << 29,
        transaction_cost_limit: 1 << 26,
        batch_cost_limit: 1 << 30,
        transaction_pubdata_limit: 100_000,
        batch_pubdata_limit: 700_000,
        transaction_logs_limit: 64,
        batch_logs_limit: 1_024,
    }
}

fn call(wallet: &Wallet, to: Address, call: impl SolCall, value: U256) {
    wallet.send(Some(to), &call.abi_encode().into(), value).unwrap();
}

fn deploy() -> Deployed {
    let anvil = Anvil::start();
    let owner = Wallet::held_by_node(anvil.client(), None).unwrap();
    let verifier = Artifact::load(Contract::FinalVerifier).unwrap();
    let (verifier, _) = owner.create(&verifier.bytecode).unwrap();
    let registry = Artifact::load(Contract::VerifiedStatements).unwrap();
    let (registry, _) = owner.create(&registry.creation_with(verifier)).unwrap();
    let nonce = anvil.client().nonce(owner.address(), BlockAt::Latest).unwrap();
    let deployment = Deployment::new(owner.address(), nonce, owner.address()).unwrap();
    let at = deployment.addresses;
    for code in &deployment.creations {
        owner.create(code).unwrap();
    }
    let slots = vec![ProtocolVersions::VerifierSlot { registry, programKey: B256::repeat_byte(1) }];
    let version =
        ProtocolVersions::registerCall { version: 1, implementation: at.implementation, slots, threshold: 1 };
    call(&owner, at.versions, version, U256::ZERO);
    let mut words = [U256::ZERO; 22];
    for (word, bytes) in words.iter_mut().zip(config().encode().chunks(32)) {
        *word = U256::from_be_slice(bytes);
    }
    let genesis = Bridgehub::ChainGenesis {
        config: words,
        commitment: B256::repeat_byte(0xdd),
        admin: owner.address(),
        gasPrice: 1_000_000,
    };
    call(&owner, at.bridgehub, Bridgehub::createChainCall { genesis }, U256::ZERO);
    let chain = Bridgehub::chainOfCall { chainId: U256::from(CHAIN_ID) };
    let contract = anvil.client().ask(at.bridgehub, &chain, BlockAt::Latest).unwrap();
    // The token that wraps a chain's ether does it for Ethereum's too.
    let token = include_str!("../../../contracts/artifacts/rollup/WrappedBaseToken.json");
    let token: Value = serde_json::from_str(token).unwrap();
    let (token, _) = owner.create(&token["bytecode"].as_str().unwrap().parse().unwrap()).unwrap();
    anvil.call("anvil_setBalance", json!([user(), "0x56bc75e2d63100000"]));
    let wallet = Wallet::with_key(anvil.client(), key().into(), 1_000_000_000_000).unwrap();
    // A plain transfer wraps.
    wallet.send(Some(token), &Bytes::new(), U256::from(1_000_000)).unwrap();
    let node = World::new();
    node.state().facts["configHash"] = json!(config().hash());
    node.state().facts["contracts"] = json!({
        "bridgehub": at.bridgehub, "assetRouter": at.asset_router, "vault": at.vault,
        "messageRoot": at.message_root, "protocolVersions": at.versions, "chain": contract,
    });
    Deployed { anvil, node, at, contract, token, wallet }
}

impl Deployed {
    fn chain(&self) -> Chain {
        Chain::connect_to(self.node.l2.url(), self.anvil.url(), self.at.bridgehub).unwrap()
    }

    fn deposit(&self, token: Address, amount: u64) -> Deposited {
        let chain = self.chain();
        let request = DepositRequest {
            token,
            amount: U256::from(amount),
            receiver: user(),
            refund_recipient: None,
            gas_limit: None,
        };
        let plan = chain.plan_deposit(user(), &request).unwrap();
        chain.deposit(&self.wallet, &plan).unwrap()
    }

    /// Executes the first batch, as a chain's contract does.
    fn execute(&self, logs: &[L2Log]) {
        self.anvil.call("anvil_impersonateAccount", json!([self.contract]));
        self.anvil.call("anvil_setBalance", json!([self.contract, "0xde0b6b3a7640000"]));
        let append = MessageRoot::appendCall { chainId: U256::from(CHAIN_ID), batch: 1, root: root(logs) }
            .abi_encode();
        let append = json!({"from": self.contract, "to": self.at.message_root, "input": Bytes::from(append)});
        let hash = self.anvil.call("eth_sendTransaction", json!([append]));
        let hash = hash.as_str().unwrap().parse().unwrap();
        let receipt = self.anvil.client().wait_for_receipt(hash, std::time::Duration::from_secs(30));
        assert!(receipt.unwrap().unwrap().succeeded());
        let slot = U256::from_be_bytes(CHAIN_LOCATION.0) + U256::from(3);
        let progress = B256::from((U256::from(1) << 128_usize) + (U256::from(1) << 64_usize) + U256::from(1));
        self.anvil.call("anvil_setStorageAt", json!([self.contract, B256::from(slot), progress]));
    }
}

#[test]
#[ignore = "takes anvil: contracts/scripts/install.sh"]
fn the_contracts_take_what_is_sent() {
    let deployed = deploy();
    let chain = deployed.chain();
    assert!(chain.rules_agree() && chain.is_of_ether());
    let (ether, token) = (deployed.deposit(ETHER, 5_000), deployed.deposit(deployed.token, 700));
    assert_eq!((ether.id, token.id), (0, 1));
    assert_eq!(chain.token(deployed.token).unwrap().decimals, 18);

    // The chain executes a withdrawal of ether, and the token's deposit fails.
    let withdrawal = Withdrawal {
        asset: asset_id(31_337, ETHER),
        receiver: Address::repeat_byte(0xa1),
        amount: U256::from(3_000),
    };
    let logs = [
        L2Log::status(0, ether.operation, true),
        L2Log::status(1, token.operation, false),
        L2Log::message(2, L2_ASSET_ROUTER, keccak256(withdrawal.message())),
    ];
    let (transaction, raw) = signed(L2_ASSET_ROUTER, withdraw_call(&withdrawal));
    let place = MessagePlace { transaction, index: 0 };
    let mut message = log_answer(&logs, 2, 1, "sealed");
    message["sender"] = json!(L2_ASSET_ROUTER);
    message["message"] = json!(withdrawal.message());
    {
        let mut state = deployed.node.state();
        state.raw.insert(transaction, raw);
        state.messages.insert((transaction, 0), message);
        for (deposit, index) in [(&ether, 0), (&token, 1)] {
            let answer = json!({
                "id": quantity(deposit.id), "hash": deposit.operation, "deadline": "0x0", "l1Block": null,
                "l1Transaction": null, "included": null, "statusProof": log_answer(&logs, index, 1, "sealed"),
            });
            state.operations.insert(deposit.operation, answer);
        }
    }
    assert!(matches!(
        chain.claim(&deployed.wallet, place),
        Err(ClaimError::NotYet(Stage::Sealed { batch: 1 }))
    ));
    deployed.execute(&logs);

    assert!(matches!(chain.claim(&deployed.wallet, place).unwrap(), Claim::Paid { .. }));
    assert!(matches!(chain.claim(&deployed.wallet, place).unwrap(), Claim::PaidBefore { .. }));
    let paid = deployed.anvil.client().balance(withdrawal.receiver).unwrap();
    assert_eq!(paid, U256::from(3_000));

    let deposit = chain.token_deposit(token.transaction).unwrap();
    assert!(matches!(chain.recover(&deployed.wallet, &deposit).unwrap(), Recovery::Recovered { .. }));
    assert_eq!(chain.recover(&deployed.wallet, &deposit).unwrap(), Recovery::RecoveredBefore);
    let balance = Token::balanceOfCall { account: user() };
    let balance = deployed.anvil.client().ask(deployed.token, &balance, BlockAt::Latest).unwrap();
    assert_eq!(balance, U256::from(1_000_000));
    assert!(chain.token_deposit(ether.transaction).is_err(), "ether is given back on the chain");
}
