//! A node that says what a test wants.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
};

use serde_json::{Value, json};

use crate::client::Client;

/// What it says to a call.
#[derive(Clone, Debug)]
pub enum Reply {
    /// A result.
    Result(Value),
    /// An error of JSON-RPC: its code, message and data.
    Error(i64, String, Value),
    /// A result to another call.
    WrongId(Value),
    /// A status of HTTP, and any body.
    Http(u16, String),
    /// Nothing: the connection ends.
    Drop,
    /// Nothing after half of an answer.
    Half,
}

type Handler = Box<dyn FnMut(&str, &Value) -> Reply + Send>;

/// A server of JSON-RPC on this machine; ends with the value.
pub struct FakeNode {
    url: String,
    address: std::net::SocketAddr,
    calls: Arc<Mutex<Vec<(String, Value)>>>,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl FakeNode {
    /// A node whose answers to calls (method, parameters) this function makes.
    pub fn new(handler: impl FnMut(&str, &Value) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let calls = Arc::<Mutex<Vec<_>>>::default();
        let ended = Arc::<AtomicBool>::default();
        let mut server = Server { handler: Box::new(handler), calls: calls.clone() };
        let end = ended.clone();
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                if end.load(Ordering::SeqCst) {
                    return;
                }
                // A client that goes away is none of the test's concern here: it sees that itself.
                server.serve(stream.unwrap()).ok();
            }
        });
        Self { url: format!("http://{address}"), address, calls, ended, thread: Some(thread) }
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A client of it.
    pub fn client(&self) -> Client {
        Client::new(&self.url)
    }

    /// The calls so far.
    pub fn calls(&self) -> Vec<(String, Value)> {
        self.calls.lock().unwrap().clone()
    }
}

impl Drop for FakeNode {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        // Wakes it up.
        TcpStream::connect(self.address).ok();
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

struct Server {
    handler: Handler,
    calls: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Server {
    fn serve(&mut self, mut stream: TcpStream) -> std::io::Result<()> {
        let request = read_request(&mut stream)?;
        let (status, body) = match &request {
            Value::Array(requests) => {
                let answers: Result<Vec<Value>, Reply> =
                    requests.iter().map(|one| self.answer(one)).collect();
                answers.map(Value::Array)
            }
            one => self.answer(one),
        }
        .map_or_else(
            |reply| match reply {
                Reply::Http(status, body) => (status, body),
                Reply::Half => (0, String::new()),
                _ => (1, String::new()),
            },
            |answer| (200, answer.to_string()),
        );
        match status {
            0 => stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"jsonrpc\""),
            1 => Ok(()),
            _ => {
                let length = body.len();
                let head = format!(
                    "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
                     Connection: close\r\n\r\n"
                );
                stream.write_all(head.as_bytes())?;
                stream.write_all(body.as_bytes())
            }
        }
    }

    /// An answer, or what is said to the whole request.
    fn answer(&mut self, request: &Value) -> Result<Value, Reply> {
        let (id, method) = (request["id"].as_u64().unwrap(), request["method"].as_str().unwrap());
        let params = &request["params"];
        self.calls.lock().unwrap().push((method.to_owned(), params.clone()));
        match (self.handler)(method, params) {
            Reply::Result(result) => Ok(json!({"jsonrpc": "2.0", "id": id, "result": result})),
            Reply::WrongId(result) => Ok(json!({"jsonrpc": "2.0", "id": id + 1_000, "result": result})),
            Reply::Error(code, message, data) => {
                let error = json!({"code": code, "message": message, "data": data});
                Ok(json!({"jsonrpc": "2.0", "id": id, "error": error}))
            }
            other => Err(other),
        }
    }
}

fn read_request(stream: &mut TcpStream) -> std::io::Result<Value> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let line = line.trim().to_ascii_lowercase();
        if let Some(text) = line.strip_prefix("content-length:") {
            length = text.trim().parse().unwrap();
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    serde_json::from_slice(&body).map_err(Into::into)
}
