//! Duplex sponges, caps and paths: rows of `compress`, or blocks of the narrow table.

use ashlar_circuit::Val;
use p3_field::PrimeCharacteristicRing;

use super::program::{Carry, DuplexRow, Duplexing, Instruction, Path};
use super::wires::{Origin, coefficients, extension, words};
use super::{Absorb, BuildError, Builder, Cap, DigestWire, Duplex, Layout, Source, Step, Wire};

/// How a row uses half of its `word`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Use {
    /// No message.
    #[default]
    None,
    /// The wire is read.
    Read(Wire),
    /// The wire is defined.
    Define(Wire),
}

impl Use {
    pub(super) const fn wire(self) -> Option<Wire> {
        match self {
            Self::None => None,
            Self::Read(wire) | Self::Define(wire) => Some(wire),
        }
    }
}

/// What the fixed columns of a row say, or those of a block.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct CompressSpec {
    pub(super) words: [Use; 2],
    /// The word is this digest.
    pub(super) digest: Option<DigestWire>,
    /// The word is a node of a cap, at this address.
    pub(super) cap: Option<u32>,
    pub(super) bit: Option<Wire>,
    /// The output is the node `index` of the cap at this address.
    pub(super) index: Option<(Wire, u32)>,
    pub(super) out: Option<[Wire; 2]>,
    pub(super) carry: Option<Wire>,
    /// At which offset.
    pub(super) absorbs: Option<u8>,
    pub(super) is_path: bool,
    pub(super) chain_word: bool,
    pub(super) chain_left: bool,
    pub(super) chain_state: bool,
    pub(super) tag: u8,
    pub(super) loads: bool,
    /// By which offset of the next row.
    pub(super) chain_carry: Option<u8>,
    /// Of a block: the capacity of its input.
    pub(super) loaded: Option<[Use; 2]>,
    /// Of a block: what the output is compared with.
    pub(super) root: Option<[Wire; 2]>,
}

/// Rows of `compress` or blocks that follow each other, by their place among all in order of creation.
#[derive(Clone, Debug, Default)]
pub(super) struct Track {
    pub(super) rows: Vec<u32>,
    /// Of a duplex sponge.
    capacity: [Val; 8],
}

impl Builder {
    /// Starts a duplex sponge whose state is (0^8, capacity).
    pub fn duplex(&mut self, capacity: [Val; 8]) -> Duplex {
        self.tracks.push(Track { rows: Vec::new(), capacity });
        Duplex { track: self.tracks.len() - 1 }
    }

    /// Adds a row that absorbs. Nothing is read out until `output` is asked for.
    pub fn absorb(&mut self, duplex: &mut Duplex, block: Absorb) {
        let Absorb { offset, carry, words, tag } = block;
        if offset > 3 || tag > 8 {
            self.misused(BuildError::Absorption { offset, tag });
            return;
        }
        let [offset, tag] = [offset, tag].map(|small| small as u8);
        let is_chained = offset > 0 && carry.is_none();
        let before = self.last_row(duplex.track).map(|last| (last.absorbs, last.words[1]));
        if is_chained && before.is_none_or(|(absorbs, _)| absorbs != Some(offset)) {
            self.misused(BuildError::Carry { offset: offset.into() });
            return;
        }
        let carry = match self.layout {
            Layout::Wide => carry.filter(|_| offset > 0).map(|wire| Carry { wire, from: 0 }),
            Layout::Narrow => self.narrow_carry(offset, carry, before.and_then(|(_, word)| word.wire())),
        };
        let (mut added, mut loaded) = (tag, None);
        if let Some(last) = self.last_row(duplex.track) {
            last.chain_state = true;
            last.tag = tag;
            last.chain_carry = is_chained.then_some(offset);
        } else {
            let capacity = self.capacity(duplex.track, tag);
            (added, loaded) = (0, self.load(duplex.track, capacity));
        }
        let uses = words.map(|wire| self.use_word(wire));
        let spec = CompressSpec {
            words: uses,
            carry: carry.map(|carry| carry.wire),
            absorbs: Some(offset),
            loaded,
            ..Default::default()
        };
        self.duplex_row(duplex.track, spec, Duplexing::Absorb { offset, carry, words, tag: added });
    }

    /// A block reads its carry from the end of a wire: of the word before, or of a constant.
    fn narrow_carry(&mut self, offset: u8, carry: Option<Wire>, before: Option<Wire>) -> Option<Carry> {
        let from = 4 - offset;
        let wire = match carry {
            _ if offset == 0 => return None,
            None => before?,
            Some(carry) => {
                let Some(value) = self.as_constant(carry) else {
                    self.misused(BuildError::NarrowCarry);
                    return None;
                };
                let (at, value) = (usize::from(from), coefficients(value));
                let shifted = core::array::from_fn(|i| if i < at { Val::ZERO } else { value[i - at] });
                self.extension_constant(extension(shifted))
            }
        };
        Some(Carry { wire, from })
    }

