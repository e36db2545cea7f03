//! The client, against a node that does not behave.

use std::{fs, os::unix::fs::PermissionsExt, time::Duration};

use alloy_primitives::{B256, U64, hex};
use ashlar_ethereum::{
    Account, AccountError, BlockAt, Call, Class, Client, ClientError, Limits, Wallet, WalletError,
    test_utils::{FakeNode, Reply},
};
use serde_json::{Value, json};

fn chain_id(reply: Reply) -> Result<u64, ClientError> {
    FakeNode::new(move |_, _| reply.clone()).client().chain_id()
}

#[test]
fn an_answer_is_read() {
    assert_eq!(chain_id(Reply::Result(json!("0x7a69"))).unwrap(), 31_337);
}

#[test]
fn what_passes_by_is_temporary() {
    let refused = Client::new("http://127.0.0.1:1").chain_id().unwrap_err();
    let too_many = Reply::Error(-32_005, "limit exceeded".into(), Value::Null);
    for error in [
        refused,
        chain_id(Reply::Drop).unwrap_err(),
        chain_id(Reply::Half).unwrap_err(),
        chain_id(Reply::Http(429, String::new())).unwrap_err(),
        chain_id(Reply::Http(500, String::new())).unwrap_err(),
        chain_id(Reply::Http(503, "<html>".into())).unwrap_err(),
        chain_id(too_many).unwrap_err(),
    ] {
        assert_eq!(error.class(), Class::Temporary, "{error}");
    }
}

#[test]
fn a_node_that_says_nothing_is_not_waited_for_for_ever() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let limits = Limits { timeout: Duration::from_millis(100), ..Limits::default() };
    let error = Client::with_limits(&url, limits).chain_id().unwrap_err();
    assert_eq!(error.class(), Class::Temporary, "{error}");
}

#[test]
fn what_stays_is_permanent() {
    for (error, part) in [
        (
            chain_id(Reply::Error(-32_601, "no such method".into(), Value::Null)).unwrap_err(),
            "no such method",
        ),
        (chain_id(Reply::Http(401, String::new())).unwrap_err(), "401"),
        (chain_id(Reply::Http(200, "<html>".into())).unwrap_err(), "not the expected"),
        (chain_id(Reply::WrongId(json!("0x1"))).unwrap_err(), "to the call"),
        (chain_id(Reply::Result(json!("one"))).unwrap_err(), "not the expected"),
        (chain_id(Reply::Result(Value::Null)).unwrap_err(), "no result"),
        (Client::new("nowhere").chain_id().unwrap_err(), "nowhere"),
    ] {
        assert_eq!(error.class(), Class::Permanent, "{error}");
        assert!(error.to_string().contains(part), "{part}: {error}");
    }
}

#[test]
fn a_giant_answer_is_not_read() {
    let node = FakeNode::new(|_, _| Reply::Result(json!("0".repeat(100_000))));
    let limits = Limits { answer_bytes: 10_000, ..Limits::default() };
    let error = Client::with_limits(node.url(), limits).chain_id().unwrap_err();
    assert!(matches!(error, ClientError::TooLong { limit: 10_000, .. }), "{error}");
    assert_eq!(error.class(), Class::Permanent);
}

#[test]
fn secrets_of_an_address_are_not_said() {
    let error = Client::new("http://user:secret@127.0.0.1:1/v3/secret?key=secret").chain_id().unwrap_err();
    assert!(!error.to_string().contains("secret") && error.to_string().contains("127.0.0.1:1"), "{error}");
}

fn calls(count: usize) -> Vec<Call> {
    (0..count).map(|number| Call::new("eth_getBlockByNumber", json!([number]))).collect()
}

#[test]
fn calls_together_are_answered_in_their_order() {
    let node = FakeNode::new(|_, params| Reply::Result(params[0].clone()));
    let results = node.client().call_all(&calls(250)).unwrap();
    assert_eq!(results, (0..250).map(|number| json!(number)).collect::<Vec<_>>());
    assert!(node.client().call_all(&[]).unwrap().is_empty());
}

#[test]
fn a_refused_call_leaves_the_others() {
    let node = FakeNode::new(|_, params| match params[0].as_u64() {
        Some(1) => Reply::Error(3, "execution reverted".into(), json!("0x01020304")),
        _ => Reply::Result(params[0].clone()),
    });
    let results = node.client().call_each(&calls(3)).unwrap();
    assert!(results[0].is_ok() && results[2].is_ok());
    let refusal = results[1].as_ref().unwrap_err().refusal().unwrap();
    assert!(refusal.is_revert());
    assert_eq!(refusal.revert_data().unwrap()[..], [1, 2, 3, 4]);
    node.client().call_all(&calls(3)).unwrap_err();
}

