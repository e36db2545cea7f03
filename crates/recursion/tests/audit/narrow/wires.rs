//! The bus: every wire has one definition, definitions do not go round in circles, and values that blocks take for bits are such.

use std::collections::{BTreeMap, HashMap, HashSet};

use ashlar_circuit::Val;
use ashlar_circuit::narrow::{BLOCK, NarrowFixed, first, last};
use p3_field::{PrimeCharacteristicRing, PrimeField32};

use super::blocks::{Block, Kind};
use crate::fixed::{check, number, signed};
use crate::wires::Choices;

/// The address of zero, which is d d + d = d's.
const ZERO: usize = 0;
/// Most that a representative is.
const BOUND_MAX: u64 = Val::ORDER_U32 as u64 - 1;

/// What defines a wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Definition {
    /// d = a b + c + constant, in this row.
    Result(usize),
    /// a = a a.
    Bit,
    /// a b = 1, in this row.
    Inverse(usize),
    /// A value that a row only speaks of: any would do for it.
    Free,
    /// What this block puts out.
    Output(usize),
    /// A sum of this block.
    Sum(usize),
    /// An element of a leaf.
    Element,
    /// The verifier says what it is.
    Public,
}

/// All wires, by address.
pub(crate) struct Wires {
    definitions: HashMap<usize, Definition>,
    /// Most that a wire's representative may be, of those in the base field.
    bounds: HashMap<usize, u64>,
    one: usize,
}

/// Where a public word is read: it is a word, or a bit times a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Public {
    pub(crate) bit: Option<usize>,
    pub(crate) word: usize,
}

/// What paths add up to.
pub(crate) struct Paths {
    pub(crate) leaves: BTreeMap<(usize, usize), usize>,
    pub(crate) lookups: Vec<usize>,
}

/// Each wire is defined once, and read as often as its definition says; each public word is only read, and once.
pub(crate) fn audit_counts(rows: &[NarrowFixed<Val>], words: usize) -> Result<(), String> {
    let mut counts: BTreeMap<usize, (i64, usize)> = BTreeMap::new();
    for row in rows {
        for (address, count) in row.address.iter().zip(row.count.map(signed)) {
            if count != 0 {
                let (sum, definitions) = counts.entry(number(*address)).or_default();
                *sum += count;
                *definitions += usize::from(count > 0);
            }
        }
    }
    for word in 1..=words {
        let found = counts.remove(&word);
        check(found == Some((-1, 0)), || format!("public word at {word} is counted {found:?}"))?;
    }
    for (address, (sum, definitions)) in counts {
        check(definitions == 1, || format!("wire {address} has {definitions} definitions"))?;
        check(sum == 0, || format!("wire {address} is counted {sum} times too often"))?;
    }
    Ok(())
}

impl Wires {
    pub(crate) fn new(rows: &[NarrowFixed<Val>], blocks: &[Block], words: usize) -> Result<Self, String> {
        let is_one = |row: &&NarrowFixed<Val>| row.operates == Val::ONE && row.constant == Val::ONE;
        let one = number(rows.iter().find(is_one).ok_or("nothing defines 1")?.address[3]);
        let mut wires = Self { definitions: HashMap::new(), bounds: HashMap::new(), one };
        (1..=words).for_each(|word| {
            wires.definitions.insert(word, Definition::Public);
        });
        for (i, row) in rows.iter().enumerate().filter(|(_, row)| row.operates == Val::ONE) {
            wires.operation(i, row)?;
        }
        for (i, block) in blocks.iter().enumerate() {
            wires.block(rows, i, block);
        }
        let order = wires.order(rows, blocks)?;
        wires.bound(rows, &order);
        Ok(wires)
    }

    fn define(&mut self, row: &NarrowFixed<Val>, k: usize, definition: Definition) {
        if signed(row.count[k]) > 0 {
            self.definitions.insert(number(row.address[k]), definition);
        }
    }

    fn operation(&mut self, i: usize, row: &NarrowFixed<Val>) -> Result<(), String> {
        let [a, b, c, d] = row.address.map(number);
        let is_alone = [a, b, c] == [ZERO; 3] && signed(row.count[3]) > 0;
        check(row.constant == Val::ZERO || is_alone, || format!("row {i} adds a constant to something"))?;
        let of_a = match [a, b, c, d] {
            [a, b, ZERO, d] if a == b && a == d => Definition::Bit,
            [_, _, ZERO, d] if d == self.one => Definition::Inverse(i),
            _ => Definition::Free,
        };
        self.define(row, 0, of_a);
        self.define(row, 3, Definition::Result(i));
        Ok(())
    }

