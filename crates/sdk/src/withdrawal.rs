//! Assets from a chain to Ethereum: sending them off (`specs/021-bridge.md`, "Withdrawal").

use crate::{
    chain::{Chain, OtherChain},
    error::ReadError,
    receipt::Events,
    token::balance,
};
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolCall;
use ashlar_ethereum::{Wallet, WalletError};
use ashlar_primitives::rollup::MESSENGER;
use ashlar_settlement::{
    ETHER, L2_ASSET_ROUTER,
    abi::{
        l2_router::L2AssetRouter::{self, L2AssetRouterErrors},
        l2_vault::L2Vault::L2VaultErrors,
        messenger::Messenger,
    },
};
use thiserror::Error;

/// First byte of a withdrawal's message.
const WITHDRAWAL: u8 = 1;

/// What a withdrawal pays on Ethereum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    /// Id of the asset.
    pub asset: B256,
    /// Who receives it.
    pub receiver: Address,
    /// How much, in smallest units.
    pub amount: U256,
}

/// A message of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MessagePlace {
    /// The transaction on the chain.
    pub transaction: B256,
    /// Index of the message among those of the transaction, from 0.
    pub index: u64,
}

/// A withdrawal that is in a block of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Withdrawn {
    /// Its message.
    pub place: MessagePlace,
    /// Number of the block.
    pub block: u64,
    /// Gas that the transaction used on the chain.
    pub gas_used: u64,
    /// What it pays.
    pub withdrawal: Withdrawal,
}

/// Why nothing was withdrawn.
#[derive(Debug, Error)]
pub enum WithdrawError {
    /// A node does not answer.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The transaction was not sent, or it failed.
    #[error(transparent)]
    Wallet(#[from] WalletError),
    /// The wallet is not for this chain.
    #[error(transparent)]
    Chain(#[from] OtherChain),
    /// Nothing is withdrawn.
    #[error("the amount is zero")]
    AmountZero,
    /// Nobody is to receive it.
    #[error("the receiver is the zero address: what is paid there is lost")]
    ReceiverZero,
    /// The sender has too little.
    #[error("the sender has {have} of the smallest units on the chain, and {need} are needed{}", beside_gas(*.token))]
    Balance {
        /// The token on the chain; 0x01 is the base token.
        token: Address,
        /// What it has.
        have: U256,
        /// What is needed.
        need: U256,
    },
    /// The chain does not have the token.
    #[error("nothing of the token {0} was ever deposited to the chain: name it by its address on Ethereum")]
    NoToken(Address),
    /// The transaction is in a block, and it sent no withdrawal.
    #[error("transaction {0} is in a block, but it sent no such withdrawal")]
    NoMessage(B256),
}

fn beside_gas(token: Address) -> &'static str {
    if token == ETHER { ", beside the gas" } else { "" }
}

impl Withdrawal {
    /// The message that says it: 85 bytes.
    pub fn message(&self) -> Bytes {
        let amount = self.amount.to_be_bytes::<32>();
        [&[WITHDRAWAL], self.asset.as_slice(), self.receiver.as_slice(), &amount].concat().into()
    }

