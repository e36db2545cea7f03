//! Precompiles over elliptic curves.

use alloy_primitives::{U256, keccak256, uint};
use eyre::{WrapErr, eyre};
use p256::ecdsa::signature::hazmat::PrehashSigner;
use revm::precompile::{Crypto, DefaultCrypto, PrecompileHalt};
use sha2::{Digest, Sha256};

use super::super::block::key;
use super::super::case::{Case, Operation};
use super::{bytes, precompile, word};

/// Generator of the second group of BN254, as EIP-197 encodes it.
const BN254_G2: [U256; 4] = [
    uint!(11559732032986387107991004021392285783925812861821192530917403151452391805634_U256),
    uint!(10857046999023057135944570762232829481370756359578518086990519993285655852781_U256),
    uint!(4082367875863433681332203403145435568316851327593401208105741076214120093531_U256),
    uint!(8495653923123431417604973247489272438418190587263600148770280649306958101930_U256),
];

pub(super) fn cases() -> eyre::Result<Vec<Case>> {
    let mut cases = ecrecover()?;
    cases.extend(bn254()?);
    cases.push(point_evaluation()?);
    cases.extend(bls12_381()?);
    cases.extend(p256_verify()?);
    Ok(cases)
}

fn whole(name: (&str, u16), variant: &str, data: Vec<u8>) -> Operation {
    let size = data.len() as u64;
    precompile(name, variant, data, size)
}

fn halted(halt: PrecompileHalt) -> eyre::Report {
    eyre!("the inputs of a case could not be computed: {halt:?}")
}

fn ecrecover() -> eyre::Result<Vec<Case>> {
    let mut cases = Vec::new();
    let case = |variant: &str, data| whole(("ECRECOVER", 1), variant, data).gas(3_000).case();
    let mut last = Vec::new();
    for number in 0..4 {
        let hash = keccak256([number]);
        let (signature, recovery) = key(u64::from(number)).sign_prehash_recoverable(hash.as_slice())?;
        let v = U256::from(27 + recovery.to_byte());
        let data = [hash.as_slice(), &v.to_be_bytes::<32>(), &signature.to_bytes()].concat();
        cases.push(case(&format!("valid signature {number}"), data.clone()));
        last = data;
    }
    // 5 is not the x coordinate of a point: 5^3 + 7 is no square.
    last[64..96].copy_from_slice(&U256::from(5).to_be_bytes::<32>());
    cases.push(case("r not on the curve", last.clone()));
    last[64..96].fill(0);
    cases.push(case("r zero", last));
    Ok(cases)
}

fn bn254() -> eyre::Result<Vec<Case>> {
    let generator = [U256::ONE, U256::from(2)].map(|n| n.to_be_bytes::<32>()).concat();
    let point = |seed| {
        let scalar = word(seed).to_be_bytes::<32>();
        DefaultCrypto.bn254_g1_mul(&generator, &scalar).map_err(halted)
    };
    let (a, b) = (point(20)?, point(21)?);
    let mut cases = Vec::new();
    for (variant, first, second) in [
        ("different points", a, b),
        ("doubling", a, a),
        ("infinity", [0; 64], b),
        ("both infinity", [0; 64], [0; 64]),
    ] {
        cases.push(whole(("BN254_ADD", 6), variant, [first, second].concat()).gas(150).case());
    }
    for (variant, point, scalar) in [
        ("random scalar", a, word(22)),
        ("all ones", a, U256::MAX),
        ("scalar 1", a, U256::ONE),
        ("infinity", [0; 64], U256::MAX),
    ] {
        let data = [point.as_slice(), &scalar.to_be_bytes::<32>()].concat();
        cases.push(whole(("BN254_MUL", 7), variant, data).gas(6_000).case());
    }
    let g2 = BN254_G2.map(|n| n.to_be_bytes::<32>()).concat();
    for pairs in [0, 1, 2, 4, 8] {
        let pair = [a.as_slice(), &g2].concat();
        let pairing = whole(("BN254_PAIRING", 8), &format!("{pairs} pairs"), pair.repeat(pairs));
        cases.push(pairing.gas(45_000 + 34_000 * pairs as u64).case());
    }
    let infinities = [a.as_slice(), &[0; 128]].concat().repeat(8);
    cases.push(whole(("BN254_PAIRING", 8), "8 pairs with infinity", infinities).gas(317_000).case());
    Ok(cases)
}

/// An opening of the commitment to a blob that looks random (EIP-4844).
fn point_evaluation() -> eyre::Result<Case> {
    let settings = c_kzg::ethereum_kzg_settings(0);
    let mut blob = bytes(23, c_kzg::BYTES_PER_BLOB);
    // Below the modulus.
    blob.chunks_mut(32).for_each(|element| element[0] = 0);
    let blob = c_kzg::Blob::from_bytes(&blob)?;
    let commitment = settings.blob_to_kzg_commitment(&blob)?.to_bytes();
    let mut z = word(24).to_be_bytes::<32>();
    z[0] = 0;
    let z = c_kzg::Bytes32::new(z);
    let (proof, y) = settings.compute_kzg_proof(&blob, &z)?;
    let mut versioned_hash = Sha256::digest(commitment.as_slice());
    versioned_hash[0] = 1;
    let proof = proof.to_bytes();
    let data =
        [&versioned_hash[..], z.as_slice(), y.as_slice(), commitment.as_slice(), proof.as_slice()].concat();
    Ok(whole(("POINT_EVALUATION", 10), "valid proof", data).gas(50_000).case())
}

