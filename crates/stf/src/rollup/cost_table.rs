//! Prices of the meter. Made by `cargo xtask cost-table`; a change here is a change of the protocol.

use alloy_primitives::{Address, address};

/// Price of an instruction or a precompile, in cycle equivalents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Price {
    /// Each time.
    pub(super) base: u32,
    /// Gas that the base covers.
    pub(super) free: u32,
    /// For each unit of gas beyond.
    pub(super) per_gas: u32,
    /// Most that gas adds.
    pub(super) most: u32,
}

/// Each transaction: bytes of a transfer, its sender, both accounts, its receipt.
pub(super) const TRANSACTION: u64 = 250574;

/// Each byte of a transaction; the code of one that creates is analysed.
pub(super) const TRANSACTION_BYTE: u64 = 44;

/// Each authorization of a transaction (EIP-7702).
pub(super) const AUTHORIZATION: u64 = 101906;

/// Each account and each slot of an access list (EIP-2930), whose first use has no gas.
pub(super) const ACCESS_ENTRY: u64 = 37500;

/// Each byte of a code, the first time in a transaction: hash and analysis.
pub(super) const CODE_BYTE: u64 = 23;

/// Each time that memory becomes longer.
pub(super) const EXPANSION: u64 = 181;

/// Each word by which it does.
pub(super) const EXPANSION_WORD: u64 = 40;

/// Each byte that a frame or a precompile returns.
pub(super) const RETURNED_BYTE: u64 = 4;

const fn price(base: u32, free: u32, per_gas: u32, most: u32) -> Price {
    Price { base, free, per_gas, most }
}