    /// The withdrawal that a message says; `None` if it is none.
    pub fn decode(message: &[u8]) -> Option<Self> {
        let (kind, rest) = message.split_first()?;
        let (asset, rest) = rest.split_first_chunk::<32>()?;
        let (receiver, amount) = rest.split_first_chunk::<20>()?;
        let amount: [u8; 32] = amount.try_into().ok()?;
        (*kind == WITHDRAWAL).then_some(Self {
            asset: asset.into(),
            receiver: receiver.into(),
            amount: U256::from_be_bytes(amount),
        })
    }
}

impl Chain {
    /// Withdraws what the wallet's account has on the chain. The token is named by its address on Ethereum; 0x01 is ether. It can be
    /// claimed on Ethereum, by anybody and for the receiver, when the batch is executed there.
    pub fn withdraw(
        &self,
        wallet: &Wallet,
        token: Address,
        amount: U256,
        receiver: Address,
    ) -> Result<Withdrawn, WithdrawError> {
        self.check_l2(wallet)?;
        if amount.is_zero() {
            return Err(WithdrawError::AmountZero);
        }
        if receiver == Address::ZERO {
            return Err(WithdrawError::ReceiverZero);
        }
        self.check_balance(wallet.address(), token, amount)?;
        let asset = self.asset(token);
        let call = L2AssetRouter::withdrawCall { assetId: asset, amount, receiver };
        let value = if self.is_base(token) { amount } else { U256::ZERO };
        let receipt = wallet.send(Some(L2_ASSET_ROUTER), &call.abi_encode().into(), value);
        let transaction = receipt.map_err(with_reason)?.transaction_hash;
        self.withdrawn(transaction, &Withdrawal { asset, receiver, amount })
    }

    /// The first message of a transaction that says this withdrawal.
    fn withdrawn(&self, transaction: B256, withdrawal: &Withdrawal) -> Result<Withdrawn, WithdrawError> {
        let missing = || WithdrawError::NoMessage(transaction);
        let events = Events::read(self.node.client(), transaction)?.ok_or_else(missing)?;
        let (expected, sent) = (withdrawal.message(), events.of::<Messenger::L1MessageSent>(MESSENGER));
        let mut found =
            (0..).zip(sent).filter(|(_, sent)| sent.sender == L2_ASSET_ROUTER && sent.message == expected);
        let (index, _) = found.next().ok_or_else(missing)?;
        Ok(Withdrawn {
            place: MessagePlace { transaction, index },
            block: events.receipt.block(),
            gas_used: events.receipt.gas_used(),
            withdrawal: *withdrawal,
        })
    }

    fn check_balance(&self, of: Address, token: Address, need: U256) -> Result<(), WithdrawError> {
        let node = self.node.client();
        let (token, have) = match self.l2_token(token)? {
            None => (ETHER, node.balance(of).map_err(ReadError::from)?),
            Some(address) if node.code(address).map_err(ReadError::from)?.is_empty() => {
                return Err(WithdrawError::NoToken(token));
            }
            Some(address) => (address, balance(node, address, of)?),
        };
        if have < need { Err(WithdrawError::Balance { token, have, need }) } else { Ok(()) }
    }
}

/// With the name of the error, if a predeploy reverts.
fn with_reason(error: WalletError) -> WalletError {
    let WalletError::Client(client) = &error else { return error };
    let data = client.refusal().and_then(|refusal| refusal.revert_data());
    let selector = data.and_then(|data| data.first_chunk::<4>().copied());
    let name = selector.and_then(|selector| {
        let router = L2AssetRouterErrors::signature_by_selector(selector);
        router.or_else(|| L2VaultErrors::signature_by_selector(selector))
    });
    name.map_or(error, |name| WalletError::Reverts(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_says_one_withdrawal() {
        let withdrawal = Withdrawal {
            asset: B256::repeat_byte(0x11),
            receiver: Address::repeat_byte(0x22),
            amount: U256::from(0x33),
        };
        let message = withdrawal.message();
        assert_eq!(message.len(), 85);
        assert_eq!((message[0], message[1], message[33], message[84]), (1, 0x11, 0x22, 0x33));
        assert_eq!(Withdrawal::decode(&message), Some(withdrawal));
    }

    #[test]
    fn other_messages_are_no_withdrawals() {
        let message = Withdrawal { asset: B256::ZERO, receiver: Address::ZERO, amount: U256::ZERO }.message();
        for length in [0, 1, 33, 53, 84] {
            assert_eq!(Withdrawal::decode(&message[..length]), None, "{length}");
        }
        assert_eq!(Withdrawal::decode(&[&message[..], &[0]].concat()), None);
        assert_eq!(Withdrawal::decode(&[&[2], &message[1..]].concat()), None);
    }
}
