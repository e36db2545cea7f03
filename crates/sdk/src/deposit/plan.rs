//! What a deposit will be: gas, price, who is refunded.

use super::DepositError;
use crate::{
    chain::Chain,
    error::ReadError,
    token::{Erc20, balance, text},
};
use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{SolCall, SolValue};
use ashlar_ethereum::{Client, revert_reason};
use ashlar_primitives::rollup::alias;
use ashlar_settlement::{
    ETHER, L2_ASSET_ROUTER,
    abi::{chain::RollupChain, hub::Bridgehub, l2_router::L2AssetRouter, router::AssetRouter},
};
use serde_json::json;

/// Gas of a deposit whose gas cannot be estimated; the first deposit of a token takes some 450,000.
const GAS_DEFAULT: u64 = 1_000_000;

/// The most gas that the word of a rollup's node is enough for.
const GAS_ESTIMATE_MAX: u64 = 5_000_000;

/// Gas of a plain transfer; no operation has less.
const GAS_BASE: u64 = 21_000;

/// Gas of each token of data that every operation has at the least (EIP-7623); a byte that is not zero has four tokens.
const GAS_FLOOR_TOKEN: u64 = 10;

/// What is paid for gas beyond the price of now, in percent: the chain's admin may raise it meanwhile. It is given back on the chain.
const PRICE_MARGIN_PERCENT: u64 = 25;

/// Bytes of a delegated account's code (EIP-7702), and how they begin.
const DELEGATION: (usize, &[u8]) = (23, &[0xef, 0x01, 0x00]);

/// What somebody wants to deposit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DepositRequest {
    /// The token on Ethereum; 0x01 is ether.
    pub token: Address,
    /// How much, in its smallest units.
    pub amount: U256,
    /// Who receives it on the chain.
    pub receiver: Address,
    /// Who is given what is left of the fee, on the chain; the sender if nobody is named.
    pub refund_recipient: Option<Address>,
    /// Gas that the call on the chain may use; estimated if it is not named.
    pub gas_limit: Option<u64>,
}

/// A deposit that is ready to be made, and what it costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DepositPlan {
    /// What is wanted.
    pub request: DepositRequest,
    /// Gas that the call on the chain may use.
    pub gas_limit: u64,
    /// Wei of the base token for each of it, the margin included.
    pub gas_price: U256,
    /// The most that the chain takes, in wei of the base token; what is left is given back on the chain.
    pub fee: U256,
    /// Who is given it.
    pub refund_recipient: Address,
    /// Wei that the transaction on Ethereum carries.
    pub ether: U256,
    /// Tokens that the vault takes.
    pub spendings: Vec<Spending>,
    pub(super) to: Address,
    pub(super) call: Bytes,
}

/// How much of a token is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spending {
    /// The token.
    pub token: Address,
    /// Its smallest units.
    pub amount: U256,
}

impl Chain {
    /// Plans a deposit of this sender: nothing is sent. The price is asked of the chain's contract; the gas is estimated by the
    /// rollup's node, whose word can make a deposit fail or cost more, within bounds, but not lose what is deposited.
    pub fn plan_deposit(
        &self,
        sender: Address,
        request: &DepositRequest,
    ) -> Result<DepositPlan, DepositError> {
        if request.amount.is_zero() {
            return Err(DepositError::AmountZero);
        }
        if request.receiver == Address::ZERO {
            return Err(DepositError::ReceiverZero);
        }
        let refund_recipient = self.refund_recipient(sender, request)?;
        self.check_receiver(sender, request.receiver)?;
        if request.token != ETHER && self.l1.code(request.token).map_err(ReadError::from)?.is_empty() {
            return Err(DepositError::NoToken(request.token));
        }
        let (from, to, value, data) = self.l2_call(sender, request)?;
        let lowest = lowest_gas(&data);
        let highest = self.ask(self.contracts().chain, &RollupChain::requestGasLimitCall {})?;
        let gas_limit = match request.gas_limit {
            Some(given) => given,
            None => self.estimate(from, to, value, &data, highest)?.max(lowest),
        };
        if gas_limit < lowest {
            return Err(DepositError::GasTooLow { given: gas_limit, lowest });
        }
        if gas_limit > highest {
            return Err(DepositError::GasTooHigh { given: gas_limit, highest });
        }
        let plan = self.plan(request, refund_recipient, gas_limit)?;
        self.check_balances(sender, &plan)?;
        Ok(plan)
    }

    fn plan(
        &self,
        request: &DepositRequest,
        refund_recipient: Address,
        gas_limit: u64,
    ) -> Result<DepositPlan, DepositError> {
        let price = self.ask(self.contracts().chain, &RollupChain::gasPriceCall {})?;
        let margin = U256::from(price) * U256::from(PRICE_MARGIN_PERCENT);
        let gas_price = U256::from(price) + margin.div_ceil(U256::from(100));
        let fee = gas_price * U256::from(gas_limit);
        let is_base = self.is_base(request.token);
        let mint = if is_base { fee.saturating_add(request.amount) } else { fee };
        let mut taken = vec![Spending { token: self.base_token(), amount: mint }];
        if !is_base {
            taken.push(Spending { token: request.token, amount: request.amount });
        }
        let ether = taken.iter().filter(|spending| spending.token == ETHER).map(|spending| spending.amount);
        let ether = ether.fold(U256::ZERO, U256::saturating_add);
        taken.retain(|spending| spending.token != ETHER);
        let (to, call) = self.l1_call(request, refund_recipient, gas_limit, mint);
        Ok(DepositPlan {
            request: *request,
            gas_limit,
            gas_price,
            fee,
            refund_recipient,
            ether,
            spendings: taken,
            to,
            call,
        })
    }

