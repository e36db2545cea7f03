//! Rows of a trace seen as structs of columns.

/// The widths of all matrices that a proof opens are multiples of this: the circuit that verifies a proof hashes and
/// combines opened values in groups of 4, and no group may have values of two matrices.
pub const GROUP: usize = 4;

/// Lets a slice be borrowed as a struct of columns.
///
/// The struct must be `#[repr(C)]`, generic over one type `T`, and hold nothing but `T` and arrays of `T`.
macro_rules! borrow_columns {
    ($name:ident) => {
        impl<T> core::borrow::Borrow<$name<T>> for [T] {
            fn borrow(&self) -> &$name<T> {
                assert_eq!(self.len(), $name::<u8>::WIDTH);
                // SAFETY: the struct is `repr(C)` and consists of values of `T`, at most `WIDTH` of them, so it has the
                // layout of the start of `[T; WIDTH]`, and the length was checked.
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

/// Makes a struct the columns of a row, or of one of the equal parts that a row consists of: it gets `WIDTH`, `FILLING`
/// and `Borrow`/`BorrowMut` from slices of `WIDTH` elements. See `borrow_columns` for what the struct must be.
macro_rules! columns {
    ($name:ident) => {
        impl $name<u8> {
            /// Number of columns: the struct's, filled up to a multiple of [`crate::GROUP`].
            pub const WIDTH: usize = core::mem::size_of::<Self>().next_multiple_of(crate::GROUP);
            /// The columns behind the struct's. They are free: nothing reads them.
            pub const FILLING: core::ops::Range<usize> = core::mem::size_of::<Self>()..Self::WIDTH;
        }

        $crate::columns::borrow_columns!($name);
    };
}

/// Makes a struct some columns of a row: it gets `WIDTH`, the number of its columns, and `Borrow`/`BorrowMut` from
/// slices of exactly that length.
macro_rules! part {
    ($name:ident) => {
        impl $name<u8> {
            /// Number of columns.
            pub const WIDTH: usize = core::mem::size_of::<Self>();
        }

        $crate::columns::borrow_columns!($name);
    };
}

pub(crate) use {borrow_columns, columns, part};
