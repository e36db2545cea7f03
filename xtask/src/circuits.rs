//! `cargo xtask circuits`: the keys of the recursion circuits, which verifiers of aggregated and of final proofs have to know so
//! that they do not have to make the circuits.
//!
//! They depend on all that the circuits verify: tables, parameters, shapes; and on how the circuits are laid out.

use std::fs;
use std::path::Path;

use ashlar_prover::aggregate::{Aggregator, Finalizer};
use ashlar_verifier::{Circuit, CircuitKeys, ProgramKey};
use clap::Args;
use eyre::{WrapErr, bail, ensure};
use serde_json::json;

/// Makes `crates/verifier/keys/circuits.key` and `contracts/key.json`, or checks that what is there comes from the sources.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Make the circuits and compare, writing nothing to the source tree.
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(arguments: &Arguments) -> eyre::Result<()> {
    let made = Aggregator::make_keys()?;
    let root = crate::repository::root();
    let path = root.join("crates/verifier/keys/circuits.key");
    if arguments.check {
        check(&path, &made)?
    } else {
        write(&path, &made)?
    }
    contract_key(&root.join("contracts/key.json"), &contract_key_of(&made)?, arguments.check)
}

/// What the contract is told of the circuits: the root of those that are allowed, and the key of the last one.
fn contract_key_of(keys: &CircuitKeys) -> eyre::Result<String> {
    let finalizer = Finalizer::new()?;
    let key = json!({
        "circuits": hex::encode(ProgramKey::from_elements(&keys.root()).0),
        "lastCircuit": hex::encode(finalizer.key().fixed),
    });
    Ok(format!("{key:#}\n"))
}

fn contract_key(path: &Path, made: &str, check: bool) -> eyre::Result<()> {
    let kept = fs::read_to_string(path).unwrap_or_default();
    let same = kept == made;
    println!("{:<20} {}", "the contract's", if same { "identical" } else { "DIFFERENT" });
    if check {
        ensure!(same, "{} is not what the circuits make: run `cargo xtask circuits`", path.display());
        return Ok(());
    }
    fs::write(path, made).wrap_err_with(|| format!("writing {}", path.display()))
}

fn write(path: &Path, made: &CircuitKeys) -> eyre::Result<()> {
    let old = fs::read(path).ok().and_then(|bytes| CircuitKeys::decode(&bytes).ok());
    for (name, same) in compare(old.as_ref(), made) {
        println!("{name:<20} {}", if same { "as before" } else { "new" });
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).wrap_err_with(|| format!("making {}", folder.display()))?;
    }
    fs::write(path, made.encode()).wrap_err_with(|| format!("writing {}", path.display()))
}

fn check(path: &Path, made: &CircuitKeys) -> eyre::Result<()> {
    const REPAIR: &str = "run `cargo xtask circuits` and commit the result";
    let bytes = fs::read(path).wrap_err_with(|| format!("reading {}: {REPAIR}", path.display()))?;
    let kept = CircuitKeys::decode(&bytes).wrap_err_with(|| format!("{}: {REPAIR}", path.display()))?;
    let mut different = Vec::new();
    for (name, same) in compare(Some(&kept), made) {
        println!("{name:<20} {}", if same { "identical" } else { "DIFFERENT" });
        if !same {
            different.push(name);
        }
    }
    if different.is_empty() {
        return Ok(());
    }
    bail!("the keys in {} are not those of {}: {REPAIR}", path.display(), different.join(", "))
}

/// Name of each circuit, and whether its key is the same.
fn compare(kept: Option<&CircuitKeys>, made: &CircuitKeys) -> Vec<(String, bool)> {
    let same = |circuit| kept.is_some_and(|kept| kept.cap(circuit) == made.cap(circuit));
    Circuit::all().map(|circuit| (circuit.name(), same(circuit))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The keys in the tree, with one circuit's key in the place of another.
    fn swapped() -> (CircuitKeys, CircuitKeys) {
        let path = crate::repository::root().join("crates/verifier/keys/circuits.key");
        let keys = CircuitKeys::decode(&fs::read(path).unwrap()).unwrap();
        let caps = Circuit::all().map(|circuit| match circuit {
            Circuit::Fold => keys.cap(Circuit::Join),
            _ => keys.cap(circuit),
        });
        let other = CircuitKeys::new(caps.map(|cap| cap.unwrap().clone()).collect()).unwrap();
        (keys, other)
    }

    #[test]
    fn the_circuit_that_differs_is_named() {
        let (keys, other) = swapped();
        let folder = crate::repository::target_dir().join("test-circuits");
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("circuits.key");
        fs::write(&path, other.encode()).unwrap();
        let error = check(&path, &keys).unwrap_err().to_string();
        assert!(error.contains("those of fold: run"), "{error}");
        check(&path, &other).unwrap();
        fs::write(&path, &other.encode()[1..]).unwrap();
        assert!(check(&path, &other).unwrap_err().to_string().contains("cargo xtask circuits"));
        write(&path, &keys).unwrap();
        check(&path, &keys).unwrap();
    }
}