#[test]
fn answers_to_other_calls_are_refused() {
    let node = FakeNode::new(|_, params| match params[0].as_u64() {
        Some(1) => Reply::WrongId(json!(1)),
        _ => Reply::Result(params[0].clone()),
    });
    let error = node.client().call_each(&calls(3)).unwrap_err();
    assert!(matches!(error, ClientError::Answer { .. }), "{error}");
    let few = FakeNode::new(|_, _| Reply::Http(200, "[]".into()));
    let error = few.client().call_each(&calls(3)).unwrap_err();
    assert!(error.to_string().contains("0 answers to 3 calls"), "{error}");
    let one = r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"no batches"}}"#;
    let none = FakeNode::new(move |_, _| Reply::Http(200, one.into()));
    let error = none.client().call_each(&calls(3)).unwrap_err();
    assert!(error.to_string().contains("no batches"), "{error}");
}

#[test]
fn a_header_without_its_fields_is_none() {
    let node = FakeNode::new(|_, _| Reply::Result(json!({"number": "0x1"})));
    assert!(matches!(node.client().head(), Err(ClientError::Answer { .. })));
    let node = FakeNode::new(|_, _| Reply::Result(Value::Null));
    assert_eq!(node.client().header(BlockAt::Number(7)).unwrap(), None);
}

fn key_file(folder: &tempfile::TempDir, text: &str, mode: u32) -> std::path::PathBuf {
    let path = folder.path().join("key");
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    path
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("{:064x}\n", 0xa5a5_1234_u64);
    for mode in [0o644, 0o640, 0o604, 0o660] {
        let error = Account::from_file(&key_file(&folder, &text, mode)).unwrap_err();
        assert!(matches!(error, AccountError::Permissions(_)), "{error}");
    }
    Account::from_file(&key_file(&folder, &text, 0o600)).unwrap();
    Account::from_file(&key_file(&folder, &format!("0x{text}"), 0o400)).unwrap();
    for bad in ["", "zz", &"0".repeat(64), &"f".repeat(64)] {
        let error = Account::from_file(&key_file(&folder, bad, 0o600)).unwrap_err();
        assert!(matches!(error, AccountError::Key(_)), "{error}");
    }
    assert!(Account::from_environment("ASHLAR_NO_SUCH_KEY").is_err());
}

#[test]
fn a_well_known_key_is_refused_where_money_is_none() {
    let folder = tempfile::tempdir().unwrap();
    // The keys that anvil prints.
    for key in [
        "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
        "df57089febbacf7ba0bc227dafbffa9fc08a93fdc68e1e42411a14efcf23656e",
    ] {
        let account = Account::from_file(&key_file(&folder, key, 0o600)).unwrap();
        account.check_chain(31_337).unwrap();
        account.check_chain(1_337).unwrap();
        for chain_id in [1, 10, 11_155_111, 17_000, 0] {
            let error = account.check_chain(chain_id).unwrap_err();
            assert!(matches!(error, AccountError::WellKnown { .. }), "{error}");
        }
        let mainnet = FakeNode::new(|_, _| Reply::Result(json!("0x1")));
        let refused = Wallet::with_key(mainnet.client(), account, 1);
        assert!(matches!(refused, Err(WalletError::Account(AccountError::WellKnown { .. }))));
    }
    let own = Account::from_file(&key_file(&folder, &hex::encode(B256::repeat_byte(7)), 0o600)).unwrap();
    own.check_chain(1).unwrap();
    assert!(!format!("{own:?}").contains("0707070707"), "the key is not printed");
}

#[test]
fn a_price_above_the_limit_sends_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let account = Account::from_file(&key_file(&folder, &"07".repeat(32), 0o600)).unwrap();
    let node = FakeNode::new(|method, _| {
        Reply::Result(match method {
            "eth_getBlockByNumber" => json!({
                "number": "0x1", "hash": B256::ZERO, "parentHash": B256::ZERO, "timestamp": "0x1",
                "baseFeePerGas": U64::from(100),
            }),
            _ => json!("0x1"),
        })
    });
    let wallet = Wallet::with_key(node.client(), account, 100).unwrap();
    let error = wallet.send(None, &Default::default(), Default::default()).unwrap_err();
    assert!(matches!(error, WalletError::Fees(_)), "{error}");
    assert!(node.calls().iter().all(|(method, _)| !method.contains("send")));
}
