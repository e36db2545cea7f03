//! One operation in a loop. A run with count 0 costs the frame alone, so the difference is the operation.

use alloc::vec::Vec;
use core::hint::black_box;
use core::ptr;

use ashlar_abi::Accelerators;
use ashlar_guest_rt::Ecalls;

/// Arguments: operation, count, length in bytes, offset of the target, offset of the source.
pub(crate) fn run(arguments: &[u32]) {
    let &[operation, count, len, to, from] = arguments else { panic!("five arguments") };
    let (len, to, from) = (len as usize, to as usize, from as usize);
    let source = alloc::vec![1u8; len + 8];
    let mut target = alloc::vec![1u8; len + 8];
    let (source, target) = (&source[from..][..len], &mut target[to..][..len]);
    for _ in 0..count {
        match operation {
            0 => black_box(&mut *target).copy_from_slice(black_box(source)),
            // SAFETY: the same range twice, moved by the distance of the two offsets within 8 bytes of room.
            1 => unsafe { ptr::copy(target.as_ptr(), target.as_mut_ptr().sub(to).add(from), black_box(len)) },
            2 => black_box(&mut *target).fill(black_box(0)),
            3 => assert!(black_box(source) == black_box(&*target)),
            4 => drop(black_box(Vec::<u8>::with_capacity(black_box(len)))),
            5 => drop(black_box(alloc::vec![0u8; black_box(len)])),
            6 => Ecalls::keccak_f(black_box(&mut [0; 50])),
            other => panic!("unknown operation {other}"),
        }
    }
}
