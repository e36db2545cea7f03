//! The guest of rollup batches: the same output as on the host, and no more than the meter says
//! (`specs/020-proving-cost.md`).

#[path = "../src/rollup.rs"]
#[allow(dead_code)]
mod rollup;

use std::{collections::BTreeMap, fs, path::Path, sync::LazyLock};

use alloy_consensus::TxEip1559;
use alloy_eips::eip2930::{AccessList, AccessListItem};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, address};
use ashlar_abi::{Accelerators, HASH_KEY_WORDS, Reference};
use ashlar_primitives::rollup::{Operation, RollupConfig, RollupInputOwned};
use ashlar_stf::rollup::{RollupBatch, execute_rollup_input};
use ashlar_vm::Program;
use ashlar_witness::{GenesisAccount, HashKey, RollupChain, batch_hints};
use revm::bytecode::opcode as op;
use rollup::{CHAIN_ID, Taken, address_of, config, contract, draft, signed, take, transfer};

const CONTRACT: Address = address!("00000000000000000000000000000000000c0de0");

/// Most cycles that a block may take beside its transactions.
const BLOCK_CYCLES_MAX: u64 = 50_000;

static GUEST: LazyLock<Program> = LazyLock::new(|| {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../guests/elf/rollup.elf");
    Program::from_elf(&fs::read(path).expect("the guest is in the tree")).expect("an ELF file")
});

/// A chain with this contract, and 64 accounts with ether.
fn chain(code: Bytes) -> RollupChain {
    rollup::chain(config(), BTreeMap::from([(CONTRACT, contract(code))]), 64)
}

/// What a batch takes in the guest, and what the host says of it; both have one output.
fn run(input: &RollupInputOwned) -> (Taken, RollupBatch) {
    let bytes = input.borrow().encode().expect("short");
    run_with(input, &HashKey::of(&bytes))
}

/// [`run`] under this hash key.
fn run_with(input: &RollupInputOwned, key: &HashKey) -> (Taken, RollupBatch) {
    let bytes = input.borrow().encode().expect("short");
    let batch = execute_rollup_input(&input.borrow(), Reference::modmul256_assign).expect("a valid batch");
    let (run, taken) = take(&GUEST, &batch_hints(&bytes, key)).expect("the guest runs");
    assert_eq!((run.exit.code, run.committed.as_slice()), (0, [batch.output.hash().0].as_slice()));
    (taken, batch)
}

fn made(code: Bytes, blocks: Vec<Vec<Bytes>>) -> RollupInputOwned {
    let drafts: Vec<_> = blocks.into_iter().map(draft).collect();
    chain(code).make(&drafts).expect("a valid batch").input
}

/// Checks that the meter covers it.
fn check(name: &str, taken: Taken, batch: &RollupBatch) {
    let Taken { cycles, equivalents } = taken;
    let share = equivalents / batch.cost as f64;
    println!("{name}: {cycles} cycles, {equivalents:.0} of {} equivalents ({share:.2})", batch.cost);
    assert!(share <= 1.0, "{name}");
}

#[test]
fn a_block_takes_no_more_than_its_share() {
    let batches = |blocks: u64, transfers: u64| {
        let block = |block| (0..transfers).map(|n| transfer(n, block)).collect();
        made(Bytes::new(), (0..blocks).map(block).collect())
    };
    let (one_of_two, first) = run(&batches(1, 2));
    let (two_of_two, second) = run(&batches(2, 2));
    let (one_of_four, third) = run(&batches(1, 4));
    check("one block of two transfers", one_of_two, &first);
    check("two blocks of two transfers", two_of_two, &second);
    check("one block of four transfers", one_of_four, &third);
    let block = two_of_two.cycles - one_of_four.cycles;
    println!("a block: {block} cycles, {:.0} equivalents", two_of_two.equivalents - one_of_four.equivalents);
    println!("a transfer: {:.0} equivalents", (one_of_four.equivalents - one_of_two.equivalents) / 2.0);
    assert!(block <= BLOCK_CYCLES_MAX, "{block} cycles");
}

