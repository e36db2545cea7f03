//! Where, when and from what a result came.

use std::env;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use ashlar_vm::bench::Host;
use eyre::{WrapErr, ensure};
use serde_json::{Value, json};

/// What every result says of its origin: machine, command, commit, date.
pub(crate) fn origin() -> eyre::Result<Value> {
    let command: Vec<_> = ["cargo xtask".to_owned()].into_iter().chain(env::args().skip(1)).collect();
    Ok(json!({"machine": machine(), "command": command.join(" "), "commit": commit()?, "date": date()}))
}

/// The machine, as results name it.
pub(crate) fn machine() -> Value {
    let Host { cpu, cores, memory_gib, avx512 } = Host::this();
    json!({"cpu": cpu, "cores": cores, "memory_gib": memory_gib, "avx512": avx512})
}

/// The commit that is checked out.
pub(crate) fn commit() -> eyre::Result<String> {
    let mut git = Command::new("git");
    let output = git.args(["rev-parse", "HEAD"]).current_dir(crate::repository::root()).output();
    let output = output.wrap_err("running git")?;
    ensure!(output.status.success(), "git does not know the commit");
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Today in UTC, as YYYY-MM-DD.
pub(crate) fn date() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    civil(seconds / 86_400)
}

/// The date this many days after 1970-01-01, in the Gregorian calendar.
pub(crate) fn civil(mut days: u64) -> String {
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
