// SPDX-License-Identifier: MPL-2.0
//! A page that never grows beyond its limit.

/// Most bytes of the page. GitHub takes 65,536 characters a comment, of any size; others take less.
pub const PAGE_BYTES: usize = 60_000;

/// Text with a limit; what does not fit is left out whole, never cut.
#[derive(Default)]
pub struct Page {
    text: String,
}

// === impl Page ===

impl Page {
    /// Adds what must be there. Everything that is added so is short.
    pub fn add(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Adds a block where the page then has at most so many bytes; whether it fits.
    pub fn add_below(&mut self, ceiling: usize, block: &str) -> bool {
        let fits = self.text.len() + block.len() <= ceiling;
        if fits {
            self.text.push_str(block);
        }
        fits
    }

    /// Adds blocks until one does not fit, and says how many more there are.
    pub fn add_all(&mut self, ceiling: usize, blocks: &[String], more: &str) {
        let fit = blocks.iter().take_while(|block| self.add_below(ceiling, block)).count();
        if fit < blocks.len() {
            self.add(&format!("{more}… and {} more\n", blocks.len() - fit));
        }
    }

    /// The page.
    pub fn finish(self) -> String {
        self.text
    }
}
