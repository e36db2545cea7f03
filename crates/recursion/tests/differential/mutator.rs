//! Changes of proofs: of any value at any place, and of the lists and options that values are in.
//!
//! A proof is taken apart into a tree of lists and numbers, by its own serialisation; so whatever a proof has is changed.

use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The order of the field.
const ORDER: u64 = (1 << 31) - (1 << 24) + 1;

/// Numbers that follow from a seed (SplitMix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }
}

/// A proof, to be changed again and again.
pub(crate) struct Mutator<P> {
    tree: Value,
    proof: PhantomData<P>,
}

/// Another proof than the honest one.
pub(crate) struct Mutated<P> {
    /// Where it was changed, and how.
    pub(crate) what: String,
    pub(crate) proof: P,
}

impl<P: Serialize + DeserializeOwned> Mutator<P> {
    pub(crate) fn new(proof: &P) -> Self {
        Self { tree: serde_json::to_value(proof).expect("a tree"), proof: PhantomData }
    }

    /// The first change that follows from the seed, decodes and makes a difference.
    pub(crate) fn mutate(&mut self, seed: u64) -> Mutated<P> {
        let mut random = Random(seed);
        loop {
            let other = self.tree.pointer(&pick(&self.tree, &mut random)).cloned();
            // Most kinds of values are in the opening proof.
            let part = if random.below(2) == 0 { "/opening_proof" } else { "" };
            let path = part.to_owned() + &pick(self.tree.pointer(part).expect("a part"), &mut random);
            let place = self.tree.pointer_mut(&path).expect("a place");
            let before = place.clone();
            let mut what = path.clone();
            change(place, other.unwrap_or_default(), &mut random, &mut what);
            let decoded = (*place != before).then(|| P::deserialize(&self.tree));
            *self.tree.pointer_mut(&path).expect("a place") = before;
            if let Some(Ok(proof)) = decoded {
                return Mutated { what, proof };
            }
        }
    }
}

/// Goes down to a random place.
fn pick(mut value: &Value, random: &mut Random) -> String {
    let mut path = String::new();
    loop {
        // Seldom a place in the middle; never the whole.
        let stays = !path.is_empty() && random.below(6) == 0;
        let children = match value {
            Value::Array(list) if !stays => list.len(),
            Value::Object(fields) if !stays => fields.len(),
            _ => 0,
        };
        if children == 0 {
            return path;
        }
        let mut i = random.below(children);
        let child = match value {
            Value::Array(list) => list.get(i).map(|child| (i.to_string(), child)),
            Value::Object(fields) => {
                // There are many nonces at the top, and little depends on which of them is changed.
                if fields.keys().nth(i).is_some_and(|name| name.contains("pow_witness")) {
                    i = random.below(children);
                }
                fields.iter().nth(i).map(|(name, child)| (name.clone(), child))
            }
            _ => None,
        };
        let (name, child) = child.expect("it has so many");
        path.extend(["/", &name]);
        value = child;
    }
}

fn change(value: &mut Value, other: Value, random: &mut Random, what: &mut String) {
    match value {
        Value::Number(number) => {
            let before = number.as_u64().unwrap_or_default();
            let after = match random.below(4) {
                0 => (before + 1) % ORDER,
                1 => 0,
                2 => random.next() % ORDER,
                _ => (before ^ (1 << random.below(31))) % ORDER,
            };
            what.push_str(&format!(": {before} becomes {after}"));
            *value = after.into();
        }
        Value::Array(list) if !list.is_empty() => {
            let [i, j] = [(); 2].map(|()| random.below(list.len()));
            let how = random.below(8);
            match how {
                0 => list.swap(i, j),
                1 => list.reverse(),
                2 => drop(list.remove(i)),
                3 => list.insert(j, list[i].clone()),
                4 => list.clear(),
                5 => list[i] = list[j].clone(),
                6 => list.rotate_left(i),
                _ => list[i] = other,
            }
            what.push_str(&format!(": change {how} of the list at {i} and {j}"));
        }
        Value::Object(fields) if random.below(2) == 0 => {
            // Two fields change places, which decodes if they are of one kind.
            let names: Vec<_> = fields.keys().cloned().collect();
            let [a, b] = [(); 2].map(|()| &names[random.below(names.len())]);
            let [x, y] = [a, b].map(|name| fields.get(name).cloned().unwrap_or_default());
            fields.insert(a.clone(), y);
            fields.insert(b.clone(), x);
            what.push_str(&format!(": {a} and {b} change places"));
        }
        Value::Object(_) => {
            what.push_str(": nothing");
            *value = Value::Null;
        }
        value => {
            what.push_str(": something else");
            *value = other;
        }
    }
}
