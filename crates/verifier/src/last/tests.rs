//! What no proof can be changed into from outside: paths and folding on their own.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, clippy::panic)]

use alloc::vec::Vec;

use ashlar_circuit::narrow::NarrowAir;
use ashlar_machine::Val;
use p3_field::{Field, PrimeCharacteristicRing, TwoAdicField};

use super::constraints::{check_constraints, check_messages};
use super::error::RefusedFinal;
use super::folding::fold_group;
use super::hash::{Node, leaf, node};
use super::header::{Header, Opened};
use super::merkle::check_paths;
use super::openings::{domain_point, read_rows, reverse_bits};
use super::reader::Reader;
use super::shape::{FinalKey, FinalShape, Tree};
use crate::config::{Challenge, Parameters, RECURSION};

fn tree(log_leaves: usize) -> Vec<Vec<Node>> {
    let mut levels =
        alloc::vec![(0..1_u32 << log_leaves).map(|i| leaf(&i.to_be_bytes())).collect::<Vec<_>>()];
    for level in 0..log_leaves {
        let above = levels[level].chunks(2).map(|pair| node(&pair[0], &pair[1])).collect();
        levels.push(above);
    }
    levels
}

/// The nodes beside some paths: of each level, ascending.
fn paths(levels: &[Vec<Node>], indices: &[usize]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (height, level) in levels[..levels.len() - 1].iter().enumerate() {
        let on_path = |i: usize| indices.iter().any(|index| index >> height == i);
        for i in (0..level.len()).filter(|i| !on_path(*i) && on_path(*i ^ 1)) {
            bytes.extend(level[i]);
        }
    }
    bytes
}

fn check(bytes: &[u8], root: &Node, log_leaves: usize, leaves: &[(usize, Node)]) -> Result<(), RefusedFinal> {
    let mut reader = Reader::new(bytes);
    check_paths(&mut reader, Tree::Fixed, root, log_leaves, leaves.iter().copied())?;
    reader.finish()
}

#[test]
fn any_set_of_leaves_leads_to_the_root() {
    let levels = tree(4);
    let root = levels[4][0];
    for set in 1..1_usize << 16 {
        // Some of the 2^16 sets, of all kinds.
        if set % 61 != 1 {
            continue;
        }
        let indices: Vec<_> = (0..16).filter(|i| set >> i & 1 == 1).collect();
        let leaves: Vec<_> = indices.iter().map(|i| (*i, levels[0][*i])).collect();
        let bytes = paths(&levels, &indices);
        assert_eq!(check(&bytes, &root, 4, &leaves), Ok(()));
        // A leaf at its neighbour's place, if that is free.
        let moved: Vec<_> = leaves.iter().map(|(i, leaf)| (i ^ 1, *leaf)).collect();
        if indices.len() == 1 {
            assert!(check(&bytes, &root, 4, &moved).is_err());
        }
    }
}

#[test]
fn equal_indices_are_one_leaf() {
    let levels = tree(3);
    let (root, leaf, other) = (levels[3][0], levels[0][5], levels[0][2]);
    let bytes = paths(&levels, &[5]);
    assert_eq!(check(&bytes, &root, 3, &[(5, leaf), (5, leaf)]), Ok(()));
    let two = Err(RefusedFinal::TwoRows(Tree::Fixed));
    assert_eq!(check(&bytes, &root, 3, &[(5, leaf), (5, other)]), two);
    assert_eq!(check(&bytes, &root, 3, &[(5, other), (5, leaf)]), two);
}

#[test]
fn a_node_is_no_leaf_and_no_leaf_is_no_tree() {
    let levels = tree(3);
    let root = levels[3][0];
    let refused = Err(RefusedFinal::Root(Tree::Fixed));
    // A node of the level above, with the path from there.
    let above = paths(&levels[1..], &[1]);
    assert_eq!(check(&above, &root, 3, &[(1, levels[1][1])]), Err(RefusedFinal::Truncated));
    assert_eq!(check(&[], &root, 3, &[]), refused);
    assert_eq!(check(&[], &root, 0, &[(1, root)]), refused);
    // An index that is not of the tree.
    assert_eq!(check(&paths(&levels, &[5]), &root, 3, &[(13, levels[0][5])]), refused);
}

