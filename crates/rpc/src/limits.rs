//! Limits of the server.

use std::time::Duration;

/// Limits of the server. Whatever is over one is refused with an error that names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a request's body, or of a WebSocket message.
    pub request_bytes: u32,
    /// Bytes of a response.
    pub response_bytes: u32,
    /// Requests in a batch.
    pub batch_requests: u32,
    /// Connections at a time, over HTTP and WebSocket.
    pub connections: u32,
    /// Subscriptions of a WebSocket connection.
    pub subscriptions: u32,
    /// Messages that may wait for a slow WebSocket client.
    pub messages: u32,
    /// Requests that read at a time.
    pub reads: usize,
    /// Requests that execute at a time: calls, estimates, traces.
    pub executions: usize,
    /// How long a request waits for its turn to read or to execute.
    pub wait: Duration,
    /// How long a search for logs, or a search of gas, may take.
    pub query: Duration,
    /// Gas of a call; more is cut down to it.
    pub call_gas: u64,
    /// Bytes that the traces of one request may record: inputs, outputs and logs of calls, codes; and what each call, account and
    /// slot takes beside them.
    pub trace_bytes: usize,
    /// Blocks that one query of logs may span.
    pub log_blocks: u64,
    /// Logs that one query may have.
    pub logs: usize,
    /// Withdrawals of one answer; of more the newest.
    pub withdrawals: usize,
    /// Priority operations that are searched for one by its hash, if no block has it.
    pub operations: u64,
    /// Addresses of a filter, and alternatives of each of its topics.
    pub filter_alternatives: usize,
    /// Filters at a time.
    pub filters: usize,
    /// How long a filter lives that nobody asks.
    pub filter_life: Duration,
    /// Blocks of `eth_feeHistory`; more is cut down to it.
    pub fee_history_blocks: u64,
    /// Keys of storage in one proof.
    pub proof_keys: usize,
    /// Transactions of one answer about the pool.
    pub pool_transactions: usize,
    /// Longest wait of `eth_sendRawTransactionSync`.
    pub send_wait: Duration,
    /// Requests that wait for a transaction's receipt at a time.
    pub send_waiters: usize,
    /// Blocks whose decoded form is kept in memory.
    pub cached_blocks: usize,
    /// Batches whose tree of logs is kept in memory, up to 3 MiB each.
    pub cached_batches: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            request_bytes: 5 << 20,
            response_bytes: 25 << 20,
            batch_requests: 100,
            connections: 500,
            subscriptions: 64,
            messages: 1_024,
            reads: 16,
            executions: 4,
            wait: Duration::from_secs(10),
            query: Duration::from_secs(10),
            call_gas: 50_000_000,
            trace_bytes: 16 << 20,
            log_blocks: 10_000,
            logs: 10_000,
            withdrawals: 1_000,
            operations: 10_000,
            filter_alternatives: 1_000,
            filters: 1_000,
            filter_life: Duration::from_secs(300),
            fee_history_blocks: 1_024,
            proof_keys: 1_024,
            pool_transactions: 5_000,
            send_wait: Duration::from_secs(30),
            send_waiters: 100,
            cached_blocks: 64,
            cached_batches: 16,
        }
    }
}
