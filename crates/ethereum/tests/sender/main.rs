//! The sender, on an Ethereum in memory that a test drives.

mod world;

use std::time::Duration;

use alloy_primitives::{B256, Bytes, U256, keccak256};
use ashlar_ethereum::{
    Account, AccountError, Class, FeeError, Held, Outcome, Progress, Sender, SenderError, Trouble, Unsigned,
    test_utils::{FakeNode, Reply},
};
use ashlar_storage::{Changes, MemoryStore, Store, Table};
use k256::ecdsa::SigningKey;
use serde_json::{Value, json};
use world::{BUMP, TO, World, account, hash_of, intent, with_blob};

#[test]
fn a_transaction_is_sent_once_and_done_when_it_is_confirmed() {
    let mut world = World::new();
    assert_eq!(world.step(), Progress::Idle);
    let hash = world.sent("a");
    assert_eq!(world.sender.in_flight().unwrap().unwrap(), b"a");
    assert!(matches!(world.step(), Progress::InFlight { variants: 1, trouble: None, .. }));
    world.change(|l1| l1.mine(hash, true));
    let confirming =
        |confirmations| Progress::Confirming { key: b"a".to_vec(), hash, block: 1, confirmations };
    assert_eq!(world.step(), confirming(0));
    world.change(|l1| l1.block(0));
    assert_eq!(world.step(), confirming(1));
    world.change(|l1| l1.block(0));
    let Progress::Done(Outcome::Confirmed { key, receipt }) = world.step() else { panic!() };
    assert_eq!((key.as_slice(), receipt.transaction_hash, receipt.gas_used()), (&b"a"[..], hash, 21_000));
    assert_eq!(world.step(), Progress::Idle);
    assert_eq!(world.broadcasts().len(), 1);
    let Unsigned::Plain(sent) = Unsigned::of_signed(&world.broadcasts()[0]).unwrap() else { panic!() };
    assert_eq!((sent.nonce, sent.gas_limit, sent.value), (0, 60_000, U256::from(5)));
    assert_eq!((sent.max_fee_per_gas, sent.max_priority_fee_per_gas), (208, 8));
    world.sent("b");
    let Unsigned::Plain(sent) = Unsigned::of_signed(&world.broadcasts()[1]).unwrap() else { panic!() };
    assert_eq!(sent.nonce, 1);
}

#[test]
fn a_second_intent_waits_for_the_first() {
    let mut world = World::new();
    let hash = world.sent("a");
    let Progress::InFlight { key, .. } = world.send("b") else { panic!() };
    assert_eq!(key, b"a");
    world.change(|l1| l1.mine(hash, true));
    assert!(matches!(world.send("b"), Progress::Confirming { .. }));
    assert_eq!(world.broadcasts().len(), 1);
}

#[test]
fn what_would_fail_is_not_sent() {
    let mut world = World::new();
    let data = json!(Bytes::from(keccak256("OperationsNotNext(uint64,uint64)")[..4].to_vec()));
    world.change(|l1| l1.call = Reply::Error(3, "execution reverted".into(), data));
    let Progress::Done(Outcome::Refused { key, reason }) = world.send("a") else { panic!() };
    assert_eq!((key.as_slice(), reason.as_str()), (&b"a"[..], "OperationsNotNext(uint64,uint64)"));
    assert_eq!((world.entries(), world.broadcasts().len()), (0, 0));
}

#[test]
fn a_price_above_the_limit_is_waited_out() {
    let mut world = World::new();
    world.change(|l1| l1.base_fee = 9_993);
    assert!(matches!(world.send("a"), Progress::Held(Held::Fees(FeeError::Gas { .. }))));
    assert_eq!(world.entries(), 0);
    world.settings.limits.blob = 4;
    world.change(|l1| l1.base_fee = 100);
    world.start_again();
    let held = world.sender.send(with_blob("a"), world.now).unwrap();
    assert_eq!(held, Progress::Held(Held::Fees(FeeError::Blobs { price: 5, limit: 4 })));
    world.sent("a");
}

#[test]
fn too_little_money_is_said() {
    let mut world = World::new();
    world.change(|l1| l1.balance = U256::from(60_000 * 208 + 4));
    let Progress::Held(Held::Funds { needs, has, .. }) = world.send("a") else { panic!() };
    assert_eq!(needs, has + U256::ONE);
    world.change(|l1| l1.balance += U256::ONE);
    world.sent("a");
}

