//! What tokens say of themselves.

use crate::error::ReadError;
use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{SolCall, SolValue, sol};
use ashlar_ethereum::{BlockAt, Client, ClientError, contract_call};
use ashlar_settlement::ETHER;

/// Most characters of a symbol that are shown.
const SYMBOL_CHARS_MAX: usize = 20;

/// Decimals of a token that does not say them.
const DECIMALS: u8 = 18;

sol! {
    /// What is asked of a token, and told.
    interface Erc20 {
        function name() external view returns (string);
        function symbol() external view returns (string);
        function decimals() external view returns (uint256);
        function balanceOf(address account) external view returns (uint256);
        function allowance(address owner, address spender) external view returns (uint256);
        function approve(address spender, uint256 amount) external returns (bool);
        function transfer(address to, uint256 amount) external returns (bool);
    }
}

/// A token, as it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its address on the chain that was asked.
    pub address: Address,
    /// For people; cut, and without what a terminal could take for a command. Empty if it has none.
    pub symbol: String,
    /// Decimals of its unit.
    pub decimals: u8,
}

impl Token {
    /// Ether of Ethereum.
    pub fn ether() -> Self {
        Self { address: ETHER, symbol: "ETH".into(), decimals: DECIMALS }
    }

    /// What the token at this address says on a node's chain. A token need not say anything.
    pub(crate) fn read(client: &Client, address: Address) -> Result<Self, ReadError> {
        let symbol = text(client, address, &Erc20::symbolCall {})?;
        let symbol: String = symbol.chars().filter(|c| !c.is_control()).take(SYMBOL_CHARS_MAX).collect();
        let decimals = answer(client, address, &Erc20::decimalsCall {})?;
        let decimals = Erc20::decimalsCall::abi_decode_returns(&decimals).ok();
        let decimals = decimals.and_then(|decimals| u8::try_from(decimals).ok()).unwrap_or(DECIMALS);
        Ok(Self { address, symbol, decimals })
    }
}

/// How much of a token an account has.
pub(crate) fn balance(client: &Client, token: Address, of: Address) -> Result<U256, ReadError> {
    Ok(client.ask(token, &Erc20::balanceOfCall { account: of }, BlockAt::Latest)?)
}

/// A text that a token says; empty if it says none.
pub(crate) fn text(client: &Client, token: Address, call: &impl SolCall) -> Result<String, ReadError> {
    let bytes = answer(client, token, call)?;
    // Some of the first tokens answer with 32 bytes that end with zeros.
    let short =
        || Some(bytes.get(..32).filter(|_| bytes.len() == 32)?.split(|byte| *byte == 0).next()?.to_vec());
    let text = String::abi_decode(&bytes).ok().or_else(|| String::from_utf8(short()?).ok());
    Ok(text.unwrap_or_default())
}

/// What a contract answers; nothing if it refuses.
fn answer(client: &Client, token: Address, call: &impl SolCall) -> Result<Bytes, ClientError> {
    let call = contract_call(token, call, BlockAt::Latest);
    match client.call(call.method, call.params) {
        Err(error) if error.refusal().is_some_and(|refusal| refusal.is_revert()) => Ok(Bytes::new()),
        answer => answer,
    }
}
