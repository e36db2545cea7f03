//! Nothing that the rollup's node says is believed where Ethereum can tell.

mod support;

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolCall;
use ashlar_sdk::{Chain, ConnectError, ETHER};
use ashlar_settlement::abi::{chain::RollupChain, hub::Bridgehub, router::AssetRouter, vault::Vault};
use serde_json::json;
use support::*;

const FOREIGN: Address = Address::repeat_byte(0xee);

#[test]
fn a_chain_that_all_agree_on_is_used() {
    let chain = World::new().chain();
    assert_eq!((chain.chain_id(), chain.l1_chain_id()), (CHAIN_ID, L1_CHAIN_ID));
    assert_eq!((chain.base_token(), chain.is_of_ether(), chain.rules_agree()), (ETHER, true, true));
    assert_eq!(chain.contracts().vault, VAULT);
    assert_eq!(chain.asset(TOKEN), token_asset());
}

#[test]
fn a_node_of_another_chain_is_refused() {
    let world = World::new();
    world.state().l2_id = 5;
    let error = world.connect().unwrap_err();
    assert!(matches!(error, ConnectError::ChainId { named: CHAIN_ID, answers: 5 }), "{error}");
}

#[test]
fn another_ethereum_is_refused() {
    let world = World::new();
    world.state().l1_id = 1;
    let error = world.connect().unwrap_err();
    assert!(matches!(error, ConnectError::L1ChainId { expected: L1_CHAIN_ID, is: 1 }), "{error}");
}

#[test]
fn a_node_that_is_none_of_a_rollup_is_told() {
    let world = World::new();
    let error = Chain::connect(world.l1.url(), world.l1.url()).unwrap_err();
    assert!(matches!(error, ConnectError::NotARollup(_)), "{error}");
    assert!(error.to_string().contains("is it the rollup's node"), "{error}");
}

#[test]
fn a_foreign_contract_is_refused_whichever_it_is() {
    for name in ["assetRouter", "vault", "messageRoot", "protocolVersions", "chain"] {
        let world = World::new();
        world.state().facts["contracts"][name] = json!(FOREIGN);
        let error = world.connect().unwrap_err();
        assert!(matches!(error, ConnectError::Disagreement { .. }), "{name}: {error}");
        assert!(error.to_string().contains("do not use this node"), "{error}");
    }
    let world = World::new();
    world.state().facts["baseAssetId"] = json!(token_asset());
    assert!(matches!(world.connect(), Err(ConnectError::Disagreement { what: "the base token", .. })));
    let world = World::new();
    world.state().facts["contracts"]["bridgehub"] = json!(FOREIGN);
    let error = world.connect().unwrap_err();
    assert!(matches!(error, ConnectError::Read(_)), "{error}");
    assert!(error.to_string().contains("is it there?"), "{error}");
}

#[test]
fn a_foreign_predeploy_is_refused_whichever_it_is() {
    for name in ["messenger", "assetRouter", "vault", "wrappedBaseToken"] {
        let world = World::new();
        world.state().facts["predeploys"][name] = json!(FOREIGN);
        let error = world.connect().unwrap_err();
        assert!(matches!(error, ConnectError::Disagreement { .. }), "{name}: {error}");
    }
}

#[test]
fn contracts_that_do_not_know_each_other_are_refused() {
    for (contract, selector) in [
        (ROUTER, AssetRouter::hubCall::SELECTOR),
        (ROUTER, AssetRouter::messageRootCall::SELECTOR),
        (VAULT, Vault::routerCall::SELECTOR),
    ] {
        let world = World::new();
        world.state().view(contract, selector, FOREIGN);
        let error = world.connect().unwrap_err();
        assert!(matches!(error, ConnectError::Disagreement { .. }), "{error}");
    }
    let world = World::new();
    world.state().view(CHAIN, RollupChain::chainIdCall::SELECTOR, U256::from(5));
    assert!(matches!(world.connect(), Err(ConnectError::Disagreement { .. })));
    let world = World::new();
    world.state().view(VAULT, Vault::assetIdOfCall::SELECTOR, B256::ZERO);
    assert!(matches!(world.connect(), Err(ConnectError::Disagreement { .. })));
}

#[test]
fn a_chain_that_is_not_registered_is_refused() {
    let world = World::new();
    world.state().view(HUB, Bridgehub::chainOfCall::SELECTOR, Address::ZERO);
    let error = world.connect().unwrap_err();
    assert!(matches!(error, ConnectError::Unregistered { chain_id: CHAIN_ID, .. }), "{error}");
}

#[test]
fn who_knows_the_registry_takes_no_other() {
    let world = World::new();
    Chain::connect_to(world.l2.url(), world.l1.url(), HUB).unwrap();
    let error = Chain::connect_to(world.l2.url(), world.l1.url(), FOREIGN).unwrap_err();
    assert!(matches!(error, ConnectError::Bridgehub { named: HUB, expected: FOREIGN }), "{error}");
}

#[test]
fn rules_that_differ_are_no_error_but_told() {
    let world = World::new();
    world.state().view(CHAIN, RollupChain::configHashCall::SELECTOR, B256::ZERO);
    assert!(!world.chain().rules_agree());
}