#[test]
fn what_waits_for_long_is_replaced_by_what_offers_more() {
    let mut world = World::new();
    let first = world.sent("a");
    world.now += BUMP - Duration::from_millis(1);
    assert_eq!(hash_of(&world.step()), first);
    world.now += Duration::from_millis(1);
    let second = hash_of(&world.step());
    assert_ne!(second, first);
    assert_eq!(hash_of(&world.step()), second, "not twice");
    world.change(|l1| l1.base_fee = 1_000);
    world.now += BUMP;
    assert!(matches!(world.step(), Progress::InFlight { variants: 3, .. }));
    let offers: Vec<_> = world
        .broadcasts()
        .iter()
        .map(|raw| match Unsigned::of_signed(raw).unwrap() {
            Unsigned::Plain(sent) => {
                assert_eq!((sent.nonce, sent.to, &sent.input[..]), (0, TO.into(), &b"a"[..]));
                (sent.max_fee_per_gas, sent.max_priority_fee_per_gas)
            }
            Unsigned::Blobs(_) => panic!(),
        })
        .collect();
    assert_eq!(offers, [(208, 8), (234, 9), (2_008, 11)]);
    // The first one makes it all the same.
    world.change(|l1| l1.mine(first, true));
    world.change(|l1| l1.blocks(2));
    assert!(
        matches!(world.step(), Progress::Done(Outcome::Confirmed { receipt, .. }) if receipt.transaction_hash == first)
    );
}

#[test]
fn no_replacement_offers_more_than_may_be_paid() {
    let mut world = World::new();
    world.settings.limits.max = 230;
    world.start_again();
    let first = world.sent("a");
    world.now += BUMP;
    let Progress::InFlight { hash, variants: 1, trouble, .. } = world.step() else { panic!() };
    assert!(matches!(trouble, Some(Trouble::Fees(FeeError::Replacement { .. }))));
    assert_eq!(hash, first);
}

#[test]
fn a_replacement_with_blobs_offers_the_double() {
    let mut world = World::new();
    world.sender.send(with_blob("a"), world.now).unwrap();
    world.now += BUMP;
    world.sender.step(world.now).unwrap();
    let offers: Vec<_> = world
        .broadcasts()
        .iter()
        .map(|raw| match Unsigned::of_signed(raw).unwrap() {
            Unsigned::Blobs(sent) => {
                assert_eq!((sent.sidecar.blobs.len(), sent.sidecar.cell_proofs.len()), (1, 128));
                let tx = sent.tx;
                (tx.max_fee_per_gas, tx.max_priority_fee_per_gas, tx.max_fee_per_blob_gas)
            }
            Unsigned::Plain(_) => panic!(),
        })
        .collect();
    assert_eq!(offers, [(208, 8, 10), (416, 16, 20)]);
}

#[test]
fn what_was_signed_before_a_crash_is_sent_after_it() {
    let mut world = World::new();
    // The node is gone between signature and sending.
    world.change(|l1| l1.refusal = Some(Reply::Drop));
    let error = world.sender.send(intent("a"), world.now).unwrap_err();
    assert_eq!(error.class(), Class::Temporary);
    assert_eq!(world.entries(), 1);
    let raw = world.broadcasts().pop().unwrap();
    world.change(|l1| l1.refusal = None);
    world.start_again();
    assert_eq!(world.sender.in_flight().unwrap().unwrap(), b"a");
    // Another intent comes too early.
    let Progress::InFlight { key, hash, .. } = world.send("b") else { panic!() };
    assert_eq!((key.as_slice(), hash), (&b"a"[..], keccak256(&raw)));
    assert_eq!(world.broadcasts().last(), Some(&raw), "the same bytes");
    world.change(|l1| l1.mine(hash, true));
    world.change(|l1| l1.blocks(2));
    world.start_again();
    assert!(matches!(world.step(), Progress::Done(Outcome::Confirmed { .. })));
}

#[test]
fn what_a_node_has_already_is_no_trouble_and_what_it_refuses_is_said() {
    for (message, known) in [
        ("already known", true),
        ("transaction already imported", true),
        ("AlreadyKnown", true),
        ("nonce too low", false),
        ("insufficient funds for gas * price + value", false),
    ] {
        let mut world = World::new();
        world.change(|l1| l1.refusal = Some(Reply::Error(-32_000, message.into(), Value::Null)));
        let Progress::InFlight { trouble, .. } = world.send("a") else { panic!() };
        assert_eq!(trouble.is_none(), known, "{message}: {trouble:?}");
        // It is tried until the node takes it.
        world.change(|l1| l1.refusal = None);
        assert!(matches!(world.step(), Progress::InFlight { trouble: None, .. }));
        assert_eq!(world.broadcasts().len(), 2);
    }
}

