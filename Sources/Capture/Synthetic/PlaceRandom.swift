/// Random numbers that are a function of their place or stream: the same for any order of asking.
package struct PlaceRandom: Equatable, Sendable {
  private var state: UInt64

  /// The numbers from a place on, of one sequence: the next place's are the same without the first.
  init(seed: UInt64, _ place: Int) {
    state = seed &+ UInt64(bitPattern: Int64(place)) &* 0x9E37_79B9_7F4A_7C15
    _ = next()
  }

  /// A sequence of its own for every stream.
  package init(seed: UInt64, stream: Int) {
    state = Self.scattered(seed &+ Self.scattered(UInt64(bitPattern: Int64(stream))))
  }

  /// SplitMix64.
  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return Self.scattered(state)
  }

  /// SplitMix64's finaliser.
  private static func scattered(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  package mutating func uniform(_ range: ClosedRange<Float>) -> Float {
    range.lowerBound + (range.upperBound - range.lowerBound) * Float(next() >> 40) / Float(1 << 24)
  }

  mutating func color(_ range: ClosedRange<Float>) -> RGB {
    RGB(red: UInt8(uniform(range)), green: UInt8(uniform(range)), blue: UInt8(uniform(range)))
  }
}
