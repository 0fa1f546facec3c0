import Glibc

/// The C library's exponential; the one thing this room takes from outside.
func exponential(_ value: Float) -> Float { expf(value) }
