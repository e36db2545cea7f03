//! Runs a circuit: finds the values of all wires and rows, and checks every assertion on the way.

use ashlar_circuit::{Challenge, Val};
use p3_field::{Field, PrimeCharacteristicRing, PrimeField32};
use p3_koala_bear::{Poseidon2KoalaBear, default_koalabear_poseidon2_16};
use p3_symmetric::Permutation;

use super::leaves::{Content, Leaf};
use super::program::{DuplexRow, Duplexing, Instruction, Kind, Operation, Path, Program};
use super::rows::{Hashed, Rows};
use super::wires::{base_value, coefficients, elements, extension, words};
use super::{Failure, Inputs, Source, Step, Unsatisfied, Wire};

impl Program {
    /// Finds the values of all wires, and what goes through permutations.
    pub(super) fn run(
        &self,
        inputs: &mut dyn Inputs,
        rows: &mut dyn Rows,
    ) -> Result<Vec<Challenge>, Unsatisfied> {
        let mut run = Run::new(self, inputs, rows);
        let mut labels = self.labels.iter().peekable();
        let mut label = "circuit";
        for (i, instruction) in self.instructions.iter().enumerate() {
            while let Some((_, next)) = labels.next_if(|(start, _)| *start <= i) {
                label = next;
            }
            run.step(instruction).map_err(|what| Unsatisfied { label, what })?;
        }
        run.streams
            .iter()
            .try_for_each(Stream::check_end)
            .map_err(|what| Unsatisfied { label: "end of the inputs", what })?;
        Ok(run.values)
    }

    /// What an attacker does: values of everything, whatever check fails. These wires have the values that the attacker wants;
    /// what is computed follows from them. Returns the checks that fail, too.
    #[cfg(test)]
    pub(super) fn forge(
        &self,
        inputs: &mut dyn Inputs,
        rows: &mut dyn Rows,
        wanted: &[(Wire, Challenge)],
    ) -> (Vec<Challenge>, Vec<Failure>) {
        let mut run = Run::new(self, inputs, rows);
        let mut failures = Vec::new();
        for instruction in &self.instructions {
            // A check that fails changes no value.
            failures.extend(run.step(instruction).err());
            wanted.iter().for_each(|(wire, value)| run.set(*wire, *value));
        }
        (run.values, failures)
    }
}

/// What a source gives.
#[derive(Default)]
struct Stream {
    messages: Option<std::vec::IntoIter<Challenge>>,
    opened: Option<Opened>,
}

/// What a source has opened.
struct Opened {
    values: std::vec::IntoIter<Val>,
    digests: std::vec::IntoIter<[Val; 8]>,
}

impl Opened {
    fn check_end(&self) -> Result<(), Failure> {
        if self.values.len() > 0 {
            return Err(Failure::TooLong("values"));
        }
        if self.digests.len() > 0 {
            return Err(Failure::TooLong("digests"));
        }
        Ok(())
    }
}

impl Stream {
    fn check_end(&self) -> Result<(), Failure> {
        if self.messages.as_ref().is_some_and(|messages| messages.len() > 0) {
            return Err(Failure::TooLong("messages"));
        }
        self.opened.as_ref().map_or(Ok(()), Opened::check_end)
    }
}

/// A run under way.
struct Run<'a> {
    inputs: &'a mut dyn Inputs,
    rows: &'a mut dyn Rows,
    permutation: Poseidon2KoalaBear<16>,
    values: Vec<Challenge>,
    digests: Vec<[Val; 8]>,
    cap_nodes: Vec<[Val; 8]>,
    /// Of duplex sponges, by track: the state, and the words that were absorbed last.
    sponges: Vec<([Val; 16], [Val; 8])>,
    streams: Vec<Stream>,
}

impl<'a> Run<'a> {
    fn new(program: &Program, inputs: &'a mut dyn Inputs, rows: &'a mut dyn Rows) -> Self {
        Self {
            inputs,
            rows,
            permutation: default_koalabear_poseidon2_16(),
            values: program.values.clone(),
            digests: vec![[Val::ZERO; 8]; program.digests],
            cap_nodes: vec![[Val::ZERO; 8]; program.cap_nodes],
            sponges: vec![([Val::ZERO; 16], [Val::ZERO; 8]); program.tracks],
            streams: Vec::new(),
        }
    }