/// Code that repeats `body`, which leaves the stack as it was, until its gas is used up or the meter stops it.
fn forever(body: &[u8]) -> Bytes {
    [&[op::JUMPDEST], body, &[op::PUSH0, op::JUMP]].concat().into()
}

/// A call of the contract that is included whatever it takes: it ends at the limit.
fn operation() -> Bytes {
    let operation = Operation {
        chain_id: CHAIN_ID,
        id: 0,
        from: Address::repeat_byte(1),
        to: CONTRACT,
        value: U256::ZERO,
        mint: U256::from(1u64 << 25),
        gas_limit: 1 << 24,
        gas_price: 1,
        refund_recipient: Address::repeat_byte(2),
        data: Bytes::new(),
    };
    operation.encode().into()
}

#[test]
fn at_the_limit_of_a_transaction_the_guest_takes_no_more() {
    let bodies: [(&str, Vec<u8>); 7] = [
        ("JUMPDEST", vec![op::JUMPDEST; 64]),
        (
            "MULMOD",
            [op::PUSH32]
                .into_iter()
                .chain([0xfe; 32])
                .chain([op::PUSH32])
                .chain([0xab; 32])
                .chain([op::DUP1, op::MULMOD, op::POP])
                .collect(),
        ),
        (
            "SDIV",
            [op::PUSH17, 1]
                .into_iter()
                .chain([0x35; 16])
                .chain([op::PUSH0, op::NOT, op::SDIV, op::POP])
                .collect(),
        ),
        ("KECCAK256", vec![op::PUSH2, 4, 0, op::PUSH0, op::KECCAK256, op::POP]),
        ("SLOAD", vec![op::GAS, op::SLOAD, op::POP]),
        ("SSTORE", vec![op::GAS, op::GAS, op::SSTORE]),
        ("BALANCE", vec![op::GAS, op::BALANCE, op::POP]),
    ];
    for (name, body) in bodies {
        let (taken, batch) = run(&made(forever(&body), vec![vec![operation()]]));
        check(name, taken, &batch);
    }
}

/// Words of a hash key that somebody knows.
const KNOWN_KEY: [u32; HASH_KEY_WORDS] = [0x9e37_79b9; HASH_KEY_WORDS];

/// `for i in 1..=count { act(i | rest) }`, the counter below what `key` makes of it.
fn looped(count: u32, key: &[u8], act: &[u8]) -> Bytes {
    let mut code = vec![op::PUSH0, op::JUMPDEST, op::PUSH1, 1, op::ADD, op::DUP1];
    code.extend(key);
    code.extend(act);
    code.extend([op::DUP1, op::PUSH3]);
    code.extend(&count.to_be_bytes()[1..]);
    code.extend([op::GT, op::PUSH1, 1, op::JUMPI, op::STOP]);
    code.into()
}

/// Makes a slot of the counter: the counter is the second 32-bit word, `first` the first, of little-endian ones; `third` is
/// the third and fourth.
fn slot(first: u32, third: u64) -> Vec<u8> {
    let mut code = vec![op::PUSH1, 32, op::SHL, op::PUSH16];
    code.extend(third.to_be_bytes());
    code.extend([0; 4]);
    code.extend(first.to_be_bytes());
    code.push(op::OR);
    code
}

/// Makes an address of the counter: the counter is in bytes 4 to 8, `first` in those before, `third` in bytes 8 to 16.
fn account(first: u32, third: u64) -> Vec<u8> {
    let mut code = vec![op::PUSH1, 96, op::SHL, op::PUSH20];
    code.extend(first.to_le_bytes());
    code.extend([0; 4]);
    code.extend(third.to_le_bytes());
    code.extend([0, 0, 0, 7, op::OR]);
    code
}

