//! Execution checks E1 and E4 to E7: system calls, receipts, requests, withdrawals.

use crate::{
    code::{Program, logger},
    keys::{Draft, Key},
    world::{
        BENEFICIARY, CHAIN_ID, DEPOSIT_CONTRACT, DEPOSIT_TOPIC, MACHINES, chain, change_header, config_of,
        deposit_data, draft, genesis_accounts, genesis_header, refusal, rich, run, withdrawal,
    },
};
use alloy_consensus::{Header, TxType};
use alloy_eips::{
    eip2935::HISTORY_STORAGE_ADDRESS, eip4788::BEACON_ROOTS_ADDRESS,
    eip7002::WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS, eip7251::CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS,
};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use ashlar_primitives::{ChainConfig, Fork};
use ashlar_stf::{BlockError, Field, StateError};
use ashlar_trie::ordered_root;
use ashlar_witness::{Chain, GenesisAccount, MadeBlock};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

type Accounts = BTreeMap<Address, GenesisAccount>;

fn chain_with(config: ChainConfig, change: impl FnOnce(&mut Accounts)) -> Chain {
    let mut accounts = genesis_accounts();
    change(&mut accounts);
    Chain::new(config, accounts, genesis_header()).expect("the genesis state has a trie")
}

/// Makes a block on a changed genesis state. Where that is refused, a block that claims to have done it is too.
fn make(
    fork: Fork,
    change: impl Fn(&mut Accounts),
    transactions: Vec<Bytes>,
) -> Result<MadeBlock, BlockError> {
    let mut chain = chain_with(config_of(fork), change);
    let claim = claim(&chain, &transactions);
    let made = chain.make(draft(12), transactions, Vec::new());
    if let Err(reason) = &made {
        assert_eq!(chain.import(claim).unwrap_err(), *reason);
    }
    made
}

/// A block with these transactions that claims nothing true of what they do.
fn claim(chain: &Chain, transactions: &[Bytes]) -> ashlar_primitives::BlockInputOwned {
    let config = chain.config();
    let mut block = chain_with(config.clone(), |_| ())
        .make(draft(12), Vec::new(), Vec::new())
        .expect("an empty block is valid")
        .input
        .blocks
        .remove(0);
    block.transactions = transactions.to_vec();
    change_header(&mut block, |header| {
        header.transactions_root = ordered_root(transactions);
        header.parent_hash = alloy_primitives::keccak256(chain.tip());
    });
    block
}

fn storage(made: &MadeBlock, address: Address) -> BTreeMap<U256, U256> {
    let change = made.outcome.changes.iter().find(|change| change.address == address);
    change.map(|change| change.written().collect()).unwrap_or_default()
}

fn call(nonce: u64, to: Address, data: impl Into<Bytes>) -> Draft {
    Draft::new(TxType::Eip1559, nonce, TxKind::Call(to)).data(data).gas(500_000)
}

#[test]
fn e1_system_calls_write_the_beacon_root_and_the_parents_hash() {
    let made = rich(Fork::Prague);
    let header = &made.header.header;
    let slot = header.timestamp % 8_191;
    let beacon = storage(made, BEACON_ROOTS_ADDRESS);
    assert_eq!(beacon[&U256::from(slot)], U256::from(header.timestamp));
    assert_eq!(beacon[&U256::from(slot + 8_191)], U256::from_be_bytes([0xbe; 32]));
    let history = storage(made, HISTORY_STORAGE_ADDRESS);
    // The parent's number is 0.
    assert_eq!(history, BTreeMap::from([(U256::ZERO, header.parent_hash.into())]));
    assert_eq!(storage(rich(Fork::Cancun), HISTORY_STORAGE_ADDRESS), BTreeMap::new());
}

#[test]
fn e1_transactions_see_what_the_system_calls_wrote() {
    // The beacon roots contract answers with the root of this block's timestamp, or reverts.
    let timestamp = draft(12).timestamp;
    let ask = call(0, BEACON_ROOTS_ADDRESS, U256::from(timestamp).to_be_bytes_vec());
    let made = make(Fork::Osaka, |_| (), vec![ask.sign(&Key::number(0))]).unwrap();
    assert!(made.outcome.receipts[0].is_success());
}

#[test]
fn e1_system_calls_to_contracts_that_are_not_there_do_nothing() {
    let without = |accounts: &mut Accounts| {
        accounts.remove(&BEACON_ROOTS_ADDRESS);
        accounts.remove(&HISTORY_STORAGE_ADDRESS);
    };
    let made = make(Fork::Osaka, without, Vec::new()).unwrap();
    let touched = made.outcome.changes.iter().map(|change| change.address).collect::<Vec<_>>();
    assert!(!touched.contains(&BEACON_ROOTS_ADDRESS) && !touched.contains(&HISTORY_STORAGE_ADDRESS));
    run(&made.input).unwrap();
}

