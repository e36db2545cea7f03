use super::*;

use std::collections::BTreeMap;

const ARENA: usize = 1 << 20;

const ARENA_LAYOUT: Layout = Layout::new::<Arena>();

#[repr(align(4096))]
struct Arena(#[expect(dead_code, reason = "reached through pointers only")] [u8; ARENA]);

/// A heap over its own memory, and what a correct allocator must still know about every live block.
struct Model {
    heap: Heap,
    arena: *mut Arena,
    live: BTreeMap<usize, (*mut u8, Layout, u8)>,
    stamp: u8,
}

impl Model {
    fn new() -> Self {
        // SAFETY: the layout is not empty; all zeros is an `Arena`.
        let arena = unsafe { std::alloc::alloc_zeroed(ARENA_LAYOUT) }.cast::<Arena>();
        let start = arena.cast::<u8>();
        // SAFETY: the arena is zero, and belongs to this heap until it is dropped.
        let heap = unsafe { Heap::new(start, start.add(ARENA)) };
        Self { heap, arena, live: BTreeMap::new(), stamp: 0 }
    }

    fn alloc(&mut self, size: usize, align: usize, zeroed: bool) -> Option<*mut u8> {
        let layout = Layout::from_size_align(size, align).unwrap();
        // SAFETY: tests ask for sizes above 0.
        let block = unsafe { if zeroed { self.heap.alloc_zeroed(layout) } else { self.heap.alloc(layout) } };
        if block.is_null() {
            return None;
        }
        if zeroed {
            // SAFETY: the block has this many initialised bytes.
            assert!(unsafe { std::slice::from_raw_parts(block, size) }.iter().all(|byte| *byte == 0));
        }
        self.admit(block, layout, 0);
        Some(block)
    }

    /// Checks that the block is where it may be, and fills it from `kept` on.
    fn admit(&mut self, block: *mut u8, layout: Layout, kept: usize) {
        let (start, end) = (block.addr(), block.addr() + layout.size());
        assert!(start.is_multiple_of(layout.align()) && start.is_multiple_of(ALIGN));
        assert!(start >= self.arena.addr() && end <= self.arena.addr() + ARENA);
        if let Some((_, (other, of, _))) = self.live.range(..=start).next_back() {
            assert!(other.addr() + of.size() <= start, "overlaps the block below");
        }
        if let Some((other, _)) = self.live.range(start..).next() {
            assert!(end <= *other, "overlaps the block above");
        }
        assert!(kept <= layout.size());
        self.stamp = self.stamp.wrapping_add(1).max(1);
        // SAFETY: the block is live and this long.
        unsafe { block.write_bytes(self.stamp, layout.size()) };
        self.live.insert(start, (block, layout, self.stamp));
    }

    fn check(&self, block: *mut u8, len: usize, stamp: u8) {
        // SAFETY: the first `len` bytes of a live block were written.
        let bytes = unsafe { std::slice::from_raw_parts(block, len) };
        assert!(bytes.iter().all(|byte| *byte == stamp), "a block lost its content");
    }

    fn dealloc(&mut self, block: *mut u8) {
        let (block, layout, stamp) = self.live.remove(&block.addr()).unwrap();
        self.check(block, layout.size(), stamp);
        // SAFETY: live, and allocated with this layout.
        unsafe { self.heap.dealloc(block, layout) };
    }

    fn realloc(&mut self, block: *mut u8, size: usize) -> Option<*mut u8> {
        let (block, layout, stamp) = self.live.remove(&block.addr()).unwrap();
        // SAFETY: live, and allocated with this layout; the size is above 0.
        let moved = unsafe { self.heap.realloc(block, layout, size) };
        if moved.is_null() {
            self.live.insert(block.addr(), (block, layout, stamp));
            return None;
        }
        let kept = size.min(layout.size());
        self.check(moved, kept, stamp);
        self.admit(moved, Layout::from_size_align(size, layout.align()).unwrap(), kept);
        Some(moved)
    }

    /// Bytes in the lists, walking each of them.
    fn listed(&self) -> usize {
        let mut bytes = 0;
        for (index, head) in self.heap.free.iter().enumerate() {
            let mut block = *head;
            while !block.is_null() {
                bytes += size_of_class(index);
                // SAFETY: a listed block holds the next one.
                block = unsafe { block.cast::<*mut u8>().read() };
            }
        }
        bytes
    }

    /// Bytes from the start to the pointer.
    fn taken(&self) -> usize {
        self.heap.next.addr() - self.arena.addr()
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        // SAFETY: allocated in `new` with this layout.
        unsafe { std::alloc::dealloc(self.arena.cast(), ARENA_LAYOUT) };
    }
}

fn size_of_class(index: usize) -> usize {
    (1..=SIZE_MAX.ilog2() * 4096)
        .map(|unit| unit as usize * ALIGN)
        .filter_map(Class::of)
        .find(|class| class.index == index)
        .unwrap()
        .size
}

/// xorshift64 (Marsaglia 2003): repeatable noise.
struct Noise(u64);

impl Noise {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

#[test]
fn classes_are_tight_ordered_and_fill_their_table() {
    let mut seen = 0;
    let mut size = 1;
    while size <= SIZE_MAX {
        let class = Class::of(size).unwrap();
        assert_eq!(class.index, seen, "class of {size}");
        assert!(class.size >= size && class.size.is_multiple_of(ALIGN));
        assert_eq!(Class::of(class.size), Some(class), "a class holds its own size");
        assert_eq!(Class::within(class.size), Some(class));
        // At most a quarter is lost above the multiples of 8.
        assert!(class.size - size < ALIGN.max(class.size / 4));
        seen += 1;
        size = class.size + 1;
    }
    assert_eq!(seen, CLASSES);
    assert_eq!(Class::of(SIZE_MAX + 1), None);
}

#[test]
fn within_never_exceeds_the_bytes() {
    for size in (ALIGN..70_000).step_by(ALIGN) {
        let class = Class::within(size).unwrap();
        assert!(class.size <= size && class.size + size / 4 + ALIGN > size);
    }
}

#[test]
fn random_use_never_overlaps_loses_or_leaks() {
    for seed in 1..=24 {
        let mut noise = Noise(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed));
        let mut model = Model::new();
        let rounds = if cfg!(miri) { 300 } else { 6_000 };
        for _ in 0..rounds {
            let size = 1 + match noise.below(8) {
                0..=4 => noise.below(128),
                5 | 6 => noise.below(2_000),
                _ => noise.below(40_000),
            };
            let victim =
                model.live.values().nth(noise.below(model.live.len().max(1))).map(|(block, ..)| *block);
            match (noise.below(10), victim) {
                (0..=3, _) | (_, None) => drop(model.alloc(size, 1 << noise.below(4), noise.below(3) == 0)),
                (4, _) => drop(model.alloc(size, 16 << noise.below(4), noise.below(2) == 0)),
                (5..=6, Some(block)) => drop(model.realloc(block, size)),
                (_, Some(block)) => model.dealloc(block),
            }
        }
        let held: usize =
            model.live.values().map(|(_, layout, _)| Class::of(layout.size()).unwrap().size).sum();
        assert_eq!(held + model.listed(), model.taken(), "every byte below the pointer is held or listed");
    }
}

#[test]
fn freed_blocks_are_reused_before_fresh_memory() {
    let mut model = Model::new();
    let first = model.alloc(40, 8, false).unwrap();
    model.alloc(8, 8, false).unwrap();
    model.dealloc(first);
    assert_eq!(model.alloc(33, 4, false), Some(first));
}

#[test]
fn the_last_block_gives_its_memory_back() {
    let mut model = Model::new();
    let before = model.taken();
    let block = model.alloc(5_000, 8, false).unwrap();
    model.dealloc(block);
    assert_eq!(model.taken(), before);
}

#[test]
fn memory_given_back_is_cleared_when_zeros_are_asked_for() {
    let mut model = Model::new();
    let block = model.alloc(5_000, 8, false).unwrap();
    model.dealloc(block);
    let small = model.alloc(8, 8, false).unwrap();
    model.dealloc(small);
    model.alloc(9_000, 8, true).unwrap(); // the model asserts the zeros
}

#[test]
fn the_last_block_grows_and_shrinks_in_place() {
    let mut model = Model::new();
    let block = model.alloc(100, 8, false).unwrap();
    assert_eq!(model.realloc(block, 100_000), Some(block));
    assert_eq!(model.realloc(block, 10), Some(block));
    assert_eq!(model.taken(), 16);
}

#[test]
fn a_shrunk_block_leaves_its_tail_to_others() {
    let mut model = Model::new();
    let block = model.alloc(256, 8, false).unwrap();
    model.alloc(8, 8, false).unwrap();
    assert_eq!(model.realloc(block, 100), Some(block));
    // 256 - 104 bytes are free again, directly behind.
    assert_eq!(model.alloc(152, 8, false).map(<*mut u8>::addr), Some(block.addr() + 104));
}

#[test]
fn a_full_heap_answers_null_and_stays_usable() {
    let mut model = Model::new();
    assert_eq!(model.alloc(ARENA + 1, 8, false), None);
    assert_eq!(model.alloc(SIZE_MAX + 1, 8, false), None);
    let all = model.alloc(ARENA, 8, false).unwrap();
    assert_eq!(model.alloc(1, 1, false), None);
    assert_eq!(model.alloc(8, 64, false), None);
    assert_eq!(model.realloc(all, ARENA + 1), None);
    model.dealloc(all);
    assert!(model.alloc(1, 1, false).is_some());
}

#[test]
fn an_alignment_beyond_the_end_answers_null() {
    let mut model = Model::new();
    while ARENA - model.taken() > 8 {
        model.alloc(Class::within(ARENA - model.taken() - 8).unwrap().size, 8, false).unwrap();
    }
    assert_eq!(model.alloc(8, 4096, false), None);
    assert!(model.alloc(8, 8, false).is_some());
}
