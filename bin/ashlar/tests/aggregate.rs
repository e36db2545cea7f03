//! Aggregation from outside. One aggregated proof of the smallest block is made, with its parts kept, and one joined proof;
//! every check that needs one uses them.

mod support;

use serde_json::Value;
use std::{
    fs::{self, File},
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
    /// Name and bytes of each kept part.
    parts: Vec<(String, Vec<u8>)>,
}

fn proven() -> &'static Proven {
    static PROVEN: OnceLock<Proven> = OnceLock::new();
    PROVEN.get_or_init(|| {
        let scratch = Scratch::new("aggregated-once");
        let (file, work) = (scratch.path("block.proof"), scratch.path("work"));
        let output = ashlar(&[
            "prove",
            &small(),
            "-o",
            &file,
            "--aggregate",
            "--work-dir",
            &work,
            "--keep-segments",
            "--json",
        ]);
        assert!(output.status.success(), "{}", stderr(&output));
        Proven {
            bytes: fs::read(&file).unwrap(),
            report: json(&output),
            talk: stderr(&output).to_owned(),
            parts: parts(Path::new(&work)),
        }
    })
}

/// The files in a work folder.
fn parts(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let entries = entries.filter(|entry| entry.file_name() != "lock");
    entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())).collect()
}

/// The proof joined with itself, and the report of that.
fn joined() -> &'static (Vec<u8>, Value) {
    static JOINED: OnceLock<(Vec<u8>, Value)> = OnceLock::new();
    JOINED.get_or_init(|| {
        let scratch = Scratch::new("joined-once");
        let (file, result) = (scratch.write("block.proof", &proven().bytes), scratch.path("joined.proof"));
        let output = ashlar(&["join", &file, &file, "-o", &result, "--json"]);
        assert!(output.status.success(), "{}", stderr(&output));
        assert!(!scratch.0.join("joined.proof.parts").exists(), "the work folder is gone");
        (fs::read(&result).unwrap(), json(&output))
    })
}

#[test]
fn the_report_has_every_segment_and_every_recursion_proof() {
    let Proven { bytes, report, talk, parts } = proven();
    assert_eq!(report["kind"], "aggregate");
    assert_eq!(report["proof_bytes"], bytes.len());
    let segments = report["segments"].as_array().unwrap();
    let cycles: u64 = segments.iter().map(|segment| segment["cycles"].as_u64().unwrap()).sum();
    assert_eq!(report["cycles"], cycles);
    let recursion = report["recursion"].as_array().unwrap();
    // Leaves, folds, the statement.
    assert_eq!(recursion.len(), 2 * segments.len());
    assert_eq!(parts.len(), recursion.len(), "a segment goes when its leaf is there");
    assert!(parts.iter().all(|(name, _)| name.ends_with(".recursion")));
    let circuit = |i: usize| recursion[i]["circuit"].as_str().unwrap().to_owned();
    assert!(circuit(0).starts_with("leaf-"));
    assert_eq!(circuit(recursion.len() - 1), "finish");
    for phase in
        ["circuit", "run", "prove_commit", "prove_messages", "prove_quotients", "prove_opening", "total"]
    {
        assert!(recursion[0]["seconds"][phase].as_f64().unwrap() > 0.0, "{phase}");
    }
    for phase in ["setup", "prove", "circuits", "recursion", "verify"] {
        let seconds = |name: &str| report["seconds"][name].as_f64().unwrap();
        assert!(seconds(phase) > 0.0 && seconds(phase) < seconds("total"), "{phase}");
    }
    assert!(report["security_bits"].as_f64().unwrap() >= 100.0);
    let speed = |name: &str| report[name].as_f64().unwrap();
    assert!(speed("cycles_per_second_total") < speed("cycles_per_second"));
    assert!(report["peak_memory_bytes"].as_u64().unwrap() > 1 << 28);
    for line in ["segment 1 of", "recursion proof 1 of", "finish, is proven", "left"] {
        assert!(talk.contains(line), "{line}: {talk}");
    }
}

#[test]
fn it_verifies_and_says_what_it_states() {
    let scratch = Scratch::new("aggregate-verify");
    let file = scratch.write("block.proof", &proven().bytes);
    let elf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guests/elf/block.elf");
    let key = elf.with_extension("key");
    for more in [&[][..], &["--any-program"], &["--key", key.to_str().unwrap()]] {
        let output = ashlar(&[&["verify", &file, "--json"], more].concat());
        assert!(output.status.success(), "{more:?}: {}", stderr(&output));
        let (verified, report) = (json(&output), &proven().report);
        assert_eq!((&verified["accepted"], &verified["kind"]), (&true.into(), &"aggregate".into()));
        let statements = verified["statements"].as_array().unwrap();
        assert_eq!(statements.len(), 1);
        for field in ["chain_id", "last_block", "pre_state_root", "post_state_root", "program_key"] {
            assert_eq!(statements[0][field], report[field], "{field}");
            assert!(!report[field].is_null(), "{field}");
        }
        assert_eq!(verified["security_bits"], report["security_bits"]);
    }
    let text = ashlar(&["verify", &file]);
    assert!(text.status.success());
    for field in ["last_block", "post_state_root", "program_key"] {
        assert!(stdout(&text).contains(proven().report[field].as_str().unwrap()), "{field}");
    }
}

