//! JSON-RPC over HTTP.

use std::{
    fmt::{self, Debug, Display, Formatter},
    sync::Arc,
    time::Duration,
};

use alloy_primitives::Bytes;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use thiserror::Error;

/// Most calls of one request; nodes refuse more, at different numbers.
const BATCH_MAX: usize = 100;

/// Most bytes of what a node says in an error that are kept.
const MESSAGE_BYTES_MAX: usize = 1_000;

/// Codes by which nodes and what stands before them say that they were asked too much (EIP-1474, the status of HTTP), or that
/// something failed that has nothing to do with the question (JSON-RPC's internal error).
const CODES_TEMPORARY: [i64; 3] = [-32_005, 429, -32_603];

/// Codes by which a node says that it will never answer the question: no request, no such method, other parameters.
const CODES_PERMANENT: [i64; 3] = [-32_600, -32_601, -32_602];

/// A JSON-RPC client over HTTP. Its copies share connections.
#[derive(Clone)]
pub struct Client {
    url: Arc<str>,
    agent: ureq::Agent,
    limits: Limits,
}

/// What a node may take of us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest wait for one answer, connecting included.
    pub timeout: Duration,
    /// Most bytes of an answer.
    pub answer_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(30), answer_bytes: 64 << 20 }
    }
}

/// What to do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Try again later.
    Temporary,
    /// Trying again does not help: somebody has to look.
    Permanent,
}

/// A call of a method.
#[derive(Clone, Debug)]
pub struct Call {
    /// Its name.
    pub method: &'static str,
    /// Its parameters, an array.
    pub params: Value,
}

/// Why there is no answer.
#[derive(Debug, Error)]
pub enum ClientError {
    /// The address is none of HTTP.
    #[error("{0} is no address of an Ethereum node: http://host:port is one")]
    Address(Place),
    /// The node is not reached, or is gone before it has answered.
    #[error("{method}: {place} does not answer: {reason}")]
    Unreachable {
        /// What was called.
        method: &'static str,
        /// The node.
        place: Place,
        /// Why.
        reason: String,
    },
    /// The node, or what stands before it, has trouble or is asked too much.
    #[error("{method}: {place} answers with HTTP status {status}")]
    Unavailable {
        /// What was called.
        method: &'static str,
        /// The node.
        place: Place,
        /// 429, or 500 and more.
        status: u16,
    },
    /// The request is refused before it is read.
    #[error("{method}: {place} refuses the request with HTTP status {status}")]
    Status {
        /// What was called.
        method: &'static str,
        /// The node.
        place: Place,
        /// The status.
        status: u16,
    },
    /// The node answered with an error.
    #[error("{method} was refused by the node: {error}")]
    Refused {
        /// What was called.
        method: &'static str,
        /// What the node says.
        error: RpcError,
    },
    /// The answer has more bytes than are read.
    #[error("{method}: {place} answers with more than {limit} bytes")]
    TooLong {
        /// What was called.
        method: &'static str,
        /// The node.
        place: Place,
        /// Most bytes.
        limit: u64,
    },
    /// The answer is not one to the question.
    #[error("{method}: the answer of {place} is not the expected one: {reason}")]
    Answer {
        /// What was called.
        method: &'static str,
        /// The node.
        place: Place,
        /// What is wrong with it.
        reason: String,
    },
    /// The node does not have what was asked for.
    #[error("{method} has no result: does the node have this block?")]
    Absent {
        /// What was called.
        method: &'static str,
    },
}

/// What a node answers instead of a result.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Error)]
#[error("{} ({code})", self.text())]
pub struct RpcError {
    /// JSON-RPC's or the node's.
    pub code: i64,
    /// In the node's words.
    #[serde(default)]
    pub message: String,
    /// What a call reverted with, among other things.
    pub data: Option<Value>,
}

/// Where a node is, without what may be secret of the address: user, path, query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place(String);

#[derive(Deserialize)]
struct Answer {
    id: Option<u64>,
    #[serde(default)]
    result: Value,
    error: Option<RpcError>,
}