#[test]
fn e1_system_calls_that_fail_do_nothing() {
    let broken = |accounts: &mut Accounts| {
        accounts.get_mut(&BEACON_ROOTS_ADDRESS).unwrap().code = vec![0xfe].into();
        accounts.get_mut(&HISTORY_STORAGE_ADDRESS).unwrap().code = vec![0x5f, 0x5f, 0xfd].into();
    };
    run(&make(Fork::Osaka, broken, Vec::new()).unwrap().input).unwrap();
}

#[test]
fn e4_receipts_that_differ_in_any_way_are_refused() {
    let made = rich(Fork::Osaka);
    let receipts: Vec<Vec<u8>> =
        made.outcome.receipts.iter().map(alloy_eips::eip2718::Encodable2718::encoded_2718).collect();
    assert_eq!(ordered_root(&receipts), made.header.header.receipts_root);
    let claimed = |receipts: &[Vec<u8>]| {
        let mut input = made.input.clone();
        let root = ordered_root(receipts);
        change_header(&mut input.blocks[0], |header| header.receipts_root = root);
        refusal(&input)
    };
    for index in 0..receipts.len() {
        let mut forged = receipts.clone();
        // The status comes first in the list, after its header and the type's byte.
        let status = forged[index].iter().position(|byte| *byte == 1 || *byte == 0x80).unwrap();
        forged[index][status] ^= 0x81;
        assert_eq!(claimed(&forged), BlockError::Field(Field::ReceiptsRoot));
        forged.remove(index);
        assert_eq!(claimed(&forged), BlockError::Field(Field::ReceiptsRoot));
    }
}

#[test]
fn e4_a_failed_transaction_pays_and_leaves_no_log() {
    let program = Program::default().log(1, b"gone").set(1, 0).revert();
    let made = make(Fork::Osaka, |_| (), vec![call(0, MACHINES[0], program).sign(&Key::number(0))]).unwrap();
    let receipt = &made.outcome.receipts[0];
    assert!(!receipt.is_success() && receipt.logs().is_empty());
    assert!(made.outcome.logs_bloom.is_zero());
    assert!(storage(&made, MACHINES[0]).is_empty());
    assert!(made.outcome.gas_used > 21_000);
}

/// EIP-7685: SHA-256 of the SHA-256 hashes of each type byte and its data.
fn requests_hash(requests: &[(u8, Vec<u8>)]) -> B256 {
    let mut outer = Sha256::new();
    for (kind, data) in requests {
        outer.update(Sha256::digest([&[*kind], data.as_slice()].concat()));
    }
    B256::from_slice(&outer.finalize())
}

/// The requests of the rich block of a fork.
fn rich_requests() -> Vec<(u8, Vec<u8>)> {
    let sender = Key::number(4).address();
    vec![
        (0, vec![0xdd; 48 + 32 + 8 + 96 + 8]),
        // The amount is stored big-endian and given little-endian; these bytes are the same either way.
        (1, [sender.as_slice(), &[0xee; 56]].concat()),
        (2, [sender.as_slice(), &[0xcc; 96]].concat()),
    ]
}

#[test]
fn e5_the_requests_hash_is_that_of_all_three_types() {
    for fork in [Fork::Prague, Fork::Osaka] {
        assert_eq!(rich(fork).outcome.requests_hash, Some(requests_hash(&rich_requests())));
    }
    assert_eq!(rich(Fork::Cancun).outcome.requests_hash, None);
    let empty = make(Fork::Osaka, |_| (), Vec::new()).unwrap();
    assert_eq!(empty.outcome.requests_hash, Some(requests_hash(&[])));
}

#[test]
fn e5_requests_left_out_added_or_reordered_are_refused() {
    let mut forgeries = vec![Vec::new()];
    for index in 0..3 {
        let mut without = rich_requests();
        let left_out = without.remove(index);
        forgeries.push(without.clone());
        without.push(left_out);
        forgeries.push(without);
        let mut changed = rich_requests();
        changed[index].1[3] ^= 1;
        forgeries.push(changed);
        let mut doubled = rich_requests();
        let twice = doubled[index].1.clone();
        doubled[index].1.extend(twice);
        forgeries.push(doubled);
    }
    forgeries.retain(|requests| *requests != rich_requests());
    assert_eq!(forgeries.len(), 12, "only the last one left out and appended again is the truth");
    let mut extra = rich_requests();
    extra.push((3, vec![1]));
    forgeries.push(extra);
    for forged in forgeries {
        let mut input = rich(Fork::Osaka).input.clone();
        change_header(&mut input.blocks[0], |header| header.requests_hash = Some(requests_hash(&forged)));
        assert_eq!(refusal(&input), BlockError::Field(Field::RequestsHash));
    }
}

