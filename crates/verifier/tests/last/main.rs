//! Final proofs of a small table, judged by the native verifier and by Plonky3's.

mod binding;
mod bytes;
mod commitments;
mod forged;
mod hashes;
mod honest;
mod narrow;
mod proofs;
mod statement;
mod table;
mod transcript;
mod vectors;
