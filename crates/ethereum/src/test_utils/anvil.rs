//! An Ethereum of one's own, with the rules of Osaka.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
};

use serde_json::Value;

use crate::client::Client;

/// A running anvil; ends with the value.
pub struct Anvil {
    process: Child,
    url: String,
    options: Vec<String>,
}

impl Anvil {
    /// Starts the anvil that `contracts/scripts/install.sh` installs, or the one that ASHLAR_ANVIL names, on a free port of
    /// this machine.
    pub fn start() -> Self {
        Self::with_options(&[])
    }

    /// The same with more options.
    pub fn with_options(options: &[&str]) -> Self {
        let options: Vec<String> = options.iter().map(|&option| option.to_owned()).collect();
        let (process, url) = launch("0", &options);
        Self { process, url, options }
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A client of it.
    pub fn client(&self) -> Client {
        Client::new(&self.url)
    }

    /// Calls a method, which must succeed.
    pub fn call(&self, method: &'static str, params: Value) -> Value {
        let result: Option<Value> = self.client().call_optional(method, params).unwrap();
        result.unwrap_or_default()
    }

    /// Ends it in an orderly way, so that it writes its `--state`, which takes it a moment.
    pub fn stop(&mut self) {
        self.signal("INT");
        self.process.wait().unwrap();
    }

    /// Sends it a signal: `STOP` makes it hang until `CONT`.
    pub fn signal(&self, name: &str) {
        let (name, id) = (format!("-{name}"), self.process.id().to_string());
        let sent = Command::new("kill").args([&name, &id]).status().unwrap();
        assert!(sent.success(), "anvil takes signals");
    }

    /// Starts it again at the same port, with the same options.
    pub fn start_again(&mut self) {
        let port = self.url.rsplit(':').next().unwrap();
        (self.process, self.url) = launch(port, &self.options);
    }
}

fn launch(port: &str, options: &[String]) -> (Child, String) {
    let program = program();
    assert!(program.exists(), "there is no {}: run contracts/scripts/install.sh", program.display());
    let mut process = Command::new(program)
        .args(["--port", port, "--hardfork", "osaka", "--enable-tx-gas-limit", "--gas-limit", "60000000"])
        .args(options)
        .stdout(Stdio::piped())
        .spawn()
        .expect("anvil starts");
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
    let address = lines.find_map(|line| line.strip_prefix("Listening on ").map(str::to_owned));
    // It must not wait for a reader of what it says.
    thread::spawn(move || lines.for_each(drop));
    let address = address.expect("anvil says where it listens");
    (process, format!("http://{address}"))
}

fn program() -> PathBuf {
    let installed = "../../contracts/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil";
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join(installed);
    std::env::var_os("ASHLAR_ANVIL").map_or(installed, PathBuf::from)
}

impl Drop for Anvil {
    fn drop(&mut self) {
        // If it is gone already, there is nothing to stop.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