    /// Adds a row that permutes without absorbing.
    pub fn squeeze(&mut self, duplex: &mut Duplex) {
        let Some(last) = self.last_row(duplex.track) else {
            // Where the state is loaded, something is absorbed: the state's first 8 elements must be said to be zero.
            let words = [self.zero(); 2];
            self.absorb(duplex, Absorb { offset: 0, carry: None, words, tag: 0 });
            return;
        };
        last.chain_left = true;
        last.chain_state = true;
        self.duplex_row(duplex.track, CompressSpec::default(), Duplexing::Squeeze);
    }

    /// The first 8 elements of the state after the last row, as two words.
    pub fn output(&mut self, duplex: &Duplex) -> [Wire; 2] {
        let wires = self.wires.len();
        let Some(last) = self.last_row(duplex.track) else {
            self.misused(BuildError::EarlyOutput);
            return [self.zero(); 2];
        };
        if let Some(words) = last.out {
            return words;
        }
        let words = [wires, wires + 1].map(|index| Wire(index as u32));
        last.out = Some(words);
        self.wires.add_array::<2>(Origin::Row, None);
        self.instruct(Instruction::Output { track: duplex.track as u32, words });
        words
    }

    /// Our own hash of a list of elements (`Hasher::sponge`): words of four elements, the last filled up with zeros;
    /// `length` elements in all. Returns the digest as two words.
    ///
    /// The list is not empty. The state starts as (0^8, tag, length, 0^6); each permutation overwrites the first 8 elements, the last time filled
    /// up with zeros.
    pub fn hash(&mut self, tag: u32, length: usize, words: &[Wire]) -> [Wire; 2] {
        if length == 0 || words.len() != length.div_ceil(4) || u32::try_from(length).is_err() {
            self.misused(BuildError::HashLength { length, words: words.len() });
        }
        let mut capacity = [Val::ZERO; 8];
        capacity[0] = Val::from_u32(tag);
        capacity[1] = Val::from_usize(length);
        let mut duplex = self.duplex(capacity);
        let zero = self.zero();
        for pair in words.chunks(2) {
            let words = [pair[0], pair.get(1).copied().unwrap_or(zero)];
            self.absorb(&mut duplex, Absorb { offset: 0, carry: None, words, tag: 0 });
        }
        self.output(&duplex)
    }

    /// C(x, y): the permutation of x and y, truncated, plus x (`Hasher::compress`).
    pub fn compress(&mut self, x: [Wire; 2], y: [Wire; 2]) -> [Wire; 2] {
        let duplex = self.duplex([Val::ZERO; 8]);
        let loaded = self.load(duplex.track, y);
        let uses = x.map(|wire| self.use_word(wire));
        let spec = CompressSpec { words: uses, absorbs: Some(0), loaded, ..Default::default() };
        let absorbs = Duplexing::Absorb { offset: 0, carry: None, words: x, tag: 0 };
        self.duplex_row(duplex.track, spec, absorbs);
        let [low, high] = self.output(&duplex);
        [self.add(low, x[0]), self.add(high, x[1])]
    }

    /// The nodes of a cap, each given as two words. On the narrow table there is one.
    pub fn cap(&mut self, nodes: &[[Wire; 2]]) -> Cap {
        if nodes.is_empty() {
            self.misused(BuildError::EmptyCap);
        }
        if self.layout == Layout::Narrow && nodes.len() > 1 {
            self.misused(BuildError::NarrowCap { nodes: nodes.len() });
        }
        let cap = Cap { address: self.cap_nodes.len() as u32, len: nodes.len() as u32 };
        self.tracks.push(Track::default());
        let track = self.tracks.len() - 1;
        for words in nodes {
            let address = self.cap_nodes.len() as u32;
            self.cap_nodes.push(*words);
            // A path of the narrow table reads its root at its own end.
            let row = match self.layout {
                Layout::Narrow => 0,
                Layout::Wide => {
                    let uses = words.map(|wire| self.use_word(wire));
                    self.row(track, CompressSpec { words: uses, cap: Some(address), ..Default::default() })
                }
            };
            self.instruct(Instruction::Node { row, address, words: *words });
        }
        cap
    }

    /// The path from a leaf's digest ends at the node `index` of the cap. Siblings are the source's next digests.
    ///
    /// The circuit must prove that the steps' bits are bits, and that the index is one of the cap's nodes: with any other,
    /// rows would take mixtures of two nodes, or nodes of other caps. It does so for [`bits`](Self::bits), and for numbers
    /// made of them.
    pub fn path(&mut self, source: Source, leaf: DigestWire, steps: &[Step], index: Wire, cap: Cap) {
        if let Err(error) = self.check_path(steps, index, cap) {
            self.misused(error);
            return;
        }
        self.tracks.push(Track::default());
        let track = self.tracks.len() - 1;
        let first = self.compress.len() as u32;
        self.path_row(track, Some(leaf), steps[0]);
        for step in &steps[1..] {
            self.path_row(track, None, *step);
        }
        let (layout, root) = (self.layout, self.cap_nodes.get(cap.address as usize).copied());
        if let Some(last) = self.last_row(track) {
            match layout {
                Layout::Wide => last.index = Some((index, cap.address)),
                Layout::Narrow => last.root = root,
            }
        }
        let path = Path { source, row: first, leaf, steps: steps.to_vec(), index, cap };
        self.instruct(Instruction::Path(Box::new(path)));
    }

