/// Random numbers that are a function of their place or stream: the same for any order of asking.
package struct PlaceRandom: Equatable, Sendable {
  private var generator: SplitMix64

  /// The numbers from a place on, of one sequence: the next place's are the same without the first.
  package init(seed: UInt64, _ place: Int) {
    generator = SplitMix64(seed: seed &+ UInt64(bitPattern: Int64(place)) &* SplitMix64.increment)
    _ = next()
  }

  /// A sequence of its own for every stream.
  package init(seed: UInt64, stream: Int) {
    let scattered = SplitMix64.scattered(UInt64(bitPattern: Int64(stream)))
    generator = SplitMix64(seed: SplitMix64.scattered(seed &+ scattered))
  }

  package mutating func next() -> UInt64 { generator.next() }

  package mutating func uniform(_ range: ClosedRange<Float>) -> Float {
    range.lowerBound + (range.upperBound - range.lowerBound) * Float(next() >> 40) / Float(1 << 24)
  }
}
