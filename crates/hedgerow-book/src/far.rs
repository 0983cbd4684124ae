//! Levels far from the best: a sorted list in chunks, so that inserting moves at most a chunk.
//!
//! Promises: ordered by key; finding and changing cost two binary searches and at most one chunk's move; chunks that
//! empty are used again and sparse neighbours are joined, so memory grows with the most levels ever held at a time.
//! Never: a hash, or an order that depends on history.

/// Levels in a chunk.
const CHUNK: usize = 64;

/// A run of levels with rising keys.
#[derive(Clone, Debug)]
struct Chunk<V> {
    len: usize,
    keys: [i32; CHUNK],
    values: [V; CHUNK],
}

impl<V: Copy + Default> Chunk<V> {
    fn new() -> Chunk<V> {
        Chunk { len: 0, keys: [0; CHUNK], values: [V::default(); CHUNK] }
    }

    fn find(&self, key: i32) -> Result<usize, usize> {
        self.keys[..self.len].binary_search(&key)
    }

    fn insert(&mut self, at: usize, key: i32, value: V) {
        self.keys.copy_within(at..self.len, at + 1);
        self.values.copy_within(at..self.len, at + 1);
        self.keys[at] = key;
        self.values[at] = value;
        self.len += 1;
    }

    fn remove(&mut self, at: usize) -> V {
        let value = self.values[at];
        self.keys.copy_within(at + 1..self.len, at);
        self.values.copy_within(at + 1..self.len, at);
        self.len -= 1;
        value
    }
}

/// Values by key, in order of their keys.
#[derive(Clone, Debug)]
pub(crate) struct Far<V> {
    chunks: Vec<Chunk<V>>,
    /// Least key and place of each chunk in use, in order.
    order: Vec<(i32, u32)>,
    /// Places of chunks not in use.
    free: Vec<u32>,
}

impl<V: Copy + Default> Far<V> {
    pub(crate) fn new() -> Far<V> {
        Far { chunks: Vec::new(), order: Vec::new(), free: Vec::new() }
    }

    /// The least key.
    pub(crate) fn first_key(&self) -> Option<i32> {
        self.order.first().map(|(key, _)| *key)
    }

    /// Which chunk a key belongs to.
    fn chunk_of(&self, key: i32) -> usize {
        self.order.partition_point(|(first, _)| *first <= key).saturating_sub(1)
    }

    pub(crate) fn get(&self, key: i32) -> Option<V> {
        let (_, place) = self.order.get(self.chunk_of(key))?;
        let chunk = &self.chunks[*place as usize];
        chunk.find(key).ok().map(|at| chunk.values[at])
    }

    /// Changes the value at a key, the default where there is none; an empty one is taken away.
    pub(crate) fn change(&mut self, key: i32, work: impl FnOnce(&mut V), is_empty: impl Fn(&V) -> bool) {
        let index = self.chunk_of(key);
        let place = self.order.get(index).map(|(_, place)| *place as usize);
        match place.map(|place| (place, self.chunks[place].find(key))) {
            Some((place, Ok(at))) => {
                let value = &mut self.chunks[place].values[at];
                work(value);
                if is_empty(value) {
                    self.remove_at(index, at);
                }
            }
            found => {
                let mut value = V::default();
                work(&mut value);
                if !is_empty(&value) {
                    let at = found.map_or(0, |(_, at)| at.unwrap_or_else(|at| at));
                    self.insert_at(index, at, key, value);
                }
            }
        }
    }

    /// Puts a value at a place of a chunk; without any chunk, into the first.
    fn insert_at(&mut self, mut index: usize, mut at: usize, key: i32, value: V) {
        if self.order.is_empty() {
            let place = self.take_chunk();
            self.order.push((key, place));
        }
        let mut place = self.order[index].1 as usize;
        if self.chunks[place].len == CHUNK {
            self.split(index);
            if at > CHUNK / 2 {
                index += 1;
                at -= CHUNK / 2;
                place = self.order[index].1 as usize;
            }
        }
        self.chunks[place].insert(at, key, value);
        self.order[index].0 = self.chunks[place].keys[0];
    }