    fn check_path(&self, steps: &[Step], index: Wire, cap: Cap) -> Result<(), BuildError> {
        if !matches!(steps.first(), Some(Step::Up(_))) {
            return Err(BuildError::PathStart);
        }
        let is_at_most = |wire, bound| self.wires.bound(wire).is_some_and(|proven| proven <= bound);
        let has_bit = |step: &Step| match step {
            Step::Up(bit) => is_at_most(*bit, 1),
            Step::Inject(_) => true,
        };
        if !steps.iter().all(has_bit) || !is_at_most(index, cap.len.saturating_sub(1)) {
            return Err(BuildError::PathPlace);
        }
        if self.layout == Layout::Narrow && steps.iter().any(|step| matches!(step, Step::Inject(_))) {
            return Err(BuildError::NarrowJoin);
        }
        Ok(())
    }

    /// A step's row; the first has the leaf.
    fn path_row(&mut self, track: usize, leaf: Option<DigestWire>, step: Step) {
        let (bit, digest) = match step {
            Step::Up(bit) => (bit, leaf),
            // The digest that joins is the right child.
            Step::Inject(digest) => (self.one(), Some(digest)),
        };
        if let Some(last) = self.last_row(track) {
            match step {
                Step::Up(_) => last.chain_word = true,
                Step::Inject(_) => last.chain_left = true,
            }
        }
        self.row(track, CompressSpec { digest, bit: Some(bit), is_path: true, ..Default::default() });
    }

    /// The 8 public values as two words. Once a circuit.
    ///
    /// Run, the circuit finds each word's value at the first assertion that it is equal to something; it must not be read
    /// before.
    pub fn public_values(&mut self) -> [Wire; 2] {
        if let Some(words) = self.public {
            return words;
        }
        if self.layout == Layout::Narrow {
            self.misused(BuildError::Layout);
        }
        let words = self.wires.add_array(Origin::Public, None);
        self.public = Some(words);
        words
    }

    /// The public words of the narrow table after X, elements of the extension field. Once a circuit.
    ///
    /// Each is read exactly once: by the first assertion that it is equal to something, which is where the circuit, run, finds
    /// its value. It must not be used for anything else.
    pub fn public_words(&mut self, count: usize) -> Vec<Wire> {
        if self.layout == Layout::Wide || self.public_words.len() > 1 {
            self.misused(BuildError::Layout);
        }
        let words: Vec<_> = (0..count).map(|_| self.wires.add(Origin::Public, None)).collect();
        self.public_words.extend(&words);
        words
    }

    /// The initial capacity of a sponge; the first absorption's tag is part of it.
    fn capacity(&mut self, track: usize, tag: u8) -> [Wire; 2] {
        let mut capacity = self.tracks[track].capacity;
        capacity[0] += Val::from_u8(tag);
        words(&capacity).map(|word| self.extension_constant(word))
    }

    /// Loads the capacity: by a row of its own, or as part of the first block.
    fn load(&mut self, track: usize, capacity: [Wire; 2]) -> Option<[Use; 2]> {
        let uses = capacity.map(|wire| self.use_word(wire));
        let does = Duplexing::Load(capacity);
        match self.layout {
            Layout::Wide => {
                let spec = CompressSpec { words: uses, loads: true, ..Default::default() };
                self.duplex_row(track, spec, does);
                None
            }
            Layout::Narrow => {
                // The block has the next number.
                let row = self.compress.len() as u32;
                self.instruct(Instruction::Duplex(DuplexRow { row, track: track as u32, does }));
                Some(uses)
            }
        }
    }

    fn duplex_row(&mut self, track: usize, spec: CompressSpec, does: Duplexing) {
        let row = self.row(track, spec);
        self.instruct(Instruction::Duplex(DuplexRow { row, track: track as u32, does }));
    }

    fn row(&mut self, track: usize, spec: CompressSpec) -> u32 {
        let row = self.compress.len() as u32;
        self.compress.push(spec);
        self.tracks[track].rows.push(row);
        row
    }

    fn last_row(&mut self, track: usize) -> Option<&mut CompressSpec> {
        let last = *self.tracks[track].rows.last()?;
        self.compress.get_mut(last as usize)
    }

    /// The first row whose word is a value from outside defines it.
    fn use_word(&mut self, wire: Wire) -> Use {
        if self.wires.origin(wire) == Origin::Outside {
            self.wires.place(wire);
            return Use::Define(wire);
        }
        Use::Read(wire)
    }
}
