import Foundation
import Networks
import TestSupport
import Testing

@testable import ModelFile

@Suite struct NumPyCheckpointTests {
  private static let small = WrittenArray(
    path: ["params", "a"], shape: [2, 3], content: ElementType.float32.bytes(fixtureValues(6)))

  private static func plain() throws -> [WrittenTensor] {
    try writtenTensors(tinyNetwork(nonLocal: .none, head: .meanOverSteps))
  }

  /// The refusal of a file that contains `content`; "none" if it is read.
  private func refusal(_ content: Data) throws -> String {
    let folder = try TemporaryFolder()
    let path = try folder.write(content)
    do throws(ModelFileError) {
      for tensor in try Checkpoint(path: path).tensors.values { _ = tensor.values() }
      return "none"
    } catch {
      return "\(error)".replacing(path, with: "FILE")
    }
  }

  private func refusal(_ array: WrittenArray) throws -> String { try refusal(NumPyWriter.checkpoint([array])) }

  private func importRefusal(_ arrays: [WrittenArray]) throws -> String {
    let folder = try TemporaryFolder()
    let path = try folder.write(NumPyWriter.checkpoint(arrays))
    let error = #expect(throws: ModelFileError.self) { try StudentImport(path: path, frames: 16, size: 112) }
    return error.map { "\($0)".replacing(path, with: "FILE") } ?? ""
  }

  private func pickled(_ write: (inout PickleWriter) -> Void) -> Data {
    var writer = PickleWriter()
    write(&writer)
    writer.op(".")
    return Data(writer.bytes)
  }

  @Test func `NumPy's own files are read, with PyTorch's names and axes`() throws {
    let checkpoint = try Checkpoint(path: fixture("numpy.ckpt"))
    #expect(checkpoint.location == "params and batch_stats")
    let kernel = fixtureValues(24)
    let expected: [String: (shape: [Int], values: [Float])] = [
      "Conv3d_1a_7x7.conv3d.weight": (
        [4, 3, 2, 1, 1], (0..<24).map { kernel[$0 % 2 * 12 + $0 / 2 % 3 * 4 + $0 / 6] }
      ),
      "Conv3d_1a_7x7.bn.bias": ([4], fixtureValues(4)),
      "Conv3d_1a_7x7.bn.weight": ([4], fixtureValues(4)),
      "Conv3d_1a_7x7.bn.running_mean": ([4], fixtureValues(4)),
      "Mixed_5b.b2b.conv3d.weight": ([2, 2, 1, 1, 1], [0, 2, 1, 3].map { kernel[$0] }),
      "logits.conv3d.bias": ([3], fixtureValues(3)),
      "fortran": ([2, 3, 2], fixtureValues(12)),
      "counter": ([], [70000]),
      "empty": ([0, 4], []),
    ]
    #expect(Set(checkpoint.tensors.keys) == Set(expected.keys))
    for (name, tensor) in checkpoint.tensors {
      #expect(tensor.shape == expected[name]?.shape, "\(name)")
      #expect(tensor.values() == expected[name]?.values, "\(name)")
    }
  }

  @Test func `a NumPy I3D is recognised, and every weight is read`() throws {
    let tensors = try Self.plain()
    let folder = try TemporaryFolder()
    let path = try folder.write(NumPyWriter.checkpoint(NumPyWriter.arrays(tensors)))
    let imported = try StudentImport(path: path, kind: .i3d, frames: 16, size: 112)
    #expect(try imported.network == tinyNetwork(nonLocal: .none, head: .meanOverSteps))
    for tensor in tensors {
      #expect(try imported.values(of: ParameterDescription(tensor.name, tensor.shape)) == tensor.values)
    }
  }

