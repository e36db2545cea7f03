//! Words.

use super::words;
use std::time::Duration;

#[test]
fn durations_are_words() {
    for (seconds, text) in [(0.25, "0.2 s"), (42.9, "42 s"), (125.0, "2 min 05 s"), (7_500.0, "2 h 05 min")] {
        assert_eq!(words(Duration::from_secs_f64(seconds)), text);
    }
}
