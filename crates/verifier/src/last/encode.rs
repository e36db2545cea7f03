//! The encoding of Plonky3's proof.

use alloc::vec::Vec;

use ashlar_machine::Val;
use p3_batch_stark::BatchProof;
use p3_field::PrimeField32;
use p3_merkle_tree::PrunedMerklePaths;
use p3_symmetric::MerkleCap;

use super::config::{LastConfig, Word};
use super::error::Unencodable;
use super::hash::{NODE_BYTES, Node};
use super::header::Header;
use super::reader::Reader;
use super::shape::{FinalKey, FinalShape, TREES, Tree};
use super::transcript::{Transcript, challenge_bytes};
use super::verify::read_header;
use crate::config::Challenge;

/// A proof by Plonky3 or our own loop, with the salt of its transcript.
#[derive(serde::Serialize, serde::Deserialize)]
pub struct FinalProof {
    /// What the transcript starts with.
    pub salt: Val,
    /// That the table holds.
    pub proof: BatchProof<LastConfig>,
}

impl FinalProof {
    /// The bytes of specification 012. Rows go by ascending index, so the transcript is followed to the queries.
    pub fn encode<A>(&self, key: &FinalKey<A>, words: &[Word]) -> Result<Vec<u8>, Unencodable> {
        let mut bytes = self.encode_header(&key.shape)?;
        let mut reader = Reader::new(&bytes);
        let header = read_header(&mut reader, &mut Transcript::default(), key, words);
        let header = header.map_err(Unencodable::Transcript)?;
        reader.finish().map_err(Unencodable::Transcript)?;
        self.encode_queries(&key.shape, &header, &mut bytes)?;
        Ok(bytes)
    }

    fn encode_header(&self, shape: &FinalShape) -> Result<Vec<u8>, Unencodable> {
        let BatchProof { commitments, opened_values, opening_proof: opening, lookup_terminals, .. } =
            &self.proof;
        let [table] = opened_values.instances.as_slice() else { return Err(Unencodable::Shape) };
        let [Some(terminal)] = lookup_terminals.as_slice() else { return Err(Unencodable::Shape) };
        let values = &table.base_opened_values;
        let width = |tree| shape.row_width(tree);
        let mut bytes = Vec::new();
        put(&mut bytes, self.salt);
        put_root(&mut bytes, &commitments.main)?;
        put(&mut bytes, self.proof.lookup_pow_witness.ok_or(Unencodable::Shape)?);
        put_root(&mut bytes, commitments.permutation.as_ref().ok_or(Unencodable::Shape)?)?;
        put_all(&mut bytes, &[terminal.0], 1)?;
        put_root(&mut bytes, &commitments.quotient_chunks)?;
        put(&mut bytes, self.proof.ood_pow_witness);
        put_all(&mut bytes, &values.trace_local, width(Tree::Main))?;
        put_all(&mut bytes, values.trace_next.as_deref().unwrap_or_default(), width(Tree::Main))?;
        put_all(&mut bytes, &values.quotient_chunks.concat(), width(Tree::Quotient))?;
        put_all(&mut bytes, values.preprocessed_local().unwrap_or_default(), width(Tree::Fixed))?;
        put_all(&mut bytes, &table.permutation_local, width(Tree::Auxiliary))?;
        put_all(&mut bytes, &table.permutation_next, width(Tree::Auxiliary))?;
        put(&mut bytes, opening.batch_pow_witness);
        let rounds = shape.rounds.len();
        if opening.commit_phase_commits.len() != rounds || opening.commit_pow_witnesses.len() != rounds {
            return Err(Unencodable::Shape);
        }
        for (root, nonce) in opening.commit_phase_commits.iter().zip(&opening.commit_pow_witnesses) {
            put_root(&mut bytes, root)?;
            put(&mut bytes, *nonce);
        }
        put_all(&mut bytes, &opening.final_poly, shape.final_coefficients())?;
        put(&mut bytes, opening.query_pow_witness);
        Ok(bytes)
    }

    fn encode_queries(
        &self,
        shape: &FinalShape,
        header: &Header,
        bytes: &mut Vec<u8>,
    ) -> Result<(), Unencodable> {
        let (trees, rounds) =
            (&self.proof.opening_proof.input_openings, &self.proof.opening_proof.commit_phase_openings);
        let queries = header.sampled_indices.len();
        if trees.len() != TREES.len()
            || rounds.len() != shape.rounds.len()
            || trees.iter().any(|tree| tree.opened_values.len() != queries)
            || rounds.iter().any(|round| round.sibling_values.len() != queries)
        {
            return Err(Unencodable::Shape);
        }
        let mut order: Vec<usize> = (0..queries).collect();
        order.sort_by_key(|query| header.sampled_indices.get(*query));
        for (tree, opening) in TREES.into_iter().zip(trees) {
            for row in order.iter().filter_map(|query| opening.opened_values.get(*query)) {
                let row = row.concat();
                if row.len() != shape.row_width(tree) {
                    return Err(Unencodable::Shape);
                }
                row.into_iter().for_each(|element| put(bytes, element));
            }
        }
        for (log_arity, round) in shape.rounds.iter().zip(rounds) {
            for siblings in order.iter().filter_map(|query| round.sibling_values.get(*query)) {
                put_all(bytes, siblings, (1 << log_arity) - 1)?;
            }
        }
        trees.iter().for_each(|tree| put_paths(bytes, &tree.opening_proof));
        rounds.iter().for_each(|round| put_paths(bytes, &round.opening_proof));
        Ok(())
    }
}

fn put(bytes: &mut Vec<u8>, element: Val) {
    bytes.extend(element.as_canonical_u32().to_be_bytes());
}

fn put_all(bytes: &mut Vec<u8>, elements: &[Challenge], expected: usize) -> Result<(), Unencodable> {
    if elements.len() != expected {
        return Err(Unencodable::Shape);
    }
    elements.iter().for_each(|element| bytes.extend(challenge_bytes(*element)));
    Ok(())
}

fn put_root(bytes: &mut Vec<u8>, cap: &MerkleCap<Val, Node>) -> Result<(), Unencodable> {
    let [root] = cap.roots() else { return Err(Unencodable::Shape) };
    bytes.extend(root);
    Ok(())
}

fn put_paths(bytes: &mut Vec<u8>, paths: &PrunedMerklePaths<u8, NODE_BYTES>) {
    bytes.extend(paths.sibling_hashes.iter().flatten());
}
