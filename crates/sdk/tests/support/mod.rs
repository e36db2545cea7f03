//! An Ethereum and a rollup's node that say what a test wants, about one chain with one batch.
#![allow(dead_code)] // Each test uses a part.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard},
};

use alloy_consensus::{SignableTransaction, Transaction, TxEip1559, TxEnvelope};
use alloy_eips::eip2718::{Decodable2718, Encodable2718};
use alloy_primitives::{Address, B256, Bytes, LogData, Selector, TxKind, U64, U256, hex, keccak256};
use alloy_sol_types::{SolCall, SolEvent, SolValue, sol};
use ashlar_ethereum::{
    Account, Wallet,
    test_utils::{FakeNode, Reply},
};
use ashlar_primitives::rollup::{L2Log, LogTree, MESSENGER, Operation, batch_root};
use ashlar_sdk::{Chain, ConnectError, ETHER, Withdrawal};
use ashlar_settlement::{
    L2_ASSET_ROUTER, L2_VAULT, WRAPPED_BASE_TOKEN,
    abi::{
        chain::RollupChain, hub::Bridgehub, l2_router::L2AssetRouter, l2_vault::L2Vault,
        message_root::MessageRoot, messenger::Messenger, router::AssetRouter, vault::Vault,
    },
    asset_id,
};
use k256::ecdsa::SigningKey;
use serde_json::{Value, json};

pub(crate) const CHAIN_ID: u64 = 271_828;
pub(crate) const L1_CHAIN_ID: u64 = 31_337;
pub(crate) const HUB: Address = Address::repeat_byte(0x10);
pub(crate) const ROUTER: Address = Address::repeat_byte(0x11);
pub(crate) const VAULT: Address = Address::repeat_byte(0x12);
pub(crate) const ROOTS: Address = Address::repeat_byte(0x13);
pub(crate) const VERSIONS: Address = Address::repeat_byte(0x14);
pub(crate) const CHAIN: Address = Address::repeat_byte(0x15);
/// An ERC-20 on Ethereum, and its representation.
pub(crate) const TOKEN: Address = Address::repeat_byte(0x20);
pub(crate) const L2_TOKEN: Address = Address::repeat_byte(0x21);
pub(crate) const PRICE: u64 = 1_000_000;

sol! {
    interface Token {
        function name() external view returns (string);
        function symbol() external view returns (string);
        function decimals() external view returns (uint8);
        function balanceOf(address account) external view returns (uint256);
        function allowance(address owner, address spender) external view returns (uint256);
        function approve(address spender, uint256 amount) external returns (bool);
    }
}

/// What both nodes say.
pub(crate) struct State {
    /// `ashlar_chain`.
    pub(crate) facts: Value,
    pub l1_id: u64,
    pub l2_id: u64,
    /// Answers of contracts on Ethereum, by address and selector.
    pub(crate) views: BTreeMap<(Address, [u8; 4]), Bytes>,
    pub l1_code: BTreeMap<Address, Bytes>,
    pub l2_code: BTreeMap<Address, Bytes>,
    pub(crate) allowance: U256,
    pub(crate) token_balance: U256,
    pub(crate) balance: U256,
    pub(crate) roots: BTreeMap<u64, B256>,
    pub(crate) progress: [u64; 3],
    pub(crate) paid: BTreeSet<(u64, U256)>,
    pub(crate) records: BTreeMap<B256, B256>,
    /// Calls that were sent to Ethereum, and to the chain.
    pub(crate) sent: Vec<(Address, Bytes, U256)>,
    pub sent_l2: Vec<(Address, Bytes, U256)>,
    pub(crate) receipts: BTreeMap<B256, Value>,
    pub l2_receipts: BTreeMap<B256, Value>,
    /// What Ethereum says to an estimate; then, what has changed when it has said it.
    pub l1_estimate: Reply,
    pub(crate) after_estimate: Option<fn(&mut State)>,
    pub l2_estimate: Reply,
    pub(crate) messages: BTreeMap<(B256, u64), Value>,
    pub(crate) raw: BTreeMap<B256, Bytes>,
    pub(crate) withdrawals: Value,
    pub(crate) operations: BTreeMap<B256, Value>,
    pub(crate) transaction_status: Value,
    pub(crate) batch_of_block: Value,
    /// The rollup's node answers with this HTTP status, so many times.
    pub(crate) away: u32,
    next_operation: u64,
}

pub(crate) struct World {
    pub l1: FakeNode,
    pub l2: FakeNode,
    state: Arc<Mutex<State>>,
}