    fn block(&mut self, rows: &[NarrowFixed<Val>], i: usize, block: &Block) {
        let row = block.row;
        match block.kind {
            Kind::Absorb { loads, .. } => {
                (0..2).for_each(|k| self.define(&rows[row], k, Definition::Free));
                (0..2).filter(|_| loads).for_each(|k| self.define(&rows[row + 1], k, Definition::Free));
            }
            Kind::Leaf { sums: true, .. } => {
                (1..3).for_each(|k| self.define(&rows[row + 1], k, Definition::Sum(i)));
            }
            Kind::Leaf { .. } => (0..2).for_each(|k| self.define(&rows[row], k, Definition::Element)),
            Kind::Idle | Kind::Squeeze | Kind::Step { .. } => {}
        }
        let end = &rows[row + BLOCK - 1];
        if end.flags[last::HANDS_OUT] == Val::ONE {
            (0..2).for_each(|k| self.define(end, k, Definition::Output(i)));
        }
    }

    /// All wires, each after those that it is a function of.
    fn order(&self, rows: &[NarrowFixed<Val>], blocks: &[Block]) -> Result<Vec<usize>, String> {
        let mut wires: Vec<_> = self.definitions.keys().copied().collect();
        wires.sort_unstable();
        let (mut seen, mut order): (HashMap<Node, bool>, _) = (HashMap::new(), Vec::new());
        let mut stack: Vec<_> = wires.into_iter().rev().map(|wire| (Node::Wire(wire), false)).collect();
        while let Some((node, is_left)) = stack.pop() {
            if is_left {
                seen.insert(node, true);
                order.extend(if let Node::Wire(wire) = node { Some(wire) } else { None });
                continue;
            }
            match seen.get(&node) {
                Some(true) => continue,
                Some(false) => return Err(format!("{node:?} is a function of itself")),
                None => {}
            }
            seen.insert(node, false);
            stack.push((node, true));
            for needed in self.needs(rows, blocks, node) {
                match seen.get(&needed) {
                    Some(true) => {}
                    Some(false) => return Err(format!("{needed:?} is a function of itself")),
                    None => stack.push((needed, false)),
                }
            }
        }
        Ok(order)
    }

    /// What a wire or the input of a block is a function of, beside what the prover chooses.
    fn needs(&self, rows: &[NarrowFixed<Val>], blocks: &[Block], node: Node) -> Vec<Node> {
        let wires = |wires: &[Val]| wires.iter().map(|wire| Node::Wire(number(*wire))).collect::<Vec<_>>();
        match node {
            Node::Wire(ZERO) => Vec::new(),
            Node::Wire(wire) => match self.definitions.get(&wire) {
                Some(Definition::Result(i)) => wires(&rows[*i].address[..3]),
                Some(Definition::Inverse(i)) => wires(&rows[*i].address[1..2]),
                Some(Definition::Output(block)) => vec![Node::State(*block)],
                Some(Definition::Sum(block)) => {
                    let row = blocks[*block].row;
                    [wires(&rows[row].address), wires(&rows[row + 1].address[..1])].concat()
                }
                Some(Definition::Bit | Definition::Free | Definition::Element | Definition::Public)
                | None => Vec::new(),
            },
            Node::State(i) => {
                let row = blocks[i].row;
                let (absorbed, loads) = match blocks[i].kind {
                    Kind::Absorb { offset, loads } => (2 + usize::from(offset > 0), loads),
                    _ => (0, false),
                };
                let mut needs = wires(&rows[row].address[..absorbed]);
                if loads {
                    needs.extend(wires(&rows[row + 1].address[..2]));
                } else {
                    needs.push(Node::State(i - 1));
                }
                needs
            }
        }
    }

    /// What wires are at most, in the order in which they depend on each other.
    fn bound(&mut self, rows: &[NarrowFixed<Val>], order: &[usize]) {
        let based = rows.iter().filter(|row| row.base == Val::ONE);
        let based: HashSet<usize> = based.map(|row| number(row.address[0])).collect();
        for address in order {
            let bound = match self.definitions.get(address) {
                _ if *address == ZERO => Some(0),
                Some(Definition::Bit) => Some(1),
                Some(Definition::Inverse(i)) => self.bound_at(rows[*i].address[1]).map(|_| BOUND_MAX),
                Some(Definition::Result(i)) => self.bound_of_result(&rows[*i]),
                _ => None,
            };
            if let Some(bound) = bound.or_else(|| based.contains(address).then_some(BOUND_MAX)) {
                self.bounds.insert(*address, bound);
            }
        }
    }

