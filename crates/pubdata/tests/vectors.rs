//! Against `specs/vectors/pubdata.json`.

mod common;

use alloy_eips::eip2935::HISTORY_STORAGE_ADDRESS;
use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256, keccak256};
use ashlar_pubdata::{
    AccountAfter, AccountBefore, AccountDiff, ApplyError, Change, ChangeFault, Code, DecodeError, LastHeader,
    LogBody, Pubdata, PublishedLog, StateReader,
};
use common::{address, bytes, hash, header, list, number, pubdata_vectors, text, u64};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

#[derive(Default)]
struct State {
    accounts: BTreeMap<Address, AccountBefore>,
    slots: BTreeMap<(Address, U256), U256>,
}

impl StateReader for State {
    type Error = Infallible;

    fn account(&mut self, address: &Address) -> Result<AccountBefore, Infallible> {
        Ok(self.accounts.get(address).copied().unwrap_or_default())
    }

    fn slot(&mut self, address: &Address, key: &U256) -> Result<U256, Infallible> {
        Ok(self.slots.get(&(*address, *key)).copied().unwrap_or_default())
    }
}

fn state(accounts: &Value) -> State {
    let mut state = State::default();
    for account in list(accounts) {
        let at = address(&account["address"]);
        let before = AccountBefore {
            nonce: u64(&account["nonceBefore"]),
            balance: number(&account["balanceBefore"]),
            code_hash: keccak256(bytes(&account["codeBefore"])),
        };
        state.accounts.insert(at, before);
        for slot in list(&account["slots"]) {
            state.slots.insert((at, number(&slot["key"])), number(&slot["before"]));
        }
    }
    state
}

/// What an implementation makes of values before and after: what does not change falls out.
fn diff(account: &Value) -> Option<AccountDiff> {
    let changed = |name: &str| {
        let (before, after) = (&account[format!("{name}Before")], &account[format!("{name}After")]);
        (before != after).then_some(after)
    };
    let mut slots: Vec<_> = list(&account["slots"])
        .iter()
        .filter_map(|slot| {
            Some((number(&slot["key"]), Change::between(&number(&slot["before"]), &number(&slot["after"]))?))
        })
        .collect();
    slots.sort_unstable_by_key(|(key, _)| *key);
    let diff = AccountDiff {
        address: address(&account["address"]),
        nonce: changed("nonce").map(u64),
        balance: Change::between(&number(&account["balanceBefore"]), &number(&account["balanceAfter"])),
        code: changed("code").map(|code| Code::new(bytes(code))),
        slots,
    };
    let unchanged =
        diff.nonce.is_none() && diff.balance.is_none() && diff.code.is_none() && diff.slots.is_empty();
    (!unchanged).then_some(diff)
}

fn log(value: &Value) -> PublishedLog {
    let body = if value["message"].is_string() {
        LogBody::Message { sender: address(&value["sender"]), message: bytes(&value["message"]) }
    } else {
        LogBody::Status { success: text(&value["status"]) == "1", operation: hash(&value["operation"]) }
    };
    PublishedLog { transaction: u64(&value["transaction"]) as u16, body }
}

fn pubdata(batch: &Value) -> Pubdata {
    let mut accounts: Vec<_> = list(&batch["accounts"]).iter().filter_map(diff).collect();
    accounts.sort_unstable_by_key(|account| account.address);
    Pubdata {
        header: header(&batch["header"]),
        hashes: list(&batch["hashes"]).iter().map(hash).collect(),
        logs: list(&batch["logs"]).iter().map(log).collect(),
        accounts,
    }
}

#[test]
fn batches_encode_to_the_vectors_and_back() {
    for batch in list(&pubdata_vectors()["batches"]) {
        let (values, encoded) = (pubdata(batch), bytes(&batch["bytes"]));
        assert_eq!(Bytes::from(values.encode().unwrap()), encoded, "{}", batch["name"]);
        assert_eq!(Pubdata::decode(&encoded).unwrap(), values, "{}", batch["name"]);
    }
}