pub(crate) fn quantity(number: u64) -> Value {
    json!(U64::from(number))
}

pub(crate) fn key() -> SigningKey {
    SigningKey::from_slice(keccak256("a user of the sdk").as_slice()).unwrap()
}

pub(crate) fn user() -> Address {
    Account::from(key()).address()
}

pub(crate) fn ether_asset() -> B256 {
    asset_id(L1_CHAIN_ID, ETHER)
}

pub(crate) fn token_asset() -> B256 {
    asset_id(L1_CHAIN_ID, TOKEN)
}

impl World {
    pub(crate) fn new() -> Self {
        let state = Arc::new(Mutex::new(State::new()));
        let (one, two) = (state.clone(), state.clone());
        let l1 = FakeNode::new(move |method, params| one.lock().unwrap().l1(method, params));
        let l2 = FakeNode::new(move |method, params| two.lock().unwrap().l2(method, params));
        Self { l1, l2, state }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(crate) fn connect(&self) -> Result<Chain, ConnectError> {
        Chain::connect(self.l2.url(), self.l1.url())
    }

    pub(crate) fn chain(&self) -> Chain {
        self.connect().unwrap()
    }

    pub(crate) fn l1_wallet(&self) -> Wallet {
        Wallet::with_key(self.l1.client(), key().into(), 1_000_000_000).unwrap()
    }

    pub(crate) fn l2_wallet(&self) -> Wallet {
        Wallet::with_key(self.l2.client(), key().into(), 1_000_000_000).unwrap()
    }

    pub(crate) fn sent(&self) -> Vec<(Address, Bytes, U256)> {
        self.state().sent.clone()
    }
}

fn word(value: impl SolValue) -> Bytes {
    value.abi_encode().into()
}

impl State {
    fn new() -> Self {
        let mut state = Self {
            facts: json!({
                "chainId": quantity(CHAIN_ID), "configHash": B256::repeat_byte(0xcc), "config": {},
                "l1ChainId": quantity(L1_CHAIN_ID), "genesisHash": B256::repeat_byte(0xdd),
                "contracts": {
                    "bridgehub": HUB, "assetRouter": ROUTER, "vault": VAULT, "messageRoot": ROOTS,
                    "protocolVersions": VERSIONS, "chain": CHAIN,
                },
                "predeploys": {
                    "messenger": MESSENGER, "assetRouter": L2_ASSET_ROUTER, "vault": L2_VAULT,
                    "wrappedBaseToken": WRAPPED_BASE_TOKEN,
                },
                "baseAssetId": ether_asset(),
            }),
            l1_id: L1_CHAIN_ID,
            l2_id: CHAIN_ID,
            views: BTreeMap::new(),
            l1_code: BTreeMap::from([(TOKEN, Bytes::from_static(&[0]))]),
            l2_code: BTreeMap::from([(L2_TOKEN, Bytes::from_static(&[0]))]),
            allowance: U256::ZERO,
            token_balance: U256::from(1_000_000),
            balance: U256::from(10).pow(U256::from(19)),
            roots: BTreeMap::new(),
            progress: [0; 3],
            paid: BTreeSet::new(),
            records: BTreeMap::new(),
            sent: Vec::new(),
            sent_l2: Vec::new(),
            receipts: BTreeMap::new(),
            l2_receipts: BTreeMap::new(),
            l1_estimate: Reply::Result(quantity(100_000)),
            after_estimate: None,
            l2_estimate: Reply::Result(quantity(400_000)),
            messages: BTreeMap::new(),
            raw: BTreeMap::new(),
            withdrawals: json!([]),
            operations: BTreeMap::new(),
            transaction_status: Value::Null,
            batch_of_block: Value::Null,
            away: 0,
            next_operation: 7,
        };
        state.view(HUB, Bridgehub::chainOfCall::SELECTOR, CHAIN);
        state.view(HUB, Bridgehub::routerCall::SELECTOR, ROUTER);
        state.view(HUB, Bridgehub::messageRootCall::SELECTOR, ROOTS);
        state.view(HUB, Bridgehub::versionsCall::SELECTOR, VERSIONS);
        state.view(HUB, Bridgehub::baseAssetOfCall::SELECTOR, ether_asset());
        state.view(ROUTER, AssetRouter::hubCall::SELECTOR, HUB);
        state.view(ROUTER, AssetRouter::messageRootCall::SELECTOR, ROOTS);
        state.view(ROUTER, AssetRouter::vaultCall::SELECTOR, VAULT);
        state.view(VAULT, Vault::routerCall::SELECTOR, ROUTER);
        state.view(VAULT, Vault::tokenOfCall::SELECTOR, ETHER);
        state.view(VAULT, Vault::assetIdOfCall::SELECTOR, ether_asset());
        state.view(CHAIN, RollupChain::chainIdCall::SELECTOR, U256::from(CHAIN_ID));
        state.view(CHAIN, RollupChain::configHashCall::SELECTOR, B256::repeat_byte(0xcc));
        state.view(CHAIN, RollupChain::gasPriceCall::SELECTOR, U256::from(PRICE));
        state.view(CHAIN, RollupChain::requestGasLimitCall::SELECTOR, U256::from(1 << 24));
        state.view(TOKEN, Token::nameCall::SELECTOR, "Token".to_owned());
        state.view(TOKEN, Token::symbolCall::SELECTOR, "TKN".to_owned());
        state.view(TOKEN, Token::decimalsCall::SELECTOR, U256::from(6));
        state
    }

