//! What a panic becomes: a message on the host, and exit code 1.

use core::fmt::{self, Write};
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicBool, Ordering};

use crate::ecall::{halt, log};

/// Exit code of a run that panicked.
const EXIT_PANIC: u32 = 1;

/// Text collected on the stack: a panic may be about the heap.
struct Message {
    bytes: [u8; 1024],
    len: usize,
}

impl Write for Message {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let free = &mut self.bytes[self.len..];
        // Cut, not refused: the beginning of a long message is worth showing.
        let take = text.len().min(free.len());
        free[..take].copy_from_slice(&text.as_bytes()[..take]);
        self.len += take;
        Ok(())
    }
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    static PANICKING: AtomicBool = AtomicBool::new(false);
    // A panic while a panic is formatted would not end; the second one says nothing.
    if !PANICKING.swap(true, Ordering::Relaxed) {
        let mut message = Message { bytes: [0; 1024], len: 0 };
        // The location is compiled out of guests, so the message alone is shown.
        if write!(message, "panic: {}", info.message()).is_ok() {
            log(&message.bytes[..message.len]);
        }
    }
    halt(EXIT_PANIC)
}
