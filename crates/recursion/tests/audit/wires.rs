//! The buses: every wire, digest and node of a cap has one definition, definitions do not go round in circles, and values
//! that the tables take for bits or indices are such.

use std::collections::{BTreeMap, HashMap, HashSet};

use ashlar_circuit::Val;
use ashlar_circuit::sponge::SpongeFixed;
use p3_field::{PrimeCharacteristicRing, PrimeField32};

use crate::compress::Kind;
use crate::fixed::{Fixed, check, number, signed};

/// What defines a wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Definition {
    /// d = a b + c, and constants.
    Result(usize),
    /// a = a a.
    Bit(usize),
    /// a b = 1.
    Inverse(usize),
    /// a, of which nothing else is known. Any value would do.
    Free,
    /// The word of a row of `compress`: any value would do, or that of the public values.
    Word(usize),
    /// What a row of `compress` puts out.
    Output(usize),
    /// A leaf's sum: the address of its power, if it has one.
    Sum(Option<usize>),
}

/// All wires, by address.
pub(crate) struct Wires {
    pub(crate) definitions: HashMap<usize, Definition>,
    /// Most that a wire's representative may be, of those in the base field.
    bounds: HashMap<usize, u64>,
}

/// Definitions and reads of addresses.
#[derive(Default)]
struct Counts(BTreeMap<usize, (i64, usize)>);

impl Counts {
    fn add(&mut self, address: Val, count: Val) {
        let count = signed(count);
        if count != 0 {
            let (sum, definitions) = self.0.entry(number(address)).or_default();
            *sum += count;
            *definitions += usize::from(count > 0);
        }
    }

    /// One definition each, that counts all reads.
    fn check(&self, bus: &str) -> Result<(), String> {
        for (address, (sum, definitions)) in &self.0 {
            check(*definitions == 1, || format!("{bus} {address} has {definitions} definitions"))?;
            check(*sum == 0, || format!("{bus} {address} is counted {sum} times too often"))?;
        }
        Ok(())
    }
}

/// Counts of the buses `witness` and `digest`: no reads but single ones, no address that two rows define.
pub(crate) fn audit_counts(fixed: &Fixed) -> Result<(), String> {
    let (mut wires, mut digests) = (Counts::default(), Counts::default());
    for row in fixed.sponge.iter().flatten() {
        (0..4).for_each(|k| wires.add(row.sum_address[k], row.sum_count[k]));
        wires.add(row.power_address, row.power_count);
        digests.add(row.digest_address, row.digest_count);
    }
    for row in &fixed.compress {
        for k in 0..2 {
            wires.add(row.word_address[k], row.word_count[k]);
            wires.add(row.out_address[k], row.out_count[k]);
        }
        wires.add(row.bit_address, -row.has_bit);
        wires.add(row.index_address, -row.has_index);
        wires.add(row.carry_address, -row.has_carry);
        digests.add(row.digest_address, row.digest_count);
    }
    for operation in &fixed.operations {
        let read = Val::NEG_ONE;
        let counts = [operation.a_count, read, read, operation.d_count];
        let addresses = [operation.a, operation.b, operation.c, operation.d];
        addresses.into_iter().zip(counts).for_each(|(address, count)| wires.add(address, count));
        check(counts.iter().all(|count| signed(*count) >= -1), || "an operation reads twice".into())?;
    }
    wires.check("wire")?;
    digests.check("digest")
}

impl Wires {
    pub(crate) fn new(fixed: &Fixed, kinds: &[Kind]) -> Result<Self, String> {
        let mut wires = Self { definitions: HashMap::new(), bounds: HashMap::new() };
        let one = fixed.one()?;
        for i in 0..fixed.operations.len() {
            wires.operation(fixed, i, one)?;
        }
        for (i, row) in fixed.compress.iter().enumerate() {
            for k in 0..2 {
                wires.define(row.word_address[k], row.word_count[k], Definition::Word(i));
                wires.define(row.out_address[k], row.out_count[k], Definition::Output(i));
            }
        }
        for (address, count, power) in fixed.sponge.iter().flat_map(|table| sums(table)) {
            wires.define(address, count, Definition::Sum(power));
        }
        let order = Order::new(fixed, kinds, &wires.definitions).all()?;
        wires.bound(fixed, &order);
        Ok(wires)
    }

    fn define(&mut self, address: Val, count: Val, definition: Definition) {
        if signed(count) > 0 {
            self.definitions.insert(number(address), definition);
        }
    }

    /// What an operation defines.
    fn operation(&mut self, fixed: &Fixed, i: usize, one: usize) -> Result<(), String> {
        let operation = &fixed.operations[i];
        let [a, b, c, d] = [operation.a, operation.b, operation.c, operation.d].map(number);
        if fixed.constants[i] != [Val::ZERO; 2] {
            let alone = [a, b, c] == [0; 3] && signed(operation.d_count) > 0;
            check(alone, || format!("operation {i} adds a constant to something"))?;
        }
        let definition = match [a, b, c, d] {
            [a, b, 0, d] if a == b && a == d => Definition::Bit(i),
            [_, _, 0, d] if d == one => Definition::Inverse(i),
            _ => Definition::Free,
        };
        self.define(operation.a, operation.a_count, definition);
        self.define(operation.d, operation.d_count, Definition::Result(i));
        Ok(())
    }

