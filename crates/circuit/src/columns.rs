//! Rows of a trace seen as structs of columns.

use alloc::vec::Vec;
use core::borrow::BorrowMut;

use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use crate::Val;

/// Lets a slice be borrowed as a struct of columns.
///
/// The struct must be `#[repr(C)]`, generic over one type `T`, and hold nothing but `T`, arrays of `T` and such structs.
/// The macro gives it `WIDTH` and `Borrow`/`BorrowMut` from slices of exactly that length.
macro_rules! columns {
    ($name:ident) => {
        impl $name<u8> {
            /// Number of columns.
            pub const WIDTH: usize = core::mem::size_of::<Self>();
        }

        impl<T> core::borrow::Borrow<$name<T>> for [T] {
            fn borrow(&self) -> &$name<T> {
                assert_eq!(self.len(), $name::<u8>::WIDTH);
                // SAFETY: the struct is `repr(C)` and consists of `WIDTH` values of `T`, so it has the layout of
                // `[T; WIDTH]`, and the length was checked.
                unsafe { &*self.as_ptr().cast::<$name<T>>() }
            }
        }

        impl<T> core::borrow::BorrowMut<$name<T>> for [T] {
            fn borrow_mut(&mut self) -> &mut $name<T> {
                assert_eq!(self.len(), $name::<u8>::WIDTH);
                // SAFETY: as above, and the borrow is unique.
                unsafe { &mut *self.as_mut_ptr().cast::<$name<T>>() }
            }
        }
    };
}

pub(crate) use columns;

/// These rows, and zeros up to the height. Panics if they do not fit.
pub(crate) fn matrix<C: Copy>(rows: &[C], width: usize, height: usize) -> RowMajorMatrix<Val>
where
    [Val]: BorrowMut<C>,
{
    assert!(rows.len() <= height, "{} rows for a height of {height}", rows.len());
    let mut values: Vec<Val> = Val::zero_vec(width * height);
    for (row, columns) in values.chunks_exact_mut(width).zip(rows) {
        *row.borrow_mut() = *columns;
    }
    RowMajorMatrix::new(values, width)
}
