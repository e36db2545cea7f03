//! JSON-RPC calls of an Ethereum node, and those that fetch a block and its witness.

use ashlar_primitives::{BatchInputOwned, ChainConfig};
use ashlar_witness::{batch_input, chain_config};
use eyre::{WrapErr, eyre};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::{
    error::Error,
    fmt::{self, Display, Formatter},
    time::Duration,
};

/// Most bytes of a response: witnesses of full mainnet blocks are some 10 MB.
const RESPONSE_BYTES_MAX: u64 = 1 << 30;

/// Longest wait for one response: a witness is recomputed by the node.
const TIMEOUT: Duration = Duration::from_secs(120);

/// A JSON-RPC client over HTTP.
pub(crate) struct Client<'a> {
    url: &'a str,
    agent: ureq::Agent,
}

#[derive(Deserialize)]
struct Response<T> {
    result: Option<T>,
    error: Option<RpcError>,
}

/// What a node answers instead of a result.
#[derive(Debug, Deserialize)]
pub(crate) struct RpcError {
    code: i64,
    message: String,
    /// What a call reverted with, among other things.
    pub(crate) data: Option<Value>,
}

impl Display for RpcError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.code)
    }
}

impl Error for RpcError {}

impl<'a> Client<'a> {
    pub(crate) fn new(url: &'a str) -> Self {
        let agent = ureq::Agent::config_builder().timeout_global(Some(TIMEOUT)).build().new_agent();
        Self { url, agent }
    }

    /// Fetches a block and its witness. Nothing of it is believed: `stf` checks all of it. Without given rules, those
    /// of the node's chain are used where they are built in.
    pub(crate) fn batch_input(
        &self,
        number: u64,
        config: Option<ChainConfig>,
    ) -> eyre::Result<BatchInputOwned> {
        let config = match config {
            Some(config) => config,
            None => chain_config(self.chain_id()?)?,
        };
        let tag = format!("{number:#x}");
        let block = self.call("eth_getBlockByNumber", json!([tag, true]))?;
        let witness = self.call("debug_executionWitness", json!([tag]))?;
        Ok(batch_input(&config, block, witness)?)
    }

    pub(crate) fn chain_id(&self) -> eyre::Result<u64> {
        let chain_id: String = self.call("eth_chainId", json!([]))?;
        let digits = chain_id.strip_prefix("0x").unwrap_or(&chain_id);
        u64::from_str_radix(digits, 16).wrap_err("the chain id is not a number")
    }

    /// An error is an [`RpcError`] if the node answered with one.
    pub(crate) fn call<T: DeserializeOwned>(&self, method: &str, params: Value) -> eyre::Result<T> {
        let result = self.call_optional(method, params)?;
        result.ok_or_else(|| eyre!("{method} has no result: does the node have this block?"))
    }

    /// The same for methods whose result may be `null`.
    pub(crate) fn call_optional<T: DeserializeOwned>(
        &self,
        method: &str,
        params: Value,
    ) -> eyre::Result<Option<T>> {
        let request = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let mut response = self
            .agent
            .post(self.url)
            .send_json(&request)
            .wrap_err_with(|| format!("{method} of {} failed", self.url))?;
        let response: Response<T> =
            response
                .body_mut()
                .with_config()
                .limit(RESPONSE_BYTES_MAX)
                .read_json()
                .wrap_err_with(|| format!("the answer to {method} is not the expected JSON"))?;
        match response.error {
            Some(error) => {
                Err(eyre::Report::new(error).wrap_err(format!("{method} was refused by the node")))
            }
            None => Ok(response.result),
        }
    }
}