#[test]
fn e5_no_request_contract_is_refused_from_prague_on() {
    for contract in [WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS, CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS] {
        let without = |accounts: &mut Accounts| drop(accounts.remove(&contract));
        let reason = make(Fork::Prague, without, Vec::new()).unwrap_err();
        assert_eq!(reason, BlockError::SystemContractAbsent(contract));
        let empty = |accounts: &mut Accounts| accounts.get_mut(&contract).unwrap().code = Bytes::new();
        let reason = make(Fork::Osaka, empty, Vec::new()).unwrap_err();
        assert_eq!(reason, BlockError::SystemContractAbsent(contract));
        make(Fork::Cancun, without, Vec::new()).unwrap();
    }
}

#[test]
fn e5_a_request_contract_that_fails_is_refused() {
    for contract in [WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS, CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS] {
        for code in [&[0xfe][..], &[0x5f, 0x5f, 0xfd], &[0x5b, 0x5f, 0x56]] {
            let broken = |accounts: &mut Accounts| {
                accounts.get_mut(&contract).unwrap().code = Bytes::copy_from_slice(code);
            };
            let reason = make(Fork::Osaka, broken, Vec::new()).unwrap_err();
            assert_eq!(reason, BlockError::SystemCall(contract));
        }
    }
}

/// A block with one log of the deposit contract with this data, under `topic`.
fn deposit(topic: B256, data: Vec<u8>) -> Result<MadeBlock, BlockError> {
    let code = |accounts: &mut Accounts| {
        accounts.get_mut(&DEPOSIT_CONTRACT).unwrap().code = logger(topic);
    };
    make(Fork::Osaka, code, vec![call(0, DEPOSIT_CONTRACT, data).sign(&Key::number(0))])
}

#[test]
fn e5_deposit_logs_of_another_layout_are_refused() {
    deposit(DEPOSIT_TOPIC, deposit_data(1)).unwrap();
    let refused = |data| assert_eq!(deposit(DEPOSIT_TOPIC, data).unwrap_err(), BlockError::DepositLayout);
    let whole = deposit_data(1);
    refused(Vec::new());
    refused(whole[..575].to_vec());
    refused([&whole[..], &[0]].concat());
    // Every offset and every size, one bit off, in its last byte and in its first.
    for word in [0, 32, 64, 96, 128, 160, 256, 320, 384, 512] {
        for byte in [word, word + 31] {
            let mut forged = whole.clone();
            forged[byte] ^= 1;
            refused(forged);
        }
    }
}

#[test]
fn e5_logs_that_are_not_deposits_are_not_requests() {
    let none = Some(requests_hash(&[]));
    let other = deposit(B256::repeat_byte(1), deposit_data(1)).unwrap();
    assert_eq!(other.outcome.requests_hash, none);
    // The same log by another contract.
    let code = |accounts: &mut Accounts| accounts.get_mut(&MACHINES[2]).unwrap().code = logger(DEPOSIT_TOPIC);
    let elsewhere = call(0, MACHINES[2], deposit_data(1)).sign(&Key::number(0));
    assert_eq!(make(Fork::Osaka, code, vec![elsewhere]).unwrap().outcome.requests_hash, none);
    // The configuration of a chain without a deposit contract: not even logs of address zero count.
    let mut config = config_of(Fork::Osaka);
    config.deposit_contract = Address::ZERO;
    let code = |accounts: &mut Accounts| {
        let code = logger(DEPOSIT_TOPIC);
        accounts.insert(Address::ZERO, GenesisAccount { nonce: 1, code, ..Default::default() });
    };
    let transactions = vec![
        call(0, Address::ZERO, vec![7; 3]).sign(&Key::number(0)),
        call(1, DEPOSIT_CONTRACT, deposit_data(1)).sign(&Key::number(0)),
    ];
    let made = chain_with(config, code).make(draft(12), transactions, Vec::new()).unwrap();
    assert_eq!(made.outcome.requests_hash, none);
}