    fn bound_of_result(&self, row: &NarrowFixed<Val>) -> Option<u64> {
        if row.constant != Val::ZERO {
            return Some(u64::from(row.constant.as_canonical_u32()));
        }
        let [a, b, c, _] = row.address.map(|wire| self.bound_at(wire));
        Some((a? * b? + c?).min(BOUND_MAX))
    }

    fn bound_at(&self, address: Val) -> Option<u64> {
        self.bounds.get(&number(address)).copied()
    }

    /// Leaves with their paths, the sides of which are bits; all paths of one query have the same ones.
    pub(crate) fn audit_paths(&self, rows: &[NarrowFixed<Val>], blocks: &[Block]) -> Result<Paths, String> {
        let mut leaves: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        let mut by_root: BTreeMap<[usize; 2], Vec<(usize, Vec<usize>)>> = BTreeMap::new();
        let (mut groups, mut sides) = (0, Vec::new());
        for (i, block) in blocks.iter().enumerate() {
            match block.kind {
                Kind::Leaf { starts, groups: of_block, sums } => {
                    groups = if starts { of_block } else { groups + of_block };
                    if sums {
                        self.audit_sums(rows, &blocks[i - 1], block, starts)?;
                    }
                }
                Kind::Step { ends } => {
                    let side = rows[block.row].address[0];
                    let bound = self.bound_at(side);
                    check(bound.is_some_and(|bound| bound <= 1), || {
                        format!("row {}: its side is at most {bound:?}", block.row)
                    })?;
                    sides.push(number(side));
                    if ends {
                        let root = &rows[block.row + BLOCK - 1].address;
                        *leaves.entry((groups, sides.len())).or_default() += 1;
                        let of_root = by_root.entry([number(root[0]), number(root[1])]).or_default();
                        of_root.push((groups, core::mem::take(&mut sides)));
                    }
                }
                _ => {}
            }
        }
        check_queries(by_root.values())?;
        Ok(Paths { leaves, lookups: by_root.values().map(Vec::len).collect() })
    }

    /// A block's powers are those of one number, the number of the block before; what its first sum goes on from is the block
    /// before's second, or zero.
    fn audit_sums(
        &self,
        rows: &[NarrowFixed<Val>],
        before: &Block,
        block: &Block,
        starts: bool,
    ) -> Result<(), String> {
        let row = block.row;
        let powers = rows[row].address.map(number);
        let [z, square, cube, fourth] = powers;
        let product = |wire: usize, x: usize, y: usize| match self.definitions.get(&wire) {
            Some(Definition::Result(i)) => {
                let [a, b, c, _] = rows[*i].address.map(number);
                c == ZERO && ([a, b] == [x, y] || [a, b] == [y, x])
            }
            _ => false,
        };
        let are_powers = product(square, z, z) && product(cube, square, z) && product(fourth, square, square);
        check(are_powers, || format!("row {row} has other numbers than powers"))?;
        let continued = number(rows[row + 1].address[0]);
        if starts {
            return check(continued == ZERO, || format!("row {row} adds to another leaf"));
        }
        check(powers == rows[before.row].address.map(number), || format!("row {row} has another power"))?;
        let sum = number(rows[before.row + 1].address[2]);
        check(continued == ZERO || continued == sum, || format!("row {row} continues another sum"))?;
        let goes_on = rows[row].flags[first::CONTINUES] == Val::ONE;
        check(rows[row + 1].count[2] != Val::ZERO || !goes_on, || format!("row {row} continues to nothing"))
    }

    /// How many wires are bits, and how many are asserted to be zero.
    pub(crate) fn bits_and_zeros(&self, rows: &[NarrowFixed<Val>]) -> (usize, usize) {
        let bits = self.definitions.values().filter(|definition| **definition == Definition::Bit);
        let zeros = rows.iter().filter(|row| {
            let [a, b, c, d] = row.address.map(number);
            let is_assertion = row.operates == Val::ONE && [row.count[0], row.count[3]] == [Val::NEG_ONE; 2];
            is_assertion && a != ZERO && b == self.one && [c, d] == [ZERO; 2]
        });
        (bits.count(), zeros.count())
    }

    /// Words that sponges absorb or load, and those of them that nothing else reads.
    fn absorbed(
        &self,
        rows: &[NarrowFixed<Val>],
        blocks: &[Block],
    ) -> Result<(HashSet<usize>, usize), String> {
        let (mut absorbed, mut hashed) = (HashSet::new(), 0);
        for block in blocks {
            let Kind::Absorb { loads, .. } = block.kind else { continue };
            let loaded = if loads { block.row + 1..block.row + 2 } else { 0..0 };
            for (row, k) in [block.row].into_iter().chain(loaded).flat_map(|row| [(row, 0), (row, 1)]) {
                let address = number(rows[row].address[k]);
                let is_alone = rows[row].count[k] == Val::ZERO;
                hashed += usize::from(is_alone);
                check(!is_alone || !self.definitions.contains_key(&address), || {
                    format!("wire {address} is not read")
                })?;
                absorbed.insert(address);
            }
        }
        Ok((absorbed, hashed))
    }