/// Instructions, by opcode. What is no instruction ends its frame.
#[rustfmt::skip]
pub(super) const STEPS: [Price; 256] = [
    price(834, 0, 0, 0), // 0x00 STOP
    price(142, 3, 0, 0), // 0x01 ADD
    price(345, 5, 0, 0), // 0x02 MUL
    price(149, 3, 0, 0), // 0x03 SUB
    price(1362, 5, 0, 0), // 0x04 DIV
    price(1410, 5, 0, 0), // 0x05 SDIV
    price(1307, 5, 0, 0), // 0x06 MOD
    price(1354, 5, 0, 0), // 0x07 SMOD
    price(2095, 8, 0, 0), // 0x08 ADDMOD
    price(4110, 8, 0, 0), // 0x09 MULMOD
    price(312, 10, 88, 140800), // 0x0a EXP
    price(193, 5, 0, 0), // 0x0b SIGNEXTEND
    price(50, 0, 0, 0), // 0x0c none
    price(50, 0, 0, 0), // 0x0d none
    price(50, 0, 0, 0), // 0x0e none
    price(50, 0, 0, 0), // 0x0f none
    price(129, 3, 0, 0), // 0x10 LT
    price(129, 3, 0, 0), // 0x11 GT
    price(186, 3, 0, 0), // 0x12 SLT
    price(187, 3, 0, 0), // 0x13 SGT
    price(122, 3, 0, 0), // 0x14 EQ
    price(96, 3, 0, 0), // 0x15 ISZERO
    price(114, 3, 0, 0), // 0x16 AND
    price(114, 3, 0, 0), // 0x17 OR
    price(114, 3, 0, 0), // 0x18 XOR
    price(96, 3, 0, 0), // 0x19 NOT
    price(118, 3, 0, 0), // 0x1a BYTE
    price(232, 3, 0, 0), // 0x1b SHL
    price(236, 3, 0, 0), // 0x1c SHR
    price(249, 3, 0, 0), // 0x1d SAR
    price(225, 5, 0, 0), // 0x1e CLZ
    price(50, 0, 0, 0), // 0x1f none
    price(1153, 30, 40, 28000000), // 0x20 KECCAK256
    price(50, 0, 0, 0), // 0x21 none
    price(50, 0, 0, 0), // 0x22 none
    price(50, 0, 0, 0), // 0x23 none
    price(50, 0, 0, 0), // 0x24 none
    price(50, 0, 0, 0), // 0x25 none
    price(50, 0, 0, 0), // 0x26 none
    price(50, 0, 0, 0), // 0x27 none
    price(50, 0, 0, 0), // 0x28 none
    price(50, 0, 0, 0), // 0x29 none
    price(50, 0, 0, 0), // 0x2a none
    price(50, 0, 0, 0), // 0x2b none
    price(50, 0, 0, 0), // 0x2c none
    price(50, 0, 0, 0), // 0x2d none
    price(50, 0, 0, 0), // 0x2e none
    price(50, 0, 0, 0), // 0x2f none
    price(141, 2, 0, 0), // 0x30 ADDRESS
    price(826, 100, 15, 37500), // 0x31 BALANCE
    price(141, 2, 0, 0), // 0x32 ORIGIN
    price(141, 2, 0, 0), // 0x33 CALLER
    price(91, 2, 0, 0), // 0x34 CALLVALUE
    price(299, 3, 0, 0), // 0x35 CALLDATALOAD
    price(85, 2, 0, 0), // 0x36 CALLDATASIZE
    price(421, 3, 18, 28000000), // 0x37 CALLDATACOPY
    price(85, 2, 0, 0), // 0x38 CODESIZE
    price(421, 3, 18, 28000000), // 0x39 CODECOPY
    price(142, 2, 0, 0), // 0x3a GASPRICE
    price(1626, 100, 14, 35000), // 0x3b EXTCODESIZE
    price(1776, 100, 50, 28000000), // 0x3c EXTCODECOPY
    price(87, 2, 0, 0), // 0x3d RETURNDATASIZE
    price(425, 3, 18, 28000000), // 0x3e RETURNDATACOPY
    price(987, 100, 15, 37500), // 0x3f EXTCODEHASH
    price(16000, 20, 0, 0), // 0x40 BLOCKHASH
    price(141, 2, 0, 0), // 0x41 COINBASE
    price(91, 2, 0, 0), // 0x42 TIMESTAMP
    price(91, 2, 0, 0), // 0x43 NUMBER
    price(262, 2, 0, 0), // 0x44 DIFFICULTY
    price(85, 2, 0, 0), // 0x45 GASLIMIT
    price(88, 2, 0, 0), // 0x46 CHAINID
    price(550, 5, 0, 0), // 0x47 SELFBALANCE
    price(88, 2, 0, 0), // 0x48 BASEFEE
    price(123, 3, 0, 0), // 0x49 BLOBHASH
    price(107, 2, 0, 0), // 0x4a BLOBBASEFEE
    price(50, 0, 0, 0), // 0x4b SLOTNUM
    price(50, 0, 0, 0), // 0x4c none
    price(50, 0, 0, 0), // 0x4d none
    price(50, 0, 0, 0), // 0x4e none
    price(50, 0, 0, 0), // 0x4f none
    price(72, 2, 0, 0), // 0x50 POP
    price(297, 3, 1, 0), // 0x51 MLOAD
    price(285, 3, 1, 0), // 0x52 MSTORE
    price(203, 3, 1, 0), // 0x53 MSTORE8
    price(849, 100, 18, 36000), // 0x54 SLOAD
    price(2470, 100, 19, 73722), // 0x55 SSTORE
    price(141, 9, 0, 0), // 0x56 JUMP
    price(165, 10, 0, 0), // 0x57 JUMPI
    price(88, 2, 0, 0), // 0x58 PC
    price(87, 2, 0, 0), // 0x59 MSIZE
    price(85, 2, 0, 0), // 0x5a GAS
    price(66, 1, 0, 0), // 0x5b JUMPDEST
    price(449, 100, 0, 0), // 0x5c TLOAD
    price(2132, 100, 0, 0), // 0x5d TSTORE
    price(357, 3, 34, 28000000), // 0x5e MCOPY
    price(86, 2, 0, 0), // 0x5f PUSH0
    price(87, 3, 0, 0), // 0x60 PUSH1
    price(90, 3, 0, 0), // 0x61 PUSH2
    price(95, 3, 0, 0), // 0x62 PUSH3
    price(96, 3, 0, 0), // 0x63 PUSH4
    price(99, 3, 0, 0), // 0x64 PUSH5
    price(104, 3, 0, 0), // 0x65 PUSH6
    price(107, 3, 0, 0), // 0x66 PUSH7
    price(106, 3, 0, 0), // 0x67 PUSH8
    price(107, 3, 0, 0), // 0x68 PUSH9
    price(110, 3, 0, 0), // 0x69 PUSH10
    price(115, 3, 0, 0), // 0x6a PUSH11
    price(116, 3, 0, 0), // 0x6b PUSH12
    price(119, 3, 0, 0), // 0x6c PUSH13
    price(124, 3, 0, 0), // 0x6d PUSH14
    price(127, 3, 0, 0), // 0x6e PUSH15
    price(126, 3, 0, 0), // 0x6f PUSH16
    price(131, 3, 0, 0), // 0x70 PUSH17
    price(134, 3, 0, 0), // 0x71 PUSH18
    price(139, 3, 0, 0), // 0x72 PUSH19
    price(136, 3, 0, 0), // 0x73 PUSH20
    price(139, 3, 0, 0), // 0x74 PUSH21
    price(144, 3, 0, 0), // 0x75 PUSH22
    price(147, 3, 0, 0), // 0x76 PUSH23
    price(156, 3, 0, 0), // 0x77 PUSH24
    price(159, 3, 0, 0), // 0x78 PUSH25
    price(162, 3, 0, 0), // 0x79 PUSH26
    price(167, 3, 0, 0), // 0x7a PUSH27
    price(166, 3, 0, 0), // 0x7b PUSH28
    price(169, 3, 0, 0), // 0x7c PUSH29
    price(174, 3, 0, 0), // 0x7d PUSH30
    price(177, 3, 0, 0), // 0x7e PUSH31
    price(186, 3, 0, 0), // 0x7f PUSH32
    price(92, 3, 0, 0), // 0x80 DUP1
    price(92, 3, 0, 0), // 0x81 DUP2
    price(92, 3, 0, 0), // 0x82 DUP3
    price(92, 3, 0, 0), // 0x83 DUP4
    price(92, 3, 0, 0), // 0x84 DUP5
    price(92, 3, 0, 0), // 0x85 DUP6
    price(92, 3, 0, 0), // 0x86 DUP7
    price(92, 3, 0, 0), // 0x87 DUP8
    price(92, 3, 0, 0), // 0x88 DUP9
    price(92, 3, 0, 0), // 0x89 DUP10
    price(92, 3, 0, 0), // 0x8a DUP11
    price(92, 3, 0, 0), // 0x8b DUP12
    price(92, 3, 0, 0), // 0x8c DUP13
    price(92, 3, 0, 0), // 0x8d DUP14
    price(92, 3, 0, 0), // 0x8e DUP15
    price(92, 3, 0, 0), // 0x8f DUP16
    price(125, 3, 0, 0), // 0x90 SWAP1
    price(125, 3, 0, 0), // 0x91 SWAP2
    price(125, 3, 0, 0), // 0x92 SWAP3
    price(125, 3, 0, 0), // 0x93 SWAP4
    price(125, 3, 0, 0), // 0x94 SWAP5
    price(125, 3, 0, 0), // 0x95 SWAP6
    price(125, 3, 0, 0), // 0x96 SWAP7
    price(125, 3, 0, 0), // 0x97 SWAP8
    price(125, 3, 0, 0), // 0x98 SWAP9
    price(125, 3, 0, 0), // 0x99 SWAP10
    price(125, 3, 0, 0), // 0x9a SWAP11
    price(125, 3, 0, 0), // 0x9b SWAP12
    price(125, 3, 0, 0), // 0x9c SWAP13
    price(125, 3, 0, 0), // 0x9d SWAP14
    price(125, 3, 0, 0), // 0x9e SWAP15
    price(125, 3, 0, 0), // 0x9f SWAP16
    price(1770, 375, 2, 28000000), // 0xa0 LOG0
    price(3430, 750, 2, 28000000), // 0xa1 LOG1
    price(5129, 1125, 2, 28000000), // 0xa2 LOG2
    price(6528, 1500, 3, 28000000), // 0xa3 LOG3
    price(7923, 1875, 3, 28000000), // 0xa4 LOG4
    price(50, 0, 0, 0), // 0xa5 none
    price(50, 0, 0, 0), // 0xa6 none
    price(50, 0, 0, 0), // 0xa7 none
    price(50, 0, 0, 0), // 0xa8 none
    price(50, 0, 0, 0), // 0xa9 none
    price(50, 0, 0, 0), // 0xaa none
    price(50, 0, 0, 0), // 0xab none
    price(50, 0, 0, 0), // 0xac none
    price(50, 0, 0, 0), // 0xad none
    price(50, 0, 0, 0), // 0xae none
    price(50, 0, 0, 0), // 0xaf none
    price(50, 0, 0, 0), // 0xb0 none
    price(50, 0, 0, 0), // 0xb1 none
    price(50, 0, 0, 0), // 0xb2 none
    price(50, 0, 0, 0), // 0xb3 none
    price(50, 0, 0, 0), // 0xb4 none
    price(50, 0, 0, 0), // 0xb5 none
    price(50, 0, 0, 0), // 0xb6 none
    price(50, 0, 0, 0), // 0xb7 none
    price(50, 0, 0, 0), // 0xb8 none
    price(50, 0, 0, 0), // 0xb9 none
    price(50, 0, 0, 0), // 0xba none
    price(50, 0, 0, 0), // 0xbb none
    price(50, 0, 0, 0), // 0xbc none
    price(50, 0, 0, 0), // 0xbd none
    price(50, 0, 0, 0), // 0xbe none
    price(50, 0, 0, 0), // 0xbf none
    price(50, 0, 0, 0), // 0xc0 none
    price(50, 0, 0, 0), // 0xc1 none
    price(50, 0, 0, 0), // 0xc2 none
    price(50, 0, 0, 0), // 0xc3 none
    price(50, 0, 0, 0), // 0xc4 none
    price(50, 0, 0, 0), // 0xc5 none
    price(50, 0, 0, 0), // 0xc6 none
    price(50, 0, 0, 0), // 0xc7 none
    price(50, 0, 0, 0), // 0xc8 none
    price(50, 0, 0, 0), // 0xc9 none
    price(50, 0, 0, 0), // 0xca none
    price(50, 0, 0, 0), // 0xcb none
    price(50, 0, 0, 0), // 0xcc none
    price(50, 0, 0, 0), // 0xcd none
    price(50, 0, 0, 0), // 0xce none
    price(50, 0, 0, 0), // 0xcf none
    price(50, 0, 0, 0), // 0xd0 none
    price(50, 0, 0, 0), // 0xd1 none
    price(50, 0, 0, 0), // 0xd2 none
    price(50, 0, 0, 0), // 0xd3 none
    price(50, 0, 0, 0), // 0xd4 none
    price(50, 0, 0, 0), // 0xd5 none
    price(50, 0, 0, 0), // 0xd6 none
    price(50, 0, 0, 0), // 0xd7 none
    price(50, 0, 0, 0), // 0xd8 none
    price(50, 0, 0, 0), // 0xd9 none
    price(50, 0, 0, 0), // 0xda none
    price(50, 0, 0, 0), // 0xdb none
    price(50, 0, 0, 0), // 0xdc none
    price(50, 0, 0, 0), // 0xdd none
    price(50, 0, 0, 0), // 0xde none
    price(50, 0, 0, 0), // 0xdf none
    price(50, 0, 0, 0), // 0xe0 none
    price(50, 0, 0, 0), // 0xe1 none
    price(50, 0, 0, 0), // 0xe2 none
    price(50, 0, 0, 0), // 0xe3 none
    price(50, 0, 0, 0), // 0xe4 none
    price(50, 0, 0, 0), // 0xe5 none
    price(50, 0, 0, 0), // 0xe6 DUPN
    price(50, 0, 0, 0), // 0xe7 SWAPN
    price(50, 0, 0, 0), // 0xe8 EXCHANGE
    price(50, 0, 0, 0), // 0xe9 none
    price(50, 0, 0, 0), // 0xea none
    price(50, 0, 0, 0), // 0xeb none
    price(50, 0, 0, 0), // 0xec none
    price(50, 0, 0, 0), // 0xed none
    price(50, 0, 0, 0), // 0xee none
    price(50, 0, 0, 0), // 0xef none
    price(64546, 32000, 243, 746496), // 0xf0 CREATE
    price(6480, 100, 15, 586500), // 0xf1 CALL
    price(6480, 100, 15, 586500), // 0xf2 CALLCODE
    price(272, 0, 1, 0), // 0xf3 RETURN
    price(6480, 100, 15, 586500), // 0xf4 DELEGATECALL
    price(66445, 32000, 85, 1044480), // 0xf5 CREATE2
    price(50, 0, 0, 0), // 0xf6 none
    price(50, 0, 0, 0), // 0xf7 none
    price(50, 0, 0, 0), // 0xf8 none
    price(50, 0, 0, 0), // 0xf9 none
    price(6480, 100, 15, 586500), // 0xfa STATICCALL
    price(50, 0, 0, 0), // 0xfb none
    price(50, 0, 0, 0), // 0xfc none
    price(1009, 0, 1, 0), // 0xfd REVERT
    price(754, 1000, 0, 0), // 0xfe INVALID
    price(47913, 5000, 1, 27600), // 0xff SELFDESTRUCT
];

