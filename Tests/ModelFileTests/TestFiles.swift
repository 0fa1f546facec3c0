import Basics
import Foundation
import Networks

@testable import ModelFile

/// The folder of files written by PyTorch itself.
func fixture(_ name: String) -> String {
  Bundle.module.bundleURL.appendingPathComponent("Fixtures").appendingPathComponent(name).path
}

/// The values that `make_fixtures.py` puts into a tensor.
func fixtureValues(_ count: Int) -> [Float] { (0..<count).map { Float($0 * 7 % 23) / 4 - 2 } }

/// The smallest possible student, for files of a few hundred kilobytes.
func tinyNetwork(
  classes: Int = 3, nonLocal: StudentNetwork.NonLocal = .subSampled, head: StudentNetwork.Head = .stepClassifier
) throws -> StudentNetwork {
  try StudentNetwork(
    width: WidthMultiplier(0.0625), frames: 16, size: 112, classes: classes, nonLocal: nonLocal, head: head)
}

/// The random weights of `network`, in a checkpoint's format.
func writtenTensors(_ network: StudentNetwork, seed: UInt64 = 1) throws -> [WrittenTensor] {
  let weights = RandomWeights(seed: seed)
  return try network.graph().parameters.map {
    WrittenTensor(name: $0.name, shape: $0.shape, values: weights.values(of: $0))
  }
}

/// Makes changes that a damaged or hostile file may have.
struct Mutator {
  private var random: SplitMix64

  init(seed: UInt64) { random = SplitMix64(seed: seed) }

  /// One to four of: a flipped bit, a cut, an extreme number, an arbitrary byte, a copied piece, a removed piece.
  mutating func mutated(_ original: Data, opcodes: [UInt8] = []) -> Data {
    var bytes = [UInt8](original)
    for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
      let at = Int.random(in: 0..<bytes.count, using: &random)
      switch Int.random(in: 0..<6, using: &random) {
      case 0: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 1: bytes.removeSubrange(at...)
      case 2:
        let width = [1, 2, 4, 8].randomElement(using: &random) ?? 1
        let fill: [UInt8] = [0, 1, 0x7f, 0x80, 0xff]
        let value = fill.randomElement(using: &random) ?? 0
        for index in at..<min(at + width, bytes.count) {
          bytes[index] = index == at ? value : value == 0x7f ? 0xff : value
        }
      case 3: bytes[at] = opcodes.randomElement(using: &random) ?? UInt8.random(in: 0...255, using: &random)
      case 4:
        let from = Int.random(in: 0..<bytes.count, using: &random)
        bytes.insert(contentsOf: bytes[from..<min(from + 64, bytes.count)], at: at)
      default: bytes.removeSubrange(at..<min(at + Int.random(in: 1...32, using: &random), bytes.count))
      }
    }
    return Data(bytes)
  }

  /// Opcodes in any order.
  mutating func soup(of opcodes: [UInt8], count: Int) -> Data {
    Data((0..<count).map { _ in opcodes.randomElement(using: &random) ?? 0 })
  }
}