#[test]
fn keys_that_are_chosen_to_collide_cost_what_others_cost() {
    // What the crate of crates.io multiplied with: a product of 0 for all slots and addresses that have it in their place.
    const CONSTANT: u64 = 0xa8b3_e2b6_b9a7_ff5d;
    let zero = KNOWN_KEY[0].wrapping_neg();
    /// Name, how often, keys of three kinds, what is done with a key.
    type Case = (&'static str, u32, [Vec<u8>; 3], Vec<u8>);
    let cases: [Case; 3] = [
        (
            "TSTORE",
            8_000,
            [slot(0, 7), slot(0, CONSTANT), slot(zero, 7)],
            vec![op::DUP2, op::SWAP1, op::TSTORE],
        ),
        ("SLOAD", 2_000, [slot(0, 7), slot(0, CONSTANT), slot(zero, 7)], vec![op::SLOAD, op::POP]),
        (
            "BALANCE",
            2_000,
            [account(0, 7), account(0, CONSTANT), account(zero, 7)],
            vec![op::BALANCE, op::POP],
        ),
    ];
    for (name, count, keys, act) in cases {
        let [ordinary, constant, known] =
            keys.map(|key| made(looped(count, &key, &act), vec![vec![operation()]]));
        let under = |input: &RollupInputOwned, key: &HashKey| run_with(input, key).0.equivalents;
        // Keys of the hash function that whoever chose those above did not know; few of all are unlucky for a row of
        // keys, and these are the same each time.
        let secrets: Vec<_> = (0..9_u8).map(|seed| HashKey::of(&[seed])).collect();
        let median = |input: &RollupInputOwned| {
            let mut taken: Vec<_> = secrets.iter().map(|secret| under(input, secret)).collect();
            taken.sort_by(f64::total_cmp);
            taken[taken.len() / 2]
        };
        let base = median(&ordinary);
        println!("{name}: {base:.0}");
        for (what, input) in [("constant", &constant), ("known", &known)] {
            let equivalents = median(input);
            println!("{name}, {what}: {equivalents:.0}");
            assert!(equivalents <= 1.01 * base, "{name}, {what}");
        }
        // Under the key that they were chosen for they all collide: the attack is one.
        let equivalents = under(&known, &HashKey::new(KNOWN_KEY));
        println!("{name}, under the known key: {equivalents:.0}");
        assert!(equivalents > 1.5 * base, "{name}");
    }
}
/// A chain whose limit of a transaction is so high that what a batch has beside it hides nothing; its contract has this code, and
/// many slots.
fn ample_chain(code: Bytes) -> RollupChain {
    let storage = (0..4_096).map(|slot: u64| (U256::from(slot), U256::from(slot + 1) << 100)).collect();
    let balance = U256::from(10).pow(U256::from(20));
    let accounts = BTreeMap::from([
        (CONTRACT, GenesisAccount { nonce: 1, code, storage, ..GenesisAccount::default() }),
        (address_of(0), GenesisAccount { balance, ..GenesisAccount::default() }),
    ]);
    let config = RollupConfig { history: false, transaction_cost_limit: 1 << 26, ..config() };
    RollupChain::new(config, accounts, 100).expect("a trie")
}

/// Checks an operation with all the gas there is to an account of a chain whose contract has this code.
fn check_operation(name: &str, code: Bytes, to: Address, data: Bytes) {
    let operation = Operation {
        chain_id: CHAIN_ID,
        id: 0,
        from: Address::repeat_byte(1),
        to,
        value: U256::ZERO,
        mint: U256::from(1u64 << 25),
        gas_limit: 1 << 24,
        gas_price: 1,
        refund_recipient: Address::repeat_byte(2),
        data,
    };
    let made = ample_chain(code).make(&[draft(vec![operation.encode().into()])]).expect("a valid batch");
    let (taken, batch) = run(&made.input);
    check(name, taken, &batch);
}

/// Pushes numbers, the last one on top.
fn push(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| [vec![op::PUSH4], number.to_be_bytes().to_vec()].concat()).collect()
}

