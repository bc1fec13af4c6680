//! Crate documentation.

use std::fmt;

/// A basket.
#[derive(Debug, Clone)]
pub struct Basket<'a, T> {
    items: Vec<&'a T>,
    size: usize,
}

const OPEN: char = '{';

impl<'a, T: fmt::Debug> fmt::Display for Basket<'a, T>
where
    T: Clone,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quote = '\'';
        let raw = r#"a "quoted" {"#;

        match self.size {
            0 => write!(f, "none"),
            1 => {
                write!(f, "one")
            }
            _ => 'outer: loop {
                break 'outer;
            },
        }
    }
}

/* outer /* inner { */ still */
pub(crate) async fn run<F>(f: F) -> Option<u8>
where
    F: Fn() -> u8,
{
    Some(f())
}

macro_rules! square {
    ($x:expr) => {
        $x * $x
    };
}

mod tests {
    use super::*;

    #[test]
    fn works() {
        assert_eq!(square!(2), 4);
    }
}

pub trait Sink {
    fn put(&mut self, text: &str);
    fn close(&mut self) {}
}
