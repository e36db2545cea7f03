//! An Ethereum of one's own: anvil, which keeps its state in a file.

use eyre::{OptionExt, WrapErr, bail, ensure};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use std::{
    env, fs,
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Where `contracts/scripts/install.sh` puts it.
const INSTALLED: &str = "contracts/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil";

/// Names another program.
const VARIABLE: &str = "ASHLAR_ANVIL";

/// Names of the files with its state and its process id.
const STATE_FILE: &str = "anvil.json";
const ID_FILE: &str = "anvil.pid";

/// How long it may take to write its state when it is told to end.
const END_TIMEOUT: Duration = Duration::from_secs(60);

/// Seconds between two blocks without transactions: blocks with transactions come at once.
const BLOCK_SECONDS: &str = "12";

/// A running anvil. It ends with the value, and keeps its state.
pub(super) struct Anvil {
    process: Child,
    id_file: PathBuf,
    /// Its JSON-RPC.
    pub(super) url: String,
}

impl Anvil {
    /// Whether this folder has, or had, an anvil.
    pub(super) fn was_in(folder: &Path) -> bool {
        [STATE_FILE, ID_FILE].iter().any(|name| folder.join(name).exists())
    }

    /// Starts the anvil whose state is in this folder, on this port of the loopback interface. One that a crash left behind is ended
    /// first: it has the newest state.
    pub(super) fn start(folder: &Path, port: u16, chain_id: u64) -> eyre::Result<Self> {
        let program = find()?;
        let id_file = folder.join(ID_FILE);
        end_orphan(&id_file)?;
        let state = folder.join(STATE_FILE);
        let mut process = Command::new(&program)
            .args(["--hardfork", "osaka", "--enable-tx-gas-limit", "--gas-limit", "60000000"])
            .args(["--mixed-mining", "--block-time", BLOCK_SECONDS, "--slots-in-an-epoch", "1"])
            // Nobody knows the keys of its accounts.
            .args(["--accounts", "1", "--mnemonic-random", "24", "--host", "127.0.0.1"])
            .args(["--state-interval", "2", "--state"])
            .arg(&state)
            .args(["--port", &port.to_string(), "--chain-id", &chain_id.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // Ctrl-C is for us: it ends after the node.
            .process_group(0)
            .spawn()
            .wrap_err_with(|| format!("starting {}", program.display()))?;
        let talk = process.stdout.take().ok_or_eyre("anvil says nothing")?;
        let mut anvil = Self { process, id_file, url: String::new() };
        fs::write(&anvil.id_file, anvil.process.id().to_string())
            .wrap_err_with(|| format!("writing {}", anvil.id_file.display()))?;
        let mut lines = BufReader::new(talk).lines().map_while(Result::ok);
        let address = lines.find_map(|line| line.strip_prefix("Listening on ").map(str::to_owned));
        let Some(address) = address else {
            bail!(
                "anvil does not start: is port {port} in use (choose another with --l1-port), or is {} damaged?",
                state.display()
            );
        };
        anvil.url = format!("http://{address}");
        // It must not wait for a reader of what it says.
        thread::spawn(move || lines.for_each(drop));
        Ok(anvil)
    }

    fn end(&mut self) -> eyre::Result<()> {
        let id = i32::try_from(self.process.id()).ok().and_then(Pid::from_raw);
        // The signal by which it writes its state.
        kill_process(id.ok_or_eyre("anvil has no process id")?, Signal::TERM)?;
        let begun = Instant::now();
        while self.process.try_wait()?.is_none() {
            ensure!(begun.elapsed() < END_TIMEOUT, "anvil does not end");
            thread::sleep(Duration::from_millis(20));
        }
        fs::remove_file(&self.id_file)?;
        Ok(())
    }
}

impl Drop for Anvil {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            eprintln!("anvil was not ended in order ({error}); its state is at most two seconds old");
            // It may be gone already.
            self.process.kill().ok();
            self.process.wait().ok();
        }
    }
}

/// Ends the anvil that an earlier run left behind, if it is still there.
fn end_orphan(id_file: &Path) -> eyre::Result<()> {
    let Ok(text) = fs::read_to_string(id_file) else { return Ok(()) };
    let Some(id) = text.trim().parse().ok().and_then(Pid::from_raw) else { return Ok(()) };
    // The number may have gone to another program since.
    let name = fs::read_to_string(format!("/proc/{}/comm", id.as_raw_nonzero())).unwrap_or_default();
    if name.trim() != "anvil" {
        return Ok(());
    }
    kill_process(id, Signal::TERM).wrap_err("ending the anvil of an earlier run")?;
    let begun = Instant::now();
    while test_kill_process(id).is_ok() {
        ensure!(begun.elapsed() < END_TIMEOUT, "the anvil of an earlier run (process {text}) does not end");
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

fn find() -> eyre::Result<PathBuf> {
    if let Some(named) = env::var_os(VARIABLE) {
        let program = PathBuf::from(named);
        ensure!(program.exists(), "{VARIABLE} names {}, which does not exist", program.display());
        return Ok(program);
    }
    let installed = PathBuf::from(INSTALLED);
    let of_foundry = env::var_os("HOME").map(|home| Path::new(&home).join(".foundry/bin/anvil"));
    let path = env::var_os("PATH").unwrap_or_default();
    let in_path = env::split_paths(&path).map(|folder| folder.join("anvil"));
    let mut candidates = [Some(installed), of_foundry].into_iter().flatten().chain(in_path);
    candidates.find(|program| program.is_file()).ok_or_eyre(
        "there is no Ethereum to settle on. Either install anvil (contracts/scripts/install.sh in this repository needs npm \
         alone; Foundry's installer does it, too), or name it in ASHLAR_ANVIL, or give the address of a node with --l1",
    )
}