/// Code that calls itself forever, with a word of calldata and this gas, and what it then does.
fn calls_itself(gas: &[u8], output: u32, called: &[u8]) -> Bytes {
    let call =
        [push(&[output, 3, 32, 0, 0]), vec![op::ADDRESS], gas.to_vec(), vec![op::CALL, op::POP]].concat();
    let count = [op::GAS, op::PUSH0, op::MSTORE];
    let mut code = vec![op::CALLDATASIZE, op::PUSH2, 0, 0, op::JUMPI, op::JUMPDEST];
    code.extend(count);
    code.extend(call);
    code.extend([op::PUSH1, 5, op::JUMP]);
    let entry = u16::try_from(code.len()).expect("short").to_be_bytes();
    code[2..4].copy_from_slice(&entry);
    code.push(op::JUMPDEST);
    code.extend(called);
    code.into()
}

/// Each of these took more than the meter said.
#[test]
fn what_is_beside_gas_is_metered() {
    let with = |numbers: &[u32], rest: &[u8]| [push(numbers), rest.to_vec()].concat().repeat(16);
    for (name, body) in [
        ("warm SSTORE", [op::GAS, op::PUSH0, op::SSTORE].repeat(32)),
        ("new TSTORE", [op::GAS, op::GAS, op::TSTORE].repeat(32)),
        ("KECCAK256 of 64 KiB, unaligned", with(&[0x1_0000, 1], &[op::KECCAK256, op::POP])),
        ("KECCAK256 of 136 bytes, unaligned", with(&[136, 1], &[op::KECCAK256, op::POP])),
        ("KECCAK256 of 32 bytes, unaligned", with(&[32, 1], &[op::KECCAK256, op::POP])),
        ("IDENTITY", with(&[0x1_0000, 1, 0x1_0000, 2, 4], &[op::GAS, op::STATICCALL, op::POP])),
        ("SHA2-256", with(&[32, 1, 0x1_0000, 2, 2], &[op::GAS, op::STATICCALL, op::POP])),
        ("MCOPY", with(&[31, 0, 1], &[op::MCOPY])),
        ("JUMPI", with(&[0, 0], &[op::JUMPI])),
        ("SELFBALANCE", [op::SELFBALANCE, op::POP].repeat(32)),
        ("MLOAD", with(&[1], &[op::MLOAD, op::POP])),
        ("MSTORE", with(&[7, 1], &[op::MSTORE])),
        ("MSTORE8", with(&[7, 1], &[op::MSTORE8])),
    ] {
        check_operation(name, forever(&body), CONTRACT, Bytes::new());
    }
    let gives_back =
        |size: u32, end: u8| [push(&[0, size]), vec![op::MSTORE], push(&[size, 1]), vec![end]].concat();
    let fails =
        [push(&[1]), push(&[0x0fff]), vec![op::PUSH0, op::CALLDATALOAD, op::AND, op::SSTORE]].concat();
    let stores = |opcode: u8| {
        [[op::GAS, op::PUSH0, opcode].repeat(400), vec![op::PUSH0, op::PUSH0, op::REVERT]].concat()
    };
    for (name, gas, output, called) in [
        ("RETURN of 1 KiB", vec![op::GAS], 0x400, gives_back(0x400, op::RETURN)),
        ("RETURN of 8 KiB", vec![op::GAS], 0x2000, gives_back(0x2000, op::RETURN)),
        ("REVERT of 64 KiB", vec![op::GAS], 0xffe0, gives_back(0xffe0, op::REVERT)),
        ("memory, a word after the other", vec![op::GAS], 0, [op::GAS, op::MSIZE, op::MSTORE].repeat(128)),
        ("SSTORE with gas to read only", push(&[2_400]), 0, fails),
        ("SSTOREs that are taken back", vec![op::GAS], 0, stores(op::SSTORE)),
        ("TSTOREs that are taken back", vec![op::GAS], 0, stores(op::TSTORE)),
    ] {
        check_operation(name, calls_itself(&gas, output, &called), CONTRACT, Bytes::new());
    }
    // Three codes of the greatest length, and an end that takes them back.
    let init = [op::PUSH5, op::PUSH2, 0x60, 0x00, op::PUSH0, op::RETURN, op::PUSH0, op::MSTORE];
    let create = [op::PUSH1, 5, op::PUSH1, 27, op::PUSH0, op::CREATE, op::POP].repeat(3);
    let code = [init.to_vec(), create, vec![op::PUSH0, op::PUSH0, op::REVERT]].concat();
    check_operation("codes that creations leave", code.into(), CONTRACT, Bytes::new());
}

