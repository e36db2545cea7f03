//! Inputs of the wrong length, and what failures are called.

use super::*;

/// A leaf of two elements, and its path.
fn leaf(builder: &mut Builder, source: Source) {
    let (digest, _) = builder.hash_elements(source, 2);
    let expected = sponge::leaf_digest(&[Val::ONE; 8]);
    sponge::assert_digest(builder, source, digest, &expected, &[Val::TWO; 8]);
}

/// Two messages of two sources, and an opening of each.
fn build() -> Builder {
    let mut builder = Builder::new();
    let [x, y] = [0, 1].map(|source| builder.message(Source(source)));
    builder.assert_equal(x, y);
    for source in [0, 1] {
        builder.open(Source(source), &[x, y]);
        leaf(&mut builder, Source(source));
    }
    builder
}

fn given() -> Given {
    let messages = BTreeMap::from([(0, vec![Challenge::TWO]), (1, vec![Challenge::TWO])]);
    let opening = Openings { values: vec![Val::ONE; 8], digests: vec![[Val::TWO; 8]] };
    Given { messages, openings: VecDeque::from([opening.clone(), opening]), ..Given::default() }
}

#[test]
fn sources_are_apart() {
    accept(build(), &given());
    let circuit = build().finish(&SMALL).unwrap();
    let mut asked = given();
    circuit.run(&mut asked).unwrap();
    assert_eq!(asked.opened, [0, 1].map(|source| (Source(source), vec![Challenge::TWO; 2])));
}

#[test]
fn too_few_messages_are_refused() {
    let mut short = given();
    short.messages.remove(&1);
    assert_eq!(refuse(build(), &short), Failure::TooShort("messages"));
}

#[test]
fn too_many_messages_are_refused() {
    let mut long = given();
    long.messages.get_mut(&0).unwrap().push(Challenge::ZERO);
    assert_eq!(refuse(build(), &long), Failure::TooLong("messages"));
}

#[test]
fn too_few_values_are_refused() {
    let mut short = given();
    short.openings[1].values.pop();
    assert_eq!(refuse(build(), &short), Failure::TooShort("values"));
}

#[test]
fn too_many_values_are_refused() {
    for i in 0..2 {
        let mut long = given();
        long.openings[i].values.push(Val::ZERO);
        assert_eq!(refuse(build(), &long), Failure::TooLong("values"));
    }
}

#[test]
fn values_that_the_next_opening_would_follow_are_refused() {
    let mut builder = build();
    builder.open(SOURCE, &[]);
    let mut long = given().and_open(Openings::default());
    long.openings[0].values.push(Val::ZERO);
    assert_eq!(refuse(builder, &long), Failure::TooLong("values"));
}

#[test]
fn too_few_digests_are_refused() {
    let mut short = given();
    short.openings[1].digests.pop();
    assert_eq!(refuse(build(), &short), Failure::TooShort("digests"));
}

#[test]
fn too_many_digests_are_refused() {
    let mut long = given();
    long.openings[0].digests.push([Val::ZERO; 8]);
    assert_eq!(refuse(build(), &long), Failure::TooLong("digests"));
}

#[test]
fn an_opening_that_fails_is_refused() {
    let mut none = given();
    none.openings.pop_back();
    let refused = Refused("nothing is left to open");
    assert_eq!(refuse(build(), &none), Failure::Refused(refused));
}

#[test]
fn values_before_an_opening_are_refused() {
    let mut builder = Builder::new();
    leaf(&mut builder, SOURCE);
    assert_eq!(refuse(builder, &Given::default()), Failure::NotOpened);
}

#[test]
fn failures_have_the_label_of_their_part() {
    let mut builder = Builder::new();
    builder.label("first");
    let x = builder.message(SOURCE);
    let unused = builder.mul(x, x);
    builder.mul(unused, x);
    builder.label("empty");
    builder.label("second");
    builder.assert_zero(x);
    builder.label("third");
    builder.assert_base(x);
    let circuit = builder.finish(&SMALL).unwrap();
    let error = circuit.run(&mut Given::messages([Challenge::ONE])).unwrap_err();
    assert_eq!(error, Unsatisfied { label: "second", what: Failure::Assertion });
    let error = circuit.run(&mut Given::default()).unwrap_err();
    assert_eq!(error, Unsatisfied { label: "first", what: Failure::TooShort("messages") });
    assert_eq!(error.to_string(), "first: the source has no more messages");
}
