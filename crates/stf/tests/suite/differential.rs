//! Random blocks by `stf` and by [`Reference`]: same receipts, same gas, same state, and a witness that suffices.

use crate::{
    code::{Program, created2, machine_init},
    keys::{Draft, Key, blob},
    reference::{Environment, Reference},
    world::{BENEFICIARY, FUNDED, MACHINES, chain, config, draft, genesis_accounts, run, withdrawal},
};
use alloy_consensus::{Header, TxType};
use alloy_eips::eip2930::{AccessList, AccessListItem};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, keccak256};
use alloy_rlp::Decodable;
use ashlar_primitives::{BatchInputOwned, Fork};
use ashlar_stf::{BlockError, Error, StateError};
use ashlar_trie::TrieError;
use ashlar_witness::{Chain, prune};

/// Chains, and blocks of each: the first ones are of Cancun, the next of Prague, the rest of Osaka.
const CHAINS: u64 = 80;
const BLOCKS: u64 = 6;

/// Numbers that anyone gets who asks for the same seed (SplitMix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn byte(&mut self, bound: u8) -> u8 {
        self.below(usize::from(bound)) as u8
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    fn one_in(&mut self, bound: usize) -> bool {
        self.below(bound) == 0
    }
}

/// Addresses worth meeting: contracts, their children, keys with and without accounts, precompiles, nobody.
fn cast() -> Vec<Address> {
    let mut cast = MACHINES.to_vec();
    for creator in MACHINES {
        for salt in 0..3 {
            let child = created2(creator, salt);
            cast.extend([child, created2(child, 0), child.create(1)]);
        }
        cast.extend((1..4).map(|nonce| creator.create(nonce)));
    }
    cast.extend((0..10).map(|number| Key::number(number).address()));
    cast.extend([BENEFICIARY, Address::with_last_byte(1), Address::with_last_byte(4)]);
    cast.extend((0..6).map(|number| Address::repeat_byte(0xe0 + number)));
    cast.extend((0..3).map(|number| Address::repeat_byte(0x90 + number)));
    cast
}

/// A program of a few instructions; calls contain programs in turn.
fn program(dice: &mut Dice, cast: &[Address], depth: u8) -> Program {
    let mut program = Program::default();
    for _ in 0..1 + dice.below(6) {
        let (slot, other) = (dice.byte(24), dice.byte(24));
        let inner = |dice: &mut Dice| match depth {
            0 => Program::default().set(dice.byte(24), dice.byte(3)),
            _ => self::program(dice, cast, depth - 1),
        };
        let someone = dice.pick(cast);
        program = match dice.below(17) {
            0 | 1 => (slot..slot + 1 + dice.byte(8)).fold(program, |program, slot| program.set(slot, 0)),
            2 => program.set(slot, other),
            3 => program.fill(slot, other),
            4 => program.copy(slot, other),
            5..=7 => {
                let inner = inner(dice);
                if inner.bytes().len() > 255 {
                    continue;
                }
                let machine = dice.one_in(2);
                let target = if machine { cast[dice.below(30)] } else { someone };
                if dice.one_in(5) {
                    program.delegate(MACHINES[1], inner.bytes())
                } else {
                    program.call(target, dice.byte(3), inner.bytes())
                }
            }
            8 | 9 => program.create2(dice.byte(3), dice.byte(2)),
            10 => program.create(dice.byte(2), &initialiser(dice, someone)),
            11 if depth < 2 || dice.one_in(4) => return program.destroy(someone),
            12 => program.log(slot, &[slot; 5]),
            13 if dice.one_in(3) => return program.revert(),
            14 => program.balance(someone, slot).codehash(dice.pick(cast), other),
            15 => program.tset(slot, other).tcopy(slot, other).blockhash(dice.byte(4), slot),
            _ => program.environment(slot),
        };
    }
    program
}

/// Init code of all sorts, shorter than 256 bytes.
fn initialiser(dice: &mut Dice, heir: Address) -> Vec<u8> {
    match dice.below(5) {
        // Nothing; an account without code and with nonce 1 remains.
        0 => Vec::new(),
        // SELFDESTRUCT in the constructor, after a write.
        1 => [&[0x60, 5, 0x60, 5, 0x55, 0x73], heir.as_slice(), &[0xff]].concat(),
        // Code of one byte, and storage.
        2 => vec![0x60, 9, 0x60, 1, 0x55, 0x60, 1, 0x5f, 0xf3],
        // A revert after a write.
        3 => vec![0x60, 9, 0x60, 1, 0x55, 0x5f, 0x5f, 0xfd],
        // Code that starts with 0xef, which EIP-3541 refuses.
        _ => vec![0x60, 0xef, 0x5f, 0x53, 0x60, 1, 0x5f, 0xf3],
    }
}

