//! Where and when the bench ran.

use std::fs;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use eyre::{WrapErr, ensure};
use serde_json::{Value, json};

/// Model of the processor, cores, memory in GiB.
pub(super) fn machine() -> Value {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kibibytes: u64 = field(&memory, "MemTotal")
        .and_then(|text| text.trim_end_matches(" kB").parse().ok())
        .unwrap_or_default();
    json!({
        "cpu": field(&cpu, "model name").unwrap_or("unknown"),
        "cores": std::thread::available_parallelism().map_or(1, usize::from),
        "memory_gib": (kibibytes + (1 << 19)) >> 20,
    })
}

/// The value of a line `name : value`.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let pairs = text.lines().filter_map(|line| line.split_once(':'));
    pairs.map(|(key, value)| (key.trim(), value.trim())).find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// The commit that is checked out.
pub(super) fn commit() -> eyre::Result<String> {
    let mut git = Command::new("git");
    let output = git.args(["rev-parse", "HEAD"]).current_dir(crate::repository::root()).output();
    let output = output.wrap_err("running git")?;
    ensure!(output.status.success(), "git does not know the commit");
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Today in UTC, as YYYY-MM-DD.
pub(super) fn date() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    civil(seconds / 86_400)
}

/// The date this many days after 1970-01-01, in the Gregorian calendar.
pub(super) fn civil(mut days: u64) -> String {
    let is_leap = |year: u64| year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    let mut year = 1970;
    while days >= 365 + u64::from(is_leap(year)) {
        days -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let february = 28 + u64::from(is_leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    format!("{year:04}-{month:02}-{:02}", days + 1)
}