#[test]
fn the_guest_stops_where_the_meter_does() {
    let blake = |rounds: u32| [rounds.to_be_bytes().to_vec(), vec![0; 209]].concat();
    for (number, name, data) in [
        (9, "BLAKE2F that fails", Vec::new()),
        (9, "BLAKE2F", blake(1_900_000)),
        (9, "BLAKE2F within the limit", blake(40_000)),
        (5, "MODEXP", vec![0xff; 96]),
    ] {
        check_operation(name, Bytes::new(), Address::with_last_byte(number), data.into());
    }
    for (name, operands, opcode) in [
        ("KECCAK256", vec![0x1b_0000, 0], op::KECCAK256),
        ("CREATE", vec![1, 0x22_2e00, 0], op::CREATE),
        ("RETURN", vec![0x22_0000, 1], op::RETURN),
        ("LOG0", vec![0x10_0000, 1], op::LOG0),
    ] {
        // After most of the limit was used up.
        let burn = [push(&[0x10_0000, 0]), vec![op::KECCAK256, op::POP]].concat().repeat(6);
        let code = [burn, push(&operands), vec![opcode]].concat();
        check_operation(name, code.into(), CONTRACT, Bytes::new());
    }
}

#[test]
fn an_access_list_hides_no_reads() {
    let code = [
        &[
            op::PUSH0,
            op::JUMPDEST,
            op::PUSH1,
            1,
            op::ADD,
            op::DUP1,
            op::SLOAD,
            op::POP,
            op::DUP1,
            op::PUSH2,
            4,
            0,
        ][..],
        &[op::GT, op::PUSH1, 1, op::JUMPI, op::STOP],
    ];
    let storage_keys = (1..=1_024u64).map(|slot| B256::from(U256::from(slot))).collect();
    let transaction = TxEip1559 {
        chain_id: CHAIN_ID,
        gas_limit: 1 << 24,
        max_fee_per_gas: 20_000_000_000,
        to: TxKind::Call(CONTRACT),
        access_list: AccessList(vec![AccessListItem { address: CONTRACT, storage_keys }]),
        ..TxEip1559::default()
    };
    let made = ample_chain(code.concat().into()).make(&[draft(vec![signed(0, transaction)])]);
    let (taken, batch) = run(&made.expect("a valid batch").input);
    check("access list", taken, &batch);
}

/// A batch of one operation that calls the contract, on a chain whose limit of a transaction is this.
fn limited(code: &Bytes, transaction_cost_limit: u64) -> RollupInputOwned {
    let contract = GenesisAccount { nonce: 1, code: code.clone(), ..GenesisAccount::default() };
    let config = RollupConfig { history: false, transaction_cost_limit, ..config() };
    let accounts = BTreeMap::from([(CONTRACT, contract)]);
    let mut chain = RollupChain::new(config, accounts, 100).expect("a trie");
    chain.make(&[draft(vec![operation()])]).expect("a valid batch").input
}

