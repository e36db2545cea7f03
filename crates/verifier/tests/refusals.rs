//! What a verifier refuses before it looks at any segment's proof, and what programKey covers.

use ashlar_machine::hash::Hasher;
use ashlar_machine::{SHAPES, Table, Val};
use ashlar_verifier::{
    Boundary, MAGIC, MalformedProof, ProgramKey, RefusedProof, RunProof, VERSION, Verifier, VerifyingKey,
    committed_digest,
};
use p3_field::PrimeCharacteristicRing;
use p3_symmetric::MerkleCap;

fn key() -> VerifyingKey {
    let roots = (0..16).map(|i| [Val::from_u32(100 + i); 8]).collect::<Vec<_>>();
    VerifyingKey { fixed: MerkleCap::new(roots), initial_root: [Val::ONE; 8], entry: 0x1000 }
}

/// A proof without segments: enough for whatever is refused before the first one.
fn proof() -> RunProof {
    RunProof { program_key: key().program_key(), output: b"output".to_vec(), segments: Vec::new() }
}

#[test]
fn program_key_covers_every_element_of_the_key() {
    let mut keys = vec![key().program_key()];
    let mut add = |change: &dyn Fn(&mut VerifyingKey)| {
        let mut key = key();
        change(&mut key);
        keys.push(key.program_key());
    };
    for i in 0..8 {
        add(&|key| key.initial_root[i] += Val::ONE);
    }
    add(&|key| key.entry += 4);
    for root in 0..16 {
        for i in 0..8 {
            add(&|key| {
                let mut roots = key.fixed.roots().to_vec();
                roots[root][i] += Val::ONE;
                key.fixed = MerkleCap::new(roots);
            });
        }
    }
    // Fewer and more roots, of which the additional ones are what a last block is filled up with.
    add(&|key| key.fixed = MerkleCap::new(key.fixed.roots()[..8].to_vec()));
    add(&|key| {
        let zeros = [[Val::ZERO; 8]; 16];
        key.fixed = MerkleCap::new([key.fixed.roots(), &zeros].concat());
    });
    let count = keys.len();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), count);
}

#[test]
fn refuses_the_key_of_another_program() {
    let mut proof = proof();
    let verifier = Verifier::new(key());
    for i in 0..32 {
        proof.program_key.0[i] ^= 1;
        assert!(matches!(verifier.verify(&proof), Err(RefusedProof::Program { .. })));
        proof.program_key.0[i] ^= 1;
    }
    assert!(matches!(verifier.verify(&proof), Err(RefusedProof::NoSegment)));
}

/// One commit of the hash, no more and no fewer, of this very output.
#[test]
fn the_digest_is_that_of_one_commit_of_this_output() {
    let hasher = Hasher::default();
    let digest = committed_digest(b"output");
    assert_ne!(digest, committed_digest(b"output\0"));
    assert_ne!(digest, committed_digest(b"outpu"));
    assert_ne!(committed_digest(b""), [Val::ZERO; 8]);
    let words = keccak_words(b"output");
    assert_eq!(digest, hasher.commit(&[Val::ZERO; 8], &words));
    assert_ne!(digest, hasher.commit(&digest, &words));
}

fn keccak_words(bytes: &[u8]) -> [u32; 8] {
    use tiny_keccak::Hasher;
    let mut keccak = tiny_keccak::Keccak::v256();
    let mut hash = [0; 32];
    keccak.update(bytes);
    keccak.finalize(&mut hash);
    std::array::from_fn(|i| u32::from_le_bytes([0, 1, 2, 3].map(|j| hash[4 * i + j])))
}