    pub(crate) fn view(&mut self, contract: Address, selector: [u8; 4], answer: impl SolValue) {
        self.views.insert((contract, selector), word(answer));
    }

    fn l1(&mut self, method: &str, params: &Value) -> Reply {
        Reply::Result(match method {
            "eth_chainId" => quantity(self.l1_id),
            "eth_call" => return self.l1_call(&params[0]),
            "eth_getCode" => json!(self.l1_code.get(&address(&params[0])).cloned().unwrap_or_default()),
            "eth_estimateGas" => {
                let reply = self.l1_estimate.clone();
                if let Some(change) = self.after_estimate.take() {
                    change(self);
                }
                return reply;
            }
            "eth_sendRawTransaction" => json!(self.l1_send(&params[0])),
            "eth_getTransactionReceipt" => found(&self.receipts, &params[0]),
            _ => return self.common(method),
        })
    }

    /// What both kinds of nodes say alike.
    fn common(&self, method: &str) -> Reply {
        Reply::Result(match method {
            "eth_getBalance" => json!(self.balance),
            "eth_getTransactionCount" => quantity(self.sent.len() as u64),
            "eth_maxPriorityFeePerGas" => quantity(1),
            "eth_getBlockByNumber" => json!({
                "number": "0x1", "hash": B256::ZERO, "parentHash": B256::ZERO, "timestamp": "0x1",
                "baseFeePerGas": "0x7",
            }),
            _ => return Reply::Error(-32_601, format!("the method {method} does not exist"), Value::Null),
        })
    }

    fn l1_call(&self, call: &Value) -> Reply {
        let (to, input) = (address(&call["to"]), bytes(&call["input"]));
        let selector: [u8; 4] = input[..4].try_into().unwrap();
        let answer = match (to, selector) {
            (ROOTS, MessageRoot::batchRootCall::SELECTOR) => {
                let call = MessageRoot::batchRootCall::abi_decode(&input).unwrap();
                word(self.roots.get(&call.batch).copied().unwrap_or_default())
            }
            (ROUTER, AssetRouter::isFinalizedCall::SELECTOR) => {
                let call = AssetRouter::isFinalizedCall::abi_decode(&input).unwrap();
                word(self.paid.contains(&(call.batch, call.index)))
            }
            (ROUTER, AssetRouter::depositRecordCall::SELECTOR) => {
                let call = AssetRouter::depositRecordCall::abi_decode(&input).unwrap();
                word(self.records.get(&call.operation).copied().unwrap_or_default())
            }
            (CHAIN, RollupChain::progressCall::SELECTOR) => {
                let [committed, proven, executed] = self.progress.map(U256::from);
                word((committed, proven, executed, U256::ZERO, U256::ZERO, U256::ZERO))
            }
            (TOKEN, Token::balanceOfCall::SELECTOR) => word(self.token_balance),
            (TOKEN, Token::allowanceCall::SELECTOR) => word(self.allowance),
            _ => self.views.get(&(to, selector)).cloned().unwrap_or_default(),
        };
        Reply::Result(json!(answer))
    }

