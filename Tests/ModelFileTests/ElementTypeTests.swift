import Foundation
import Testing

@testable import ModelFile

@Suite struct ElementTypeTests {
  private func allPatterns() -> Data { Data((0...UInt16.max).flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] }) }

  @Test(arguments: [ElementType.float16, .bfloat16])
  func `all 65,536 values of a short type survive float32 and back`(type: ElementType) {
    let patterns = allPatterns()
    let values = type.floats(patterns)
    let back = [UInt8](type.bytes(values))
    let original = [UInt8](patterns)
    var different = 0
    for (index, value) in values.enumerated() where !value.isNaN {
      if back[2 * index] != original[2 * index] || back[2 * index + 1] != original[2 * index + 1] { different += 1 }
    }
    #expect(different == 0)
    let again = type.floats(type.bytes(values))
    #expect(zip(values, again).allSatisfy { $0.isNaN == $1.isNaN })
    #expect(values.count { $0.isNaN } == (type == .float16 ? 2 * 1023 : 2 * 127))
  }

  @Test func `float16 patterns have their IEEE 754 values`() {
    let values = ElementType.float16.floats(allPatterns())
    for (pattern, value) in values.enumerated() where pattern >> 10 & 31 != 31 {
      let (sign, exponent, fraction) = (pattern >> 15, pattern >> 10 & 31, pattern & 1023)
      let magnitude =
        exponent == 0
        ? Float(fraction) * 0x1p-24
        : Float(1024 + fraction) * Float(sign: .plus, exponent: exponent - 25, significand: 1)
      #expect(value == (sign == 0 ? magnitude : -magnitude), "pattern \(pattern)")
    }
  }

  @Test func `bfloat16 rounds to the nearest value, ties to even`() {
    // Every positive finite bfloat16, and points below, at and above the midpoint to the next one.
    for pattern in UInt32(0)..<0x7f7f {
      let bits = pattern << 16
      for (offset, expected) in [(UInt32(0x7fff), pattern), (0x8000, pattern + pattern % 2), (0x8001, pattern + 1)] {
        let stored = [UInt8](ElementType.bfloat16.bytes([Float(bitPattern: bits + offset)]))
        #expect(UInt32(stored[0]) | UInt32(stored[1]) << 8 == expected)
      }
    }
  }

  @Test func `integers and doubles are converted to floats`() {
    #expect(ElementType.int64.floats(TorchWriter.little(Int64(-70000))) == [-70000])
    #expect(ElementType.int32.floats(TorchWriter.little(Int32(9))) == [9])
    #expect(ElementType.bool.floats(Data([0, 1])) == [0, 1])
    #expect(ElementType.float64.floats(TorchWriter.little((0.1).bitPattern)) == [Float(0.1)])
  }
}