    fn step(&mut self, instruction: &Instruction) -> Result<(), Failure> {
        match instruction {
            Instruction::Operate(operation) => self.operate(operation),
            Instruction::Message { source, wire } => {
                let message = self.next_message(*source)?;
                self.set(*wire, message);
                Ok(())
            }
            Instruction::Bits { of, first } => self.bits(*of, *first),
            Instruction::Coefficients { of, first } => {
                let [_, upper @ ..] = coefficients(self.get(*of));
                for (i, x) in (0..).zip(upper) {
                    self.set(Wire(first.0 + i), x.into());
                }
                Ok(())
            }
            Instruction::Base(wire) => self.base(*wire).map(|_| ()),
            Instruction::Duplex(row) => self.duplex(row),
            Instruction::Output { track, words } => {
                let (state, _) = &self.sponges[*track as usize];
                let output = core::array::from_fn(|i| state[i]);
                self.set_words(*words, &output);
                Ok(())
            }
            Instruction::Node { row, address, words } => {
                let node = self.get_words(*words);
                self.cap_nodes[*address as usize] = node;
                self.rows.node(*row as usize, &node);
                Ok(())
            }
            Instruction::Path(path) => self.path(path),
            Instruction::Leaf(leaf) => self.hash(leaf),
            Instruction::Open { source, wires } => self.open(*source, wires),
        }
    }

    fn operate(&mut self, operation: &Operation) -> Result<(), Failure> {
        let Operation { kind, a, b, c, d } = *operation;
        match kind {
            Kind::MulAdd | Kind::Copy | Kind::Publish => {
                let value = self.get(a) * self.get(b) + self.get(c);
                self.set(d, value);
            }
            Kind::Assert => {
                if self.get(a) * self.get(b) + self.get(c) != self.get(d) {
                    return Err(Failure::Assertion);
                }
            }
            Kind::Divide => {
                let [divisor, product] = [self.get(b), self.get(d)];
                let inverse = match divisor.try_inverse() {
                    Some(inverse) => inverse,
                    None if product.is_zero() => Challenge::ZERO,
                    None => return Err(Failure::Quotient),
                };
                self.set(a, product * inverse);
            }
            // Its value is there already, and is 0 or 1.
            Kind::Bit => {}
        }
        Ok(())
    }

    fn bits(&mut self, of: Wire, first: Wire) -> Result<(), Failure> {
        let value = self.base(of)?.as_canonical_u32();
        for i in 0..31 {
            self.set(Wire(first.0 + i), Challenge::from_bool(value >> i & 1 == 1));
        }
        Ok(())
    }

    fn duplex(&mut self, duplex: &DuplexRow) -> Result<(), Failure> {
        let DuplexRow { row, track, does } = *duplex;
        let [row, track] = [row, track].map(|index| index as usize);
        let (mut state, mut word) = self.sponges[track];
        let mut carried = [Val::ZERO; 3];
        match does {
            Duplexing::Load(words) => {
                let capacity = self.get_words(words);
                self.rows.load(row, &capacity);
                let state = core::array::from_fn(|i| if i < 8 { Val::ZERO } else { capacity[i - 8] });
                self.sponges[track] = (state, word);
                return Ok(());
            }
            Duplexing::Absorb { offset, carry, words, tag } => {
                let offset = usize::from(offset);
                // A row of `compress` has all three elements of a wire; of a word before, those that are absorbed.
                if let Some(carry) = carry {
                    let from = usize::from(carry.from);
                    let carry = coefficients(self.get(carry.wire));
                    if from == 0 && carry[3] != Val::ZERO {
                        return Err(Failure::Carry);
                    }
                    carried = core::array::from_fn(|j| carry.get(from + j).copied().unwrap_or_default());
                } else {
                    carried[..offset].copy_from_slice(&word[8 - offset..]);
                }
                word = self.get_words(words);
                state[..offset].copy_from_slice(&carried[..offset]);
                state[offset..8].copy_from_slice(&word[..8 - offset]);
                state[8] += Val::from_u8(tag);
            }
            Duplexing::Squeeze => word = [Val::ZERO; 8],
        }
        self.rows.duplex(row, &state, &word, &carried);
        self.permutation.permute_mut(&mut state);
        self.sponges[track] = (state, word);
        Ok(())
    }

    fn path(&mut self, path: &Path) -> Result<(), Failure> {
        let mut node = self.digests[path.leaf.0 as usize];
        for (row, step) in (path.row as usize..).zip(&path.steps) {
            let (input, known, bit) = match step {
                Step::Up(bit) => {
                    let sibling = self.next_digest(path.source)?;
                    // The circuit proves that it is a bit.
                    let bit = self.get(*bit) == Challenge::ONE;
                    (if bit { [sibling, node] } else { [node, sibling] }, node, bit)
                }
                Step::Inject(digest) => {
                    let joins = self.digests[digest.0 as usize];
                    ([node, joins], joins, true)
                }
            };
            let mut state = core::array::from_fn(|i| input[i / 8][i % 8]);
            self.rows.step(row, &state, &known, bit);
            self.permutation.permute_mut(&mut state);
            node = core::array::from_fn(|i| state[i]);
        }
        self.end_path(path, &node)
    }