    /// What wires are at most, in the order in which they depend on each other.
    fn bound(&mut self, fixed: &Fixed, order: &[usize]) {
        let mut based: HashSet<usize> = HashSet::new();
        for row in &fixed.compress {
            based.extend((row.has_bit == Val::ONE).then(|| number(row.bit_address)));
            based.extend((row.has_index == Val::ONE).then(|| number(row.index_address)));
        }
        for address in order {
            let bound = match self.definitions.get(address) {
                _ if *address == ZERO => Some(0),
                Some(Definition::Bit(_)) => Some(1),
                Some(Definition::Inverse(i)) => self.bound_at(fixed.operations[*i].b).map(|_| BOUND_MAX),
                Some(Definition::Result(i)) => self.bound_of_result(fixed, *i),
                _ => None,
            };
            if let Some(bound) = bound.or_else(|| based.contains(address).then_some(BOUND_MAX)) {
                self.bounds.insert(*address, bound);
            }
        }
    }

    fn bound_of_result(&self, fixed: &Fixed, i: usize) -> Option<u64> {
        let operation = &fixed.operations[i];
        match fixed.constants[i].map(number) {
            [0, 0] => {
                let [a, b, c] = [operation.a, operation.b, operation.c].map(|wire| self.bound_at(wire));
                Some((a? * b? + c?).min(BOUND_MAX))
            }
            [k0, 0] => Some(k0 as u64),
            _ => None,
        }
    }

    fn bound_at(&self, address: Val) -> Option<u64> {
        self.bounds.get(&number(address)).copied()
    }

    /// Sides of paths are bits, and their ends have one of the 2^cap_height places of a cap. How often each cap is looked
    /// into, by the address of its first node.
    pub(crate) fn audit_paths(&self, fixed: &Fixed, cap: usize) -> Result<BTreeMap<usize, usize>, String> {
        let mut nodes: Vec<_> = fixed.cap_rows().map(|row| number(row.cap_address)).collect();
        nodes.sort_unstable();
        let distinct = nodes.iter().copied().eq(0..nodes.len()) && nodes.len() % cap == 0;
        check(distinct, || "nodes of caps have other addresses than their numbers".into())?;
        let mut lookups = BTreeMap::from_iter((0..nodes.len()).step_by(cap).map(|cap| (cap, 0)));
        for (i, row) in fixed.compress.iter().enumerate() {
            if row.is_path == Val::ONE {
                let bound = self.bound_at(row.bit_address);
                check(bound.is_some_and(|bound| bound <= 1), || {
                    format!("row {i}: its side is at most {bound:?}")
                })?;
            }
            if row.has_index == Val::ONE {
                let bound = self.bound_at(row.index_address);
                let within = bound.is_some_and(|bound| bound < cap as u64);
                check(within, || format!("row {i}: its index is at most {bound:?}"))?;
                let count = lookups.get_mut(&number(row.end_address));
                *count.ok_or_else(|| format!("row {i} looks into the middle of a cap"))? += 1;
            }
        }
        Ok(lookups)
    }

    /// How many wires are bits, and how many are asserted to be zero.
    pub(crate) fn bits_and_zeros(&self, fixed: &Fixed) -> (usize, usize) {
        let bits = self.definitions.values().filter(|definition| matches!(definition, Definition::Bit(_)));
        let zeros = fixed.operations.iter().filter(|operation| {
            let is_assertion = [operation.a_count, operation.d_count] == [Val::NEG_ONE; 2];
            is_assertion && number(operation.a) != ZERO && [operation.c, operation.d] == [Val::ZERO; 2]
        });
        (bits.count(), zeros.count())
    }

    /// A value that the prover chooses is absorbed by a sponge, or shown to lie in the base field and then absorbed with
    /// others, or is a bit or an inverse. The nodes of caps are absorbed too. Returns what else there is.
    pub(crate) fn audit_choices(&self, fixed: &Fixed, kinds: &[Kind]) -> Result<Choices, String> {
        let mut absorbed = HashSet::new();
        let mut hashed = 0;
        for (row, kind) in fixed.compress.iter().zip(kinds) {
            if !matches!(kind, Kind::Absorb(_) | Kind::Public) {
                continue;
            }
            for (address, count) in row.word_address.into_iter().zip(row.word_count) {
                hashed += usize::from(count == Val::ZERO);
                let is_other = self.definitions.contains_key(&number(address));
                check(count != Val::ZERO || !is_other, || format!("wire {} is not read", number(address)))?;
                absorbed.insert(number(address));
            }
        }
        for row in fixed.cap_rows() {
            for word in row.word_address.map(number) {
                check(absorbed.contains(&word), || format!("wire {word} of a cap is not absorbed"))?;
            }
        }
        let is_choice =
            |definition: &Definition| matches!(definition, Definition::Free | Definition::Word(_));
        let choices = self.definitions.iter().filter(|(_, definition)| is_choice(definition));
        let is_bound = |wire: &usize| absorbed.contains(wire) || self.bounds.contains_key(wire);
        Ok(Choices { hashed, other: choices.filter(|(wire, _)| !is_bound(wire)).count() })
    }
}