#[test]
fn a_proof_of_other_programs_is_refused_unless_any_is_asked_for() {
    let scratch = Scratch::new("aggregate-key");
    let key = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guests/elf/block.key");
    let mut key = fs::read(key).unwrap();
    // After magic, version and length: in the first root of the commitment.
    key[8 + 4 + 1] ^= 1;
    let key = scratch.write("other.key", &key);
    let reason = refusal(&scratch, &proven().bytes, &["--key", &key]);
    assert!(reason.contains(proven().report["program_key"].as_str().unwrap()), "{reason}");
    assert!(reason.contains("not of 0x") && reason.contains("--any-program"), "{reason}");
    let file = scratch.write("block.proof", &proven().bytes);
    let output = ashlar(&["verify", &file, "--any-program", "--key", &key]);
    assert!(!output.status.success(), "a key and any program contradict each other");
}

/// The encoding of a proof of no segment: program and output are nothing, too.
fn of_no_segment() -> Vec<u8> {
    [b"ASHLARRP\x01\0\0\0".as_slice(), &[0; 32 + 2]].concat()
}

#[test]
fn a_proof_of_segments_is_not_accepted_for_any_program() {
    let scratch = Scratch::new("aggregate-any");
    let reason = refusal(&scratch, &of_no_segment(), &["--any-program"]);
    assert!(reason.contains("--key or --elf"), "{reason}");
}

#[test]
fn a_flipped_byte_is_refused_wherever_it_is() {
    let scratch = Scratch::new("aggregate-flip");
    for original in [&proven().bytes, &joined().0] {
        let length = original.len();
        // Magic, version, circuit, count, key, output, then all over the proof.
        let places =
            [0, 8, 12, 13, 14, 13 + 33 + 2 + 40].into_iter().chain((1..10).map(|i| i * (length - 1) / 9));
        for place in places {
            let mut bytes = original.clone();
            bytes[place] ^= 1;
            for more in [&[][..], &["--any-program"]] {
                let reason = refusal(&scratch, &bytes, more);
                assert!(!reason.is_empty(), "byte {place}");
            }
        }
    }
}

#[test]
fn truncated_padded_and_foreign_bytes_are_refused_as_such() {
    let scratch = Scratch::new("aggregate-truncated");
    let bytes = &proven().bytes;
    for length in [0, 4, 10, 100, bytes.len() / 2, bytes.len() - 1] {
        let reason = refusal(&scratch, &bytes[..length], &[]);
        assert!(["magic", "cut off", "decode"].iter().any(|part| reason.contains(part)), "{reason}");
    }
    let reason = refusal(&scratch, &[bytes.as_slice(), b"more"].concat(), &[]);
    assert!(reason.contains("4 bytes follow"), "{reason}");
    // The body of the one kind under the magic of the other.
    let foreign = [b"ASHLARRP", &bytes[8..]].concat();
    assert!(!refusal(&scratch, &foreign, &[]).is_empty());
    // A kept part is no proof of statements.
    for (_, part) in &proven().parts {
        assert!(refusal(&scratch, part, &[]).contains("magic"));
        let named = [b"ASHLARAP\x01\0\0\0", part.as_slice()].concat();
        assert!(!refusal(&scratch, &named, &[]).is_empty());
    }
}