#[test]
fn last_headers_are_rebuilt_and_others_refused() {
    for batch in list(&pubdata_vectors()["batches"]) {
        let decoded = Pubdata::decode(&bytes(&batch["bytes"])).unwrap().header;
        let (limit, fee) = (u64(&batch["header"]["gasLimit"]), u64(&batch["header"]["baseFee"]));
        let commitment = hash(&batch["lastHeaderHash"]);
        assert_eq!(decoded.verify(limit, fee, commitment).unwrap().hash_slow(), commitment);
        // Each field counts.
        let changes: [fn(&mut LastHeader); 10] = [
            |header| header.number ^= 1,
            |header| header.timestamp ^= 1,
            |header| header.gas_used ^= 1,
            |header| header.excess_gas ^= 1,
            |header| header.beneficiary[19] ^= 1,
            |header| header.parent_hash[0] ^= 1,
            |header| header.transactions_root[0] ^= 1,
            |header| header.receipts_root[0] ^= 1,
            |header| header.state_root[31] ^= 1,
            |header| header.logs_bloom[255] ^= 1,
        ];
        for change in changes {
            let mut other = decoded.clone();
            change(&mut other);
            let refused = other.verify(limit, fee, commitment).unwrap_err();
            assert_eq!((refused.commitment, refused.rebuilt != commitment), (commitment, true));
        }
        decoded.verify(limit ^ 1, fee, commitment).unwrap_err();
        decoded.verify(limit, fee ^ 1, commitment).unwrap_err();
        decoded.verify(limit, fee, B256::ZERO).unwrap_err();
    }
}

#[test]
fn applied_to_the_state_before_they_give_the_state_after() {
    for batch in list(&pubdata_vectors()["batches"]) {
        let decoded = Pubdata::decode(&bytes(&batch["bytes"])).unwrap();
        let keeps_history = batch["keepsHistory"].as_bool().unwrap();
        let mut state = state(&batch["accounts"]);
        let after = decoded.apply(&mut state, &hash(&batch["commitmentBefore"]), keeps_history).unwrap();
        assert!(after.is_sorted_by(|a, b| a.address < b.address));
        let listed = list(&batch["accounts"]);
        let history = list(&batch["historySlots"]);
        for account in &after {
            let value = listed.iter().find(|value| address(&value["address"]) == account.address);
            assert_account(account, value, history);
        }
        let mut expected: BTreeSet<Address> =
            listed.iter().filter_map(diff).map(|account| account.address).collect();
        if !history.is_empty() {
            expected.insert(HISTORY_STORAGE_ADDRESS);
        }
        assert_eq!(after.iter().map(|account| account.address).collect::<BTreeSet<_>>(), expected);
    }
}

fn assert_account(account: &AccountAfter<'_>, value: Option<&Value>, history: &[Value]) {
    let (mut slots, mut code) = (BTreeMap::new(), Bytes::new());
    if let Some(value) = value {
        assert_eq!(account.nonce, u64(&value["nonceAfter"]));
        assert_eq!(account.balance, number(&value["balanceAfter"]));
        code = bytes(&value["codeAfter"]);
        assert_eq!(account.code.is_some(), value["codeBefore"] != value["codeAfter"]);
        let changed = list(&value["slots"]).iter().filter(|slot| slot["before"] != slot["after"]);
        slots.extend(changed.map(|slot| (number(&slot["key"]), number(&slot["after"]))));
    }
    assert_eq!(account.code_hash, keccak256(&code));
    assert!(account.code.is_none_or(|after| after.bytes() == &code));
    if account.address == HISTORY_STORAGE_ADDRESS {
        slots.extend(history.iter().map(|slot| (number(&slot["key"]), number(&slot["value"]))));
    }
    assert_eq!(account.slots, slots.into_iter().collect::<Vec<_>>());
    let empty = account.nonce == 0 && account.balance.is_zero() && account.code_hash == KECCAK256_EMPTY;
    assert_eq!(account.is_absent(), empty);
}

fn name(error: &impl std::fmt::Debug) -> String {
    format!("{error:?}").chars().take_while(|c| c.is_alphanumeric()).collect()
}

