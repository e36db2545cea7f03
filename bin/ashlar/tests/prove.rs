//! Proving and verifying from outside. One proof of the smallest block is made, with its segments kept; every test that
//! needs one uses it.

mod support;

use serde_json::Value;
use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    sync::OnceLock,
    thread,
    time::Duration,
};
use support::{Scratch, ashlar, json, refusal, small, stderr, stdout};

/// The one proof.
struct Proven {
    bytes: Vec<u8>,
    report: Value,
    talk: String,
    /// Name and bytes of each kept segment.
    segments: Vec<(String, Vec<u8>)>,
}

fn proven() -> &'static Proven {
    static PROVEN: OnceLock<Proven> = OnceLock::new();
    PROVEN.get_or_init(|| {
        let scratch = Scratch::new("once");
        let file = scratch.path("block.proof");
        let work = scratch.path("work");
        let output =
            ashlar(&["prove", &small(), "-o", &file, "--work-dir", &work, "--keep-segments", "--json"]);
        assert!(output.status.success(), "{}", stderr(&output));
        let entries = fs::read_dir(&work).unwrap().map(|entry| entry.unwrap());
        let segments = entries
            .filter(|entry| entry.file_name() != "lock")
            .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()));
        Proven {
            bytes: fs::read(&file).unwrap(),
            report: json(&output),
            talk: stderr(&output).to_owned(),
            segments: segments.collect(),
        }
    })
}

#[test]
fn the_report_of_a_proof_says_what_it_took() {
    let Proven { bytes, report, talk, segments } = proven();
    let block: Value = serde_json::from_slice(&fs::read(format!("{}/block.json", small())).unwrap()).unwrap();
    assert_eq!(report["post_state_root"], block["stateRoot"]);
    assert_eq!(report["last_block"], block["hash"]);
    assert_eq!(report["proof_bytes"], bytes.len());
    let parts = report["segments"].as_array().unwrap();
    assert_eq!(parts.len(), segments.len());
    for (whole, part) in [("cycles", "cycles"), ("cells", "cells")] {
        let sum: u64 = parts.iter().map(|segment| segment[part].as_u64().unwrap()).sum();
        assert_eq!(report[whole], sum, "{whole}");
    }
    for phase in ["job", "trace", "prove"] {
        assert!(parts[0]["seconds"][phase].as_f64().unwrap() > 0.0, "{phase}");
    }
    for phase in ["read", "native", "setup", "plan", "job", "trace", "prove", "verify", "write"] {
        let seconds = |name: &str| report["seconds"][name].as_f64().unwrap();
        assert!(seconds(phase) >= 0.0 && seconds(phase) < seconds("total"), "{phase}");
    }
    let share = report["padding_share"].as_f64().unwrap();
    assert!((0.0..1.0).contains(&share), "{share}");
    assert!(report["security_bits"].as_f64().unwrap() >= 100.0);
    assert!(report["cycles_per_second"].as_f64().unwrap() > 0.0);
    assert!(report["cells_per_cycle"].as_f64().unwrap() > 0.0);
    assert!(report["peak_memory_bytes"].as_u64().unwrap() > 1 << 28);
    assert!(talk.contains("segment 1 of"), "plain lines where there is no terminal: {talk}");
}

