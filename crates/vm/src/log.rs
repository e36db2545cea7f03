//! What the guest prints.

/// Bytes of log text that are kept; a panic's message comes last, so what is dropped is the beginning.
pub const LOG_KEPT_BYTES: usize = 1 << 20;

/// Gets the text of each `LOG`.
pub type LogSink<'a> = Box<dyn FnMut(&str) + 'a>;

/// Collects log text and hands it on as it comes.
#[derive(Default)]
pub(crate) struct Log<'p> {
    bytes: Vec<u8>,
    sink: Option<LogSink<'p>>,
}

impl<'p> Log<'p> {
    pub(crate) fn set_sink(&mut self, sink: LogSink<'p>) {
        self.sink = Some(sink);
    }

    pub(crate) fn push(&mut self, text: &[u8]) {
        if let Some(sink) = &mut self.sink {
            sink(&String::from_utf8_lossy(text));
        }
        self.bytes.extend_from_slice(text);
        // Twice the size before trimming: each byte is then moved at most once.
        if self.bytes.len() > 2 * LOG_KEPT_BYTES {
            self.bytes.drain(..self.bytes.len() - LOG_KEPT_BYTES);
        }
    }

    /// The last [`LOG_KEPT_BYTES`] of the text; what is not UTF-8 is replaced.
    pub(crate) fn text(&self) -> String {
        let kept = self.bytes.len().saturating_sub(LOG_KEPT_BYTES);
        String::from_utf8_lossy(&self.bytes[kept..]).into_owned()
    }
}
