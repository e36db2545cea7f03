//! Whatever is changed in a proof's bytes, it is refused.

use std::ops::Range;

use ashlar_machine::Val;
use ashlar_verifier::config::Parameters;
use ashlar_verifier::last::{
    Event, FinalShape, NODE_BYTES, RefusedFinal, Tree, transcript_events, verify_final,
};
use p3_field::PrimeField32;

use crate::table::{Fixture, LOG_ROWS, SMALL};

/// What stands at some place of a proof.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Element(&'static str),
    Root,
    Row(Tree),
    Siblings,
    Paths(Tree),
}

/// Some bytes of a proof.
#[derive(Clone, Debug)]
struct Region {
    kind: Kind,
    bytes: Range<usize>,
}

const TREES: [Tree; 4] = [Tree::Main, Tree::Quotient, Tree::Fixed, Tree::Auxiliary];

/// The table of specification 012, with the rows of each query apart.
fn regions(fixture: &Fixture) -> Vec<Region> {
    let shape = &fixture.key.shape;
    let width = |tree| shape.row_width(tree);
    let mut list = vec![
        (Kind::Element("salt"), 4),
        (Kind::Root, NODE_BYTES),
        (Kind::Element("nonce"), 4),
        (Kind::Root, NODE_BYTES),
        (Kind::Element("terminal"), 16),
        (Kind::Root, NODE_BYTES),
        (Kind::Element("nonce"), 4),
        (Kind::Element("main"), 16 * width(Tree::Main)),
        (Kind::Element("main next"), 16 * width(Tree::Main)),
        (Kind::Element("quotient"), 16 * width(Tree::Quotient)),
        (Kind::Element("fixed"), 16 * width(Tree::Fixed)),
        (Kind::Element("aux"), 16 * width(Tree::Auxiliary)),
        (Kind::Element("aux next"), 16 * width(Tree::Auxiliary)),
        (Kind::Element("nonce"), 4),
    ];
    for _ in &shape.rounds {
        list.extend([(Kind::Root, NODE_BYTES), (Kind::Element("nonce"), 4)]);
    }
    list.push((Kind::Element("final"), 16 * shape.final_coefficients()));
    list.push((Kind::Element("nonce"), 4));
    let queries = shape.parameters.queries;
    for tree in TREES {
        list.extend(vec![(Kind::Row(tree), 4 * width(tree)); queries]);
    }
    for log_arity in &shape.rounds {
        list.extend(vec![(Kind::Siblings, 16 * ((1 << log_arity) - 1)); queries]);
    }
    let rounds = (0..shape.rounds.len()).map(Tree::Round);
    for tree in TREES.into_iter().chain(rounds) {
        list.push((Kind::Paths(tree), NODE_BYTES * path_nodes(shape, tree, &indices(fixture))));
    }
    let mut start = 0;
    list.into_iter()
        .map(|(kind, bytes)| {
            start += bytes;
            Region { kind, bytes: start - bytes..start }
        })
        .collect()
}

fn indices(fixture: &Fixture) -> Vec<usize> {
    let events = transcript_events(&fixture.bytes, &fixture.key, &fixture.words).expect("events");
    let indices = events.iter().filter_map(|event| match event {
        Event::Index(index) => Some(*index),
        _ => None,
    });
    indices.collect()
}

/// Nodes beside the paths from some leaves that are on none of them.
fn path_nodes(shape: &FinalShape, tree: Tree, indices: &[usize]) -> usize {
    let log_leaves = shape.log_leaves(tree);
    let level = |height: usize| -> std::collections::BTreeSet<usize> {
        indices.iter().map(|index| index >> (shape.log_height() - log_leaves + height)).collect()
    };
    let missing = |height| {
        let nodes = level(height);
        nodes.iter().filter(|node| !nodes.contains(&(**node ^ 1))).count()
    };
    (0..log_leaves).map(missing).sum()
}

fn without_grinding() -> Fixture {
    let parameters = Parameters {
        query_grinding: 0,
        fold_grinding: 0,
        batch_grinding: 0,
        lookup_grinding: 0,
        point_grinding: 0,
        ..SMALL
    };
    Fixture::new(&parameters, 2, 5)
}

fn verdict(fixture: &Fixture, bytes: &[u8]) -> RefusedFinal {
    verify_final(bytes, &fixture.key, &fixture.words).expect_err("a refusal")
}

