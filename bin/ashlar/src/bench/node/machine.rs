//! The time that this process has had of the machine's processors.

use eyre::{OptionExt, WrapErr};
use std::{fs, time::Duration};

/// Milliseconds of the unit in which Linux tells programs of time, on every machine.
const TICK_MILLISECONDS: u64 = 10;

/// Fields of /proc/self/stat from behind the program's name to the times in user and in kernel mode.
const FIELDS_BEFORE: usize = 11;

/// Time of all threads, in steps of 10 ms.
pub(super) fn processor_time() -> eyre::Result<Duration> {
    let text = fs::read_to_string("/proc/self/stat").wrap_err("reading /proc/self/stat")?;
    // The name may have any character but ends at the last parenthesis.
    let (_, fields) = text.rsplit_once(')').ok_or_eyre("/proc/self/stat has no name")?;
    let times = fields.split_whitespace().skip(FIELDS_BEFORE).take(2);
    let ticks: u64 = times.map(str::parse::<u64>).sum::<Result<_, _>>()?;
    Ok(Duration::from_millis(ticks.saturating_mul(TICK_MILLISECONDS)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn what_is_calculated_takes_a_processor() {
        let before = processor_time().unwrap();
        let begun = Instant::now();
        let mut sum = 0u64;
        // Whatever else the machine does, so much is needed by somebody.
        while processor_time().unwrap() < before + Duration::from_millis(50) {
            sum = (0..10_000u64).fold(sum, |sum, number| sum.rotate_left(5) ^ number);
            assert!(begun.elapsed() < Duration::from_secs(60), "{sum}");
        }
        assert!(begun.elapsed() >= Duration::from_millis(20));
    }
}
