//! Subscriptions over WebSockets.

use crate::{api::Api, arguments::Arguments, error::RpcError, json, logs::matching, methods::Methods};
use alloy_primitives::B256;
use alloy_rpc_types_eth::Filter;
use ashlar_stf::rollup::RollupTransaction;
use ashlar_storage::BlockRecord;
use jsonrpsee::{
    PendingSubscriptionSink, SubscriptionSink,
    core::{RegisterMethodError, SubscriptionError},
    server::SubscriptionMessage,
};
use serde_json::{Value, json, value::to_raw_value};
use std::sync::Arc;
use tokio::sync::broadcast::{Receiver, error::RecvError};

pub(super) fn register(methods: &mut Methods) -> Result<(), RegisterMethodError> {
    let subscribe = |params: jsonrpsee::types::Params<'static>, pending, api, _| async move {
        subscribe(params.as_str(), pending, api).await
    };
    methods
        .module
        .register_subscription("eth_subscribe", "eth_subscription", "eth_unsubscribe", subscribe)
        .map(drop)
}

/// What a client wants to hear of.
enum Topic {
    Heads,
    Logs(Box<Filter>),
    Transactions { has_content: bool },
}

impl Topic {
    fn parse(api: &Api, params: Option<&str>) -> Result<Self, RpcError> {
        let mut arguments = Arguments::parse(params)?;
        let name: String = arguments.required()?;
        let topic = match name.as_str() {
            "newHeads" => Self::Heads,
            "logs" => {
                let filter = arguments.optional::<Filter>()?.unwrap_or_default();
                api.check_filter(&filter)?;
                Self::Logs(Box::new(filter))
            }
            "newPendingTransactions" => {
                Self::Transactions { has_content: arguments.optional()?.unwrap_or(false) }
            }
            other => return Err(RpcError::Invalid(format!("no \"{other}\" subscription in eth namespace"))),
        };
        arguments.end()?;
        Ok(topic)
    }
}

async fn subscribe(
    params: Option<&str>,
    pending: PendingSubscriptionSink,
    api: Arc<Api>,
) -> Result<(), SubscriptionError> {
    let topic = match Topic::parse(&api, params) {
        Ok(topic) => topic,
        Err(error) => {
            pending.reject(jsonrpsee::types::ErrorObjectOwned::from(error)).await;
            return Ok(());
        }
    };
    match topic {
        Topic::Heads => {
            let blocks = api.node.heads.blocks();
            forward(pending.accept().await?, blocks, |block| Ok(vec![json::header(&block.header)?])).await
        }
        Topic::Logs(filter) => {
            let blocks = api.node.heads.blocks();
            let found = |block: Arc<BlockRecord>| Ok(matching(&filter, &block));
            forward(pending.accept().await?, blocks, found).await
        }
        Topic::Transactions { has_content } => {
            let transactions = api.node.heads.transactions();
            let messages = |hash| if has_content { content(&api, &hash) } else { Ok(vec![json!(hash)]) };
            forward(pending.accept().await?, transactions, messages).await
        }
    }
}

/// A transaction, if it still waits.
fn content(api: &Api, hash: &B256) -> Result<Vec<Value>, RpcError> {
    let Some(pooled) = api.node.pool.get(hash) else { return Ok(Vec::new()) };
    let transaction = RollupTransaction::decode(&pooled.bytes).map_err(|_| RpcError::Internal)?;
    Ok(vec![json::pooled_transaction(&transaction)?])
}

/// Sends what is made of each announcement, until the client goes or is too slow.
async fn forward<T: Clone>(
    sink: SubscriptionSink,
    mut announced: Receiver<T>,
    messages: impl Fn(T) -> Result<Vec<Value>, RpcError>,
) -> Result<(), SubscriptionError> {
    loop {
        let received = tokio::select! {
            () = sink.closed() => return Ok(()),
            received = announced.recv() => received,
        };
        let announcement = match received {
            Ok(announcement) => announcement,
            Err(RecvError::Closed) => return Ok(()),
            Err(RecvError::Lagged(missed)) => {
                return Err(format!("the subscription ends: {missed} messages were not taken in time").into());
            }
        };
        for message in messages(announcement).map_err(|error| error.to_string())? {
            sink.send(SubscriptionMessage::from(to_raw_value(&message)?)).await?;
        }
    }
}
