//! A column that takes no memory while all its values are the usual one.

use crate::text::reserve_more;

/// Values by row. Most tables leave most columns empty.
#[derive(Clone, Debug)]
pub(crate) struct SparseColumn<T> {
    usual: T,
    values: Vec<T>,
    rows: usize,
}

impl<T: Copy + PartialEq> SparseColumn<T> {
    pub fn new(usual: T) -> Self {
        Self { usual, values: Vec::new(), rows: 0 }
    }

    pub fn push(&mut self, value: T) {
        if value != self.usual || !self.values.is_empty() {
            self.values.resize(self.rows, self.usual);
            self.values.push(value);
        }
        self.rows += 1;
    }

    /// Makes room for `times` as many values, if it has any but the usual one.
    pub fn reserve(&mut self, times: f64) {
        reserve_more(&mut self.values, times);
    }

    /// The value in a row that was pushed.
    pub fn get(&self, row: usize) -> T {
        self.values.get(row).copied().unwrap_or(self.usual)
    }
}

#[cfg(test)]
mod tests {
    use super::SparseColumn;

    #[test]
    fn the_usual_value_takes_no_memory_until_another_comes() {
        let mut column = SparseColumn::new(1_u32);
        (0..5).for_each(|_| column.push(1));
        assert_eq!((column.get(4), column.values.capacity()), (1, 0));
        column.push(7);
        column.push(1);
        assert_eq!([0, 4, 5, 6].map(|row| column.get(row)), [1, 1, 7, 1]);
    }
}
