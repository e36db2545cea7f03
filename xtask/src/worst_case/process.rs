//! What this process has used, where the system says it: Linux.

use std::fs;

/// Ticks of a second in `/proc`; the kernel's interface has it fixed.
const TICKS: f64 = 100.0;

/// Seconds of all cores that this process has had.
pub(super) fn processor_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The name, in parentheses, may have spaces. After it the 12th and 13th fields are the user's time and the system's.
    let fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
    let ticks: Option<Vec<u64>> = fields.skip(11).take(2).map(|field| field.parse().ok()).collect();
    Some(ticks?.iter().sum::<u64>() as f64 / TICKS)
}

/// The most memory that this process had since [`forget_peak_memory`], in bytes.
pub(super) fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes << 10)
}

/// Starts [`peak_memory`] anew. False where the system cannot: there it stays that of the whole process.
pub(super) fn forget_peak_memory() -> bool {
    fs::write("/proc/self/clear_refs", "5").is_ok()
}