/// An element of BLS12-381's base field, without padding.
fn bls_element(seed: u64) -> [u8; 48] {
    let mut element = [0; 48];
    element.copy_from_slice(&bytes(seed, 48));
    // Below the modulus, which starts with 0x1a.
    element[0] &= 0x0f;
    element
}

/// Each 48 bytes with 16 zeros before them (EIP-2537).
fn padded(elements: &[u8]) -> Vec<u8> {
    elements.chunks(48).flat_map(|element| [&[0; 16], element].concat()).collect()
}

fn bls_g1(seed: u64) -> eyre::Result<Vec<u8>> {
    Ok(padded(&DefaultCrypto.bls12_381_fp_to_g1(&bls_element(seed)).map_err(halted)?))
}

fn bls_g2(seed: u64) -> eyre::Result<Vec<u8>> {
    let element = (bls_element(seed), bls_element(seed + 1_000));
    Ok(padded(&DefaultCrypto.bls12_381_fp2_to_g2(element).map_err(halted)?))
}

fn bls12_381() -> eyre::Result<Vec<Case>> {
    let mut cases = Vec::new();
    let (a, b, c, d) = (bls_g1(30)?, bls_g1(31)?, bls_g2(32)?, bls_g2(33)?);
    for (variant, points) in [("different points", [&a, &b]), ("doubling", [&a, &a])] {
        cases.push(whole(("BLS12_G1ADD", 0x0b), variant, points.map(Vec::as_slice).concat()).gas(375).case());
    }
    for (variant, points) in [("different points", [&c, &d]), ("doubling", [&c, &c])] {
        cases.push(whole(("BLS12_G2ADD", 0x0d), variant, points.map(Vec::as_slice).concat()).gas(600).case());
    }
    cases.extend(msms(("BLS12_G1MSM", 0x0c), 12_000, &[1, 2, 16, 128], bls_g1)?);
    cases.extend(msms(("BLS12_G2MSM", 0x0e), 22_500, &[1, 2, 16, 64], bls_g2)?);
    for pairs in [1, 2, 4, 8] {
        let data = [a.as_slice(), &c].concat().repeat(pairs);
        let pairing = whole(("BLS12_PAIRING_CHECK", 0x0f), &format!("{pairs} pairs"), data);
        cases.push(pairing.gas(37_700 + 32_600 * pairs as u64).case());
    }
    for (variant, element) in [("random", bls_element(34)), ("zero", [0; 48])] {
        let data = padded(&element);
        cases.push(whole(("BLS12_MAP_FP_TO_G1", 0x10), variant, data.clone()).gas(5_500).case());
        cases.push(whole(("BLS12_MAP_FP2_TO_G2", 0x11), variant, data.repeat(2)).gas(23_800).case());
    }
    Ok(cases)
}

/// Multiplications of this many different points. The gas for more than one point has a discount (EIP-2537).
fn msms(
    name: (&str, u16),
    gas_of_one: u64,
    counts: &[u64],
    point: fn(u64) -> eyre::Result<Vec<u8>>,
) -> eyre::Result<Vec<Case>> {
    let mut cases = Vec::new();
    for count in counts {
        for (variant, scalar) in [("random", None), ("all ones", Some(U256::MAX))] {
            let mut data = Vec::new();
            for index in 0..*count {
                data.extend(point(40 + index)?);
                data.extend(scalar.unwrap_or_else(|| word(50 + index)).to_be_bytes::<32>());
            }
            let msm = whole(name, &format!("{count} points, scalars {variant}"), data);
            cases.push(if *count == 1 { msm.gas(gas_of_one) } else { msm.about(gas_of_one * count) }.case());
        }
    }
    Ok(cases)
}

fn p256_verify() -> eyre::Result<Vec<Case>> {
    let mut cases = Vec::new();
    let case = |variant: &str, data| whole(("P256VERIFY", 0x100), variant, data).gas(6_900).case();
    for number in 0..3_u8 {
        let key = p256::ecdsa::SigningKey::from_slice(keccak256([number]).as_slice())
            .wrap_err("the hash of a fixed seed as a key")?;
        let hash = keccak256([number, 1]);
        let signature: p256::ecdsa::Signature = key.sign_prehash(hash.as_slice())?;
        let point = key.verifying_key().to_encoded_point(false);
        let mut data = [hash.as_slice(), &signature.to_bytes(), &point.as_bytes()[1..]].concat();
        cases.push(case(&format!("valid signature {number}"), data.clone()));
        if number == 0 {
            data[0] ^= 1;
            cases.push(case("signature of another message", data));
        }
    }
    Ok(cases)
}
