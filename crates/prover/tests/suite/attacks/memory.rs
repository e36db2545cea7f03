//! Forged memory: initial words, stores, loads, registers, pages.

use ashlar_machine::page::PageEvent;

use super::*;

const PAGE_READ: u32 = DATA_PAGE + 1;

fn forgery() -> Forgery {
    Forgery::new(stores_and_loads(), &[])
}

/// Only the tree stands between a prover and other initial memory, and only the root between a prover and another tree.
#[test]
fn refuses_another_word_of_initial_memory() {
    let mut forgery = forgery();
    let page = forgery.page(PAGE_READ);
    (page.old[5], page.new[5]) = (1, 1);
    assert_eq!(forgery.verdict(), ["bus node"]);
    forgery.rebuild_tree();
    assert_eq!(forgery.verdict(), ["table node"]);
    let mut tree = MemoryTree::new(&forgery.program);
    let old = Hasher::default().page(&forgery.page(PAGE_READ).old);
    tree.update(&[PageChange { page: PAGE_READ, new: old }]);
    forgery.job.start.root = tree.root();
    assert_eq!(forgery.verdict(), NOBODY);
}

/// The load is of the forged word, and all that follows fits.
#[test]
fn refuses_a_load_of_another_word_than_initial_memory_has() {
    let mut forgery = forgery();
    let load = forgery.clocks(Class::LoadWord)[1];
    (forgery.events.cpu[load].b, forgery.events.cpu[load].c) = (5, 5);
    let page = forgery.page(PAGE_READ);
    (page.old[0], page.new[0]) = (5, 5);
    forgery.registers().new[reg::T2 as usize] = 5;
    assert_eq!(forgery.verdict(), ["bus node"]);
    forgery.rebuild_tree();
    assert_eq!(forgery.verdict(), ["table node"]);
}

#[test]
fn refuses_a_stack_pointer_of_the_attackers_choice() {
    let mut forgery = forgery();
    let page = forgery.registers();
    (page.old[2], page.new[2]) = (DATA, DATA);
    forgery.rebuild_tree();
    // Where it is the same, it is the specification's.
    assert_eq!(ashlar_abi::memory::STACK_TOP, DATA);
    assert_eq!(forgery.verdict(), NOBODY);
    let page = forgery.registers();
    (page.old[2], page.new[2]) = (DATA - 4, DATA - 4);
    forgery.rebuild_tree();
    assert_eq!(forgery.verdict(), ["table node"]);
}

#[test]
fn refuses_to_forget_the_last_store() {
    let mut forgery = forgery();
    let first = forgery.clocks(Class::StoreWord)[0] as u32;
    let page = forgery.page(DATA_PAGE);
    (page.new[0], page.timestamps[0]) = (7, 8 * first + 7);
    forgery.rebuild_tree();
    assert_eq!(forgery.verdict(), ["bus memory"]);
}

#[test]
fn refuses_a_stale_load() {
    let mut forgery = forgery();
    let first = forgery.clocks(Class::StoreWord)[0] as u32;
    let load = forgery.clocks(Class::LoadWord)[0];
    let step = &mut forgery.events.cpu[load];
    (step.b, step.c, step.last[1]) = (7, 7, 8 * first + 7);
    forgery.registers().new[reg::T1 as usize] = 7;
    forgery.rebuild_tree();
    assert_eq!(forgery.verdict(), ["bus memory"]);
}

/// Both stores claim to follow the initial word.
#[test]
fn refuses_a_fork_of_the_history() {
    let mut forgery = forgery();
    let second = forgery.clocks(Class::StoreWord)[1];
    let step = &mut forgery.events.cpu[second];
    (step.previous, step.last[2]) = (0, 0);
    assert_eq!(forgery.verdict(), ["bus memory"]);
}