    /// A value that the prover chooses is absorbed by a sponge, or shown to lie in the base field, or is a bit or an inverse.
    /// Roots are absorbed too. Returns what else there is.
    pub(crate) fn audit_choices(
        &self,
        rows: &[NarrowFixed<Val>],
        blocks: &[Block],
    ) -> Result<Choices, String> {
        let (absorbed, hashed) = self.absorbed(rows, blocks)?;
        for block in blocks.iter().filter(|block| block.kind == Kind::Step { ends: true }) {
            for word in rows[block.row + BLOCK - 1].address[..2].iter().copied().map(number) {
                check(absorbed.contains(&word), || format!("wire {word} of a root is not absorbed"))?;
            }
        }
        let is_bound = |wire: &usize| absorbed.contains(wire) || self.bounds.contains_key(wire);
        let choices = self.definitions.iter().filter(|(_, definition)| **definition == Definition::Free);
        Ok(Choices { hashed, other: choices.filter(|(wire, _)| !is_bound(wire)).count() })
    }

    /// X is read as a copy; every other public word is the result of an assertion: a word that a sponge has absorbed, or a bit
    /// times it, or a copy of such a product.
    pub(crate) fn audit_public(
        &self,
        rows: &[NarrowFixed<Val>],
        blocks: &[Block],
        words: usize,
    ) -> Result<Vec<Public>, String> {
        let (absorbed, _) = self.absorbed(rows, blocks)?;
        let product = |row: &NarrowFixed<Val>| match row.address.map(number) {
            [a, b, ZERO, d] if d > words => Some((d, [a, b])),
            _ => None,
        };
        let operations = || rows.iter().filter(|row| row.operates == Val::ONE);
        let products: BTreeMap<_, _> = operations().filter_map(product).collect();
        let split = |[x, y]: [usize; 2]| if absorbed.contains(&x) { (Some(y), x) } else { (Some(x), y) };
        let mut public = BTreeMap::new();
        for row in operations() {
            let [a, b, c, d] = row.address.map(number);
            if (1..=words).contains(&d) {
                let (bit, word) = match [a, b] {
                    [one, word] | [word, one] if one == self.one => match products.get(&word) {
                        Some(factors) if !absorbed.contains(&word) => split(*factors),
                        _ => (None, word),
                    },
                    factors => split(factors),
                };
                let is_bit = |bit: usize| self.definitions.get(&bit) == Some(&Definition::Bit);
                let fits = c == ZERO && absorbed.contains(&word) && bit.is_none_or(is_bit);
                check(fits, || format!("public word {d} is {:?}", [a, b, c]))?;
                public.insert(d, Public { bit, word });
            } else if a == 1 {
                let is_copy = b == self.one && c == ZERO && signed(row.count[3]) > 0;
                check(is_copy, || "X is no copy".into())?;
                public.insert(1, Public { bit: None, word: 1 });
            }
        }
        check(public.keys().copied().eq(1..=words), || format!("public words {:?}", public.keys()))?;
        Ok(public.into_values().skip(1).collect())
    }
}

/// Every root has a path of every query, with the query's sides and a leaf of one length. A path is the groups of its leaf and its
/// sides.
fn check_queries<'a>(
    roots: impl Iterator<Item = &'a Vec<(usize, Vec<usize>)>> + Clone,
) -> Result<(), String> {
    let longest = roots.clone().max_by_key(|paths| paths.first().map_or(0, |(_, sides)| sides.len()));
    let longest = longest.ok_or("no paths")?;
    for paths in roots {
        check(paths.len() == longest.len(), || format!("{} paths lead to a root", paths.len()))?;
        let is_same = longest.iter().zip(paths).all(|((_, long), (_, sides))| long.ends_with(sides));
        check(is_same, || "a path has other sides than its query".into())?;
        let is_one_tree = paths.windows(2).all(|pair| pair[0].0 == pair[1].0);
        check(is_one_tree, || "leaves of several trees lead to a root".into())?;
    }
    let distinct: HashSet<_> = longest.iter().map(|(_, sides)| sides).collect();
    check(distinct.len() == longest.len(), || "two queries are one".into())
}

/// A wire, or the input of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Node {
    Wire(usize),
    State(usize),
}