  @Test func `batch-norm scales missing from a NumPy checkpoint are 1`() throws {
    let folder = try TemporaryFolder()
    let arrays = NumPyWriter.arrays(try Self.plain().filter { !$0.name.hasSuffix(".bn.weight") })
    let imported = try StudentImport(path: folder.write(NumPyWriter.checkpoint(arrays)), frames: 16, size: 112)
    #expect(
      imported.remarks == [
        "the weights were read from batch_stats and params",
        "a plain I3D: added an identity Non-Local block and a mean over steps",
        "57 batch-norm scales are absent, as in TensorFlow's files, and set to 1",
      ])
    let scale = ParameterDescription("Mixed_3b.b0.bn.weight", [8])
    #expect(try imported.values(of: scale) == Array(repeating: 1, count: 8))
  }

  @Test func `a refused NumPy import names every array that does not fit`() throws {
    var arrays = NumPyWriter.arrays(try Self.plain())
    arrays.removeAll { $0.path.contains("Branch_1/Conv3d_0b_3x3") && $0.path.contains("Mixed_4c") }
    arrays.append(WrittenArray(path: ["params", "Dense_0", "kernel"], shape: [1], content: Data(count: 4)))
    for index in arrays.indices where arrays[index].path.suffix(3) == ["Logits/Conv3d_0c_1x1", "Conv_0", "bias"] {
      arrays[index].shape = [3, 1]
    }
    #expect(
      try importRefusal(arrays)
        == "FILE cannot be used: missing: Mixed_4c.b1b.bn.bias, Mixed_4c.b1b.bn.running_mean, "
        + "Mixed_4c.b1b.bn.running_var, Mixed_4c.b1b.conv3d.weight; left over: Dense_0/kernel; "
        + "of another shape: logits.conv3d.bias [3, 1] instead of [3]")
    #expect(try importRefusal([Self.small]).contains("it is not an I3D: it has no Conv3d_1a_7x7.conv3d.weight"))
  }

  @Test func `NumPy arrays that are damaged or stored in another way are refused with the reason`() throws {
    var array = Self.small
    #expect(try refusal(array) == "none")
    array.content.removeLast()
    #expect(try refusal(array).hasPrefix("FILE is damaged or in another format: the array of shape [2, 3] at byte "))
    #expect(try refusal(array).hasSuffix("has 23 bytes for its 6 values of 4 bytes"))
    array = Self.small
    array.content.append(0)
    #expect(try refusal(array).contains("has 25 bytes for its 6 values"))
    array = Self.small
    array.order = ">"
    #expect(
      try refusal(array)
        == "FILE cannot be used: an array has byte order '>'; save it again as little-endian ('<')")
    for code in ["O8", "c8", "V12", "U5", "f16"] {
      array = Self.small
      array.code = code
      #expect(try refusal(array).contains("its pickle has an array of type \(code) at byte"))
    }
    let whole = NumPyWriter.checkpoint([Self.small])
    for length in 2..<whole.count {
      let text = try refusal(whole.prefix(length))
      #expect(text.hasSuffix("its pickle is truncated") || text.hasSuffix("a line of its pickle has no end"), "\(text)")
    }
    #expect(try refusal(whole + Data(count: 3)).contains("3 bytes follow its pickle"))
  }

  @Test func `a NumPy pickle of something else is refused with its contents`() throws {
    #expect(try refusal(pickled { $0.integer(1) }).contains("its pickle is not a dictionary"))
    #expect(
      try refusal(
        pickled { writer in
          writer.op("}")
          writer.text("opt_state")
          writer.integer(1)
          writer.op("s")
        }
      ).contains("it holds no tensors by name; its keys are opt_state"))
    var array = Self.small
    array.path = ["params"]
    #expect(try refusal(array).contains("no arrays under `params`"))
  }

  @Test func `code in a NumPy pickle is not run but skipped`() throws {
    for (module, name) in [
      ("os", "system"), ("builtins", "eval"), ("numpy", "load"), ("numpy.core.multiarray", "fromfile"),
    ] {
      let text = try refusal(
        pickled { writer in
          writer.global(module, name)
          writer.text("true")
          writer.raw(0x85)
          writer.op("R")
        })
      #expect(text.contains("its pickle is not a dictionary"))
    }
  }

  @Test func `NumPy sizes beyond any memory are refused before anything is allocated`() throws {
    for shape in [[1 << 30, 1 << 30, 1 << 30], [-1, 6], [1 << 30, 1 << 30, 0, 5], Array(repeating: 1, count: 17)] {
      var array = Self.small
      array.shape = shape
      #expect(try refusal(array).hasPrefix("FILE is damaged or in another format: the"), "\(shape)")
    }
    for opcodes: [UInt8] in [
      [0x42, 0xff, 0xff, 0xff, 0xff], [0x8e, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
      [0x8e, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], [0x43, 0xff],
    ] {
      #expect(
        try refusal(Data([0x80, 4] + opcodes))
          == "FILE is damaged or in another format: its pickle is truncated")
    }
  }

  @Test func `NumPy dictionaries that are endless, shared or circular are refused`() throws {
    func nested(_ depth: Int, key: String) -> Data {
      pickled { writer in
        for _ in 0...depth {
          writer.op("}")
          writer.put()
          writer.text(key)
        }
        writer.integer(1)
        for _ in 0...depth { writer.op("s") }
      }
    }
    #expect(try refusal(nested(40_000, key: "params")).contains("nest too deeply"))
    #expect(
      try refusal(nested(3, key: "params" + String(repeating: "x", count: 60_000))).contains("no tensors by name"))
    var array = Self.small
    array.path = ["params", String(repeating: "x", count: 300)]
    #expect(try refusal(array).contains("a name is too long, at xxxx"))
    // {"params": {"a": d, "b": d}} and {"params": d} with d["a"] = d.
    #expect(
      try refusal(Data([0x80, 2] + Array("}X\u{6}\0\0\0params}(U\u{1}a}q\u{0}U\u{1}bh\u{0}us.".utf8)))
        .contains("appears twice"))
    #expect(
      try refusal(Data([0x80, 2] + Array("}X\u{6}\0\0\0params}q\u{0}U\u{1}ah\u{0}ss.".utf8))).contains("appears twice"))
  }

  @Test func `1,000 damaged NumPy checkpoints are read or refused, and never crash`() throws {
    let original = try Data(contentsOf: URL(fileURLWithPath: fixture("numpy.ckpt")))
    var refused = 0
    for seed in UInt64(0)..<1000 {
      var mutator = Mutator(seed: seed)
      if try refusal(mutator.mutated(original)) != "none" { refused += 1 }
    }
    #expect((300..<1000).contains(refused))
  }
}
