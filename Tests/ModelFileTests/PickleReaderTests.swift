import Foundation
import Testing

@testable import ModelFile

@Suite struct PickleReaderTests {
  /// Opcodes that the reader supports, and a few that it refuses.
  private static let opcodes =
    Array("(01NJKMILGXTU)t]laed}suqrpghjcRbQ.i2o".utf8) + [
      0x80, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8c, 0x93, 0x94, 0x95, 0x81,
    ]

  private func read(_ bytes: [UInt8]) throws(ModelFileError) -> (value: PickleValue, heap: PickleHeap, end: Int) {
    try PickleReader.read(Data(bytes), path: "FILE")
  }

  private func refusal(_ text: String) -> String { refusal(Array(text.utf8)) }

  private func refusal(_ bytes: [UInt8]) -> String {
    do {
      _ = try read(bytes)
      return "none"
    } catch {
      return "\(error)"
    }
  }

  @Test func `the pickle reader reads numbers of every opcode`() throws {
    for (bytes, expected) in [
      ("K\u{7}.", 7), ("M\u{1}\u{2}.", 513), ("I-12\n.", -12), ("L34L\n.", 34),
    ] { #expect(try read(Array(bytes.utf8)).value == .integer(expected)) }
    #expect(try read([0x4a, 0xfb, 0xff, 0xff, 0xff, 0x2e]).value == .integer(-5))
    #expect(try read([0x8a, 0, 0x2e]).value == .integer(0))
    #expect(try read([0x8a, 1, 0xff, 0x2e]).value == .integer(-1))
    #expect(try read([0x8a, 6, 0, 0, 0, 0, 0, 1, 0x2e]).value == .integer(1 << 40))
    #expect(try read([0x8a, 8, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x2e]).value == .integer(.min))
    #expect(try read([0x47, 0x3f, 0xb9, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a, 0x2e]).value == .opaque)
    #expect(try read([0x8a, 9] + [UInt8](repeating: 1, count: 9) + [0x2e]).value == .opaque)
    #expect(try read([0x8b, 2, 0, 0, 0, 1, 1, 0x2e]).value == .integer(257))
    #expect(try read(Array("I01\n.".utf8)).value == .bool(true))
  }

  @Test func `a Python 2 dictionary and one in protocol 0 are read`() throws {
    let pairs = try read(Array("ccollections\nOrderedDict\n(](](U\u{1}aK\u{1}eetR.".utf8))
    #expect(pairs.heap.dictionaries.count == 1)
    let pair = try #require(pairs.heap.dictionaries.first?.first)
    #expect(pairs.heap.text(pair.key) == "a")
    #expect(pair.value == .integer(1))
    let old = try read(Array("(dp0\nU\u{1}kI5\ns.".utf8))
    #expect(old.heap.dictionaries.first?.first?.value == .integer(5))
  }

  @Test func `code in a pickle is not run but skipped`() throws {
    for text in [
      "cos\nsystem\n(U\u{2}lstR.", "K\u{1}0(ios\nsystem\n.", "(cos\nsystem\nU\u{2}lso.", "ctorch\nFloatStorage\n)R.",
      "cos\nsystem\n)\u{81}}b.", "\u{82}\u{5}.", "Psomething\n.",
    ] { #expect(try read(text.unicodeScalars.map { UInt8($0.value) }).heap.tensors.isEmpty, "\(text)") }
    #expect(refusal([0x80, 9, 0x2e]) == "FILE is refused: its pickle has protocol 9; 0 to 5 are supported")
    #expect(refusal([0x7e, 0x2e]) == "FILE is refused: its pickle has opcode 0x7e at byte 0, which is unknown")
  }

  @Test func `a tensor that claims more than its storage is refused`() {
    func tensor(count: Int, offset: Int, shape: [Int], strides: [Int]) -> String {
      var writer = PickleWriter()
      writer.global("torch._utils", "_rebuild_tensor_v2")
      writer.op("(")
      writer.op("(")
      writer.text("storage")
      writer.global("torch", "FloatStorage")
      writer.text("0")
      writer.text("cpu")
      writer.integer(count)
      writer.op("t")
      writer.op("Q")
      writer.integer(offset)
      writer.tuple(shape)
      writer.tuple(strides)
      writer.op("t")
      writer.op("R")
      writer.op(".")
      do {
        return try read(writer.bytes).heap.tensors.first?.problem.map { "\($0)" } ?? "none"
      } catch {
        return "\(error)"
      }
    }
    #expect(tensor(count: 6, offset: 0, shape: [2, 3], strides: [3, 1]) == "none")
    #expect(tensor(count: 6, offset: 0, shape: [3, 2], strides: [1, 3]) == "none")
    #expect(
      tensor(count: 6, offset: 1, shape: [2, 3], strides: [3, 1]).contains("does not fit its storage of 6 values"))
    #expect(tensor(count: 6, offset: 0, shape: [1000, 1000], strides: [0, 0]).contains("does not fit"))
    #expect(tensor(count: 6, offset: 0, shape: [2, 3], strides: [3]).contains("are invalid"))
    #expect(tensor(count: 6, offset: 0, shape: [2, 3], strides: [-3, 1]).contains("reaches beyond any memory"))
    #expect(
      tensor(count: 6, offset: 0, shape: Array(repeating: 2, count: 17), strides: Array(repeating: 1, count: 17))
        .contains("are invalid"))
  }

