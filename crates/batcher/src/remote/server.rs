//! Jobs for workers of other processes.

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::State,
    http::{HeaderMap, StatusCode, header::AUTHORIZATION},
    response::{IntoResponse, Response},
    routing::post,
};
use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};
use thiserror::Error;
use tokio::{
    runtime, select,
    sync::watch,
    task::spawn_blocking,
    time::{sleep, timeout},
};

use super::{
    token::Token,
    wire::{self, Request, path},
};
use crate::{
    data::PROOF_BYTES_MAX,
    jobs::{Job, JobError},
    source::{JobSource, SourceError},
};

/// Most bytes of a request: a proof, and what says whose it is.
const BODY_BYTES_MAX: usize = PROOF_BYTES_MAX + 4_096;

/// How long a request may take to arrive.
const BODY_TIME: Duration = Duration::from_secs(30);

/// Most requests that are worked on at once.
const THREADS_MAX: usize = 8;

/// Why there is no server.
#[derive(Debug, Error)]
pub enum ServerError {
    /// It cannot listen there.
    #[error("listening for workers on {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// It cannot be started.
    #[error("starting the server of jobs: {0}")]
    Start(io::Error),
    /// It ended without being told to.
    #[error("the server of jobs failed: {0}")]
    Failed(String),
}

/// Serves jobs by HTTP until it is dropped or stopped.
#[derive(Debug)]
pub struct JobServer {
    address: SocketAddr,
    stop: Option<watch::Sender<()>>,
    thread: Option<JoinHandle<io::Result<()>>>,
}

#[derive(Clone)]
struct Serving {
    token: Token,
    jobs: Arc<dyn JobSource + Send + Sync>,
}

impl JobServer {
    /// Serves the jobs of a source to who has the token. It speaks without encryption: an address that is not of this machine alone
    /// belongs behind a proxy that does.
    pub fn start(
        address: SocketAddr,
        token: Token,
        jobs: Arc<dyn JobSource + Send + Sync>,
    ) -> Result<Self, ServerError> {
        let failed = |source| ServerError::Listen { address, source };
        let listener = TcpListener::bind(address).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let mut runtime = runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().max_blocking_threads(THREADS_MAX).build();
        let runtime = runtime.map_err(ServerError::Start)?;
        let (stop, stopped) = watch::channel(());
        let router = router(Serving { token, jobs });
        let serve = move || runtime.block_on(serve(listener, router, stopped));
        let thread = thread::Builder::new().name("jobs".into()).spawn(serve).map_err(ServerError::Start)?;
        Ok(Self { address, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Lets requests end, and ends.
    pub fn stop(mut self) -> Result<(), ServerError> {
        self.end()
    }

    fn end(&mut self) -> Result<(), ServerError> {
        drop(self.stop.take());
        match self.thread.take().map(JoinHandle::join) {
            None | Some(Ok(Ok(()))) => Ok(()),
            Some(Ok(Err(error))) => Err(ServerError::Failed(error.to_string())),
            Some(Err(_)) => Err(ServerError::Failed("its thread ended with a panic".into())),
        }
    }
}

impl Drop for JobServer {
    fn drop(&mut self) {
        // Who wants to know how it ended calls `stop`.
        self.end().ok();
    }
}

/// Serves until the order to stop is dropped, and then as long as requests take that have arrived.
async fn serve(listener: TcpListener, router: Router, stopped: watch::Receiver<()>) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let order = |mut stopped: watch::Receiver<()>| async move { while stopped.changed().await.is_ok() {} };
    let server = axum::serve(listener, router).with_graceful_shutdown(order(stopped.clone()));
    select! {
        ended = server => ended,
        // A connection that says nothing must not keep the process.
        () = async { order(stopped).await; sleep(BODY_TIME).await } => Ok(()),
    }
}

type Call = fn(&dyn JobSource, Request) -> Result<Option<Vec<u8>>, Refusal>;

/// Why a request is not granted.
enum Refusal {
    Malformed,
    Source(SourceError),
}

fn router(serving: Serving) -> Router {
    let route = |call: Call| {
        post(move |State(serving): State<Serving>, headers: HeaderMap, body: Body| {
            answer(serving, headers, body, call)
        })
    };
    Router::new()
        .route(path::TAKE, route(take))
        .route(path::RENEW, route(renew))
        .route(path::RELEASE, route(release))
        .route(path::FAIL, route(fail))
        .route(path::FINISH, route(finish))
        .with_state(serving)
}

async fn answer(serving: Serving, headers: HeaderMap, body: Body, call: Call) -> Response {
    // Before anything of the body is read.
    if !serving.token.admits(headers.get(AUTHORIZATION).map(|value| value.as_bytes())) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let body = match timeout(BODY_TIME, to_bytes(body, BODY_BYTES_MAX)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return StatusCode::PAYLOAD_TOO_LARGE.into_response(),
        Err(_) => return StatusCode::REQUEST_TIMEOUT.into_response(),
    };
    let called = spawn_blocking(move || {
        let request = wire::decode(&body).ok_or(Refusal::Malformed)?;
        call(serving.jobs.as_ref(), request)
    });
    match called.await {
        Ok(Ok(Some(answer))) => answer.into_response(),
        Ok(Ok(None)) => StatusCode::NO_CONTENT.into_response(),
        Ok(Err(refusal)) => refusal.into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let error = match self {
            Self::Malformed => return StatusCode::BAD_REQUEST.into_response(),
            Self::Source(error) => error,
        };
        let status = match &error {
            SourceError::Job(JobError::Lost(_)) => StatusCode::CONFLICT,
            SourceError::Job(JobError::Name | JobError::Version { .. } | JobError::NoBatch(_)) => {
                StatusCode::BAD_REQUEST
            }
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        (status, error.to_string()).into_response()
    }
}

impl From<SourceError> for Refusal {
    fn from(error: SourceError) -> Self {
        Self::Source(error)
    }
}

fn job(request: &Request) -> Result<Job, Refusal> {
    match request.job.as_slice() {
        [job] => job.job().ok_or(Refusal::Malformed),
        _ => Err(Refusal::Malformed),
    }
}

fn take(jobs: &dyn JobSource, request: Request) -> Result<Option<Vec<u8>>, Refusal> {
    Ok(jobs.take(&request.worker)?.as_ref().map(wire::encode_order))
}

fn renew(jobs: &dyn JobSource, request: Request) -> Result<Option<Vec<u8>>, Refusal> {
    jobs.renew(&request.worker, &job(&request)?)?;
    Ok(None)
}

fn release(jobs: &dyn JobSource, request: Request) -> Result<Option<Vec<u8>>, Refusal> {
    jobs.release(&request.worker, &job(&request)?)?;
    Ok(None)
}

fn fail(jobs: &dyn JobSource, request: Request) -> Result<Option<Vec<u8>>, Refusal> {
    jobs.fail(&request.worker, &job(&request)?, &request.reason)?;
    Ok(None)
}

fn finish(jobs: &dyn JobSource, request: Request) -> Result<Option<Vec<u8>>, Refusal> {
    let finish = jobs.finish(&request.worker, &job(&request)?, &request.proof)?;
    Ok(Some(wire::encode_finish(&finish)))
}