#[test]
fn a_nonce_that_somebody_else_used_is_an_outcome_once_that_is_confirmed() {
    let mut world = World::new();
    world.sent("a");
    world.change(|l1| {
        l1.pool.clear();
        l1.block(1);
    });
    let Progress::InFlight { trouble, .. } = world.step() else { panic!() };
    assert_eq!(trouble, Some(Trouble::NonceTaken));
    // Taken back, it is ours again.
    world.change(|l1| {
        l1.take_back(1);
        l1.block(0);
    });
    assert!(matches!(world.step(), Progress::InFlight { trouble: None, .. }));
    assert_eq!(world.broadcasts().len(), 2, "sent again");
    world.change(|l1| {
        l1.pool.clear();
        l1.block(1);
        l1.blocks(2);
    });
    assert_eq!(world.step(), Progress::Done(Outcome::Foreign { key: b"a".to_vec(), nonce: 0 }));
    assert_eq!((world.step(), world.entries()), (Progress::Idle, 0));
    world.sent("a");
    let Unsigned::Plain(sent) = Unsigned::of_signed(world.broadcasts().last().unwrap()).unwrap() else {
        panic!()
    };
    assert_eq!(sent.nonce, 1);
}

#[test]
fn what_fails_in_a_block_is_an_outcome_with_the_reason() {
    let mut world = World::new();
    let hash = world.sent("a");
    world.change(|l1| {
        l1.mine(hash, false);
        l1.blocks(2);
        let data = json!(Bytes::from(keccak256("ProofLength()")[..4].to_vec()));
        l1.call = Reply::Error(3, "execution reverted".into(), data);
    });
    let Progress::Done(Outcome::Reverted { key, hash: failed, reason }) = world.step() else { panic!() };
    assert_eq!((key.as_slice(), failed, reason.as_str()), (&b"a"[..], hash, "ProofLength()"));
    assert_eq!(world.step(), Progress::Idle);
}

#[test]
fn a_block_that_is_taken_back_is_no_end() {
    let mut world = World::new();
    let hash = world.sent("a");
    world.change(|l1| {
        l1.mine(hash, true);
        l1.block(0);
    });
    assert!(matches!(world.step(), Progress::Confirming { confirmations: 1, .. }));
    world.change(|l1| l1.take_back(2));
    assert!(matches!(world.step(), Progress::InFlight { trouble: None, .. }));
    let raws = world.broadcasts();
    assert_eq!((raws.len(), &raws[0]), (2, &raws[1]), "the same bytes again");
    world.change(|l1| {
        l1.mine(hash, true);
        l1.blocks(2);
    });
    assert!(matches!(world.step(), Progress::Done(Outcome::Confirmed { .. })));
}

#[test]
fn what_was_done_and_is_taken_back_comes_before_all_else() {
    let mut world = World::new();
    for key in ["a", "b"] {
        let hash = world.sent(key);
        world.change(|l1| {
            l1.mine(hash, true);
            l1.blocks(2);
        });
        assert!(matches!(world.step(), Progress::Done(_)));
    }
    world.change(|l1| {
        l1.take_back(6);
        l1.block(0);
    });
    for key in ["a", "b", "c"] {
        let Progress::InFlight { key: sent, hash, .. } = world.send("c") else { panic!() };
        assert_eq!(sent, key.as_bytes());
        world.change(|l1| {
            l1.mine(hash, true);
            l1.blocks(2);
        });
        assert!(matches!(world.step(), Progress::Done(_)));
    }
    let raws = world.broadcasts();
    assert_eq!((&raws[0], &raws[1]), (&raws[2], &raws[3]), "the same bytes again");
    assert_eq!(raws.len(), 5);
}

#[test]
fn more_that_is_taken_back_than_is_kept_is_waited_for() {
    let mut world = World::new();
    for _ in 0..7 {
        let hash = world.sent("a");
        world.change(|l1| {
            l1.mine(hash, true);
            l1.blocks(2);
        });
        assert!(matches!(world.step(), Progress::Done(_)));
    }
    assert_eq!(world.entries(), 4);
    world.change(|l1| l1.take_back(21));
    assert_eq!(world.send("b"), Progress::Held(Held::Behind { is: 0, expected: 3 }));
}

