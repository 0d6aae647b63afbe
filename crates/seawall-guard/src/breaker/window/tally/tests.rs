//! The windows against a log of all calls.

use std::time::Duration;

use proptest::prelude::*;

use super::*;

#[derive(Clone, Copy, Debug)]
enum Step {
    Call(Mark),
    Wait(u64),
    Clear,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        12 => (any::<bool>(), any::<bool>()).prop_map(|(failed, slow)| Step::Call(Mark { failed, slow })),
        6 => (0..400_u64).prop_map(Step::Wait),
        1 => (0..20_000_u64).prop_map(Step::Wait),
        1 => Just(Step::Clear),
    ];
    prop::collection::vec(step, 1..300)
}

fn sums_of<'a>(marks: impl Iterator<Item = &'a Mark>) -> Sums {
    let mut sums = Sums::default();
    for mark in marks {
        sums.add(*mark);
    }
    sums
}

proptest! {
    #[test]
    fn a_window_of_calls_holds_exactly_the_last_ones(size in 1..40_usize, steps in steps()) {
        let now = Instant::now();
        let mut tally = Tally::new(Window::Calls(size), now);
        let mut log: Vec<Mark> = Vec::new();
        for step in steps {
            match step {
                Step::Call(mark) => {
                    tally.add(mark, || now);
                    log.push(mark);
                }
                Step::Wait(_) => {}
                Step::Clear => {
                    tally.clear();
                    log.clear();
                }
            }
            prop_assert_eq!(tally.sums(), sums_of(log.iter().rev().take(size)));
        }
    }

    #[test]
    fn a_window_of_time_holds_exactly_its_buckets(
        buckets in 1..12_u64,
        width in 1..100_u64,
        steps in steps(),
    ) {
        let began = Instant::now();
        let length = Duration::from_millis(buckets * width);
        let window = Window::Time { length, buckets: usize::try_from(buckets).unwrap() };
        let mut tally = Tally::new(window, began);
        let mut log: Vec<(u64, Mark)> = Vec::new();
        let mut millis = 0;
        for step in steps {
            match step {
                Step::Call(mark) => {
                    tally.add(mark, || began + Duration::from_millis(millis));
                    log.push((millis / width, mark));
                }
                Step::Wait(time) => millis += time,
                Step::Clear => {
                    tally.clear();
                    log.clear();
                }
            }
            tally.roll(began + Duration::from_millis(millis));
            let held = log.iter().filter(|(bucket, _)| bucket + buckets > millis / width);
            prop_assert_eq!(tally.sums(), sums_of(held.map(|(_, mark)| mark)));
        }
    }
}

#[test]
fn a_time_before_the_newest_bucket_counts_in_that() {
    let began = Instant::now();
    let second = Duration::from_secs(1);
    let window = Window::Time {
        length: second * 2,
        buckets: 2,
    };
    let mut tally = Tally::new(window, began);
    let mark = Mark {
        failed: true,
        slow: false,
    };
    tally.add(mark, || began + second * 5);
    tally.add(mark, || began + second);
    assert_eq!(tally.sums().calls, 2);
    tally.roll(began + second * 7);
    assert_eq!(tally.sums(), Sums::default());
}