/// Values that the prover chooses, and that little is known of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Choices {
    /// Words that a sponge absorbs and nothing else reads.
    pub(crate) hashed: usize,
    /// Values that no sponge absorbs as they are.
    pub(crate) other: usize,
}

/// Most that a representative is.
const BOUND_MAX: u64 = Val::ORDER_U32 as u64 - 1;
/// The address of zero, which is d d + d = d's.
const ZERO: usize = 0;

impl Fixed {
    /// The address of the constant 1.
    pub(crate) fn one(&self) -> Result<usize, String> {
        let is_one = |i: &usize| self.constants[*i] == [Val::ONE, Val::ZERO];
        let place = (0..self.operations.len()).find(is_one).ok_or("nothing defines 1")?;
        Ok(number(self.operations[place].d))
    }
}

/// The sums of a table: address, count, and the address of the leaf's power.
fn sums(table: &[SpongeFixed<Val>]) -> Vec<(Val, Val, Option<usize>)> {
    let mut power = None;
    let mut sums = Vec::new();
    for row in table {
        if row.power_count != Val::ZERO {
            power = Some(number(row.power_address));
        }
        let of_row = power.filter(|_| row.batches == Val::ONE);
        sums.extend((0..4).map(|k| (row.sum_address[k], row.sum_count[k], of_row)));
    }
    sums
}

/// A search for circles: wires, and states of rows of `compress`.
struct Order<'a> {
    fixed: &'a Fixed,
    kinds: &'a [Kind],
    definitions: &'a HashMap<usize, Definition>,
    /// False while what it needs is looked at.
    seen: HashMap<Node, bool>,
    order: Vec<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Node {
    Wire(usize),
    /// The input of a row of `compress`.
    State(usize),
}

impl<'a> Order<'a> {
    fn new(fixed: &'a Fixed, kinds: &'a [Kind], definitions: &'a HashMap<usize, Definition>) -> Self {
        Self { fixed, kinds, definitions, seen: HashMap::new(), order: Vec::new() }
    }

    /// All wires, each after those that it is a function of.
    fn all(mut self) -> Result<Vec<usize>, String> {
        let mut wires: Vec<_> = self.definitions.keys().copied().collect();
        wires.sort_unstable();
        for wire in wires {
            self.visit(Node::Wire(wire))?;
        }
        Ok(self.order)
    }

    fn visit(&mut self, start: Node) -> Result<(), String> {
        let mut stack = vec![(start, false)];
        while let Some((node, is_left)) = stack.pop() {
            if is_left {
                self.seen.insert(node, true);
                if let Node::Wire(wire) = node {
                    self.order.push(wire);
                }
                continue;
            }
            match self.seen.insert(node, false) {
                Some(true) => {
                    self.seen.insert(node, true);
                    continue;
                }
                Some(false) => return Err(format!("{node:?} is a function of itself")),
                None => {}
            }
            stack.push((node, true));
            for needed in self.needs(node) {
                match self.seen.get(&needed) {
                    Some(true) => {}
                    Some(false) => return Err(format!("{needed:?} is a function of itself")),
                    None => stack.push((needed, false)),
                }
            }
        }
        Ok(())
    }

    /// What a wire or state is a function of, beside what the prover chooses.
    fn needs(&self, node: Node) -> Vec<Node> {
        let wires = |wires: &[Val]| wires.iter().map(|wire| Node::Wire(number(*wire))).collect();
        match node {
            Node::Wire(ZERO) => Vec::new(),
            Node::Wire(wire) => match self.definitions.get(&wire) {
                Some(Definition::Result(i)) => {
                    let operation = &self.fixed.operations[*i];
                    wires(&[operation.a, operation.b, operation.c])
                }
                Some(Definition::Inverse(i)) => wires(&[self.fixed.operations[*i].b]),
                Some(Definition::Output(row)) => vec![Node::State(*row)],
                Some(Definition::Sum(power)) => power.iter().map(|power| Node::Wire(*power)).collect(),
                Some(Definition::Bit(_) | Definition::Free | Definition::Word(_)) | None => Vec::new(),
            },
            Node::State(row) => {
                let [before, fixed] = [row - 1, row].map(|row| &self.fixed.compress[row]);
                let mut needs: Vec<_> = match self.kinds[row] {
                    Kind::Absorb(_) => wires(&fixed.word_address),
                    _ => Vec::new(),
                };
                needs.extend((fixed.has_carry == Val::ONE).then(|| Node::Wire(number(fixed.carry_address))));
                needs.extend(match self.kinds[row - 1] {
                    Kind::Load => wires(&before.word_address),
                    _ => vec![Node::State(row - 1)],
                });
                needs
            }
        }
    }
}