#[test]
fn folding_is_evaluation_of_parts() {
    // f of degree below 2^6 on 2^8 points: with arity a, f(X) = sum of X^k f_k(X^a), and the next function is sum of
    // beta^k f_k.
    let coefficients: Vec<_> =
        (0..64_u32).map(|i| Challenge::new([i * i + 1, 3 * i, i + 7, 5].map(Val::from_u32))).collect();
    let evaluate = |coefficients: &[Challenge], x: Val| {
        coefficients.iter().rev().fold(Challenge::ZERO, |sum, coefficient| sum * x + *coefficient)
    };
    let beta = Challenge::new([11, 22, 33, 44].map(Val::from_u32));
    for log_arity in 1..=4 {
        let arity = 1 << log_arity;
        let folded: Vec<_> = coefficients
            .chunks(arity)
            .map(|part| part.iter().rev().fold(Challenge::ZERO, |sum, c| sum * beta + *c))
            .collect();
        for index in [0, 1, 7, (256 >> log_arity) - 1] {
            let group: Vec<_> = (0..arity)
                .map(|place| evaluate(&coefficients, domain_point(arity * index + place, 8)))
                .collect();
            let x = domain_point(index, 8 - log_arity);
            assert_eq!(fold_group(group, beta, index, 8 - log_arity, log_arity), evaluate(&folded, x));
        }
    }
}

#[test]
fn bits_are_reversed() {
    assert_eq!(reverse_bits(0b0011, 4), 0b1100);
    assert_eq!(reverse_bits(1, 22), 1 << 21);
    assert_eq!(reverse_bits(0, 0), 0);
    assert_eq!(domain_point(1, 1), -Val::ONE);
    assert_eq!(domain_point(1, 2), -Val::ONE);
    assert_eq!(domain_point(2, 2), Val::two_adic_generator(2));
}

/// A key and a header that says nothing.
fn empty() -> (FinalKey<NarrowAir>, Header) {
    let parameters = Parameters { queries: 3, cap_height: 0, ..RECURSION };
    let shape = FinalShape::new(&parameters, &NarrowAir::default(), 6, 1).unwrap();
    let values = |tree| alloc::vec![Challenge::ZERO; shape.row_width(tree)];
    let opened = Opened {
        main: values(Tree::Main),
        main_next: values(Tree::Main),
        quotient: values(Tree::Quotient),
        fixed: values(Tree::Fixed),
        auxiliary: values(Tree::Auxiliary),
        auxiliary_next: values(Tree::Auxiliary),
    };
    let challenge = Challenge::new([3, 1, 4, 1].map(Val::from_u32));
    let header = Header {
        roots: [Node::default(); 4],
        terminal: Challenge::ZERO,
        lookup_alpha: challenge,
        lookup_beta: challenge.square(),
        alpha: challenge,
        zeta: challenge,
        opened,
        gamma: challenge,
        rounds: Vec::new(),
        final_polynomial: Vec::new(),
        indices: alloc::vec![1, 2, 70],
        sampled_indices: alloc::vec![70, 1, 2],
    };
    (FinalKey { air: NarrowAir::default(), shape, fixed: Node::default() }, header)
}

#[test]
fn a_word_without_a_fraction_is_refused() {
    let (key, mut header) = empty();
    let word = [5, 6, 7, 8].map(Val::from_u32);
    assert_eq!(check_messages(&key.shape, &header, &[word]), Err(RefusedFinal::Messages));
    // The sum that the word makes zero.
    let beta = header.lookup_beta;
    let message = [1, 5, 6, 7, 8].into_iter().fold(Challenge::ZERO, |sum, m| sum * beta + Val::from_u32(m));
    let denominator = header.lookup_alpha + beta.exp_u64(5) - message;
    header.terminal = -denominator.inverse();
    assert_eq!(check_messages(&key.shape, &header, &[word]), Ok(()));
    // No fraction has this denominator, so nothing can be said of the sum.
    header.lookup_alpha -= denominator;
    for terminal in [Challenge::ZERO, -Challenge::ONE] {
        header.terminal = terminal;
        assert_eq!(check_messages(&key.shape, &header, &[word]), Err(RefusedFinal::Denominator));
    }
}

#[test]
fn a_point_where_nothing_can_be_checked_is_refused() {
    let (key, mut header) = empty();
    assert_ne!(check_constraints(&key, &header), Err(RefusedFinal::PointInDomain));
    let generator = Val::two_adic_generator(6);
    for power in [0, 1, 33, 63] {
        header.zeta = generator.exp_u64(power).into();
        assert_eq!(check_constraints(&key, &header), Err(RefusedFinal::PointInDomain));
    }
    let rows = alloc::vec![0; 3 * 4 * (48 + 16 + 20 + 8)];
    let read = |header: &Header| read_rows(&mut Reader::new(&rows), &key.shape, header).map(|_| ());
    header.zeta = header.alpha;
    assert_eq!(read(&header), Ok(()));
    for index in header.indices.clone() {
        let x = Val::GENERATOR * domain_point(index, 8);
        // It, or the point after it.
        for zeta in [x, x * generator.inverse()] {
            header.zeta = zeta.into();
            assert_eq!(read(&header), Err(RefusedFinal::PointOnQuery));
        }
    }
}
