//! What the documentation promises beyond right roots: which nodes an operation needs, and what an error leaves behind.

mod support;

use std::borrow::Cow;

use alloy_primitives::{B256, b256, keccak256};
use ashlar_trie::{EMPTY_ROOT, NodeSet, Trie, TrieError};
use proptest::prelude::*;
use support::*;

const LONG: [u8; 40] = [7; 40];

fn model(keys: &[B256]) -> Model {
    keys.iter().map(|key| (*key, LONG.to_vec())).collect()
}

/// Keys that part at the first nibble.
fn at_top(nibble: u8) -> B256 {
    key(&[(0, nibble), (40, nibble)])
}

#[test]
fn the_empty_root_is_the_hash_of_the_empty_string() {
    assert_eq!(EMPTY_ROOT, b256!("56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"));
    assert_eq!(EMPTY_ROOT, keccak256([0x80]));
    assert_eq!(Trie::new(EMPTY_ROOT).root(), EMPTY_ROOT);
}

#[test]
fn an_untouched_trie_keeps_its_root_without_any_node() {
    assert_eq!(Trie::new(B256::repeat_byte(9)).root(), B256::repeat_byte(9));
}

#[test]
fn a_removal_that_leaves_one_child_needs_the_sibling() {
    let model = model(&[at_top(1), at_top(2)]);
    let nodes = build(&model).collect_nodes();
    let (root, sibling) = (judge_root(&model), nodes[2].clone());
    let without: Vec<_> = nodes.iter().filter(|node| **node != sibling).cloned().collect();

    let mut trie = Trie::new(root);
    let missing = TrieError::MissingNode { hash: keccak256(&sibling) };
    assert_eq!(trie.remove(&mut set(&without), &at_top(1)), Err(missing));
    assert_eq!(trie.root(), root, "the refused removal changed nothing");
    trie.remove(&mut set(&nodes), &at_top(1)).unwrap();
    assert_eq!(trie.root(), judge_root(&self::model(&[at_top(2)])));
}

#[test]
fn a_removal_that_leaves_two_children_needs_no_sibling() {
    let model = model(&[at_top(1), at_top(2), at_top(3)]);
    let nodes = build(&model).collect_nodes();
    let mut nodes = set(&nodes);
    let mut trie = Trie::new(judge_root(&model));
    trie.remove(&mut nodes, &at_top(1)).unwrap();
    assert_eq!(trie.root(), judge_root(&self::model(&[at_top(2), at_top(3)])));
    assert_eq!(nodes.used().count(), 2, "the root and the removed leaf");
}

#[test]
fn an_update_inserts_before_it_removes_and_so_needs_no_sibling() {
    let model = model(&[at_top(1), at_top(2)]);
    let nodes = build(&model).collect_nodes();
    let mut nodes = set(&nodes);
    let mut trie = Trie::new(judge_root(&model));
    let changes = [(at_top(1), None), (at_top(3), Some(Cow::Borrowed(&LONG[..])))];
    trie.update(&mut nodes, changes).unwrap();
    assert_eq!(trie.root(), judge_root(&self::model(&[at_top(2), at_top(3)])));
    assert_eq!(nodes.used().count(), 2, "the root and the removed leaf");
}

#[test]
fn reading_and_removing_absent_keys_needs_the_way_only_and_changes_nothing() {
    let model = model(&[at_top(1), at_top(2)]);
    let nodes = build(&model).collect_nodes();
    let mut nodes = set(&nodes);
    let mut trie = Trie::new(judge_root(&model));
    assert_eq!(trie.get(&mut nodes, &at_top(5)), Ok(None));
    assert_eq!(trie.remove(&mut nodes, &at_top(5)), Ok(()));
    assert_eq!(nodes.used().count(), 1);
    // A key that ends at another key's leaf.
    let beside = key(&[(0, 1), (40, 3)]);
    assert_eq!(trie.get(&mut nodes, &beside), Ok(None));
    assert_eq!(trie.remove(&mut nodes, &beside), Ok(()));
    assert_eq!(trie.root(), judge_root(&model));
}

#[test]
fn the_empty_string_is_refused_as_a_value() {
    let mut trie = Trie::new(EMPTY_ROOT);
    assert_eq!(trie.insert(&mut NodeSet::new([]), &B256::ZERO, vec![]), Err(TrieError::EmptyValue));
    assert_eq!(trie.root(), EMPTY_ROOT);
}

