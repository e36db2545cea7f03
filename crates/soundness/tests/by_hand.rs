//! Small proofs, calculated by hand.
//!
//! p = 2^31 - 2^24 + 1, so log2(p) = 31 + log2(1 - 2^-7 + 2^-31) = 31 - 0.0113153 = 30.9886847 and
//! log2(F) = 4 log2(p) = 123.9547387.

use ashlar_soundness::{
    Hash, Regime, Report, Scheme, Site, TableProfile, budget, field_bits, grinding_worth, report,
};
use ashlar_verifier::config::Parameters;

const PARAMETERS: Parameters = Parameters {
    log_blowup: 1,
    log_final_polynomial: 2,
    log_arity_max: 2,
    queries: 10,
    query_grinding: 0,
    fold_grinding: 0,
    batch_grinding: 0,
    lookup_grinding: 0,
    point_grinding: 0,
    cap_height: 0,
};

const fn unique(parameters: Parameters) -> Scheme {
    Scheme { parameters, regime: Regime::UniqueDecoding, hash: Hash::Poseidon2 }
}

const TALL: TableProfile = TableProfile {
    name: "cpu",
    log_height: 10,
    main_width: 20,
    reads_next_row: true,
    fixed_width: 4,
    fixed_next: false,
    aux_columns: 3,
    messages: 6,
    message_width: 8,
    weight: 5,
    constraints: 30,
    degree: 3,
    quotient_chunks: 2,
    periodic: 0,
};

const SHORT: TableProfile = TableProfile {
    name: "mul",
    log_height: 6,
    main_width: 5,
    reads_next_row: false,
    fixed_width: 0,
    fixed_next: false,
    aux_columns: 2,
    messages: 2,
    message_width: 3,
    weight: 2,
    constraints: 7,
    degree: 2,
    quotient_chunks: 1,
    periodic: 0,
};

