import Glibc

/// The C library's exponential, this room's only external dependency.
func exponential(_ value: Float) -> Float { expf(value) }
