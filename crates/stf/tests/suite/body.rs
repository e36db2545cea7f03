//! Body checks B1, B2, B5 and B6, and empty blocks.

use crate::{
    keys::{Draft, Key},
    world::{
        CHAIN_ID, chain, change_header, config_of, draft, refusal, rich, rich_withdrawals, run, withdrawal,
    },
};
use alloy_consensus::{Header, TxType};
use alloy_primitives::{Address, B256, Bytes, TxKind, bytes};
use ashlar_primitives::{BatchInputOwned, Fork};
use ashlar_stf::{BlockError, Field};
use ashlar_trie::ordered_root;

fn changed(change: impl FnOnce(&mut BatchInputOwned)) -> BlockError {
    let mut input = rich(Fork::Osaka).input.clone();
    change(&mut input);
    refusal(&input)
}

/// An empty block of Osaka after genesis.
fn empty() -> BatchInputOwned {
    chain(config_of(Fork::Osaka)).make(draft(12), Vec::new(), Vec::new()).expect("it is valid").input
}

fn with_header(mut input: BatchInputOwned, change: impl FnOnce(&mut Header)) -> BatchInputOwned {
    change_header(&mut input.blocks[0], change);
    input
}

#[test]
fn b1_transactions_not_in_the_root_are_refused() {
    let wrong = BlockError::Field(Field::TransactionsRoot);
    assert_eq!(changed(|input| drop(input.blocks[0].transactions.pop())), wrong);
    assert_eq!(changed(|input| drop(input.blocks[0].transactions.remove(0))), wrong);
    assert_eq!(changed(|input| input.blocks[0].transactions.swap(0, 1)), wrong);
    assert_eq!(changed(|input| input.blocks[0].transactions.clear()), wrong);
    let twice = |input: &mut BatchInputOwned| {
        let first = input.blocks[0].transactions[0].clone();
        input.blocks[0].transactions.push(first);
    };
    assert_eq!(changed(twice), wrong);
    let another = Draft::new(TxType::Legacy, 0, TxKind::Call(Address::ZERO)).sign(&Key::number(5));
    assert_eq!(changed(|input| input.blocks[0].transactions[0] = another), wrong);
}

#[test]
fn b2_withdrawals_not_in_the_root_are_refused() {
    let wrong = BlockError::Field(Field::WithdrawalsRoot);
    assert_eq!(changed(|input| drop(input.blocks[0].withdrawals.pop())), wrong);
    assert_eq!(changed(|input| input.blocks[0].withdrawals.swap(0, 1)), wrong);
    assert_eq!(changed(|input| input.blocks[0].withdrawals.clear()), wrong);
    assert_eq!(
        changed(|input| input.blocks[0].withdrawals[0] = withdrawal(1, Address::repeat_byte(0xe4), 8)),
        wrong
    );
    assert_eq!(changed(|input| input.blocks[0].withdrawals.push(withdrawal(9, Address::ZERO, 1))), wrong);
}

#[test]
fn b2_withdrawals_that_are_not_canonical_are_refused() {
    let whole = rich_withdrawals()[0].clone();
    let refused = |rlp: Bytes| changed(|input| input.blocks[0].withdrawals[0] = rlp);
    let longer = [whole.as_ref(), &[0]].concat();
    for rlp in [
        Bytes::new(),
        whole.slice(..whole.len() - 1),
        longer.into(),
        // The index 1 as 0x8101 and as 0x820001.
        [&[whole[0] + 1, 0x81, 1], &whole[2..]].concat().into(),
        [&[whole[0] + 2, 0x82, 0, 1], &whole[2..]].concat().into(),
        bytes!("c0"),
        bytes!("80"),
    ] {
        assert_eq!(refused(rlp), BlockError::WithdrawalRlp(0));
    }
}

#[test]
fn empty_block_with_a_wrong_transactions_root_is_refused() {
    let input = with_header(empty(), |header| header.transactions_root = B256::ZERO);
    assert_eq!(refusal(&input), BlockError::Field(Field::TransactionsRoot));
}

#[test]
fn empty_block_with_a_wrong_withdrawals_root_is_refused() {
    let input = with_header(empty(), |header| header.withdrawals_root = Some(B256::ZERO));
    assert_eq!(refusal(&input), BlockError::Field(Field::WithdrawalsRoot));
}

#[test]
fn empty_block_with_a_wrong_receipts_root_is_refused() {
    let input = with_header(empty(), |header| header.receipts_root = B256::ZERO);
    assert_eq!(refusal(&input), BlockError::Field(Field::ReceiptsRoot));
}

