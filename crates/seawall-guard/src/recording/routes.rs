use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, OnceLock};

/// What stands for requests that no route took, and for templates beyond the table's end.
pub const UNMATCHED: &str = "unmatched";

/// The number of a route's template in its [`Routes`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct RouteId(u16);

impl RouteId {
    /// Its place in a table of [`Routes::places`].
    #[must_use]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// A bounded table of route templates: a number for each, found without a lock and without allocating.
///
/// It learns a template when the first request for it comes. When it is full, further templates count as [`UNMATCHED`]; there are
/// only as many as the program has routes, so a table that is large enough stays so. Clones share the table.
#[derive(Clone, Debug)]
pub struct Routes(Arc<[OnceLock<Box<str>>]>);

impl Routes {
    /// Room for that many templates, rounded up to a power of two: at least 8, at most 4,096.
    #[must_use]
    pub fn new(templates: usize) -> Self {
        let places = templates.clamp(8, 4096).next_power_of_two();
        Self(std::iter::repeat_with(OnceLock::new).take(places).collect())
    }

    /// How many numbers there are: one for each template it can hold, and one for [`UNMATCHED`].
    #[must_use]
    pub fn places(&self) -> usize {
        self.0.len() + 1
    }

    /// The number of requests that no route took.
    #[must_use]
    pub fn unmatched(&self) -> RouteId {
        RouteId(u16::try_from(self.0.len()).expect("there are at most 4,096 places"))
    }

    /// The number of a template, a new one if it was not known.
    #[must_use]
    pub fn id(&self, template: &str) -> RouteId {
        // The keys of this hash are no secret, and need not be: templates come from the program, not from clients.
        let mut hasher = DefaultHasher::new();
        template.hash(&mut hasher);
        let mask = self.0.len() - 1;
        let first = usize::try_from(hasher.finish() & mask as u64).unwrap_or(0);
        for step in 0..self.0.len() {
            let place = (first + step) & mask;
            // Of two that find the same free place one writes, and the other looks at what it wrote.
            let known = self.0[place].get_or_init(|| template.into());
            if **known == *template {
                return RouteId(u16::try_from(place).expect("there are at most 4,096 places"));
            }
        }
        self.unmatched()
    }

    /// The template of a number.
    #[must_use]
    pub fn template(&self, id: RouteId) -> &str {
        let known = self.0.get(id.index()).and_then(OnceLock::get);
        known.map_or(UNMATCHED, |template| template)
    }

    /// The numbers of all templates that are known, and that of [`UNMATCHED`].
    pub fn ids(&self) -> impl Iterator<Item = RouteId> {
        let known = self.0.iter().enumerate().filter(|(_, place)| place.get().is_some());
        let known = known.filter_map(|(place, _)| u16::try_from(place).ok().map(RouteId));
        known.chain(std::iter::once(self.unmatched()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_has_one_number_and_the_number_leads_back() {
        let routes = Routes::new(5);
        let ids: Vec<_> = ["/a", "/b/{id}", "/c"].map(|template| routes.id(template)).into();
        assert_eq!(routes.places(), 9);
        for (id, template) in ids.iter().zip(["/a", "/b/{id}", "/c"]) {
            assert_eq!((routes.id(template), routes.template(*id)), (*id, template));
        }
        let mut all: Vec<_> = routes.ids().collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 4);
        assert_eq!(routes.template(routes.unmatched()), UNMATCHED);
    }

    #[test]
    fn a_full_table_takes_no_more() {
        let routes = Routes::new(8);
        let first: Vec<_> = (0..8).map(|n| routes.id(&format!("/{n}"))).collect();
        for n in 8..100 {
            assert_eq!(routes.id(&format!("/{n}")), routes.unmatched());
        }
        assert_eq!(routes.ids().count(), 9);
        assert!((0..8).all(|n| routes.id(&format!("/{n}")) == first[n]));
    }

    #[test]
    fn threads_that_meet_a_template_at_once_agree_on_its_number() {
        for _ in 0..50 {
            let routes = Routes::new(64);
            let (begin, templates) = (std::sync::Barrier::new(4), ["/a", "/b", "/c", "/d", "/e", "/f"]);
            let seen: Vec<[RouteId; 6]> = std::thread::scope(|scope| {
                let threads: Vec<_> = (0..4)
                    .map(|_| {
                        scope.spawn(|| {
                            begin.wait();
                            templates.map(|template| routes.id(template))
                        })
                    })
                    .collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            assert!(seen.iter().all(|ids| *ids == seen[0]), "{seen:?}");
            assert_eq!(routes.ids().count(), 7);
        }
    }
}