#[test]
fn refuses_bytes_that_are_not_the_encoding() {
    let bytes = proof().encode();
    assert!(RunProof::decode(&bytes).is_ok_and(|decoded| decoded.encode() == bytes));
    for length in 0..bytes.len() {
        assert!(RunProof::decode(&bytes[..length]).is_err(), "{length}");
    }
    let with = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = bytes.clone();
        change(&mut bytes);
        RunProof::decode(&bytes).err()
    };
    assert!(matches!(with(&|bytes| bytes.push(0)), Some(MalformedProof::TrailingBytes { bytes: 1 })));
    assert!(matches!(with(&|bytes| bytes[0] ^= 1), Some(MalformedProof::Magic)));
    let version = MAGIC.len();
    assert!(matches!(
        with(&|bytes| bytes[version] ^= 3),
        Some(MalformedProof::Version { version }) if version == VERSION ^ 3
    ));
    assert!(matches!(with(&|bytes| bytes[version + 3] = 1), Some(MalformedProof::Version { .. })));
    // The output's length in one byte more than it takes.
    let length = version + 4 + 32;
    assert_eq!(bytes[length], 6);
    let longer = with(&|bytes| {
        bytes.splice(length..=length, [0x86, 0x00]);
    });
    assert!(matches!(longer, Some(MalformedProof::NotCanonical)));
    let count = bytes.len() - 1;
    assert_eq!(bytes[count], 0);
    let longer = with(&|bytes| {
        bytes.splice(count.., [0x80, 0x00]);
    });
    assert!(matches!(longer, Some(MalformedProof::NotCanonical)));
    // Segments that are not there.
    assert!(matches!(with(&|bytes| bytes[count] = 1), Some(MalformedProof::Encoding(_))));
}

#[test]
fn refuses_outputs_that_are_too_long() {
    let output = vec![0; ashlar_verifier::OUTPUT_BYTES_MAX + 1];
    let bytes = RunProof { output, ..proof() }.encode();
    assert!(matches!(RunProof::decode(&bytes), Err(MalformedProof::OutputTooLong { bytes: 65_537 })));
}

/// A number of 4 bytes that is p or more is no element, though it has the same value as one.
#[test]
fn refuses_elements_that_are_not_canonical() {
    let boundary = Boundary::first([Val::ZERO; 8], 4);
    let bytes = postcard::to_extend(&boundary, Vec::new()).expect("bytes");
    assert!(postcard::from_bytes::<Boundary>(&bytes).is_ok_and(|decoded| decoded == boundary));
    for at in (0..32).step_by(4) {
        for noncanonical in [0x7f00_0001_u32, 0x7f00_0002, u32::MAX] {
            let mut bytes = bytes.clone();
            bytes[at..at + 4].copy_from_slice(&noncanonical.to_le_bytes());
            assert!(postcard::from_bytes::<Boundary>(&bytes).is_err());
        }
    }
}

/// What the constraints rely on, of every shape.
#[test]
fn shapes_have_what_the_constraints_rely_on() {
    let optional = [Table::Permute, Table::Keccak, Table::Modmul256, Table::Modmul384, Table::Secp256k1];
    for shape in &SHAPES {
        let present: Vec<_> = shape.tables().collect();
        for table in Table::ALL {
            // Without `commit`, `node` or `cpu` a boundary would not be bound; without the others no run is proven.
            assert!(present.contains(&table) || optional.contains(&table), "{} {}", shape.name, table.name());
        }
        // Timestamps have 24 bits.
        assert!(shape.height(Table::Cpu) <= 1 << 21);
        // Fixed columns are committed to once for all shapes.
        for table in [Table::Program, Table::Lookup, Table::KeccakTable] {
            assert_eq!(shape.height(table), SHAPES[0].height(table));
        }
        // Groups of rows by periodic columns, of at most 4 rows, do not run over the end.
        assert!(present.iter().all(|table| shape.height(*table).is_multiple_of(4)));
    }
    for (i, shape) in SHAPES.iter().enumerate() {
        assert!(SHAPES[..i].iter().all(|other| other.heights != shape.heights));
    }
    assert_eq!(Table::ALL.map(|table| table as usize), std::array::from_fn::<_, { Table::COUNT }, _>(|i| i));
}

#[test]
fn a_program_key_prints_as_its_bytes() {
    let mut bytes = [0; 32];
    (bytes[0], bytes[31]) = (0x0a, 0xff);
    assert_eq!(ProgramKey(bytes).to_string(), format!("0x0a{}ff", "00".repeat(30)));
}