#[test]
fn the_page_says_how_long_a_proof_is() {
    for fixture in [Fixture::new(&SMALL, 2, 5), without_grinding()] {
        let last = regions(&fixture).last().cloned().expect("regions");
        assert_eq!(last.bytes.end, fixture.bytes.len());
    }
}

#[test]
fn flipped_bits_are_refused_everywhere() {
    for fixture in [Fixture::new(&SMALL, 2, 5), without_grinding()] {
        for region in regions(&fixture) {
            let middle = region.bytes.start + region.bytes.len() / 2;
            for byte in [region.bytes.start, middle, region.bytes.end - 1] {
                for bit in [0, 3, 7] {
                    let mut bytes = fixture.bytes.clone();
                    bytes[byte] ^= 1 << bit;
                    let error = verdict(&fixture, &bytes);
                    match &region.kind {
                        // Nothing but these depends on them.
                        Kind::Row(_) | Kind::Siblings => {
                            let expected = [RefusedFinal::FinalPolynomial, RefusedFinal::NotCanonical];
                            assert!(expected.contains(&error), "{region:?}: {error}");
                        }
                        Kind::Paths(tree) => assert_eq!(error, RefusedFinal::Root(*tree)),
                        _ => {}
                    }
                }
            }
        }
    }
}

/// Without grinding no nonce hides the check that a changed message fails.
#[test]
fn a_changed_message_fails_the_first_check_that_sees_it() {
    let fixture = without_grinding();
    for region in regions(&fixture) {
        let Kind::Element(name) = region.kind else { continue };
        let mut bytes = fixture.bytes.clone();
        bytes[region.bytes.end - 1] ^= 1;
        let error = verdict(&fixture, &bytes);
        match name {
            "nonce" => assert!(matches!(error, RefusedFinal::Nonce(_)), "{error}"),
            "salt" | "terminal" => assert_eq!(error, RefusedFinal::Messages),
            // The last column's, which no constraint sees on the next row.
            "final" | "main next" | "aux next" => assert_eq!(error, RefusedFinal::FinalPolynomial),
            _ => assert_eq!(error, RefusedFinal::Quotient, "{name}"),
        }
    }
}

#[test]
fn another_encoding_of_an_element_is_refused() {
    let fixture = Fixture::new(&SMALL, 2, 5);
    for region in regions(&fixture) {
        if !matches!(region.kind, Kind::Element(_) | Kind::Row(_) | Kind::Siblings) {
            continue;
        }
        for place in region.bytes.clone().step_by(4) {
            let mut bytes = fixture.bytes.clone();
            let element: &mut [u8; 4] = bytes[place..].first_chunk_mut().expect("four bytes");
            *element = (u32::from_be_bytes(*element) + Val::ORDER_U32).to_be_bytes();
            assert_eq!(verdict(&fixture, &bytes), RefusedFinal::NotCanonical, "{region:?}");
        }
    }
}

#[test]
fn swapped_regions_are_refused() {
    let fixture = Fixture::new(&SMALL, 2, 5);
    let regions = regions(&fixture);
    for (first, second) in regions.iter().zip(regions.iter().skip(1)) {
        let (a, b) = (&fixture.bytes[first.bytes.clone()], &fixture.bytes[second.bytes.clone()]);
        if a == b {
            continue;
        }
        let before = &fixture.bytes[..first.bytes.start];
        let after = &fixture.bytes[second.bytes.end..];
        // As they are, and the first one's place taken by the second one and the other way round if they are as long.
        verdict(&fixture, &[before, b, a, after].concat());
        if a.len() == b.len() {
            verdict(&fixture, &[before, a, a, after].concat());
            verdict(&fixture, &[before, b, b, after].concat());
        }
    }
}

#[test]
fn swapped_nodes_and_siblings_are_refused() {
    let fixture = Fixture::new(&SMALL, 2, 5);
    for region in regions(&fixture) {
        let size = match region.kind {
            Kind::Siblings => 16,
            Kind::Paths(_) => NODE_BYTES,
            _ => continue,
        };
        for place in region.bytes.clone().step_by(size).skip(1) {
            let mut bytes = fixture.bytes.clone();
            bytes[place - size..place + size].rotate_left(size);
            verdict(&fixture, &bytes);
        }
    }
}

