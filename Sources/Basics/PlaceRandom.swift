/// Random numbers that depend only on their position or stream, whatever the order in which they are drawn.
package struct PlaceRandom: Equatable, Sendable {
  private var generator: SplitMix64

  /// The numbers of one sequence from a position on; the sequence at the next position is the same without its first
  /// number.
  package init(seed: UInt64, _ place: Int) {
    generator = SplitMix64(seed: seed &+ UInt64(bitPattern: Int64(place)) &* SplitMix64.increment)
    _ = next()
  }

  /// An independent sequence for each stream.
  package init(seed: UInt64, stream: Int) {
    let scattered = SplitMix64.scattered(UInt64(bitPattern: Int64(stream)))
    generator = SplitMix64(seed: SplitMix64.scattered(seed &+ scattered))
  }

  package mutating func next() -> UInt64 { generator.next() }

  package mutating func uniform(_ range: ClosedRange<Float>) -> Float {
    range.lowerBound + (range.upperBound - range.lowerBound) * Float(next() >> 40) / Float(1 << 24)
  }
}
