//! The operations as the EVM's precompiles use them. In a process of its own, since they are installed globally.

use ashlar_abi::Reference;
use ashlar_crypto::AcceleratedCrypto;
use revm_precompile::{PrecompileSpecId, Precompiles, install_crypto, u64_to_address};

#[test]
fn installed_operations_serve_the_precompiles() {
    assert!(install_crypto(AcceleratedCrypto::<Reference>::new()));
    let precompiles = Precompiles::new(PrecompileSpecId::OSAKA);
    let ecrecover = precompiles.get(&u64_to_address(1)).unwrap();
    // The input of go-ethereum's oldest test of this precompile.
    let input = hex::decode(concat!(
        "38d18acb67d25c8bb9942764b62f18e17054f66a817bd4295423adf9ed98873e",
        "000000000000000000000000000000000000000000000000000000000000001b",
        "38d18acb67d25c8bb9942764b62f18e17054f66a817bd4295423adf9ed98873e",
        "789d1dd423d25f0772d2748d60f7e4b81bb14d086eba8e8e8efb6dcff8a4ae02",
    ))
    .unwrap();
    let output = ecrecover.execute(&input, 3_000, 0).unwrap();
    assert_eq!(
        hex::encode(&output.bytes),
        "000000000000000000000000ceaccac640adf55b2028469bd36ba501f28b699d"
    );
}