    /// Takes the value at a place of a chunk away.
    fn remove_at(&mut self, index: usize, at: usize) -> V {
        let place = self.order[index].1 as usize;
        let value = self.chunks[place].remove(at);
        if self.chunks[place].len == 0 {
            self.free.push(place as u32);
            self.order.remove(index);
        } else {
            self.order[index].0 = self.chunks[place].keys[0];
            self.join(index);
            if let Some(before) = index.checked_sub(1) {
                self.join(before);
            }
        }
        value
    }

    /// Takes the least key away.
    pub(crate) fn pop_first(&mut self) -> Option<(i32, V)> {
        let key = self.first_key()?;
        Some((key, self.remove_at(0, 0)))
    }

    pub(crate) fn clear(&mut self) {
        self.free.extend(self.order.drain(..).map(|(_, place)| place));
    }

    /// Every key and value, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (i32, V)> + '_ {
        self.order.iter().flat_map(|(_, place)| {
            let chunk = &self.chunks[*place as usize];
            (0..chunk.len).map(|at| (chunk.keys[at], chunk.values[at]))
        })
    }

    fn take_chunk(&mut self) -> u32 {
        if let Some(place) = self.free.pop() {
            self.chunks[place as usize].len = 0;
            return place;
        }
        self.chunks.push(Chunk::new());
        // A chunk given back later must find room without asking for memory.
        self.free.reserve(self.chunks.len());
        self.chunks.len() as u32 - 1
    }

    /// Moves the upper half of a full chunk into a new one behind it.
    fn split(&mut self, index: usize) {
        let upper = self.take_chunk();
        let lower = &mut self.chunks[self.order[index].1 as usize];
        lower.len = CHUNK / 2;
        let (keys, values) = (lower.keys, lower.values);
        let chunk = &mut self.chunks[upper as usize];
        chunk.len = CHUNK / 2;
        chunk.keys[..CHUNK / 2].copy_from_slice(&keys[CHUNK / 2..]);
        chunk.values[..CHUNK / 2].copy_from_slice(&values[CHUNK / 2..]);
        self.order.insert(index + 1, (chunk.keys[0], upper));
    }

    /// Joins a chunk with the next, if together they are at most half full.
    fn join(&mut self, index: usize) {
        let Some((_, next)) = self.order.get(index + 1).copied() else { return };
        let place = self.order[index].1 as usize;
        let (len, more) = (self.chunks[place].len, self.chunks[next as usize].len);
        if len + more > CHUNK / 2 {
            return;
        }
        let (keys, values) = (self.chunks[next as usize].keys, self.chunks[next as usize].values);
        let chunk = &mut self.chunks[place];
        chunk.keys[len..len + more].copy_from_slice(&keys[..more]);
        chunk.values[len..len + more].copy_from_slice(&values[..more]);
        chunk.len = len + more;
        self.order.remove(index + 1);
        self.free.push(next);
    }

    /// Chunks taken from the system so far.
    #[cfg(test)]
    pub(crate) fn chunks_held(&self) -> usize {
        self.chunks.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// Puts a value at a key; 0 takes it away.
    fn set(far: &mut Far<usize>, key: i32, value: usize) {
        far.change(key, |place| *place = value, |place| *place == 0);
    }

    proptest! {
        #[test]
        fn any_sequence_of_changes_gives_what_an_ordered_map_gives(changes in prop::collection::vec((-300_i32..300, 0_u8..3), 0..2_000)) {
            let (mut far, mut map) = (Far::new(), BTreeMap::new());
            for (n, (key, what)) in changes.into_iter().enumerate() {
                let value = if what == 0 { 0 } else { n + 1 };
                set(&mut far, key, value);
                if value == 0 { map.remove(&key) } else { map.insert(key, value) };
                prop_assert_eq!(far.get(key), map.get(&key).copied());
                prop_assert_eq!(far.first_key(), map.keys().next().copied());
            }
            prop_assert!(far.iter().eq(map.into_iter()));
        }
    }

    #[test]
    fn memory_grows_with_what_is_held_and_not_with_what_passed_through() {
        let mut far = Far::new();
        for round in 0..200 {
            for n in 0..1_000 {
                set(&mut far, (n * 7_919 + round * 104_729) % 1_000_003, 1);
                if n >= 100 {
                    set(&mut far, ((n - 100) * 7_919 + round * 104_729) % 1_000_003, 0);
                }
            }
            while far.pop_first().is_some() {}
        }
        assert!(far.chunks_held() <= 16, "{} chunks for 100 levels", far.chunks_held());
    }
}
