//! temp
use ashlar_vm::*;
fn main() {
    let program = Program::from_elf(&std::fs::read("guests/elf/block.elf").unwrap()).unwrap();
    for folder in std::env::args().skip(1) {
        let input = ashlar_witness::read_folder(std::path::Path::new(&folder), None).unwrap();
        let bytes = ashlar_witness::prune(input).unwrap().borrow().encode().unwrap();
        let hints = ashlar_witness::hints(&bytes);
        std::fs::write(
            format!("/tmp/{}.hints", folder.rsplit('/').next().unwrap()),
            hints.iter().flat_map(|w| w.to_le_bytes()).collect::<Vec<_>>(),
        )
        .unwrap();
        let mut heights = [25; Table::COUNT];
        heights[0] = 21;
        let shape = Shape { name: "all", heights };
        let (run, m) = meter(
            &program,
            &hints,
            Options::default(),
            SegmentLimits { cycles: 1 << 21, shapes: vec![shape] },
        )
        .unwrap();
        println!("{folder} cycles {}", run.cycles);
        for s in &m.segments {
            let r: Vec<_> = Table::ALL
                .iter()
                .filter(|t| s.rows.of(**t) > 0)
                .map(|t| format!("{} {}", t.name(), s.rows.of(*t)))
                .collect();
            println!("  {}", r.join(", "));
        }
    }
}
