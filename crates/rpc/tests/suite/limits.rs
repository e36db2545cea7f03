//! Limits of the server, hosts and origins.

use crate::{subscriptions::Socket, world::*};
use ashlar_rpc::{Limits, Server, Settings, StartError};
use serde_json::{Value, json};
use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

fn request(id: usize) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "method": "eth_chainId", "params": [] })
}

#[test]
fn bodies_batches_and_responses_are_limited() {
    let limits =
        Limits { request_bytes: 10_000, batch_requests: 3, response_bytes: 4_000, ..Limits::default() };
    let world = World::with(limits, |_| {});
    let (status, _) = world.post(&format!("\"{}\"", "7".repeat(10_000)));
    assert_eq!(status, 413);
    let batch = |length| world.post(&json!((0..length).map(request).collect::<Vec<_>>()).to_string()).1;
    let answers: Vec<Value> = serde_json::from_str(&batch(3)).unwrap();
    assert_eq!(answers.len(), 3);
    let refused: Value = serde_json::from_str(&batch(4)).unwrap();
    assert_eq!(refused["error"]["code"], -32_010, "{refused}");
    world.make(&(0..20).map(|nonce| legacy(0, nonce, account(1), 1)).collect::<Vec<_>>());
    assert!(world.ask("eth_getBlockByNumber", json!(["0x1", false])).is_ok());
    let error = world.fail("eth_getBlockByNumber", json!(["0x1", true]));
    assert_eq!(error.code, -32_008, "{error:?}");
}

#[test]
fn connections_are_limited() {
    let world = World::with(Limits { connections: 2, ..Limits::default() }, |_| {});
    let mut sockets = [Socket::open(&world), Socket::open(&world)];
    assert_eq!(world.post(&request(1).to_string()).0, 429);
    assert_eq!(sockets[0].ask("eth_chainId", json!([]))["result"], "0x539");
    drop(sockets);
    while world.post(&request(1).to_string()).0 != 200 {
        std::thread::yield_now();
    }
}

#[test]
fn who_waits_too_long_for_a_turn_is_told_to_try_again() {
    let limits =
        Limits { executions: 1, wait: Duration::from_millis(1), call_gas: 1 << 40, ..Limits::default() };
    let world = World::with(limits, |_| {});
    std::thread::scope(|scope| {
        let burning = || world.ask("eth_call", json!([{ "to": BURNER, "gas": "0x8000000" }]));
        let callers: Vec<_> = (0..4).map(|_| scope.spawn(burning)).collect();
        let errors: Vec<_> = callers.into_iter().map(|caller| caller.join().unwrap().unwrap_err()).collect();
        let busy = errors.iter().filter(|error| error.code == -32_005).count();
        assert!((1..4).contains(&busy), "{errors:?}");
        assert!(errors.iter().all(|error| error.code == -32_005 || error.message == "out of gas"));
    });
    assert_eq!(world.get("eth_chainId", json!([])), "0x539");
}

/// Status of the response to a raw HTTP request with these headers.
fn status(world: &World, method: &str, headers: &str) -> (u16, String) {
    let body = request(1).to_string();
    let mut stream = TcpStream::connect(world.server.address()).unwrap();
    let length = body.len();
    let text = format!(
        "{method} / HTTP/1.1\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    );
    stream.write_all(text.as_bytes()).unwrap();
    let mut response = Vec::new();
    let mut buffer = [0; 4_096];
    // A WebSocket stays open: what comes first is enough.
    while !response.windows(4).any(|window| window == b"\r\n\r\n") {
        match stream.read(&mut buffer).unwrap() {
            0 => break,
            read => response.extend_from_slice(&buffer[..read]),
        }
    }
    let response = String::from_utf8(response).unwrap();
    (response.split(' ').nth(1).unwrap().parse().unwrap(), response.to_ascii_lowercase())
}

const UPGRADE: &str = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

#[test]
fn pages_of_others_do_not_reach_the_server() {
    let world = World::new();
    assert_eq!(status(&world, "POST", "Host: localhost:8545\r\n").0, 200);
    assert_eq!(status(&world, "POST", "Host: evil.example\r\n").0, 403);
    let (code, response) = status(&world, "POST", "Host: 127.0.0.1\r\nOrigin: https://evil.example\r\n");
    assert_eq!((code, response.contains("access-control-allow-origin")), (200, false));
    let (_, response) = status(&world, "POST", "Host: 127.0.0.1\r\nOrigin: http://localhost:3000\r\n");
    assert!(response.contains("access-control-allow-origin: http://localhost:3000"), "{response}");
    let socket = |origin: &str| {
        let headers = format!("Host: 127.0.0.1\r\n{UPGRADE}{origin}");
        let text = format!("GET / HTTP/1.1\r\n{headers}\r\n");
        let mut stream = TcpStream::connect(world.server.address()).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        let mut head = [0; 12];
        stream.read_exact(&mut head).unwrap();
        String::from_utf8(head[9..].to_vec()).unwrap()
    };
    assert_eq!(socket(""), "101");
    assert_eq!(socket("Origin: http://localhost:3000\r\n"), "101");
    assert_eq!(socket("Origin: chrome-extension://abc\r\n"), "101");
    assert_eq!(socket("Origin: https://evil.example\r\n"), "403");
}

#[test]
fn hosts_and_origins_are_allowed_by_settings() {
    let world = World::with(Limits::default(), |settings| {
        settings.hosts = vec!["node.example".to_owned()];
        settings.origins = vec!["https://app.example".to_owned()];
    });
    assert_eq!(status(&world, "POST", "Host: node.example:80\r\n").0, 200);
    let preflight =
        "Host: node.example\r\nOrigin: https://app.example\r\nAccess-Control-Request-Method: POST\r\n";
    let (code, response) = status(&world, "OPTIONS", preflight);
    assert!(
        code == 200 && response.contains("access-control-allow-origin: https://app.example"),
        "{response}"
    );
}

#[test]
fn a_page_cannot_send_without_asking_the_browser_first() {
    let world = World::new();
    let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
    for kind in ["text/plain", "application/x-www-form-urlencoded"] {
        let response =
            agent.post(world.url()).header("content-type", kind).send(request(1).to_string()).unwrap();
        assert_eq!(response.status().as_u16(), 415);
    }
    assert_eq!(agent.get(world.url()).call().unwrap().status().as_u16(), 405);
}

#[test]
fn an_address_in_use_is_named() {
    let world = World::new();
    let other = World::new();
    let settings = Settings { address: world.server.address(), ..Settings::default() };
    let node = other.node();
    match Server::start(&settings, node) {
        Err(StartError::Listen { address, .. }) => assert_eq!(address, world.server.address()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_server_stops_and_its_port_is_free() {
    let world = World::new();
    let mut socket = Socket::open(&world);
    assert_eq!(socket.ask("eth_chainId", json!([]))["result"], "0x539");
    let address = world.server.address();
    assert!(!world.server.is_stopped());
    drop(socket);
    drop(world);
    let settings = Settings { address, ..Settings::default() };
    assert!(Server::start(&settings, World::new().node()).is_ok());
}