#[test]
fn e5_a_deposit_of_a_transaction_that_fails_is_no_request() {
    let inner = Program::default().call(DEPOSIT_CONTRACT, 0, &deposit_data(1)[..255]).revert();
    let made = make(Fork::Osaka, |_| (), vec![call(0, MACHINES[0], inner).sign(&Key::number(0))]).unwrap();
    assert_eq!(made.outcome.requests_hash, Some(requests_hash(&[])));
}

#[test]
fn e6_withdrawals_are_credited_in_gwei_after_the_transactions() {
    let (poor, gone) = (Address::repeat_byte(0x51), Address::repeat_byte(0x52));
    let withdrawals = vec![
        withdrawal(1, poor, 3),
        withdrawal(2, gone, 0),
        withdrawal(3, poor, 4),
        withdrawal(4, Address::repeat_byte(0xe1), u64::MAX),
    ];
    // A contract that looks for the ether during the block does not see it.
    let look = call(0, MACHINES[0], Program::default().balance(poor, 200)).sign(&Key::number(0));
    let mut chain = chain(config_of(Fork::Osaka));
    let made = chain.make(draft(12), vec![look], withdrawals).unwrap();
    run(&made.input).unwrap();
    let gwei = U256::from(1_000_000_000);
    assert_eq!(chain.accounts()[&poor].balance, U256::from(7) * gwei);
    assert!(!chain.accounts().contains_key(&gone));
    let rich = &chain.accounts()[&Address::repeat_byte(0xe1)];
    assert_eq!(rich.balance, U256::from(u64::MAX) * gwei + U256::from(1));
    assert!(storage(&made, MACHINES[0]).is_empty());
}

#[test]
fn e6_a_withdrawal_past_256_bits_is_refused() {
    let rich = Address::repeat_byte(0xe1);
    let chain = |short: u64| {
        let almost = |accounts: &mut Accounts| {
            accounts.get_mut(&rich).unwrap().balance =
                U256::MAX - U256::from(short) * U256::from(1_000_000_000);
        };
        chain_with(config_of(Fork::Osaka), almost)
    };
    let withdrawals = || vec![withdrawal(1, rich, 1), withdrawal(2, rich, 1)];
    assert_eq!(
        chain(1).make(draft(12), Vec::new(), withdrawals()).unwrap_err(),
        BlockError::BalanceOverflow(rich)
    );
    let mut exact = chain(2);
    exact.make(draft(12), Vec::new(), withdrawals()).unwrap();
    assert_eq!(exact.accounts()[&rich].balance, U256::MAX);
}

#[test]
fn e6_withdrawals_that_the_header_does_not_have_are_not_credited() {
    let mut input = rich(Fork::Osaka).input.clone();
    let more = withdrawal(4, BENEFICIARY, 1_000);
    input.blocks[0].withdrawals[3] = more;
    let root = ordered_root(&input.blocks[0].withdrawals);
    assert_eq!(refusal(&input), BlockError::Field(Field::WithdrawalsRoot));
    change_header(&mut input.blocks[0], |header| header.withdrawals_root = Some(root));
    assert_eq!(refusal(&input), BlockError::Field(Field::StateRoot));
}

#[test]
fn e7_the_state_root_of_another_state_is_refused() {
    for fork in [Fork::Cancun, Fork::Prague, Fork::Osaka] {
        let made = rich(fork);
        let parent = Header { state_root: run(&made.input).unwrap().pre_state_root, ..Header::default() };
        for root in [B256::ZERO, parent.state_root, ashlar_trie::EMPTY_ROOT] {
            let mut input = made.input.clone();
            change_header(&mut input.blocks[0], |header| header.state_root = root);
            assert_eq!(refusal(&input), BlockError::Field(Field::StateRoot));
        }
    }
}

#[test]
fn e7_a_balance_made_up_in_the_parents_state_is_refused() {
    // The forger has all of the state with a larger balance, and the header of the true parent.
    let made = rich(Fork::Osaka);
    let forged = chain_with(config_of(Fork::Osaka), |accounts| {
        accounts.get_mut(&Key::number(0).address()).unwrap().balance += U256::from(1);
    });
    let mut input = made.input.clone();
    input.state = forged.clone().make(draft(12), Vec::new(), Vec::new()).unwrap().input.state;
    assert!(matches!(refusal(&input), BlockError::State(StateError::Trie(_))));
    // With a parent that says so, it is another chain: the output tells it by its hashes and its first root.
    let mut other = forged.clone();
    let block = made.input.blocks[0].clone();
    assert_eq!(other.import(block).unwrap_err(), BlockError::Field(Field::ParentHash));
    assert_ne!(forged.state_root(), run(&made.input).unwrap().pre_state_root);
    assert_eq!(run(&made.input).unwrap().chain_id, CHAIN_ID);
}