  @Test func `endlessly nested or circular objects neither overflow the stack nor leak`() throws {
    let depth = 99_000
    // Plus the empty one, which always exists.
    #expect(try read(Array("]".utf8) + Array(repeating: 0x85, count: depth) + [0x2e]).heap.tuples.count == depth + 1)
    let lists =
      Array(repeating: UInt8(ascii: "]"), count: depth) + Array(repeating: UInt8(ascii: "a"), count: depth - 1)
    #expect(try read(lists + [0x2e]).heap.lists.count == depth)
    #expect(refusal("]q\u{1}h\u{1}a.") == "none")
    #expect(refusal(Array(repeating: UInt8(ascii: "("), count: 2000)).contains("nests too deeply"))
    #expect(refusal(Array(repeating: UInt8(ascii: ")"), count: 400_000)).contains("needs far more memory"))
  }

  @Test func `lengths beyond the end of the pickle are refused before anything is allocated`() {
    #expect(refusal(Array("X".utf8) + [0xff, 0xff, 0xff, 0x7f]).contains("its pickle is truncated"))
    #expect(
      refusal(Array("X".utf8) + [0xff, 0, 0, 0]) == "FILE is damaged or in another format: its pickle is truncated")
    #expect(refusal("") == "FILE is damaged or in another format: its pickle is truncated")
    #expect(refusal("cabc").contains("a line of its pickle has no end"))
  }

  @Test func `long pickle histories cost next to nothing`() throws {
    var bytes: [UInt8] = [0x80, 2, 0x5d, 0x71, 0]
    for _ in 0..<1000 {
      bytes.append(0x28)
      // Each one a pair of a step and a loss.
      for _ in 0..<1000 { bytes += [0x4b, 7, 0x47, 0, 0, 0, 0, 0, 0, 0, 0, 0x86] }
      bytes.append(0x65)
    }
    let heap = try read(bytes + [0x2e]).heap
    #expect(heap.lists.map(\.count) == [32] && heap.tuples.count == 1)
  }

  @Test func `texts of every protocol are names, and bytes are bytes`() throws {
    for text in ["S'a\\x62'\n.", "Vab\n.", "U\u{2}ab.", "X\u{2}\0\0\0ab."] {
      let (value, heap, _) = try read(Array(text.utf8))
      #expect(heap.text(value) == "ab", "\(text)")
    }
    // How Python 3 writes b"\xff\x00a" in protocols 0 and 2.
    for bytes in [
      Array("c_codecs\nencode\n(V".utf8) + [0xff] + Array("\\u0000a\nVlatin1\ntR.".utf8),
      Array("c_codecs\nencode\n(X".utf8) + [4, 0, 0, 0, 0xc3, 0xbf, 0, 0x61] + Array("X\u{6}\0\0\0latin1tR.".utf8),
      [0x43, 3, 0xff, 0, 0x61, 0x2e], [0x96, 3, 0, 0, 0, 0, 0, 0, 0, 0xff, 0, 0x61, 0x2e],
    ] as [[UInt8]] {
      let (value, heap, _) = try read(bytes)
      #expect(heap.content(value) == Data([0xff, 0, 0x61]))
    }
  }

  @Test func `2,000 damaged pickles and 2,000 random opcode sequences are read or refused`() {
    let original = Data(
      TorchWriter.pickle([
        WrittenTensor(name: "a.weight", shape: [2, 3], values: fixtureValues(6)),
        WrittenTensor(name: "b", shape: [2, 1, 1, 1, 2], values: fixtureValues(4), type: .float16),
      ]))
    var refused = 0
    for seed in UInt64(0)..<2000 {
      var mutator = Mutator(seed: seed)
      for bytes in [mutator.mutated(original, opcodes: Self.opcodes), mutator.soup(of: Self.opcodes, count: 200)] {
        if refusal([UInt8](bytes)) != "none" { refused += 1 }
      }
    }
    #expect((1500..<4000).contains(refused))
  }
}