/// Price of a precompile; of any other address nothing.
pub(super) fn precompile_price(address: &Address) -> Price {
    PRECOMPILES.iter().find(|(of, _)| of == address).map_or(price(0, 0, 0, 0), |(_, price)| *price)
}

#[rustfmt::skip]
const PRECOMPILES: [(Address, Price); 18] = [
    (address!("0000000000000000000000000000000000000001"), price(1000, 0, 7, 4294967295)), // ECRECOVER
    (address!("0000000000000000000000000000000000000002"), price(1000, 0, 174, 4294967295)), // SHA2-256
    (address!("0000000000000000000000000000000000000003"), price(1000, 0, 11, 4294967295)), // RIPEMD-160
    (address!("0000000000000000000000000000000000000004"), price(1000, 0, 8, 4294967295)), // IDENTITY
    (address!("0000000000000000000000000000000000000005"), price(1000, 0, 160, 4294967295)), // MODEXP
    (address!("0000000000000000000000000000000000000006"), price(1000, 0, 60, 4294967295)), // BN254_ADD
    (address!("0000000000000000000000000000000000000007"), price(1000, 0, 20, 4294967295)), // BN254_MUL
    (address!("0000000000000000000000000000000000000008"), price(1000, 0, 32, 4294967295)), // BN254_PAIRING
    (address!("0000000000000000000000000000000000000009"), price(1000, 0, 1453, 4294967295)), // BLAKE2F
    (address!("000000000000000000000000000000000000000a"), price(1000, 0, 84, 4294967295)), // POINT_EVALUATION
    (address!("000000000000000000000000000000000000000b"), price(1000, 0, 51, 4294967295)), // BLS12_G1ADD
    (address!("000000000000000000000000000000000000000c"), price(1000, 0, 29, 4294967295)), // BLS12_G1MSM
    (address!("000000000000000000000000000000000000000d"), price(1000, 0, 55, 4294967295)), // BLS12_G2ADD
    (address!("000000000000000000000000000000000000000e"), price(1000, 0, 49, 4294967295)), // BLS12_G2MSM
    (address!("000000000000000000000000000000000000000f"), price(1000, 0, 45, 4294967295)), // BLS12_PAIRING_CHECK
    (address!("0000000000000000000000000000000000000010"), price(1000, 0, 20, 4294967295)), // BLS12_MAP_FP_TO_G1
    (address!("0000000000000000000000000000000000000011"), price(1000, 0, 23, 4294967295)), // BLS12_MAP_FP2_TO_G2
    (address!("0000000000000000000000000000000000000100"), price(1000, 0, 46, 4294967295)), // P256VERIFY
];