#[test]
fn a_proof_verifies_and_says_what_it_states() {
    let scratch = Scratch::new("verify");
    let file = scratch.write("block.proof", &proven().bytes);
    let output = ashlar(&["verify", &file, "--json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let (statement, report) = (json(&output), &proven().report);
    assert_eq!(statement["accepted"], true);
    for field in [
        "chain_id",
        "first_block",
        "last_block",
        "pre_state_root",
        "post_state_root",
        "output_hash",
        "program_key",
        "security_bits",
    ] {
        assert_eq!(statement[field], report[field], "{field}");
        assert!(!statement[field].is_null(), "{field}");
    }
    let text = ashlar(&["verify", &file]);
    assert!(text.status.success());
    for field in ["last_block", "post_state_root", "program_key"] {
        assert!(stdout(&text).contains(report[field].as_str().unwrap()), "{field}");
    }
}

#[test]
fn the_guests_elf_and_its_key_file_are_the_default_key() {
    let scratch = Scratch::new("elf");
    let file = scratch.write("block.proof", &proven().bytes);
    let elf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guests/elf/block.elf");
    for (flag, path) in [("--elf", elf.clone()), ("--key", elf.with_extension("key"))] {
        let output = ashlar(&["verify", &file, flag, path.to_str().unwrap()]);
        assert!(output.status.success(), "{flag}: {}", stderr(&output));
    }
}

#[test]
fn a_flipped_byte_is_refused_wherever_it_is() {
    let scratch = Scratch::new("flip");
    let length = proven().bytes.len();
    // Magic, version, key, output, then all over the segments.
    let places = [0, 8, 12, 44 + 2 + 40].into_iter().chain((1..12).map(|i| i * (length - 1) / 11));
    for place in places {
        let mut bytes = proven().bytes.clone();
        bytes[place] ^= 1;
        let reason = refusal(&scratch, &bytes, &[]);
        assert!(!reason.is_empty(), "byte {place}");
    }
}

#[test]
fn a_truncated_proof_is_refused_as_such() {
    let scratch = Scratch::new("truncated");
    let bytes = &proven().bytes;
    for length in [0, 4, 10, 100, bytes.len() / 2, bytes.len() - 1] {
        let reason = refusal(&scratch, &bytes[..length], &[]);
        assert!(["magic", "cut off", "decode"].iter().any(|part| reason.contains(part)), "{reason}");
    }
    let reason = refusal(&scratch, &[bytes.as_slice(), b"more"].concat(), &[]);
    assert!(reason.contains("4 bytes follow"), "{reason}");
}

#[test]
fn another_output_is_refused() {
    let scratch = Scratch::new("output");
    let mut bytes = proven().bytes.clone();
    // In the chain id: after magic, version, key and the output's length, the second word.
    bytes[8 + 4 + 32 + 2 + 63] ^= 1;
    let reason = refusal(&scratch, &bytes, &[]);
    assert!(reason.contains("output"), "{reason}");
}

#[test]
fn a_proof_of_another_program_is_refused_with_both_keys() {
    let scratch = Scratch::new("key");
    let key = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guests/elf/block.key");
    let mut key = fs::read(key).unwrap();
    // After magic, version and length: in the first root of the commitment.
    key[8 + 4 + 1] ^= 1;
    let key = scratch.write("other.key", &key);
    let reason = refusal(&scratch, &proven().bytes, &["--key", &key]);
    assert!(reason.contains(proven().report["program_key"].as_str().unwrap()), "{reason}");
    assert!(reason.contains("not of 0x"), "{reason}");
}

#[test]
fn a_refusal_in_words_goes_to_stderr() {
    let scratch = Scratch::new("words");
    let file = scratch.write("no.proof", b"no proof at all");
    let output = ashlar(&["verify", &file]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(stdout(&output), "");
    assert!(stderr(&output).contains("refused") && stderr(&output).contains("magic"), "{}", stderr(&output));
}

#[test]
fn what_is_no_key_and_no_file_is_named() {
    let scratch = Scratch::new("nokey");
    let file = scratch.write("no.proof", b"no proof at all");
    let output = ashlar(&["verify", &file, "--key", &file]);
    assert!(stderr(&output).contains("no.proof") && stderr(&output).contains("key"), "{}", stderr(&output));
    let output = ashlar(&["verify", "no/such/file"]);
    assert!(stderr(&output).contains("no/such/file"));
}

#[test]
fn a_rerun_takes_finished_segments_from_the_work_folder_and_cleans_up() {
    let scratch = Scratch::new("rerun");
    let file = scratch.path("block.proof");
    let work = scratch.0.join("block.proof.segments");
    fs::create_dir_all(&work).unwrap();
    for (name, bytes) in &proven().segments {
        fs::write(work.join(name), bytes).unwrap();
    }
    let output = ashlar(&["prove", &small(), "-o", &file, "--json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let report = json(&output);
    for segment in report["segments"].as_array().unwrap() {
        assert_eq!(segment["resumed"], true);
    }
    assert!(report["cycles_per_second"].is_null(), "nothing was proven now");
    assert_eq!(fs::read(&file).unwrap(), proven().bytes);
    assert!(!work.exists(), "the work folder is gone");
}

#[test]
fn a_place_that_cannot_take_the_proof_is_refused_at_once() {
    let scratch = Scratch::new("place");
    let output = ashlar(&["prove", &small(), "-o", &scratch.path("none/block.proof")]);
    assert!(stderr(&output).contains("there is no folder"), "{}", stderr(&output));
    let output = ashlar(&["prove", &small(), "-o", &scratch.path("")]);
    assert!(stderr(&output).contains("name the file"), "{}", stderr(&output));
}

#[test]
fn ctrl_c_ends_with_130_and_says_where_it_stands() {
    let scratch = Scratch::new("interrupt");
    let file = scratch.path("block.proof");
    let child = Command::new(env!("CARGO_BIN_EXE_ashlar"))
        .args(["prove", &small(), "-o", &file])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The work folder appears after the handler is in place, and long before a segment is finished.
    while !scratch.0.join("block.proof.segments").exists() {
        thread::sleep(Duration::from_millis(10));
    }
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    assert!(stderr(&output).contains("interrupted"), "{}", stderr(&output));
    assert_eq!(stdout(&output), "");
    assert!(!Path::new(&file).exists());
}

#[test]
fn soundness_reaches_100_bits_in_every_layer() {
    let output = ashlar(&["soundness", "--json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let report = json(&output);
    assert!(report["bits"].as_f64().unwrap() >= 100.0);
    assert_eq!(report["holds"], true);
    let layers = report["layers"].as_array().unwrap();
    for (layer, name) in layers.iter().zip(["segments", "recursion", "shrink", "last"]) {
        assert_eq!(layer["name"], name);
        let (reports, budgets) = (layer["reports"].as_array().unwrap(), layer["budgets"].as_array().unwrap());
        assert_eq!(reports.len(), budgets.len());
        for budget in budgets {
            assert!(budget["columns"].as_u64().unwrap() > 0);
            assert!(budget["cells_per_cycle"].as_f64().unwrap() > 0.0);
        }
    }
    assert_eq!(layers.len(), 4);
    assert!(layers[1]["circuits"][0]["tables"][0]["used"].as_u64().unwrap() > 0);
    let text = ashlar(&["soundness"]);
    assert!(text.status.success());
    assert!(stdout(&text).contains("cells/cycle") && stdout(&text).contains("log2 of heights"));
    assert!(stdout(&text).contains("leaf-general") && stdout(&text).contains("arithmetic"));
}

#[test]
fn help_says_what_each_command_does_and_takes() {
    for (command, parts) in [
        (&[][..], &["prove", "join", "verify", "soundness", "bench", "execute", "stderr"][..]),
        (
            &["prove"],
            &[
                "--output",
                "--aggregate",
                "--work-dir",
                "--keep-segments",
                "--rpc",
                "--json",
                "goes on",
                "FILE.segments",
            ],
        ),
        (&["join"], &["--output", "--work-dir", "--keep-parts", "--json", "order", "FILE.parts"]),
        (&["verify"], &["--key", "--elf", "--any-program", "--json", "Exit code 1", "refused"]),
        (&["soundness"], &["--json", "100 bits", "unique decoding"]),
        (&["bench", "prover"], &["FOLDER", "inputs/small", "--aggregate", "--json", "ECRECOVER"]),
    ] {
        let output = ashlar(&[command, &["--help"]].concat());
        assert!(output.status.success());
        let text = stdout(&output).split_whitespace().collect::<Vec<_>>().join(" ");
        for part in parts {
            assert!(text.contains(part), "`{part}` is not in the help of {command:?}:\n{}", stdout(&output));
        }
    }
}