    fn l1_send(&mut self, raw: &Value) -> B256 {
        let raw = bytes(raw);
        let transaction = TxEnvelope::decode_2718(&mut raw.as_ref()).unwrap();
        let (to, input, value) =
            (transaction.to().unwrap(), transaction.input().clone(), transaction.value());
        let hash = *transaction.tx_hash();
        self.sent.push((to, input.clone(), value));
        let selector: [u8; 4] = input[..4].try_into().unwrap();
        let logs = match (to, selector) {
            (TOKEN, Token::approveCall::SELECTOR) => {
                self.allowance = Token::approveCall::abi_decode(&input).unwrap().amount;
                Vec::new()
            }
            (HUB, Bridgehub::requestL2TransactionCall::SELECTOR) => {
                let request = Bridgehub::requestL2TransactionCall::abi_decode(&input).unwrap().request;
                let (operation, log) = self.operation(request.to, request.value, request.gasLimit);
                drop(operation);
                vec![log]
            }
            (ROUTER, AssetRouter::depositCall::SELECTOR) => {
                let request = AssetRouter::depositCall::abi_decode(&input).unwrap().request;
                let (operation, log) = self.operation(L2_ASSET_ROUTER, U256::ZERO, request.gasLimit);
                let hash = operation.hash();
                let record = keccak256((user(), token_asset(), request.amount).abi_encode());
                self.records.insert(hash, record);
                let deposit = AssetRouter::DepositRequested {
                    chainId: U256::from(CHAIN_ID),
                    operation: hash,
                    sender: user(),
                    receiver: request.receiver,
                    assetId: token_asset(),
                    amount: request.amount,
                };
                vec![log, (ROUTER, deposit.encode_log_data())]
            }
            (ROUTER, AssetRouter::finalizeWithdrawalCall::SELECTOR) => {
                let call = AssetRouter::finalizeWithdrawalCall::abi_decode(&input).unwrap();
                self.paid.insert((call.proof.batch, call.proof.index));
                Vec::new()
            }
            (ROUTER, AssetRouter::recoverDepositCall::SELECTOR) => {
                let call = AssetRouter::recoverDepositCall::abi_decode(&input).unwrap();
                self.records.remove(&call.operation);
                Vec::new()
            }
            other => panic!("nobody sends {other:?}"),
        };
        self.receipts.insert(hash, receipt(hash, 5, 90_000, &logs));
        hash
    }

    fn operation(&mut self, to: Address, value: U256, gas_limit: u64) -> (Operation, (Address, LogData)) {
        let operation = Operation {
            chain_id: CHAIN_ID,
            id: self.next_operation,
            from: user(),
            to,
            value,
            mint: U256::ZERO,
            gas_limit,
            gas_price: PRICE.into(),
            refund_recipient: user(),
            data: Bytes::new(),
        };
        let event = RollupChain::OperationRequested {
            id: operation.id,
            hash: operation.hash(),
            deadline: 1_000,
            encoded: operation.encode().into(),
        };
        (operation, (CHAIN, event.encode_log_data()))
    }

    fn l2(&mut self, method: &str, params: &Value) -> Reply {
        if self.away > 0 && method != "eth_chainId" {
            self.away -= 1;
            return Reply::Http(503, String::new());
        }
        Reply::Result(match method {
            "eth_chainId" => quantity(self.l2_id),
            "ashlar_chain" => self.facts.clone(),
            "ashlar_messageProof" => {
                let index: U64 = serde_json::from_value(params[1].clone()).unwrap();
                self.messages.get(&(hash(&params[0]), index.to())).cloned().unwrap_or_default()
            }
            "ashlar_operation" => found(&self.operations, &params[0]),
            "ashlar_withdrawals" => self.withdrawals.clone(),
            "ashlar_transactionStatus" => self.transaction_status.clone(),
            "ashlar_batchOfBlock" => self.batch_of_block.clone(),
            "eth_getRawTransactionByHash" => found(&self.raw, &params[0]),
            "eth_getTransactionReceipt" => found(&self.l2_receipts, &params[0]),
            "eth_getCode" => json!(self.l2_code.get(&address(&params[0])).cloned().unwrap_or_default()),
            "eth_estimateGas" => return self.l2_estimate.clone(),
            "eth_call" => return self.l2_call(&params[0]),
            "eth_sendRawTransaction" => json!(self.l2_send(&params[0])),
            _ => return self.common(method),
        })
    }

    fn l2_call(&self, call: &Value) -> Reply {
        let (to, input) = (address(&call["to"]), bytes(&call["input"]));
        let selector: [u8; 4] = input[..4].try_into().unwrap();
        Reply::Result(json!(match (to, selector) {
            (L2_VAULT, L2Vault::tokenAddressCall::SELECTOR) => word(L2_TOKEN),
            (L2_TOKEN, Token::balanceOfCall::SELECTOR) => word(self.token_balance),
            other => panic!("nobody asks {other:?}"),
        }))
    }

