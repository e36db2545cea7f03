//! The parts that need no contracts from npm.

use super::{
    accounts::Account,
    contracts::{Contracts, Erc20},
    generate,
    scenarios::SCENARIOS,
    scene::{CHAIN_ID, Scene, ether},
    write::{self, Files},
};
use alloy_consensus::Header;
use alloy_eips::eip2935::HISTORY_STORAGE_ADDRESS;
use alloy_primitives::{Address, Bytes, U256};
use alloy_rlp::Decodable;
use std::{env, fs, path::PathBuf, process};

/// Contracts without code, for scenarios that use none.
fn no_contracts() -> Contracts {
    let none = Bytes::new;
    Contracts {
        token: none(),
        collectible: none(),
        batch_account: none(),
        workshop: none(),
        notary: none(),
        factory: none(),
        router: none(),
        weth: none(),
    }
}

/// A new folder outside the tree.
fn scratch(name: &str) -> PathBuf {
    let folder = env::temp_dir().join(format!("ashlar-inputs-{}-{name}", process::id()));
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn transfers() -> Files {
    let scenario = SCENARIOS.iter().find(|scenario| scenario.name == "transfers").unwrap();
    generate(scenario, &no_contracts()).unwrap()
}

#[test]
fn the_same_program_makes_the_same_bytes_and_those_of_the_tree() {
    let files = transfers();
    assert_eq!(files, transfers());
    super::check(&crate::repository::root().join("inputs/transfers"), &files).unwrap();
}

#[test]
fn a_file_that_was_edited_or_removed_is_noticed() {
    let (folder, files) = (scratch("edited"), transfers());
    write::write(&folder, &files).unwrap();
    super::check(&folder, &files).unwrap();
    fs::write(folder.join("chain.json"), files["chain.json"].replace('9', "8")).unwrap();
    let error = super::check(&folder, &files).unwrap_err().to_string();
    assert!(error.ends_with("chain.json is not what `cargo xtask inputs` makes"), "{error}");
    fs::remove_file(folder.join("chain.json")).unwrap();
    assert!(super::check(&folder, &files).is_err());
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_folder_that_nothing_makes_is_noticed() {
    let root = scratch("names");
    fs::create_dir(root.join("erc20")).unwrap();
    fs::write(root.join("README.md"), "").unwrap();
    super::check_names(&root).unwrap();
    fs::create_dir(root.join("erc-20")).unwrap();
    assert!(super::check_names(&root).unwrap_err().to_string().ends_with("erc-20 is made by no scenario"));
    fs::remove_dir_all(root).unwrap();
}

#[test]
fn ancestors_and_nodes_that_execution_does_not_read_are_left_out() {
    let person = Account::named("person").unwrap();
    let mut scene = Scene::new([&person]).unwrap();
    scene.seal().unwrap();
    scene.seal().unwrap();
    scene.transfer(&person, Address::repeat_byte(1), ether(1)).unwrap();
    let input = scene.seal().unwrap().input;
    assert_eq!(input.ancestors.len(), 3);
    let (files, _) = write::files(input.clone()).unwrap();
    let witness: ashlar_witness::ExecutionWitness =
        serde_json::from_str(&files["execution_witness.json"]).unwrap();
    assert_eq!(witness.headers, input.ancestors[..1]);
    assert!(witness.state.len() * 20 < input.state.len());
}

#[test]
fn a_transaction_that_fails_in_the_evm_fails_the_block() {
    let person = Account::named("person").unwrap();
    let mut scene = Scene::new([&person]).unwrap();
    scene.transfer(&person, Address::repeat_byte(1), ether(1)).unwrap();
    // The contract takes one word that names an earlier block.
    scene
        .call(
            &person,
            HISTORY_STORAGE_ADDRESS,
            &Erc20::transferCall { to: person.address, value: U256::ZERO },
        )
        .unwrap();
    assert_eq!(scene.seal().unwrap_err().to_string(), "transaction 1 of block 1 failed in the EVM");
}

#[test]
fn a_transaction_that_is_invalid_fails_the_block() {
    let poor = Account::named("poor").unwrap();
    let mut scene = Scene::new([]).unwrap();
    scene.transfer(&poor, Address::ZERO, ether(1)).unwrap();
    assert!(scene.seal().is_err());
}

#[test]
fn blocks_follow_each_other_in_slots_with_withdrawals_once() {
    let mut scene = Scene::new([]).unwrap();
    scene.withdraw(Address::repeat_byte(1), 5);
    let first = scene.seal().unwrap();
    let second = scene.seal().unwrap();
    assert_eq!((first.input.blocks[0].withdrawals.len(), second.input.blocks[0].withdrawals.len()), (1, 0));
    assert_eq!(second.header.header.timestamp - first.header.header.timestamp, 12);
    assert_eq!(
        Header::decode(&mut second.input.ancestors[0].as_ref()).unwrap().hash_slow(),
        first.header.hash
    );
    assert_eq!(second.header.header.parent_hash, first.header.hash);
    let config = ashlar_primitives::ChainConfig::decode(&second.input.config).unwrap();
    assert_eq!((config.chain_id, config), (CHAIN_ID, super::scene::config()));
}

#[test]
fn a_delegation_takes_a_nonce_of_the_account() {
    let person = Account::named("person").unwrap();
    let mut scene = Scene::new([&person]).unwrap();
    assert_eq!(scene.take_nonce(person.address), 0);
    assert_eq!(scene.delegate(&person, Address::ZERO).unwrap().nonce, 1);
    assert_eq!(scene.take_nonce(person.address), 2);
}