#[test]
fn other_lengths_are_refused() {
    let fixture = Fixture::new(&SMALL, 2, 5);
    let bytes = &fixture.bytes;
    for region in regions(&fixture) {
        for end in [region.bytes.start, region.bytes.start + 1, region.bytes.end - 1] {
            assert_eq!(verdict(&fixture, &bytes[..end]), RefusedFinal::Truncated);
        }
        // A byte, an element or a node more or less in the midst.
        for size in [1, 4, 16, NODE_BYTES] {
            let (before, after) = bytes.split_at(region.bytes.start);
            verdict(&fixture, &[before, &vec![0; size], after].concat());
            if let Some(after) = after.get(size..) {
                verdict(&fixture, &[before, after].concat());
            }
        }
    }
    for size in [1, 4, NODE_BYTES, 100_000] {
        let padded = [bytes.as_slice(), &vec![0; size]].concat();
        assert_eq!(verdict(&fixture, &padded), RefusedFinal::TrailingBytes { bytes: size });
    }
    verdict(&fixture, &[bytes.as_slice(), bytes].concat());
    verdict(&fixture, &[]);
    verdict(&fixture, &vec![0; bytes.len()]);
    assert_eq!(verdict(&fixture, &vec![255; bytes.len()]), RefusedFinal::NotCanonical);
}

#[test]
fn proofs_under_another_key_are_refused() {
    let fixture = Fixture::new(&SMALL, 2, 5);
    let verify = |key: &_| verify_final(&fixture.bytes, key, &fixture.words);
    for byte in 0..NODE_BYTES {
        let mut key = fixture.key.clone();
        key.fixed[byte] ^= 1;
        assert!(verify(&key).is_err());
    }
    let mut key = fixture.key.clone();
    key.air.degree = 4;
    assert_eq!(verify(&key), Err(RefusedFinal::Quotient));
    // The fixed columns of another table.
    let mut key = fixture.key.clone();
    key.fixed = Fixture::new(&SMALL, 3, 5).key.fixed;
    assert!(verify(&key).is_err());
}

/// A key that differs in one parameter or in the height reads the same bytes in another way, or at other challenges.
#[test]
fn proofs_under_other_parameters_are_refused() {
    let without = Parameters { lookup_grinding: 0, ..SMALL };
    for parameters in [SMALL, without] {
        let fixture = Fixture::new(&parameters, 2, 5);
        let air = &fixture.key.air;
        let other = |change: &dyn Fn(&mut Parameters)| {
            let mut changed = parameters;
            change(&mut changed);
            FinalShape::new(&changed, air, LOG_ROWS, 2).expect("a shape")
        };
        let shapes = [
            FinalShape::new(&parameters, air, LOG_ROWS - 1, 2).expect("a shape"),
            FinalShape::new(&parameters, air, LOG_ROWS + 1, 2).expect("a shape"),
            other(&|p| p.log_blowup += 1),
            other(&|p| p.log_blowup -= 1),
            other(&|p| p.log_final_polynomial += 1),
            other(&|p| p.log_final_polynomial -= 1),
            other(&|p| p.log_arity_max += 1),
            other(&|p| p.log_arity_max -= 1),
            other(&|p| p.queries += 1),
            other(&|p| p.queries -= 1),
            // A verifier that asks for less work doesn't take a proof that has more.
            other(&|p| p.query_grinding -= 1),
            other(&|p| p.fold_grinding -= 1),
            other(&|p| p.batch_grinding -= 1),
            other(&|p| p.lookup_grinding ^= 1),
            other(&|p| p.point_grinding -= 1),
        ];
        assert_eq!(verify_final(&fixture.bytes, &fixture.key, &fixture.words), Ok(()));
        for shape in shapes {
            let mut key = fixture.key.clone();
            key.shape = shape;
            let verdict = verify_final(&fixture.bytes, &key, &fixture.words);
            assert!(verdict.is_err(), "{:?}, 2^{} rows", key.shape.parameters, key.shape.log_rows);
        }
    }
}

/// Without grinding, whatever stands in the header, the checks after it look at nonsense.
#[test]
fn nonsense_is_refused() {
    let fixture = without_grinding();
    let regions = regions(&fixture);
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed >> 16) as usize
    };
    for _ in 0..400 {
        let mut bytes = fixture.bytes.clone();
        for _ in 0..1 + random() % 3 {
            let region = &regions[random() % regions.len()];
            if region.kind == Kind::Element("nonce") {
                continue;
            }
            for chunk in bytes[region.bytes.clone()].chunks_mut(4) {
                let element = (random() as u32 % Val::ORDER_U32).to_be_bytes();
                chunk.copy_from_slice(&element[..chunk.len()]);
            }
        }
        if bytes != fixture.bytes {
            verdict(&fixture, &bytes);
        }
    }
}
