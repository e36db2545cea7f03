//! Whatever is made weaker by one step lowers the term that it belongs to, and no other.

use ashlar_soundness::{Hash, Regime, Report, Scheme, TableProfile, report};
use ashlar_verifier::config::{Parameters, SEGMENT};

const TABLE: TableProfile = TableProfile {
    name: "cpu",
    log_height: 21,
    main_width: 50,
    reads_next_row: true,
    fixed_width: 0,
    fixed_next: false,
    aux_columns: 11,
    messages: 18,
    message_width: 8,
    weight: 18,
    constraints: 80,
    degree: 3,
    quotient_chunks: 2,
    periodic: 0,
};

const NAMES: [&str; 9] = [
    "buses",
    "constraints",
    "point",
    "batch",
    "fold",
    "queries",
    "commitments",
    "transcript",
    "memory, claims",
];

/// Names of the terms with fewer bits in the second report; without rounds of folding that only one of the two has.
fn lower(before: &Report, after: &Report) -> Vec<&'static str> {
    let least = |report: &Report, name: &str| {
        let bits = report.terms.iter().filter(|term| term.name.starts_with(name)).map(|term| term.bits);
        bits.fold(f64::INFINITY, f64::min)
    };
    NAMES.into_iter().filter(|name| least(after, name) < least(before, name)).collect()
}

/// The same for two proofs of segments.
fn lowered(before: (&Parameters, TableProfile), after: (&Parameters, TableProfile)) -> Vec<&'static str> {
    let [before, after] = [before, after].map(|(parameters, table)| {
        report("", &Scheme { parameters: *parameters, ..Scheme::SEGMENT }, &[table])
    });
    lower(&before, &after)
}

/// A change, and the terms that it lowers.
type Case<T> = (fn(&mut T), &'static [&'static str]);

#[test]
fn parameters() {
    let cases: [Case<Parameters>; 9] = [
        (|p| p.queries -= 1, &["queries"]),
        (|p| p.query_grinding -= 1, &["queries"]),
        (|p| p.fold_grinding -= 1, &["fold"]),
        (|p| p.batch_grinding -= 1, &["batch"]),
        (|p| p.lookup_grinding -= 1, &["buses"]),
        (|p| p.point_grinding -= 1, &["point"]),
        (|p| p.log_arity_max += 1, &["fold"]),
        // A lower rate has a larger domain, which costs more than a query gains there.
        (|p| p.log_blowup += 1, &["batch", "fold"]),
        (|p| p.cap_height += 1, &[]),
    ];
    for (i, (change, expected)) in cases.into_iter().enumerate() {
        let mut weaker = SEGMENT;
        change(&mut weaker);
        assert_eq!(lowered((&SEGMENT, TABLE), (&weaker, TABLE)), expected, "case {i}");
    }
}

#[test]
fn tables() {
    let cases: [Case<TableProfile>; 12] = [
        (|t| t.messages += 1, &["buses"]),
        (|t| t.message_width += 1, &["buses"]),
        (|t| t.constraints += 1, &["constraints"]),
        (|t| t.degree += 1, &["point"]),
        (|t| t.quotient_chunks = 4, &["point", "batch"]),
        (|t| t.main_width += 1, &["batch"]),
        (|t| t.fixed_width += 1, &["batch"]),
        (|t| t.aux_columns += 1, &["batch"]),
        // Conditions only.
        (|t| t.weight += 1, &[]),
        // The verifier evaluates them itself.
        (|t| t.periodic += 1, &[]),
        (|t| t.log_height += 1, &["buses", "point", "batch", "fold"]),
        // The code's rate counts two more rows, so queries are worth a hair less on lower domains.
        (|t| t.log_height -= 1, &["queries"]),
    ];
    for (i, (change, expected)) in cases.into_iter().enumerate() {
        let mut weaker = TABLE;
        change(&mut weaker);
        // Degree 3 with 4 chunks: (4 + 1) N exceeds 3 N + N.
        assert_eq!(lowered((&SEGMENT, TABLE), (&SEGMENT, weaker)), expected, "case {i}");
    }
    let read = TableProfile { reads_next_row: false, ..TABLE };
    assert_eq!(lowered((&SEGMENT, read), (&SEGMENT, TABLE)), ["batch"]);
    let fixed = TableProfile { fixed_width: 3, ..TABLE };
    let read = TableProfile { fixed_next: true, ..fixed };
    assert_eq!(lowered((&SEGMENT, fixed), (&SEGMENT, read)), ["batch"]);
}

#[test]
fn regimes_and_hashes() {
    let one = Scheme { parameters: Parameters { log_blowup: 4, ..SEGMENT }, ..Scheme::SEGMENT };
    let lists = Scheme { regime: Regime::Johnson { m: 3 }, ..one };
    let keccak = Scheme { hash: Hash::Keccak { digest: 26 }, ..Scheme::SEGMENT };
    let all_but_queries = ["buses", "constraints", "point", "batch", "fold"];
    let cases: [(Scheme, Scheme, &[&str]); 5] = [
        (one, lists, &all_but_queries),
        (lists, one, &["queries"]),
        (lists, Scheme { regime: Regime::Johnson { m: 4 }, ..lists }, &all_but_queries),
        (Scheme::SEGMENT, keccak, &["commitments"]),
        (keccak, Scheme { hash: Hash::Keccak { digest: 25 }, ..keccak }, &["commitments"]),
    ];
    for (i, (before, after, expected)) in cases.into_iter().enumerate() {
        let [before, after] = [before, after].map(|scheme| report("", &scheme, &[TABLE]));
        assert_eq!(lower(&before, &after), expected, "case {i}");
    }
}