fn transaction(dice: &mut Dice, cast: &[Address], state: &Reference, fork: Fork) -> (Key, Draft) {
    let sender = Key::number(dice.byte(FUNDED));
    let nonce = state.nonce(sender.address());
    let kinds = [TxType::Legacy, TxType::Eip2930, TxType::Eip1559, TxType::Eip4844, TxType::Eip7702];
    let kind = dice.pick(&kinds[..if fork >= Fork::Prague { 5 } else { 4 }]);
    let creates = matches!(kind, TxType::Legacy | TxType::Eip1559) && dice.one_in(8);
    let to = match dice.below(10) {
        _ if creates => TxKind::Create,
        0..=4 => TxKind::Call(dice.pick(&MACHINES)),
        5 | 6 => TxKind::Call(cast[dice.below(30)]),
        _ => TxKind::Call(dice.pick(cast)),
    };
    let mut draft = Draft::new(kind, nonce, to).value(dice.next() % 4).gas(1_500_000);
    draft.data = match creates {
        true if dice.one_in(2) => initialiser(dice, MACHINES[0]).into(),
        true => machine_init(),
        false => program(dice, cast, 2).into(),
    };
    if dice.one_in(3) {
        draft.gas = 21_000 + dice.next() % 200_000;
    }
    if kind != TxType::Legacy && dice.one_in(2) {
        let keys = (0..dice.below(4)).map(|_| B256::with_last_byte(dice.byte(24))).collect();
        draft.access = AccessList(vec![AccessListItem { address: dice.pick(cast), storage_keys: keys }]);
    }
    if kind == TxType::Eip4844 {
        draft.blobs = (0..1 + dice.byte(2)).map(blob).collect();
    }
    if kind == TxType::Eip7702 {
        for _ in 0..1 + dice.below(2) {
            let authority = Key::number(dice.byte(10));
            let own = u64::from(authority.address() == sender.address());
            let nonce = state.nonce(authority.address()) + own + u64::from(dice.one_in(5));
            let target = dice.pick(&[MACHINES[0], MACHINES[2], Address::ZERO, authority.address(), cast[5]]);
            draft = draft.authorize(&authority, target, nonce);
        }
    }
    (sender, draft)
}

/// A block that the reference executed, with what it says of it.
struct Expected {
    draft: Header,
    transactions: Vec<Bytes>,
    withdrawals: Vec<Bytes>,
}

fn random_block(
    dice: &mut Dice,
    cast: &[Address],
    state: &mut Reference,
    chain: &Chain,
    index: u64,
) -> Expected {
    let parent = Header::decode(&mut chain.tip().as_ref()).unwrap();
    let draft = Header { mix_hash: keccak256(dice.next().to_be_bytes()), ..draft(12 * (index + 1)) };
    let fork = chain.config().fork_at(draft.timestamp).unwrap();
    let blobs = chain.config().blobs_at(draft.timestamp).unwrap();
    let environment = Environment {
        fork,
        number: parent.number + 1,
        timestamp: draft.timestamp,
        beneficiary: draft.beneficiary,
        gas_limit: draft.gas_limit,
        base_fee: parent.next_block_base_fee(alloy_eips::eip1559::BaseFeeParams::ethereum()).unwrap(),
        mix_hash: draft.mix_hash,
        // Blocks here stay below the target.
        excess_blob_gas: 0,
        beacon_root: draft.parent_beacon_block_root.unwrap(),
        parent_hash: keccak256(chain.tip()),
    };
    state.begin(&environment);
    let (mut transactions, mut blobs_left) = (Vec::new(), usize::from(blobs.target));
    for _ in 0..dice.below(9) {
        let (key, draft) = transaction(dice, cast, state, fork);
        if draft.blobs.len() <= blobs_left && state.transact(draft.kind, draft.environment(key.address())) {
            blobs_left -= draft.blobs.len();
            transactions.push(draft.sign(&key));
        }
    }
    let credits: Vec<_> = (0..dice.below(4)).map(|_| (dice.pick(cast), dice.next() % 3)).collect();
    state.end(&credits);
    let withdrawals =
        (0u64..).zip(&credits).map(|(index, (address, gwei))| withdrawal(index, *address, *gwei)).collect();
    Expected { draft, transactions, withdrawals }
}