    fn l2_send(&mut self, raw: &Value) -> B256 {
        let raw = bytes(raw);
        let transaction = TxEnvelope::decode_2718(&mut raw.as_ref()).unwrap();
        let hash = *transaction.tx_hash();
        let (to, input) = (transaction.to().unwrap(), transaction.input().clone());
        self.sent_l2.push((to, input.clone(), transaction.value()));
        let call = L2AssetRouter::withdrawCall::abi_decode(&input).unwrap();
        let withdrawal = Withdrawal { asset: call.assetId, receiver: call.receiver, amount: call.amount };
        let message = withdrawal.message();
        let other = message_log(user(), &[1, 2, 3]);
        let logs = [other, message_log(L2_ASSET_ROUTER, &message)];
        self.l2_receipts.insert(hash, receipt(hash, 9, 50_000, &logs));
        hash
    }
}

/// The messenger's event of a message.
pub(crate) fn message_log(sender: Address, message: &[u8]) -> (Address, LogData) {
    let event = Messenger::L1MessageSent {
        sender,
        hash: keccak256(message),
        message: Bytes::copy_from_slice(message),
    };
    (MESSENGER, event.encode_log_data())
}

pub(crate) fn receipt(hash: B256, block: u64, gas: u64, logs: &[(Address, LogData)]) -> Value {
    let logs: Vec<Value> = (0..)
        .zip(logs)
        .map(|(index, (address, data))| {
            json!({
                "address": address, "topics": data.topics(), "data": data.data, "blockNumber": quantity(block),
                "blockHash": B256::ZERO, "transactionHash": hash, "logIndex": quantity(index),
            })
        })
        .collect();
    json!({
        "transactionHash": hash, "blockNumber": quantity(block), "blockHash": B256::ZERO, "status": "0x1",
        "gasUsed": quantity(gas), "contractAddress": null, "from": user(), "logs": logs,
    })
}

fn found<T: serde::Serialize>(map: &BTreeMap<B256, T>, key: &Value) -> Value {
    map.get(&hash(key)).map(|value| json!(value)).unwrap_or_default()
}

fn hash(value: &Value) -> B256 {
    value.as_str().unwrap().parse().unwrap()
}

fn address(value: &Value) -> Address {
    value.as_str().unwrap().parse().unwrap()
}

fn bytes(value: &Value) -> Bytes {
    hex::decode(value.as_str().unwrap()).unwrap().into()
}

/// A signed call on the chain: its hash and bytes.
pub(crate) fn signed(to: Address, input: Bytes) -> (B256, Bytes) {
    let transaction = TxEip1559 {
        chain_id: CHAIN_ID,
        gas_limit: 100_000,
        to: TxKind::Call(to),
        input,
        ..TxEip1559::default()
    };
    let signature = key().sign_prehash_recoverable(transaction.signature_hash().as_slice()).unwrap();
    let signed = TxEnvelope::from(transaction.into_signed(signature.into()));
    (*signed.tx_hash(), signed.encoded_2718().into())
}

/// The call that makes a withdrawal.
pub(crate) fn withdraw_call(withdrawal: &Withdrawal) -> Bytes {
    let Withdrawal { asset, receiver, amount } = *withdrawal;
    L2AssetRouter::withdrawCall { assetId: asset, amount, receiver }.abi_encode().into()
}

/// Fields of a log's answer, for the log with this index of these.
pub(crate) fn log_answer(logs: &[L2Log], index: usize, batch: u64, status: &str) -> Value {
    let tree = LogTree::new(logs.iter().map(L2Log::leaf).collect()).unwrap();
    json!({
        "transactionIndex": quantity(logs[index].transaction_index.into()), "status": status,
        "batch": quantity(batch), "logIndex": quantity(index as u64), "siblings": tree.proof(index).unwrap(),
    })
}

pub(crate) fn root(logs: &[L2Log]) -> B256 {
    let tree = LogTree::new(logs.iter().map(L2Log::leaf).collect()).unwrap();
    batch_root(&tree.root())
}

/// Data of a contract's error without arguments that matter.
pub(crate) fn error_data(signature: &str) -> Value {
    let selector: Selector = keccak256(signature)[..4].try_into().unwrap();
    json!(Bytes::copy_from_slice(&[selector.as_slice(), &[0; 96]].concat()))
}

pub(crate) fn reverts(signature: &str) -> Reply {
    Reply::Error(3, "execution reverted".into(), error_data(signature))
}
