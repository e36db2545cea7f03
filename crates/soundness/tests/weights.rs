//! Which messages have weight 0 in the bound on multiplicities. Each is a fact that a table states: it may be counted any
//! number of times. A query or a message of a permutation bus with weight 0 would escape the bound.

use std::collections::BTreeSet;

use ashlar_machine::Table;
use ashlar_machine::air::MachineAir;
use ashlar_verifier::config::Challenge;
use p3_lookup::{Kind, Lookups};

/// The reviewed list, as in specification 006.
const FACTS: [(&str, &str); 11] = [
    ("bitwise", "instruction"),
    ("div", "instruction"),
    ("keccak_table", "keccak_table"),
    ("less_than", "instruction"),
    ("lookup", "table"),
    ("mul", "instruction"),
    ("poseidon2", "compress"),
    ("poseidon2", "permute"),
    ("program", "program"),
    ("shift", "instruction"),
    ("subword", "instruction"),
];

#[test]
fn only_reviewed_messages_have_weight_0() {
    let mut found = BTreeSet::new();
    for table in Table::ALL {
        let messages = Lookups::from_air::<Challenge, _>(&MachineAir::constraints(table));
        for message in messages.iter().filter(|message| message.count_weight == 0) {
            let Kind::Global(bus) = &message.kind else { panic!("{} has messages to itself", table.name()) };
            found.insert((table.name(), bus.clone()));
        }
    }
    let expected: BTreeSet<_> = FACTS.iter().map(|(table, bus)| (*table, (*bus).to_owned())).collect();
    assert_eq!(found, expected);
}
