import Foundation

/// A small random number generator with the same output on every platform.
///
/// - Source: Steele, Lea & Flood 2014.
package struct SplitMix64: RandomNumberGenerator, Equatable, Sendable {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  /// An independent stream for each name.
  package init(seed: UInt64, name: String) {
    var mixed = SplitMix64(seed: seed ^ Self.hash(name))
    state = mixed.next()
  }

  /// 64-bit FNV-1a hash of the UTF-8 bytes.
  package static func hash(_ name: String) -> UInt64 {
    name.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }

  /// Hashes several numbers into one; their order matters.
  package static func mixed(_ numbers: UInt64...) -> UInt64 {
    numbers.reduce(0) { state, number in
      var generator = SplitMix64(seed: state ^ number)
      return generator.next()
    }
  }

  package mutating func next() -> UInt64 {
    state &+= Self.increment
    return Self.scattered(state)
  }

  /// What the state grows by per number.
  package static let increment: UInt64 = 0x9e37_79b9_7f4a_7c15

  /// The finaliser: every input bit affects every output bit.
  package static func scattered(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z &>> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z &>> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z &>> 31)
  }

  /// A standard normal deviate, by the Box-Muller transform.
  package mutating func normal() -> Float {
    let radius = (-2 * log(1 - Double.random(in: 0..<1, using: &self))).squareRoot()
    return Float(radius * cos(2 * .pi * Double.random(in: 0..<1, using: &self)))
  }
}
