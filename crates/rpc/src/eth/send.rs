//! Sending transactions.

use super::blocks::receipt_of;
use crate::{
    api::{Answer, Api, Work},
    arguments::Arguments,
    error::RpcError,
    methods::Methods,
};
use alloy_primitives::{B256, Bytes};
use ashlar_storage::BlockRecord;
use jsonrpsee::core::RegisterMethodError;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use tokio::sync::broadcast::{Receiver, error::RecvError};

pub(super) fn register(methods: &mut Methods) -> Result<(), RegisterMethodError> {
    methods.add("eth_sendRawTransaction", Work::Read, send)?;
    methods.add_waiting("eth_sendRawTransactionSync", |api, params| async move {
        send_and_wait(api, Arguments::parse(params.as_str())?).await
    })
}

fn send(api: &Api, mut arguments: Arguments) -> Answer {
    let bytes: Bytes = arguments.required()?;
    arguments.end()?;
    add(api, bytes)
}

fn add(api: &Api, bytes: Bytes) -> Answer {
    Ok(json!(api.node.pool.add(bytes).map_err(RpcError::Pool)?))
}

/// Sends, and waits for the receipt (EIP-7966): at most as long as asked for, in milliseconds, and as the server allows.
async fn send_and_wait(api: Arc<Api>, mut arguments: Arguments) -> Answer {
    let bytes: Bytes = arguments.required()?;
    let longest = arguments.optional::<u64>()?.map_or(api.limits.send_wait, Duration::from_millis);
    arguments.end()?;
    let longest = longest.min(api.limits.send_wait);
    let turn = Arc::clone(&api.waiters).try_acquire_owned().map_err(|_| RpcError::Busy)?;
    // From before the transaction is there, so that its block is not missed.
    let mut blocks = api.node.heads.blocks();
    let sent = Arc::clone(&api).run(Work::Read, move |api| add(api, bytes)).await?;
    let hash: B256 = serde_json::from_value(sent).map_err(|_| RpcError::Internal)?;
    let waiting = tokio::time::timeout(longest, block_with(&mut blocks, &hash));
    let waited = waiting.await;
    drop(turn);
    let receipt = api.run(Work::Read, move |api| receipt_of(api, &hash)).await?;
    match (receipt, waited) {
        (Value::Null, Err(_)) => Err(RpcError::Timeout { hash, milliseconds: longest.as_millis() }),
        // The announcements ended, or were missed.
        (Value::Null, Ok(())) => Err(RpcError::Busy),
        (receipt, _) => Ok(receipt),
    }
}

/// Waits until a block with this transaction is announced.
async fn block_with(blocks: &mut Receiver<Arc<BlockRecord>>, hash: &B256) {
    loop {
        match blocks.recv().await {
            Ok(block) if block.results.iter().any(|result| result.hash == *hash) => return,
            Ok(_) => {}
            Err(RecvError::Lagged(_) | RecvError::Closed) => return,
        }
    }
}