impl Call {
    /// A call.
    pub fn new(method: &'static str, params: Value) -> Self {
        Self { method, params }
    }

    fn request(&self, id: u64) -> Value {
        json!({"jsonrpc": "2.0", "id": id, "method": self.method, "params": self.params})
    }
}

impl Client {
    /// A client of the node at this address, with the default limits.
    pub fn new(url: &str) -> Self {
        Self::with_limits(url, Limits::default())
    }

    /// A client with limits of its own.
    pub fn with_limits(url: &str, limits: Limits) -> Self {
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(limits.timeout))
            // Many nodes send their errors with a status that is one, too.
            .http_status_as_error(false)
            .build()
            .new_agent();
        Self { url: url.into(), agent, limits }
    }

    /// Where the node is.
    pub fn place(&self) -> Place {
        Place::of(&self.url)
    }

    /// Calls a method that has a result.
    pub fn call<T: DeserializeOwned>(&self, method: &'static str, params: Value) -> Result<T, ClientError> {
        self.call_optional(method, params)?.ok_or(ClientError::Absent { method })
    }

    /// Calls a method whose result may be `null`.
    pub fn call_optional<T: DeserializeOwned>(
        &self,
        method: &'static str,
        params: Value,
    ) -> Result<Option<T>, ClientError> {
        let call = Call::new(method, params);
        let answer: Answer = self.decode(method, &self.post(method, &call.request(1))?)?;
        self.result(method, self.checked(method, answer, 1)?)
    }

    /// Makes calls together, at most 100 in one request. Their results are in the order of the calls; one that has none is
    /// `null`, and one that is refused is an error of its own.
    pub fn call_each(&self, calls: &[Call]) -> Result<Vec<Result<Value, ClientError>>, ClientError> {
        let mut results = Vec::with_capacity(calls.len());
        for part in calls.chunks(BATCH_MAX) {
            results.extend(self.call_part(part)?);
        }
        Ok(results)
    }

    /// The same, where the first call that is refused is the error of all.
    pub fn call_all(&self, calls: &[Call]) -> Result<Vec<Value>, ClientError> {
        self.call_each(calls)?.into_iter().collect()
    }

    /// What a result of [`Client::call_all`] is; `None` for `null`.
    pub fn result<T: DeserializeOwned>(
        &self,
        method: &'static str,
        result: Value,
    ) -> Result<Option<T>, ClientError> {
        // So that `null` is none whatever T is.
        if result.is_null() {
            return Ok(None);
        }
        serde_json::from_value(result).map(Some).map_err(|error| self.unexpected(method, error))
    }

    fn call_part(&self, calls: &[Call]) -> Result<Vec<Result<Value, ClientError>>, ClientError> {
        let Some(first) = calls.first() else { return Ok(Vec::new()) };
        let method = first.method;
        let requests: Value = (0..).zip(calls).map(|(id, call)| call.request(id)).collect();
        let bytes = self.post(method, &requests)?;
        // A node that takes no batch, or not now, answers with one error.
        if let Ok(Answer { error: Some(error), .. }) = serde_json::from_slice(&bytes) {
            return Err(ClientError::Refused { method, error });
        }
        let mut answers: Vec<Answer> = self.decode(method, &bytes)?;
        if answers.len() != calls.len() {
            let reason = format!("{} answers to {} calls", answers.len(), calls.len());
            return Err(self.unexpected(method, reason));
        }
        // They may come in any order.
        answers.sort_by_key(|answer| answer.id);
        let checked = (0..).zip(calls).zip(answers);
        let mut results = Vec::with_capacity(calls.len());
        for ((id, call), answer) in checked {
            match self.checked(call.method, answer, id) {
                Err(error @ ClientError::Answer { .. }) => return Err(error),
                result => results.push(result),
            }
        }
        Ok(results)
    }

    /// The result, if the answer is to this call.
    fn checked(&self, method: &'static str, answer: Answer, id: u64) -> Result<Value, ClientError> {
        if let Some(error) = answer.error {
            return Err(ClientError::Refused { method, error });
        }
        match answer.id {
            Some(answered) if answered == id => Ok(answer.result),
            other => Err(self.unexpected(method, format!("it is to the call {other:?}, not {id}"))),
        }
    }

    fn decode<T: DeserializeOwned>(&self, method: &'static str, bytes: &[u8]) -> Result<T, ClientError> {
        serde_json::from_slice(bytes).map_err(|error| self.unexpected(method, error))
    }

    fn unexpected(&self, method: &'static str, reason: impl Display) -> ClientError {
        ClientError::Answer { method, place: self.place(), reason: reason.to_string() }
    }

    fn post(&self, method: &'static str, request: &Value) -> Result<Vec<u8>, ClientError> {
        let mut response =
            self.agent.post(&*self.url).send_json(request).map_err(|error| self.failed(method, error))?;
        let status = response.status().as_u16();
        if status == 429 || status >= 500 {
            return Err(ClientError::Unavailable { method, place: self.place(), status });
        }
        let body = response.body_mut().with_config().limit(self.limits.answer_bytes).read_to_vec();
        let bytes = body.map_err(|error| self.failed(method, error))?;
        let is_error =
            |bytes| serde_json::from_slice(bytes).is_ok_and(|answer: Answer| answer.error.is_some());
        match status {
            200..=299 => Ok(bytes),
            _ if is_error(&bytes) => Ok(bytes),
            _ => Err(ClientError::Status { method, place: self.place(), status }),
        }
    }

    fn failed(&self, method: &'static str, error: ureq::Error) -> ClientError {
        let place = self.place();
        match error {
            ureq::Error::BadUri(_) | ureq::Error::Http(_) => ClientError::Address(place),
            ureq::Error::BodyExceedsLimit(limit) => ClientError::TooLong { method, place, limit },
            error => ClientError::Unreachable { method, place, reason: error.to_string() },
        }
    }
}