#[test]
fn a_receipt_of_another_block_or_transaction_is_none() {
    let mut world = World::new();
    let hash = world.sent("a");
    world.change(|l1| l1.blocks(5));
    let shared = world.l1.clone();
    let lying = FakeNode::new(move |method, params| {
        let mut reply = shared.lock().unwrap().answer(method, params);
        if let ("eth_getTransactionReceipt", Reply::Result(receipt)) = (method, &mut reply) {
            *receipt = json!({
                "transactionHash": hash, "blockNumber": "0x1", "blockHash": B256::repeat_byte(9),
                "status": "0x1", "gasUsed": "0x1", "contractAddress": null,
            });
        }
        reply
    });
    let mut sender =
        Sender::new(lying.client(), account(), world.store.clone(), world.settings.clone()).unwrap();
    assert!(matches!(sender.step(world.now).unwrap(), Progress::InFlight { .. }), "a block of another fork");
    let shared = world.l1.clone();
    let lying = FakeNode::new(move |method, params| {
        let mut reply = shared.lock().unwrap().answer(method, params);
        if let ("eth_getTransactionReceipt", Reply::Result(receipt)) = (method, &mut reply) {
            let block = shared.lock().unwrap().blocks[1].0;
            *receipt = json!({
                "transactionHash": B256::ZERO, "blockNumber": "0x1", "blockHash": block,
                "status": "0x1", "gasUsed": "0x1", "contractAddress": null,
            });
        }
        reply
    });
    let mut sender =
        Sender::new(lying.client(), account(), world.store.clone(), world.settings.clone()).unwrap();
    assert!(matches!(sender.step(world.now).unwrap(), Progress::InFlight { .. }), "of another transaction");
}

#[test]
fn a_node_of_another_network_gets_nothing() {
    let mut world = World::new();
    world.change(|l1| l1.chain_id = 5);
    let error = world.sender.send(intent("a"), world.now).unwrap_err();
    assert!(matches!(error, SenderError::OtherEthereum { is: 5, expected: 1 }), "{error}");
    assert_eq!((error.class(), world.entries()), (Class::Permanent, 0));
    // Nor does it decide what became of a transaction.
    world.change(|l1| l1.chain_id = 1);
    world.sent("a");
    world.change(|l1| {
        l1.chain_id = 5;
        l1.block(9);
        l1.blocks(9);
    });
    assert!(world.sender.step(world.now).is_err());
    assert_eq!(world.entries(), 1);
}

#[test]
fn another_key_does_not_end_what_this_one_began() {
    let mut world = World::new();
    let hash = world.sent("a");
    let other = || Account::from(SigningKey::from_slice(&[8; 32]).unwrap());
    let start = |world: &World| {
        Sender::new(world.node.client(), other(), world.store.clone(), world.settings.clone()).map(|_| ())
    };
    assert!(matches!(start(&world), Err(SenderError::OtherAccount { .. })));
    world.change(|l1| {
        l1.mine(hash, true);
        l1.blocks(2);
    });
    world.step();
    start(&world).unwrap();
    assert_eq!(world.entries(), 0);
}

#[test]
fn a_well_known_key_sends_nothing_where_money_is_none() {
    let world = World::new();
    let key = alloy_primitives::hex!("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80");
    let known = Account::from(SigningKey::from_slice(&key).unwrap());
    let refused = Sender::new(world.node.client(), known, world.store.clone(), world.settings.clone());
    assert!(matches!(refused, Err(SenderError::Account(AccountError::WellKnown { chain_id: 1, .. }))));
}

#[test]
fn a_damaged_record_is_named() {
    let mut world = World::new();
    let mut changes = Changes::default();
    changes.put(Table::Outbox, 0u64.to_be_bytes(), [1, 2, 3]);
    world.store.write(changes).unwrap();
    let error = world.sender.step(world.now).unwrap_err().to_string();
    assert!(error.contains("outbox") && error.contains("damaged"), "{error}");
}

#[test]
fn what_a_node_refuses_for_a_moment_is_waited_for() {
    let settings = World::new().settings;
    let refusal = |code| Reply::Error(code, "header not found".into(), Value::Null);
    for (reply, class) in [
        (refusal(-32_000), Class::Temporary),
        (Reply::Result(Value::Null), Class::Temporary),
        (refusal(-32_601), Class::Permanent),
    ] {
        let node = FakeNode::new(move |_, _| reply.clone());
        let mut sender =
            Sender::new(node.client(), account(), MemoryStore::default(), settings.clone()).unwrap();
        let error = sender.send(intent("a"), Duration::ZERO).unwrap_err();
        assert_eq!(error.class(), class, "{error}");
    }
}