#[test]
fn a_failed_insertion_changes_nothing() {
    let model = model(&[at_top(1), at_top(2), key(&[(0, 1), (1, 4)])]);
    let nodes = build(&model).collect_nodes();
    let root = judge_root(&model);
    let mut trie = Trie::new(root);
    let mut top = set(&nodes[..1]);
    assert!(trie.insert(&mut top, &at_top(1), vec![1]).is_err());
    assert_eq!(trie.root(), root);
    trie.insert(&mut set(&nodes), &at_top(1), vec![1]).unwrap();
    assert_ne!(trie.root(), root);
}

#[test]
fn one_set_serves_several_tries() {
    let models = [model(&[at_top(1), at_top(2)]), model(&[at_top(3), at_top(4), at_top(5)])];
    let nodes: Vec<_> = models.iter().flat_map(|model| build(model).collect_nodes()).collect();
    let mut nodes = set(&nodes);
    for model in &models {
        let mut trie = Trie::new(judge_root(model));
        for (key, value) in model {
            assert_eq!(trie.get(&mut nodes, key), Ok(Some(value.as_slice())));
        }
    }
}

#[test]
fn an_extension_is_cut_at_each_of_its_nibbles_and_joined_again() {
    // Two keys that part at nibble 63 share an extension over 63 nibbles; a third parts anywhere in it.
    for fork in 0..63 {
        for parity in [0, 1] {
            let base: Vec<_> = (0..63).map(|at| (at, (at * 7 % 16) as u8)).collect();
            let short = 62 + parity;
            let two = [key(&base), key(&[&base[..], &[(short, 15)]].concat())];
            let before = model(&two);
            let mut third = base.clone();
            third[fork].1 ^= 9;
            let third = key(&third);
            let after = model(&[two[0], two[1], third]);
            if after.len() < 3 {
                continue;
            }

            let nodes = build(&before).collect_nodes();
            let mut nodes = set(&nodes);
            let mut trie = Trie::new(judge_root(&before));
            trie.insert(&mut nodes, &third, LONG.to_vec()).unwrap();
            assert_eq!(trie.root(), judge_root(&after));
            trie.remove(&mut nodes, &third).unwrap();
            assert_eq!(trie.root(), judge_root(&before));

            // The same from a witness, where the lower extension hides behind its hash.
            let nodes = build(&after).collect_nodes();
            let mut nodes = set(&nodes);
            let mut trie = Trie::new(judge_root(&after));
            trie.remove(&mut nodes, &third).unwrap();
            assert_eq!(trie.root(), judge_root(&before));
        }
    }
}

#[test]
fn nodes_that_lie_in_each_other_join_up_to_the_root() {
    let keys = [key(&[(63, 1)]), key(&[(63, 2)])];
    let both = Model::from([(keys[0], vec![1]), (keys[1], vec![2])]);
    let nodes = build(&both).collect_nodes();
    assert_eq!(nodes.len(), 1, "branch and leaves lie in the extension");
    let mut nodes = set(&nodes);
    let mut trie = Trie::new(judge_root(&both));
    trie.remove(&mut nodes, &keys[0]).unwrap();
    assert_eq!(trie.root(), judge_root(&Model::from([(keys[1], vec![2])])));
    trie.remove(&mut nodes, &keys[1]).unwrap();
    assert_eq!(trie.root(), EMPTY_ROOT);
}

#[test]
fn a_full_branch_is_patched_and_unpatched() {
    // 16 hashed children: the way where only the changed hashes are written.
    let keys: Vec<_> = (0..16).map(at_top).collect();
    let mut expected = model(&keys);
    let nodes = build(&expected).collect_nodes();
    assert_eq!(nodes[0].len(), 532);
    let mut nodes = set(&nodes);
    let mut trie = Trie::new(judge_root(&expected));
    for key in &keys {
        expected.insert(*key, vec![8; 50]);
        trie.insert(&mut nodes, key, vec![8; 50]).unwrap();
        assert_eq!(trie.root(), judge_root(&expected));
    }
    for (i, key) in keys.iter().enumerate() {
        expected.remove(key);
        trie.remove(&mut nodes, key).unwrap();
        assert_eq!(trie.root(), judge_root(&expected), "after {i}");
    }
    for key in keys.iter().rev() {
        expected.insert(*key, LONG.to_vec());
        trie.insert(&mut nodes, key, LONG.to_vec()).unwrap();
        assert_eq!(trie.root(), judge_root(&expected));
    }
}

