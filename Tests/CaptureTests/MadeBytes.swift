import Basics
import Foundation

/// `count` random bytes.
func randomBytes(_ count: Int, seed: UInt64) -> [UInt8] {
  var random = SplitMix64(seed: seed)
  return (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
}

/// A picture of smooth waves, as `count` bytes that lossy codecs keep well.
func smoothBytes(_ count: Int, width: Int, phase: Int) -> [UInt8] {
  (0..<count).map { UInt8(128 + Int(60 * sin(Double($0 % width + 3 * phase) / 9) + 40 * cos(Double($0 / width) / 7))) }
}