/// Counts what random blocks did, so that a generator that went dull is noticed.
#[derive(Debug, Default)]
struct Tally {
    transactions: usize,
    failed: usize,
    created: usize,
    deleted: usize,
    zeroed: usize,
}

fn random_chain(seed: u64, tally: &mut Tally) -> BatchInputOwned {
    let (mut dice, cast) = (Dice(seed), cast());
    let mut chain = chain(config(Some(30), Some(60)));
    let mut state = Reference::new(&genesis_accounts());
    let mut batch = None::<BatchInputOwned>;
    for index in 0..BLOCKS {
        let before = state.accounts();
        let expected = random_block(&mut dice, &cast, &mut state, &chain, index);
        let made = chain
            .make(expected.draft, expected.transactions, expected.withdrawals)
            .unwrap_or_else(|error| panic!("seed {seed}, block {index}: {error}"));
        let context = format!("seed {seed}, block {index}");
        assert_eq!(made.outcome.gas_used, state.gas_used, "{context}");
        assert_eq!(made.outcome.receipts_root, state.receipts_root(), "{context}");
        assert_eq!(made.outcome.state_root, state.state_root(), "{context}");
        // The changes that `stf` reports, which the chain applied to its flat state, lead to the same tries.
        assert_eq!(chain.state_root(), made.outcome.state_root, "{context}");
        count(tally, &before, &state, &made.outcome.receipts);
        check_alone(&made, &context, &mut dice);
        match &mut batch {
            None => batch = Some(made.input),
            Some(batch) => batch.blocks.extend(made.input.blocks),
        }
    }
    batch.expect("there is a block")
}

type Flat =
    std::collections::BTreeMap<Address, (revm::state::AccountInfo, std::collections::BTreeMap<U256, U256>)>;

fn count(tally: &mut Tally, before: &Flat, state: &Reference, receipts: &[alloy_consensus::ReceiptEnvelope]) {
    let after = state.accounts();
    tally.transactions += receipts.len();
    tally.failed += receipts.iter().filter(|receipt| !receipt.is_success()).count();
    tally.created += after.keys().filter(|address| !before.contains_key(*address)).count();
    for (address, (_, storage)) in before {
        match after.get(address) {
            None => tally.deleted += 1,
            Some((_, now)) => tally.zeroed += storage.keys().filter(|slot| !now.contains_key(*slot)).count(),
        }
    }
}

/// The block alone, over a pruned witness: same output; and without one of the nodes, an error that names it.
fn check_alone(made: &ashlar_witness::MadeBlock, context: &str, dice: &mut Dice) {
    let mut pruned = made.pruned().unwrap();
    let output = run(&pruned).unwrap();
    assert_eq!(output.post_state_root, made.outcome.state_root, "{context}");
    assert_eq!(output.last_block, made.header.hash, "{context}");
    let hash = keccak256(pruned.state.remove(dice.below(pruned.state.len())));
    let missing = BlockError::State(StateError::Trie(TrieError::MissingNode { hash }));
    let number = made.header.header.number;
    assert_eq!(run(&pruned), Err(Error::Block { number, reason: missing }), "{context}");
}

#[test]
fn random_blocks_agree_with_another_state_implementation() {
    let threads = 2;
    let tallies: Vec<Tally> = std::thread::scope(|scope| {
        let work = |thread: u64| {
            let mut tally = Tally::default();
            for seed in (thread..CHAINS).step_by(threads) {
                let batch = random_chain(seed, &mut tally);
                let output = run(&batch).unwrap();
                // Six blocks over the nodes of the state before the first of them, and over as few as they need.
                let pruned = prune(batch).unwrap();
                assert_eq!(run(&pruned), Ok(output), "seed {seed}");
                assert!(output.post_state_root != output.pre_state_root);
            }
            tally
        };
        let handles: Vec<_> = (0..threads as u64).map(|thread| scope.spawn(move || work(thread))).collect();
        handles.into_iter().map(|handle| handle.join().unwrap()).collect()
    });
    let sum = |of: fn(&Tally) -> usize| tallies.iter().map(of).sum::<usize>();
    // The generator must not go dull.
    assert!(sum(|tally| tally.transactions) > 1_000, "{tallies:?}");
    assert!(sum(|tally| tally.failed) > 20, "{tallies:?}");
    assert!(sum(|tally| tally.created) > 300, "{tallies:?}");
    assert!(sum(|tally| tally.zeroed) > 300, "{tallies:?}");
}