#[test]
fn refuses_other_final_timestamps_and_words() {
    let forgeries: [fn(&mut PageEvent); 4] = [
        |page| page.timestamps[0] += 1,
        |page| page.timestamps[1] = 8,
        |page| page.new[0] += 1,
        |page| page.new[1] = 1,
    ];
    for forge in forgeries {
        let mut forgery = forgery();
        forge(forgery.page(DATA_PAGE));
        forgery.rebuild_tree();
        assert_eq!(forgery.verdict(), ["bus memory"]);
    }
}

#[test]
fn refuses_another_final_register_and_a_written_x0() {
    for register in [0, reg::T1 as usize, 15] {
        let mut forgery = forgery();
        forgery.registers().new[register] += 1;
        forgery.rebuild_tree();
        assert_eq!(forgery.verdict(), ["bus memory"]);
    }
}

#[test]
fn refuses_accesses_to_a_page_that_is_not_opened() {
    for page in [DATA_PAGE, PAGE_READ, REGISTER_PAGE, REGISTER_PAGE + 1] {
        let mut forgery = forgery();
        let position = forgery.page_position(page);
        forgery.events.page.remove(position);
        assert_eq!(forgery.verdict(), ["bus memory", "bus node"]);
        forgery.rebuild_tree();
        assert_eq!(forgery.verdict(), ["bus memory"]);
    }
}

/// The copy begins with another history, which the tree would have to have twice.
#[test]
fn refuses_a_page_opened_twice() {
    let mut forgery = forgery();
    let position = forgery.page_position(PAGE_READ);
    let mut copy = forgery.events.page[position];
    copy.timestamps = [0; 16];
    forgery.events.page.push(copy);
    // Its words cancel out on the memory bus; only the tree sees it.
    assert_eq!(forgery.verdict(), ["bus node"]);
    // Its nodes a second time, all but the root.
    let above: Vec<_> = forgery
        .job
        .nodes
        .iter()
        .filter(|node| node.depth > 0 && PAGE_READ >> (27 - node.depth) == node.index)
        .copied()
        .collect();
    assert_eq!(above.len(), 26);
    forgery.job.nodes.extend(above);
    assert_eq!(forgery.verdict(), ["bus node"]);
}

/// A word of a page that no run opens: the registers' page behind x0's discarded words, then one past memory.
#[test]
fn refuses_pages_that_do_not_exist() {
    for page in [1 << 24, (1 << 26) + 5, REGISTER_PAGE - 1, REGISTER_PAGE + 4] {
        let mut forgery = forgery();
        forgery.events.page.push(PageEvent {
            page,
            old: [0; PAGE_WORDS as usize],
            new: [0; PAGE_WORDS as usize],
            timestamps: [0; 16],
        });
        assert_eq!(forgery.verdict(), ["bus node"]);
        forgery.rebuild_tree();
        assert_eq!(forgery.verdict(), ["table node"]);
    }
}

/// The fourth page of the registers exists, and opening what nobody accesses changes nothing.
#[test]
fn accepts_pages_that_nobody_accesses() {
    for page in [0, (1 << 24) - 1, REGISTER_PAGE + 3] {
        let mut forgery = forgery();
        let words = [0; PAGE_WORDS as usize];
        let end = forgery.job.end.root;
        forgery.events.page.push(PageEvent { page, old: words, new: words, timestamps: [0; 16] });
        forgery.rebuild_tree();
        assert_eq!(forgery.verdict(), NOBODY);
        assert_eq!(forgery.job.end.root, end);
    }
}

#[test]
fn refuses_a_change_of_a_page_without_an_access() {
    let mut forgery = forgery();
    let mut words = [0; PAGE_WORDS as usize];
    words[3] = 1;
    forgery.events.page.push(PageEvent {
        page: 12_345,
        old: [0; PAGE_WORDS as usize],
        new: words,
        timestamps: [0; 16],
    });
    forgery.rebuild_tree();
    assert_eq!(forgery.verdict(), ["bus memory"]);
}
