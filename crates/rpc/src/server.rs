//! The server.

use crate::{api::Api, limits::Limits, methods::Methods, node::Node, origins::Gate};
use alloy_primitives::U128;
use jsonrpsee::{
    core::RegisterMethodError,
    server::{BatchRequestConfig, IdProvider, PingConfig, ServerConfig, ServerHandle},
    types::SubscriptionId,
};
use std::{
    collections::hash_map::RandomState,
    hash::BuildHasher,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};
use thiserror::Error;
use tokio::runtime::{Builder, Runtime};

/// Threads that wait for the network.
const WORKERS: usize = 2;

/// Bytes of a thread's stack. JSON is written by recursion, and traces are as deep as calls.
const STACK_BYTES: usize = 16 << 20;

/// How long requests have to end when the server stops.
const STOP_WAIT: Duration = Duration::from_secs(5);

/// How a server is set up.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where it listens; port 0 is any free one.
    pub address: SocketAddr,
    /// Hosts that a request may name in its `Host` header, beside those of the loopback interface; `*` for any. It keeps
    /// web pages from the server that make a name of theirs point to it.
    pub hosts: Vec<String>,
    /// Origins of web pages that may use the server, beside those of the loopback interface; `*` for any.
    pub origins: Vec<String>,
    /// Limits.
    pub limits: Limits,
}

impl Default for Settings {
    /// On the loopback interface, at port 8545, for programs on the same machine.
    fn default() -> Self {
        Self {
            address: (Ipv4Addr::LOCALHOST, 8545).into(),
            hosts: Vec::new(),
            origins: Vec::new(),
            limits: Limits::default(),
        }
    }
}

/// Why a server does not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The system gives no threads.
    #[error("starting the threads of the JSON-RPC server: {0}")]
    Runtime(io::Error),
    /// The address cannot be listened at.
    #[error("listening at {address} for JSON-RPC: {error}; is another program there?")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        error: io::Error,
    },
    /// A host is not one.
    #[error("{0:?} is not a host that a request can name")]
    Host(String),
    /// An origin is not one.
    #[error("{0:?} is not an origin of web pages, such as https://example.com")]
    Origin(String),
    /// Two methods have one name.
    #[error("the table of methods: {0}")]
    Methods(#[from] RegisterMethodError),
}

/// A server that runs. It stops when it is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    handle: ServerHandle,
    /// `None` once it is stopped.
    runtime: Option<Runtime>,
}

impl Server {
    /// Starts a server on threads of its own.
    pub fn start(settings: &Settings, node: Node) -> Result<Self, StartError> {
        let Limits { reads, executions, .. } = settings.limits;
        let runtime = Builder::new_multi_thread()
            .worker_threads(WORKERS)
            .max_blocking_threads(reads.saturating_add(executions).max(1))
            .thread_name("rpc")
            .thread_stack_size(STACK_BYTES)
            .enable_all()
            .build()
            .map_err(StartError::Runtime)?;
        let methods = Methods::all(Api::new(node, settings.limits))?;
        let gate = Gate::new(settings)?;
        let layers = tower::ServiceBuilder::new().layer(gate.clone()).layer(gate.cors());
        let listen_error = |error| StartError::Listen { address: settings.address, error };
        let builder = jsonrpsee::server::Server::builder()
            .set_config(config(&settings.limits))
            .set_http_middleware(layers);
        let server = runtime.block_on(builder.build(settings.address)).map_err(listen_error)?;
        let address = server.local_addr().map_err(listen_error)?;
        let handle = runtime.block_on(async { server.start(methods) });
        Ok(Self { address, handle, runtime: Some(runtime) })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether it has ended, by whatever cause.
    pub fn is_stopped(&self) -> bool {
        self.handle.is_stopped()
    }

    /// Stops it; requests that are being answered have some seconds to end.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // An error says that it has stopped already.
        let is_stopping = self.handle.stop().is_ok();
        if let Some(runtime) = self.runtime.take() {
            let ended = self.handle.clone().stopped();
            let ended = runtime.block_on(async { tokio::time::timeout(STOP_WAIT, ended).await });
            if is_stopping && ended.is_err() {
                tracing::warn!("requests were still being answered when the server stopped");
            }
            runtime.shutdown_timeout(STOP_WAIT);
        }
    }
}

fn config(limits: &Limits) -> ServerConfig {
    ServerConfig::builder()
        .max_request_body_size(limits.request_bytes)
        .max_response_body_size(limits.response_bytes)
        .max_connections(limits.connections)
        .max_subscriptions_per_connection(limits.subscriptions)
        .set_batch_request_config(BatchRequestConfig::Limit(limits.batch_requests))
        .set_message_buffer_capacity(limits.messages)
        .set_id_provider(Ids::default())
        .enable_ws_ping(PingConfig::new())
        .set_tcp_no_delay(true)
        .build()
}

/// Ids that nobody guesses, as Ethereum's clients expect them.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    keys: RandomState,
    count: AtomicU64,
}

impl Ids {
    pub(crate) fn next(&self) -> U128 {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let [high, low] = [0, 1].map(|half: u64| self.keys.hash_one((count, half)));
        U128::from(u128::from(high) << 64 | u128::from(low))
    }
}

impl IdProvider for Ids {
    fn next_id(&self) -> SubscriptionId<'static> {
        SubscriptionId::Str(format!("{:#x}", self.next()).into())
    }
}