#[test]
fn a_rerun_takes_finished_parts_from_the_work_folder_and_cleans_up() {
    let scratch = Scratch::new("aggregate-rerun");
    let file = scratch.path("block.proof");
    let work = scratch.0.join("block.proof.segments");
    fs::create_dir_all(&work).unwrap();
    for (name, bytes) in &proven().parts {
        fs::write(work.join(name), bytes).unwrap();
    }
    let output = ashlar(&["prove", &small(), "-o", &file, "--aggregate", "--json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let report = json(&output);
    for part in [&report["segments"], &report["recursion"]] {
        assert!(part.as_array().unwrap().iter().all(|part| part["resumed"] == true), "{part}");
    }
    assert_eq!(report["cycles"], proven().report["cycles"]);
    assert!(report["cycles_per_second_total"].is_null(), "nothing was proven now");
    assert_eq!(fs::read(&file).unwrap(), proven().bytes);
    assert!(!work.exists(), "the work folder is gone");
}

/// SIGKILL, which no program sees coming.
#[test]
fn a_killed_run_goes_on_with_the_parts_that_it_had_finished() {
    let scratch = Scratch::new("aggregate-kill");
    let (file, work) = (scratch.path("block.proof"), scratch.0.join("work"));
    let arguments =
        ["prove", &small(), "-o", &file, "--aggregate", "--work-dir", work.to_str().unwrap(), "--json"];
    let mut child = Command::new(env!("CARGO_BIN_EXE_ashlar"))
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let has_part = || {
        let Ok(entries) = fs::read_dir(&work) else { return false };
        entries.flatten().any(|entry| entry.file_name().to_string_lossy().ends_with(".recursion"))
    };
    while !has_part() {
        assert_eq!(child.try_wait().unwrap(), None, "it ends before a part is finished");
        thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    assert!(!child.wait().unwrap().success());
    assert!(!Path::new(&file).exists());
    let output = ashlar(&arguments);
    assert!(output.status.success(), "{}", stderr(&output));
    let report = json(&output);
    let recursion = report["recursion"].as_array().unwrap();
    assert_eq!(recursion[0]["resumed"], true, "{report}");
    assert_eq!(recursion[recursion.len() - 1]["resumed"], false, "{report}");
    assert!(ashlar(&["verify", &file]).status.success());
    assert!(!work.exists(), "the work folder is gone");
}

#[test]
fn a_joined_proof_states_what_its_parts_state() {
    let scratch = Scratch::new("joined");
    let (bytes, report) = joined();
    let file = scratch.write("joined.proof", bytes);
    let output = ashlar(&["verify", &file, "--json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(json(&output)["statements"], report["statements"]);
    let statements = report["statements"].as_array().unwrap();
    assert_eq!(statements.len(), 2);
    assert!(statements.iter().all(|one| one["post_state_root"] == proven().report["post_state_root"]));
    assert_eq!(report["proof_bytes"], bytes.len());
    let recursion = report["recursion"].as_array().unwrap();
    assert_eq!((recursion.len(), &recursion[0]["circuit"]), (1, &"join".into()));
    assert!(bytes.len() < proven().bytes.len() + 10_000, "its size does not go with the number of proofs");
    let text = ashlar(&["verify", &file]);
    assert!(stdout(&text).contains("statement 2 of 2"), "{}", stdout(&text));
}

#[test]
fn what_cannot_be_joined_is_named_with_the_reason() {
    let scratch = Scratch::new("unjoinable");
    let (one, two) = (scratch.write("one.proof", &proven().bytes), scratch.write("two.proof", &joined().0));
    let mut damaged = proven().bytes.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    let damaged = scratch.write("damaged.proof", &damaged);
    let segments = scratch.write("segments.proof", &of_no_segment());
    let result = scratch.path("result.proof");
    for (inputs, parts) in [
        ([&one, &two], &["two.proof", "2 statements", "all in one command"][..]),
        ([&one, &damaged], &["damaged.proof"]),
        ([&segments, &one], &["segments.proof", "prove --aggregate"]),
        ([&one, &scratch.path("none.proof")], &["none.proof", "cannot read"]),
    ] {
        let output = ashlar(&["join", inputs[0], inputs[1], "-o", &result]);
        assert_eq!(output.status.code(), Some(1));
        for part in parts {
            assert!(stderr(&output).contains(part), "{part}: {}", stderr(&output));
        }
        assert!(!Path::new(&result).exists() && !scratch.0.join("result.proof.parts").exists());
    }
    let output = ashlar(&["join", &one, "-o", &result]);
    assert_eq!(output.status.code(), Some(1), "one proof is nothing to join");
    assert!(stderr(&output).contains("--final"), "{}", stderr(&output));
}

#[test]
fn ctrl_c_while_joining_ends_with_130() {
    let scratch = Scratch::new("join-interrupt");
    let (file, result) = (scratch.write("block.proof", &proven().bytes), scratch.path("joined.proof"));
    let child = Command::new(env!("CARGO_BIN_EXE_ashlar"))
        .args(["join", &file, &file, &file, "-o", &result])
        .stdout(Stdio::piped())
        .stderr(File::create(scratch.0.join("talk")).unwrap())
        .spawn()
        .unwrap();
    while !scratch.0.join("joined.proof.parts").exists() {
        thread::sleep(Duration::from_millis(10));
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert!(fs::read_to_string(scratch.0.join("talk")).unwrap().contains("interrupted"));
    assert!(!Path::new(&result).exists());
}
