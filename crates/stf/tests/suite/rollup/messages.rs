//! Messages and logs (`specs/017-messages.md`).

use super::world::{SENDER, chain, config, draft, execute, make, only, operation, transaction, words};
use crate::{code::logger, keys::Key};
use alloy_primitives::{Bytes, U256, b256, keccak256};
use ashlar_primitives::rollup::{L2Log, MESSENGER, Operation};
use ashlar_stf::{
    BlockError,
    rollup::{MessageLayout, Refusal},
};

#[test]
fn a_call_of_the_messenger_is_a_message() {
    let mut chain = chain();
    let data = words(&[2, 77]);
    let call = transaction(0, 0, SENDER).data(data.clone()).sign(&Key::number(0));
    let batch = make(&mut chain, 1, vec![call]);
    let messages = &only(&batch).messages;
    assert_eq!(messages.len(), 2);
    for message in messages {
        assert_eq!((message.sender, &message.data, message.hash), (SENDER, &data, keccak256(&data)));
    }
    let logs: Vec<_> = only(&batch).l2_logs(9).collect();
    assert_eq!(logs, [L2Log::message(9, SENDER, keccak256(&data)); 2]);
    assert_eq!(execute(&config(), &batch).unwrap(), batch.blocks);
}

#[test]
fn messages_of_any_length_are_read() {
    for length in [0, 1, 31, 32, 33, 200] {
        let mut chain = chain();
        // A message that a user sends with the messenger alone.
        let mut data = vec![0; 4];
        data.extend(U256::from(32).to_be_bytes::<32>());
        data.extend(U256::from(length).to_be_bytes::<32>());
        let message = vec![0xab; length];
        data.extend(&message);
        data.resize(4 + 64 + length.next_multiple_of(32), 0);
        let call = transaction(0, 0, MESSENGER).data(data).sign(&Key::number(0));
        let batch = make(&mut chain, 1, vec![call]);
        let [sent] = only(&batch).messages.as_slice() else { panic!("one message") };
        assert_eq!((sent.sender, &sent.data), (Key::number(0).address(), &Bytes::from(message)));
    }
}

#[test]
fn the_status_of_an_operation_comes_after_its_messages() {
    let mut chain = chain();
    let sends = Operation { to: SENDER, data: words(&[1]), value: U256::ZERO, ..operation(0) };
    let batch = make(&mut chain, 1, vec![sends.encode().into()]);
    let logs: Vec<_> = only(&batch).l2_logs(3).collect();
    let expected = [L2Log::message(3, SENDER, keccak256(words(&[1]))), L2Log::status(3, sends.hash(), true)];
    assert_eq!(logs, expected);
}

#[test]
fn a_log_of_the_messenger_that_is_no_message_stops_the_block() {
    let topic = b256!("3a36e47291f4201faf137fab081d92295bce2d53be2c6ca68ba82c7faa9ce241");
    let mut accounts = super::world::accounts();
    accounts.get_mut(&MESSENGER).unwrap().code = logger(topic);
    let mut chain = ashlar_witness::RollupChain::new(config(), accounts, 0).unwrap();
    let call = transaction(0, 0, MESSENGER).data(words(&[1])).sign(&Key::number(0));
    let refused = chain.make(&[draft(1, vec![call])]).unwrap_err();
    assert_eq!(refused, Refusal::Block(BlockError::Message(MessageLayout)));
}
