pub(crate) use ashlar_abi::reference::{secp256k1_add as add, secp256k1_double as double};