impl Debug for Client {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("place", &self.place()).finish_non_exhaustive()
    }
}

impl ClientError {
    /// What to do about it.
    pub fn class(&self) -> Class {
        match self {
            Self::Unreachable { .. } | Self::Unavailable { .. } => Class::Temporary,
            Self::Refused { error, .. } if CODES_TEMPORARY.contains(&error.code) => Class::Temporary,
            _ => Class::Permanent,
        }
    }

    /// The same for what runs for long: that a node refuses to say something, or has no such block, passes by. Behind one address
    /// there are often several nodes, of which one is behind, or starts.
    pub(crate) fn class_of_a_moment(&self) -> Class {
        match self {
            Self::Refused { error, .. } if !CODES_PERMANENT.contains(&error.code) => Class::Temporary,
            Self::Absent { .. } => Class::Temporary,
            error => error.class(),
        }
    }

    /// What the node said, if it is the node that refused.
    pub fn refusal(&self) -> Option<&RpcError> {
        match self {
            Self::Refused { error, .. } => Some(error),
            _ => None,
        }
    }
}

impl RpcError {
    /// What a call reverted with, if that is what the error says.
    pub fn revert_data(&self) -> Option<Bytes> {
        let data = self.data.as_ref()?;
        // Nodes put it there, or one level deeper.
        let text = data.as_str().or_else(|| data.get("data")?.as_str())?;
        text.parse().ok()
    }

    /// Whether the node says that a call reverted, with data or without.
    pub fn is_revert(&self) -> bool {
        self.code == 3 || self.revert_data().is_some() || self.message.contains("execution reverted")
    }

    fn text(&self) -> &str {
        let end = self.message.floor_char_boundary(MESSAGE_BYTES_MAX);
        self.message.get(..end).unwrap_or_default()
    }
}

impl Place {
    fn of(url: &str) -> Self {
        let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host = authority.rsplit('@').next().unwrap_or_default();
        Self(if scheme.is_empty() { host.to_owned() } else { format!("{scheme}://{host}") })
    }
}

impl Display for Place {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