fn assert_bits(report: &Report, expected: &[(&str, f64)]) {
    let names: Vec<_> = report.terms.iter().map(|term| term.name.as_str()).collect();
    assert_eq!(names, expected.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    for (term, (name, bits)) in report.terms.iter().zip(expected) {
        assert!((term.bits - bits).abs() < 0.0005, "{name}: {} instead of {bits}", term.bits);
    }
}

#[test]
fn one_table() {
    let report = report("one", &unique(PARAMETERS), &[TALL]);
    assert_bits(
        &report,
        &[
            // 6 messages x 1024 rows x (8 + 2) = 61440 = 2^15.9069
            ("buses", 123.9547 - 15.9069),
            // 30 = 2^4.9069
            ("constraints", 123.9547 - 4.9069),
            // max(3 x 1025 + 1023, 3 x 1024 + 1) = max(4098, 3073) = 2^12.0007
            ("point", 123.9547 - 12.0007),
            // main 2 x 20, fixed 4, quotient 2 x 4, aux 2 x 3 x 4: 76 pairs. 75 x (2048 + 1) = 153675 = 2^17.2295
            ("batch", 123.9547 - 17.2295),
            // Domains 2^11, 2^9, 2^7, 2^5, and the last one of 2 x 4 = 2^3 points. 3 x 2049 = 6147 = 2^12.5857
            ("fold 2^11 to 2^9", 123.9547 - 12.5857),
            ("fold 2^9 to 2^7", 123.9547 - 12.5857),
            ("fold 2^7 to 2^5", 123.9547 - 12.5857),
            ("fold 2^5 to 2^3", 123.9547 - 12.5857),
            // rho = 1026 / 2048 = 0.50098; (1 + rho) / 2 = 0.75049 = 2^-0.41410
            ("queries", 10.0 * 0.41410),
            // 8 elements: 8 x 30.98868 / 2
            ("commitments", 123.9547),
            ("transcript", 123.9547),
            ("memory, claims", 123.9547),
        ],
    );
    assert_eq!(report.weakest().map(|term| term.name.as_str()), Some("queries"));
    assert!((report.bits - 4.1410).abs() < 0.0005);
}

#[test]
fn a_lower_table_joins_with_one_more_power() {
    let parameters = Parameters { log_arity_max: 4, ..PARAMETERS };
    let report = report("two", &unique(parameters), &[SHORT, TALL]);
    assert_bits(
        &report,
        &[
            // (6 x 1024 + 2 x 64) x (8 + 2) = 62720 = 2^15.9366
            ("buses", 123.9547 - 15.9366),
            // The tables' constraints are not added to each other: 30.
            ("constraints", 123.9547 - 4.9069),
            ("point", 123.9547 - 12.0007),
            // 76 pairs and 5 + 4 + 2 x 2 x 4 = 25. 100 x 2049 = 204900 = 2^17.6446
            ("batch", 123.9547 - 17.6446),
            // From 2^11 to 2^7 = 2 x 64, where the lower table joins: (15 + 1) x 2049 = 2^15.0007
            ("fold 2^11 to 2^7 + input", 123.9547 - 15.0007),
            // 15 x 2049 = 2^14.9076
            ("fold 2^7 to 2^3", 123.9547 - 14.9076),
            ("queries", 10.0 * 0.41410),
            ("commitments", 123.9547),
            ("transcript", 123.9547),
            ("memory, claims", 123.9547),
        ],
    );
}

/// Rate 1/16 and multiplicity 3: agreement 1/4 x (1 + 1/6) = 0.291667, list (3 + 1/2) x 4 = 14.
const LISTS: Scheme = Scheme {
    parameters: Parameters { log_blowup: 4, ..PARAMETERS },
    regime: Regime::Johnson { m: 3 },
    hash: Hash::Keccak { digest: 26 },
};

#[test]
fn one_table_with_lists() {
    let report = report("one", &LISTS, &[TALL]);
    assert_bits(
        &report,
        &[
            // 14 x 61440 = 2^19.7142
            ("buses", 123.9547 - 19.7142),
            // 14 x 30 = 2^8.7142
            ("constraints", 123.9547 - 8.7142),
            // 14 x 4098 = 2^15.8081
            ("point", 123.9547 - 15.8081),
            // Rate r = 1023 / 16384 = 0.0624390, r^1.5 = 0.0156021. Numerator 2 x 3.5^5 = 1050.4375 and
            // 3 x 3.5 x (1 - 0.291667) x r = 0.4644. 1050.9019 x 16384 / (3 x 0.0156021) = 2^28.4546; 3.5 / 0.24988 = 14
            // more changes nothing. 75 of that: 2^34.6834
            ("batch", 123.9547 - 34.6834),
            // Parts of 256 coefficients on 2^12 points: r = 255 / 4096, 1050.9005 x 4096 / (3 x 0.0155335) = 2^26.4609.
            // 3 of that: 2^28.0459. Then 64, 16, 4 coefficients.
            ("fold 2^14 to 2^12", 123.9547 - 28.0459),
            ("fold 2^12 to 2^10", 123.9547 - 26.0715),
            ("fold 2^10 to 2^8", 123.9547 - 24.1770),
            ("fold 2^8 to 2^6", 123.9547 - 22.6598),
            // 0.291667 = 2^-1.77761
            ("queries", 10.0 * 1.77761),
            // 26 bytes, 208 bits
            ("commitments", 104.0),
            ("transcript", 128.0),
            ("memory, claims", 123.9547),
        ],
    );
}

#[test]
fn a_lower_table_joins_with_lists() {
    let parameters = Parameters { log_arity_max: 4, ..LISTS.parameters };
    let report = report("two", &Scheme { parameters, ..LISTS }, &[SHORT, TALL]);
    let folds: Vec<_> = report.terms.iter().filter(|term| term.name.starts_with("fold")).collect();
    assert_eq!(folds.len(), 2);
    // Parts of 64 coefficients on 2^10 points, and the lower table of as many rows: 16 x 2^24.4865
    assert!((folds[0].bits - (123.9547 - 28.4865)).abs() < 0.0005, "{:?}", folds[0]);
    // 4 coefficients on 2^6 points: 15 x 2^21.0749
    assert!((folds[1].bits - (123.9547 - 24.9817)).abs() < 0.0005, "{:?}", folds[1]);
}

#[test]
fn conditions_are_on_the_edge_where_they_should_be() {
    let values = |parameters: &Parameters, tables: &[TableProfile]| -> Vec<_> {
        let conditions = report("", &unique(*parameters), tables).conditions;
        conditions.iter().map(|condition| (condition.name, condition.value, condition.limit)).collect()
    };
    assert_eq!(
        values(&PARAMETERS, &[TALL, SHORT]),
        [
            // 5 x 1024 + 2 x 64
            ("weighted multiplicities", 5_248, 2_130_706_433),
            ("quotient chunks", 2, 3),
            ("log2 of the domain", 11, 25),
            // Folding must stop below the lower table's 2^6 rows.
            ("log2 of the final polynomial", 2, 6),
            ("grinding", 0, 25),
            // 8 x 1023 + 7
            ("last timestamp", 8_191, 16_777_216),
        ]
    );
    let holds = |parameters: &Parameters, table: TableProfile| {
        report("", &unique(*parameters), &[table]).conditions.iter().all(|condition| condition.holds())
    };
    assert!(holds(&PARAMETERS, TALL));
    assert!(holds(&PARAMETERS, TableProfile { log_height: 21, ..TALL }));
    assert!(!holds(&PARAMETERS, TableProfile { log_height: 22, ..TALL }), "timestamps");
    assert!(holds(&PARAMETERS, TableProfile { log_height: 23, ..SHORT }));
    assert!(!holds(&PARAMETERS, TableProfile { log_height: 24, ..SHORT }), "two-adicity");
    assert!(!holds(&PARAMETERS, TableProfile { quotient_chunks: 4, ..TALL }), "rate");
    // p = 2130706433 = 1024 x 2080768 + 1: the sum is p - 1, then more.
    assert!(holds(&PARAMETERS, TableProfile { weight: 2_080_768, ..TALL }));
    assert!(!holds(&PARAMETERS, TableProfile { weight: 2_080_769, ..TALL }), "multiplicities");
    assert!(holds(&Parameters { log_final_polynomial: 9, ..PARAMETERS }, TALL));
    assert!(!holds(&Parameters { log_final_polynomial: 10, ..PARAMETERS }, TALL), "final polynomial");
    assert!(holds(&Parameters { query_grinding: 24, ..PARAMETERS }, TALL));
    assert!(!holds(&Parameters { query_grinding: 25, ..PARAMETERS }, TALL), "grinding");
    // Transcripts of Keccak have a salt; multiplicities begin with the theorem's.
    let holds = |query_grinding, m| {
        let parameters = Parameters { query_grinding, ..LISTS.parameters };
        let scheme = Scheme { parameters, regime: Regime::Johnson { m }, ..LISTS };
        report("", &scheme, &[TALL]).conditions.iter().all(|condition| condition.holds())
    };
    assert!(holds(28, 3));
    assert!(!holds(29, 3), "grinding");
    assert!(!holds(28, 2), "multiplicity");
}

#[test]
fn grinding_is_worth_a_little_less_than_its_bits() {
    assert!((field_bits() - 123.954_738_7).abs() < 1e-6);
    assert!(grinding_worth(Hash::Poseidon2, 0).abs() < 1e-12);
    // p = 127 x 2^24 + 1: of its residues modulo 2^20, zero has 127 x 16 + 1 = 2033 preimages.
    // log2(2130706433 / 2033) = 19.99929
    assert!((grinding_worth(Hash::Poseidon2, 20) - 19.999_29).abs() < 1e-5);
    // 128 preimages: 30.9886847 - 7
    assert!((grinding_worth(Hash::Poseidon2, 24) - 23.988_684_7).abs() < 1e-6);
    // The low bits of 256 even ones.
    assert!((grinding_worth(Hash::Keccak { digest: 26 }, 24) - 24.0).abs() < 1e-12);
}

#[test]
fn the_least_grinding_is_the_least() {
    let report = report("one", &unique(PARAMETERS), &[TALL]);
    let [buses, constraints] = [0, 1].map(|i| &report.terms[i]);
    assert_eq!((buses.site, constraints.site), (Some(Site::Lookup), None));
    // 108.0478 bits before.
    assert_eq!(buses.grinding_for(100.0), Some(0));
    assert_eq!(buses.grinding_for(110.0), Some(2));
    assert_eq!(buses.grinding_for(110.1), Some(3));
    assert_eq!(buses.grinding_for(140.0), None);
    // 119.0478 bits, and nowhere to grind.
    assert_eq!(constraints.grinding_for(119.0), Some(0));
    assert_eq!(constraints.grinding_for(120.0), None);
}

#[test]
fn budget_counts_columns_once_and_cells_by_height() {
    let budget = budget("two", &PARAMETERS, &[SHORT, TALL]);
    assert_eq!((budget.main, budget.fixed), (20 + 5, 4));
    assert_eq!((budget.auxiliary, budget.quotient), (4 * (3 + 2), 4 * (2 + 1)));
    assert_eq!(budget.columns, 25 + 4 + 20 + 12);
    assert_eq!(budget.openings, 101);
    assert_eq!(budget.log_heights, [10, 6]);
    // 2^11 to 2^9 to 2^7, where the lower table joins, to 2^5 to 2^3.
    assert_eq!(budget.log_arities, [2, 2, 2, 2]);
    assert_eq!(budget.cells, (20 + 12) * 1024 + (5 + 8) * 64);
    assert_eq!(budget.quotient_cells, 8 * 1024 + 4 * 64);
    assert!((budget.cells_per_cycle - 32.8125).abs() < 1e-9);
}