#[test]
fn empty_block_with_a_wrong_bloom_gas_or_requests_is_refused() {
    let input = with_header(empty(), |header| header.logs_bloom.0[255] = 1);
    assert_eq!(refusal(&input), BlockError::Field(Field::LogsBloom));
    let input = with_header(empty(), |header| header.gas_used = 21_000);
    assert_eq!(refusal(&input), BlockError::Field(Field::GasUsed));
    let input = with_header(empty(), |header| header.requests_hash = Some(B256::ZERO));
    assert_eq!(refusal(&input), BlockError::Field(Field::RequestsHash));
    let input = with_header(empty(), |header| header.state_root = B256::ZERO);
    assert_eq!(refusal(&input), BlockError::Field(Field::StateRoot));
}

#[test]
fn b6_blob_gas_that_the_transactions_do_not_have_is_refused() {
    let wrong = BlockError::Field(Field::BlobGasUsed);
    let blobs = |count: u64| {
        changed(|input| {
            change_header(&mut input.blocks[0], |header| header.blob_gas_used = Some(count << 17));
        })
    };
    // The rich block has one blob.
    assert_eq!(blobs(0), wrong);
    assert_eq!(blobs(2), wrong);
    let uneven = changed(|input| {
        change_header(&mut input.blocks[0], |header| header.blob_gas_used = Some((1 << 17) + 1));
    });
    assert_eq!(uneven, wrong);
    let input = with_header(empty(), |header| header.blob_gas_used = Some(1 << 17));
    assert_eq!(refusal(&input), wrong);
}

/// A block of few transactions whose data are as large as `bytes` says in all.
fn large_block(fork: Fork, bytes: usize) -> BatchInputOwned {
    let mut input =
        chain(config_of(fork)).make(draft(12), Vec::new(), Vec::new()).expect("it is valid").input;
    let count = 8;
    let mut sizes = vec![bytes / count; count];
    sizes[0] += bytes % count;
    let transactions: Vec<_> = (0u64..)
        .zip(sizes)
        .map(|(nonce, size)| {
            Draft::new(TxType::Legacy, nonce, TxKind::Call(Address::ZERO))
                .data(vec![0; size])
                .sign(&Key::number(0))
        })
        .collect();
    input.blocks[0].transactions = transactions;
    let roots = ordered_root(&input.blocks[0].transactions);
    with_header(input, |header| header.transactions_root = roots)
}

/// The block as clients encode it, to be measured.
fn block_rlp_bytes(input: &BatchInputOwned) -> usize {
    use alloy_consensus::{Block, BlockBody, EthereumTxEnvelope, TxEip4844};
    use alloy_rlp::{Decodable, Encodable};
    let block = &input.blocks[0];
    let transactions = block.transactions.iter();
    let transactions = transactions
        .map(|bytes| EthereumTxEnvelope::<TxEip4844>::decode(&mut bytes.as_ref()).unwrap())
        .collect();
    let body = BlockBody { transactions, ommers: Vec::new(), withdrawals: Some(Vec::new().into()) };
    Block { header: Header::decode(&mut block.header.as_ref()).unwrap(), body }.length()
}

/// A block of exactly so many bytes. Signatures that begin with zeros are shorter, so it takes some attempts.
fn block_of(fork: Fork, bytes: usize) -> BatchInputOwned {
    let mut data = bytes - 2_000;
    for _ in 0..20 {
        let block = large_block(fork, data);
        let have = block_rlp_bytes(&block);
        if have == bytes {
            return block;
        }
        data = data + bytes - have;
    }
    panic!("no block of {bytes} bytes");
}

#[test]
fn b5_a_block_over_eip_7934s_limit_is_refused_from_osaka_on() {
    const MAX: usize = 8_388_608;
    let over = block_of(Fork::Osaka, MAX + 1);
    assert_eq!(refusal(&over), BlockError::Size(MAX + 1));
    // One byte less passes this check and fails a later one: the data cost more gas than the transactions have.
    let largest = block_of(Fork::Osaka, MAX);
    assert!(matches!(refusal(&largest), BlockError::Transaction { index: 0, .. }));
    let before = block_of(Fork::Prague, MAX + 1);
    assert!(matches!(refusal(&before), BlockError::Transaction { index: 0, .. }));
}

#[test]
fn a_block_of_nothing_is_valid() {
    let output = run(&empty()).unwrap();
    assert_eq!(output.chain_id, CHAIN_ID);
    // The system calls write, so the state is another one.
    assert_ne!(output.pre_state_root, output.post_state_root);
}