/// Code that calls itself so often, with a word of calldata and gas for a few instructions, and then ends well.
fn calls_itself_often(calls: u16, called: &[u8]) -> Bytes {
    let mut code = vec![op::CALLDATASIZE, op::PUSH2, 0, 0, op::JUMPI, op::PUSH0, op::JUMPDEST];
    code.extend([op::PUSH1, 1, op::ADD]);
    code.extend(push(&[0, 0, 32, 0, 0]));
    code.extend([op::ADDRESS, op::PUSH1, 60, op::CALL, op::POP, op::DUP1, op::PUSH2]);
    code.extend(calls.to_be_bytes());
    code.extend([op::GT, op::PUSH1, 6, op::JUMPI, op::STOP]);
    let entry = u16::try_from(code.len()).expect("short").to_be_bytes();
    code[2..4].copy_from_slice(&entry);
    code.push(op::JUMPDEST);
    code.extend(called);
    code.into()
}

/// The host has places of 64 bits and the guest of 32: one from 2^32 on fails in both, and may not cost more in one of them. If it
/// does, an operation is over its limit on the host and not in the guest.
#[test]
fn a_place_beyond_32_bits_costs_the_same_on_the_host_and_in_the_guest() {
    let code = calls_itself_often(1_000, &[op::PUSH5, 1, 0, 0, 0, 0, op::MLOAD]);
    let ample = limited(&code, 1 << 26);
    let batch = execute_rollup_input(&ample.borrow(), Reference::modmul256_assign).expect("a valid batch");
    // Without what the batch, its block and its pubdata cost.
    let cost = batch.cost - 1_200_000 - 40 * u64::try_from(batch.pubdata.len()).expect("short");
    for (name, limit) in [("at the limit", cost), ("one beyond it", cost - 1)] {
        let (taken, batch) = run(&limited(&code, limit));
        check(name, taken, &batch);
    }
}

/// Instructions that look into maps which are not empty, and those after which the meter itself does.
#[test]
fn what_looks_into_maps_is_metered() {
    let stored = [push(&[1, 1]), vec![op::TSTORE]].concat();
    let tload = [stored, [op::PUSH1, 1, op::TLOAD, op::POP].repeat(256)].concat();
    let copy = [push(&[0, 0, 0]), vec![op::ADDRESS, op::EXTCODECOPY]].concat();
    let shares = [
        ("TLOAD", tload),
        ("EXTCODESIZE", [op::ADDRESS, op::EXTCODESIZE, op::POP].repeat(64)),
        ("EXTCODECOPY", copy.repeat(64)),
    ]
    .map(|(name, body)| {
        let made = ample_chain(forever(&body)).make(&[draft(vec![operation()])]).expect("a valid batch");
        let (taken, batch) = run(&made.input);
        println!("{name}: {:.0} of {} equivalents", taken.equivalents, batch.cost);
        taken.equivalents / batch.cost as f64
    });
    assert!(shares.iter().all(|share| *share <= 1.0), "{shares:?}");
}

/// What a batch has read must not make its later blocks dear: a block is charged alike wherever it stands.
#[test]
fn a_block_costs_the_same_after_much_was_read() {
    const READERS: u64 = 28;
    let read = [op::PUSH1, 1, op::ADD, op::DUP1, op::BALANCE, op::POP];
    let code = [&[op::PUSH0, op::CALLDATALOAD, op::JUMPDEST][..], &read, &[op::PUSH1, 2, op::JUMP]].concat();
    // Each reads accounts that no other has read.
    let reader = |id: u64| {
        let data: U256 = U256::from(id + 1) << 64;
        let operation = Operation::decode(&operation()).expect("an operation");
        Bytes::from(Operation { id, data: data.to_be_bytes_vec().into(), ..operation }.encode())
    };
    let batch = |blocks: u64| {
        let readers = (0..READERS).map(|id| vec![reader(id)]);
        let blocks = readers.chain((0..blocks).map(|nonce| vec![transfer(0, nonce)]));
        run(&made(code.clone().into(), blocks.collect()))
    };
    let ((few, least), (many, most)) = (batch(2), batch(10));
    let (taken, cost) = (many.equivalents - few.equivalents, (most.cost - least.cost) as f64);
    println!("8 blocks of a transfer: {taken:.0} of {cost} equivalents");
    assert!(taken <= cost);
}
