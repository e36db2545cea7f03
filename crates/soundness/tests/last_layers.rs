//! The fewest queries of the last layers' proofs, in Johnson's regime.

use ashlar_soundness::{
    Hash, MULTIPLICITY_MIN, Regime, Report, Scheme, Site, TARGET_BITS, TableProfile, circuit_profile,
    last_profile, last_report, least_queries, report, shrink_profile, shrink_report,
};
use ashlar_verifier::config::{LAST, Parameters, SHRINK};

/// Above, a query gains less than a thousandth of a bit.
const MULTIPLICITY_MAX: u32 = 60;

const KECCAK: Hash = Hash::Keccak { digest: 26 };

/// One table of so many pairs of a column and a point.
fn table(log_height: u8, openings: usize) -> TableProfile {
    let table = TableProfile {
        name: "narrow",
        log_height,
        main_width: 0,
        reads_next_row: true,
        fixed_width: openings % 2,
        fixed_next: false,
        aux_columns: 3,
        messages: 4,
        message_width: 5,
        weight: 4,
        constraints: 200,
        degree: 5,
        quotient_chunks: 4,
        periodic: 0,
    };
    let table = TableProfile { main_width: (openings - table.openings()) / 2, ..table };
    assert_eq!(table.openings(), openings);
    table
}

/// The most that may be ground.
const fn limits(log_blowup: usize, log_arity_max: usize, query_grinding: usize) -> Parameters {
    Parameters {
        log_blowup,
        log_final_polynomial: 7,
        log_arity_max,
        queries: 0,
        query_grinding,
        fold_grinding: 19,
        batch_grinding: 23,
        lookup_grinding: 23,
        point_grinding: 23,
        cap_height: 0,
    }
}

fn find(least_multiplicity: u32, limits: &Parameters, table: TableProfile) -> Option<Scheme> {
    least_queries(limits, KECCAK, least_multiplicity..=MULTIPLICITY_MAX, &[table], TARGET_BITS)
}

fn in_words(scheme: Option<Scheme>) -> String {
    let Some(Scheme { parameters, regime: Regime::Johnson { m }, .. }) = scheme else { return "none".into() };
    let Parameters { queries, batch_grinding, fold_grinding, lookup_grinding, point_grinding, .. } =
        parameters;
    format!("{queries} (m {m}; {batch_grinding}, {fold_grinding}, {lookup_grinding}, {point_grinding})")
}

/// The table that parameters are chosen from: queries (multiplicity; grinding for batching, folding, buses, the point).
/// Folding by 16; by 8 takes as many queries.
#[test]
fn print_the_fewest_queries() {
    println!(
        "| rows | blowup | pairs | 20 bits | 24 bits | 28 bits | 28 bits, m >= 1 |\n|---|---|---|---|---|---|---|"
    );
    for log_height in [15, 16, 17] {
        for log_blowup in [4, 5, 6, 7] {
            for openings in [150, 300, 500, 1_000, 1_500] {
                let table = table(log_height, openings);
                let row = [(MULTIPLICITY_MIN, 20), (MULTIPLICITY_MIN, 24), (MULTIPLICITY_MIN, 28), (1, 28)];
                let row = row.map(|(least, bits)| in_words(find(least, &limits(log_blowup, 4, bits), table)));
                println!("| 2^{log_height} | {} | {openings} | {} |", 1 << log_blowup, row.join(" | "));
            }
        }
    }
}

/// The same for the tables of recursion, with one table of sponges, all of one height: what shrinks a proof.
#[test]
fn print_the_fewest_queries_of_recursion_tables() {
    let [sponge, _, compress, arithmetic] = circuit_profile().try_into().expect("four tables");
    println!("| rows | blowup | 20 bits | 24 bits |\n|---|---|---|---|");
    for log_height in [13, 14, 15] {
        for log_blowup in [3, 4, 5] {
            let tables = [sponge, compress, arithmetic].map(|table| TableProfile { log_height, ..table });
            let row = [20, 24].map(|bits| {
                let multiplicities = MULTIPLICITY_MIN..=MULTIPLICITY_MAX;
                let limits = limits(log_blowup, 4, bits);
                in_words(least_queries(&limits, Hash::Poseidon2, multiplicities, &tables, TARGET_BITS))
            });
            println!("| 2^{log_height} | {} | {} |", 1 << log_blowup, row.join(" | "));
        }
    }
}

#[test]
fn what_is_found_has_the_bits_and_no_fewer_queries_or_grinding_do() {
    let table = table(16, 300);
    let scheme = find(MULTIPLICITY_MIN, &limits(5, 4, 28), table).expect("limits are wide");
    let holds = |scheme: &Scheme| report("", scheme, &[table]).holds();
    assert!(holds(&scheme));
    let weaker = |change: fn(&mut Scheme)| {
        let mut weaker = scheme;
        change(&mut weaker);
        weaker
    };
    assert!(!holds(&weaker(|scheme| scheme.parameters.queries -= 1)));
    for site in [Site::Lookup, Site::Batch, Site::Fold] {
        assert!(site.grinding(&scheme.parameters) > 0, "{site:?}");
    }
    assert!(!holds(&weaker(|scheme| scheme.parameters.lookup_grinding -= 1)));
    assert!(!holds(&weaker(|scheme| scheme.parameters.batch_grinding -= 1)));
    assert!(!holds(&weaker(|scheme| scheme.parameters.fold_grinding -= 1)));
    // Any other multiplicity takes more queries, or more grinding than the limits.
    for m in MULTIPLICITY_MIN..=MULTIPLICITY_MAX {
        let fewer = Parameters { queries: scheme.parameters.queries - 1, ..limits(5, 4, 28) };
        assert!(
            !holds(&Scheme { parameters: fewer, regime: Regime::Johnson { m }, hash: KECCAK }),
            "m = {m}"
        );
    }
}