    /// The contract on Ethereum that is called, and how.
    fn l1_call(
        &self,
        request: &DepositRequest,
        refund_recipient: Address,
        gas_limit: u64,
        mint: U256,
    ) -> (Address, Bytes) {
        if self.is_base(request.token) {
            let request = Bridgehub::L2Request {
                chainId: self.id_word(),
                to: request.receiver,
                value: request.amount,
                data: Bytes::new(),
                gasLimit: gas_limit,
                mint,
                refundRecipient: refund_recipient,
            };
            let call = Bridgehub::requestL2TransactionCall { request };
            return (self.contracts().bridgehub, call.abi_encode().into());
        }
        let request = AssetRouter::Deposit {
            chainId: self.id_word(),
            token: request.token,
            amount: request.amount,
            receiver: request.receiver,
            gasLimit: gas_limit,
            mint,
            refundRecipient: refund_recipient,
        };
        (self.contracts().asset_router, AssetRouter::depositCall { request }.abi_encode().into())
    }

    /// The call that the chain will make: who calls whom, with what value and data.
    fn l2_call(
        &self,
        sender: Address,
        request: &DepositRequest,
    ) -> Result<(Address, Address, U256, Bytes), DepositError> {
        if self.is_base(request.token) {
            return Ok((sender, request.receiver, request.amount, Bytes::new()));
        }
        let call = L2AssetRouter::finalizeDepositCall {
            originChainId: U256::from(self.l1_chain_id()),
            originToken: request.token,
            sender,
            receiver: request.receiver,
            amount: request.amount,
            metadata: self.metadata(request.token)?,
        };
        let router = alias(self.contracts().asset_router);
        Ok((router, L2_ASSET_ROUTER, U256::ZERO, call.abi_encode().into()))
    }

    /// About what the bridge will tell the chain of a token: enough to estimate gas.
    fn metadata(&self, token: Address) -> Result<Bytes, ReadError> {
        let (name, decimals) = match token {
            ETHER => ("Ether".to_owned(), 18),
            _ => (text(&self.l1, token, &Erc20::nameCall {})?, self.token(token)?.decimals),
        };
        let symbol = self.token(token)?.symbol;
        Ok((name, symbol, U256::from(decimals)).abi_encode_params().into())
    }

    /// Gas of the call on the chain with a margin, as the rollup's node estimates it.
    fn estimate(
        &self,
        from: Address,
        to: Address,
        value: U256,
        data: &Bytes,
        highest: u64,
    ) -> Result<u64, DepositError> {
        let node = self.node.client();
        let is_transfer = data.is_empty() && node.code(to).map_err(ReadError::from)?.is_empty();
        let call = json!({"from": from, "to": to, "value": value, "input": data});
        let gas = match if is_transfer { Ok(GAS_BASE) } else { node.estimate(&call) } {
            Ok(gas) => gas,
            Err(error) => match error.refusal() {
                Some(refusal) if refusal.is_revert() => {
                    let reason = refusal.revert_data().and_then(|data| revert_reason(&data));
                    return Err(DepositError::WouldFail(reason.unwrap_or_else(|| refusal.to_string())));
                }
                // The sender need not have on the chain what it brings there.
                Some(_) => return Ok(GAS_DEFAULT.min(highest)),
                None => return Err(ReadError::from(error).into()),
            },
        };
        if gas > GAS_ESTIMATE_MAX {
            return Err(DepositError::GasTooHigh { given: gas, highest: highest.min(GAS_ESTIMATE_MAX) });
        }
        Ok((gas + gas / 4 + 10_000).min(highest))
    }

    /// Who is given what is left. A contract has another address on the chain, which only a deposit of its own can act for.
    fn refund_recipient(&self, sender: Address, request: &DepositRequest) -> Result<Address, DepositError> {
        let recipient = request.refund_recipient.unwrap_or(sender);
        if !is_contract(&self.l1, recipient)? {
            return Ok(recipient);
        }
        let alias = alias(recipient);
        Err(match request.refund_recipient {
            Some(_) => DepositError::RefundToContract { recipient, alias },
            None => DepositError::SenderIsContract { sender, alias },
        })
    }

    /// The address of a contract on Ethereum need not be anybody's on the chain.
    fn check_receiver(&self, sender: Address, receiver: Address) -> Result<(), DepositError> {
        if receiver == sender || !is_contract(&self.l1, receiver)? {
            return Ok(());
        }
        match self.node.client().code(receiver).map_err(ReadError::from)?.is_empty() {
            true => Err(DepositError::ReceiverNotOnChain(receiver)),
            false => Ok(()),
        }
    }

    fn check_balances(&self, sender: Address, plan: &DepositPlan) -> Result<(), DepositError> {
        let have = self.l1.balance(sender).map_err(ReadError::from)?;
        if have < plan.ether {
            return Err(DepositError::Balance { token: ETHER, have, need: plan.ether });
        }
        for Spending { token, amount } in &plan.spendings {
            let have = balance(&self.l1, *token, sender)?;
            if have < *amount {
                return Err(DepositError::Balance { token: *token, have, need: *amount });
            }
        }
        Ok(())
    }
}

/// Whether an address has code that is not only a delegation of somebody with a key.
fn is_contract(client: &Client, address: Address) -> Result<bool, ReadError> {
    let code = client.code(address)?;
    let (length, start) = DELEGATION;
    let is_delegated = code.len() == length && code.starts_with(start);
    Ok(!code.is_empty() && !is_delegated)
}

/// What the chain's contract asks for at the least.
fn lowest_gas(data: &[u8]) -> u64 {
    let tokens = data.iter().map(|byte| if *byte == 0 { 1 } else { 4 }).sum::<u64>();
    GAS_BASE + GAS_FLOOR_TOKEN * tokens
}
