//! Jobs by HTTP: who has the token gets them, and nobody else.

mod world;

use alloy_rlp::Encodable;
use ashlar_batcher::{
    Finish, JobError, JobKey, JobQueue, JobServer, JobSettings, JobSource, LocalJobs, Prices, RemoteJobs,
    SealSettings, Sealer, SourceError, Token, TokenError, batch_input,
};
use ashlar_storage::{ChainRecords, MemoryStore};
use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    os::unix::fs::PermissionsExt,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tempfile::TempDir;
use world::{TIME, World, config};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

struct Setup {
    world: World,
    queue: Arc<JobQueue<Arc<MemoryStore>>>,
    server: JobServer,
    folder: TempDir,
}

fn token(folder: &TempDir, text: &str, mode: u32) -> Result<Token, TokenError> {
    let path = folder.path().join("token");
    fs::remove_file(&path).ok();
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    Token::read(&path)
}

/// A server of one batch.
fn setup() -> Setup {
    let mut world = World::new(config());
    world.three_blocks();
    let mut sealer = Sealer::open(Arc::clone(&world.store), world.config, SealSettings::default()).unwrap();
    sealer.step(TIME + 100, &Prices::default()).unwrap();
    assert_eq!(world.store.last_batch().unwrap(), 1);
    let queue = Arc::new(JobQueue::new(Arc::clone(&world.store), 1, JobSettings::default()).unwrap());
    let jobs = LocalJobs::new(Arc::clone(&queue), Arc::clone(&world.store), world.config);
    let folder = tempfile::tempdir().unwrap();
    let token = token(&folder, &format!("{SECRET}\n"), 0o600).unwrap();
    let server = JobServer::start("127.0.0.1:0".parse().unwrap(), token, Arc::new(jobs)).unwrap();
    Setup { world, queue, server, folder }
}

impl Setup {
    fn worker(&self, secret: &str) -> RemoteJobs {
        let url = format!("http://{}/", self.server.address());
        RemoteJobs::new(&url, token(&self.folder, secret, 0o400).unwrap())
    }

    /// The first line of the answer to a request as it is typed.
    fn raw(&self, request: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.server.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(request).unwrap();
        let mut answer = [0; 64];
        let read = stream.read(&mut answer).unwrap();
        String::from_utf8_lossy(&answer[..read]).lines().next().unwrap().to_owned()
    }

    fn post(&self, path: &str, body: &[u8]) -> String {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {SECRET}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        self.raw(&[head.as_bytes(), body].concat())
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

#[test]
fn a_worker_elsewhere_takes_a_job_and_its_lie_is_refused() {
    let setup = setup();
    let worker = setup.worker(SECRET);
    let order = worker.take("far").unwrap().unwrap();
    let record = setup.world.store.batch(1).unwrap().unwrap();
    assert_eq!((order.job.key, order.job.output), (JobKey { batch: 1, version: 1 }, record.output));
    let input = batch_input(&setup.world.store, &setup.world.config, &record).unwrap();
    assert_eq!(order.input, input.borrow().encode().unwrap());
    assert_eq!(setup.queue.state(order.job.key, now()).unwrap().0.as_deref(), Some("far"));
    worker.renew("far", &order.job).unwrap();
    assert!(worker.take("other").unwrap().is_none());
    let Finish::Refused { reason } = worker.finish("far", &order.job, &[7; 94_000]).unwrap() else {
        panic!("it is a lie")
    };
    assert!(reason.contains("verify"), "{reason}");
    assert!(setup.world.store.proof(1).unwrap().is_none());
    // The lease has ended with the lie.
    let lost = worker.renew("far", &order.job);
    assert!(matches!(lost, Err(SourceError::Job(JobError::Lost(1)))), "{lost:?}");
    let taken = worker.take("other").unwrap().unwrap();
    worker.fail("other", &taken.job, "no memory").unwrap();
    let (_, failures) = setup.queue.state(taken.job.key, now()).unwrap();
    assert!(failures.iter().any(|failure| failure.reason == "no memory"));
    let taken = worker.take("other").unwrap().unwrap();
    worker.release("other", &taken.job).unwrap();
    assert!(setup.queue.state(taken.job.key, now()).unwrap().0.is_none());
    setup.server.stop().unwrap();
}

#[test]
fn without_the_token_there_is_nothing() {
    let setup = setup();
    for secret in ["0123456789abcdef0123456789abcdeX", "0123456789abcdef0123456789abcdef0"] {
        let error = setup.worker(secret).take("a").unwrap_err();
        assert!(matches!(&error, SourceError::Token), "{error}");
    }
    let none = "POST /take HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
    assert!(setup.raw(none.as_bytes()).contains("401"));
    // What it says about its body does not matter, then.
    let large = "POST /finish HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775807\r\n\r\n";
    assert!(setup.raw(large.as_bytes()).contains("401"));
    assert!(setup.queue.state(JobKey { batch: 1, version: 1 }, now()).unwrap().0.is_none());
    assert!(!setup.server.has_ended());
}

#[test]
fn bodies_are_bounded_and_must_be_requests() {
    let setup = setup();
    assert!(setup.post("/take", b"not RLP").contains("400"));
    assert!(setup.post("/take", b"").contains("400"));
    let mut worker = Vec::new();
    "a worker".encode(&mut worker);
    assert!(setup.post("/take", &worker).contains("400"));
    assert!(setup.post("/finish", &vec![0; 1 << 20]).contains("413"));
    assert!(setup.post("/nothing", b"").contains("404"));
    let get = format!("GET /take HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {SECRET}\r\n\r\n");
    assert!(setup.raw(get.as_bytes()).contains("405"));
    let worker = setup.worker(SECRET);
    let error = worker.take("no name").unwrap_err();
    assert!(error.to_string().contains("worker's name"), "{error}");
    let order = worker.take("a").unwrap().unwrap();
    let mut job = order.job;
    job.key.version = 2;
    assert!(worker.renew("a", &job).unwrap_err().to_string().contains("version"));
    assert!(worker.finish("a", &order.job, &vec![0; 1 << 20]).is_err());
    assert!(!setup.server.has_ended());
}

#[test]
fn a_server_that_is_away_is_an_error_that_may_pass() {
    let setup = setup();
    let worker = setup.worker(SECRET);
    setup.server.stop().unwrap();
    assert!(matches!(worker.take("a"), Err(SourceError::Remote(_))));
}

#[test]
fn a_token_is_a_secret_of_one_user() {
    let folder = tempfile::tempdir().unwrap();
    assert!(token(&folder, SECRET, 0o600).is_ok());
    assert!(!format!("{:?}", token(&folder, SECRET, 0o600).unwrap()).contains("0123"));
    for mode in [0o640, 0o604, 0o644] {
        assert!(matches!(token(&folder, SECRET, mode), Err(TokenError::Open(_))));
        fs::set_permissions(folder.path().join("token"), fs::Permissions::from_mode(0o600)).unwrap();
    }
    for text in ["", "short", &"a".repeat(257), "0123456789abcdef 123456789abcdef"] {
        assert!(matches!(token(&folder, text, 0o600), Err(TokenError::Form(_))), "{text}");
    }
    assert!(matches!(Token::read(&folder.path().join("none")), Err(TokenError::Read { .. })));
}