#[test]
fn the_arity_does_not_decide() {
    for log_height in [15, 17] {
        for log_blowup in [4, 7] {
            let queries = [3, 4].map(|log_arity| {
                let scheme = find(1, &limits(log_blowup, log_arity, 24), table(log_height, 500));
                scheme.expect("limits are wide").parameters.queries
            });
            assert_eq!(queries[0], queries[1]);
        }
    }
}

#[test]
fn nothing_is_found_where_nothing_is_enough() {
    let tight = Parameters { batch_grinding: 5, ..limits(5, 4, 28) };
    assert_eq!(find(MULTIPLICITY_MIN, &tight, table(16, 300)), None);
    // 24 bytes are 96 bits against collisions.
    let short = Hash::Keccak { digest: 24 };
    let multiplicities = MULTIPLICITY_MIN..=MULTIPLICITY_MAX;
    assert_eq!(least_queries(&limits(5, 4, 28), short, multiplicities, &[table(16, 300)], TARGET_BITS), None);
}

#[test]
fn multiplicities_below_the_theorem_are_told() {
    let scheme = |m| Scheme { parameters: limits(6, 4, 28), regime: Regime::Johnson { m }, hash: KECCAK };
    let told =
        |m| report("", &scheme(m), &[table(16, 300)]).conditions.iter().all(|condition| condition.holds());
    assert!([1, 2].into_iter().all(|m| !told(m)));
    assert!([3, 10].into_iter().all(told));
}

/// The preprint prints a radius that is larger than the one that its authors meant; the parameters do not depend on who is
/// right.
#[test]
fn the_last_layers_hold_with_the_radius_as_it_is_printed() {
    for parameters in [SHRINK, LAST] {
        let agreement =
            (-0.5 * parameters.log_blowup as f64).exp2() * (1.0 + 1.0 / f64::from(MULTIPLICITY_MIN));
        let bits = |queries: usize| -(queries as f64) * agreement.log2() + parameters.query_grinding as f64;
        assert!(bits(parameters.queries) >= TARGET_BITS, "{}", bits(parameters.queries));
        assert!(bits(parameters.queries - 1) < TARGET_BITS, "a query less would do");
    }
}

/// Other analyses count the polynomials near a word twice at the out-of-domain point (2024/1553, Theorem 2), or bound their
/// number by 1 / (2 sqrt(rho) (a - sqrt(rho))), as `soundcalc` does.
#[test]
fn the_point_holds_with_other_counts_of_near_polynomials() {
    let m = f64::from(MULTIPLICITY_MIN);
    for (report, parameters) in [(shrink_report(), SHRINK), (last_report(), LAST)] {
        let root = (-0.5 * parameters.log_blowup as f64).exp2();
        let list = (m + 0.5) / root;
        let gap = 0.5 * root / m;
        let point = report.terms.iter().find(|term| term.name == "point").expect("a term");
        for times in [list, 1.0 / (2.0 * gap * root) / list] {
            assert!(
                point.bits - times.log2() >= TARGET_BITS,
                "{}: {}",
                report.shape,
                point.bits - times.log2()
            );
        }
    }
}

/// The last layers with the parameters that their proofs are made and verified with, and the queries that each has above
/// what is needed (`SHRINK` says why).
fn layers() -> [(Scheme, Report, Vec<TableProfile>, usize); 2] {
    [(Scheme::SHRINK, shrink_report(), shrink_profile(), 2), (Scheme::LAST, last_report(), last_profile(), 2)]
}

#[test]
fn every_term_of_the_last_layers_reaches_the_target() {
    for (_, report, _, _) in layers() {
        for term in &report.terms {
            assert!(term.bits >= TARGET_BITS, "{}: {term:?}", report.shape);
        }
        for condition in &report.conditions {
            assert!(condition.holds(), "{}: {condition:?}", report.shape);
        }
    }
    assert_eq!((Scheme::SHRINK.parameters, Scheme::LAST.parameters), (SHRINK, LAST));
}

/// A bit of grinding or a query less than is needed is less than the target.
#[test]
fn weaker_parameters_of_the_last_layers_do_not_hold() {
    for (scheme, honest, tables, spare) in layers() {
        let holds = |parameters| report("", &Scheme { parameters, ..scheme }, &tables).holds();
        assert!(holds(scheme.parameters));
        for site in [Site::Lookup, Site::Point, Site::Batch, Site::Fold, Site::Query] {
            let terms = honest.terms.iter().filter(|term| term.site == Some(site));
            let least =
                terms.map(|term| term.grinding_for(TARGET_BITS)).max().flatten().expect("some number");
            let with = |bits| {
                let mut parameters = scheme.parameters;
                match site {
                    Site::Lookup => parameters.lookup_grinding = bits,
                    Site::Point => parameters.point_grinding = bits,
                    Site::Batch => parameters.batch_grinding = bits,
                    Site::Fold => parameters.fold_grinding = bits,
                    Site::Query => parameters.query_grinding = bits,
                }
                parameters
            };
            assert!(least <= site.grinding(&scheme.parameters), "{}, {site:?}", honest.shape);
            assert!(holds(with(least)), "{}, {site:?}: {least} bits", honest.shape);
            assert!(least == 0 || !holds(with(least - 1)), "{}, {site:?}: {least} bits", honest.shape);
        }
        let fewer = |by| Parameters { queries: scheme.parameters.queries - by, ..scheme.parameters };
        assert!(holds(fewer(spare)) && !holds(fewer(spare + 1)), "{}", honest.shape);
        let log_blowup = scheme.parameters.log_blowup - 1;
        assert!(!holds(Parameters { log_blowup, ..scheme.parameters }), "{}", honest.shape);
    }
}