#[test]
fn reading_below_an_extension_then_cutting_it_keeps_what_is_below() {
    // Whatever of the branch below was reached before the cut: nothing, the branch itself, a changed leaf in it.
    let below = [key(&[(5, 1), (20, 1)]), key(&[(5, 1), (20, 2)]), key(&[(5, 1), (20, 3)])];
    for fork in [4, 5, 6, 18, 19] {
        for reached in 0..4 {
            let mut expected = model(&below);
            let nodes = build(&expected).collect_nodes();
            let mut nodes = set(&nodes);
            let mut trie = Trie::new(judge_root(&expected));
            match reached {
                0 => {}
                1 => assert_eq!(trie.get(&mut nodes, &below[0]), Ok(Some(&LONG[..]))),
                _ => {
                    trie.insert(&mut nodes, &below[0], vec![3; 33]).unwrap();
                    expected.insert(below[0], vec![3; 33]);
                    if reached == 3 {
                        assert_eq!(trie.root(), judge_root(&expected));
                    }
                }
            }
            let cut = key(&[(5, 1), (fork, 7)]);
            trie.insert(&mut nodes, &cut, vec![4; 33]).unwrap();
            expected.insert(cut, vec![4; 33]);
            assert_eq!(trie.get(&mut nodes, &below[1]), Ok(Some(&LONG[..])));
            assert_eq!(trie.root(), judge_root(&expected), "fork {fork}, reached {reached}");
            trie.remove(&mut nodes, &cut).unwrap();
            expected.remove(&cut);
            assert_eq!(trie.root(), judge_root(&expected), "fork {fork}, reached {reached}");
        }
    }
}

#[test]
fn cutting_an_extension_needs_no_node_below_it() {
    let below = [key(&[(5, 1), (20, 1)]), key(&[(5, 1), (20, 2)])];
    let mut expected = model(&below);
    let nodes = build(&expected).collect_nodes();
    for fork in 5..20 {
        let mut top = set(&nodes[..1]);
        let mut trie = Trie::new(judge_root(&expected));
        let cut = key(&[(5, 1), (fork, 6)]);
        trie.insert(&mut top, &cut, LONG.to_vec()).unwrap();
        expected.insert(cut, LONG.to_vec());
        assert_eq!(trie.root(), judge_root(&expected));
        expected.remove(&cut);
    }
}

#[test]
fn joining_past_a_branch_hashes_it_only_by_reference() {
    // The branch that remains is in the witness and unchanged; its own children are not needed.
    let lower = [key(&[(0, 1), (9, 1)]), key(&[(0, 1), (9, 2)]), key(&[(0, 1), (9, 3)])];
    let other = at_top(2);
    let before = model(&[lower[0], lower[1], lower[2], other]);
    let all = build(&before).collect_nodes();
    let mut nodes = set(&all);
    let mut trie = Trie::new(judge_root(&before));
    trie.remove(&mut nodes, &other).unwrap();
    assert_eq!(trie.root(), judge_root(&model(&lower)));
    assert_eq!(nodes.used().count(), 3, "the root, the removed leaf, and the extension beside it");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn an_update_is_its_changes_one_by_one_in_any_order(
        model in prop::collection::btree_map(near_key(), value(), 0..40),
        changes in prop::collection::btree_map(near_key(), prop::option::of(value()), 0..30),
        seed: u64,
    ) {
        let nodes = judge_nodes(&model);
        let mut expected = model.clone();
        for (key, value) in &changes {
            match value {
                Some(value) => expected.insert(*key, value.clone()),
                None => expected.remove(key),
            };
        }
        let mut order: Vec<_> = changes.into_iter().map(|(key, value)| (key, value.map(Cow::Owned))).collect();
        order.sort_by_key(|(key, _)| keccak256([key.as_slice(), &seed.to_be_bytes()].concat()));
        let mut trie = Trie::new(judge_root(&model));
        trie.update(&mut set(&nodes), order).unwrap();
        prop_assert_eq!(trie.root(), judge_root(&expected));
    }

    #[test]
    fn insertions_first_need_no_more_nodes_than_any_other_order(
        model in prop::collection::btree_map(near_key(), value(), 0..40),
        changes in prop::collection::btree_map(near_key(), prop::option::of(value()), 0..20),
        seed: u64,
    ) {
        let all = judge_nodes(&model);
        let root = judge_root(&model);
        let mut update = set(&all);
        let owned = changes.clone().into_iter().map(|(key, value)| (key, value.map(Cow::Owned)));
        Trie::new(root).update(&mut update, owned).unwrap();

        let mut order: Vec<_> = changes.into_iter().collect();
        order.sort_by_key(|(key, _)| keccak256([key.as_slice(), &seed.to_be_bytes()].concat()));
        let mut other = set(&all);
        let mut trie = Trie::new(root);
        for (key, value) in order {
            match value {
                Some(value) => trie.insert(&mut other, &key, value).unwrap(),
                None => trie.remove(&mut other, &key).unwrap(),
            }
        }
        let other: Vec<_> = other.used().collect();
        prop_assert!(update.used().all(|node| other.contains(&node)));
    }
}