    /// Looks the path's end up in the cap.
    fn end_path(&mut self, path: &Path, end: &[Val; 8]) -> Result<(), Failure> {
        let value = self.base(path.index)?;
        let index = value.as_canonical_u32() as usize;
        // The circuit proves that the cap has this node.
        let address = path.cap.address as usize + index;
        if self.cap_nodes.get(address) != Some(end) {
            return Err(Failure::Path { index });
        }
        self.rows.end(path.row as usize + path.steps.len() - 1, value, address);
        Ok(())
    }

    fn hash(&mut self, leaf: &Leaf) -> Result<(), Failure> {
        let power = leaf.powers().first().map(|power| self.get(*power)).unwrap_or_default();
        let opened = opened(&mut self.streams, leaf.source)?;
        let data = opened.values.as_slice();
        let len = 4 * leaf.len();
        let Some(data) = data.get(..len) else { return Err(Failure::TooShort("values")) };
        let Hashed { digest, last } = self.rows.leaf(leaf, data, power);
        self.digests[leaf.digest.0 as usize] = digest;
        combine(leaf, data.as_chunks().0, &last, power, &mut self.values);
        opened.values.nth(len - 1);
        Ok(())
    }

    fn open(&mut self, source: Source, wires: &[Wire]) -> Result<(), Failure> {
        let values: Vec<_> = wires.iter().map(|wire| self.get(*wire)).collect();
        if let Some(before) = &self.stream(source).opened {
            before.check_end()?;
        }
        let openings = self.inputs.open(source, &values)?;
        let opened = Opened { values: openings.values.into_iter(), digests: openings.digests.into_iter() };
        self.stream(source).opened = Some(opened);
        Ok(())
    }

    fn next_message(&mut self, source: Source) -> Result<Challenge, Failure> {
        if self.stream(source).messages.is_none() {
            let messages = self.inputs.messages(source);
            self.stream(source).messages = Some(messages.into_iter());
        }
        let messages = self.stream(source).messages.as_mut();
        messages.and_then(Iterator::next).ok_or(Failure::TooShort("messages"))
    }

    fn next_digest(&mut self, source: Source) -> Result<[Val; 8], Failure> {
        opened(&mut self.streams, source)?.digests.next().ok_or(Failure::TooShort("digests"))
    }

    fn stream(&mut self, source: Source) -> &mut Stream {
        let len = self.streams.len().max(source.0 + 1);
        self.streams.resize_with(len, Stream::default);
        &mut self.streams[source.0]
    }

    fn get(&self, wire: Wire) -> Challenge {
        self.values[wire.index()]
    }

    fn set(&mut self, wire: Wire, value: Challenge) {
        self.values[wire.index()] = value;
    }

    fn get_words(&self, words: [Wire; 2]) -> [Val; 8] {
        elements(words.map(|word| self.get(word)))
    }

    fn set_words(&mut self, wires: [Wire; 2], elements: &[Val; 8]) {
        for (wire, word) in wires.into_iter().zip(words(elements)) {
            self.set(wire, word);
        }
    }

    fn base(&self, wire: Wire) -> Result<Val, Failure> {
        base_value(self.get(wire)).ok_or(Failure::NotBase)
    }
}

fn opened(streams: &mut [Stream], source: Source) -> Result<&mut Opened, Failure> {
    streams.get_mut(source.0).and_then(|stream| stream.opened.as_mut()).ok_or(Failure::NotOpened)
}

/// What a leaf's wires are.
fn combine(leaf: &Leaf, groups: &[[Val; 4]], last: &[Val; 4], power: Challenge, values: &mut [Challenge]) {
    let Content::Rows { groups: sums, .. } = &leaf.content else {
        let wires = leaf.groups().into_iter().filter_map(|group| group.sum).chain(leaf.behind);
        for (wire, group) in wires.zip(groups.iter().chain([last])) {
            values[wire.index()] = extension(*group);
        }
        return;
    };
    let [square, fourth] = [power.square(), power.square().square()];
    let cube = square * power;
    let batch = |[f0, f1, f2, f3]: &[Val; 4]| cube * *f0 + square * *f1 + power * *f2 + *f3;
    let mut sum = Challenge::ZERO;
    for (group, data) in sums.iter().zip(groups) {
        let before = if group.continues { sum * fourth } else { Challenge::ZERO };
        sum = before + batch(data);
        if let Some(wire) = group.sum {
            values[wire.index()] = sum;
        }
    }
    if let Some(wire) = leaf.behind {
        values[wire.index()] = batch(last);
    }
}
