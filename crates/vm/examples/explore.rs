//! temp
use ashlar_vm::*;
fn show(s: &Shape) -> String {
    format!(
        "{:12} {}",
        s.name,
        s.heights
            .iter()
            .map(|h| if *h == ABSENT { "NO".into() } else { h.to_string() })
            .collect::<Vec<_>>()
            .join(" ")
    )
}
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let program = Program::from_elf(&std::fs::read("guests/elf/block.elf").unwrap()).unwrap();
    let text = std::fs::read_to_string(&args[1]).unwrap();
    let mut shapes: Vec<Shape> = text
        .lines()
        .filter(|l| !l.trim().is_empty() && !l.starts_with('#'))
        .map(|l| {
            let mut w = l.split_whitespace();
            let name: &'static str = Box::leak(w.next().unwrap().to_owned().into_boxed_str());
            let h: Vec<u8> = w.map(|x| if x == "NO" { ABSENT } else { x.parse().unwrap() }).collect();
            Shape { name, heights: h.try_into().unwrap() }
        })
        .collect();
    let rounds: usize = args[2].parse().unwrap();
    let sets: Vec<(String, Vec<Segment>, f64)> = args[3..]
        .iter()
        .map(|folder| {
            let bytes = std::fs::read(format!("/tmp/{folder}.hints")).unwrap();
            let hints: Vec<u32> =
                bytes.chunks(4).map(|c| u32::from_le_bytes(c.try_into().unwrap())).collect();
            let (run, p) = pieces(&program, &hints, Options::default()).unwrap();
            (folder.clone(), p, run.cycles as f64)
        })
        .collect();
    let cost = |shapes: &[Shape]| -> f64 {
        sets.iter()
            .map(|(_, p, _)| {
                let segs = join(p, shapes);
                segs.iter()
                    .map(|s| if s.shape.is_none() { 1e12 } else { (s.cells() + SEGMENT_CELLS) as f64 })
                    .sum::<f64>()
            })
            .sum()
    };
    let mut best = cost(&shapes);
    println!("start {:.1} M", best / 1e6);
    let mut seed = 12345u64;
    let mut rnd = move |n: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed >> 11) as usize % n
    };
    for round in 0..rounds {
        let mut next = shapes.clone();
        let k = rnd(next.len());
        for _ in 0..1 + rnd(3) {
            let t = [0, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 15, 16, 18, 19, 21][rnd(16)];
            let h = next[k].heights[t];
            if h == ABSENT {
                continue;
            }
            let distinct: Vec<u8> = {
                let mut d: Vec<u8> = next[k].heights.iter().copied().filter(|h| *h != ABSENT).collect();
                d.sort();
                d.dedup();
                d
            };
            next[k].heights[t] =
                if rnd(3) > 0 { distinct[rnd(distinct.len())] } else { (h as i32 + rnd(3) as i32 - 1) as u8 };
        }
        let s = &next[k];
        if s.heights[0] > 21 || s.heights.iter().any(|h| *h != ABSENT && (*h < 9 || *h > 21)) {
            continue;
        }
        let mut d: Vec<u8> = s.heights.iter().copied().filter(|h| *h != ABSENT).collect();
        d.sort();
        d.dedup();
        if d.len() > 5 {
            continue;
        }
        let c = cost(&next);
        if c < best {
            best = c;
            shapes = next;
            println!("{round} {:.1} M", best / 1e6);
            for s in &shapes {
                println!("{}", show(s));
            }
        }
    }
    for (f, p, cycles) in &sets {
        let segs = join(p, &shapes);
        let cells: u64 = segs.iter().map(|s| s.cells()).sum();
        println!("{f}: {} segments {:.1}/cycle", segs.len(), cells as f64 / cycles);
        if sets.len() == 1 {
            for s in &segs {
                let Some(shape) = s.shape else {
                    println!("   NONE {:?}", s.rows);
                    continue;
                };
                let full: Vec<_> = Table::ALL
                    .iter()
                    .filter(|t| s.rows.of(**t) * 100 > shape.capacity(**t) * 60 && shape.capacity(**t) > 0)
                    .map(|t| {
                        format!("{} {}%", t.name(), s.rows.of(*t) as u64 * 100 / shape.capacity(*t) as u64)
                    })
                    .collect();
                println!(
                    "   {:10} {:8} {:.0}/cycle | {}",
                    shape.name,
                    s.cycles,
                    s.cells() as f64 / s.cycles as f64,
                    full.join(", ")
                );
            }
        }
    }
}
