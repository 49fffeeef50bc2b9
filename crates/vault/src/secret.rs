use zeroize::Zeroize;

/// A value that wipes itself when dropped and has no way out but [`Secret::expose`].
///
/// It implements none of `Debug`, `Display`, `Clone`, `PartialEq`, `Serialize`: what is not
/// implemented cannot leak.
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Takes the value in.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// Shows the value. Every call is a place to look at in a review.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}