#[test]
fn bytes_that_no_batch_has_are_refused_for_their_reason() {
    let expected = BTreeMap::from([
        ("nothing", "End"),
        ("only a version", "End"),
        ("version 0", "Version"),
        ("version 2", "Version"),
        ("a byte behind the end", "Trailing"),
        ("a byte missing", "End"),
        ("number not in the fewest bytes", "Varint"),
        ("number of ten bytes above 64 bits", "Varint"),
        ("number of eleven bytes", "Varint"),
        ("count not in the fewest bytes", "Varint"),
        ("zero byte of the bloom", "Bloom"),
        ("byte of the bloom missing", "End"),
        ("as many blocks before as the number", "HashCount"),
        ("more hashes than bytes", "Count"),
        ("the last hash is not the parent", "ParentHash"),
        ("log of kind 2", "LogKind"),
        ("status 2", "LogStatus"),
        ("logs out of order", "LogOrder"),
        ("message behind a status", "LogOrder"),
        ("two statuses of a transaction", "LogOrder"),
        ("log of transaction 65,535", "LogOrder"),
        ("message longer than the bytes", "Count"),
        ("message length not in the fewest bytes", "Varint"),
        ("the same account twice", "AccountOrder"),
        ("accounts out of order", "AccountOrder"),
        ("no flag", "Flags"),
        ("unknown flag", "Flags"),
        ("nonce not in the fewest bytes", "Varint"),
        ("change of kind 3", "Change"),
        ("change of 33 bytes", "Change"),
        ("number with a leading zero", "LeadingZero"),
        ("value with a zero byte for zero", "LeadingZero"),
        ("sum with nothing", "Change"),
        ("difference of nothing", "Change"),
        ("sum of 32 bytes", "Change"),
        ("difference of 32 bytes", "Change"),
        ("code named that did not stand before", "CodeIndex"),
        ("code repeated", "CodeRepeated"),
        ("second code named where one stood", "CodeIndex"),
        ("empty code repeated", "CodeRepeated"),
        ("no slots", "NoSlots"),
        ("the same slot twice", "Slot"),
        ("slots out of order", "Slot"),
        ("shared of 32", "Slot"),
        ("shared too small", "Slot"),
        ("shared too small between keys", "Slot"),
        ("shared too large", "Slot"),
    ]);
    let vectors = pubdata_vectors();
    let refused = list(&vectors["refused"]);
    assert_eq!(refused.len(), expected.len());
    for case in refused {
        let error = Pubdata::decode(&bytes(&case["bytes"])).unwrap_err();
        assert_eq!(name(&error), expected[text(&case["name"])], "{}: {error}", case["name"]);
    }
}

#[test]
fn pubdata_that_do_not_follow_from_the_state_are_refused() {
    for case in list(&pubdata_vectors()["misapplied"]) {
        let decoded = Pubdata::decode(&bytes(&case["bytes"])).unwrap();
        let mut state = state(&case["accounts"]);
        let parent = hash(&case["commitmentBefore"]);
        let error = decoded.apply(&mut state, &parent, true).unwrap_err();
        let unchanged = ChangeFault::Unchanged;
        let at = address(&case["accounts"][0]["address"]);
        let expected = match text(&case["name"]) {
            "nonce that does not change" => ApplyError::Nonce(at),
            "balance that does not change" => ApplyError::Balance(at, unchanged),
            "value where a sum is shorter"
            | "sum as long as the value"
            | "difference as long as the value" => ApplyError::Balance(at, ChangeFault::NotShortest),
            "code that does not change" | "empty code where none was" => ApplyError::Code(at),
            "slot that does not change" | "zero where zero was" => {
                ApplyError::Slot(at, U256::from(2), unchanged)
            }
            "slot that is derived" => ApplyError::DerivedSlot(U256::from(8)),
            "slot that is derived of an earlier block" => ApplyError::DerivedSlot(U256::from(6)),
            other => panic!("unknown case {other}"),
        };
        assert_eq!(error, expected, "{}", case["name"]);
    }
}

#[test]
fn the_only_block_of_a_batch_has_the_commitment_before_as_its_parent() {
    let values = Pubdata {
        header: common::plain_header(9, B256::repeat_byte(1)),
        hashes: vec![],
        logs: vec![],
        accounts: vec![],
    };
    let mut state = State::default();
    let parent = B256::repeat_byte(1);
    let after = values.apply(&mut state, &parent, true).unwrap();
    assert_eq!((after.len(), after[0].slots[0].0), (1, U256::from(8)));
    assert!(values.apply(&mut state, &parent, false).unwrap().is_empty());
    let error = values.apply(&mut state, &B256::ZERO, false).unwrap_err();
    assert_eq!(error, ApplyError::ParentHash);
}

#[test]
fn a_header_of_block_zero_is_refused() {
    let values = |number| Pubdata {
        header: common::plain_header(number, B256::ZERO),
        hashes: vec![],
        logs: vec![],
        accounts: vec![],
    };
    let mut encoded = values(1).encode().unwrap();
    values(0).encode().unwrap_err();
    encoded[1] = 0;
    assert_eq!(Pubdata::decode(&encoded), Err(DecodeError::HashCount { hashes: 0, number: 0 }));
    // Values that did not come out of the decoder end in an error too.
    let error = values(0).apply(&mut State::default(), &B256::ZERO, true).unwrap_err();
    assert_eq!(error, ApplyError::HashCount { hashes: 0, number: 0 });
}
