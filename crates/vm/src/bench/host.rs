//! Where a measurement ran.

use std::fs;

/// The machine that a figure was measured on; what the system does not say is left at its default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Host {
    /// Model of the processor.
    pub cpu: String,
    /// Cores that this process may use.
    pub cores: usize,
    /// Memory in GiB, rounded.
    pub memory_gib: u64,
    /// Whether the processor has AVX-512, which decides the speed of proving.
    pub avx512: bool,
}

impl Host {
    /// This machine, as Linux describes it.
    pub fn this() -> Self {
        let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let kibibytes = field(&memory, "MemTotal").and_then(|text| text.trim_end_matches(" kB").parse().ok());
        Self {
            cpu: field(&cpu, "model name").unwrap_or_default().to_owned(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_gib: (kibibytes.unwrap_or(0_u64) + (1 << 19)) >> 20,
            avx512: field(&cpu, "flags").is_some_and(|flags| flags.split(' ').any(|flag| flag == "avx512f")),
        }
    }
}

/// The value of the first line `name : value`.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let pairs = text.lines().filter_map(|line| line.split_once(':'));
    pairs.map(|(key, value)| (key.trim(), value.trim())).find(|(key, _)| *key == name).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_by_their_whole_name() {
        let text = "model\t\t: 17\nmodel name\t: Some CPU\nflags\t: fpu avx512f\n";
        assert_eq!(field(text, "model name"), Some("Some CPU"));
        assert_eq!(field(text, "name"), None);
    }

    #[test]
    fn this_machine_has_a_core() {
        assert!(Host::this().cores >= 1);
    }
}
