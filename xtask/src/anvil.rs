//! An Ethereum of one's own, with the rules of Osaka.

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
};

use eyre::{OptionExt, WrapErr, ensure};

use crate::repository;

/// A running anvil; ends with the value.
pub(crate) struct Anvil {
    process: Child,
    /// Where it listens.
    pub(crate) url: String,
}

impl Anvil {
    /// Starts the anvil that `contracts/scripts/install.sh` installs, or the one that ASHLAR_ANVIL names, on a free port of
    /// this machine.
    pub(crate) fn start() -> eyre::Result<Self> {
        let installed = "contracts/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil";
        let program = std::env::var_os("ASHLAR_ANVIL")
            .map_or_else(|| repository::root().join(installed), PathBuf::from);
        ensure!(program.exists(), "there is no {}: run contracts/scripts/install.sh", program.display());
        let process = Command::new(&program)
            .args(["--port", "0", "--hardfork", "osaka", "--enable-tx-gas-limit", "--gas-limit", "60000000"])
            .stdout(Stdio::piped())
            .spawn()
            .wrap_err_with(|| format!("starting {}", program.display()))?;
        let mut anvil = Self { process, url: String::new() };
        let talk = anvil.process.stdout.take().ok_or_eyre("anvil says nothing")?;
        let mut lines = BufReader::new(talk).lines().map_while(Result::ok);
        let address = lines.find_map(|line| line.strip_prefix("Listening on ").map(str::to_owned));
        anvil.url = format!("http://{}", address.ok_or_eyre("anvil does not say where it listens")?);
        // It must not wait for a reader of what it says.
        thread::spawn(move || lines.for_each(drop));
        Ok(anvil)
    }
}

impl Drop for Anvil {
    fn drop(&mut self) {
        // If it is gone already, there is nothing to stop.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
